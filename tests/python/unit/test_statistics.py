"""Statistics written in SQL by macros, against the standard library's."""

from statistics import NormalDist

import duckdb
import pytest


@pytest.fixture(scope="module")
def evaluate(run_dbt, tmp_path_factory):
    warehouse = tmp_path_factory.mktemp("statistics") / "causalyn.duckdb"

    def evaluate(macro: str, values: list[float]) -> list[float]:
        expression = "{{ " + macro + "('x') }}"
        rows = ", ".join(f"(cast({value!r} as double))" for value in values)
        query = f"select x, {expression} as y from (values {rows}) as points (x) order by x"
        compiled = run_dbt("compile", "--inline", query, "--quiet", warehouse=warehouse)
        assert compiled.returncode == 0, compiled.stdout
        return [row[1] for row in duckdb.sql(compiled.stdout).fetchall()]

    return evaluate


def test_normal_quantile(evaluate):
    levels = [1e-9, 0.001, 0.0242, 0.0243, 0.1, 0.5, 0.75, 0.9, 0.975, 0.9757, 0.9758, 0.9999, 1 - 1e-9]
    measured = evaluate("normal_quantile", levels)
    assert measured == pytest.approx([NormalDist().inv_cdf(level) for level in levels], rel=2e-9)
    assert measured[levels.index(0.5)] == 0


def test_normal_cdf(evaluate):
    points = [-8.0, -3.0, -1.0, -0.1, 0.0, 0.1, 1.0, 3.0, 8.0]
    assert evaluate("normal_cdf", points) == pytest.approx([NormalDist().cdf(point) for point in points], abs=8e-8)
