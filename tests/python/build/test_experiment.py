"""The experiment's readout: as in an established library, with a correct A/A error rate and the planned power."""

from __future__ import annotations

import shutil
from math import log, sqrt
from statistics import NormalDist

import duckdb
import numpy as np
import pandas as pd
import pytest
import tea_tasting as tt

ARMS = ["control", "treatment"]
ACCOUNTS, LOOKS = 960, 8


@pytest.fixture(scope="module")
def read_out(built_world, tmp_path_factory):
    """Reads out accounts' measures by the SQL as it ran in the built world."""
    models = built_world.target / "compiled" / "causalyn" / "models"
    moments = (models / "intermediate" / "campaign" / "int_campaign__look_moments.sql").read_text()
    readout = (models / "marts" / "campaign" / "experiment_readout.sql").read_text()
    warehouse = shutil.copy(built_world.warehouse, tmp_path_factory.mktemp("experiment") / built_world.warehouse.name)
    with duckdb.connect(str(warehouse)) as connection:

        def read_out(measures: pd.DataFrame) -> pd.DataFrame:
            connection.register("measures_drawn", measures)
            for table, query in {
                "int_campaign__account_measures": "from measures_drawn",
                "int_campaign__assignments": "select distinct experiment, account_id, arm, 0.9 as treatment_probability"
                " from measures_drawn",
                "int_campaign__look_moments": moments,
            }.items():
                connection.execute(f"create or replace table intermediate.{table} as {query}")
            return connection.execute(f"from ({readout}) order by experiment, metric, look_date").df()

        yield read_out


