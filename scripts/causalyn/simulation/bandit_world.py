"""Effects of the bandit's arms in a generated world, and the regret of each policy against an oracle.

An arm scales the nudge's effect on the user, good or bad: a call has the largest, an e-mail the smallest. So every arm
harms Sleeping Dogs. Rewards are in US dollars: conversion revenue less the arm's cost and the cost of a bad reaction.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from causalyn.decision import bandit
from causalyn.simulation.world_physics import GROUPS, Physics

LOG_COLUMNS = ["round_number", "user_id", "account_id", "segment", "arm", "propensity", "reward_usd"]
STATIC_ARM = "in_app"


def chances(users: pd.DataFrame, arms: pd.DataFrame, physics: Physics) -> tuple[np.ndarray, np.ndarray]:
    """Each user's probabilities of converting and of reacting badly under each arm; shape (users, arms) each."""
    strength = np.array([physics.arm_strength[arm] for arm in arms["arm"]])
    lift = (users["p_treated"] - users["p_control"]).to_numpy()[:, None]
    converts = np.clip(users["p_control"].to_numpy()[:, None] + lift * strength, 0, 1)
    group = users["latent_uplift_group"].map(GROUPS.index).to_numpy()
    of_group = physics.by_group("negative_reaction_share")[group][:, None]
    reacts = np.where(strength > 0, np.clip(of_group * strength, 0, 1), physics.spontaneous_reaction)
    return converts, reacts


def expected_rewards(users: pd.DataFrame, arms: pd.DataFrame, physics: Physics, reaction_cost: float) -> np.ndarray:
    """Expected reward of each arm for each user, in US dollars; shape (users, arms)."""
    converts, reacts = chances(users, arms, physics)
    revenue = converts * np.mean(physics.conversion_revenue_usd)
    rewards: np.ndarray = revenue - arms["cost_usd"].to_numpy() - reaction_cost * reacts
    return rewards


def play_round(
    users: pd.DataFrame, state: pd.DataFrame, arms: pd.DataFrame, parameters: pd.Series, physics: Physics, seed: int
) -> pd.DataFrame:
    """The log of one round: the bandit's decisions, given its state, and their rewards.

    `users`: one row per user due this round and not held out, with `round_number`, `segment` and hidden truth. The
    same input and seed give the same log.
    """
    users = users.sort_values("user_id", ignore_index=True)
    round_number = int(users["round_number"].iloc[0])
    rng = np.random.default_rng([seed, round_number])
    probabilities = bandit.propensities(
        state,
        arms["arm"].tolist(),
        float(parameters["reward_sd_usd"]),
        float(parameters["min_propensity"]),
        seed=1000 * seed + round_number,
    )
    log = bandit.draw(users, probabilities, rng)
    place = log["arm"].map(arms["arm"].tolist().index).to_numpy()
    converts, reacts = (chance[np.arange(len(log)), place] for chance in chances(users, arms, physics))
    luck = rng.random((2, len(log)))
    revenue = np.where(luck[0] < converts, rng.uniform(*physics.conversion_revenue_usd, len(log)), 0.0)
    cost = arms["cost_usd"].to_numpy()[place] + float(parameters["reaction_cost_usd"]) * (luck[1] < reacts)
    return log.assign(reward_usd=np.round(revenue - cost, 2))[LOG_COLUMNS]


def remembered(log: pd.DataFrame, arms: pd.DataFrame) -> pd.DataFrame:
    """The bandit's state after a log, in the shape of the model `int_campaign__bandit_state`."""
    every = pd.MultiIndex.from_product([bandit.SEGMENTS, arms["arm"]], names=["segment", "arm"])
    groups = log.groupby(["segment", "arm"])["reward_usd"]
    state = pd.DataFrame({"n_decisions": groups.count(), "sum_reward_usd": groups.sum().round(2)})
    return state.reindex(every, fill_value=0).reset_index()


def simulate(
    users: pd.DataFrame, arms: pd.DataFrame, parameters: pd.Series, physics: Physics, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All rounds of one seed: the log, and one row per round with each policy's cumulative expected reward.

    Policies: `bandit`, `static` (STATIC_ARM for all), `best_by_segment` (knows each segment's expected rewards) and
    `oracle` (knows each user's).
    """
    log, earned = pd.DataFrame(columns=LOG_COLUMNS).astype({"reward_usd": float}), []
    names = arms["arm"].tolist()
    worth = pd.DataFrame(
        expected_rewards(users, arms, physics, float(parameters["reaction_cost_usd"])), users["user_id"], names
    )
    best = worth.groupby(users.set_index("user_id")["segment"]).mean().idxmax(axis=1)
    for round_number, due in users.groupby("round_number", sort=True):
        played = play_round(due, remembered(log, arms), arms, parameters, physics, seed)
        log = pd.concat([log, played], ignore_index=True) if len(log) else played
        here = worth.loc[played["user_id"]]
        chosen = {
            "bandit": played["arm"],
            "static": pd.Series(STATIC_ARM, index=played.index),
            "best_by_segment": played["segment"].map(best),
        }
        expected = {
            policy: here.to_numpy()[np.arange(len(here)), arm.map(names.index).to_numpy()].sum()
            for policy, arm in chosen.items()
        }
        earned.append({"round_number": round_number, "oracle": here.max(axis=1).sum()} | expected)
    return log, pd.DataFrame(earned).set_index("round_number").cumsum().reset_index()
