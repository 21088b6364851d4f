"""Refutations on simulated accounts: they pass a sound campaign and detect hidden confounding or spill-over."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from test_uplift import PARAMETERS, simulate

from causalyn.learner import refutations, uplift


@pytest.fixture(scope="module")
def world() -> pd.DataFrame:
    return simulate(accounts=900)


@pytest.fixture(scope="module")
def earlier_activity(world: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {"observation_id": world.observation_id, "was_active_earlier": (world.confounder > 0).astype(int)}
    )


@pytest.fixture(scope="module")
def attempts(world: pd.DataFrame, earlier_activity: pd.DataFrame) -> pd.DataFrame:
    return refutations.refute(world.drop(columns="true_lift"), earlier_activity, PARAMETERS)


def effects(attempts: pd.DataFrame) -> pd.Series:
    """The doubly robust effect of every attempt."""
    columns = [attempts[name].to_numpy() for name in ("is_treated", "outcome", *refutations.NUISANCES)]
    scores = uplift.doubly_robust_lift(*columns)
    return pd.Series(scores).groupby(attempts["refutation_id"].to_numpy()).mean()


def test_placebos_find_nothing_and_the_effect_does_not_move(world, attempts):
    found = effects(attempts)
    for placebo in ("colleague_treatment", "permuted_outcome", "negative_control_outcome"):
        assert abs(found[placebo]) < 0.04
    for unmoved in ("random_common_cause", "dropped_accounts"):
        assert found[unmoved] == pytest.approx(world.true_lift.mean(), abs=0.04)


def test_a_hidden_confounder_shows_in_the_negative_control(world, earlier_activity):
    blind = world.drop(columns=["true_lift", "confounder"])
    assert effects(refutations.refute(blind, earlier_activity, PARAMETERS))["negative_control_outcome"] > 0.1


def test_what_an_account_hides_shows_in_the_nudges_of_colleagues(world, earlier_activity):
    generator = np.random.default_rng(3)
    accounts = world.account_id.unique()
    trait = world.account_id.map(dict(zip(accounts, generator.standard_normal(len(accounts)), strict=True)))
    hidden = world.drop(columns="true_lift").assign(
        is_treated=(generator.uniform(size=len(world)) < 1 / (1 + np.exp(-2 * trait))).astype(int),
        outcome=(generator.uniform(size=len(world)) < 0.4 + 0.1 * trait).astype(float),
    )
    assert effects(refutations.refute(hidden, earlier_activity, PARAMETERS))["colleague_treatment"] > 0.05


def test_a_culture_that_the_features_show_through_the_nudges_is_no_spill_over(world, earlier_activity):
    """An account's culture drives activity, which decides who is nudged, and conversion, which no nudge changes."""
    generator = np.random.default_rng(5)
    accounts = world.account_id.unique()
    culture = world.account_id.map(dict(zip(accounts, generator.standard_normal(len(accounts)), strict=True)))
    activity = 0.7 * culture + 0.7 * generator.standard_normal(len(world))
    honest = world.drop(columns="true_lift").assign(
        confounder=activity,
        is_treated=(generator.uniform(size=len(world)) < 1 / (1 + np.exp(-1.5 * activity))).astype(int),
        outcome=(generator.uniform(size=len(world)) < 1 / (1 + np.exp(1 - culture))).astype(float),
    )
    assert abs(effects(refutations.refute(honest, earlier_activity, PARAMETERS))["colleague_treatment"]) < 0.02


def test_a_colleague_is_nudged_with_the_declared_probability_of_the_colleague(world, earlier_activity):
    generator = np.random.default_rng(6)
    declared = np.where(np.arange(len(world)) % 2, 0.25, 0.75)
    drawn = world.drop(columns="true_lift").assign(
        assignment_probability=declared,
        is_treated=(generator.uniform(size=len(world)) < declared).astype(int),
    )
    both = refutations.refute(drawn, earlier_activity, PARAMETERS)
    ring = both[both.refutation_id == "colleague_treatment"]
    assert set(ring.propensity) == {0.25, 0.75}
    assert ring.groupby("propensity").is_treated.mean().to_numpy() == pytest.approx([0.25, 0.75], abs=0.03)
    assert (ring.propensity.to_numpy() != declared).any()


def test_colleagues_belong_to_one_campaign_that_assigned_users(world, earlier_activity):
    """Another campaign assigned whole accounts, as declared, so that a colleague's arm there is the user's own."""
    users = world.drop(columns="true_lift")
    drawn = np.random.default_rng(4).uniform(size=users.account_id.nunique()) < 0.5
    treated = users.account_id.map(dict(zip(users.account_id.unique(), drawn.astype(int), strict=True)))
    by_account = users.assign(
        campaign_id="round 2",
        observation_id="r2" + users.observation_id,
        is_treated=treated,
        assignment_probability=0.5,
    )
    both = refutations.refute(pd.concat([users, by_account], ignore_index=True), earlier_activity, PARAMETERS)
    ring = both[both.refutation_id == "colleague_treatment"]
    assert set(ring.observation_id) == set(users.observation_id)
    counted = users.set_index("observation_id").groupby("account_id").is_treated.sum()
    assert (ring.groupby("account_id").is_treated.sum() == counted).all()


def test_each_attempt_changes_what_it_says(world, attempts):
    by_attempt = dict(list(attempts.groupby("refutation_id")))
    treated, converted = world.set_index("observation_id").is_treated, world.set_index("observation_id").outcome
    ring = by_attempt["colleague_treatment"].set_index("observation_id")
    assert (ring.groupby("account_id").is_treated.sum() == treated.groupby(ring.account_id).sum()).all()
    assert (ring.is_treated != treated).any() and (ring.outcome == converted).all()
    permuted = by_attempt["permuted_outcome"].set_index("observation_id")
    assert permuted.outcome.sum() == converted.sum() and (permuted.outcome != converted).any()
    # Whole accounts of one size are permuted, so that their sums remain account sums.
    assert sorted(permuted.groupby("account_id").outcome.sum()) == sorted(converted.groupby(permuted.account_id).sum())
    assert by_attempt["dropped_accounts"].account_id.nunique() == 720


def test_the_same_seed_gives_the_same_bytes(world, earlier_activity, attempts):
    again = refutations.refute(world.drop(columns="true_lift"), earlier_activity, PARAMETERS)
    pd.testing.assert_frame_equal(again, attempts, check_exact=True)


def test_an_attempt_that_the_data_do_not_support_has_no_rows(world, earlier_activity):
    nobody = earlier_activity.iloc[:0]
    remaining = refutations.refute(world.drop(columns="true_lift"), nobody, PARAMETERS)
    assert "negative_control_outcome" not in set(remaining.refutation_id)
    assert remaining.refutation_id.nunique() == 4
    alone = world.drop(columns="true_lift").drop_duplicates("account_id")
    assert "colleague_treatment" not in set(refutations.refute(alone, earlier_activity, PARAMETERS).refutation_id)
    untreated = world.drop(columns="true_lift").assign(is_treated=0)
    none = refutations.refute(untreated, earlier_activity, PARAMETERS)
    assert none.empty and list(none.columns) == list(remaining.columns)
    assert np.isfinite(remaining[list(refutations.NUISANCES)]).all(axis=None)
