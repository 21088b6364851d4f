"""Two commands at one warehouse at the same time: each does all of its work or none, and says so."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from conftest import ENVIRONMENT, ROOT, WITHOUT_UNIT_TESTS, dbt_command

from causalyn.warehouse import origin
from causalyn.warehouse.command import NOT_PUBLISHED
from causalyn.warehouse.list_exports import LISTS, MANIFEST, export_lists
from causalyn.warehouse.publication import refuse_edited
from causalyn.warehouse.raw_contract import TRUTH, truth_path

DECIDED_ANEW = ("build", "--select", "int_build__fingerprints", "int_policy__policies+", *WITHOUT_UNIT_TESTS)
# Long enough for one command to wait for the other's end, and no time at all.
PATIENT, IMPATIENT = {"CAUSALYN_PATIENCE_SECONDS": "120"}, {"CAUSALYN_PATIENCE_SECONDS": "0"}


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a script; whatever still runs at the end is killed."""
    started = []

    def start(script: str, *options: str | Path, **variables: str) -> subprocess.Popen[str]:
        command = [sys.executable, ROOT / "scripts" / script, *options]
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        started.append(subprocess.Popen(command, env=ENVIRONMENT | variables, **streams))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def export(tmp_path_factory) -> Path:
    """The raw tables of a world of 90 accounts, without its hidden truth."""
    folder = tmp_path_factory.mktemp("export")
    warehouse = folder / "world.duckdb"
    subprocess.run(
        [sys.executable, ROOT / "scripts" / "generate_world.py", "--accounts", "90", "--warehouse", warehouse],
        env=ENVIRONMENT, check=True, capture_output=True,
    )  # fmt: skip
    (folder / "export").mkdir()
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        tables = connection.sql("select table_name from duckdb_tables() where table_name like '%_raw'").fetchall()
        for (table,) in tables:
            connection.table(f"raw.{table}").write_parquet(str(folder / "export" / f"{table}.parquet"))
    return folder / "export"


FIRST = ("generate_world.py", "--accounts", "110", "--seed", "1", "--replace-loaded")
SECOND = ("generate_world.py", "--accounts", "120", "--seed", "2", "--replace-loaded")
LOAD = ("load_raw.py", "{export}")


def content(warehouse: Path) -> tuple[str, int, bool]:
    """Origin and number of accounts of the raw tables, and whether hidden truth is of their very users."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        raw = connection.execute("select origin, count(*) from raw.origin, raw.accounts_raw group by 1").fetchall()
        # Raw tables hold some users twice.
        users = connection.execute("select distinct user_id from raw.users_raw order by 1").fetchall()
        ((of, accounts),) = raw
        if not truth_path(warehouse).exists():
            return of, accounts, False
        connection.execute(f"attach '{truth_path(warehouse)}' as truth (read_only)")
        assert origin.owns_truth(connection)
        assert connection.execute(f"select user_id from truth.{TRUTH.name} order by 1").fetchall() == users
    return of, accounts, True


@pytest.mark.parametrize("patience", [PATIENT, IMPATIENT], ids=["that wait", "that do not"])
@pytest.mark.parametrize(
    "commands",
    [
        pytest.param(pair, id=name, marks=pytest.mark.fault(f"{name} at the same time", "all tables of one of them"))
        for name, pair in {"two generators": (FIRST, SECOND), "a load and a generator": (LOAD, FIRST)}.items()
    ],
)
def test_raw_tables_and_hidden_truth_are_of_one_command(start, export, listed, seen, tmp_path, commands, patience):
    warehouse = tmp_path / "causalyn.duckdb"
    results = {
        (origin.GENERATED, 110, True): FIRST,
        (origin.GENERATED, 120, True): SECOND,
        (origin.LOADED, 90, False): LOAD,
    }
    both = {
        command: start(*(text.format(export=export) for text in command), "--warehouse", warehouse, **patience)
        for command in commands
    }
    printed = {command: process.communicate()[0] for command, process in both.items()}
    succeeded = {command for command, process in both.items() if process.returncode == 0}
    assert results[content(warehouse)] in succeeded
    assert succeeded == both.keys() or patience == IMPATIENT
    for command in both.keys() - succeeded:
        (line,) = [line for line in printed[command].splitlines() if "accounts/s]" not in line]
        listed(line)
    assert not list(tmp_path.glob("*.unfinished"))
    seen(f"{len(succeeded)} of 2 succeeded; the raw tables are of one")


@pytest.fixture
def scene(built_world, with_parsed_project, tmp_path) -> Path:
    """A copy of the built world with its hidden truth, the last set of lists, and dbt's parsed project."""
    for file in built_world.warehouse.parent.glob("causalyn*.duckdb"):
        shutil.copy(file, tmp_path)
    with_parsed_project(tmp_path / "target")
    warehouse = tmp_path / "causalyn.duckdb"
    export_lists(warehouse, tmp_path / "lists")
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("update seeds.policy_parameters set cost_per_account_usd = 20")
    return warehouse


