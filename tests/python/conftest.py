"""Shared by the tests: the project, copies of it, foreign data if present, and a small world built by dbt.

`unit` holds tests without a world, `build` those that read or change a built one, `spark` and `browser` the others.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import dbt_fork
import duckdb
import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[2]
# The caller's own settings would change what is tested.
SETTINGS = (
    "CAUSALYN_",
    "DBT_",
    "MAKE",
    "TARGET",
    "RAW",
    "TIMEZONE",
    "WORLD",
    "ACCOUNTS",
    "SEED",
    "PRESET",
    "FAULT",
    "DECLARED",
    "CAMPAIGNS",
    "AS_OF",
)
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
WITHOUT_UNIT_TESTS = ("--exclude-resource-type", "unit_test")
DBT = Path(sys.executable).with_name("dbt")
# The files that dbt keeps in its target directory for a parsed project.
PARSED = "partial_parse.msgpack"
# Models and tests whose SQL is tested on frames.
RUN_ON_FRAMES = (
    "assert_no_target_exceeds_the_toxic_user_share",
    "int_build__publication_gate",
    "int_evaluation__arm_diagnostics",
    "int_evaluation__arm_terms",
    "int_evaluation__learner_leaderboard",
    "int_evaluation__ranked_users",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every fault test states the fault and the expected outcome, and must record what it saw.

    A file is one process's work. Spark's, which takes longest, comes first, and with it the shared world;
    then files that build their own worlds, while that one is made; and last the short ones, which fill the rest.
    """
    folders = ("spark", "build", "browser", "unit")
    shares_the_world = {item.path for item in items if "built_world" in item.fixturenames}
    items.sort(key=lambda item: (folders.index(item.path.parent.name), item.path in shares_the_world))
    for item in items:
        for mark in item.iter_markers("fault"):
            if "seen" not in item.fixturenames:
                raise pytest.UsageError(f"{item.nodeid} is marked as a fault but does not use the fixture `seen`")
            fault, expected = mark.args
            item.user_properties += [("fault", fault), ("expected", expected)]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The fault table."""
    rows = [("fault", "expected", "seen")]
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.getreports(outcome):
            told = dict(report.user_properties)
            if "fault" in told:
                seen = told.get("seen", "nothing") if outcome == "passed" else f"TEST {outcome.upper()}"
                rows.append((told["fault"], told["expected"], seen))
    if len(rows) > 1:
        terminalreporter.section("faults")
        widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
        for fault, expected, seen in rows:
            terminalreporter.line(f"{fault:{widths[0]}} | {expected:{widths[1]}} | {seen[:200]}")


@pytest.fixture
def seen(request) -> Callable[[str], None]:
    """Records a fault's outcome in the fault table: the message as printed, or a few words."""
    return lambda text: request.node.user_properties.append(("seen", " ".join(text.split())))


@pytest.fixture(scope="session")
def listed() -> Callable[[str], None]:
    """Asserts that docs/messages.md lists a message verbatim."""
    entries = re.findall(r"^\| ``(.*?)`` \|", (ROOT / "docs" / "messages.md").read_text(), flags=re.M)
    patterns = [re.compile(".+".join(map(re.escape, re.split(r"<\w+>", entry)))) for entry in entries]

    def listed(message: str) -> None:
        assert any(pattern.fullmatch(message) for pattern in patterns), f"docs/messages.md does not list: {message}"

    return listed


@dataclass(frozen=True)
class BuiltWorld:
    """A generated world after `dbt build`: its warehouse file and dbt's target directory."""

    warehouse: Path
    target: Path

    @cached_property
    def manifest(self) -> dict:
        return json.loads((self.target / "manifest.json").read_text())


@pytest.fixture(scope="session", autouse=True)
def keep_out_of_the_project(tmp_path_factory) -> Iterator[None]:
    """Makes dbt, when the library runs it, write to a folder of this process, not to the project's shared one."""
    folder = tmp_path_factory.mktemp("dbt")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DBT_TARGET_PATH", str(folder / "target"))
        patch.setenv("DBT_LOG_PATH", str(folder / "logs"))
        yield


