"""Standard errors are right when an account's users are correlated: against simulation and resampled accounts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import study_errors

EXPERIMENTS = 600


@pytest.mark.parametrize(("preset", "naive_share"), [("a_a_8_users", 0.10), ("a_a_25_users", 0.35)])
def test_a_5_percent_test_rejects_about_5_percent(compiled_nodes, preset, naive_share):
    """Within three Monte Carlo errors, 2.7 points; `make study` simulates more, for docs/results/studies.md."""
    model, terms = (compiled_nodes[f"int_evaluation__{name}"] for name in ("arm_diagnostics", "arm_terms"))
    rejected = study_errors.rejected(model, terms, study_errors.CASES[preset], EXPERIMENTS, seed=2026)
    monte_carlo_error = np.sqrt(0.05 * 0.95 / EXPERIMENTS)
    assert abs(rejected["clustered"] / EXPERIMENTS - 0.05) < 3 * monte_carlo_error
    assert rejected["naive"] / EXPERIMENTS > naive_share, "the simulation must be clustered to prove anything"


def ranking_metrics(score: np.ndarray, effect: np.ndarray) -> dict[str, float]:
    """Qini, AUUC and AUTOC of a ranking without ties, by their definitions."""
    ranked = effect[np.argsort(-score)]
    n = len(ranked)
    gain = np.cumsum(ranked) / n
    share = np.arange(1, n + 1) / n
    return {
        "qini": (gain - share * gain[-1]).mean(),
        "auuc": gain.mean(),
        "autoc": (gain / share - gain[-1]).mean(),
    }


def test_the_errors_of_ranking_metrics_are_those_of_resampled_accounts(leaderboard):
    """2,400 users in 300 accounts with partly shared effects; 1,000 resamples determine an error to within about 2%."""
    generator = np.random.default_rng(3)
    account = np.repeat(np.arange(300), 8)
    lift = generator.normal(0.05, 0.1, 2400) + np.repeat(generator.normal(0, 0.15, 300), 8)
    score = lift + generator.normal(0, 0.1, 2400)
    effect = lift + generator.normal(0, 0.5, 2400) + np.repeat(generator.normal(0, 0.3, 300), 8)
    observation = [f"i{i:04d}" for i in range(2400)]
    measured = leaderboard(
        pd.DataFrame({"observation_id": observation, "account_id": account, "score": score, "dr_score": effect})
    )

    for metric, value in ranking_metrics(score, effect).items():
        assert value == pytest.approx(measured[metric], abs=0.002)
    rows_of = np.arange(2400).reshape(300, 8)
    # Copies of an account that is drawn twice would tie; a tiny difference breaks the tie.
    drawn = (rows_of[generator.integers(0, 300, 300)].ravel() for _ in range(1000))
    resampled = pd.DataFrame(
        [ranking_metrics(score[rows] + 1e-9 * generator.standard_normal(2400), effect[rows]) for rows in drawn]
    )
    for metric, error in resampled.std().items():
        assert measured[f"{metric}_se"] == pytest.approx(error, rel=0.1)
