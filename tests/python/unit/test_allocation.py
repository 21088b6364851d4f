"""Allocation under a budget and the team's hours: the optimum is optimal and independent of row order."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from causalyn.decision import allocation
from causalyn.decision.allocation import allocate, choose


def accounts(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Values, shape (n,), and uses of the two limits, shape (2, n); many accounts have the same uses."""
    rng = np.random.default_rng(seed)
    value = np.round(np.exp(rng.normal(3, 1, n)), 2)
    return value, np.array([7.0 + rng.integers(0, 4, n), rng.choice([0.0, 0.5, 1.0, 2.0], n)])


def candidates(n: int, seed: int, **limits: float) -> pd.DataFrame:
    value, (spend, hours) = accounts(n, seed)
    keys = {"scenario_id": "s", "policy_id": "p", "account_id": [f"acct_{i:06d}" for i in range(n)]}
    return pd.DataFrame(
        keys
        | {"net_value_usd": value, "spend_usd": spend, "success_hours": hours, "is_chosen_greedily": False}
        | {"budget_usd": np.nan, "success_hours_limit": np.nan}
        | limits
    )


def worth(found: pd.DataFrame, frame: pd.DataFrame) -> float:
    return found[found["is_chosen"]].merge(frame, on="account_id")["net_value_usd"].sum()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "limits", [(40.0, 5.0), (40.0, np.inf), (np.inf, 5.0), (np.inf, np.inf), (6.0, 5.0), (0.0, 0.0)]
)
@pytest.mark.parametrize("core", [500, 4])
def test_the_choice_is_the_best_of_all(seed, limits, core, monkeypatch):
    monkeypatch.setattr(allocation, "CORE_ACCOUNTS", core)
    value, uses = accounts(12, seed)
    limits = np.array(limits)
    every = np.array(list(product([False, True], repeat=12)))
    fits = (every @ uses.T <= limits).all(axis=1)
    best = (every @ value)[fits].max()
    chosen, bound = choose(value, uses, limits)
    assert (uses @ chosen <= limits).all()
    assert bound >= best - 1e-6
    if core == 500:
        assert value @ chosen == pytest.approx(best)


def test_a_large_choice_is_within_a_thousandth_of_its_bound():
    value, uses = accounts(20_000, 1)
    limits = 0.4 * uses.sum(axis=1)
    chosen, bound = choose(value, uses, limits)
    assert (uses @ chosen <= limits + 1e-6).all()
    assert value @ chosen <= bound + 1e-6
    assert bound - value @ chosen < 1e-3 * bound


def test_the_order_of_rows_changes_nothing():
    frame = candidates(300, 2, budget_usd=900.0, success_hours_limit=70.0)
    frame.loc[100:200, "net_value_usd"] = 10.0
    found = [allocate(frame.sample(frac=1, random_state=seed)).sort_values("account_id") for seed in range(3)]
    for other in found[1:]:
        pd.testing.assert_frame_equal(found[0].reset_index(drop=True), other.reset_index(drop=True))


def test_of_accounts_that_are_alike_the_first_by_id_is_chosen():
    frame = candidates(4, 3, budget_usd=14.0).assign(net_value_usd=10.0, spend_usd=7.0)
    assert allocate(frame)["is_chosen"].tolist() == [True, True, False, False]


def test_a_greedy_choice_is_never_undercut(monkeypatch):
    frame = candidates(40, 4, budget_usd=100.0)
    frame["is_chosen_greedily"] = frame.index < 5
    monkeypatch.setattr(allocation, "choose", lambda value, uses, limits: (np.zeros(len(value), dtype=bool), 1e6))
    found = allocate(frame)
    assert worth(found, frame) >= frame["net_value_usd"][:5].sum()


def test_without_targets_there_is_nothing_to_allocate():
    found = allocate(candidates(0, 5))
    assert found.empty and list(found) == ["scenario_id", "policy_id", "account_id", "is_chosen", "upper_bound_usd"]
