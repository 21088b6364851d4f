"""docs/messages.md matches the code: every listed message is printed somewhere, and every refusal is listed."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from causalyn.warehouse.file_name import objection

REFUSALS = {
    "RawContractError",
    "ExportRefusedError",
    "EditedListsError",
    "LearnerError",
    "ModelMismatchError",
    "NotPlayableError",
    "NotRefreshableError",
    "NothingPublishedError",
    "NoSuchSideError",
    "SystemExit",
    "exit",
    "leave",
    "DbtRuntimeError",
    "DatabaseError",
}
SPECIFIC = re.compile(r"[A-Za-z][^\n]{11,}")


def listed_messages(root: Path) -> list[str]:
    return re.findall(r"^\| ``(.*?)`` \|", (root / "docs" / "messages.md").read_text(), flags=re.M)


def fixed_parts(text: ast.AST) -> list[str]:
    """A string's text, or an f-string's parts between its placeholders."""
    values = text.values if isinstance(text, ast.JoinedStr) else [text]
    return [value.value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, str)]


def texts(node: ast.AST) -> Iterator[ast.AST]:
    """The strings and f-strings in a node, each whole."""
    if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        yield node
    else:
        for child in ast.iter_child_nodes(node):
            yield from texts(child)


def scripts(root: Path) -> list[ast.AST]:
    return [ast.parse(file.read_text()) for file in sorted((root / "scripts").rglob("*.py"))]


def refuses(call: ast.Call) -> bool:
    """Whether a call raises or prints a refusal, or adds to the problems of an export."""
    called = ast.unparse(call.func)
    return called.rpartition(".")[2] in REFUSALS or called == "problems.append"


def refusals_in_sql(root: Path) -> Iterator[str]:
    """What models and macros say as they refuse, without what varies."""
    for file in [*(root / "models").rglob("*.sql"), *(root / "macros").glob("*.sql")]:
        for call in re.findall(r"raise_(?:compiler_)?error\((.*?)\) ?-?[%}]\}", file.read_text(), flags=re.S):
            expression = re.sub(r'"\s*~[^"]+~\s*"', "\n", re.sub(r'"\s*~\s*"', "", call))
            for literal in re.findall(r"'((?:[^']|'')*)'", expression):
                yield from literal.replace("''", "'").replace("\\n", "\n").splitlines()


def all_texts(root: Path) -> str:
    """Every string of the scripts, Makefile, refusing models and macros, with pieces of one text joined."""
    models = (
        "staging/base/base_user_features",
        "intermediate/build/int_build__publication_gate",
        "intermediate/build/int_build__remarks",
        "intermediate/campaign/int_campaign__dealt_before",
        "intermediate/policy/int_policy__policies",
        "intermediate/uplift/int_uplift__outcome_scale",
        "marts/policy/policy_decisions_ledger",
    )
    files = [*(root / f"models/{name}.sql" for name in models), *(root / "macros").glob("*.sql")]
    said = "\n".join(re.sub(r"(['\"])\s*(\|\||~)\s*\1", "", file.read_text()).replace("''", "'") for file in files)
    strings = (part for tree in scripts(root) for text in texts(tree) for part in fixed_parts(text))
    return "\n".join([*strings, (root / "Makefile").read_text().replace("$(PYTHON)", ""), said])


def test_every_listed_message_is_in_the_code(project_root):
    code, messages = all_texts(project_root), listed_messages(project_root)
    assert len(messages) > 30
    stale = {
        message
        for message in messages
        for part in re.split(r"<\w+>", message)
        if SPECIFIC.search(part) and SPECIFIC.search(part)[0].strip() not in code
    }
    assert stale == set()


def test_every_refusal_in_the_code_is_listed(project_root):
    documented = " ".join((project_root / "docs" / "messages.md").read_text().split())
    in_python = [
        part
        for tree in scripts(project_root)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and refuses(call)
        for text in texts(call)
        for part in fixed_parts(text)
    ]
    in_sql = list(refusals_in_sql(project_root))
    assert len(in_sql) > 20
    said = [found[0].strip() for part in in_python + in_sql if (found := SPECIFIC.search(part))]
    assert {part for part in said if part not in documented} == set()


def test_what_a_long_test_waits_for_is_still_said(project_root):
    """It runs too seldom to find that a message has other words by now."""
    documented = (project_root / "docs" / "messages.md").read_text()
    awaited = re.findall(r'because="(.+)"\)', (project_root / "tests/python/build/test_operation.py").read_text())
    assert len(awaited) > 3
    assert [words for words in awaited if words not in documented] == []


COMMANDS = {
    "load_raw.py": "write",
    "generate_world.py": "write",
    "export_lists.py": "read",
    "summarise.py": "read",
    "render_report.py": "read",
    "copy_to_spark.py": "read",
    "play_campaign.py": "read",
    "play_bandit.py": "read",
    "refresh.py": "read",
    "diff_decisions.py": "read",
    "build.py": "say",
}
PLACES = {
    "write": {
        "in a place that is a file": ("file/causalyn.duckdb", None),
        "that is no database": ("text", "no database"),
    },
    "say": {
        "that is no database": ("text", "no database"),
    },
    "read": {
        "that is not there": ("missing", None),
        "that is no database": ("text", "no database"),
        "that is empty": ("x", ""),
    },
}
CASES = [
    pytest.param(
        command, *place, id=f"{command} {what}", marks=pytest.mark.fault(f"{command}: a warehouse {what}", "one line")
    )
    for command, use in COMMANDS.items()
    for what, place in PLACES[use].items()
]


@pytest.mark.parametrize(("command", "name", "content"), CASES)
def test_a_warehouse_that_cannot_be_used_is_one_line(project_root, run, seen, listed, tmp_path, command, name, content):
    (tmp_path / "file").write_text("in the way")
    warehouse = tmp_path / name
    if content:
        warehouse.write_text(content)
    elif content is not None:
        duckdb.connect(str(warehouse)).close()
    if command.startswith("play_"):
        (tmp_path / f"{name}.truth.duckdb").write_text(name)
    arguments = {
        "load_raw.py": [tmp_path / "export"],
        "generate_world.py": ["--accounts", "2"],
        "diff_decisions.py": ["before/p", "after/p"],
    }.get(command, [])
    if command == "load_raw.py":
        write_smallest_export(tmp_path / "export")
    options = [
        "--warehouse",
        warehouse,
        *(["--directory", tmp_path / "report"] if command == "render_report.py" else []),
    ]
    options += ["--destination", tmp_path / "lists"] if command == "export_lists.py" else []
    done = run(
        sys.executable, project_root / "scripts" / command, *arguments, *options,
        CAUSALYN_SPARK_DIRECTORY=str(tmp_path / "spark"),
    )  # fmt: skip
    lines = [line for line in done.stderr.splitlines() if "accounts/s]" not in line]
    seen(done.stderr.replace(str(tmp_path), ""))
    assert done.returncode == 1
    assert len(lines) == 1, done.stderr
    refusal = re.match(
        r"Nothing was exported, and the files of the last export stay as they were: (.*)\.$",
        lines[0],
    )
    listed(refusal[1] if refusal else lines[0])


def write_smallest_export(directory: Path) -> None:
    """One row of each required table of an export."""
    directory.mkdir()
    rows = {
        "accounts_raw": "'a' account_id, date '2024-01-01' account_created_date, 'growth' plan_tier, 'x' industry, "
        "1 seat_count, 0 cs_assigned_flag, 1.0 account_health_score",
        "users_raw": "'u' user_id, 'a' account_id, date '2024-01-01' user_created_date, 'basic' role_type, 'EU' geo_region, "
        "null invited_by_user_id",
        "user_activity_daily_raw": "'u' user_id, date '2025-01-01' activity_date, 1 login_flag, 1 core_action_count, "
        "1 collab_action_count, 1 time_spent_minutes, 1 feature_diversity_count",
        "interventions_raw": "'i' intervention_id, 'u' user_id, 'a' account_id, date '2025-01-02' intervention_date, "
        "1 eligibility_flag, 1 treatment_flag, 'email' delivery_channel",
        "outcomes_raw": "'u' user_id, 'i' intervention_id, 1 collab_activated_flag, null activation_date, "
        "21 outcome_window_days",
    }
    for table, row in rows.items():
        duckdb.sql(f"select {row}").write_parquet(str(directory / f"{table}.parquet"))


NAMES = ["it's a b", 'q"x', "marts", "Marts.v2", "truth", "a;b", "x#y", "p%20q", "a?b", "{{ x }}", "$x", ""]
"""Of warehouses which can't be told from SQL, or from a schema."""


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_means_something_in_sql_is_refused(listed, name):
    listed(objection(Path(f"{name}.duckdb")))


@pytest.mark.parametrize("name", ["causalyn", "my warehouse-2_b", "größe.v2", "marts of 2025"])
def test_other_names_will_do(name):
    assert objection(Path(f"it's/q\"x/{name}.duckdb")) is None


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.fault("a warehouse whose name means something in SQL", "one line, from every command")
def test_every_command_refuses_such_a_name_at_once(project_root, run, seen, listed, tmp_path, command):
    """Whether given as an option or in the environment."""
    arguments = {"load_raw.py": [tmp_path], "diff_decisions.py": ["before/p", "after/p"]}.get(command, [])
    line, warehouse = [sys.executable, project_root / "scripts" / command, *arguments], tmp_path / 'q"x.duckdb'
    for refused in (run(*line, "--warehouse", warehouse), run(*line, CAUSALYN_WAREHOUSE=str(warehouse))):
        assert refused.returncode == 1
        (message,) = refused.stderr.splitlines()
        listed(message)
    seen(message)
    assert not list(tmp_path.iterdir())
