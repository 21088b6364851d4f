"""Refutations of the average effect: it is re-estimated where the answer is known, or must not move.

Two can fail because an assumption is wrong: the negative control and the colleague's treatment. The others permute or drop whole
accounts, which keeps the clusters but removes confounding, so they check the code.

Each changes the training data and re-estimates the nuisances on one pair of account halves, enough for a doubly robust effect
(Sharma and Kiciman, 2020, "DoWhy"; negative controls: Lipsitch et al., 2010).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.utils.parallel import Parallel, delayed

from causalyn.learner import uplift

NUISANCES = ("p_control", "p_treated", "propensity")
DROPPED_SHARE = 0.2
"""Share of the accounts that `dropped_accounts` leaves out."""

MIXED_SHARE = 0.2
"""Share of a campaign's accounts with colleagues in both arms below which it assigned whole accounts."""


def refute(training: pd.DataFrame, earlier_activity: pd.DataFrame, parameters: uplift.Parameters) -> pd.DataFrame:
    """Nuisances of every refutation, one row per refutation and user.

    Args:
        training: as for `uplift.fit`.
        earlier_activity: observation_id and was_active_earlier (0 or 1), an outcome from before the nudge that is no feature.
        parameters: see `uplift.Parameters`.

    Returns:
        refutation_id, observation_id, account_id, is_treated, outcome and NUISANCES (probabilities; that of treatment declared
        or clipped). A refutation whose data support no estimate has no rows.
    """
    generator = np.random.default_rng([parameters.seed, 0])
    accounts = training["account_id"].drop_duplicates().to_numpy()
    dropped = generator.choice(accounts, size=int(DROPPED_SHARE * len(accounts)), replace=False)
    noise = generator.standard_normal(len(accounts))
    earlier = training["observation_id"].map(earlier_activity.set_index("observation_id")["was_active_earlier"])
    with uplift.pinned():
        as_assigned = _estimate("as_assigned", training, parameters, generator.spawn(1)[0])
    # A colleague's features decided the colleague's arm: adjusting for the user's own would leave confounding in.
    chance = training["observation_id"].map(as_assigned.set_index("observation_id")["propensity"])
    attempts = {
        "permuted_outcome": training.assign(outcome=_of_other_accounts(training, "outcome", generator)),
        "random_common_cause": training.assign(
            random_common_cause=training["account_id"].map(dict(zip(accounts, noise, strict=True)))
        ),
        "dropped_accounts": training[~training["account_id"].isin(dropped)],
        "colleague_treatment": _with_arms_of_colleagues(training.assign(assignment_probability=chance), generator),
        "negative_control_outcome": training.assign(outcome=earlier).dropna(subset=["outcome"]),
    }
    with uplift.pinned():
        estimated: list[pd.DataFrame] = Parallel(n_jobs=-1, prefer="threads")(
            delayed(_estimate)(name, frame, parameters, np.random.default_rng([parameters.seed, place]))
            for place, (name, frame) in enumerate(attempts.items(), start=1)
        )
    return pd.concat(estimated, ignore_index=True)


def _of_other_accounts(training: pd.DataFrame, column: str, generator: np.random.Generator) -> np.ndarray:
    """The column permuted between whole accounts, which keeps colleagues together."""
    account = pd.factorize(training["account_id"])[0]
    to, source = (np.argsort(generator.permutation(account.max() + 1)[account], kind="stable") for _ in range(2))
    moved = np.empty_like(training[column].to_numpy())
    moved[to] = training[column].to_numpy()[source]
    return moved


def _with_arms_of_colleagues(training: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    """Users with the arm of their next colleague in the campaign, in a ring of random order, and its probability.

    Without those who have no colleague, and campaigns that assigned whole accounts: a colleague's arm is the user's own there.
    """
    shuffled = training.iloc[generator.permutation(len(training))]
    by_account = shuffled.groupby(["campaign_id", "account_id"])
    arms = by_account["is_treated"].agg(["size", "nunique"]).query("size > 1")
    is_mixed = (arms["nunique"] - 1).groupby("campaign_id").mean() >= MIXED_SHARE
    has_colleague = by_account["is_treated"].transform("size") > 1
    taking_part = has_colleague & shuffled["campaign_id"].map(is_mixed).eq(True)
    own = by_account[["is_treated", "assignment_probability"]]
    following = own.shift(-1).fillna(own.transform("first"))[taking_part]
    return training.assign(**following).dropna(subset=following.columns)


def _estimate(
    refutation_id: str, frame: pd.DataFrame, parameters: uplift.Parameters, generator: np.random.Generator
) -> pd.DataFrame:
    """The rows of one refutation: every user predicted by the half without the user's account."""
    features = [column for column in frame.columns if column not in uplift.KEYS]
    result = pd.DataFrame(
        {
            "refutation_id": refutation_id,
            "observation_id": frame["observation_id"],
            "account_id": frame["account_id"],
            "is_treated": frame["is_treated"].astype("int32"),
            "outcome": frame["outcome"].astype(float),
        }
    )
    assigned = frame["assignment_probability"].to_numpy(dtype=float)
    treated, outcome = frame["is_treated"].to_numpy(dtype=int), frame["outcome"].to_numpy(dtype=float)
    first_half = frame["account_hash"].to_numpy(dtype=np.int64) & 1 == 0
    nuisances = np.empty((len(NUISANCES), len(frame)))
    try:
        uplift.check(frame, features, parameters)
        matrix = frame[features].to_numpy(dtype=np.float32)
        membership = uplift.members_of(frame, uplift.undeclared_campaigns(frame))
        for half in (first_half, ~first_half):
            model = uplift.fit_nuisances(
                matrix[half], treated[half], outcome[half], assigned[half], membership[half], parameters, generator
            )
            nuisances[:, ~half] = uplift.predict_nuisances(model, matrix[~half], membership[~half])
        propensity = nuisances[uplift.PROPENSITY]
        nuisances[uplift.PROPENSITY] = uplift.chance_of_treatment(propensity, assigned, parameters)
    except uplift.LearnerError:
        return result.iloc[:0].assign(**dict.fromkeys(NUISANCES, np.nan))
    return result.assign(**dict(zip(NUISANCES, nuisances, strict=True)))
