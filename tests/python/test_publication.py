"""All lists are replaced at once or not at all, and readers have a copy that no build takes from them."""

import shutil
import sys
from pathlib import Path

import duckdb
import pytest

DECIDED_ANEW = ("int_build__fingerprints", "int_policy__account_evidence+")


@pytest.fixture
def warehouse(built_world, tmp_path) -> Path:
    """A copy of the built world in which accounts cost more, so that whoever decides anew decides otherwise."""
    copy = Path(shutil.copy(built_world.warehouse, tmp_path / built_world.warehouse.name))
    with duckdb.connect(str(copy)) as connection:
        connection.execute("update seeds.policy_parameters set cost_per_account_usd = 20")
    return copy


def builds(warehouse: Path) -> set[str]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        lists = ("account_policy", "target_accounts", "nudge_list", "campaign_nudge_list", "build_info")
        return {build for name in lists for (build,) in connection.sql(f"select build_id from marts.{name}").fetchall()}


def copy_of(warehouse: Path) -> Path:
    return warehouse.with_suffix(".published.duckdb")


def test_what_a_failing_run_made_is_kept_apart_and_the_lists_stay(warehouse, project_copy, run_dbt, read_published):
    last = project_copy / "models" / "marts" / "policy" / "budget_curve.sql"
    last.write_text(last.read_text() + "\n-- not SQL\n)")
    before = read_published(warehouse)

    failed = run_dbt("run", "--select", *DECIDED_ANEW, warehouse=warehouse, project=project_copy)

    assert failed.returncode != 0
    assert "The published lists are still those of the last good build" in failed.stdout
    assert read_published(warehouse) == before
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        candidates = connection.sql("select count(*) from candidate_marts.target_accounts").fetchall()
    assert candidates != [(len(before["target_accounts"]),)]


def test_a_part_that_would_leave_lists_of_two_builds_is_refused(warehouse, run_dbt, read_published):
    before = read_published(warehouse)
    part = ("int_build__fingerprints", "int_build__identity", "int_build__publication_gate")
    refused = run_dbt("run", "--select", *part, "account_policy", warehouse=warehouse)
    assert refused.returncode != 0
    assert "lists of different builds side by side" in refused.stdout
    assert "Traceback" not in refused.stdout + refused.stderr
    assert read_published(warehouse) == before
    assert len(builds(warehouse)) == 1


def test_readers_of_the_copy_see_one_build_until_they_open_the_next(warehouse, built_world, run_dbt, read_published):
    shutil.copy(copy_of(built_world.warehouse), copy_of(warehouse))
    before = read_published(warehouse)
    assert read_published(copy_of(warehouse)) == before
    first = builds(copy_of(warehouse))

    with duckdb.connect(str(copy_of(warehouse)), read_only=True) as reader:
        done = run_dbt("run", "--select", *DECIDED_ANEW, warehouse=warehouse)
        assert done.returncode == 0, done.stdout
        assert reader.sql("select distinct build_id from marts.target_accounts").fetchall() == list(
            {(build,) for build in first}
        )

    assert builds(warehouse) == builds(copy_of(warehouse)) != first
    assert read_published(copy_of(warehouse)) == read_published(warehouse) != before
    assert copy_of(warehouse).stat().st_mode & 0o077 == 0
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        schemas = connection.sql(
            "from duckdb_schemas() select schema_name where schema_name like 'candidate%'"
        ).fetchall()
    assert schemas == []


def test_a_second_build_ends_with_a_message_and_changes_nothing(warehouse, run_dbt, read_published):
    before = read_published(warehouse)
    with duckdb.connect(str(warehouse)):
        second = run_dbt("build", warehouse=warehouse)
    assert second.returncode != 0
    assert "another process has the warehouse" in second.stdout
    assert "Wait until it has ended" in second.stdout
    assert "Traceback" not in second.stdout + second.stderr
    assert read_published(warehouse) == before


def test_a_warehouse_that_is_none_is_refused_in_one_message(run, tmp_path):
    (tmp_path / "text.duckdb").write_text("not a database")
    for name, reason in (("text.duckdb", "can't be opened"), ("missing/causalyn.duckdb", "there is no warehouse")):
        environment = {"CAUSALYN_WAREHOUSE": str(tmp_path / name), "DBT_LOG_PATH": str(tmp_path / "logs")}
        command = (Path(sys.executable).with_name("dbt"), "build", "--target-path", tmp_path / "target")
        refused = run(*command, **environment)
        assert refused.returncode != 0
        assert reason in refused.stdout
        assert "Traceback" not in refused.stdout + refused.stderr


def test_no_view_reads_a_published_table(built_world):
    """It would go on reading the candidate, which is dropped."""
    nodes = built_world.manifest["nodes"]
    published = {key for key, node in nodes.items() if node["config"]["materialized"] == "published"}
    views = [node for node in nodes.values() if node["config"]["materialized"] == "view"]
    assert len(published) > 20 and views
    assert {node["name"] for node in views if published & set(node["depends_on"]["nodes"])} == set()
