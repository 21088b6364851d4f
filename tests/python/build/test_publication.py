"""Lists are replaced all at once if nothing is stale, or not at all; readers have a copy that no build locks."""

import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import duckdb
import pytest

from causalyn.warehouse.dbt_plugin import LEFT_BY_DBT

WITHOUT_UNIT_TESTS = ("--exclude-resource-type", "unit_test")
DECIDED_ANEW = ("--select", "int_build__fingerprints", "int_policy__policies+")
LISTS_ALONE = ("--select", "nudge_list+")
# A model that kills dbt, like a machine that runs out of memory.
KILLER = """import os
import signal


def model(dbt, session):
    dbt.ref("nudge_list")
    return os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def warehouse(built_world, tmp_path) -> Path:
    """A copy of the built world with costlier accounts, so that a new decision differs."""
    copy = Path(shutil.copy(built_world.warehouse, tmp_path / built_world.warehouse.name))
    shutil.copytree(built_world.target, tmp_path / "target")  # saves dbt the parsing
    with duckdb.connect(str(copy)) as connection:
        connection.execute("update seeds.policy_parameters set cost_per_account_usd = 20")
    return copy


def builds(warehouse: Path) -> set[str]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        lists = connection.sql(
            "select table_name from duckdb_columns() where schema_name = 'marts' and column_name = 'build_id'"
            " and table_name <> 'policy_decisions_ledger'"
        ).fetchall()
        assert len(lists) > 5
        return {
            build for (name,) in lists for (build,) in connection.sql(f"select build_id from marts.{name}").fetchall()
        }


def for_readers(published: dict[str, list[tuple]], warehouse: Path) -> dict[str, list[tuple]]:
    """The published tables that readers get a copy of: no comparison with hidden truth."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        audit = connection.sql("select table_name from duckdb_tables() where schema_name = 'audit'").fetchall()
    assert audit
    return {table: rows for table, rows in published.items() if (table,) not in audit}


def copy_of(warehouse: Path) -> Path:
    return warehouse.with_suffix(".published.duckdb")


def said(stdout: str) -> str:
    """The sentence, of either kind, that a run prints about its publication."""
    (line,) = [line for line in stdout.splitlines() if line.startswith(("Published: ", "Nothing was published: "))]
    return line


def test_a_run_publishes_nothing_until_its_tests_have_passed(warehouse, built_world, run_dbt, read_published):
    shutil.copy(copy_of(built_world.warehouse), copy_of(warehouse))
    before, first = read_published(warehouse), builds(warehouse)
    assert read_published(copy_of(warehouse)) == for_readers(before, warehouse)

    done = run_dbt("run", *DECIDED_ANEW, warehouse=warehouse)
    assert done.returncode == 0, done.stdout
    assert said(done.stdout).endswith(f"Run dbt test. The lists are still those of build {first.copy().pop()}.")
    assert read_published(warehouse) == before
    assert read_published(copy_of(warehouse)) == for_readers(before, warehouse)

    with duckdb.connect(str(copy_of(warehouse)), read_only=True) as reader:
        tested = run_dbt("test", *WITHOUT_UNIT_TESTS, warehouse=warehouse)
        assert tested.returncode == 0, tested.stdout
        assert {build for (build,) in reader.sql("select build_id from marts.target_accounts").fetchall()} == first

    ((build,), after) = builds(warehouse), read_published(warehouse)
    assert said(tested.stdout) == f"Published: the lists of build {build}."
    assert {build} == builds(copy_of(warehouse)) != first
    assert read_published(copy_of(warehouse)) == for_readers(after, warehouse)
    assert after != before
    assert copy_of(warehouse).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (("run", "--empty", *LISTS_ALONE), "(empty)"),
        (("build", *LISTS_ALONE, "--exclude-resource-type", "test", *WITHOUT_UNIT_TESTS), "older than"),
        (("build", "--select", "guardrail_rules"), "int_policy__account_decisions (older than guardrail_rules)"),
    ],
    ids=["run --empty", "build without tests", "build of a part that leaves others stale"],
)
def test_a_command_that_leaves_something_stale_publishes_nothing(warehouse, run_dbt, read_published, command, reason):
    before = read_published(warehouse)
    done = run_dbt(*command, warehouse=warehouse)
    assert done.returncode == 0, done.stdout
    assert said(done.stdout).startswith("Nothing was published: ")
    assert reason in said(done.stdout)
    assert read_published(warehouse) == before


