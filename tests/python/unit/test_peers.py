"""The same figures as other libraries', after matching their conventions."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from test_uplift import PARAMETERS, simulate

from causalyn.learner import uplift


@pytest.fixture(scope="module")
def users() -> pd.DataFrame:
    """2,000 users with scores correlated with their effects."""
    generator = np.random.default_rng(0)
    lift = generator.normal(0.05, 0.1, 2000)
    return pd.DataFrame(
        {
            "observation_id": [f"i{i:04d}" for i in range(2000)],
            "account_id": [f"a{i % 300:03d}" for i in range(2000)],
            "score": lift + generator.normal(0, 0.1, 2000),
            "dr_score": lift + generator.normal(0, 1, 2000),
        }
    )


def test_auuc_and_qini_are_those_of_causalml(users, leaderboard):
    """causalml sums the curve at every user, we its trapezoids; causalml's rate divides Qini by the mean weight."""
    metrics = pytest.importorskip("causalml.metrics", reason="make .venv/.installed-peers installs it")
    measured, n, total = leaderboard(users), len(users), users["dr_score"].sum()
    frame = pd.DataFrame({"score": users["score"], "tau": users["dr_score"]})
    auuc = metrics.auuc_score(frame, normalize=False)["score"]
    assert (auuc * (n + 1) - total / 2) / n**2 == pytest.approx(measured["auuc"], abs=1e-8)
    assert metrics.rate_score(frame, weighting="qini")["score"] / 2 == pytest.approx(measured["qini"], abs=1e-5)


@pytest.mark.parametrize(("metric", "theirs"), [("qini", "qini"), ("autoc", "toc")])
def test_qini_and_autoc_are_those_of_econml(users, leaderboard, metric, theirs):
    """EconML sums the curve at percentiles of the scores, here one per user except the first."""
    validate = pytest.importorskip("econml.validate.utils", reason="make .venv/.installed-peers installs it")
    score, effect = users["score"].to_numpy(), users["dr_score"].to_numpy()
    percentiles = np.linspace(0, 100, len(users) + 1)
    coefficient, _, _ = validate.calc_uplift(score, score, effect, percentiles, theirs, n_bootstrap=2)
    assert coefficient == pytest.approx(leaderboard(users)[metric], abs=0.002)


def test_qini_is_the_area_under_scikit_uplifts_curve(leaderboard):
    """With equal numbers of treated and control users at every threshold, its curve is ours per treated user."""
    sklift = pytest.importorskip("sklift.metrics", reason="make .venv/.installed-peers installs it")
    generator = np.random.default_rng(1)
    score = np.repeat(generator.normal(size=1000), 2)
    treated = np.tile([1, 0], 1000)
    converted = (generator.uniform(size=2000) < 0.3 + 0.1 * treated * (1 + np.tanh(score))).astype(int)
    randomised = pd.DataFrame(
        {
            "observation_id": [f"i{i:04d}" for i in range(2000)],
            "account_id": [f"a{i:04d}" for i in range(2000)],
            "score": score,
            "dr_score": 2.0 * converted * (2 * treated - 1),
        }
    )
    qini = leaderboard(randomised)["qini"]

    def area(curve: tuple[np.ndarray, np.ndarray]) -> float:
        return np.trapezoid(curve[1], curve[0]) - curve[0][-1] * curve[1][-1] / 2

    n, n_treated = len(randomised), treated.sum()
    assert area(sklift.qini_curve(converted, score, treated)) / (n * n_treated) == pytest.approx(qini, abs=1e-8)
    perfect = area(sklift.perfect_qini_curve(converted, treated))
    coefficient = sklift.qini_auc_score(converted, score, treated)
    assert coefficient == pytest.approx(qini * n * n_treated / perfect, abs=1e-6)


def test_doubly_robust_scores_are_those_of_econml():
    validate = pytest.importorskip("econml.validate.utils", reason="make .venv/.installed-peers installs it")
    generator = np.random.default_rng(2)
    treated, converted = generator.integers(0, 2, 500), generator.integers(0, 2, 500)
    p_control, p_treated, propensity = generator.uniform(0.1, 0.9, (3, 500))
    theirs = validate.calculate_dr_outcomes(
        treated, converted, np.column_stack([p_control, p_treated]), np.column_stack([1 - propensity, propensity])
    )
    ours = uplift.doubly_robust_lift(treated, converted, p_control, p_treated, propensity)
    assert ours == pytest.approx(theirs[:, 0], abs=1e-12)


def test_the_t_learner_of_one_half_is_causalmls():
    """Without weights, the arms of one half of the accounts are a plain T-learner."""
    meta = pytest.importorskip("causalml.inference.meta", reason="make .venv/.installed-peers installs it")
    users = simulate(accounts=200)
    features, treated = users[["signal", "confounder"]].to_numpy(), users["is_treated"].to_numpy()
    converted = users["outcome"].to_numpy().astype(int)
    unweighted = uplift.Parameters(**vars(PARAMETERS) | {"propensity_floor": 0.5})
    fit_forest = partial(uplift._fit_forest, unweighted, kind=uplift.DecisionTreeRegressor)

    class Arm(BaseEstimator, RegressorMixin):
        """A forest by the random draws that are left after the forests before it."""

        def __init__(self, before: list[tuple[np.ndarray, np.ndarray]]) -> None:
            self.before = before

        def fit(self, features: np.ndarray, target: np.ndarray) -> Arm:
            generator = np.random.default_rng(0)
            for rows, earlier in self.before:
                fit_forest(generator, features=rows, target=earlier, weight=np.full(len(rows), 2.0))
            self.forest = fit_forest(generator, features=features, target=target, weight=np.full(len(target), 2.0))
            return self

        def predict(self, features: np.ndarray) -> np.ndarray:
            return self.forest.predict(features)

    of_treatment, of_control = (features, treated), (features[treated == 0], converted[treated == 0])
    theirs = meta.BaseTRegressor(control_learner=Arm([of_treatment]), treatment_learner=Arm([of_treatment, of_control]))
    theirs.fit(features, y=converted, treatment=treated)
    undeclared = np.full(len(users), np.nan)
    membership = np.ones((len(users), 1), dtype=bool)
    generator = np.random.default_rng(0)
    models = uplift.fit_nuisances(features, treated, converted, undeclared, membership, unweighted, generator)
    nuisances = {arm: models[arm].predict(features) for arm in uplift.TLearner.needs}
    ours = uplift.TLearner()(features, nuisances, uplift.PREDICT)
    assert ours == pytest.approx(theirs.predict(features).ravel(), abs=1e-9)
