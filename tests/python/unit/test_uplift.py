"""The uplift learners on simulated accounts with known lift, and on input that they must refuse."""

import threading
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_info

from causalyn.learner import uplift

PARAMETERS = uplift.Parameters(
    account_pairs=6,
    trees=10,
    min_leaf_share=0.02,
    feature_share=0.7,
    propensity_floor=0.05,
    min_accounts=50,
    min_arm_users=50,
    max_training_rows=100_000,
    seed=1,
    deciding_learner="t_learner",
    outcome_measure="conversion",
    interval_level=0.9,
)
LEARNERS = [uplift.LEARNER_IDS[name] for name in uplift.MEMBERS]


def simulate(accounts: int = 600, users_per_account: int = 8, effect: float = 1.0, seed: int = 0) -> pd.DataFrame:
    """Users in accounts, treated by an observed feature; lift is +0.3 * effect for one half, -0.2 for the other."""
    generator = np.random.default_rng(seed)
    n = accounts * users_per_account
    signal, confounder = generator.uniform(-1, 1, n), generator.uniform(-1, 1, n)
    propensity = 0.4 + 0.25 * confounder
    p_control = 0.35 - 0.2 * confounder
    lift = effect * np.where(signal > 0, 0.3, -0.1)
    is_treated = generator.uniform(size=n) < propensity
    outcome = generator.uniform(size=n) < p_control + is_treated * lift
    account = np.repeat(np.arange(accounts), users_per_account)
    return pd.DataFrame(
        {
            "population": "campaign",
            "campaign_id": "round 1",
            "observation_id": [f"i{i:05d}" for i in range(n)],
            "user_id": [f"u{i:05d}" for i in range(n)],
            "account_id": [f"a{i:04d}" for i in account],
            "as_of_date": pd.Timestamp("2025-03-01"),
            "account_hash": generator.integers(2**60, size=accounts)[account],
            "is_treated": is_treated.astype(int),
            "outcome": outcome.astype(float),
            "assignment_probability": np.nan,
            "signal": signal,
            "confounder": confounder,
        }
    ).assign(true_lift=lift)


def fit_and_score(frame: pd.DataFrame, parameters: uplift.Parameters = PARAMETERS) -> pd.DataFrame:
    inputs = frame.drop(columns="true_lift")
    return uplift.fit(inputs, parameters).score(inputs, parameters.deciding)


def by_learner(scores: pd.DataFrame, score: str = "lift") -> pd.DataFrame:
    """A score of `simulate`'s users in their order, one column per learner."""
    return scores.pivot_table(score, "observation_id", "learner_id", sort=True).reset_index(drop=True)


@pytest.fixture(scope="module")
def world() -> pd.DataFrame:
    return simulate()


@pytest.fixture(scope="module")
def scores(world: pd.DataFrame) -> pd.DataFrame:
    return fit_and_score(world)


each_learner = pytest.mark.parametrize("learner", LEARNERS)


def test_users_of_a_campaign_get_a_row_per_learner_and_one_of_raw_trees(world, scores):
    assert list(scores.columns) == uplift.SCORE_COLUMNS
    identity = list(uplift.IDENTITY)
    for learner in (*LEARNERS, uplift.RAW_TREES):
        rows = scores[scores.learner_id == learner].sort_values("observation_id", ignore_index=True)
        pd.testing.assert_frame_equal(rows[identity], world[identity])
        said = rows[list(uplift.SCORES)].notna().all().drop("stack_weight")
        assert said.to_dict() == {score: learner != uplift.RAW_TREES or score == "lift" for score in said.index}


@each_learner
def test_lift_is_recovered_despite_confounding(world, scores, learner):
    treated = world.is_treated == 1
    raw_difference = world.outcome[treated].mean() - world.outcome[~treated].mean()
    assert abs(raw_difference - world.true_lift.mean()) > 0.05, "the simulation must be confounded to prove anything"
    lift = by_learner(scores)[learner]
    assert lift.mean() == pytest.approx(world.true_lift.mean(), abs=0.03)
    assert np.corrcoef(lift, world.true_lift)[0, 1] > 0.9
    assert lift[world.true_lift < 0].mean() < 0 < lift[world.true_lift > 0].mean()