@pytest.fixture(scope="session")
def project_root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Foreign data next to the project, not part of it; tests that need it are skipped if it is absent."""
    shared = Path(os.environ.get("CAUSALYN_SHARED", ROOT.parent / "shared"))
    if not shared.is_dir():
        pytest.skip(f"no foreign data: {shared} is no directory (CAUSALYN_SHARED names another)")
    return shared


@pytest.fixture(scope="session")
def copy_project() -> Callable[[Path], Path]:
    """Copies the project's work tree, without files that git ignores, into a directory."""

    def copy(destination: Path) -> Path:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():
                (destination / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, destination / name)
        return destination

    return copy


@pytest.fixture
def project_copy(copy_project, tmp_path) -> Path:
    """A copy of the project that a test may change."""
    return copy_project(tmp_path / "project")


@pytest.fixture(scope="session")
def run() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a command in a directory, with the given environment variables and none of the caller's settings."""

    def run(*command: str | Path, directory: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = ENVIRONMENT | variables
        if command[0] == DBT:
            return dbt_fork.run_dbt([str(argument) for argument in command[1:]], directory, environment)
        return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True)

    return run


@pytest.fixture(scope="session")
def make_once(tmp_path_factory) -> Callable[[str, Callable[[Path], object]], Path]:
    """Makes a folder that all processes of a run share: the first to need it makes it, and the others wait."""
    common = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        common = common.parent

    def make_once(name: str, make: Callable[[Path], object]) -> Path:
        folder, made = common / name, common / f"{name}.made"
        with (common / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not made.exists():
                assert not folder.exists(), f"{folder.name} could not be made: the first test that needed it says why"
                folder.mkdir()
                make(folder)
                made.touch()
        return folder

    return make_once


def dbt_command(folder: Path, project: Path) -> tuple[list[str | Path], dict[str, str]]:
    """The dbt command without arguments, and its environment, for a warehouse named causalyn.duckdb in a folder.

    Run it in that folder: dbt parses the whole project again for every other path of the warehouse.
    """
    command = [DBT, "--no-use-colors"]
    return command, {
        "CAUSALYN_ROOT": str(project),
        "CAUSALYN_WAREHOUSE": "causalyn.duckdb",
        "DBT_PROJECT_DIR": str(project),
        "DBT_PROFILES_DIR": str(project),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        # As the commands do: writing every statement takes time.
        "DBT_LOG_LEVEL_FILE": "info",
    }


@pytest.fixture(scope="session")
def compiled_project(make_once, run) -> Path:
    """dbt's target directory with the parsed project, and some models' SQL to run on frames. No world is needed."""

    def compile_project(folder: Path) -> None:
        command, environment = dbt_command(folder, ROOT)
        done = run(*command, "compile", "--select", *RUN_ON_FRAMES, directory=folder, **environment)
        assert done.returncode == 0, done.stdout[-5000:]

    return make_once("compiled", compile_project) / "target"


@pytest.fixture(scope="session")
def with_parsed_project(compiled_project) -> Callable[[Path], Path]:
    """Puts the parsed project into an empty target directory, which saves dbt most of the parsing."""

    def with_parsed_project(target: Path) -> Path:
        target.mkdir(parents=True, exist_ok=True)
        if not (target / PARSED).exists():
            shutil.copy(compiled_project / PARSED, target)
        return target

    return with_parsed_project


@pytest.fixture(scope="session")
def run_dbt(run, with_parsed_project) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs dbt in its own process, in the folder of the given warehouse, with target and logs there."""

    def run_dbt(
        *arguments: str, warehouse: Path, project: Path = ROOT, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        command, environment = dbt_command(warehouse.parent, project)
        with_parsed_project(warehouse.parent / "target")
        return run(*command, *arguments, directory=warehouse.parent, **environment, **variables)

    return run_dbt


@pytest.fixture(scope="session")
def build_world(run, run_dbt) -> Callable[..., BuiltWorld]:
    """Fills a warehouse in a folder with a script and its arguments, as a user would, and builds it."""

    def build(folder: Path, script: str, *arguments: str | Path) -> BuiltWorld:
        warehouse = folder / "causalyn.duckdb"
        filled = run(sys.executable, ROOT / "scripts" / script, *arguments, "--warehouse", warehouse)
        assert filled.returncode == 0, filled.stderr
        built = run_dbt("build", *WITHOUT_UNIT_TESTS, warehouse=warehouse)
        assert built.returncode == 0, built.stdout[-5000:]
        return BuiltWorld(warehouse, folder / "target")

    return build


@pytest.fixture(scope="session")
def built_world(make_once, build_world) -> BuiltWorld:
    """600 accounts of the default world, shared by all processes. Read it, or copy it to change it."""
    folder = make_once(
        "built_world", lambda folder: build_world(folder, "generate_world.py", "--accounts", "600", "--seed", "1")
    )
    return BuiltWorld(folder / "causalyn.duckdb", folder / "target")


@pytest.fixture(scope="session")
def compiled_nodes(compiled_project) -> dict[str, dict]:
    """The project's nodes by name; those of `RUN_ON_FRAMES` with their SQL."""
    nodes = json.loads((compiled_project / "manifest.json").read_text())["nodes"].values()
    return {node["name"]: node for node in nodes}


@pytest.fixture(scope="session")
def evaluate_model(compiled_nodes) -> Callable[..., pd.DataFrame]:
    """Runs the SQL of a model or test, as compiled by dbt, on frames instead of its relations."""

    def evaluate(model: str, **relations: pd.DataFrame) -> pd.DataFrame:
        with duckdb.connect() as connection:
            connection.execute(f"attach ':memory:' as {compiled_nodes[model]['database']}")
            for name, frame in relations.items():
                schema = f"{compiled_nodes[name]['database']}.{compiled_nodes[name]['schema']}"
                connection.execute(f"create schema if not exists {schema}")
                connection.register("frame", frame)
                connection.execute(f"create table {schema}.{name} as from frame")
            return connection.execute(compiled_nodes[model]["compiled_code"]).df()

    return evaluate


@pytest.fixture(scope="session")
def leaderboard(evaluate_model) -> Callable[[pd.DataFrame], pd.Series]:
    """The leaderboard's row for a ranking by `score`: a frame of observation_id, account_id, score and dr_score."""

    def leaderboard(users: pd.DataFrame) -> pd.Series:
        learner = pd.DataFrame({"deciding_learner": ["t_learner"]})
        scores = users.assign(
            population="campaign",
            learner_id="t_learner",
            lift=users["score"],
            p_control=0.5,
            p_treated=0.5,
            propensity=0.5,
            stack_weight=1.0,
        )
        ranked = evaluate_model(
            "int_evaluation__ranked_users",
            int_uplift__doubly_robust_scores=users,
            int_uplift__scores=scores,
            learner_parameters=learner,
        )
        board = evaluate_model(
            "int_evaluation__learner_leaderboard",
            int_evaluation__ranked_users=ranked,
            int_uplift__scores=scores,
            learner_parameters=learner,
        )
        return board.set_index("learner_id").loc["t_learner"]

    return leaderboard


def publish_as_it_is(connection: duckdb.DuckDBPyConnection) -> None:
    """Marks tables that a test changed as good, as the publication does for a build's."""
    for table, query in connection.execute("select table_name, query from builds.fingerprints").fetchall():
        connection.execute(f"update builds.fingerprints set fingerprint = ({query}) where table_name = ?", [table])


@pytest.fixture(scope="session")
def read_published() -> Callable[[Path], dict[str, list[tuple]]]:
    """Reads every published table of a warehouse, with whole rows in an order independent of how they were written."""

    def read(warehouse: Path) -> dict[str, list[tuple]]:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            tables = connection.sql(
                "select table_schema, table_name from information_schema.tables"
                " where table_schema in ('marts', 'audit') order by all"
            ).fetchall()
            return {table: connection.sql(f"from {schema}.{table} order by all").fetchall() for schema, table in tables}

    return read
