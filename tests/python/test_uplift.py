"""The learners of lift on simulated accounts whose true lift is known, and on input that it must refuse."""

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest

from causalyn.learner import uplift

PARAMETERS = uplift.Parameters(
    folds=3,
    half_sample_pairs=3,
    trees=10,
    min_leaf_share=0.02,
    feature_share=0.7,
    propensity_floor=0.05,
    min_accounts=50,
    min_arm_users=50,
    max_training_rows=100_000,
    seed=1,
    deciding_learner="t_learner",
)


def simulate(accounts: int = 600, users_per_account: int = 8, effect: float = 1.0, seed: int = 0) -> pd.DataFrame:
    """Users in accounts, treated by an observed feature; lift is +0.3 * effect for one half of them, -0.2 for the other."""
    generator = np.random.default_rng(seed)
    n = accounts * users_per_account
    signal, confounder = generator.uniform(-1, 1, n), generator.uniform(-1, 1, n)
    propensity = 0.4 + 0.25 * confounder
    p_control = 0.35 - 0.2 * confounder
    lift = effect * np.where(signal > 0, 0.3, -0.1)
    is_treated = generator.uniform(size=n) < propensity
    is_converted = generator.uniform(size=n) < p_control + is_treated * lift
    account = np.repeat(np.arange(accounts), users_per_account)
    return pd.DataFrame(
        {
            "user_id": [f"u{i:05d}" for i in range(n)],
            "account_id": [f"a{i:04d}" for i in account],
            "as_of_date": pd.Timestamp("2025-03-01"),
            "fold": account % PARAMETERS.folds,
            "is_treated": is_treated.astype(int),
            "is_converted": is_converted.astype(float),
            "signal": signal,
            "confounder": confounder,
        }
    ).assign(true_lift=lift)


def fit_and_score(frame: pd.DataFrame, parameters: uplift.Parameters = PARAMETERS) -> pd.DataFrame:
    inputs = frame.drop(columns="true_lift")
    return uplift.fit(inputs, parameters).score(inputs)


@pytest.fixture(scope="module")
def world() -> pd.DataFrame:
    return simulate()


@pytest.fixture(scope="module")
def scores(world: pd.DataFrame) -> pd.DataFrame:
    return fit_and_score(world)


each_learner = pytest.mark.parametrize("learner", uplift.LEARNERS)


@each_learner
def test_lift_is_recovered_despite_confounding(world, scores, learner):
    treated = world.is_treated == 1
    raw_difference = world.is_converted[treated].mean() - world.is_converted[~treated].mean()
    assert abs(raw_difference - world.true_lift.mean()) > 0.05, "the simulation must be confounded to prove anything"
    lift = scores[f"{learner}_lift"]
    assert lift.mean() == pytest.approx(world.true_lift.mean(), abs=0.03)
    assert np.corrcoef(lift, world.true_lift)[0, 1] > 0.9
    assert lift[world.true_lift < 0].mean() < 0 < lift[world.true_lift > 0].mean()


@each_learner
def test_a_learner_beats_the_constant_effect_and_is_calibrated(world, scores, learner):
    lift = scores[f"{learner}_lift"]
    squared_error = ((lift - world.true_lift) ** 2).mean()
    assert squared_error < 0.3 * world.true_lift.var()
    assert np.polyfit(lift, world.true_lift, 1)[0] == pytest.approx(1.0, abs=0.15)


def test_learners_differ(scores):
    lifts = scores[[f"{learner}_lift" for learner in uplift.LEARNERS]]
    correlation = lifts.corr().to_numpy()[np.triu_indices(len(uplift.LEARNERS), 1)]
    assert correlation.max() < 0.9999


def test_scores_are_in_range(scores):
    probabilities = scores[["p_treated", "p_control", "propensity"]].to_numpy()
    assert probabilities.min() >= 0 and probabilities.max() <= 1
    for learner in uplift.LEARNERS:
        assert scores[f"{learner}_lift"].between(-1, 1).all()
        assert (scores[f"{learner}_lift_se"] > 0).all()


@each_learner
def test_intervals_cover_the_mean_lift_of_a_group(world, scores, learner):
    lift, margin = scores[f"{learner}_lift"], NormalDist().inv_cdf(0.95) * scores[f"{learner}_lift_se"]
    for group in (world.true_lift > 0, world.true_lift < 0):
        assert (lift - margin)[group].mean() < world.true_lift[group].mean() < (lift + margin)[group].mean()


@each_learner
def test_standard_errors_are_clustered_by_account(learner):
    """Copies of every user within its account are no new evidence; as accounts of their own they would be."""
    alone = simulate(accounts=300, users_per_account=4)
    copied = pd.concat([alone] * 4).sort_values("user_id", kind="stable", ignore_index=True)
    copied["user_id"] = [f"u{i:05d}" for i in range(len(copied))]
    independent = simulate(accounts=1200, users_per_account=4)
    column = f"{learner}_lift_se"
    with_copies = fit_and_score(copied)[column].mean()
    assert with_copies > 0.75 * fit_and_score(alone)[column].mean()
    assert with_copies > 1.2 * fit_and_score(independent)[column].mean()