@pytest.fixture(scope="module")
def calibrated() -> tuple[pd.DataFrame, pd.DataFrame]:
    """A world large enough to tell the slope of a calibration line, and each learner's lift in it."""
    world = simulate(accounts=1200)
    return world, by_learner(fit_and_score(world))


@each_learner
def test_a_learner_beats_the_constant_effect_and_is_calibrated(calibrated, learner):
    world, lift = calibrated[0], calibrated[1][learner]
    squared_error = ((lift - world.true_lift) ** 2).mean()
    assert squared_error < 0.3 * world.true_lift.var()
    assert np.polyfit(lift, world.true_lift, 1)[0] == pytest.approx(1.0, abs=0.15)


def test_learners_differ(scores):
    correlation = by_learner(scores)[LEARNERS].corr().to_numpy()[np.triu_indices(len(LEARNERS), 1)]
    assert correlation.max() < 0.9999


def test_scores_are_in_range(scores):
    cared_for = scores[scores.learner_id != uplift.RAW_TREES]
    probabilities = cared_for[["p_treated", "p_control", "propensity"]].to_numpy()
    assert probabilities.min() >= 0 and probabilities.max() <= 1
    assert scores["lift"].between(-1, 1).all()
    assert (cared_for["lift_se"] > 0).all()
    assert ((cared_for["lift_spread"] > 0) == (cared_for["learner_id"] != "spline_t_learner")).all(), "it has no trees"


@each_learner
def test_intervals_cover_the_mean_lift_of_a_group(world, scores, learner):
    lift = by_learner(scores)[learner]
    margin = NormalDist().inv_cdf(0.95) * by_learner(scores, "lift_se")[learner]
    for group in (world.true_lift > 0, world.true_lift < 0):
        assert (lift - margin)[group].mean() < world.true_lift[group].mean() < (lift + margin)[group].mean()


def test_standard_errors_are_clustered_by_account():
    """Copies of a user within its account are no new evidence; as separate accounts they would be."""
    # Many trees, so that their own randomness is small relative to the accounts'.
    parameters = replace(PARAMETERS, trees=50)
    alone = simulate(accounts=200, users_per_account=4)
    copied = pd.concat([alone] * 4).sort_values("user_id", kind="stable", ignore_index=True)
    copied["observation_id"] = [f"i{i:05d}" for i in range(len(copied))]
    independent = simulate(accounts=800, users_per_account=4)

    of_copies, of_few, of_many = (
        by_learner(fit_and_score(frame, parameters), "lift_se")[LEARNERS].mean()
        for frame in (copied, alone, independent)
    )
    assert (of_copies > 0.75 * of_few).all(), of_copies / of_few
    assert (of_copies > 1.2 * of_many).all(), of_copies / of_many


def test_no_user_is_scored_by_a_model_that_saw_its_account(world, scores):
    """An account's outcomes move none of its own scores, except through the shared line, and many of others'."""
    changed = world.copy()
    own = changed.account_id == world.account_id[0]
    changed.loc[own, "outcome"] = 1 - changed.loc[own, "outcome"]
    inputs = world.drop(columns="true_lift")
    before, after = (uplift.fit(frame.drop(columns="true_lift"), PARAMETERS) for frame in (world, changed))
    after = replace(after, calibrations=before.calibrations, raw_trees=before.raw_trees)
    rescored = after.score(inputs, PARAMETERS.deciding)
    moved = (rescored["lift"] != scores["lift"]) & (scores["learner_id"] != uplift.RAW_TREES)
    assert not moved[scores["account_id"] == world.account_id[0]].any()
    assert moved[scores["account_id"] != world.account_id[0]].mean() > 0.3


def test_the_weights_of_an_account_come_from_others():
    """An account with extreme outcomes changes every group's weights but its own."""
    generator = np.random.default_rng(0)
    first, second, account = generator.normal(size=1000), generator.normal(size=1000), np.arange(1000)
    lifts = {"t": first, "r": second}
    scores, group = first + second + generator.normal(size=1000), account % uplift.CALIBRATION_GROUPS
    before = uplift.Calibration.fit(lifts, scores, account, group, 1.0)
    scores[account == 2] += 1000 * first[2] - scores.mean()
    scores -= scores.mean() - before.level
    after = uplift.Calibration.fit(lifts, scores, account, group, 1.0)
    moved = abs(after.weights - before.weights).max(axis=1)
    assert moved[2] < 0.1 < np.delete(moved, 2).min()


