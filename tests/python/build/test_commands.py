"""The README's commands on a fresh copy of the project, with its own environment.

The same raw tables give the same published rows on any machine.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

import build
from causalyn.warehouse import origin
from causalyn.warehouse.command import NOT_PUBLISHED
from causalyn.warehouse.publication import warehouse_mark
from causalyn.warehouse.raw_contract import TRUTH, truth_path

ACCOUNTS = "600"


@pytest.fixture(scope="module")
def make(run) -> Callable[..., subprocess.CompletedProcess[str]]:
    def make(project: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return run("make", f"PYTHON={sys.executable}", *arguments, directory=project, **variables)

    return make


def read(warehouse: Path, query: str) -> list[tuple]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.sql(query).fetchall()


def installed(project: Path) -> dict[str, int]:
    """The packages in the project's environment, with their times of installation."""
    return {path.name: path.stat().st_mtime_ns for path in project.glob(".venv/lib/python*/site-packages/*.dist-info")}


@pytest.fixture(scope="module")
def fresh(copy_project, make, tmp_path_factory) -> Path:
    """A copy of the project after its first `make build`."""
    project = copy_project(tmp_path_factory.mktemp("a fresh project"))
    first = make(project, "build", f"ACCOUNTS={ACCOUNTS}", "SEED=1")
    assert first.returncode == 0, first.stdout[-5000:] + first.stderr[-5000:]
    stages = re.findall(r"^(\w+) +\d+ s  ", first.stdout, re.M)
    assert stages == [
        "installing", "world", "project", "cleaning", "features", "learner", "evaluation", "policy", "page"
    ]  # fmt: skip
    answer = first.stdout.partition("Report: ")[2]
    assert "Decision of the policy" in answer
    assert "warehouse/causalyn.duckdb" in answer
    assert len(first.stdout.splitlines()) < 50
    assert "START sql table model" in (project / "logs" / "dbt.log").read_text()
    assert json.loads((project / "target" / "run_results.json").read_text())["args"]["exclude_resource_types"] == [
        "unit_test"
    ]
    return project


def test_build_makes_a_warehouse_that_only_its_owner_reads(fresh):
    for name in ("causalyn.duckdb", "causalyn.truth.duckdb"):
        assert (fresh / "warehouse" / name).stat().st_mode & 0o077 == 0
    assert read(fresh / "warehouse" / "causalyn.duckdb", "select count(*) from marts.account_policy") != [(0,)]


def test_a_generated_world_is_nothing_that_an_export_is_compared_with(fresh):
    warehouse = fresh / "warehouse" / "causalyn.duckdb"
    assert read(warehouse, "select count(*) from marts.last_good_delivery") == [(0,)]


@pytest.mark.parametrize(
    ("there", "options", "script", "deliveries"),
    [
        (None, [], "generate_world.py", "ignore"),
        (origin.GENERATED, [], "generate_world.py", "ignore"),
        (origin.LOADED, [], None, "compare"),
        (origin.LOADED, ["--accept-changes"], None, "accept"),
        (origin.LOADED, ["--accounts", "7"], "generate_world.py", "ignore"),
        (origin.LOADED, ["--world"], "generate_world.py", "ignore"),
        (origin.GENERATED, ["--raw", "exports"], "load_raw.py", "compare"),
        (origin.LOADED, ["--raw", "exports", "--accept-changes"], "load_raw.py", "accept"),
    ],
)
def test_what_is_asked_for_decides_and_otherwise_what_is_there(monkeypatch, there, options, script, deliveries):
    """An export is compared with the last one unless it is accepted; a generated world is compared with nothing."""
    ran, seen = [], []
    monkeypatch.setattr(build.origin, "of", lambda warehouse: there)
    monkeypatch.setattr(build, "run", lambda name, *_: ran.append(name) or [])
    monkeypatch.setattr(build, "build", lambda *arguments: seen.append(build.fill(*arguments)[0]))
    monkeypatch.setattr(sys, "argv", ["build.py", *options])
    with pytest.raises(SystemExit):
        build.main()
    assert (ran, seen) == ([script] if script else [], [deliveries])


