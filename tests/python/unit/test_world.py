"""The generated world: reproducible, complete or absent, dirty at its rate, and true to its physics."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import pytest

from causalyn.simulation import world, world_store
from causalyn.simulation.world_physics import FAULTS, GROUPS, PERSUADABLE, PRESETS, SLEEPING_DOG
from causalyn.simulation.world_store import write_world
from causalyn.warehouse import origin
from causalyn.warehouse.raw_contract import TABLES, TRUTH, TRUTH_TODAY, truth_path

DEFAULT = PRESETS["default"]
GENERATOR = Path(__file__).parents[3] / "scripts" / "generate_world.py"

# True activity rows as cleaning finds them: a user's fullest row per day, and no impossible ones.
DAYS = """
    days as (
        select user_id, activity_date, max(core_action_count + collab_action_count) as actions,
            max(time_spent_minutes) as minutes
        from raw.user_activity_daily_raw
        where time_spent_minutes between 0 and 1440 and activity_date < date '2030-01-01'
        group by all
    )
"""
USERS = f"""
    create temp table scored as
    with {DAYS},
    windows as (
        select user_id,
            coalesce(sum(actions) filter (where activity_date >= intervention_date - 30), 0) as actions_30d,
            coalesce(sum(actions) filter (where activity_date >= intervention_date - 7), 0) as actions_7d,
            sum(minutes) filter (where activity_date >= intervention_date - 30) as minutes_30d
        from raw.interventions_raw
        left join days using (user_id)
        where activity_date < intervention_date or activity_date is null
        group by all
    )
    select interventions.*, outcomes.* exclude (user_id, intervention_id), truth.* exclude (user_id),
        users.role_type, coalesce(actions_30d, 0) as actions_30d,
        4 * actions_7d / nullif(actions_30d, 0) as momentum,
        actions_30d / nullif(minutes_30d, 0) as intensity
    from raw.interventions_raw as interventions
    inner join raw.outcomes_raw as outcomes using (user_id, intervention_id)
    inner join (select distinct user_id, role_type from raw.users_raw) as users using (user_id)
    inner join truth.latent_uplift_groups_hidden as truth using (user_id)
    left join windows using (user_id)
    where eligibility_flag = 1
