"""The numbers in README and docs are the default world's."""

import re
import sys

import duckdb
import pytest

import render_readme


@pytest.fixture(scope="module")
def default_world(tmp_path_factory, run, run_dbt, project_root):
    warehouse = tmp_path_factory.mktemp("default_world") / "causalyn.duckdb"
    generation = run(sys.executable, project_root / "scripts" / "generate_world.py", "--warehouse", warehouse)
    assert generation.returncode == 0, generation.stderr
    build = run_dbt("build", "--exclude", "resource_type:unit_test", warehouse=warehouse)
    assert build.returncode == 0, build.stdout[-5000:]
    return warehouse


@pytest.mark.skipif(
    sys.version_info < (3, 11), reason="the documentation shows the scores of the scikit-learn that 3.11 locks"
)
def test_every_figure_is_the_warehouses(default_world, project_root):
    for document in render_readme.DOCUMENTS:
        text = document.read_text()
        assert render_readme.rendered(text, default_world) == text, "stale: run `make readme`"
    picture = (project_root / "docs" / "decision.svg").read_bytes()
    assert render_readme.rendered_picture(default_world) == picture, "stale: run `make readme`"


def test_the_picture_is_shown_and_small(project_root):
    assert "](docs/decision.svg)" in (project_root / "README.md").read_text()
    assert (project_root / "docs" / "decision.svg").stat().st_size < 200_000


def test_every_block_has_its_place():
    text = "".join(document.read_text() for document in render_readme.DOCUMENTS)
    for marker in ("", "/"):
        assert sorted(re.findall(rf"<!-- {marker}(\w+) -->", text)) == sorted(render_readme.BLOCKS)


def test_the_readme_is_short(project_root):
    assert len((project_root / "README.md").read_text().splitlines()) <= 200


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("select 'a' as name, null as seconds, '' as bytes", render_readme.NO_RESULTS),
        ("select 'a' as name, '1' as seconds where false", render_readme.NO_RESULTS),
        ("select 'a' as name, '1' as seconds, null as bytes", "| name | seconds |\n| --- | --: |\n| a | 1 |"),
    ],
)
def test_what_has_no_results_is_not_shown_as_an_empty_table(monkeypatch, query, shown):
    monkeypatch.setitem(render_readme.BLOCKS, "block", query)
    with duckdb.connect() as connection:
        assert render_readme.render("block", connection) == shown