def test_a_build_of_a_part_publishes_where_nothing_else_is_stale(warehouse, run_dbt):
    done = run_dbt("build", *LISTS_ALONE, *WITHOUT_UNIT_TESTS, warehouse=warehouse)
    assert done.returncode == 0, done.stdout
    assert said(done.stdout).startswith("Published: ")


def test_tests_alone_leave_published_lists_in_force_until_one_fails(warehouse, run_dbt):
    """After a refresh the models that only a build makes are older than those it made."""
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("update builds.nodes set ran_at = '' where unique_id like '%.doubly_robust_scores'")
    done = run_dbt("test", "--select", "policy_funnel", *WITHOUT_UNIT_TESTS, warehouse=warehouse)
    assert done.returncode == 0, done.stdout
    assert "Tested: the lists are still those of build " in done.stdout
    with duckdb.connect(str(warehouse)) as connection:
        assert connection.sql("from builds.publication").fetchall() == [("published",)]
        connection.execute("insert into candidate_marts.policy_funnel from candidate_marts.policy_funnel")
    failed = run_dbt("test", "--select", "policy_funnel", *WITHOUT_UNIT_TESTS, warehouse=warehouse)
    assert failed.returncode == 1
    assert said(failed.stdout).startswith("Nothing was published: ")
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        assert connection.sql("from builds.publication").fetchall() != [("published",)]


def test_what_failed_is_kept_apart_until_it_is_mended_and_tried_again(warehouse, project_copy, run_dbt, read_published):
    last = project_copy / "models" / "marts" / "policy" / "budget_curve.sql"
    sql = last.read_text()
    last.write_text(sql + "\n-- not SQL\n)")
    before = read_published(warehouse)

    failed = run_dbt("build", *DECIDED_ANEW, *WITHOUT_UNIT_TESTS, warehouse=warehouse, project=project_copy)
    assert failed.returncode != 0
    assert " not up to date: budget_curve (error), " in said(failed.stdout)
    assert "The lists are still those of build " in said(failed.stdout)
    assert read_published(warehouse) == before
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        candidates = connection.sql("select count(*) from candidate_marts.target_accounts").fetchall()
    assert candidates != [(len(before["target_accounts"]),)]

    last.write_text(sql)
    again = run_dbt("retry", warehouse=warehouse, project=project_copy)
    assert again.returncode == 0, again.stdout
    ((build,), after) = builds(warehouse), read_published(warehouse)
    assert said(again.stdout) == f"Published: the lists of build {build}."
    assert len(after["target_accounts"]) == candidates[0][0]


def test_what_a_killed_run_left_is_never_taken_for_good(warehouse, project_copy, run_dbt, read_published):
    (project_copy / "python_models" / "uplift" / "int_uplift__killer.py").write_text(KILLER)
    before = read_published(warehouse)
    killed = run_dbt("run", *LISTS_ALONE, warehouse=warehouse, project=project_copy)
    assert killed.returncode == -9
    (project_copy / "python_models" / "uplift" / "int_uplift__killer.py").unlink()

    tested = run_dbt("test", *LISTS_ALONE, *WITHOUT_UNIT_TESTS, warehouse=warehouse, project=project_copy)
    assert tested.returncode == 0, tested.stdout
    assert "nudge_list (running)" in said(tested.stdout)
    assert read_published(warehouse) == before


def test_a_damaged_file_is_not_taken_for_one_that_is_in_use(warehouse, run_dbt, listed):
    with warehouse.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 8192)
    refused = run_dbt("build", *LISTS_ALONE, warehouse=warehouse)
    assert refused.returncode != 0
    assert "another process" not in refused.stdout
    assert f"the warehouse {warehouse.name} can't be opened" in refused.stdout


