"""The semantic layer: its metrics, computed from their definitions as a service would, are what direct queries say."""

from __future__ import annotations

import json
import re
import shutil

import duckdb
import pytest

TREATMENT = "experiment = 'rollout' and arm = 'treatment'"
CONTROL = "experiment = 'rollout' and arm = 'control'"
# Two accounts an arm, one of which has not entered yet; the validation is no part of the rollout.
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
def compute(built_world, tmp_path_factory):
    """Computes a metric of the semantic manifest on the small world's warehouse, its campaign replaced by a few accounts."""
    manifest = json.loads((built_world.target / "semantic_manifest.json").read_text())
    metrics = {metric["name"]: metric for metric in manifest["metrics"]}
    (model,) = manifest["semantic_models"]
    measures = {measure["name"]: measure for measure in model["measures"]}
    copy = shutil.copy(built_world.warehouse, tmp_path_factory.mktemp("metrics") / "world.duckdb")
    table = f"{model['node_relation']['schema_name']}.{model['node_relation']['alias']}"

    def filters(*holders):
        texts = [one["where_sql_template"] for holder in holders if holder for one in holder["where_filters"]]
        return [re.sub(r"{{ Dimension\('campaign_account__(\w+)'\) }}", r"\1", text) for text in texts]

    with duckdb.connect(str(copy)) as connection:
        connection.execute(f"delete from {table}")
        connection.execute(ACCOUNTS)

        def compute(name, *inherited):
            metric, parameters = metrics[name], metrics[name]["type_params"]
            where = [*inherited, *filters(metric["filter"])]
            if metric["type"] == "simple":
                measure = measures[parameters["measure"]["name"]]
                condition = " and ".join(f"({one})" for one in where) or "true"
                query = f"select {measure['agg']}({measure['expr']}) from {table} where {condition}"
                return connection.execute(query).fetchone()[0]
            if metric["type"] == "ratio":
                return compute(parameters["numerator"]["name"], *where) / compute(
                    parameters["denominator"]["name"], *where
                )
            inputs = ", ".join(f"{compute(one['name'], *where)!r} as {one['name']}" for one in parameters["metrics"])
            return connection.execute(f"select {parameters['expr']} from (select {inputs})").fetchone()[0]

        yield compute


def test_reach_is_the_nudged_share_of_the_treatment(compute):
    assert compute("reach") == pytest.approx(1 / 3)


def test_admin_churn_is_that_of_the_accounts_that_entered(compute):
    assert compute("admin_churn_rate") == pytest.approx(3 / 9)


def test_incremental_revenue_is_the_difference_of_the_arms(compute):
    assert compute("incremental_revenue_per_treated_account") == pytest.approx((100 + 20) / 2 - (10 + 30) / 2)


def test_a_metric_can_be_cut_by_arm(compute):
    assert compute("admin_churn_rate", TREATMENT) == pytest.approx(1 / 4)
    assert compute("admin_churn_rate", CONTROL) == pytest.approx(1 / 4)


def test_the_calendar_has_every_day_once(built_world):
    with duckdb.connect(str(built_world.warehouse), read_only=True) as connection:
        days = connection.execute(
            "select count(*), count(distinct event_date), max(event_date) - min(event_date) from marts.campaign_days"
        ).fetchone()
    assert days == (10_000, 10_000, 9_999)