def test_no_user_is_scored_by_a_model_that_saw_its_fold(world, scores):
    changed = world.copy()
    in_fold = changed.fold == 1
    changed.loc[in_fold, "is_converted"] = 1 - changed.loc[in_fold, "is_converted"]
    changed.loc[in_fold, "is_treated"] = 1 - changed.loc[in_fold, "is_treated"]
    rescored = fit_and_score(changed)
    pd.testing.assert_frame_equal(rescored[in_fold], scores[in_fold])
    for learner in uplift.LEARNERS:
        assert not rescored[~in_fold][f"{learner}_lift"].equals(scores[~in_fold][f"{learner}_lift"])


def test_scores_are_the_same_bytes_again_and_another_seed_moves_them(world, scores):
    assert fit_and_score(world).to_csv() == scores.to_csv()
    assert fit_and_score(world, replace(PARAMETERS, seed=2)).to_csv() != scores.to_csv()


@pytest.mark.parametrize("learner", uplift.LEARNERS)
def test_the_lift_of_one_learner_is_the_same_when_it_alone_is_asked(world, scores, learner):
    inputs = world.drop(columns="true_lift")
    alone = uplift.fit(inputs, PARAMETERS).score_lift(inputs, f"{learner}_learner")
    renamed = {f"{learner}_lift": "lift", f"{learner}_lift_se": "lift_se"}
    pd.testing.assert_frame_equal(alone, scores.rename(columns=renamed)[list(alone.columns)], check_exact=True)


def test_without_an_effect_everybody_gets_nearly_the_average(scores):
    null_scores = fit_and_score(simulate(effect=0.0))
    for column in [f"{learner}_lift" for learner in uplift.LEARNERS]:
        assert abs(null_scores[column].mean()) < 0.03
        assert null_scores[column].std() < 0.25 * scores[column].std()


def test_users_without_an_outcome_are_scored_but_not_trained_on(world, scores):
    inputs = world.drop(columns="true_lift")
    unobserved = inputs.user_id.str.endswith("7")
    learner = uplift.fit(inputs[~unobserved], PARAMETERS)
    rescored = learner.score(inputs.assign(is_converted=inputs.is_converted.where(~unobserved)))
    assert rescored[list(uplift.SCORES)].notna().all(axis=None)


def test_an_unknown_or_constant_feature_still_gives_finite_scores(world):
    inputs = world.assign(constant=1.0, unknown=np.nan)
    inputs.loc[::3, "signal"] = np.nan
    assert np.isfinite(fit_and_score(inputs)[list(uplift.SCORES)]).all(axis=None)


def test_an_arm_in_which_nobody_converts_gives_a_control_probability_of_zero(world):
    inputs = world.assign(is_converted=world.is_converted.where(world.is_treated == 1, 0.0), true_lift=0)
    scored = fit_and_score(inputs)
    assert np.isfinite(scored[list(uplift.SCORES)]).all(axis=None)
    assert scored.p_control.max() < 0.05


REFUSED = {
    "nobody treated": (lambda frame: frame.assign(is_treated=0), r"is_treated: 0 treated users .* of 4,800"),
    "nobody left alone": (lambda frame: frame.assign(is_treated=1), r"is_treated: 0 control users"),
    "all outcomes equal": (lambda frame: frame.assign(is_converted=1.0), r"is_converted: all 4,800 observed outcomes"),
    "too few accounts": (lambda frame: frame[frame.account_id < "a0040"], r"40 accounts .* needs 50"),
    "infinite feature": (lambda frame: frame.assign(signal=np.inf), r"signal: 4,800 of 4,800 rows are infinite"),
    "no rows": (lambda frame: frame.iloc[:0], r"0 accounts"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_input_that_supports_no_estimate_is_refused_by_name(world, case):
    spoil, message = REFUSED[case]
    with pytest.raises(uplift.LearnerError, match=message):
        fit_and_score(spoil(world))


def test_without_a_model_every_score_is_nan(world):
    scored = uplift.UpliftModel(("signal", "confounder"), {}).score(world)
    assert scored.user_id.tolist() == world.user_id.tolist()
    assert scored[list(uplift.SCORES)].isna().all(axis=None)


def test_doubly_robust_scores_are_unbiased_when_only_the_propensity_is_right(world):
    wrong_outcome_model = np.full(len(world), 0.5)
    scores = uplift.doubly_robust_lift(
        world.is_treated.to_numpy(),
        world.is_converted.to_numpy(),
        wrong_outcome_model,
        wrong_outcome_model,
        0.4 + 0.25 * world.confounder.to_numpy(),
        propensity_floor=0.01,
    )
    standard_error = scores.std() / np.sqrt(len(scores))
    assert abs(scores.mean() - world.true_lift.mean()) < 3 * standard_error