def test_what_dbt_leaves_is_for_the_owner_alone(built_world):
    left = [built_world.target / name for name in LEFT_BY_DBT] + [built_world.target.parent / "logs" / "dbt.log"]
    there = [path for path in left if path.exists()]
    assert {"manifest.json", "partial_parse.msgpack", "run_results.json", "dbt.log"} <= {path.name for path in there}
    assert [path.name for path in there if path.stat().st_mode & 0o077] == []


def test_a_second_build_ends_with_a_message_and_changes_nothing(warehouse, run_dbt, read_published):
    before = read_published(warehouse)
    with duckdb.connect(str(warehouse)):
        second = run_dbt("build", warehouse=warehouse, CAUSALYN_PATIENCE_SECONDS="0")
    assert second.returncode != 0
    assert "another process has the warehouse" in second.stdout
    assert "Wait for it to finish" in second.stdout
    assert "Traceback" not in second.stdout + second.stderr
    assert read_published(warehouse) == before


def test_a_reader_who_polls_stops_no_build(warehouse, run_dbt):
    poll = f"""
        import duckdb, time
        while True:
            with duckdb.connect({str(warehouse)!r}, read_only=True) as connection:
                print(connection.execute("select count(*) from marts.target_accounts").fetchone(), flush=True)
                time.sleep(1)
            time.sleep(0.2)
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(poll)], stdout=subprocess.PIPE) as reader:
        reader.stdout.readline()
        built = run_dbt("build", "--select", "policy_parameters", warehouse=warehouse)
        reader.kill()
    assert built.returncode == 0, built.stdout


def test_a_warehouse_that_is_none_is_refused_in_one_message(run, tmp_path):
    (tmp_path / "text.duckdb").write_text("not a database")
    for name, reason in (("text.duckdb", "can't be opened"), ("missing/causalyn.duckdb", "there is no warehouse")):
        environment = {"CAUSALYN_WAREHOUSE": str(tmp_path / name), "DBT_LOG_PATH": str(tmp_path / "logs")}
        command = (Path(sys.executable).with_name("dbt"), "build", "--target-path", tmp_path / "target")
        refused = run(*command, **environment)
        assert refused.returncode != 0
        assert reason in refused.stdout
        assert "Traceback" not in refused.stdout + refused.stderr


@pytest.mark.parametrize("edit", ["delete from marts.momentum_triggers", "drop table marts.policy_decisions_ledger"])
@pytest.mark.fault(
    "a table that no build can recreate is edited, then a build", "refused; the docs' statements restore it"
)
def test_no_build_vouches_for_an_edited_history(
    warehouse, built_world, run_dbt, read_published, project_root, listed, seen, edit
):
    shutil.copy(copy_of(built_world.warehouse), copy_of(warehouse))
    before = read_published(warehouse)
    table = edit.split()[-1]
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(edit)
    refused = run_dbt("run", "--select", "build_info", warehouse=warehouse)
    assert refused.returncode != 0
    (message,) = [line.strip() for line in refused.stdout.splitlines() if "changed since publication" in line]
    assert f"{table}: changed since publication" in message
    seen(message)
    listed(message.partition("Nothing was built: ")[2].removesuffix("."))
    (restore,) = [
        block
        for block in (project_root / "docs" / "operating.md").read_text().split("```")
        if "as published (read_only)" in block
    ]
    restore = restore.replace("warehouse/causalyn.published.duckdb", str(copy_of(warehouse)))
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(restore.replace("marts.momentum_triggers", table))
    run = run_dbt("run", "--select", "build_info", warehouse=warehouse)
    assert run.returncode == 0, run.stdout[-3000:]
    assert read_published(warehouse) == before


def test_a_meant_change_of_history_is_built_upon(warehouse, run_dbt):
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("delete from marts.momentum_triggers")
        connection.execute("delete from builds.fingerprints where table_name = 'marts.momentum_triggers'")
    run = run_dbt("run", "--select", "build_info", warehouse=warehouse)
    assert run.returncode == 0, run.stdout[-3000:]
