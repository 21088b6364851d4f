"""A share of Sleeping Dogs equal to the limit is not above it, wherever it is computed: as floats 63 > 0.35 * 180.

The macro has cases in the unit test `which_guardrail_decides`, the report's script in `test_report.py`.
"""

from __future__ import annotations

import duckdb
import pandas as pd
import pytest

import benchmark_rivals
from causalyn.warehouse.sql_text import exceeds_share

CASES = pytest.mark.parametrize(
    ("n_dogs", "n_users", "limit", "is_above"), [(63, 180, 0.35, False), (64, 180, 0.35, True), (29, 100, 0.29, False)]
)


@CASES
def test_in_the_librarys_sql(n_dogs, n_users, limit, is_above):
    query = f"select {exceeds_share('$n', '$of', '$share')}"
    with duckdb.connect() as connection:
        found = connection.execute(query, {"n": n_dogs, "of": n_users, "share": limit}).fetchone()
    assert found == (is_above,)


@CASES
def test_in_the_invariant(evaluate_model, n_dogs, n_users, limit, is_above):
    account = {"campaign_id": "spring", "population": "campaign", "account_id": "a"}
    decision = {"policy_id": "p", "decision": "target", "toxic_user_share_limit": limit, "min_toxic_users": 1}
    decision |= {"harm_confidence": 0.5, "sleeping_dog_lift_threshold": -0.01, "counts_unobserved_users": True}
    lifts = [-0.5] * n_dogs + [0.5] * (n_users - n_dogs)
    scores = pd.DataFrame({"lift": lifts, "lift_se": 0.1, "has_observed_outcome": True}).assign(**account)
    found = evaluate_model(
        "assert_no_target_exceeds_the_toxic_user_share",
        int_policy__account_decisions=pd.DataFrame([account | decision]),
        int_uplift__user_scores=scores,
    )
    assert (len(found) == 1) is is_above


@CASES
def test_in_the_benchmarks_rival(n_dogs, n_users, limit, is_above):
    users = pd.DataFrame({"lift": [-0.5] * n_dogs + [0.5] * (n_users - n_dogs), "is_admin": False})
    users = users.assign(population="today", campaign_id="today", account_id="a", lift_doubt=0.0, unseen_features=None)
    policy = {"sleeping_dog_lift_threshold": -0.01, "doubt_limit": 0.1, "nudge_doubt_limit": 0.1, "min_scored_users": 1}
    policy |= {"value_per_conversion_usd": 10, "cost_per_account_usd": 0, "cost_per_nudge_usd": 0}
    policy |= {"toxic_user_share_limit": limit, "min_toxic_users": 1}
    nudged = benchmark_rivals.decide(users, pd.Series(policy), benchmark_rivals.vectorised_evidence)
    assert len(nudged) == (0 if is_above else n_users - n_dogs)
