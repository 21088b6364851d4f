"""Isolation: personal data, file permissions, SQL injection, and code execution from data."""

from __future__ import annotations

import ast
import json
import os
import re
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from causalyn.warehouse.list_exports import LISTS
from causalyn.warehouse.raw_contract import USERS

ROOT = Path(__file__).resolve().parents[3]
# What lies there reads generated worlds only.
RESEARCH = "scripts/research/"
# Readers that may run code contained in the data.
UNSAFE_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "yaml"}
UNSAFE_CALLS = {"eval", "exec", "read_pickle", "to_pickle", "system", "popen"}
# dbt hands the compiled Python model to the Spark adapter as text, which the adapter runs by design.
RUNS_MODELS = "spark/dbt/adapters/sparksession/__init__.py"

SENDS_SQL = {"execute", "executemany", "sql", "query"}
# SQL may interpolate quoted text and the project's own: constants, the raw contract, the lists to export.
QUOTED = {"literal", "identifier"}
OWN_WORDS = re.compile(
    r"[A-Z_]+(\[\w+\]|\.\w+)?$"  # a constant, or a part of one
    r"|(table|column|hidden|published)\.\w+$|_SELECTS\[table\]$"  # raw contract, published lists
    r"|(', '|' and ')\.join\("  # of these
    r"|first_account$|first_user$|firsts$"  # counters of the generator
)


def python_files(root: Path) -> list[Path]:
    return sorted(file for folder in ("scripts", "python_models", "spark") for file in (root / folder).rglob("*.py"))


