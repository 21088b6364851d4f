"""What the deciding learner's lift depends on: contributions of features, lift with a feature shuffled, partial dependence.

The fitted learner itself is asked, and about every user the model of its fold, which did not see the user's account.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.utils.parallel import Parallel, delayed
from threadpoolctl import threadpool_limits

from causalyn.learner import uplift

SHUFFLED_USERS = 5_000
"""Users on whom features are shuffled: the first, which is a sample of whole accounts."""

DEPENDENCE_USERS = 500
"""Users over whom partial dependence is averaged: the first."""


def contributions(model: uplift.UpliftModel, users: pd.DataFrame, parameters: uplift.Parameters) -> pd.DataFrame:
    """What each feature adds to the calibrated lift of `users` (as for `UpliftModel.score`), one row a user.

    Returns observation_id, account_id and a column a feature, in units of probability; no rows without a model.
    """

    def of_fold(fold: int) -> pd.DataFrame:
        own = users[users["fold"] == fold]
        added = model.folds[fold].contributions(_matrix(model, own), parameters.deciding)
        return own[["observation_id", "account_id"]].assign(**dict(zip(model.features, added, strict=True)))

    return _concat(_in_threads(of_fold, model), "observation_id", "account_id", *model.features)


def shuffled_lift(model: uplift.UpliftModel, users: pd.DataFrame, parameters: uplift.Parameters) -> pd.DataFrame:
    """Lift of users, were a feature that of another user drawn at random (Breiman, 2001, "Random forests").

    Args:
        users: as for `uplift.fit`; the first SHUFFLED_USERS count.

    Returns observation_id, account_id, feature and lift, one row per user and feature; no rows without a model.
    """
    users, learner = users.head(SHUFFLED_USERS), parameters.deciding
    matrix = _matrix(model, users)
    generator = np.random.default_rng([parameters.seed, parameters.folds])
    donors = [generator.permutation(len(users)) for _ in model.features]

    def of_fold(fold: int) -> pd.DataFrame:
        own = np.flatnonzero(users["fold"] == fold)
        changed = np.tile(matrix[own], (len(model.features), 1, 1))
        for feature, donor in enumerate(donors):
            changed[feature, :, feature] = matrix[donor[own], feature]
        half_lift = model.folds[fold].half_lift(changed.reshape(-1, len(model.features)), parameters.deciding)
        lift, _ = model.folds[fold].lines[learner].calibrate(half_lift)
        identity = {
            column: np.tile(users[column].to_numpy()[own], len(model.features))
            for column in ("observation_id", "account_id")
        }
        return pd.DataFrame({**identity, "feature": np.repeat(model.features, len(own)), "lift": lift})

    return _concat(_in_threads(of_fold, model), "observation_id", "account_id", "feature", "lift")


def dependence(
    model: uplift.UpliftModel, users: pd.DataFrame, cells: pd.DataFrame, parameters: uplift.Parameters
) -> pd.DataFrame:
    """Mean lift of users, were some of their features those of a cell (Friedman, 2001, "Greedy function approximation").

    Args:
        users: as for `uplift.fit`; the first DEPENDENCE_USERS count.
        cells: one row a cell; each column that is a feature holds its value there, NaN to leave it as it is.

    Returns the cells with lift and lift_se; no rows without a model. The models of the folds share training users, so that their
    standard errors are averaged as if they erred together.
    """
    users, learner = users.head(DEPENDENCE_USERS), parameters.deciding
    set_features = [feature for feature in model.features if feature in cells]

    def of_fold(fold: int) -> np.ndarray:
        own = _matrix(model, users[users["fold"] == fold])
        changed = np.tile(own, (len(cells), 1, 1))
        for feature in set_features:
            value = cells[feature].to_numpy(dtype=float)
            is_set = np.isfinite(value)
            changed[is_set, :, model.features.index(feature)] = value[is_set, None]
        half_lift = model.folds[fold].half_lift(changed.reshape(-1, len(model.features)), parameters.deciding)
        of_cell = half_lift.reshape(len(half_lift), len(cells), -1).mean(axis=2)
        return len(own) / len(users) * np.array(model.folds[fold].lines[learner].calibrate(of_cell))

    if not model.folds:
        return cells.iloc[:0].assign(lift=0.0, lift_se=0.0)
    lift, lift_se = np.sum(_in_threads(of_fold, model), axis=0)
    return cells.assign(lift=lift, lift_se=lift_se)


def _matrix(model: uplift.UpliftModel, users: pd.DataFrame) -> np.ndarray:
    return users[list(model.features)].to_numpy(dtype=float)


def _in_threads(of_fold: Callable, model: uplift.UpliftModel) -> list:
    with threadpool_limits(limits=1):
        return Parallel(n_jobs=-1, prefer="threads")(delayed(of_fold)(fold) for fold in model.folds)


def _concat(parts: list[pd.DataFrame], *columns: str) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
