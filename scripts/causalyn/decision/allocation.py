"""Chooses accounts when money or customer-success hours run short: a knapsack problem with two limits.

Two shadow prices, per dollar and per hour, decide almost every account: it is worth nudging if its value exceeds its use at these
prices (the Lagrangian relaxation). Only the accounts nearest to the line go to a mixed-integer programme of bounded size, and
the prices bound the value of any other choice.

Source: Kellerer, Pferschy and Pisinger (2004), "Knapsack Problems", on the core of a problem and on several limits.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp

KEYS = ["scenario_id", "policy_id"]
USES = ["spend_usd", "success_hours"]
LIMITS = ["budget_usd", "success_hours_limit"]
CORE_ACCOUNTS = 500
CORE_NODES = 1000  # of branch and bound; a time limit would make the result depend on the machine
PRICE_STEPS = 50
ROUNDING = 1e-9  # what sums of doubles may be off, relative to the limit or value


def allocate(candidates: pd.DataFrame) -> pd.DataFrame:
    """The most valuable accounts within the limits of each scenario and policy.

    `candidates`: one row per scenario, policy and account, with `net_value_usd` (above zero), what nudging it uses up (USES, zero
    or more), the scenario's LIMITS (null: none), and `is_chosen_greedily`, the fallback. Returns one row per candidate: the
    keys, `account_id`, `is_chosen`, and `upper_bound_usd`, an upper bound on the value of any choice. Deterministic, whatever the
    row order: of accounts with the same use, the more valuable is chosen first, ties by id.
    """
    results = [_allocate(group) for _, group in candidates.groupby(KEYS, sort=True)]
    columns = [*KEYS, "account_id", "is_chosen", "upper_bound_usd"]
    return pd.concat(results, ignore_index=True)[columns] if results else pd.DataFrame(columns=columns)


def _allocate(group: pd.DataFrame) -> pd.DataFrame:
    group = group.sort_values(["net_value_usd", "account_id"], ascending=[False, True], ignore_index=True)
    value = group["net_value_usd"].to_numpy(dtype=float)
    uses = group[USES].to_numpy(dtype=float).T.copy()
    limits = group[LIMITS].iloc[0].astype(float).fillna(np.inf).to_numpy()
    uses[np.isinf(limits)] = 0
    greedy = group["is_chosen_greedily"].to_numpy(dtype=bool)
    chosen, bound = choose(value, uses, limits)
    if value @ chosen < value @ greedy:
        chosen = greedy
    # Among accounts with the same use take the first: no worse, and independent of the solver's preference.
    alike = pd.Series(chosen).groupby(list(uses), sort=False)
    chosen = (alike.cumcount() < alike.transform("sum")).to_numpy()
    return group.assign(is_chosen=chosen, upper_bound_usd=round(max(bound, float(value @ chosen)), 6))


def choose(value: np.ndarray, uses: np.ndarray, limits: np.ndarray) -> tuple[np.ndarray, float]:
    """Chosen items, shape (n,), boolean, and an upper bound on the value of any choice.

    `value`: shape (n,), above zero; `uses`: shape (2, n), zero or more; `limits`: shape (2,), infinite where there is none.
    """
    prices = limit_prices(value, uses, limits)
    surplus = value - prices @ uses
    priced = prices > 0
    relaxed = prices[priced] @ limits[priced] + surplus[surplus > 0].sum()
    nearest = np.argsort(np.abs(surplus), kind="stable")
    core, rest = nearest[:CORE_ACCOUNTS], nearest[CORE_ACCOUNTS:]
    chosen = np.zeros(len(value), dtype=bool)
    chosen[rest] = surplus[rest] > ROUNDING * value[rest]
    left = limits - uses[:, chosen].sum(axis=1)
    limited = np.isfinite(limits)
    solution = milp(
        -value[core],
        integrality=1,
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(uses[:, core][limited], ub=left[limited]) if limited.any() else (),
        options={"node_limit": CORE_NODES, "mip_rel_gap": 0},
    )
    if solution.x is None:  # not even nothing of the core fits, or no choice was found within the nodes
        return np.zeros(len(value), dtype=bool), float(relaxed)
    fixed = value[chosen].sum()
    chosen[core] = solution.x > 0.5
    # Deciding otherwise about an account outside the core costs at least its surplus.
    otherwise = relaxed - np.abs(surplus[rest]).min(initial=np.inf)
    return chosen, float(min(relaxed, max(fixed - solution.mip_dual_bound, otherwise)))


def limit_prices(value: np.ndarray, uses: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """The shadow price per unit of each limit at which the accounts worth their price just fit both limits; shape (2,).

    They minimise the Lagrangian bound: by halving the price of the second limit, and for each by the order of value per unit of
    the first.
    """
    low, high = 0.0, 0.0
    used = uses[1] > 0
    if np.isfinite(limits[1]) and used.any():
        high = float((value[used] / uses[1, used]).max())
    for _ in range(PRICE_STEPS if high else 0):
        middle = (low + high) / 2
        first = _first_price(value - middle * uses[1], uses[0], limits[0])
        is_chosen = value - middle * uses[1] > first * uses[0]
        low, high = (middle, high) if uses[1, is_chosen].sum() > limits[1] else (low, middle)
    if high and uses[1, value > _first_price(value, uses[0], limits[0]) * uses[0]].sum() <= limits[1]:
        high = 0.0
    return np.array([_first_price(value - high * uses[1], uses[0], limits[0]), high])


def _first_price(value: np.ndarray, use: np.ndarray, limit: float) -> float:
    """The lowest price at which the accounts worth their price fit the limit."""
    items = np.flatnonzero((value > 0) & (use > 0))
    worth = value[items] / use[items]
    order = np.argsort(-worth, kind="stable")
    beyond = np.flatnonzero(np.cumsum(use[items][order]) > limit * (1 + ROUNDING))
    return float(worth[order[beyond[0]]]) if len(beyond) else 0.0