def stacked(*lifts: np.ndarray, scores: np.ndarray) -> tuple[uplift.Calibration, dict[str, np.ndarray]]:
    """The stack of lifts without variance of their own, and its results."""
    account = np.arange(len(scores))
    group = account % uplift.CALIBRATION_GROUPS
    stack = uplift.Calibration.fit({str(place): lift for place, lift in enumerate(lifts)}, scores, account, group, 1.0)
    used = np.stack(lifts)[stack.learners.astype(int)]
    return stack, stack.calibrate(used, np.zeros_like(used), np.zeros_like(used), group)


def test_the_stack_weighs_learners_by_what_they_add_and_none_below_zero():
    generator = np.random.default_rng(0)
    signal, other = generator.normal(size=(2, 20_000)) / 10
    scores = 0.05 + signal + 0.5 * other + 0.2 * generator.normal(size=20_000)
    stack, said = stacked(2 * signal, other, -signal, scores=scores)
    assert stack.learners.tolist() == ["0", "1"]
    assert stack.weights == pytest.approx(np.tile([0.5, 0.5], (6, 1)), abs=0.1)
    assert np.mean((said["lift"] - 0.05 - signal - 0.5 * other) ** 2) < 0.001
    alone, said = stacked(-signal, scores=scores)
    assert not alone.learners.size
    assert said["lift"] == pytest.approx(scores.mean())
    assert np.ptp(said["lift_se"]) < 1e-3


def test_learners_that_disagree_about_a_user_widen_its_interval():
    generator = np.random.default_rng(0)
    signal, mistake = generator.normal(size=(2, 20_000)) / 10
    scores = signal + 0.2 * generator.normal(size=20_000)
    _, said = stacked(signal + mistake, signal - mistake, scores=scores)
    torn, agreed = abs(mistake) > 0.15, abs(mistake) < 0.01
    assert said["lift_se"][torn].mean() > 2 * said["lift_se"][agreed].mean()
    assert said["lift_spread"][torn].mean() > 2 * said["lift_spread"][agreed].mean()


def test_scores_say_which_halves_made_them(world, scores):
    """For accounts in training, the halves without them; for others, all halves."""
    n_patterns = 2**PARAMETERS.account_pairs
    held = scores["observation_id"].map(world.set_index("observation_id")["account_hash"] % n_patterns)
    assert (scores["scoring_halves"] == n_patterns - 1 - held).all()
    stranger = world.drop(columns="true_lift").assign(account_hash=2**60 + 1)
    model = uplift.fit(world.drop(columns="true_lift"), PARAMETERS)
    of_all = model.score(stranger, PARAMETERS.deciding)
    assert of_all["scoring_halves"].isna().all() and of_all["lift"].notna().all()
    halves = [half for pair in model.halves for half in pair]
    matrix, membership = model.matrix(stranger), uplift.members_of(stranger, model.campaigns)
    by_half = [uplift.predict_nuisances(half.nuisances, matrix, membership)[uplift.CONTROL] for half in halves]
    assert by_learner(of_all, "p_control")["t_learner"].to_numpy() == pytest.approx(np.mean(by_half, axis=0))
    assert not np.allclose(by_learner(scores, "p_control")["t_learner"], np.mean(by_half, axis=0))


def test_scores_are_the_same_bytes_again_and_another_seed_moves_them(world, scores):
    assert fit_and_score(world).to_csv() == scores.to_csv()
    assert fit_and_score(world, replace(PARAMETERS, seed=2)).to_csv() != scores.to_csv()


def test_halves_that_know_no_feature_rank_nobody(world):
    """Each has seen another effect by chance: the larger, the smaller it is in the accounts that the half scores."""
    inputs = world.drop(columns="true_lift").assign(signal=0.0, confounder=1.0)
    model = uplift.fit(inputs, PARAMETERS)
    membership = uplift.members_of(inputs, model.campaigns)
    _, lifts = model.out_of_bag(model.matrix(inputs), inputs["account_hash"].to_numpy(), membership)
    for learner, lift in lifts.items():
        assert lift == pytest.approx(0, abs=1e-12), learner
    levels = np.array([half.levels for halves in model.halves for half in halves])
    assert (levels.std(axis=0) > 1e-3).all(), "halves differ"
    scores = model.score(inputs, PARAMETERS.deciding)
    assert (scores[scores.learner_id != "raw_trees"].groupby("learner_id")["lift"].std() < 1e-12).all()


