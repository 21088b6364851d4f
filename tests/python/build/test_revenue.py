"""Revenue as the outcome: the learners find who brings how much, and a conversion is worth what was measured."""

from __future__ import annotations

import shutil
import sys

import duckdb
import pandas as pd
import pytest

from causalyn.simulation.world_store import attach_truth

LEARNERS = "seeds/learner_parameters.csv"
PRICES = {"starter": 15.0, "growth": 50.0, "enterprise": 150.0}
PRICED = f"""
    update raw.outcomes_raw as outcomes
    set revenue_usd = case plan_tier {" ".join(f"when '{plan}' then {usd}" for plan, usd in PRICES.items())} end
        * (0.5 + hash(intervention_id) % 1000 / 1000.0)
    from raw.users_raw as users
    inner join raw.accounts_raw as accounts using (account_id)
    where outcomes.user_id = users.user_id and collab_activated_flag = 1
"""


def lifts(connection: duckdb.DuckDBPyConnection, truth: str) -> pd.DataFrame:
    """Lift of the past campaigns' users by id, and by how much revenue the nudge truly changes, in US dollars."""
    return connection.execute(
        f"""
        select user_id, lift, (truth.p_treated - truth.p_control)
            * case plan_tier {" ".join(f"when '{plan}' then {usd}" for plan, usd in PRICES.items())} end as true_usd
        from marts.user_uplift_scores as scores
        inner join {truth} as truth using (user_id)
        inner join raw.accounts_raw as accounts using (account_id)
        where population = 'campaign' and lift is not null
        order by user_id
        """
    ).df()


@pytest.fixture(scope="module")
def learned(built_world, copy_project, run_dbt, tmp_path_factory):
    """The built world, in which a conversion's revenue depends on the plan, decided by revenue."""
    folder = tmp_path_factory.mktemp("revenue")
    for file in built_world.warehouse.parent.glob("*.duckdb"):
        shutil.copy(file, folder / file.name)
    warehouse, project = folder / built_world.warehouse.name, copy_project(folder / "project")
    seed = project / LEARNERS
    seed.write_text(seed.read_text().replace(",stack,conversion", ",stack,revenue"))
    assert ",revenue" in seed.read_text()
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(PRICED)

    def build():
        return run_dbt("build", "--exclude-resource-type", "unit_test", warehouse=warehouse, project=project)

    built = build()
    assert "Published: " in built.stdout, built.stdout[-3000:]
    return warehouse, project, build


def test_lift_is_in_dollars_and_a_conversion_is_worth_what_it_brought(learned, built_world):
    warehouse, *_ = learned
    with duckdb.connect(str(built_world.warehouse), read_only=True) as connection:
        by_conversion = lifts(connection, attach_truth(connection, built_world.warehouse))
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        by_revenue = lifts(connection, attach_truth(connection, warehouse))
        ((mean,),) = connection.execute(
            "select avg(revenue_usd) from staging.stg_outcomes where is_converted"
        ).fetchall()
        values = dict(connection.execute("select policy_id, value_per_conversion_usd from marts.policies").fetchall())
        ((off,),) = connection.execute(
            f"select max(abs(expected_revenue_usd - sum_lift * {values['precision']})) from marts.account_policy "
            "where policy_id = 'precision'"
        ).fetchall()
    assert values["precision"] == values["reference"] == pytest.approx(mean, abs=0.005)
    assert values["ltv"] is None
    assert off < 1e-4
    errors = [((frame["lift"] * mean - frame["true_usd"]) ** 2).mean() ** 0.5 for frame in (by_revenue, by_conversion)]
    assert errors[0] < 2 / 3 * errors[1]
    assert by_revenue["lift"].mean() * mean == pytest.approx(by_revenue["true_usd"].mean(), abs=2.0)


def test_a_refresh_and_the_page_are_in_revenue_too(learned, run, tmp_path):
    warehouse, project, _ = learned
    build_id = "select build_id from marts.build_info"
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        before = connection.execute(build_id).fetchall()
    refreshed = run(sys.executable, project / "scripts" / "refresh.py", "--warehouse", warehouse)
    assert refreshed.returncode == 0, refreshed.stderr
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        assert connection.execute(build_id).fetchall() == before
    drawn = run(
        sys.executable, project / "scripts" / "render_report.py", "--warehouse", warehouse, "--directory", tmp_path
    )
    assert drawn.returncode == 0, drawn.stderr
    assert "lift is in revenue: a point is 1% of what a conversion brings" in (tmp_path / "index.html").read_text()


@pytest.mark.fault(
    "a conversion without revenue, where revenue is learned", "nothing is published; the rows are counted"
)
def test_conversions_of_unknown_revenue_are_not_left_out(learned, listed, seen):
    warehouse, _, build = learned
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "update raw.outcomes_raw set revenue_usd = null where intervention_id in"
            " (select intervention_id from staging.stg_outcomes where is_converted order by 1 limit 3)"
        )
    (message,) = {line.strip() for line in build().stdout.splitlines() if "outcomes_raw.revenue_usd: " in line}
    message = message[message.index("outcomes_raw.revenue_usd") :]
    seen(message)
    assert message.startswith("outcomes_raw.revenue_usd: 3 of ")
    listed(message)