def test_a_fresh_project_decides_as_any_other(fresh, built_world):
    funnel = "select * from marts.policy_funnel order by all"
    assert read(fresh / "warehouse" / "causalyn.duckdb", funnel) == read(built_world.warehouse, funnel) != []


@pytest.mark.long
@pytest.mark.fault("uv is missing or fails", "pip installs the same packages")
def test_pip_installs_the_same_packages_where_uv_fails(fresh, copy_project, make, tmp_path, seen):
    project = copy_project(tmp_path / "without uv")
    made = make(project, "UV=false", ".venv/.installed")
    assert made.returncode == 0, made.stdout[-5000:] + made.stderr[-5000:]
    assert "pip installs them" in made.stdout
    by_pip, by_uv = ({name for name in installed(each) if not name.startswith("uv-")} for each in (project, fresh))
    assert by_pip == by_uv
    seen(f"the same {len(by_pip)} packages")


def test_dbt_build_works_in_the_activated_environment(fresh, run):
    # With the variables of `make build`; with others dbt would parse the project again.
    command = ". .venv/bin/activate && dbt build --select policy_funnel --vars 'deliveries: ignore'"
    activated = run("sh", "-c", command, directory=fresh)
    assert activated.returncode == 0, activated.stdout[-5000:]
    assert "policy_funnel" in activated.stdout


@pytest.mark.fault("one core, rows in reverse, another directory, time zone, locale and hidden truth", "the same marts")
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system can't bind a process to one core")
def test_a_second_build_of_raw_files_as_on_another_machine_installs_nothing_and_publishes_the_same(
    fresh, run, built_world, read_published, tmp_path, seen
):
    raw, warehouse = tmp_path / "raw files", tmp_path / "another machine" / "causalyn.duckdb"
    raw.mkdir()
    with duckdb.connect(str(built_world.warehouse), read_only=True) as connection:
        connection.execute(f"attach '{built_world.warehouse.with_suffix('.truth.duckdb')}' as truth (read_only)")
        tables = connection.sql(
            "select schema_name || '.' || table_name, table_name from duckdb_tables() where schema_name = 'raw' "
            "union all select 'truth.' || table_name, table_name from duckdb_tables() where database_name = 'truth'"
        ).fetchall()
        for relation, name in tables:
            # In reverse, since the order of raw rows must not matter either.
            rows = connection.sql(f"from {relation} order by all desc")
            rows.write_parquet(str(raw / f"{name}.parquet"))
        # Only the audit may see that every user has the truth of another.
        others = f"select * exclude (user_id) from truth.{TRUTH.name} order by user_id desc"
        connection.sql(
            f"from (select user_id from truth.{TRUTH.name} order by 1) positional join ({others})"
        ).write_parquet(str(raw / f"{TRUTH.name}.parquet"))
        audit = {
            name
            for (name,) in connection.sql(
                "select table_name from duckdb_tables() where schema_name = 'audit'"
            ).fetchall()
        }
    packages = installed(fresh)
    assert packages

    on_one_core = (
        "import os, sys; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]); os.execvp(sys.argv[1], sys.argv[1:])"
    )
    build = run(
        sys.executable, "-c", on_one_core, "make", f"PYTHON={sys.executable}", "build", f"RAW={raw}", directory=fresh,
        CAUSALYN_WAREHOUSE=str(warehouse), TZ="Pacific/Auckland", LC_ALL="C",
    )  # fmt: skip

    assert build.returncode == 0, build.stdout[-5000:] + build.stderr[-5000:]
    assert str(warehouse) in build.stdout
    assert "Installing" not in build.stdout
    assert installed(fresh) == packages

    def differing() -> set[str]:
        first, second = read_published(built_world.warehouse), read_published(warehouse)
        assert set(first) == set(second)
        assert len(first["target_accounts"]) > 0
        for published in (first, second):
            # A stored model's bytes depend on memory addresses; its predictions are in the scores.
            published["lift_models"] = [(*model[:-3], model[-1]) for model in published["lift_models"]]
            # The origin of the data differs.
            for table in ("build_info", "momentum_triggers"):
                published[table] = [
                    tuple("loaded" if value == "generated" else value for value in row) for row in published[table]
                ]
        return {table for table in first if first[table] != second[table]}

    assert {"failure_matrix", "claims"} <= differing() <= audit
    own_truth = shutil.copy(truth_path(built_world.warehouse), truth_path(warehouse))
    with duckdb.connect(str(warehouse), read_only=True) as raw_db, duckdb.connect(str(own_truth)) as truth_db:
        origin.mark_truth(raw_db, truth_db)
    dbt, variables = fresh / ".venv" / "bin" / "dbt", ("--vars", "deliveries: compare")
    audited = run(dbt, "build", "--select", "tag:audit", *variables, directory=fresh, CAUSALYN_WAREHOUSE=str(warehouse))
    assert audited.returncode == 0, audited.stdout[-5000:]
    assert differing() == set()
    seen("every mart, row by row; with the truth of others all but the audit")


