"""The campaign: assignment to arms, readouts, and when it stops."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from causalyn.simulation.campaign_world import EVENT_COLUMNS, play
from causalyn.simulation.world_physics import GROUPS, PRESETS
from causalyn.warehouse.list_exports import export_lists
from play_campaign import NotPlayableError, play_campaign

DEFAULT = PRESETS["default"]
ENTRY = pd.Timestamp("2025-05-12")


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
    """Replaces the built world's decisions with many accounts that share one decision."""
    connection.execute(
        f"""
        create or replace table intermediate.int_policy__account_decisions as
        select 'today' as population, 'p' as policy_id, 'acct_' || i as account_id, '{decision}' as decision,
            1.0 * i as net_value_usd, true as is_shipped
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


def test_waves_are_deciles_of_the_targets_by_net_value(connection, compiled):
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
    validation = compiled("int_campaign__validation")
    connection.execute(f"create or replace table intermediate.int_campaign__validation as {validation}")
    dealt = assignments(connection, compiled)
    nudged = {account for account, (*_, arm) in dealt.items() if arm == "treatment"}
    assert not any(dealt[account][0] for account in nudged), "an account is nudged and in the control"
    assert 0.043 < len(nudged) / len(dealt) <= 0.05


@pytest.mark.parametrize(
    ("share", "before"),
    [
        ("control_share", ""),
        ("exploration_share", "update marts.campaign_arms set exploration_share = 0.1"),
        ("validation_holdout_share", "update marts.campaign_arms set experiment = 'validation'"),
    ],
)
@pytest.mark.fault("a share changed while the campaign runs", "stops, one line says what to do")
def test_another_share_takes_another_campaign(warehouse, run_dbt, seen, listed, share, before):
    with duckdb.connect(str(warehouse)) as connection:
        recorded = connection.sql(
            "select account_id, experiment, arm, wave from marts.campaign_arms order by all"
        ).fetchall()
        dealt = connection.sql(
            "select account_id, experiment, arm, wave from marts.campaign_assignments where arm is not null"
        )
        assert recorded == dealt.order("all").fetchall() != []
        connection.execute(
            f"{before}; update seeds.campaign_parameters set {share} = 0.02, has_validation_holdout = true;"
            " delete from builds.fingerprints where table_name = 'marts.campaign_arms'"
        )
    refused = run_dbt("run", "--select", "int_campaign__dealt_before", warehouse=Path(warehouse))
    assert refused.returncode != 0
    said = re.search(rf"Nothing was decided: {share} changed.*?another salt", refused.stdout, flags=re.S)
    message = " ".join(said[0].split())
    seen(message)
    listed(message)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("update seeds.campaign_parameters set salt = 'another'")
    assert run_dbt("run", "--select", "int_campaign__dealt_before", warehouse=Path(warehouse)).returncode == 0


@pytest.mark.parametrize("decision", ["target", "suppress_toxic_admin"])
def test_accounts_keep_their_arm_when_others_are_added(connection, compiled, decision):
    connection.execute("update seeds.campaign_parameters set has_validation_holdout = true")
    set_decisions(connection, 2000, decision)
    before = assignments(connection, compiled)
    set_decisions(connection, 3000, decision)
    after = assignments(connection, compiled)
    moved = {account for account in before if after[account] != before[account]}
    # The holdout is capped at its share, so accounts drawn last may move.
    assert len(moved) <= (0 if decision == "target" else 0.002 * len(before))


def test_another_salt_deals_anew_and_the_same_one_does_not(connection, compiled):
    set_decisions(connection, 20_000, "target")
    before = assignments(connection, compiled)
    assert assignments(connection, compiled) == before
    connection.execute("update seeds.campaign_parameters set salt = 'another'")
    after = assignments(connection, compiled)
    both = sum(before[account][0] and after[account][0] for account in before)
    assert both / len(before) == pytest.approx(0.01, abs=0.003)


def test_the_arms_are_alike_in_what_is_known_before(connection, compiled):
    """In many assignments, about 1 in 20 puts control and the other accounts more than 1.96 standard errors apart."""
    known = (
        connection.sql(
            """
            select account_id, seat_count, account_health_score, annual_recurring_revenue_usd,
                is_cs_assigned::int as is_cs_assigned, (plan_tier = 'enterprise')::int as is_enterprise,
                actions, momentum, intensity, admins, lift
            from staging.stg_accounts
            inner join (
                select account_id, sum(actions_30d) as actions, avg(momentum) as momentum, avg(intensity) as intensity,
                    sum(is_admin::int) as admins, sum(lift) as lift
                from intermediate.int_features__users
                inner join marts.user_uplift_scores using (population, user_id, account_id)
                where population = 'today'
                group by 1
            ) using (account_id)
            """
        )
        .df()
        .set_index("account_id")
        .astype(float)
    )
    distances = []
    for salt in range(60):
        connection.execute("update seeds.campaign_parameters set salt = ?", [f"deal {salt}"])
        dealt = assignments(connection, compiled)
        is_control = known.index.map(lambda account, dealt=dealt: dealt[account][0])
        groups = known.groupby(is_control)
        (rest, control), (rest_error, control_error) = groups.mean().to_numpy(), groups.sem().to_numpy()
        distances.append((control - rest) / (rest_error**2 + control_error**2) ** 0.5)
    far = np.abs(distances) > 1.96
    assert far.shape == (60, 10)
    assert 0.02 < far.mean() < 0.09, "deals are not drawn independently of what is known"
    assert np.abs(np.mean(distances, axis=0)).max() < 4 / 60**0.5


# Playing


def users(n: int, nudged: bool, group: str = "persuadable") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "user_id": [f"u{i:05}" for i in range(n)],
            "account_id": [f"a{i // 5:05}" for i in range(n)],
            "is_admin": np.arange(n) % 4 == 0,
            "is_nudged": nudged,
            "latent_uplift_group": group,
            "p_control": 0.2,
            "p_treated": 0.5,
        }
    )


def test_users_convert_react_and_leave_as_the_physics_says():
    n = 20_000
    for nudged, converts, reacts in ((False, 0.2, DEFAULT.spontaneous_reaction), (True, 0.5, 0.40)):
        events = play(users(n, nudged, "sleeping_dog"), DEFAULT, ENTRY, seed=1)
        assert list(events.columns) == EVENT_COLUMNS
        assert events["event_id"].is_unique
        entries = events[events["event_date"] == ENTRY]
        assert len(entries) == n and set(entries["sent_flag"]) == {int(nudged)}
        assert events["event_date"].max() == ENTRY + pd.Timedelta(days=21)
        assert events["converted_flag"].mean() * len(events) / n == pytest.approx(converts, abs=0.01)
        assert events["negative_reaction_flag"].sum() / n == pytest.approx(reacts, abs=0.01)
        leaves = 4 * events["admin_churned_flag"].sum() / n
        assert leaves == pytest.approx((1 - reacts) * 0.01 + reacts * 0.30, abs=0.012)
        assert events.loc[events["converted_flag"] == 1, "revenue_usd"].mean() == pytest.approx(55, abs=0.7)
        assert events.loc[events["converted_flag"] == 0, "revenue_usd"].isna().all()


def test_the_same_seed_plays_the_same_and_a_nudge_changes_nobody_elses_luck():
    held_out, one_nudged = users(500, False), users(500, False)
    one_nudged.loc[7, "is_nudged"] = True
    before = play(held_out, DEFAULT, ENTRY, seed=1)
    pd.testing.assert_frame_equal(before, play(held_out.sample(frac=1, random_state=0), DEFAULT, ENTRY, seed=1))
    after = play(one_nudged, DEFAULT, ENTRY, seed=1)
    others = [events[events["user_id"] != "u00007"].reset_index(drop=True) for events in (before, after)]
    pd.testing.assert_frame_equal(*others)
    assert not before.equals(play(held_out, DEFAULT, ENTRY, seed=2))


def test_a_world_that_does_not_know_its_chances_is_not_played():
    with pytest.raises(ValueError, match="only a generated world"):
        play(users(3, True).assign(p_control=None), DEFAULT, ENTRY, seed=1)


def test_a_campaign_without_hidden_truth_is_not_played(warehouse):
    with pytest.raises(NotPlayableError, match="hidden truth is missing"):
        play_campaign(warehouse, DEFAULT, seed=1)


# The rollback monitor


def rows(destination) -> dict[str, int]:
    files = json.loads((destination / "manifest.json").read_text())["files"]
    return {name.removesuffix(".csv"): file["rows"] for name, file in files.items() if name.endswith(".csv")}


def test_a_campaign_that_annoys_its_first_waves_is_paused_and_the_later_ones_are_not_exported(
    built_world, warehouse, tmp_path
):
    shutil.copy(built_world.warehouse.with_suffix(".truth.duckdb"), tmp_path)
    export_lists(warehouse, tmp_path / "exports")
    before = rows(tmp_path / "exports")
    annoying = {name: replace(getattr(DEFAULT, name), negative_reaction_share=0.3) for name in GROUPS}

    status, _ = play_campaign(warehouse, replace(DEFAULT, **annoying), seed=1)

    assert set(status["status"]) == {"pause"}
    assert status["log_e_value"].max() >= status["log_e_value_limit"].max()
    assert 1 <= status["begun_date"].notna().sum() <= 2
    export_lists(warehouse, tmp_path / "exports")
    after = rows(tmp_path / "exports")
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        (n_nudged,) = connection.execute(
            "select count(*) from marts.campaign_user_assignments where arm = 'treatment'"
        ).fetchone()
    campaign = ("campaign_nudge_list", "campaign_assignments", "target_accounts")
    assert 0 < before["campaign_nudge_list"] < n_nudged / 5, "more than the first wave was exported"
    assert [after[name] for name in campaign] == [0, 0, 0]
    assert after["do_not_disturb_accounts"] == before["do_not_disturb_accounts"]

    with pytest.raises(NotPlayableError, match="this campaign has started"):
        play_campaign(warehouse, DEFAULT, seed=1)


def test_no_export_has_the_global_control_nudged(warehouse, tmp_path):
    export_lists(warehouse, tmp_path / "exports")
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        held_out = "select account_id from marts.campaign_assignments where is_global_control"
        for name in ("target_accounts", "campaign_nudge_list", "low_cost_channel_accounts"):
            nudged = f"select account_id from '{tmp_path}/exports/{name}.parquet'"
            assert connection.execute(nudged).fetchall() != []
            assert connection.execute(f"{nudged} intersect {held_out}").fetchall() == []
        assert connection.execute(f"{held_out} intersect select account_id from marts.nudge_list").fetchall() != []


def share_of_paused_waves(connection, compiled, mean: float, waves: int = 600, accounts: int = 80) -> float:
    """Share of waves that pause at one of eight looks. Users' reactions correlate within accounts (ICC 1/3)."""
    rng = np.random.default_rng(7)
    chance = rng.beta(2 * mean, 2 * (1 - mean), (waves, accounts))
    log = pd.DataFrame(
        {
            "account_id": np.arange(waves * accounts).astype(str),
            "experiment": "rollout",
            "arm": "treatment",
            "wave": np.repeat(np.arange(waves), accounts),
            "entry_date": ENTRY,
            "n_nudged_users": 5,
            "n_reacting_users": rng.binomial(5, chance).ravel(),
            "place": np.tile(np.arange(accounts), waves),
        }
    )
    paused = set()
    connection.register("log", log)
    connection.execute("create or replace table intermediate.int_campaign__assignments as from log")
    for look in range(10, accounts + 1, 10):
        connection.execute(
            f"create or replace table intermediate.int_campaign__account_log as"
            f" select * replace (cast(entry_date as date) as entry_date) from log where place < {look}"
        )
        harmful = (
            f"select wave from ({compiled('int_campaign__rollout_status')}) where log_e_value >= log_e_value_limit"
        )
        paused |= {wave for (wave,) in connection.execute(harmful).fetchall()}
    return len(paused) / waves


def test_a_harmless_wave_is_paused_at_most_at_the_stated_rate_however_often_one_looks(connection, compiled):
    assert share_of_paused_waves(connection, compiled, mean=0.05) <= 0.05 + 2 * (0.05 * 0.95 / 600) ** 0.5


def test_a_harmful_wave_is_paused(connection, compiled):
    assert share_of_paused_waves(connection, compiled, mean=0.20) > 0.9