@each_learner
def test_users_of_today_get_one_row_the_deciding_learners_to_the_last_bit(world, scores, learner):
    """Today's users next to a campaign's users in one frame, whose scores by every learner do not change."""
    inputs = world.drop(columns="true_lift")
    today = inputs.assign(population="today", campaign_id="today", observation_id=world.user_id)
    both = pd.concat([today, inputs]).sample(frac=1, random_state=0)
    scored = uplift.fit(inputs, PARAMETERS).score(both, learner.removesuffix("_learner"))

    def ordered(rows: pd.DataFrame, *columns: str) -> pd.DataFrame:
        return rows.sort_values(["learner_id", "user_id"], ignore_index=True)[list(columns)]

    of_today = scored[scored.population == "today"]
    of_campaign = scored[scored.population == "campaign"]
    pd.testing.assert_frame_equal(
        ordered(of_campaign, *scores.columns), ordered(scores, *scores.columns), check_exact=True
    )
    same = ("learner_id", "user_id", "p_control", "lift", "lift_se", "lift_spread")
    expected = ordered(scores[scores.learner_id == learner], *same)
    pd.testing.assert_frame_equal(ordered(of_today, *same), expected, check_exact=True)
    assert of_today[["p_treated", "propensity"]].isna().all(axis=None)


@pytest.mark.parametrize("learner", [learner for learner in LEARNERS if learner != "spline_t_learner"])
def test_trees_disagree_about_users_who_combine_features_as_nobody_did(world, learner):
    """Trees agree while two features always move together, and disagree when they don't."""
    inputs = world.assign(twin=world.signal).drop(columns="true_lift")
    model = uplift.fit(inputs, replace(PARAMETERS, feature_share=0.4))
    strange = inputs.assign(twin=-world.signal)

    def spread(frame: pd.DataFrame) -> pd.Series:
        today = frame.assign(population="today", observation_id=frame.user_id)
        return model.score(today, learner.removesuffix("_learner"))["lift_spread"]

    assert spread(strange).median() > spread(inputs).quantile(0.95)


def test_without_an_effect_everybody_gets_nearly_the_average(scores):
    null_lift, lift = by_learner(fit_and_score(simulate(effect=0.0))), by_learner(scores)
    for learner in LEARNERS:
        assert abs(null_lift[learner].mean()) < 0.03
        assert null_lift[learner].std() < 0.25 * lift[learner].std()


def test_users_without_an_outcome_are_scored(world):
    inputs = world.drop(columns="true_lift")
    unobserved = inputs.user_id.str.endswith("7")
    learner = uplift.fit(inputs[~unobserved], PARAMETERS)
    rescored = learner.score(inputs.assign(outcome=inputs.outcome.where(~unobserved)), PARAMETERS.deciding)
    assert by_learner(rescored)[LEARNERS].notna().all(axis=None)
    assert rescored.observation_id.nunique() == len(inputs)


def assert_finite(scored: pd.DataFrame) -> None:
    cared_for = scored[scored.learner_id != uplift.RAW_TREES]
    assert np.isfinite(cared_for[list(uplift.SCORES)].drop(columns="stack_weight")).all(axis=None)
    assert np.isfinite(scored["lift"]).all()


def test_an_unknown_or_constant_feature_still_gives_finite_scores(world):
    inputs = world.assign(constant=1.0, unknown=np.nan)
    inputs.loc[::3, "signal"] = np.nan
    assert_finite(fit_and_score(inputs))


def test_an_arm_in_which_nobody_converts_gives_a_control_probability_of_zero(world):
    inputs = world.assign(outcome=world.outcome.where(world.is_treated == 1, 0.0), true_lift=0)
    scored = fit_and_score(inputs)
    assert_finite(scored)
    assert scored.p_control.max() < 0.05


