"""What the deciding learner's lift depends on: feature contributions, permuted features, partial dependence.

Computed with the fitted learner itself, for every user with the models that did not see the user's account.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from causalyn.learner import uplift

IDENTITY = ("population", "observation_id", "account_id")
"""Columns that tell the rows of contributions apart."""

SHUFFLED_USERS = 2_500
"""Number of users, the first ones, whose features are shuffled: a sample of whole accounts."""

DEPENDENCE_USERS = 500
"""Number of users, the first ones, that partial dependence averages over."""


def contributions(model: uplift.UpliftModel, users: pd.DataFrame, parameters: uplift.Parameters) -> pd.DataFrame:
    """Each feature's contribution to the calibrated lift of `users` (as for `UpliftModel.score`), one row per user.

    Returns IDENTITY and a column per feature, in units of probability; no rows without a model.
    """
    users = users if model.halves else users.iloc[:0]
    identity = users[list(IDENTITY)].reset_index(drop=True)
    if users.empty:
        return identity.assign(**dict.fromkeys(model.features, 0.0))
    contribute = partial(model.contributions, learner=parameters.deciding)
    added = uplift.in_blocks(contribute, model.matrix(users), _hashes(users))
    return identity.assign(**dict(zip(model.features, added, strict=True)))


def shuffled_lift(model: uplift.UpliftModel, users: pd.DataFrame, parameters: uplift.Parameters) -> pd.DataFrame:
    """Lift with each feature permuted among users (Breiman, 2001, "Random forests").

    Args:
        users: as for `uplift.fit`; the first SHUFFLED_USERS count.

    Returns observation_id, account_id, feature and lift, one row per user and feature; no rows without a model.
    """
    users = users.head(SHUFFLED_USERS if model.halves else 0)
    identity = pd.concat([users[["observation_id", "account_id"]]] * len(model.features) or [users], ignore_index=True)
    if users.empty:
        return identity.assign(feature="", lift=0.0)[["observation_id", "account_id", "feature", "lift"]]
    matrix = model.matrix(users)
    generator = np.random.default_rng(parameters.seed)
    changed = np.tile(matrix, (len(model.features), 1, 1))
    for feature in range(len(model.features)):
        changed[feature, :, feature] = generator.permutation(matrix[:, feature])
    lift = _lift(model, changed, users, parameters)
    return identity.assign(feature=np.repeat(model.features, len(users)), lift=lift[0].ravel())


def dependence(
    model: uplift.UpliftModel, users: pd.DataFrame, cells: pd.DataFrame, parameters: uplift.Parameters
) -> pd.DataFrame:
    """Partial dependence: mean lift with some features set to those of a cell (Friedman, 2001, "Greedy function approximation").

    Args:
        users: as for `uplift.fit`; the first DEPENDENCE_USERS count.
        cells: one row per cell; each column that is a feature holds its value there, NaN to leave it as it is.

    Returns the cells with lift and lift_se; no rows without a model. Users share models, so their standard errors are
    averaged as if perfectly correlated.
    """
    if not model.halves:
        return cells.iloc[:0].assign(lift=0.0, lift_se=0.0)
    users = users.head(DEPENDENCE_USERS)
    changed = np.tile(model.matrix(users), (len(cells), 1, 1))
    for place, feature in enumerate(model.features):
        if feature in cells:
            value = cells[feature].to_numpy(dtype=float)
            is_set = np.isfinite(value)
            changed[is_set, :, place] = value[is_set, None]
    lift, lift_se = _lift(model, changed, users, parameters)
    return cells.assign(lift=lift.mean(axis=1), lift_se=lift_se.mean(axis=1))


def _lift(
    model: uplift.UpliftModel, changed: np.ndarray, users: pd.DataFrame, parameters: uplift.Parameters
) -> tuple[np.ndarray, np.ndarray]:
    """Lift and its standard error (each variants x users) of `users` with features `changed` (variants x users x features)."""
    n_variants, n_users, n_features = changed.shape
    lift, lift_se = uplift.in_blocks(
        partial(model.lift, learner=parameters.deciding),
        changed.reshape(-1, n_features),
        np.tile(_hashes(users), n_variants),
    )
    return lift.reshape(n_variants, n_users), lift_se.reshape(n_variants, n_users)


def _hashes(users: pd.DataFrame) -> np.ndarray:
    return users["account_hash"].to_numpy(dtype=np.int64)
