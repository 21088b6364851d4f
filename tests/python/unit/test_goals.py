"""The recorded study meets the goals: a study made anew that misses one fails here before its results are published.

Goals are about the mean of twenty worlds, as of today unless they are claims about the backtest. docs/results/studies.md
says that `smooth` misses them.
"""

from __future__ import annotations

import pandas as pd
import pytest

import study

PUBLISHED_CLAIMS = study.ROOT / "seeds" / "published_claims.csv"
CLAIMS = pd.read_csv(PUBLISHED_CLAIMS).to_dict("records")


@pytest.fixture(scope="module")
def worlds():
    """The metrics of a preset's worlds, one row per seed."""
    results = pd.read_csv(study.RESULTS)
    by_preset = {preset: rows.pivot_table("value", "seed", "metric") for preset, rows in results.groupby("preset")}
    return lambda preset: by_preset[preset]


@pytest.mark.parametrize(
    ("preset", "metric", "most"),
    [
        ("default", "sleeping_dog_nudged", 0.002),
        ("default", "targets_with_sleeping_dog_admin", 0.01),
        ("three_campaigns", "sleeping_dog_nudged", 0.005),
        ("drift", "sleeping_dog_nudged", 0.01),
        ("drift", "targets_with_sleeping_dog_admin", 0.02),
    ],
)
def test_few_are_harmed(worlds, preset, metric, most):
    assert worlds(preset)[f"today_{metric}_share"].mean() <= most


@pytest.mark.parametrize("preset", ["default", "drift", "three_campaigns"])
def test_most_of_the_oracles_value_is_earned(worlds, preset):
    assert worlds(preset)["today_value_share_of_oracle"].mean() >= 0.9


@pytest.mark.parametrize("preset", ["default", "drift", "three_campaigns"])
def test_the_average_effect_is_within_two_standard_errors_of_the_truth(worlds, preset):
    """In nine worlds of ten: by chance one in twenty misses. The mean error must be within them, too."""
    measured = worlds(preset)
    error, standard_error = measured["average_effect"] - measured["true_average_effect"], measured["average_effect_se"]
    assert (error.abs() <= 2 * standard_error).mean() >= 0.9
    assert abs(error.mean()) <= 2 * standard_error.mean()


@pytest.mark.parametrize("preset", ["default", "drift", "three_campaigns"])
def test_every_account_of_twenty_worlds_is_decided(worlds, preset):
    measured = worlds(preset)
    assert len(measured) >= 20
    assert measured["is_published"].all()
    assert (measured.filter(regex="^today_accounts_").sum(axis="columns") == 2400).all()


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim["claim_id"])
def test_a_published_claim_holds_in_the_backtest_of_the_default_worlds(worlds, claim):
    published = claim["published"]
    tolerance = claim["tolerance"] * (abs(published) if claim["tolerance_kind"] == "relative" else 1)
    assert worlds("default")[claim["claim_id"]].mean() == pytest.approx(published, rel=0, abs=tolerance + 1e-9)
