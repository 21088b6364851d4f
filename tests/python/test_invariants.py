"""Every invariant of the policy can fail, and when one does, what was published before stays."""

from pathlib import Path

import duckdb
import pytest

POLICY_TESTS = Path(__file__).resolve().parents[1] / "policy"

DECISIONS = "intermediate.int_policy__account_decisions"
SCORES = "marts.user_uplift_scores"
IN_A_TARGET = f"account_id in (select account_id from {DECISIONS} where decision = 'target')"

FIRST_ACCOUNT = f"account_id = (select min(account_id) from {DECISIONS})"
NUDGE = f"update {DECISIONS} set decision = 'target' where"

VIOLATIONS = {
    "assert_every_account_has_one_decision": f"delete from {DECISIONS} where {FIRST_ACCOUNT}",
    "assert_every_guardrail_checked_every_account": (
        "delete from intermediate.int_policy__checks where guardrail = 'toxic_users'"
    ),
    "assert_no_target_has_a_sleeping_dog_admin": f"{NUDGE} n_sleeping_dog_admins > 0",
    "assert_no_target_exceeds_the_toxic_user_share": f"{NUDGE} sleeping_dog_share > toxic_user_share_limit",
    "assert_every_target_earns_revenue": f"{NUDGE} expected_revenue_usd <= 0",
    "assert_every_target_pays_for_itself": f"{NUDGE} net_value_usd <= 0",
    "assert_the_bandit_nudges_only_whom_the_policy_may": (
        "update intermediate.int_campaign__bandit_contexts set is_held_back = false"
    ),
    "assert_every_allocation_keeps_within_its_limits": "update seeds.allocation_limits set budget_usd = 1",
    "assert_lifetime_prices_follow_from_plan_values": (
        "update seeds.plan_values set churn_probability_per_harmed_admin = 0.1"
    ),
    "assert_no_target_has_an_unscored_user": f"update {SCORES} set lift = null where {IN_A_TARGET}",
    "assert_no_suppressed_account_is_nudged": f"update {DECISIONS} set decision = 'suppress_too_small'",
    "assert_every_nudge_is_expected_to_help": f"update {SCORES} set lift = 0 where {IN_A_TARGET}",
    "assert_features_use_nothing_on_or_after_as_of_date": (
        "insert into raw.user_activity_daily_raw select user_id, cast(as_of_date - interval 1 day as date), 1, 40, 0, "
        "60, 1 from intermediate.int_features__spine limit 100"
    ),
    "assert_lift_is_the_difference_of_its_arms": f"update {SCORES} set lift = lift + 0.01",
    "assert_no_user_is_scored_by_a_fold_that_saw_its_account": (
        "update intermediate.int_uplift__scores set fold = 1 - fold"
    ),
    "assert_the_frontier_passes_through_the_shipped_policy": (
        "update intermediate.int_policy__frontier_accounts set is_target = not is_target"
    ),
    "assert_parameters_used_equal_the_seed": f"update {DECISIONS} set toxic_user_share_limit = 0.5",
    "assert_exactly_one_policy_is_shipped": "update seeds.policy_parameters set is_shipped = true",
    "assert_no_control_account_is_nudged": "update seeds.campaign_parameters set control_share = 1",
    "assert_only_targets_are_nudged_unless_opted_in": (
        f"update {DECISIONS} set decision = 'suppress_toxic_admin' where is_shipped"
    ),
    "assert_the_validation_holdout_stays_small": (
        f"update {DECISIONS} set decision = 'suppress_toxic_admin' where is_shipped"
    ),
    "assert_no_momentum_trigger_breaks_the_policy": "update seeds.campaign_parameters set control_share = 1",
    "assert_no_user_is_triggered_again_within_the_cool_down": (
        "insert into marts.momentum_triggers select * replace (triggered_date + 29 as triggered_date) "
        "from marts.momentum_triggers"
    ),
    "assert_the_funnel_adds_up": "delete from marts.policy_funnel where decision = 'target'",
}


@pytest.fixture(scope="module")
def connection(built_world, tmp_path_factory):
    """A copy of the built world, since violations are written into it."""
    copy = tmp_path_factory.mktemp("invariants") / built_world.warehouse.name
    copy.write_bytes(built_world.warehouse.read_bytes())
    with duckdb.connect(str(copy)) as connection:
        yield connection


def compiled(built_world, name: str) -> str:
    """The test as the build ran it, but on what was published in the end instead of on the candidates."""
    query = (built_world.target / "compiled" / "causalyn" / "tests" / "policy" / f"{name}.sql").read_text()
    return query.replace('"candidate_', '"')


def test_every_invariant_has_a_violation():
    assert {path.stem for path in POLICY_TESTS.glob("*.sql")} == set(VIOLATIONS)


@pytest.mark.parametrize("name", VIOLATIONS)
def test_an_invariant_holds_and_fails_on_its_violation(built_world, connection, name):
    query = compiled(built_world, name)
    assert connection.sql(query).fetchall() == []
    connection.begin()
    connection.execute(VIOLATIONS[name])
    violations = connection.sql(query).fetchall()
    connection.rollback()
    assert violations, "the invariant did not notice its violation"


def test_a_broken_guardrail_stops_publication_and_leaves_the_last_lists(
    built_world, project_copy, run_dbt, read_published, tmp_path
):
    warehouse = tmp_path / built_world.warehouse.name
    warehouse.write_bytes(built_world.warehouse.read_bytes())
    guardrail = project_copy / "models" / "intermediate" / "guardrails" / "int_guardrail__toxic_admin.sql"
    guardrail.write_text(guardrail.read_text().replace("{{ guardrail_is_triggered('toxic_admin') }} as", "false as"))

    def models(table: str) -> list[tuple]:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            return connection.sql(f"select fold, model_sha256 from intermediate.{table} order by fold").fetchall()

    before, model_before = read_published(warehouse), models("int_uplift__published_models")
    result = run_dbt("build", warehouse=warehouse, project=project_copy)

    assert result.returncode != 0
    assert "assert_no_target_has_a_sleeping_dog_admin" in result.stdout
    assert read_published(warehouse) == before
    assert before["target_accounts"], "the lists that must stay must hold something"
    # The model too: daily scoring goes on by the one that was published.
    assert models("int_uplift__published_models") == model_before != models("int_uplift__models")