"""


# Worlds whose chunks or tables differ: the default, several campaigns, and users who change after them.
WORLDS = pytest.mark.parametrize(("preset", "campaigns"), [("default", 1), ("default", 3), ("drift", 2)])


def generate(warehouse: Path, accounts: int, seed: int = 42, preset: str = "default", campaigns: int = 1) -> Path:
    write_world(warehouse, world.chunks(PRESETS[preset], accounts, seed, campaigns), accounts)
    return warehouse


def open_world(warehouse: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(
        f"attach '{warehouse}' as world (read_only); attach '{truth_path(warehouse)}' as truth (read_only)"
    )
    connection.execute("use world")
    return connection


def contents(warehouse: Path, where: str = "true") -> dict[str, list[tuple]]:
    """Every raw row and every row of truth, in the order written."""
    with open_world(warehouse) as connection:
        truths = connection.execute(
            "select table_name from duckdb_tables() where database_name = 'truth' and table_name <> 'origin'"
        ).fetchall()
        tables = [f"raw.{table.name}" for table in TABLES] + [f"truth.{name}" for (name,) in truths]
        return {table: connection.execute(f"from {table} where {where}").fetchall() for table in tables}


def one(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple:
    (row,) = connection.execute(sql).fetchall()
    return row


@pytest.fixture(scope="module")
def default_world(tmp_path_factory) -> duckdb.DuckDBPyConnection:
    """The default world, with a temporary table `scored` of its eligible users."""
    with open_world(generate(tmp_path_factory.mktemp("world") / "causalyn.duckdb", 2400)) as connection:
        connection.execute(USERS)
        yield connection


# Reproducible


@WORLDS
def test_same_seed_gives_the_same_rows_in_the_same_order_with_one_thread_and_two(
    tmp_path, monkeypatch, preset, campaigns
):
    connect = duckdb.connect
    worlds = []
    for threads in (1, 2, 2):
        with monkeypatch.context() as patch:
            patch.setattr(duckdb, "connect", partial(connect, config={"threads": threads}))
            generate(tmp_path / f"{len(worlds)}.duckdb", 300, preset=preset, campaigns=campaigns)
        worlds.append(contents(tmp_path / f"{len(worlds)}.duckdb"))
    assert worlds[0] == worlds[1] == worlds[2]
    generate(tmp_path / "other.duckdb", 300, seed=43, preset=preset, campaigns=campaigns)
    assert contents(tmp_path / "other.duckdb") != worlds[0]


@WORLDS
def test_bigger_world_starts_with_the_accounts_of_a_smaller_one(tmp_path, preset, campaigns):
    small = contents(generate(tmp_path / "small.duckdb", 50, preset=preset, campaigns=campaigns))
    accounts = world.CHUNK_ACCOUNTS + 50
    with open_world(generate(tmp_path / "big.duckdb", accounts, preset=preset, campaigns=campaigns)) as big:
        last_user = max(row[0] for row in small["raw.users_raw"])
        assert (
            big.execute("from raw.accounts_raw where account_id < 'acct_000050'").fetchall()
            == small["raw.accounts_raw"]
        )
        for table in small.keys() - {"raw.accounts_raw", "raw.user_activity_daily_raw"}:
            assert big.execute(f"from {table} where user_id <= '{last_user}'").fetchall() == small[table], table
        activity = [row for row in small["raw.user_activity_daily_raw"] if row[0] <= last_user]
        assert activity == big.execute(f"from raw.user_activity_daily_raw where user_id <= '{last_user}'").fetchall()
        assert one(big, "select count(*), count(distinct account_id) from raw.accounts_raw") == (accounts, accounts)


def test_the_truth_of_other_raw_tables_is_not_played(tmp_path):
    warehouse = tmp_path / "causalyn.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        with pytest.raises(world_store.NotPlayableError, match="hidden truth is missing"):
            world_store.attach_truth(connection, warehouse)
        connection.execute("create schema raw")
        origin.record(connection, origin.GENERATED)
        with duckdb.connect(str(truth_path(warehouse))) as truth:
            origin.mark_truth(connection, truth)
        assert world_store.attach_truth(connection, warehouse).startswith("truth.")
        connection.execute("detach truth; update raw.origin set loaded_at = loaded_at + interval 1 second")
        with pytest.raises(world_store.NotPlayableError, match="belongs to other raw tables"):
            world_store.attach_truth(connection, warehouse)


def test_the_default_world_stays_the_same():
    """Other campaigns and presets must not change it; intended changes update the digest here."""
    (chunk,) = world.chunks(DEFAULT, 100, seed=42)
    digest = hashlib.sha256()
    for columns in (chunk.accounts, chunk.users, chunk.activity, chunk.interventions, chunk.truth):
        for name in sorted(columns):
            if columns[name].dtype.kind in "biu":
                digest.update(name.encode() + columns[name].astype(np.int64).tobytes())
    assert digest.hexdigest()[:16] == "9808b2b5c9b99eef"
    assert chunk.truth_today is None


# Complete or absent


@pytest.fixture
def old_world(tmp_path) -> Path:
    return generate(tmp_path / "causalyn.duckdb", 20, seed=1)


def test_failed_generation_leaves_the_previous_world(old_world):
    before = contents(old_world)

    def failing_chunks():
        yield from world.chunks(DEFAULT, 40, seed=2)
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        write_world(old_world, failing_chunks(), 40)
    assert contents(old_world) == before
    assert {path.name for path in old_world.parent.iterdir()} == {"causalyn.duckdb", "causalyn.truth.duckdb"}


def test_killed_generation_leaves_the_previous_world(old_world):
    before = contents(old_world)
    script = f"""
import os, pathlib, signal
from causalyn.simulation import world, world_physics, world_store
def chunks():
    yield from world.chunks(world_physics.PRESETS["default"], {world.CHUNK_ACCOUNTS}, seed=2)
    os.kill(os.getpid(), signal.SIGKILL)
