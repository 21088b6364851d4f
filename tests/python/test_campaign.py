"""The campaign: who is dealt to which arm, what it reads out, and when it stops."""

from __future__ import annotations

import hashlib
import shutil

import duckdb
import pytest


@pytest.fixture
def warehouse(built_world, tmp_path):
    """A copy of the built world that a test may change."""
    return shutil.copy(built_world.warehouse, tmp_path / built_world.warehouse.name)


@pytest.fixture
def connection(warehouse):
    with duckdb.connect(str(warehouse)) as connection:
        yield connection


@pytest.fixture(scope="session")
def compiled(built_world):
    """The SQL of a campaign model as it ran."""

    def compiled(model: str) -> str:
        (path,) = (built_world.target / "compiled" / "causalyn" / "models").rglob(f"campaign/{model}.sql")
        return path.read_text()

    return compiled


ARMS = "select account_id, is_global_control, experiment, arm from assignments order by 1"


def assignments(connection, compiled) -> dict[str, tuple]:
    rows = connection.execute(f"with assignments as ({compiled('int_campaign__assignments')}) {ARMS}").fetchall()
    return {account: assigned for account, *assigned in rows}


def draw(salt: str, account_id: str) -> int:
    return int(hashlib.md5(f"{salt}:{account_id}".encode()).hexdigest()[:8], 16) % 10_000


def set_decisions(connection, accounts: int, decision: str) -> None:
    """Many accounts with one decision, in the place of the built world's."""
    connection.execute(
        f"""
        create or replace table intermediate.int_policy__account_decisions as
        select 'p' as policy_id, 'acct_' || i as account_id, '{decision}' as decision, 1.0 * i as net_value_usd,
            true as is_shipped
        from range({accounts}) as r(i)
        """
    )


def test_a_tenth_of_the_accounts_is_control_by_a_hash_that_any_engine_computes(connection, compiled):
    set_decisions(connection, 50_000, "target")
    dealt = assignments(connection, compiled)
    (salt,) = connection.execute("select salt from seeds.campaign_parameters").fetchone()
    control = {account for account, (is_control, *_) in dealt.items() if is_control}
    assert control == {account for account in dealt if draw(f"{salt}:control", account) < 1000}
    assert len(control) / len(dealt) == pytest.approx(0.10, abs=0.005)
    assert {account for account, (*_, arm) in dealt.items() if arm == "control"} == control


def test_waves_are_tenths_of_the_targets_by_net_value(connection, compiled):
    set_decisions(connection, 1000, "target")
    connection.execute(f"create table dealt as {compiled('int_campaign__assignments')}")
    waves = connection.execute(
        "select wave, count(*), max(net_value_usd), avg(is_global_control::int) from dealt group by 1 order by 1"
    ).fetchall()
    assert [(wave, n, most) for wave, n, most, _ in waves] == [(i + 1, 100, 999 - 100 * i) for i in range(10)]
    assert all(0 < share < 0.25 for *_, share in waves)


def test_the_validation_holdout_is_off_and_once_on_it_is_just_below_its_share(connection, compiled):
    set_decisions(connection, 50_000, "suppress_toxic_admin")
    assert {arm for *_, arm in assignments(connection, compiled).values()} == {None}

    connection.execute("update seeds.campaign_parameters set has_validation_holdout = true")
    dealt = assignments(connection, compiled)
    nudged = {account for account, (*_, arm) in dealt.items() if arm == "treatment"}
    assert not any(dealt[account][0] for account in nudged), "an account is nudged and in the control"
    assert 0.043 < len(nudged) / len(dealt) <= 0.05


@pytest.mark.parametrize("decision", ["target", "suppress_toxic_admin"])
def test_accounts_keep_their_arm_when_others_are_added(connection, compiled, decision):
    connection.execute("update seeds.campaign_parameters set has_validation_holdout = true")
    set_decisions(connection, 2000, decision)
    before = assignments(connection, compiled)
    set_decisions(connection, 3000, decision)
    after = assignments(connection, compiled)
    moved = {account for account in before if after[account] != before[account]}
    # The holdout is cut off at its share, so that those drawn last may move.
    assert len(moved) <= (0 if decision == "target" else 0.002 * len(before))


def test_another_salt_deals_anew_and_the_same_one_does_not(connection, compiled):
    set_decisions(connection, 20_000, "target")
    before = assignments(connection, compiled)
    assert assignments(connection, compiled) == before
    connection.execute("update seeds.campaign_parameters set salt = 'another'")
    after = assignments(connection, compiled)
    both = sum(before[account][0] and after[account][0] for account in before)
    assert both / len(before) == pytest.approx(0.01, abs=0.003)


def test_the_arms_are_alike_in_what_is_known_before(built_world):
    """Standardised differences between control and the other accounts: of ten, none beyond 3.5 standard errors."""
    with duckdb.connect(str(built_world.warehouse), read_only=True) as connection:
        frame = connection.sql(
            """
            select is_global_control, seat_count, account_health_score, annual_recurring_revenue_usd,
                is_cs_assigned::int as is_cs_assigned, (plan_tier = 'enterprise')::int as is_enterprise,
                actions, momentum, intensity, admins, lift
            from marts.campaign_assignments
            inner join staging.stg_accounts using (account_id)
            inner join (
                select account_id, sum(actions_30d) as actions, avg(momentum) as momentum, avg(intensity) as intensity,
                    sum(is_admin::int) as admins, sum(lift) as lift
                from intermediate.int_features__user_features
                inner join marts.user_uplift_scores using (user_id, account_id)
                where purpose = 'retrospective'
                group by 1
            ) using (account_id)
            """
        ).df()
    groups = frame.astype(float).groupby("is_global_control")
    (rest, control), (rest_error, control_error) = groups.mean().to_numpy(), groups.sem().to_numpy()
    z = (control - rest) / (rest_error**2 + control_error**2) ** 0.5
    assert len(z) == 10
    assert abs(z).max() < 3.5
