"""What the tests share: the project, a copy of it, foreign data where there is some, and a small world built by dbt."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[2]
# The caller's own settings of the project would decide what its tests test.
SETTINGS = ("CAUSALYN_", "DBT_", "MAKE", "TARGET", "RAW", "ACCOUNTS", "SEED", "PRESET", "CAMPAIGNS", "AS_OF")
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every fault test says what the fault is and what is expected, and must tell what was seen.

    Spark's tests, which take longest, come first, so that no process is left alone with them at the end.
    """
    items.sort(key=lambda item: item.path.name != "test_spark.py")
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
    """Tells the fault table what came of the fault: the message as printed, or the outcome in a few words."""
    return lambda text: request.node.user_properties.append(("seen", " ".join(text.split())))


@pytest.fixture(scope="session")
def listed() -> Callable[[str], None]:
    """Asserts that docs/messages.md lists a message, in the very words that were printed."""
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


@pytest.fixture(scope="session")
def project_root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Foreign data beside the project: not part of it, so tests that need it are skipped where it is absent."""
    shared = Path(os.environ.get("CAUSALYN_SHARED", ROOT.parent / "shared"))
    if not shared.is_dir():
        pytest.skip(f"no foreign data: {shared} is no directory (CAUSALYN_SHARED names another)")
    return shared


@pytest.fixture(scope="session")
def copy_project() -> Callable[[Path], Path]:
    """Copies the project as it is in the work tree, without what git ignores, into a directory."""

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
    """Runs a command in a directory, with these environment variables and none of the caller's settings."""

    def run(*command: str | Path, directory: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=directory, env=ENVIRONMENT | variables, capture_output=True, text=True)

    return run


@pytest.fixture(scope="session")
def run_dbt(run) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs dbt in a process of its own, with target and logs beside the warehouse that it is given."""

    def run_dbt(*arguments: str, warehouse: Path, project: Path = ROOT) -> subprocess.CompletedProcess[str]:
        return run(
            Path(sys.executable).with_name("dbt"),
            "--no-use-colors",
            *arguments,
            directory=project,
            CAUSALYN_WAREHOUSE=str(warehouse),
            DBT_TARGET_PATH=str(warehouse.parent / "target"),
            DBT_LOG_PATH=str(warehouse.parent / "logs"),
        )

    return run_dbt


@pytest.fixture(scope="session")
def build_world(run, run_dbt) -> Callable[..., BuiltWorld]:
    """Fills a warehouse in a folder by a script and its arguments, as a user would, and builds it."""

    def build(folder: Path, script: str, *arguments: str | Path) -> BuiltWorld:
        warehouse = folder / "causalyn.duckdb"
        filled = run(sys.executable, ROOT / "scripts" / script, *arguments, "--warehouse", warehouse)
        assert filled.returncode == 0, filled.stderr
        built = run_dbt("build", warehouse=warehouse)
        assert built.returncode == 0, built.stdout[-5000:]
        return BuiltWorld(warehouse, folder / "target")

    return build


@pytest.fixture(scope="session")
def built_world(tmp_path_factory, build_world) -> BuiltWorld:
    """600 accounts of the default world. To be read, or copied and changed."""
    return build_world(tmp_path_factory.mktemp("built_world"), "generate_world.py", "--accounts", "600")


@pytest.fixture(scope="session")
def evaluate_model(built_world) -> Callable[..., pd.DataFrame]:
    """Runs a model's SQL, as dbt compiled it, on frames in the place of the relations that it reads."""

    def evaluate(model: str, **relations: pd.DataFrame) -> pd.DataFrame:
        nodes = {node["name"]: node for node in built_world.manifest["nodes"].values()}
        with duckdb.connect() as connection:
            connection.execute(f"attach ':memory:' as {nodes[model]['database']}")
            for name, frame in relations.items():
                schema = f"{nodes[name]['database']}.{nodes[name]['schema']}"
                connection.execute(f"create schema if not exists {schema}")
                connection.register("frame", frame)
                connection.execute(f"create table {schema}.{name} as from frame")
            return connection.execute(nodes[model]["compiled_code"]).df()

    return evaluate


@pytest.fixture(scope="session")
def leaderboard(evaluate_model) -> Callable[[pd.DataFrame], pd.Series]:
    """The leaderboard's row of a ranking of users by `score`: a frame of observation_id, account_id, score and dr_score."""

    def leaderboard(users: pd.DataFrame) -> pd.Series:
        learner = pd.DataFrame({"deciding_learner": ["t_learner"]})
        scores = users.assign(
            population="campaign",
            learner_id="t_learner",
            lift=users["score"],
            p_control=0.5,
            p_treated=0.5,
            propensity=0.5,
        )
        ranked = evaluate_model(
            "int_evaluation__ranked_users",
            int_uplift__doubly_robust_scores=users,
            int_uplift__scores=scores,
            learner_parameters=learner,
        )
        board = evaluate_model(
            "int_evaluation__learner_leaderboard", int_evaluation__ranked_users=ranked, learner_parameters=learner
        )
        return board.set_index("learner_id").loc["t_learner"]

    return leaderboard


@pytest.fixture(scope="session")
def read_published() -> Callable[[Path], dict[str, list[tuple]]]:
    """Reads every published table of a warehouse, rows whole and in an order that does not depend on how they were written."""

    def read(warehouse: Path) -> dict[str, list[tuple]]:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            tables = connection.sql(
                "select schema_name, table_name from duckdb_tables() where schema_name in ('marts', 'audit') order by all"
            ).fetchall()
            return {table: connection.sql(f"from {schema}.{table} order by all").fetchall() for schema, table in tables}

    return read
