"""The site builds without dead links, its commands and queries exist and run, and documented selectors select."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest


def pages(root: Path) -> list[Path]:
    return [*root.glob("*.md"), *(root / "docs").rglob("*.md")]


def blocks(root: Path, language: str) -> list[tuple[str, str]]:
    """The code blocks in a language in the documentation, each with its page."""
    return [
        (page.name, block)
        for page in pages(root)
        for block in re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), flags=re.M | re.S)
    ]


# Commands in code, and those of make with options anywhere.
MAKE = re.compile(r"(?:^|`)make ([\w./-]+(?: [A-Z_]+=[^\s`]+)*)|\bmake ([a-z-]+(?: [A-Z_]+=[^\s`]+)+)", re.M)
DBT = re.compile(r"(?:^|`|&& |/bin/)dbt ((?:build|run|test|retry|parse|ls|docs|source|seed)\b[^`#\n]*)", re.M)
SCRIPT = re.compile(r"\b(\w+\.py):?((?: (?:--[\w-]+|/[\w/]+))+)")


def commands(root: Path, pattern: re.Pattern[str]) -> list[list[str]]:
    """The words of every command in the documentation that a pattern finds."""
    text = "\n".join(page.read_text() for page in pages(root) if page.name != "CHANGELOG.md")
    found = sorted({"".join(match.groups(default="")) for match in pattern.finditer(text)})
    assert found
    return [shlex.split(command) for command in found]


def test_make_takes_every_command_in_the_docs_and_each_option_matters(project_root, run):
    def would_run(*words: str) -> tuple[int, str]:
        done = run("make", "--dry-run", *words, directory=project_root)
        return done.returncode, done.stdout

    for words in commands(project_root, MAKE):
        made = would_run(*words)
        assert made[0] == 0 or words == ["map"], f"make {words}"
        for option in words[1:]:
            assert would_run(*(word for word in words if word != option)) != made, f"make {words} ignores {option}"


def test_every_script_in_the_docs_is_there_and_has_the_options(project_root, run):
    text = "\n".join(page.read_text() for page in pages(project_root) if page.name != "CHANGELOG.md")
    named = set(re.findall(r"\bscripts/[\w/]+\.py\b", text))
    assert named
    assert {name for name in named if not (project_root / name).is_file()} == set()
    for script, *words in commands(project_root, SCRIPT):
        told = run(sys.executable, project_root / "scripts" / script, "--help").stdout
        assert [word for word in words if word.startswith("--") and word not in told] == [], script


def test_dbt_has_every_command_and_option_in_the_docs(project_root, run_dbt, tmp_path):
    for words in commands(project_root, DBT):
        # dbt refuses an unknown option before it helps.
        assert run_dbt(*words, "--help", warehouse=tmp_path / "causalyn.duckdb").returncode == 0, f"dbt {words}"
        # Their selections select (below), but for the name of a model that the reader puts in.
        chosen = [pair for pair in pairwise(words) if pair[0] in ("-s", "--select", "--selector")]
        assert set(chosen) <= {selection for selection, *_ in SELECTIONS} | {("--select", "model_name+")}


def test_every_query_in_the_docs_runs_on_the_copy_for_readers(project_root, built_world):
    queries = blocks(project_root, "sql")
    assert len(queries) >= 4
    published = built_world.warehouse.with_suffix(".published.duckdb")
    for page, query in queries:
        statements = duckdb.extract_statements(query)
        assert statements, page
        # The copy for readers has no truth.
        source = built_world.warehouse if "audit." in query else published
        with duckdb.connect(str(source), read_only=True) as connection:
            for statement in statements:
                connection.execute(statement)


def test_the_site_has_no_dead_link(built_world, run_dbt, run, project_root, tmp_path):
    pytest.importorskip("mkdocs", reason="make .venv/.installed-docs installs it")
    warehouse = Path(shutil.copy(built_world.warehouse, tmp_path / "causalyn.duckdb"))
    assert run_dbt("docs", "generate", "--quiet", "--static", warehouse=warehouse).returncode == 0
    site = tmp_path / "site"
    built = run(
        Path(sys.executable).with_name("mkdocs"), "build", "--strict", "--site-dir", site,
        directory=project_root, DBT_TARGET_PATH=str(tmp_path / "target"),
    )  # fmt: skip
    assert built.returncode == 0, built.stderr[-3000:]
    assert "marts.nudge_list" in (site / "reference" / "tables.html").read_text()
    # It opens from disk: nothing is loaded from elsewhere, except what the theme needs to search without a server.
    loaded = {
        link
        for page in site.rglob("*.html")
        if page.name != "catalogue.html"
        for link in re.findall(r"""<(?:script|link|img)[^>]+(?:src|href)="?((?:https?:)?//[^" >]+)""", page.read_text())
    }
    assert loaded <= {"https://unpkg.com/iframe-worker/shim"}


SELECTIONS = [
    (("-s", "tag:policy"), "account_policy", "learner_leaderboard"),
    (("-s", "tag:evaluation"), "learner_leaderboard", "account_policy"),
    (("--selector", "policy_change"), "target_accounts", "int_uplift__scores"),
    (("--selector", "daily"), "nudge_list", "learner_leaderboard"),
]


@pytest.mark.parametrize(("selection", "selected", "left_out"), SELECTIONS)
def test_what_people_select_by_selects(built_world, run_dbt, tmp_path, selection, selected, left_out):
    listed = run_dbt(
        "--quiet",
        "ls",
        *selection,
        "--resource-type",
        "model",
        "--output",
        "name",
        warehouse=tmp_path / "causalyn.duckdb",
    )
    assert listed.returncode == 0, listed.stdout
    names = set(listed.stdout.split())
    assert selected in names
    assert left_out not in names


def test_the_sources_are_fresh_once_loaded_and_stale_after_a_week(built_world, run_dbt, tmp_path):
    warehouse = Path(shutil.copy(built_world.warehouse, tmp_path / "causalyn.duckdb"))
    fresh = run_dbt("source", "freshness", warehouse=warehouse)
    assert (fresh.returncode, fresh.stdout.count("PASS freshness of raw.")) == (0, 9), fresh.stdout
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("update raw.origin set loaded_at = ?", [datetime(2025, 1, 1) - timedelta(days=9)])
    stale = run_dbt("source", "freshness", warehouse=warehouse)
    assert (stale.returncode, stale.stdout.count("ERROR STALE freshness of raw.")) == (1, 9), stale.stdout
