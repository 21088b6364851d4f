"""Fitted learners come back from the warehouse unchanged; anything else found there is refused."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor
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
    """Other content, by somebody who knows the checksum."""
    return kept.assign(model=[content] * len(kept), model_sha256=hashlib.sha256(content).hexdigest())


def test_a_model_that_was_kept_gives_the_same_scores_to_the_last_bit(model, kept, users):
    pd.testing.assert_frame_equal(score(read(kept, users), users), score(model, users), check_exact=True)
    assert list(kept.columns) == model_store.SCHEMA.names
    assert len(kept) == 1
    pd.testing.assert_frame_equal(model_store.to_frame(model, users, PARAMETERS), kept)


def test_forests_predict_as_scikit_learn_does(users):
    matrix = users[["signal", "confounder"]].to_numpy()
    matrix[::7, 0] = np.nan
    target = users["outcome"].to_numpy()
    forest = RandomForestRegressor(n_estimators=5, min_samples_leaf=20, random_state=1).fit(matrix, target)
    tree = uplift.ExtraTreeRegressor(random_state=1).fit(matrix, target)
    for fitted, trees in ((forest, forest.estimators_), (tree, [tree])):
        assert uplift.Forest.of(trees).predict(matrix) == pytest.approx(fitted.predict(matrix), rel=1e-12)


def test_a_value_beyond_those_fitted_on_is_scored_as_the_largest(model, users):
    """So a user of today more active than anybody in training is scored as the most active training user."""
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
    "other outcomes": (lambda users: users.assign(outcome=1 - users["outcome"]), "training_fingerprint"),
    "another order of users": (lambda users: users.iloc[::-1], "training_fingerprint"),
    "fewer users": (lambda users: users.iloc[1:], "training_fingerprint"),
}


@pytest.mark.parametrize("case", MISMATCHES)
def test_a_model_of_other_features_or_data_is_refused(kept, users, case):
    change, message = MISMATCHES[case]
    with pytest.raises(ModelMismatchError, match=f"{message}.*Run a full build"):
        read(kept, change(users))


def test_the_users_of_today_are_no_training_data(model, kept, users):
    """They are scored by a model fitted on others and need only have the same features."""
    today = users.iloc[::-1].assign(population="today", observation_id=users["user_id"])
    restored = model_store.from_frame(kept, today.columns, PARAMETERS)
    pd.testing.assert_frame_equal(score(restored, today), score(model, today), check_exact=True)
    with pytest.raises(ModelMismatchError, match="missing are signal"):
        model_store.from_frame(kept, today.columns.drop("signal"), PARAMETERS)


@pytest.mark.parametrize("change", [{"seed": 2}, {"deciding_learner": "r_learner"}, {"trees": 11}])
def test_a_model_of_other_parameters_is_refused(kept, users, change):
    with pytest.raises(ModelMismatchError, match=r"has parameters Parameters\(.*, but now it is .*Run a full build"):
        model_store.from_frame(kept, users.columns, replace(PARAMETERS, **change))


@pytest.mark.parametrize("column", ["library_version", "scikit_learn_version"])
def test_a_model_of_another_version_is_refused(kept, users, column):
    with pytest.raises(ModelMismatchError, match=f"{column} 0.1, but now it is"):
        read(kept.assign(**{column: "0.1"}), users)


def test_a_damaged_model_is_refused(kept, users):
    cut = kept.assign(model=kept["model"].map(lambda content: content[:-1]))
    with pytest.raises(ModelMismatchError, match=r"model is damaged: its [\d,]+ bytes are not those that were written"):
        read(cut, users)


def packed(**arrays) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def test_what_is_no_model_is_not_loaded(kept, users):
    with np.load(io.BytesIO(kept["model"][0])) as file:
        arrays = dict(file)
    objects = packed(**arrays | {"values": np.array([hashlib.sha256, PARAMETERS], dtype=object)})
    fewer = packed(**{name: array for name, array in arrays.items() if name != "t_slopes"})
    for content in (b"", b"nothing", packed(), objects, fewer, packed(**arrays | {"nodes": arrays["values"]})):
        with pytest.raises(ModelMismatchError, match=r"does not have the arrays of one, and was not loaded"):
            read(with_model(kept, content), users)
    read(with_model(kept, packed(**arrays)), users)


@pytest.mark.parametrize(
    ("field", "value"), [("left_child", 10**6), ("right_child", 0), ("feature", 2), ("feature", -1)]
)
def test_trees_that_lead_astray_are_not_walked(kept, users, field, value):
    with np.load(io.BytesIO(kept["model"][0])) as file:
        arrays = dict(file)
    arrays["nodes"][field][0] = value
    with pytest.raises(ModelMismatchError, match="a forest leads out of its trees"):
        read(with_model(kept, packed(**arrays)), users)


def test_data_that_support_no_estimate_leave_no_model(users):
    none = model_store.to_frame(uplift.UpliftModel(), users, PARAMETERS)
    assert none.empty
    assert score(read(none, users), users).empty
