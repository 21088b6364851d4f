"""The bandit: Thompson sampling over arms by segment (MABWiser's LinTS), with probabilities that can be logged.

Its state is a table of the number and sum of rewards per segment and arm, since with one indicator per segment a linear posterior
depends on nothing else. An arm is drawn with its posterior probability of being best, counted in many samples and floored: the
propensities that off-policy evaluation needs.

Source: Agrawal and Goyal (2013), "Thompson sampling for contextual bandits with linear payoffs". MABWiser is the extra `bandit`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

SEGMENTS = ("low_lift", "middle_lift", "high_lift")
SAMPLES = 500  # of the posterior; their shares are the propensities that are drawn from and logged


def propensities(
    state: pd.DataFrame, arms: list[str], reward_sd: float, min_propensity: float, seed: int
) -> pd.DataFrame:
    """The probability of each arm in each segment.

    `state`: one row per segment and arm, with `n_decisions` and `sum_reward_usd`; `reward_sd` in US dollars. Returns a frame of
    SEGMENTS by `arms` whose rows sum to 1, none below `min_propensity`. Raises ImportError without MABWiser.
    """
    from mabwiser.mab import MAB, LearningPolicy

    floor = len(arms) * min_propensity
    counts = state["n_decisions"].to_numpy(dtype=int)
    chosen = np.full((len(SEGMENTS), len(arms)), 1 / len(arms))
    if counts.sum():
        seen = state[counts > 0]
        # As many decisions at the mean reward give the same posterior as the decisions themselves.
        repeats = seen["n_decisions"].to_numpy(dtype=int)
        indicators = np.eye(len(SEGMENTS))
        decisions = np.repeat(seen["arm"].to_numpy(), repeats)
        rewards = np.repeat((seen["sum_reward_usd"] / seen["n_decisions"]).to_numpy(dtype=float), repeats)
        contexts = np.repeat(indicators[seen["segment"].map(SEGMENTS.index)], repeats, axis=0)
        asked = np.repeat(indicators, SAMPLES, axis=0)
        drawn = np.empty((len(asked), len(arms)))
        for place, arm in enumerate(arms):
            # One learner per arm: a single learner draws all arms with the same random numbers (MABWiser 2.7.4).
            learner = MAB(
                list(arms), LearningPolicy.LinTS(alpha=reward_sd, l2_lambda=1.0), seed=seed * len(arms) + place
            )
            learner.fit(decisions, rewards, contexts)
            drawn[:, place] = [expected[arm] for expected in learner.predict_expectations(asked)]
        best = drawn.argmax(axis=1).reshape(len(SEGMENTS), SAMPLES)
        chosen = np.stack([(best == place).mean(axis=1) for place in range(len(arms))], axis=1)
    return pd.DataFrame(min_propensity + (1 - floor) * chosen, index=pd.Index(SEGMENTS, name="segment"), columns=arms)


def draw(users: pd.DataFrame, probabilities: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """`users` (with `segment`) plus the drawn `arm` and its `propensity`.

    Raises ValueError for a segment the bandit may not decide on, such as `held_back`.
    """
    unknown = sorted(set(users["segment"]) - set(SEGMENTS))
    if unknown:
        raise ValueError(f"the bandit may do nothing in the segments {', '.join(unknown)}")
    rows = probabilities.loc[users["segment"]].to_numpy()
    place = (rng.random((len(users), 1)) >= rows.cumsum(axis=1)[:, :-1]).sum(axis=1)
    return users.assign(arm=probabilities.columns.to_numpy()[place], propensity=rows[np.arange(len(users)), place])