def interpolations(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and expression of everything interpolated, unquoted, into the SQL text of a call that runs it."""
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and getattr(call.func, "attr", None) in SENDS_SQL and call.args):
            continue
        for value in ast.walk(call.args[0]):
            if isinstance(value, ast.FormattedValue):
                inner = value.value
                if not (isinstance(inner, ast.Call) and getattr(inner.func, "id", None) in QUOTED):
                    yield value.lineno, ast.unparse(inner)


# Expressions for SQL composed of quoted names, own words and parameters elsewhere in the same file.
PUT_TOGETHER = {
    "raw_loader.py": {"relation", "name", "source.relation", "source.select", "parent.select", "key"},
    "raw_files.py": {"columns", "files", "relation"},
    "raw_checks.py": {
        *("key", "name", "others", "parent", "reference", "table", "source.recorded", "source.select"),
        *("same.format('id')", "same.format(key)", "way == 'in case'", "activity.select", "events.select"),
    },
    "postgres.py": {"read"},
    "origin.py": {"origin"},
    "word_maps.py": {"sources[words.table.name].select", "words.column"},
    "list_exports.py": {"rows", "source", "column", "csv", "parquet", "each.headline"},
    "world_store.py": {"table"},
    "spark_files.py": {"relation", "table"},
    "dbt_plugin.py": {"schema", "table", "kind", "rows", "ledger"},
    "render_report.py": {"table", "clause"},
}


def test_sql_is_made_of_own_words_quoted_names_and_parameters(project_root):
    """A new interpolation must be quoted by causalyn.warehouse.sql_text, or reviewed and listed here."""
    found = {
        f"{file.name}:{line}: {expression}"
        for file in python_files(project_root)
        for line, expression in interpolations(ast.parse(file.read_text()))
        if not OWN_WORDS.match(expression) and expression not in PUT_TOGETHER.get(file.name, ())
        if not str(file.relative_to(project_root)).startswith(RESEARCH)
    }
    assert found == set()


def test_an_interpolation_is_found_unless_it_is_quoted():
    sql = 'c.execute(f"select {name}, {literal(name)} from {TABLE}")'
    assert [expression for _, expression in interpolations(ast.parse(sql))] == ["name", "TABLE"]


def test_nothing_read_can_run_code(project_root):
    found = set()
    for file in python_files(project_root):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in getattr(node, "names", ()) if isinstance(node, ast.Import)]
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            called = getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
            allows_pickle = isinstance(node, ast.keyword) and node.arg in ("allow_pickle", "shell")
            if UNSAFE_MODULES & {name.partition(".")[0] for name in names} or called in UNSAFE_CALLS or allows_pickle:
                found.add(str(file.relative_to(project_root)))
    assert found == {RUNS_MODELS}


def test_no_list_that_is_exported_tells_more_of_a_user_than_the_id():
    personal = {column.name for column in USERS.columns} - {"user_id", "account_id"}
    for published in LISTS:
        assert personal.isdisjoint(published.columns), published.name
        assert not any(re.search(r"mail|phone|address|first_name|last_name|birth", name) for name in published.columns)


@pytest.mark.fault("files that anyone may read by default (umask 022)", "readable by their owner alone")
def test_commands_write_files_of_the_owner_alone(built_world, project_root, run, seen, tmp_path):
    (tmp_path / "built").mkdir()
    warehouse = tmp_path / "built" / built_world.warehouse.name
    warehouse.write_bytes(built_world.warehouse.read_bytes())
    scripts = project_root / "scripts"
    before = os.umask(0o022)
    try:
        commands = (
            [scripts / "generate_world.py", "--accounts", "5", "--warehouse", tmp_path / "world" / "causalyn.duckdb"],
            [scripts / "export_lists.py", "--warehouse", warehouse, "--destination", tmp_path / "exports" / "lists"],
            [scripts / "copy_to_spark.py", "--warehouse", tmp_path / "world" / "causalyn.duckdb"],
        )
        for command in commands:
            done = run(sys.executable, *command, CAUSALYN_SPARK_DIRECTORY=str(tmp_path / "spark"))
            assert done.returncode == 0, done.stderr
    finally:
        os.umask(before)
    written = [
        file for name in ("world", "exports", "spark") for file in (tmp_path / name).rglob("*") if file.is_file()
    ]
    assert len(written) > 10
    assert {stat.filemode(file.stat().st_mode) for file in written} == {"-rw-------"}
    seen(f"-rw------- of all {len(written)} files: warehouse, hidden truth, lists, copies for Spark")


def test_every_command_keeps_what_it_writes_to_its_owner_and_ends_in_one_line(project_root):
    """Both of which the parser that they share sees to."""
    commands = list((project_root / "scripts").glob("*.py"))
    assert len(commands) > 10
    assert {file.name for file in commands if "command.parser(" not in file.read_text()} == set()


def sections_of_the_lock() -> dict[str, list[str]]:
    """The packages of a build, under `core`, and each group's additions."""
    sections = re.split(r"^# ", (ROOT / "requirements.lock").read_text(), flags=re.M)[2:]
    return {name: packages for name, *packages in map(str.splitlines, sections)}


def test_the_lock_names_one_version_and_its_hashes_for_every_package():
    """As far as can be checked offline; `make audit` asks a vulnerability database."""
    for packages in sections_of_the_lock().values():
        assert packages
        for package in packages:
            assert re.fullmatch(r"[a-z0-9._-]+==[\w.+!]+( ; [^-]+)?( --hash=sha256:[0-9a-f]{64})+", package), package


def test_the_lock_holds_what_the_project_and_each_of_its_groups_asks_for():
    tomllib = pytest.importorskip("tomllib", reason="Python 3.10 reads no TOML")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = {"core": project["project"]["dependencies"], **project["dependency-groups"]}
    locked = {
        name: {package.split("==")[0] for package in packages} for name, packages in sections_of_the_lock().items()
    }
    assert locked.keys() == asked.keys()
    for name, requirements in asked.items():
        assert {re.match(r"[\w-]+", requirement)[0] for requirement in requirements} <= locked["core"] | locked[name]
    asked_by_groups = {re.match(r"[\w-]+", each)[0] for name in asked.keys() - {"core"} for each in asked[name]}
    assert not asked_by_groups & locked["core"], "a build installs what only a group asks for"


def test_readers_are_granted_the_marts_where_they_are_named(built_world, run, project_root, tmp_path):
    parsed = run(
        Path(sys.executable).with_name("dbt"), "parse", directory=project_root, CAUSALYN_READERS="growth,analytics",
        DBT_TARGET_PATH=str(tmp_path / "target"), DBT_LOG_PATH=str(tmp_path / "logs"),
    )  # fmt: skip
    assert parsed.returncode == 0, parsed.stdout

    def grants(manifest: dict) -> dict[str, dict[str, list[str]]]:
        models = (node for node in manifest["nodes"].values() if node["resource_type"] == "model")
        return {node["name"]: node["config"]["meta"].get("grants") for node in models}

    named = grants(json.loads((tmp_path / "target" / "manifest.json").read_text()))
    assert named["target_accounts"] == {"select": ["growth", "analytics"]}
    assert named["failure_matrix"] == {}
    assert not named["stg_users"] and not named["int_uplift__scores"]
    assert not any(grants(built_world.manifest).values())
