"""Explanations of the learner, on simulated accounts in which one feature decides lift and another only confounds."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from test_uplift import LEARNERS, PARAMETERS, by_learner, simulate

from causalyn.learner import explanations, uplift


@pytest.fixture(scope="module")
def users() -> pd.DataFrame:
    return simulate().drop(columns="true_lift")


@pytest.fixture(scope="module")
def model(users: pd.DataFrame) -> uplift.UpliftModel:
    return uplift.fit(users, PARAMETERS)


@pytest.fixture(scope="module")
def nobody(users: pd.DataFrame) -> uplift.UpliftModel:
    """The model of data that support no estimate: none."""
    return uplift.UpliftModel(("signal", "confounder"))


def lift_of(model: uplift.UpliftModel, users: pd.DataFrame, learner: str) -> pd.Series:
    """Users' lift in their order, indexed by observation."""
    return by_learner(model.score(users, PARAMETERS.deciding))[learner].set_axis(users["observation_id"])


def deciding(learner: str) -> uplift.Parameters:
    return replace(PARAMETERS, deciding_learner=learner)


@pytest.mark.parametrize("learner", ["t_learner", "spline_t_learner", "r_learner"])
def test_contributions_add_up_to_lift(model, users, learner):
    """In one model, lift is a constant plus the contributions; the X-learner's constant depends on the propensity."""
    added = explanations.contributions(model, users, deciding(learner))
    assert sorted(added["observation_id"]) == sorted(users["observation_id"])
    total = added.set_index("observation_id")[list(model.features)].sum(axis=1)
    rest = lift_of(model, users, learner) - total
    assert rest.groupby(users.set_index("observation_id")["account_hash"]).std().max() < 1e-9
    assert total.std() > 0.1


@pytest.mark.parametrize("learner", LEARNERS)
def test_the_feature_that_decides_lift_contributes_most(model, users, learner):
    added = explanations.contributions(model, users, deciding(learner))
    sizes = added[list(model.features)].abs().mean()
    # On the log-odds scale every feature moves lift a little, because the baseline does.
    assert sizes["signal"] > (2 if learner == "spline_t_learner" else 4) * sizes["confounder"]
    helped = added["observation_id"].isin(users.loc[users.signal > 0, "observation_id"])
    assert (added.loc[helped, "signal"] > 0).mean() > 0.95


@pytest.mark.parametrize("learner", LEARNERS)
def test_lift_moves_with_the_feature_that_decides_it(model, users, learner):
    shuffled = explanations.shuffled_lift(model, users, deciding(learner))
    assert (shuffled.groupby("feature").size() == explanations.SHUFFLED_USERS).all()
    lift = lift_of(model, users, learner).loc[shuffled["observation_id"]].to_numpy()
    change = (shuffled["lift"] - lift).abs().groupby(shuffled["feature"]).mean()
    assert change["signal"] > 2 * change["confounder"]


def test_a_model_that_ranks_nobody_is_explained_too(model, users):
    """No learner has any weight in its stack, as where the nudge does everybody the same good."""
    stack = model.calibrations[uplift.STACK]
    nothing = replace(
        stack,
        learners=stack.learners[:0],
        centers=stack.centers[:0],
        weights=stack.weights[:, :0],
        slopes=stack.slopes[:, :0],
    )
    same = replace(model, calibrations={**model.calibrations, uplift.STACK: nothing})
    asked = deciding("stack")
    assert explanations.shuffled_lift(same, users, asked)["lift"].unique() == pytest.approx(stack.level)
    assert (explanations.contributions(same, users, asked)[list(model.features)] == 0).all(axis=None)


def test_shuffling_takes_the_first_users_and_the_same_draws_again(model, users, monkeypatch):
    monkeypatch.setattr(explanations, "SHUFFLED_USERS", 800)
    shuffled = explanations.shuffled_lift(model, users, PARAMETERS)
    assert set(shuffled["observation_id"]) == set(users["observation_id"].head(800))
    pd.testing.assert_frame_equal(explanations.shuffled_lift(model, users, PARAMETERS), shuffled, check_exact=True)


@pytest.mark.parametrize("learner", LEARNERS)
def test_dependence_is_the_lift_at_a_value(model, users, learner):
    cells = pd.DataFrame({"cell": ["low", "high", "as it is"], "signal": [-0.5, 0.5, np.nan]})
    asked = explanations.dependence(model, users, cells, deciding(learner)).set_index("cell")
    for cell, true_lift in (("low", -0.1), ("high", 0.3)):
        assert abs(asked.loc[cell, "lift"] - true_lift) < 3 * asked.loc[cell, "lift_se"]
    assert asked.loc["high", "lift"] - asked.loc["low", "lift"] > 0.25
    mean_lift = lift_of(model, users.head(explanations.DEPENDENCE_USERS), learner).mean()
    assert asked.loc["as it is", "lift"] == pytest.approx(mean_lift, abs=1e-9)
    assert asked["lift_se"].between(0.001, 0.2).all()  # less than half of the difference between cells


def test_without_a_model_there_is_nothing_to_explain(nobody, users):
    cells = pd.DataFrame({"signal": [0.0]})
    assert explanations.contributions(nobody, users, PARAMETERS).empty
    assert explanations.shuffled_lift(nobody, users, PARAMETERS).empty
    assert list(explanations.dependence(nobody, users, cells, PARAMETERS)) == ["signal", "lift", "lift_se"]
    assert explanations.dependence(nobody, users, cells, PARAMETERS).empty
