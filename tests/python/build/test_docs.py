"""The site builds without dead links, its commands and queries exist and run, and documented selectors select."""

from __future__ import annotations

import re
import shutil
import sys
from datetime import datetime, timedelta
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


def test_every_target_and_option_of_make_in_the_docs_is_in_the_makefile(project_root):
    makefile = (project_root / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.M))
    text = "\n".join(page.read_text() for page in pages(project_root) if page.name != "CHANGELOG.md")
    named = re.findall(r"(?:`|^|&& )make ([a-z-]+)((?: [A-Z_]+=)?)", text, re.M)
    assert len(named) > 20
    assert {target for target, _ in named} <= targets
    assert {option.strip(" =") for _, option in named} - {""} <= set(re.findall(r"\$\(([A-Z_]+)\)", makefile)) | {
        "FAST"
    }


def test_every_script_in_the_docs_is_there(project_root):
    text = "\n".join(page.read_text() for page in pages(project_root) if page.name != "CHANGELOG.md")
    named = set(re.findall(r"\bscripts/[\w/]+\.py\b", text))
    assert named
    assert {name for name in named if not (project_root / name).is_file()} == set()


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


@pytest.mark.parametrize(
    ("selection", "selected", "left_out"),
    [
        (("-s", "tag:policy"), "account_policy", "learner_leaderboard"),
        (("-s", "tag:evaluation"), "learner_leaderboard", "account_policy"),
        (("--selector", "policy_change"), "target_accounts", "int_uplift__scores"),
        (("--selector", "daily"), "nudge_list", "learner_leaderboard"),
    ],
)
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