def simulated(experiments: int, effect: float, control_share: float = 0.1, seed: int = 1) -> pd.DataFrame:
    """Skewed revenue of accounts in many experiments; past activity explains about half of it."""
    rng = np.random.default_rng(seed)
    shape = (experiments, ACCOUNTS)
    activity = rng.gamma(2, 100, shape)
    treated = rng.random(shape) >= control_share
    revenue = 0.25 * activity + rng.gamma(1.5, 30, shape) + effect * treated
    place = np.broadcast_to(np.arange(ACCOUNTS), shape)
    return pd.DataFrame(
        {
            "experiment": np.repeat([f"e{i}" for i in range(experiments)], ACCOUNTS),
            "metric": "revenue_usd",
            "account_id": place.ravel().astype(str),
            "arm": np.where(treated, *ARMS[::-1]).ravel(),
            "closed_date": pd.Timestamp("2025-06-01") + pd.to_timedelta(place.ravel() // (ACCOUNTS // LOOKS), unit="D"),
            "measure": revenue.ravel(),
            "covariate": activity.ravel(),
        }
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_read_out_agrees_with_tea_tasting(read_out, seed):
    measures = simulated(1, effect=5, seed=seed)
    experiment = tt.Experiment(
        {
            "adjusted": tt.Mean("measure", "covariate", use_t=False),
            "unadjusted": tt.Mean("measure", use_t=False),
            "sample_ratio": tt.SampleRatio({"control": 1, "treatment": 9}, method="norm", correction=False),
        },
        variant="arm",
    )
    looks = read_out(measures)
    assert len(looks) == LOOKS
    for _, look in looks.iterrows():
        expected = experiment.analyze(measures[measures["closed_date"] <= look["look_date"]], control="control")
        adjusted, unadjusted = expected["adjusted"], expected["unadjusted"]
        assert look["effect"] == pytest.approx(adjusted.effect_size, abs=2e-6)
        assert look["effect_lower"] == pytest.approx(adjusted.effect_size_ci_lower, abs=2e-6)
        assert look["effect_upper"] == pytest.approx(adjusted.effect_size_ci_upper, abs=2e-6)
        assert look["p_value"] == pytest.approx(adjusted.pvalue, abs=2e-6)
        assert look["mean_treatment"] == pytest.approx(unadjusted.treatment, abs=2e-6)
        assert look["mean_control"] == pytest.approx(unadjusted.control, abs=2e-6)
        z = look["unadjusted_effect"] / look["unadjusted_standard_error"]
        assert z == pytest.approx(unadjusted.statistic, abs=1e-5)
        assert look["sample_ratio_p_value"] == pytest.approx(expected["sample_ratio"].pvalue, abs=2e-6)


@pytest.fixture(scope="module")
def of_no_effect(read_out) -> pd.DataFrame:
    """The looks of 500 A/A experiments."""
    return read_out(simulated(500, effect=0))


def ever(looks: pd.Series, experiments: pd.Series) -> float:
    """The share of experiments with at least one true look."""
    return looks.groupby(experiments).any().mean()


def test_where_there_is_no_effect_one_look_errs_at_the_stated_rate(of_no_effect):
    last = of_no_effect[of_no_effect["is_latest"]]
    assert len(last) == 500
    assert (last["p_value"] < 0.05).mean() == pytest.approx(0.05, abs=2.5 * sqrt(0.05 * 0.95 / 500))
    assert last["p_value"].median() == pytest.approx(0.5, abs=0.08)


def test_the_confidence_sequence_keeps_its_promise_where_repeated_looks_break_it(of_no_effect):
    experiments = of_no_effect["experiment"]
    assert ever(of_no_effect["p_value"] < 0.05, experiments) > 0.10
    assert ever(of_no_effect["is_conclusive"], experiments) <= 0.05
    covers = (of_no_effect["sequential_lower"] <= 0) & (of_no_effect["sequential_upper"] >= 0)
    is_known = of_no_effect["has_enough_accounts"]
    assert (covers == ~of_no_effect["is_conclusive"])[is_known].all()
    assert of_no_effect[["sequential_lower", "sequential_upper"]].isna().all(axis=1).equals(~is_known)


def test_equal_loss_raises_no_alarm_and_loss_from_one_arm_does(read_out, of_no_effect):
    last = of_no_effect[of_no_effect["is_latest"]]
    assert last["has_sample_ratio_mismatch"].mean() <= 0.006
    measures = simulated(50, effect=0, control_share=0.15)
    assert read_out(measures).query("is_latest")["has_sample_ratio_mismatch"].mean() > 0.9


def test_an_effect_of_the_minimum_detectable_size_is_found_with_the_planned_power(read_out):
    """The standard deviation left by the covariate is that of gamma(1.5) noise; the plan's formula gives the effect.
    Equal arms, because a small arm of such skewed revenue is not normal enough for the power's second decimal.
    """
    normal = NormalDist()
    error = 30 * sqrt(1.5) * sqrt(4 / ACCOUNTS)
    looks = read_out(simulated(400, effect=(normal.inv_cdf(0.975) + normal.inv_cdf(0.8)) * error, control_share=0.5))
    last = looks[looks["is_latest"]]
    assert (last["p_value"] < 0.05).mean() == pytest.approx(0.8, abs=2.5 * sqrt(0.8 * 0.2 / 400))
    assert last["standard_error"].mean() == pytest.approx(error, rel=0.03)
    assert (last["standard_error"] < 0.8 * last["unadjusted_standard_error"]).all()

    growth = -2 * log(0.05) + log(1 - 2 * log(0.05))
    width = sqrt(2 * (growth + 1) / growth * log(sqrt(growth + 1) / 0.05))
    looks = read_out(simulated(400, effect=(width + normal.inv_cdf(0.8)) * error, control_share=0.5))
    stops = looks[looks["is_conclusive"]].groupby("experiment")["look_date"].min()
    assert len(stops) / 400 >= 0.8 - 2.5 * sqrt(0.8 * 0.2 / 400), "the sequence found less than planned"
    assert (stops < looks["look_date"].max()).mean() > 0.3, "none could stop early"


def test_the_plan_is_of_the_accounts_as_they_were_dealt(built_world):
    with duckdb.connect(str(built_world.warehouse), read_only=True) as connection:
        plan = connection.execute("from marts.experiment_plan").df().set_index("metric")
        arms = dict(
            connection.execute(
                "select arm, count(*) from marts.campaign_assignments where arm is not null group by 1"
            ).fetchall()
        )
    normal = NormalDist()
    for _, metric in plan.iterrows():
        assert {"treatment": metric["n_treatment"], "control": metric["n_control"]} == arms
        error = metric["standard_error"]
        power = normal.inv_cdf(0.8)
        assert metric["minimum_detectable_effect"] == pytest.approx((normal.inv_cdf(0.975) + power) * error, abs=1e-5)
        assert metric["sequential_minimum_detectable_effect"] > metric["minimum_detectable_effect"]
    revenue = plan.loc["revenue_usd"]
    z = revenue["expected_effect"] / revenue["standard_error"]
    assert revenue["power_at_expected_effect"] == pytest.approx(
        normal.cdf(z - normal.inv_cdf(0.975)) + normal.cdf(-z - normal.inv_cdf(0.975)), abs=1e-5
    )