world_store.write_world(pathlib.Path({str(old_world)!r}), chunks(), 1)
"""
    killed = subprocess.run([sys.executable, "-c", script], cwd=GENERATOR.parent, capture_output=True, text=True)
    assert killed.returncode == -9, killed.stderr
    assert contents(old_world) == before
    generate(old_world, 30)
    assert len(contents(old_world)["raw.accounts_raw"]) == 30
    assert {path.name for path in old_world.parent.iterdir()} == {"causalyn.duckdb", "causalyn.truth.duckdb"}


def test_command_says_what_it_wrote_and_keeps_it_from_others(tmp_path):
    warehouse = tmp_path / "new" / "causalyn.duckdb"
    options = [
        sys.executable,
        GENERATOR,
        "--warehouse",
        warehouse,
        "--accounts",
        "30",
        "--seed",
        "5",
        "--preset",
        "drift",
        "--campaigns",
        "2",
    ]
    result = subprocess.run(options, capture_output=True, text=True, check=True)
    rows = len(contents(warehouse)["raw.user_activity_daily_raw"])
    assert "Generated 30 accounts, " in result.stdout
    assert f" and {rows:,} activity rows in " in result.stdout
    assert result.stderr == ""
    for path in (warehouse, truth_path(warehouse), warehouse.parent):
        assert path.stat().st_mode & 0o077 == 0, path
    assert contents(warehouse) == contents(generate(tmp_path / "same.duckdb", 30, 5, "drift", campaigns=2))


@pytest.mark.parametrize(
    "wrong", [["--accounts", "0"], ["--preset", "easy"], ["--seed", "-1"], ["--campaigns", "0"], ["--campaigns", "7"]]
)
def test_command_refuses_what_it_cannot_do(wrong, tmp_path):
    options = [sys.executable, GENERATOR, "--warehouse", tmp_path / "causalyn.duckdb", *wrong]
    result = subprocess.run(options, capture_output=True, text=True)
    assert result.returncode == 2
    assert wrong[0] in result.stderr
    assert not list(tmp_path.iterdir())


# The raw contract


def test_raw_tables_have_the_contracts_columns(default_world):
    for table in TABLES:
        found = default_world.execute(f"describe raw.{table.name}").fetchall()
        assert [(name, kind.lower()) for name, kind, *_ in found] == [(c.name, c.type) for c in table.columns]


def test_rows_refer_to_each_other(default_world):
    users = "(select distinct user_id, account_id, user_created_date, invited_by_user_id from raw.users_raw)"
    assert one(default_world, f"select count(*) = count(distinct user_id) from {users}") == (True,)
    assert one(
        default_world,
        f"""
        select bool_and(i.account_id = u.account_id), bool_and(o.intervention_id = i.intervention_id),
            bool_and(i.treatment_flag <= i.eligibility_flag), bool_and(u.user_created_date < i.intervention_date - 42),
            count(*) = count(distinct i.user_id), bool_or(i.eligibility_flag = 0)
        from raw.interventions_raw as i
        inner join {users} as u using (user_id)
        full join raw.outcomes_raw as o using (user_id)
        """,
    ) == (True, True, True, True, True, True)
    assert one(
        default_world,
        f"""
        select bool_and(n_users <= seat_count), bool_and(n_eligible >= 1), bool_and(account_created_date <= first_created)
        from raw.accounts_raw
        inner join (
            select u.account_id, count(*) as n_users, count(*) filter (where eligibility_flag = 1) as n_eligible,
                min(user_created_date) as first_created
            from {users} as u left join raw.interventions_raw using (user_id) group by all
        ) using (account_id)
        """,
    ) == (True, True, True)
    assert one(
        default_world,
        f"""
        select bool_and(guest.account_id = host.account_id and guest.user_id > host.user_id), count(*) > 1000
        from {users} as guest inner join {users} as host on guest.invited_by_user_id = host.user_id
        """,
    ) == (True, True)


def test_activations_follow_interventions_within_the_window(default_world):
    first, last, agree, window = one(
        default_world,
        """
        select min(activation_date - intervention_date), max(activation_date - intervention_date),
            bool_and((activation_date is not null) = coalesce(collab_activated_flag = 1, false)),
            max(outcome_window_days)
        from raw.outcomes_raw inner join raw.interventions_raw using (user_id, intervention_id)
        """,
    )
    assert (first, last, agree) == (1, window, True)


# Dirt


def test_dirt_is_there_at_its_rate(default_world):
    dirt = DEFAULT.dirt
    rows, true_rows, exact, partial_rows, negative, impossible, future, orphan = one(
        default_world,
        """
        with marked as (
            select *, user_id not in (select user_id from raw.users_raw) as is_orphan,
                time_spent_minutes not between 0 and 1440 or activity_date > date '2030-01-01' as is_impossible
            from raw.user_activity_daily_raw
        ),
        possible as (
            select *,
                dense_rank() over (
                    partition by user_id, activity_date
                    order by core_action_count + collab_action_count desc, time_spent_minutes desc
                ) as fullness
            from marked where not is_orphan and not is_impossible
        )
        select
            (select count(*) from marked),
            (select count(*) from (select distinct user_id, activity_date from possible)),
            (select count(*) from possible where fullness = 1),
            (select count(*) from possible where fullness > 1),
            (select count(*) from marked where time_spent_minutes < 0),
            (select count(*) from marked where time_spent_minutes > 1440),
            (select count(*) from marked where activity_date > date '2030-01-01'),
            (select count(*) from marked where is_orphan)
        """,
    )
    rates = {
        "duplicate_activity": exact - true_rows,
        "partial_activity": partial_rows,
        "negative_minutes": negative,
        "impossible_minutes": impossible,
        "future_date": future,
        "orphan": orphan,
    }
    for kind, count in rates.items():
        assert count / true_rows == pytest.approx(getattr(dirt, kind), rel=0.1), kind
    assert rows == true_rows + sum(rates.values())

    users, twice, upper, padded, missing = one(
        default_world,
        """
        select count(distinct user_id), count(*) - count(distinct user_id),
            count(*) filter (where role_type <> lower(role_type)), count(*) filter (where role_type <> trim(role_type)),
            count(*) filter (where role_type is null)
        from raw.users_raw
        """,
    )
    shares = {"duplicate_user": twice, "upper_case_role": upper, "padded_role": padded, "missing_role": missing}
    for kind, count in shares.items():
        assert count / users == pytest.approx(getattr(dirt, kind), rel=0.5), kind


def test_outcomes_go_missing_with_quiet_and_not_with_the_outcome():
    (chunk,) = world.chunks(replace(DEFAULT, unobserved_outcome=0.2, unobserved_outcome_quiet=0.3), 2400, seed=3)
    missing, converted = ~chunk.interventions["observed"], chunk.interventions["converted"]
    group = chunk.truth["group"][chunk.interventions["user"]]
    quiet = group == GROUPS.index("lost_cause")
    assert missing[quiet].mean() > missing[~quiet].mean() + 0.05
    for of_group in (group == number for number in range(len(GROUPS))):
        gap = missing[of_group & converted].mean() - missing[of_group & ~converted].mean()
        assert abs(gap) < 4 * np.sqrt(0.25 / (of_group & converted).sum())


# Physics


@pytest.mark.parametrize("preset", PRESETS)
def test_lift_lies_within_its_groups_range(preset):
    physics = PRESETS[preset]
    (chunk,) = world.chunks(physics, 600, seed=4)
    lift = chunk.truth["p_treated"] - chunk.truth["p_control"]
    if not physics.has_smooth_lift:
        low, high = physics.by_group("lift")[chunk.truth["group"]].T
        assert (lift >= low - 1e-12).all() and (lift <= high + 1e-12).all()
    assert chunk.truth["p_control"].min() >= 0 and chunk.truth["p_treated"].min() >= 0
    assert chunk.truth["p_control"].max() <= 1 and chunk.truth["p_treated"].max() <= 1


def test_presets_do_what_they_say():
    lift = {}
    for preset, physics in PRESETS.items():
        (chunk,) = world.chunks(physics, 600, seed=4)
        lift[preset] = chunk.truth["p_treated"] - chunk.truth["p_control"]
    assert (lift["null"] == 0).all()
    assert lift["harm"].max() <= -0.05 and lift["harm"].min() >= -0.35
    for preset in ("default", "hard"):
        assert (lift[preset] > 0).any() and (lift[preset] < -0.2).any()


def test_groups_answer_as_their_names_say(default_world):
    lift = dict(
        default_world.execute(
            """
            select latent_uplift_group, avg(collab_activated_flag) filter (where treatment_flag = 1)
                - avg(collab_activated_flag) filter (where treatment_flag = 0)
            from scored where prev_nudge_response <> 'negative' group by all
            """
        ).fetchall()
    )
    assert lift["persuadable"] > 0.15
    assert lift["sleeping_dog"] < -0.15
    assert abs(lift["sure_thing"]) < 0.12
    assert abs(lift["lost_cause"]) < 0.05


def test_sleeping_dogs_are_above_the_90th_percentile_of_intensity(default_world, tmp_path):
    share = """
        with cut as (select quantile_cont(intensity, 0.9) as p90 from scored)
        select avg((intensity > p90)::int), avg(actions_30d) / (select avg(actions_30d) from scored)
        from scored, cut where latent_uplift_group = 'sleeping_dog'
    """
    above, busier = one(default_world, share)
    assert above > 0.95
    assert busier > 1.5
    with open_world(generate(tmp_path / "hard.duckdb", 600, preset="hard")) as hard:
        hard.execute(USERS)
        assert 0.3 < one(hard, share)[0] < 0.9


def test_persuadables_decelerate_and_the_others_do_not(default_world):
    momentum = dict(
        default_world.execute("select latent_uplift_group, median(momentum) from scored group by all").fetchall()
    )
    assert momentum["persuadable"] == pytest.approx(DEFAULT.declining_momentum, abs=0.03)
    assert momentum["sure_thing"] == pytest.approx(DEFAULT.stable_momentum, abs=0.03)
    assert momentum["lost_cause"] == pytest.approx(DEFAULT.stable_momentum, abs=0.05)
    assert momentum["sleeping_dog"] > 1.1


def test_sure_things_are_mostly_admins_and_lost_causes_are_quiet(default_world):
    admins, actions = zip(
        *default_world.execute(
            """
            select avg((lower(trim(role_type)) = 'admin')::int), median(actions_30d)
            from scored where latent_uplift_group in ('sure_thing', 'lost_cause')
            group by latent_uplift_group order by latent_uplift_group
            """
        ).fetchall(),
        strict=True,
    )
    assert admins[1] > 0.5 > admins[0]
    assert actions[1] > 5 * actions[0]


def test_most_active_users_are_put_off(default_world):
    (lift,) = one(
        default_world,
        "select avg(true_lift) from scored where actions_30d > (select quantile_cont(actions_30d, 0.9) from scored)",
    )
    assert lift < 0


def test_sleeping_dogs_and_sure_things_share_accounts(default_world):
    with_dog, without = one(
        default_world,
        """
        with accounts as (
            select account_id, bool_or(latent_uplift_group = 'sleeping_dog') as has_dog,
                avg((latent_uplift_group = 'sure_thing')::int) as sure_things
            from scored group by all
        )
        select avg(sure_things) filter (where has_dog), avg(sure_things) filter (where not has_dog) from accounts
        """,
    )
    assert with_dog > 1.5 * without


# Causality


def test_raw_comparison_says_harm_though_the_nudge_helps(default_world):
    raw, true, treated = one(
        default_world,
        """
        select avg(collab_activated_flag) filter (where treatment_flag = 1)
            - avg(collab_activated_flag) filter (where treatment_flag = 0), avg(true_lift), avg(treatment_flag)
        from scored
        """,
    )
    assert raw < -0.01
    assert true > 0.06
    assert 0.30 < treated < 0.45


def test_adjusting_for_what_the_campaign_saw_undoes_the_confounding(default_world):
    adjusted, true = one(
        default_world,
        """
        with cells as (
            select count(*) as n, avg(true_lift) as true_lift,
                avg(collab_activated_flag) filter (where treatment_flag = 1)
                - avg(collab_activated_flag) filter (where treatment_flag = 0) as difference
            from scored
            group by latent_uplift_group, prev_nudge_response = 'negative', least(actions_30d // 50, 6)
            having min(treatment_flag) < max(treatment_flag)
        )
        select sum(difference * n) / sum(n), sum(true_lift * n) / sum(n) from cells where difference is not null
        """,
    )
    assert adjusted == pytest.approx(true, abs=0.03)


def test_both_arms_exist_in_every_group(default_world):
    shares = default_world.execute("select avg(treatment_flag) from scored group by latent_uplift_group").fetchall()
    assert all(0.1 < share < 0.9 for (share,) in shares)


def before_and_after(chunk: world.Chunk) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The activity of the campaign's users before their intervention, and from then on."""
    day = np.zeros(int(chunk.truth["user"][-1]) + 1, dtype=np.int64)
    day[chunk.interventions["user"]] = chunk.interventions["intervention_day"]
    user = chunk.activity["user"] % world.ORPHAN_OFFSET
    is_before = chunk.activity["activity_day"] < day[user]
    is_after = (chunk.activity["activity_day"] >= day[user]) & (day[user] > 0)
    return tuple({name: values[rows] for name, values in chunk.activity.items()} for rows in (is_before, is_after))


def equal(left: dict[str, np.ndarray], right: dict[str, np.ndarray]) -> bool:
    return all(np.array_equal(left[name], right[name], equal_nan=left[name].dtype.kind == "f") for name in left)


def nudging(share: float, preset: str = "default") -> world.Chunk:
    """A world whose campaign nudged nobody (0) or every eligible user (1)."""
    (chunk,) = world.chunks(replace(PRESETS[preset], propensity_bounds=(share, share)), 600, seed=6)
    return chunk


def test_nothing_before_the_intervention_depends_on_treatment_or_outcome():
    worlds = [nudging(0.0), nudging(1.0), nudging(1.0, "harm")]
    before, after = zip(*(before_and_after(chunk) for chunk in worlds), strict=True)
    for other in (1, 2):
        assert not np.array_equal(worlds[0].interventions["converted"], worlds[other].interventions["converted"])
        assert equal(before[0], before[other])
        assert not equal(after[0], after[other])
        assert equal(worlds[0].users, worlds[other].users)
        assert equal(worlds[0].accounts, worlds[other].accounts)


def test_null_preset_nudge_changes_nothing_at_all():
    nobody, everybody = nudging(0.0, "null"), nudging(1.0, "null")
    assert everybody.interventions["treated"].any()
    assert equal(nobody.activity, everybody.activity)
    assert equal(nobody.interventions, everybody.interventions | {"treated": nobody.interventions["treated"]})


def test_potential_outcomes_differ_only_as_lift_says():
    chunk, nobody, everybody = nudging(0.5), nudging(0.0).interventions, nudging(1.0).interventions
    lift = (chunk.truth["p_treated"] - chunk.truth["p_control"])[nobody["user"]]
    effect = everybody["converted"].astype(int) - nobody["converted"]
    assert (effect[~nobody["eligible"]] == 0).all()
    eligible = nobody["eligible"]
    assert (effect[eligible & (lift > 0)] >= 0).all() and (effect[eligible & (lift < 0)] <= 0).all()
    assert effect[eligible].mean() == pytest.approx(lift[eligible].mean(), abs=0.03)


@pytest.mark.parametrize(
    "column",
    [
        *("plan_tier", "industry", "seat_count", "cs_assigned_flag", "round(account_health_score, 1)", "geo_region"),
        *(
            "month(renewal_date)",
            "lower(trim(users.role_type))",
            "year(user_created_date)",
            "invited_by_user_id is null",
        ),
        *("delivery_channel", "prev_nudge_response", "intervention_date", "right(user_id, 1)", "right(account_id, 1)"),
    ],
)
def test_no_raw_column_gives_the_group_away(column, default_world):
    (purest,) = one(
        default_world,
        f"""
        with counts as (
            select {column} as value, latent_uplift_group, count(*) as n
            from scored
            inner join (select distinct * exclude (account_id) from raw.users_raw) as users using (user_id)
            inner join raw.accounts_raw using (account_id)
            group by all
        ),
        shares as (select max(n) / sum(n) as share from counts group by value having sum(n) >= 200)
        select max(share) from shares
        """,
    )
    assert purest < 0.75


def test_order_of_users_says_nothing_about_their_group():
    (chunk,) = world.chunks(DEFAULT, 2400, seed=8)
    account, group = chunk.truth["account"], chunk.truth["group"]
    members = np.bincount(account)
    place = (np.arange(len(account)) - (np.cumsum(members) - members)[account]) / members[account]
    for number in range(len(GROUPS)):
        of_group = place[group == number]
        assert abs(of_group.mean() - place.mean()) < 4 * place.std() / np.sqrt(len(of_group))


def test_sleeping_dogs_react_negatively_when_nudged():
    (chunk,) = world.chunks(DEFAULT, 2400, seed=8)
    treated, negative = chunk.interventions["treated"], chunk.interventions["negative_reaction"]
    dog = chunk.truth["group"][chunk.interventions["user"]] == SLEEPING_DOG
    expected = DEFAULT.sleeping_dog.negative_reaction_share
    assert negative[dog & treated].mean() == pytest.approx(expected, abs=0.07)
    assert negative[~(dog & treated)].mean() < 0.03


# Several campaigns


@pytest.fixture(scope="module")
def three_campaigns(tmp_path_factory) -> duckdb.DuckDBPyConnection:
    """A world of three campaigns, with a temporary table `rounds` of eligible users' interventions in order."""
    with open_world(generate(tmp_path_factory.mktemp("world") / "causalyn.duckdb", 2400, campaigns=3)) as connection:
        connection.execute(
            """
            create temp table rounds as
            with days as (
                select user_id, activity_date, max(core_action_count + collab_action_count) as actions
                from raw.user_activity_daily_raw
                where time_spent_minutes between 0 and 1440
                group by all
            ),
            windows as (
                select intervention_id, sum(actions) as actions_30d
                from raw.interventions_raw
                inner join days using (user_id)
                where activity_date >= intervention_date - 30 and activity_date < intervention_date
                group by all
            )
            select interventions.*, outcomes.* exclude (user_id, intervention_id), truth.* exclude (user_id),
                coalesce(actions_30d, 0) as actions_30d,
                lag(intervention_date) over by_date as previous_date,
                lag(treatment_flag) over by_date as was_treated,
                lag(collab_activated_flag) over by_date as had_converted,
                lag(negative_reaction_flag) over by_date as had_reacted,
                lag(prev_nudge_response) over by_date as previous_response,
                lead(intervention_id) over by_date is null as is_latest
            from raw.interventions_raw as interventions
            inner join raw.outcomes_raw as outcomes using (user_id, intervention_id)
            inner join truth.latent_uplift_groups_hidden as truth using (user_id)
            left join windows using (intervention_id)
            where eligibility_flag = 1
            window by_date as (partition by user_id order by intervention_date)
            """
        )
        yield connection


def test_further_campaigns_leave_the_first_and_its_users_as_they_were():
    (one_campaign,), (three,) = (world.chunks(DEFAULT, 300, seed=7, campaigns=n) for n in (1, 3))
    first = three.interventions["campaign"] == 0
    assert equal(one_campaign.interventions, {name: values[first] for name, values in three.interventions.items()})
    assert equal(one_campaign.accounts, three.accounts)
    assert equal(one_campaign.truth, three.truth)


def test_outcome_windows_do_not_overlap_and_activity_goes_on_between_them(three_campaigns):
    gap, unique, ids = one(
        three_campaigns,
        """
        select min(intervention_date - previous_date - outcome_window_days),
            count(*) = count(distinct intervention_id), list_sort(list(distinct campaign_id))
        from rounds
        """,
    )
    assert gap > 7 and unique
    assert ids == ["campaign-1", "campaign-2", "campaign-3"]
    campaigns = three_campaigns.execute(
        "select min(intervention_date), max(intervention_date + outcome_window_days::int) from rounds group by campaign_id"
    ).fetchall()
    for (_, last_due), (next_begins, _) in pairwise(sorted(campaigns)):
        assert last_due < next_begins
    known_until, last_due, days, days_with_activity = one(
        three_campaigns,
        """
        select max(activity_date) + 1, (select max(intervention_date + outcome_window_days::int) from rounds),
            max(activity_date) - min(activity_date) + 1, count(distinct activity_date)
        from raw.user_activity_daily_raw where activity_date < date '2030-01-01'
        """,
    )
    assert known_until == last_due
    assert days_with_activity == days


def test_converters_leave(three_campaigns):
    shares = three_campaigns.execute(
        """
        select avg((not is_latest)::int) filter (where collab_activated_flag = 1),
            avg((not is_latest)::int) filter (where collab_activated_flag = 0)
        from rounds where campaign_id <> 'campaign-3' group by campaign_id
        """
    ).fetchall()
    for stay_after_conversion, stay_otherwise in shares:
        assert stay_after_conversion == pytest.approx(1 - DEFAULT.converters_leave, abs=0.03)
        assert stay_otherwise == 1
    converting = three_campaigns.execute(
        "select avg(p_control) from rounds group by campaign_id order by campaign_id"
    ).fetchall()
    assert converting == sorted(converting, reverse=True)


def test_response_to_the_previous_nudge_is_what_came_of_it(three_campaigns):
    wrong, n = one(
        three_campaigns,
        """
        select count(*) filter (
            where prev_nudge_response <> case
                when was_treated = 0 then previous_response
                when had_reacted = 1 then 'negative'
                when had_converted = 1 then 'positive'
                else 'ignored'
            end), count(*)
        from rounds where previous_date is not null and had_converted is not null
        """,
    )
    assert wrong == 0 and n > 10_000


def test_later_campaigns_nudge_again_those_who_ignored_the_nudge(three_campaigns):
    again, others = zip(
        *three_campaigns.execute(
            """
            select avg(treatment_flag) filter (where prev_nudge_response = 'ignored'),
                avg(treatment_flag) filter (where prev_nudge_response in ('none', 'positive'))
            from rounds where actions_30d > 250 group by campaign_id order by campaign_id
            """
        ).fetchall(),
        strict=True,
    )
    assert again[0] == pytest.approx(others[0], abs=0.03)
    assert all(ignored > other + 0.1 for ignored, other in zip(again[1:], others[1:], strict=True))


def adjusted_and_true_effect(rounds: duckdb.DuckDBPyConnection, where: str) -> tuple[float, float]:
    return one(
        rounds,
        f"""
        with cells as (
            select count(*) as n, avg(true_lift) as true_lift,
                avg(collab_activated_flag) filter (where treatment_flag = 1)
                - avg(collab_activated_flag) filter (where treatment_flag = 0) as difference
            from rounds where {where}
            group by latent_uplift_group, prev_nudge_response, least(actions_30d // 50, 6)
        )
        select sum(difference * n) / sum(n), sum(true_lift * n) / sum(n) from cells where difference is not null
        """,
    )


@pytest.mark.parametrize(
    "where", ["campaign_id = 'campaign-1'", "campaign_id = 'campaign-2'", "campaign_id = 'campaign-3'", "true"]
)
def test_all_interventions_tell_the_effect(where, three_campaigns):
    adjusted, true = adjusted_and_true_effect(three_campaigns, where)
    assert adjusted == pytest.approx(true, abs=0.02)


def test_latest_interventions_alone_mislead(three_campaigns):
    adjusted, true = adjusted_and_true_effect(three_campaigns, "is_latest")
    assert abs(adjusted - true) > 0.03


# Lift without groups


def test_smooth_lift_has_no_gaps_and_names_its_groups():
    (chunk,) = world.chunks(PRESETS["smooth"], 600, seed=4)
    lift, group = chunk.truth["p_treated"] - chunk.truth["p_control"], chunk.truth["group"]
    assert np.diff(np.sort(lift)).max() < 0.02
    assert lift[group == SLEEPING_DOG].max() < -0.02
    assert lift[group == PERSUADABLE].min() > 0.05
    assert all((group == number).mean() > 0.03 for number in range(len(GROUPS)))
    assert 0.02 < lift.mean() < 0.10


def test_smooth_lift_turns_gradually_with_every_trait():
    steps = 200
    fixed = {"weekly_growth": 1.0, "minutes_per_action": 2.0, "feature_diversity": 5.0, "created_day": 19000.0}
    fixed |= {"actions_per_day": 15.0, "p_control": 0.5}
    ends = {
        "weekly_growth": (0.78, 1.26),
        "minutes_per_action": (0.5, 3.3),
        "feature_diversity": (2, 9),
        "created_day": (18700, 20100),
        "actions_per_day": (1, 40),
    }
    for trait, (low, high) in ends.items():
        users = {name: np.full(steps, value) for name, value in fixed.items()} | {trait: np.linspace(low, high, steps)}
        lift = world.smooth_outcomes(users)["p_treated"] - users["p_control"]
        assert 0 < np.abs(np.diff(lift)).max() < 0.005, trait
        assert np.ptp(lift) > 0.02, trait


# Users who have changed


@pytest.fixture(scope="module")
def drift_world(tmp_path_factory) -> duckdb.DuckDBPyConnection:
    """The world of the preset `drift`, with a temporary table `today` of eligible users in the last 30 days."""
    with open_world(generate(tmp_path_factory.mktemp("world") / "causalyn.duckdb", 1200, preset="drift")) as connection:
        connection.execute(
            f"""
            create temp table today as
            with {DAYS},
            windows as (
                select user_id, sum(actions) as actions_30d, sum(minutes) as minutes_30d,
                    sum(actions) filter (where activity_date > known.until - 7) as actions_7d
                from days, (select max(activity_date) as until from days) as known
                where activity_date > known.until - 30
                group by all
            )
            select today.latent_uplift_group, past.latent_uplift_group as past_group,
                today.p_control <> past.p_control as has_moved, today.true_lift,
                today.p_treated - today.p_control as difference, coalesce(actions_30d, 0) as actions_30d,
                4 * actions_7d / actions_30d as momentum, actions_30d / minutes_30d as intensity
            from truth.{TRUTH_TODAY.name} as today
            inner join truth.{TRUTH.name} as past using (user_id)
            inner join raw.interventions_raw using (user_id)
            left join windows using (user_id)
            where eligibility_flag = 1
            """
        )
        yield connection


def test_a_share_of_users_has_changed(drift_world):
    share = PRESETS["drift"].moved_share
    moved, stayers_stay, agree = one(
        drift_world,
        """
        select avg(has_moved::int), bool_and(has_moved or latent_uplift_group = past_group),
            max(abs(true_lift - difference)) < 1e-12
        from today
        """,
    )
    assert moved == pytest.approx(share, abs=0.02)
    assert stayers_stay and agree
    before, after = (
        dict(drift_world.execute(f"select {column}, count(*) from today group by all").fetchall())
        for column in ("past_group", "latent_uplift_group")
    )
    for group in GROUPS:
        assert after[group] == pytest.approx(before[group], rel=0.1)


@pytest.mark.parametrize("measure", ["actions_30d", "momentum", "intensity"])
def test_users_who_have_changed_behave_as_their_new_group(measure, drift_world):
    medians = dict(
        drift_world.execute(
            f"""
            select (has_moved, latent_uplift_group), median({measure}) from today
            where not has_moved or latent_uplift_group <> past_group group by all
            """
        ).fetchall()
    )
    for group in GROUPS:
        assert medians[True, group] == pytest.approx(medians[False, group], rel=0.3), group
    low, high = {"actions_30d": (3, 1), "momentum": (0, 1), "intensity": (0, 1)}[measure]
    assert medians[True, GROUPS[high]] > 1.5 * medians[True, GROUPS[low]]


def test_nothing_until_the_last_outcome_is_due_depends_on_who_moves():
    few, many = (world.chunks(replace(DEFAULT, moved_share=share), 300, seed=7) for share in (0.01, 0.99))
    few, many = next(few), next(many)
    assert equal(few.interventions, many.interventions)
    assert equal(few.truth, many.truth)
    assert not equal(few.truth_today, many.truth_today)


# Faults


def faulty(name: str, campaigns: int = 1) -> world.Columns:
    """The exported interventions of a faulty world, eligible users only."""
    (chunk,) = world.chunks(replace(DEFAULT, **FAULTS[name]), 600, seed=8, campaigns=campaigns)
    eligible = chunk.interventions["eligible"]
    return {column: values[eligible] for column, values in chunk.interventions.items()}


def sound(campaigns: int = 1) -> world.Columns:
    """The same without a fault."""
    (chunk,) = world.chunks(DEFAULT, 600, seed=8, campaigns=campaigns)
    return {column: values[chunk.interventions["eligible"]] for column, values in chunk.interventions.items()}


def test_each_fault_is_what_it_says():
    plain = sound()
    late = faulty("dates_late")
    assert (late["intervention_day"] - plain["intervention_day"] == 5).all()
    assert (late["activation_delay"] - plain["activation_delay"] == -5).all()
    assert (plain["activation_delay"] > 0).all()

    before = faulty("converted_before")
    assert (before["activation_delay"] < 0).mean() == pytest.approx(0.05, abs=0.01)
    assert before["converted"][before["activation_delay"] < 0].all()

    latest, every = faulty("converters_leave", campaigns=3), sound(campaigns=3)
    assert len(np.unique(latest["user"])) == len(latest["user"]) == len(np.unique(every["user"]))
    assert latest["converted"][latest["campaign"] == 0].mean() > 0.8

    lost = faulty("treated_lost")
    assert np.sum(lost["treated"] & lost["converted"]) == np.sum(plain["treated"] & plain["converted"])
    assert np.sum(~lost["treated"]) == np.sum(~plain["treated"])
    stayed, all_of_them = (np.sum(rows["treated"] & ~rows["converted"]) for rows in (lost, plain))
    assert stayed / all_of_them == pytest.approx(0.6, abs=0.05)

    picked = faulty("unseen_accounts")
    n_treated = np.bincount(picked["account"], picked["treated"])
    assert set(n_treated / np.maximum(np.bincount(picked["account"]), 1)) == {0.0, 1.0}

    spilt = faulty("spill_over")
    controls = ~plain["treated"]
    assert spilt["converted"][controls].mean() < plain["converted"][controls].mean() - 0.05
    assert (spilt["converted"] == plain["converted"])[plain["treated"]].all()

    assert faulty("tiny_arm")["treated"].mean() == pytest.approx(0.02, abs=0.007)
    assert faulty("tiny_control")["treated"].mean() == pytest.approx(0.95, abs=0.01)

    (constant,) = world.chunks(replace(DEFAULT, **FAULTS["randomised_constant"]), 600, seed=8)
    assert np.ptp(constant.truth["p_treated"] - constant.truth["p_control"]) < 1e-12
    assert len(FAULTS) == 9, "a new fault is tested here, too"