@pytest.fixture
def broken(fresh, copy_project, tmp_path) -> Path:
    """A copy of the project with the fresh copy's environment and warehouse, for tests that break it."""
    project = copy_project(tmp_path / "broken")
    (project / ".venv").symlink_to(fresh / ".venv")
    shutil.copytree(fresh / "warehouse", project / "warehouse")
    return project


def by_script(project: Path, name: str, *options: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CAUSALYN_", "DBT_"))}
    environment["CAUSALYN_PATIENCE_SECONDS"] = "0"
    command = [project / ".venv" / "bin" / "python", project / "scripts" / name, *options]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
        # Tests that run in the background ignore it, and their children with them.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


def break_a_seed(project: Path) -> None:
    """Breaks the learner's seed, so that no model is fitted first."""
    seed = project / "seeds" / "learner_parameters.csv"
    seed.write_text(seed.read_text().replace(",2026,", ",much,", 1))


WRONG = {"build.py": ("--accounts", "many"), "refresh.py": ("--as-of", "yesterday")}


@pytest.mark.parametrize("script", WRONG)
@pytest.mark.fault("a locked warehouse, wrong options", "exit statuses 1 and 2")
def test_exit_statuses_tell_a_scheduler_what_to_do(broken, seen, script):
    """Try again later, or correct the call."""

    def status(*options: str) -> int:
        process = by_script(broken, script, *options)
        stderr = process.communicate()[1]
        assert stderr and "Traceback" not in stderr
        return process.returncode

    with duckdb.connect(str(broken / "warehouse" / "causalyn.duckdb")):
        assert status() == 1
    assert status(*WRONG[script]) == 2
    seen("these")


@pytest.mark.fault("a seed that is broken, before a refresh", "exit status 3: a person must look")
def test_a_failed_refresh_has_its_exit_status(broken, seen):
    break_a_seed(broken)
    process = by_script(broken, "refresh.py")
    assert "Traceback" not in process.communicate()[1]
    assert process.returncode == NOT_PUBLISHED
    seen("this")


@pytest.mark.fault("a seed that is broken", "the failed node and one paragraph; the lists stay")
def test_a_failed_build_says_what_failed_since_when_the_lists_stand_and_what_to_do(broken, seen):
    before = read(broken / "warehouse" / "causalyn.duckdb", "select * from marts.target_accounts order by all")
    break_a_seed(broken)
    failed = by_script(broken, "build.py", "--accounts", ACCOUNTS)
    stdout, stderr = failed.communicate()
    assert (failed.returncode, "Decision of" in stdout) == (NOT_PUBLISHED, False)
    assert stderr.startswith("learner_parameters\n")
    assert re.match(
        r"The build failed in the stage cleaning: learner_parameters. The lists that were published on .* stay as they were. "
        r"Fix what is named above, then run the same command again. .* logs/dbt.log has the log, target/run the statements.$",
        stderr.splitlines()[-1],
    )
    assert len(stderr.splitlines()) < 15
    after = read(broken / "warehouse" / "causalyn.duckdb", "select * from marts.target_accounts order by all")
    assert before == after != []
    seen(stderr.splitlines()[-1])


def dbt_of(build_process: subprocess.Popen[str]) -> int:
    """The process id of the dbt that a build runs."""
    (dbt,) = Path(f"/proc/{build_process.pid}/task/{build_process.pid}/children").read_text().split()
    return int(dbt)


@pytest.mark.parametrize(
    ("number", "of", "status", "what", "remedy"),
    [
        pytest.param(signal.SIGTERM, "build", 143, "was interrupted", "Run", id="terminated"),
        pytest.param(signal.SIGINT, "build", 130, "was interrupted", "Run", id="Ctrl-C"),
        pytest.param(
            signal.SIGKILL, "dbt", 1, "failed",
            "dbt did not say why: perhaps it was killed, for lack of memory. Free some, then run", id="dbt killed",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists a process's children"),
        ),
    ],
)  # fmt: skip
@pytest.mark.fault("a build that is told to terminate, or whose dbt is killed", "one paragraph, and its status")
def test_an_interrupted_build_says_so(broken, seen, number, of, status, what, remedy):
    page = broken / "target" / "report" / "index.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    mark = warehouse_mark(broken / "warehouse" / "causalyn.duckdb")
    page.write_text(f'<p>{mark}</p><div id="banner" role="alert"></div>')
    interrupted = by_script(broken, "build.py")
    for line in interrupted.stdout:
        if line.startswith("project"):
            break
    os.kill(interrupted.pid if of == "build" else dbt_of(interrupted), number)
    stderr = interrupted.communicate()[1]
    assert (interrupted.returncode, "Warning" in stderr) == (status, False)
    said = rf"The build {what} in the stage \w+\. The lists that were published on .* stay as they were\."
    assert re.match(rf"{said} {re.escape(remedy)} the same command again\. ", stderr.splitlines()[-1])
    assert re.search(f'role="alert">{said}</div>', (broken / "target" / "report" / "index.html").read_text())
    seen(stderr.splitlines()[-1])


@pytest.mark.parametrize("option", ["ACCOUNTS=7", "SEED=1", "PRESET=hard", "CAMPAIGNS=2"])
def test_raw_and_generator_options_exclude_each_other(make, project_root, option):
    refused = make(project_root, "build", "RAW=somewhere", option)
    assert refused.returncode != 0
    assert "RAW loads existing files" in refused.stderr


def scripts_of(make: Callable, project: Path, *arguments: str) -> list[str]:
    """The scripts that a make target would run."""
    dry_run = make(project, "--dry-run", *arguments)
    assert dry_run.returncode == 0, dry_run.stderr
    lines = [line.partition("python scripts/")[2] for line in dry_run.stdout.splitlines()]
    return [" ".join(line.split()) for line in lines if line]


@pytest.mark.parametrize(
    ("options", "loaded", "deliveries"),
    [
        ([], [], ""),
        # The shell reads the name from the environment, whatever characters are in it.
        (["RAW=my  exports"], ['load_raw.py "$RAW"'], ""),
        (["RAW=exports", "ACCEPT_CHANGES=1"], ['load_raw.py "$RAW"'], " --deliveries accept"),
    ],
)
def test_a_refresh_loads_decides_draws_and_exports(make, project_root, options, loaded, deliveries):
    assert scripts_of(make, project_root, "refresh", "AS_OF=2025-06-01", *options) == [
        *loaded,
        f'refresh.py --as-of "2025-06-01"{deliveries}',
        "render_report.py",
        "export_lists.py",
    ]


def test_a_refresh_without_a_day_leaves_it_to_the_data(make, project_root):
    assert scripts_of(make, project_root, "refresh")[0] == "refresh.py"


def test_a_campaign_is_played_in_the_world_that_was_built(make, project_root):
    played = scripts_of(make, project_root, "campaign", "ACCOUNTS=7", "SEED=7", "PRESET=hard", "CAMPAIGNS=2")
    assert played == [
        "build.py --accounts 7 --seed 7 --preset hard --campaigns 2",
        "play_campaign.py --seed 7 --preset hard",
        "render_report.py",
    ]


def test_an_old_python_is_refused_before_anything_is_made(make, project_copy):
    refused = make(project_copy, "build", "PYTHON=false")
    assert refused.returncode != 0
    assert "Python 3.10 or newer is needed" in refused.stderr
    assert not (project_copy / ".venv").exists()
