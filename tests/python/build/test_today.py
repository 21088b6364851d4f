"""Decisions are about today: the two faults of deciding by the past alone, on hidden truth.

In `drift` a quarter of the users have changed since the campaign, and lists made of its users as they were then nudge those
who have become Sleeping Dogs. With three campaigns, the latter aimed by the outcomes of the earlier, taking one row per user
would misjudge the average effect.
"""

from __future__ import annotations

import pytest

import study

ACCOUNTS = 600


@pytest.fixture(scope="module", params=["drift", "three_campaigns"])
def measured(request, build_world, tmp_path_factory):
    """The shipped policy in a small world of the study: its decisions today, and their truth."""
    folder = tmp_path_factory.mktemp(request.param)
    build_world(folder, "generate_world.py", "--accounts", str(ACCOUNTS), "--seed", "1", *study.WORLDS[request.param])
    return study.figures(folder, "precision") | study.against_the_oracle(folder) | study.trust(folder)


def test_todays_sleeping_dogs_are_left_alone(measured):
    assert measured["today_sleeping_dog_nudged_share"] <= 0.01
    assert measured["today_targets_with_sleeping_dog_admin_share"] <= 0.02


def test_every_account_is_decided_and_many_users_are_helped(measured):
    decided = {metric: value for metric, value in measured.items() if metric.startswith("today_accounts_")}
    assert sum(decided.values()) == ACCOUNTS
    assert decided["today_accounts_target"] > ACCOUNTS / 2
    assert measured["today_persuadable_nudged_share"] > 1 / 3


def test_the_average_effect_is_within_two_standard_errors_of_the_truth(measured):
    error = measured["average_effect"] - measured["true_average_effect"]
    assert abs(error) <= 2 * measured["average_effect_se"]