def test_a_flag_that_few_users_carry_is_found():
    """Too few for a leaf of a forest, or a quantile of a feature: nine in ten carry 0."""
    users = simulate(accounts=1200)
    generator = np.random.default_rng(4)
    users["flag"] = (generator.uniform(size=len(users)) < 0.03).astype(float)
    is_flagged = users.flag == 1
    chance = np.where(users.is_treated == 1, 0.1, 0.6)[is_flagged]
    users.loc[is_flagged, "outcome"] = (generator.uniform(size=is_flagged.sum()) < chance).astype(float)
    lift = by_learner(fit_and_score(users, replace(PARAMETERS, min_leaf_share=0.05, account_pairs=3)))["stack"]
    assert lift[is_flagged].mean() < -0.2
    assert (lift[is_flagged] < 0).mean() > 0.9


def test_a_value_of_too_few_users_gets_no_knot():
    flag = np.zeros((1000, 1))
    flag[:4] = 1
    assert (uplift.SplineBasis.of(flag).columns == 0).all()
    flag[4:30] = np.arange(26)[:, None] + 2
    assert uplift.SplineBasis.of(flag).knots[0] == pytest.approx([0, *np.quantile(flag[:30], uplift.KNOTS[:-1])])


def test_a_value_without_a_knot_counts_as_unseen(project_root):
    macros = (project_root / "macros" / "features.sql").read_text()
    assert f"{{% macro extreme_share() -%}}\n    {{{{ return({uplift.RAREST}) }}}}" in macros


