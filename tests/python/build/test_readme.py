"""README and docs say what the default world's warehouse says."""

import sys

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
    sys.version_info < (3, 11), reason="the README shows the scores of the scikit-learn that 3.11 locks"
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
    for name in render_readme.BLOCKS:
        assert text.count(f"<!-- {name} -->") == text.count(f"<!-- /{name} -->") == 1