@pytest.fixture
def build(scene) -> Iterator[subprocess.Popen[str]]:
    """A build of the scene that has begun its first node."""
    command, environment = dbt_command(scene.parent, ROOT)
    build = subprocess.Popen(
        [*command, *DECIDED_ANEW], cwd=scene.parent, env=ENVIRONMENT | environment | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert any(" START " in line for line in build.stdout)
    yield build
    build.kill()
    build.wait()


REFUSED_EXPORT = "Nothing was exported, and the files of the last export stay as they were: "
MEANWHILE = {
    "load_raw.py": ["{export}"],
    "generate_world.py": ["--accounts", "20"],
    "refresh.py": [],
    "export_lists.py": ["--destination", "{folder}/lists"],
    "render_report.py": ["--directory", "{folder}/report"],
    "play_campaign.py": [],
    "play_bandit.py": [],
    "build.py": [],
}


@pytest.mark.fault("every other command while dbt builds", "refused in one line; the build publishes")
def test_whatever_is_run_during_a_build_is_refused_in_one_line(
    scene, build, built_world, start, export, listed, seen, tmp_path
):
    before = {file.name: file.read_bytes() for file in (tmp_path / "lists").iterdir()}
    build.send_signal(signal.SIGSTOP)  # so that it is still at work when the last of them ends
    for script, options in MEANWHILE.items():
        options = [text.format(export=export, folder=tmp_path) for text in options]
        refused = start(script, *options, "--warehouse", scene, **IMPATIENT)
        printed = refused.communicate()[0].splitlines()
        assert (refused.returncode, len(printed)) == (1, 1), (script, printed)
        reason = printed[0].removeprefix(REFUSED_EXPORT)
        listed(reason if reason == printed[0] else reason.removesuffix("."))
    build.send_signal(signal.SIGCONT)
    rest = build.communicate()[0]
    assert build.returncode == 0, rest[-3000:]
    assert "Published: the lists of build" in rest
    assert content(scene) == content(built_world.warehouse)
    assert {file.name: file.read_bytes() for file in (tmp_path / "lists").iterdir()} == before
    seen(f"{len(MEANWHILE)} commands refused; published")


WITH_OPTIONS = {script: (script, *options) for script, options in MEANWHILE.items()}
PAIRS = [
    ("refresh.py", "refresh.py"),
    ("refresh.py", "load_raw.py"),
    ("refresh.py", "export_lists.py"),
    ("refresh.py", "play_campaign.py"),
    ("export_lists.py", "export_lists.py"),
    ("export_lists.py", "render_report.py"),
    ("load_raw.py", "play_bandit.py"),
    ("play_campaign.py", "play_bandit.py"),
]


@pytest.mark.long
@pytest.mark.parametrize(
    "scripts",
    [
        pytest.param(pair, id=" and ".join(pair), marks=pytest.mark.fault(f"{' and '.join(pair)} at once", "one build"))
        for pair in PAIRS
    ],
)
def test_two_commands_at_once_leave_the_lists_of_one_build(
    scripts, built_world, with_parsed_project, start, export, seen, tmp_path
):
    """Each waits for the other or is refused, at least one succeeds, and what it wrote is whole."""
    for file in built_world.warehouse.parent.glob("causalyn*.duckdb"):
        shutil.copy(file, tmp_path)
    warehouse = tmp_path / "causalyn.duckdb"
    both = []
    for number, script in enumerate(scripts):
        target = with_parsed_project(tmp_path / f"target{number}")
        options = [text.format(export=export, folder=tmp_path) for text in WITH_OPTIONS[script]]
        places = {"DBT_TARGET_PATH": str(target), "DBT_LOG_PATH": str(tmp_path / f"logs{number}")}
        both.append(start(*options, "--warehouse", warehouse, **places))
    printed = [process.communicate()[0] for process in both]
    assert 0 in {process.returncode for process in both}, printed
    assert {process.returncode for process in both} <= {0, 1, NOT_PUBLISHED}, printed
    assert not any("Traceback" in text for text in printed), printed
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        refuse_edited(connection)
        of_lists = "select build_id from marts.nudge_list union select build_id from marts.target_accounts"
        assert (
            connection.execute(of_lists).fetchall()
            == connection.execute("select build_id from marts.build_info").fetchall()
        )
    if (lists := tmp_path / "lists").exists():
        exported = {path.stem for path in lists.glob("*.csv")}
        assert exported == {published.name for published in LISTS}
        assert (lists / MANIFEST).exists()
    seen(f"statuses {', '.join(str(process.returncode) for process in both)}; the lists of one build")
