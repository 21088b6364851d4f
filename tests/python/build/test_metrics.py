"""The semantic layer: its metrics, computed by MetricFlow itself, equal independent counts."""

from __future__ import annotations

import csv
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

pytest.importorskip("dbt_metricflow", reason="make .venv/.installed-dev installs it")

# Two accounts per arm, one of which has not entered yet; the validation is not part of the rollout.
ACCOUNTS = """
insert into candidate_marts.campaign_accounts by name
select * from (values
    ('t1', 'rollout', 'treatment', 1, date '2025-05-12', true, 2, 1, 100.0),
    ('t2', 'rollout', 'treatment', 1, date '2025-05-12', false, 2, 0, 20.0),
    ('t3', 'rollout', 'treatment', 2, null, false, null, null, null),
    ('c1', 'rollout', 'control', 1, date '2025-05-12', false, 1, 0, 10.0),
    ('c2', 'rollout', 'control', 1, date '2025-05-13', false, 3, 1, 30.0),
    ('v1', 'validation', 'treatment', 11, date '2025-05-14', true, 1, 1, 1000.0)
) as accounts (account_id, experiment, arm, wave, entry_date, is_nudged, n_admins, n_churned_admins, revenue_usd)
"""


@pytest.fixture(scope="module")
def query(built_world, copy_project, run, run_dbt, tmp_path_factory) -> Callable[..., list[dict[str, float | str]]]:
    """Rows of `mf query` for metrics of the small world's warehouse, whose campaign is replaced by a few accounts."""
    project = copy_project(tmp_path_factory.mktemp("metrics"))
    warehouse = Path(shutil.copy(built_world.warehouse, project / "causalyn.duckdb"))
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("delete from candidate_marts.campaign_accounts")
        connection.execute(ACCOUNTS)
    # MetricFlow reads the layer from dbt's parsed project, in the project's own target directory.
    assert run_dbt("parse", warehouse=warehouse, project=project).returncode == 0

    def query(*arguments: str) -> list[dict[str, float | str]]:
        file = project / "metrics.csv"
        done = run(
            Path(sys.executable).with_name("mf"), "query", "--csv", file, "--metrics", *arguments,
            directory=project, CAUSALYN_WAREHOUSE="causalyn.duckdb",
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        with file.open() as rows:
            return [
                {name: value if name.startswith("campaign_account__") else float(value) for name, value in row.items()}
                for row in csv.DictReader(rows)
            ]

    return query


def test_the_metrics_are_what_a_person_counts(query):
    (row,) = query("reach,admin_churn_rate,incremental_revenue_per_treated_account")
    assert row == {
        "reach": pytest.approx(1 / 3),
        "admin_churn_rate": pytest.approx(3 / 9),
        "incremental_revenue_per_treated_account": pytest.approx((100 + 20) / 2 - (10 + 30) / 2),
    }


def test_a_metric_can_be_cut_by_arm_and_filtered(query):
    rollout = "{{ Dimension('campaign_account__experiment') }} = 'rollout'"
    rows = query("admin_churn_rate", "--group-by", "campaign_account__arm", "--where", rollout)
    assert {row["campaign_account__arm"]: row["admin_churn_rate"] for row in rows} == {
        "treatment": pytest.approx(1 / 4),
        "control": pytest.approx(1 / 4),
    }


def test_the_calendar_has_every_day_once(built_world):
    with duckdb.connect(str(built_world.warehouse), read_only=True) as connection:
        days = connection.execute(
            "select count(*), count(distinct event_date), max(event_date) - min(event_date) from marts.campaign_days"
        ).fetchone()
    assert days == (10_000, 10_000, 9_999)