REFUSED = {
    "nobody treated": (lambda frame: frame.assign(is_treated=0), r"is_treated: 0 treated users .* of 4,800"),
    "nobody left alone": (lambda frame: frame.assign(is_treated=1), r"is_treated: 0 control users"),
    "all outcomes equal": (lambda frame: frame.assign(outcome=1.0), r"outcome: all 4,800 observed outcomes"),
    "too few accounts": (lambda frame: frame[frame.account_id < "a0040"], r"40 accounts .* need 50"),
    "infinite feature": (lambda frame: frame.assign(signal=np.inf), r"signal: 4,800 of 4,800 rows are infinite"),
    "no rows": (lambda frame: frame.iloc[:0], r"0 accounts"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_input_that_supports_no_estimate_is_refused_by_name(world, case):
    spoil, message = REFUSED[case]
    with pytest.raises(uplift.LearnerError, match=message):
        fit_and_score(spoil(world))


def test_without_a_model_nobody_is_scored(world):
    scored = uplift.UpliftModel(("signal", "confounder")).score(world, PARAMETERS.deciding)
    assert scored.empty
    assert list(scored.columns) == uplift.SCORE_COLUMNS


def test_a_declared_propensity_replaces_the_estimate_and_is_not_clipped():
    estimated, assigned = np.array([0.01, 0.5, 0.99, 0.3]), np.array([np.nan, np.nan, np.nan, 0.02])
    chance = uplift.chance_of_treatment(estimated, assigned, PARAMETERS)
    assert chance == pytest.approx([0.05, 0.5, 0.95, 0.02])


def test_a_treatment_that_no_feature_shows_is_no_confounder_where_its_probability_is_declared():
    """Two strata known only to the design, treated at 10% and 90%; the second converts more."""
    users = simulate(accounts=1500)
    generator = np.random.default_rng(1)
    stratum = generator.uniform(size=len(users)) < 0.5
    probability = np.where(stratum, 0.9, 0.1)
    users["is_treated"] = (generator.uniform(size=len(users)) < probability).astype(int)
    chance = np.clip(0.1 + 0.4 * stratum + users.is_treated * users.true_lift, 0, 1)
    users["outcome"] = (generator.uniform(size=len(users)) < chance).astype(float)
    true = np.where(stratum, users.true_lift, np.clip(0.1 + users.true_lift, 0, 1) - 0.1).mean()
    parameters = replace(PARAMETERS, account_pairs=3)
    estimated, declared = (
        by_learner(fit_and_score(users.assign(assignment_probability=assigned), parameters))["stack"].mean()
        for assigned in (np.nan, probability)
    )
    assert declared == pytest.approx(true, abs=0.03)
    assert estimated > true + 0.15


def propensities(users: pd.DataFrame) -> np.ndarray:
    """Of users by models fitted to them."""
    features, treated, outcome, assigned = (
        users[columns].to_numpy(dtype=float)
        for columns in (["signal", "confounder"], "is_treated", "outcome", "assignment_probability")
    )
    membership = uplift.members_of(users, uplift.undeclared_campaigns(users))
    generator = np.random.default_rng(0)
    models = uplift.fit_nuisances(features, treated.astype(int), outcome, assigned, membership, PARAMETERS, generator)
    return uplift.predict_nuisances(models, features, membership)[uplift.PROPENSITY]


def test_who_was_nudged_is_learnt_by_campaign_and_not_from_those_that_declare_it():
    """Two campaigns nudge by a feature, in opposite ways; a larger one nudges 90% of its users, as declared."""
    first, second, declared = simulate(), simulate(seed=1), simulate(accounts=1200, seed=2)
    generator = np.random.default_rng(3)
    true = np.concatenate([0.4 + 0.25 * first.confounder, 0.4 - 0.25 * second.confounder])
    second["is_treated"] = (generator.uniform(size=len(second)) < true[len(first) :]).astype(int)
    declared["is_treated"] = (generator.uniform(size=len(declared)) < 0.9).astype(int)
    campaigns = [first, second.assign(campaign_id="round 2")]
    declared = declared.assign(campaign_id="round 3", assignment_probability=0.9)
    estimated = propensities(pd.concat([*campaigns, declared]))
    assert estimated[: len(true)] == pytest.approx(true, abs=0.15)
    assert estimated[len(true) :].mean() == pytest.approx(0.4, abs=0.03)
    # Where all campaigns declare theirs, nobody is left to learn from but their own users.
    assert propensities(declared).mean() == pytest.approx(0.9, abs=0.02)


def test_a_campaign_too_small_to_show_its_rule_has_its_own_share_nudged():
    """Of its 1,000 users, 20 are not nudged."""
    large, small = simulate(), simulate(accounts=125, seed=1).assign(campaign_id="round 2")
    small["is_treated"] = (np.random.default_rng(2).permutation(len(small)) >= 20).astype(int)
    estimated = propensities(pd.concat([large, small]))
    assert estimated[len(large) :] == pytest.approx(0.98, abs=0.01)
    assert estimated[: len(large)] == pytest.approx(0.4 + 0.25 * large.confounder.to_numpy(), abs=0.15)


def test_doubly_robust_scores_are_unbiased_when_only_the_propensity_is_right(world):
    wrong_outcome_model = np.full(len(world), 0.5)
    scores = uplift.doubly_robust_lift(
        world.is_treated.to_numpy(),
        world.outcome.to_numpy(),
        wrong_outcome_model,
        wrong_outcome_model,
        0.4 + 0.25 * world.confounder.to_numpy(),
    )
    standard_error = scores.std() / np.sqrt(len(scores))
    assert abs(scores.mean() - world.true_lift.mean()) < 3 * standard_error


@pytest.mark.parametrize("population", ["campaign", "today"])
def test_where_no_learner_ranks_anybody_everybody_gets_the_average_effect(world, population):
    inputs = world.drop(columns="true_lift").assign(population=population)
    account, n = pd.factorize(inputs["account_id"])[0], len(inputs)
    group = uplift.calibration_group(inputs["account_hash"].to_numpy())
    dr_scores = np.random.default_rng(0).normal(0.05, 1, n)
    no_rank = {
        learner: uplift.Calibration.fit({member: np.zeros(n) for member in members}, dr_scores, account, group, 1.0)
        for learner, members in uplift.MEMBERS.items()
    }
    scored = replace(uplift.fit(inputs, PARAMETERS), calibrations=no_rank).score(inputs, "stack")
    stack = scored[scored["learner_id"] == "stack"]
    assert len(stack) == n
    assert stack["lift"].to_numpy() == pytest.approx(dr_scores.mean())
    assert (stack["lift_se"] > 0).all()


def test_a_model_that_ends_does_not_unpin_another():
    """As with dbt's threads: the first to begin ends first, and all is as before once the last has ended."""

    def blas_threads() -> set[int]:
        return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}

    before, begun, ended = blas_threads(), threading.Event(), threading.Event()

    def another() -> None:
        with uplift.pinned():
            begun.set()
            ended.wait(60)

    other = threading.Thread(target=another)
    other.start()
    begun.wait(60)
    with uplift.pinned():
        ended.set()
        other.join()
        assert blas_threads() == {1}
    assert blas_threads() == before
