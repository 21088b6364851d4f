"""Fitted learners come back from the warehouse as they were, and whatever else is found there is refused."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import skops.io
from test_uplift import PARAMETERS, simulate

from causalyn.learner import model_store, uplift
from causalyn.learner.model_store import ModelMismatchError


@pytest.fixture(scope="module")
def users() -> pd.DataFrame:
    return simulate(accounts=200).drop(columns="true_lift")


@pytest.fixture(scope="module")
def model(users) -> uplift.UpliftModel:
    return uplift.fit(users, PARAMETERS)


@pytest.fixture(scope="module")
def kept(model, users) -> pd.DataFrame:
    return model_store.to_frame(model, users, PARAMETERS)


def read(kept: pd.DataFrame, users: pd.DataFrame) -> uplift.UpliftModel:
    return model_store.from_frame(kept, users.columns, PARAMETERS, users)


def score(model: uplift.UpliftModel, users: pd.DataFrame) -> pd.DataFrame:
    return model.score(users, PARAMETERS.deciding)


def with_model(kept: pd.DataFrame, content: bytes) -> pd.DataFrame:
    """Another content in all folds, by somebody who knows the checksum."""
    return kept.assign(model=[content] * len(kept), model_sha256=hashlib.sha256(content).hexdigest())


def test_a_model_that_was_kept_gives_the_same_scores_to_the_last_bit(model, kept, users):
    pd.testing.assert_frame_equal(score(read(kept, users), users), score(model, users), check_exact=True)
    assert list(kept.columns) == model_store.SCHEMA.names
    assert len(kept) == PARAMETERS.folds


def test_forests_predict_as_scikit_learn_does(users):
    matrix = users[["signal", "confounder"]].to_numpy()
    matrix[::7, 0] = np.nan
    for target in (users["is_converted"].to_numpy(), np.ones(len(users)), np.zeros(len(users))):
        fitted = uplift.RandomForestClassifier(n_estimators=5, min_samples_leaf=20, random_state=1).fit(matrix, target)
        expected = fitted.predict_proba(matrix)[:, -1] if target.any() else np.zeros(len(users))
        assert np.array_equal(uplift.Forest.of(fitted).predict(matrix), expected)
    fitted = uplift.ExtraTreesRegressor(n_estimators=5, random_state=1).fit(matrix[:, 1:], matrix[:, 1])
    assert np.array_equal(uplift.Forest.of(fitted).predict(matrix[:, 1:]), fitted.predict(matrix[:, 1:]))


def test_a_value_beyond_those_fitted_on_is_scored_as_the_largest(model, users):
    """So a user of today whose activity outgrew everybody's is scored as the most active user known."""
    beyond = users.assign(signal=users["signal"] * 1000, confounder=users["confounder"] + 1e6)
    within = beyond.assign(**{name: beyond[name].clip(upper=users[name].max()) for name in ("signal", "confounder")})
    assert not beyond.equals(within)
    pd.testing.assert_frame_equal(score(model, beyond), score(model, within), check_exact=True)


MISMATCHES = {
    "a feature is missing": (
        lambda users: users.drop(columns="signal"),
        "missing are signal; unknown to the model are none",
    ),
    "a feature is new": (lambda users: users.assign(extra=1.0), "missing are none; unknown to the model are extra"),
    "another order": (lambda users: users[[*uplift.KEYS, "confounder", "signal"]], "or in another order"),
    "other outcomes": (lambda users: users.assign(is_converted=1 - users["is_converted"]), "training_fingerprint"),
    "another order of users": (lambda users: users.iloc[::-1], "training_fingerprint"),
    "fewer users": (lambda users: users.iloc[1:], "training_fingerprint"),
}


@pytest.mark.parametrize("case", MISMATCHES)
def test_a_model_of_other_features_or_data_is_refused(kept, users, case):
    change, message = MISMATCHES[case]
    with pytest.raises(ModelMismatchError, match=f"{message}.*Run a full build"):
        read(kept, change(users))


def test_the_users_of_today_are_no_training_data(model, kept, users):
    """They are scored by a model that was fitted on others, whose features alone must be theirs."""
    today = users.iloc[::-1].assign(population="today", observation_id=users["user_id"])
    restored = model_store.from_frame(kept, today.columns, PARAMETERS)
    pd.testing.assert_frame_equal(score(restored, today), score(model, today), check_exact=True)
    with pytest.raises(ModelMismatchError, match="missing are signal"):
        model_store.from_frame(kept, today.columns.drop("signal"), PARAMETERS)


@pytest.mark.parametrize("change", [{"seed": 2}, {"deciding_learner": "dr_learner"}, {"trees": 11}])
def test_a_model_of_other_parameters_is_refused(kept, users, change):
    with pytest.raises(ModelMismatchError, match=r"has parameters Parameters\(.*, and here it is .*Run a full build"):
        model_store.from_frame(kept, users.columns, replace(PARAMETERS, **change))


@pytest.mark.parametrize("column", ["library_version", "scikit_learn_version"])
def test_a_model_of_another_version_is_refused(kept, users, column):
    with pytest.raises(ModelMismatchError, match=f"{column} 0.1, and here it is"):
        read(kept.assign(**{column: "0.1"}), users)


def test_a_damaged_model_is_refused(kept, users):
    cut = kept.assign(model=kept["model"].map(lambda content: content[:-1]))
    with pytest.raises(
        ModelMismatchError, match=r"fold 0 is damaged: its [\d,]+ bytes are not those that were written"
    ):
        read(cut, users)


def test_a_model_of_types_that_are_not_trusted_is_not_loaded(kept, users):
    for stranger in (PARAMETERS, np.random.default_rng, [hashlib.sha256]):
        with pytest.raises(ModelMismatchError, match="not trusted, and was not loaded"):
            read(with_model(kept, skops.io.dumps(stranger)), users)


@pytest.mark.parametrize(
    ("field", "value"), [("left_child", 10**6), ("right_child", 0), ("feature", 2), ("feature", -1)]
)
def test_trees_that_lead_astray_are_not_walked(model, kept, users, field, value):
    fold = model.folds[0]
    forest = fold.forests[0][0]
    nodes = forest.nodes.copy()
    nodes[field][0] = value
    astray = replace(fold, forests=((replace(forest, nodes=nodes), *fold.forests[0][1:]), *fold.forests[1:]))
    with pytest.raises(ModelMismatchError, match="1 forests lead out of their trees"):
        read(with_model(kept, skops.io.dumps(astray)), users)


def test_data_that_support_no_estimate_leave_no_model(users):
    none = model_store.to_frame(uplift.UpliftModel((), {}), users, PARAMETERS)
    assert none.empty
    assert score(read(none, users), users).empty
