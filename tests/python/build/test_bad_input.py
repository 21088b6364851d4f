"""Dirty rows through the loader and a whole build: each is quarantined or kept by its rule, and no list changes."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from causalyn.warehouse.raw_contract import TABLES

# A valid row of each table. `{id}` is the row's own id; the account and user `dirt` are valid.
SOUND = {
    "accounts_raw": {
        "account_id": "{id}", "account_created_date": "2024-01-01", "plan_tier": "growth", "industry": "Retail",
        "seat_count": "10", "cs_assigned_flag": "0", "account_health_score": "50",
    },
    "users_raw": {
        "user_id": "{id}", "account_id": "dirt", "user_created_date": "2024-01-01", "role_type": "basic",
        "geo_region": "EU",
    },
    "user_activity_daily_raw": {
        "user_id": "dirt", "activity_date": "{id}", "login_flag": "1", "core_action_count": "3",
        "collab_action_count": "1", "time_spent_minutes": "20", "feature_diversity_count": "2",
    },
    # Not eligible, so that kept rows add no evidence and change no list; `{day}` separates their windows.
    "interventions_raw": {
        "intervention_id": "{id}", "user_id": "dirt", "account_id": "dirt", "intervention_date": "{day}",
        "eligibility_flag": "0", "treatment_flag": "0", "delivery_channel": "email", "prev_nudge_response": "none",
    },
    "outcomes_raw": {
        "user_id": "dirt", "intervention_id": "{id}", "collab_activated_flag": "0", "outcome_window_days": "21",
    },
    "campaign_events_raw": {
        "event_id": "{id}", "user_id": "dirt", "account_id": "dirt", "event_date": "2025-01-01", "sent_flag": "0",
    },
    "user_features_raw": {"user_id": "dirt", "feature": "tickets", "value": "3", "valid_from": "{id}"},
}  # fmt: skip
STAGED = {name: f"stg_{name.removesuffix('_raw')}" for name in SOUND}
HUGE = str(2**63 - 1)


@dataclass(frozen=True)
class Dirt:
    """Raw rows of one table, given as differences from a valid row, and their expected outcome.

    `rejected` counts rows by the rule that rejects them; `kept` is the staged version of the row that is kept, if any.
    """

    fault: str
    table: str
    rows: tuple[dict[str, str | None], ...]
    rejected: dict[str, int]
    kept: dict[str, object] | None

    @property
    def expected(self) -> str:
        fates = [f"rejected: {rule}" for rule in self.rejected]
        if self.kept is not None:
            changed = (f"{c} {v}" for c, v in self.kept.items() if str(v) not in self.rows[0].values())
            fates.append(f"kept, {', '.join(changed)}".rstrip(", "))
        return "; ".join(fates)


def rejected(table: str, fault: str, rule: str, *rows: dict) -> Dirt:
    """Rows that are all rejected by one rule."""
    return Dirt(fault, f"{table}_raw", rows, {rule: len(rows)}, None)


def kept(table: str, fault: str, changed: dict, **staged: object) -> Dirt:
    """A row that is kept unchanged except for the given columns."""
    return Dirt(fault, f"{table}_raw", (changed,), {}, staged)


def one_of(table: str, fault: str, rule: str, first: dict, second: dict, **staged: object) -> Dirt:
    """Two rows of which one is kept."""
    return Dirt(fault, f"{table}_raw", (first, second), {rule: 1}, staged)


A, U, D, I, O, E = "accounts", "users", "user_activity_daily", "interventions", "outcomes", "campaign_events"  # noqa: E741
F = "user_features"
INJECTION = "x'; drop table raw.users_raw; --"
CATALOGUE = [
    kept(A, "account without users", {}),
    one_of(A, "account copied", "duplicate_row", {}, {}, seat_count=10),
    one_of(
        A, "account twice, contradicting itself", "conflicting_duplicate", {}, {"account_created_date": "2024-02-29"},
        account_created_date=date(2024, 2, 29),
    ),
    kept(A, "plan missing", {"plan_tier": None}, plan_tier="unknown"),
    kept(A, "plan in capitals, padded", {"plan_tier": " GROWTH "}, plan_tier="growth"),
    kept(A, "industry of HTML", {"industry": "<script>alert(1)</script>"}, industry="<script>alert(1)</script>"),
    kept(A, "seats negative", {"seat_count": "-5"}, seat_count=None),
    kept(A, "seats huge", {"seat_count": HUGE}, seat_count=int(HUGE)),
    kept(A, "health score huge", {"account_health_score": "1e308"}, account_health_score=1e308),
    kept(A, "revenue negative and huge", {"annual_recurring_revenue_usd": "-1e308"}, annual_recurring_revenue_usd=-1e308),
    kept(A, "account created in 1970", {"account_created_date": "1970-01-01"}, account_created_date=date(1970, 1, 1)),
    kept(A, "contract of the century", {"renewal_date": "2099-12-31"}, renewal_date=date(2099, 12, 31)),
    *(
        kept(A, f"account id {fault}", {"account_id": text}, account_id=text)
        for fault, text in {
            "of Unicode": "Ünïcode ✓ 账户 \U0001f600",
            "of Hebrew": "\u05d7\u05e9\u05d1\u05d5\u05df",
            "with quotes": """O'Brien "and" sons""",
            "of SQL": INJECTION,
            "of a formula": '=cmd|" /C calc"!A0',
            "over two lines": "two\nlines",
            "of Jinja": "{{ target.path }}",
            "of 5,000 letters": "long" * 1250,
        }.items()
    ),
    rejected(U, "user of an unknown account", "orphan_account", {"account_id": "nowhere"}),
    rejected(U, "user of no account", "orphan_account", {"account_id": None}),
    kept(U, "user whose account id is padded", {"account_id": " dirt\u200b "}, account_id="dirt"),
    rejected(U, "user whose account id is in capitals", "orphan_account", {"account_id": "DIRT"}),
    one_of(U, "user copied", "duplicate_row", {}, {}, account_id="dirt"),
    one_of(
        U, "user in two accounts", "conflicting_duplicate", {}, {"account_id": "other", "user_created_date": "2024-02-01"},
        account_id="other",
    ),
    one_of(
        U, "user in a known and an unknown account", "orphan_account", {}, {"account_id": "nowhere"}, account_id="dirt"
    ),
    one_of(U, "user both basic and admin", "conflicting_duplicate", {}, {"role_type": "admin"}, is_admin=True),
    kept(U, "role missing", {"role_type": None}, role_type="unknown", is_admin=True),
    kept(U, "role in mixed case, padded", {"role_type": " Power_User"}, role_type="power_user", is_admin=False),
    kept(U, "user invited by himself", {"invited_by_user_id": "{id}"}, role_type="basic"),
    kept(U, "user created in the future", {"user_created_date": "2098-01-01"}, user_created_date=date(2098, 1, 1)),
    rejected(D, "activity of an unknown user", "orphan_user", {"user_id": "nobody"}),
    rejected(D, "activity of no user", "null_key", {"user_id": None}),
    rejected(D, "activity on no day", "null_key", {"activity_date": None}),
    kept(D, "activity on a leap day", {"activity_date": "2024-02-29"}, activity_date=date(2024, 2, 29)),
    one_of(D, "activity copied", "duplicate_row", {}, {}, core_action_count=3),
    one_of(
        D, "activity twice, contradicting itself", "conflicting_duplicate", {}, {"core_action_count": "9"},
        core_action_count=9,
    ),
    one_of(
        D, "activity once sound and once huge", "huge_count", {},
        {"core_action_count": HUGE, "collab_action_count": HUGE}, core_action_count=3,
    ),
    rejected(D, "actions negative", "negative_count", {"core_action_count": "-1"}),
    rejected(D, "features negative", "negative_count", {"feature_diversity_count": f"-{HUGE}"}),
    rejected(D, "actions huge", "huge_count", {"collab_action_count": HUGE}),
    rejected(D, "minutes negative", "impossible_minutes", {"time_spent_minutes": "-1"}),
    rejected(D, "minutes of more than a day", "impossible_minutes", {"time_spent_minutes": "1441"}),
    kept(D, "counts missing", {"core_action_count": None, "time_spent_minutes": None}, core_action_count=0),
    rejected(D, "activity in 1970", "old_date", {"activity_date": "1970-01-01"}),
    rejected(D, "activity in the future", "future_date", {"activity_date": "2099-12-31"}),
    rejected(I, "intervention of an unknown user", "orphan_user", {"user_id": "nobody", "intervention_date": "2026-01-01"}),
    rejected(I, "intervention of no user", "null_key", {"user_id": None}),
    rejected(I, "intervention on no day", "null_key", {"intervention_date": None}),
    rejected(I, "intervention in another account", "account_mismatch", {"account_id": "other"}),
    rejected(I, "intervention in no account", "account_mismatch", {"account_id": None}),
    rejected(I, "intervention in 1970", "old_date", {"intervention_date": "1970-01-01"}),
    rejected(I, "intervention in the future", "future_date", {"intervention_date": "2099-12-31"}),
    one_of(I, "the same intervention twice", "duplicate_row", {}, {}, is_treated=False),
    rejected(I, "intervention in both arms", "conflicting_duplicate", {}, {"treatment_flag": "1"}),
    kept(I, "response missing", {"prev_nudge_response": None}, prev_nudge_response="none"),
    rejected(O, "outcome of no user", "null_key", {"user_id": None}),
    rejected(O, "outcome of another user", "orphan_intervention", {"user_id": "sound"}),
    rejected(O, "outcome of an unknown intervention", "orphan_intervention", {"intervention_id": "never {id}"}),
    rejected(O, "window missing", "impossible_window", {"outcome_window_days": None}),
    rejected(O, "window of no day", "impossible_window", {"outcome_window_days": "0"}),
    rejected(O, "window huge", "impossible_window", {"outcome_window_days": HUGE}),
    one_of(O, "outcome copied", "duplicate_row", {}, {}, is_converted=False),
    rejected(O, "outcome both yes and no", "conflicting_duplicate", {}, {"collab_activated_flag": "1"}),
    kept(O, "outcome not observed", {"collab_activated_flag": None}, is_converted=None),
    rejected(
        O, "outcome before its intervention", "converted_before",
        {"collab_activated_flag": "1", "activation_date": "2004-12-31"},
    ),
    rejected(E, "event of an unknown user", "orphan_user", {"user_id": "nobody"}),
    rejected(E, "event of no user", "null_key", {"user_id": None}),
    rejected(E, "event in another account", "account_mismatch", {"account_id": "other"}),
    rejected(E, "event in the future", "future_date", {"event_date": "2099-12-31"}),
    rejected(E, "event both sent and not", "conflicting_duplicate", {}, {"sent_flag": "1"}),
    one_of(E, "event copied", "duplicate_row", {}, {}, is_sent=False),
    kept(E, "revenue huge", {"converted_flag": "1", "revenue_usd": "1e308"}, is_converted=True, revenue_usd=None),
]  # fmt: skip

# Declared features reach the learner: these only go through cleaning, so that the lists stay comparable.
OWN_FEATURES = [
    kept(F, "value unknown from a day on", {"value": None}, feature_value=None),
    kept(F, "value at the limit", {"value": "-1000000"}, feature_value=-1e6),
    kept(F, "value known in the future", {"valid_from": "2098-01-01"}, feature_value=3.0),
    one_of(F, "value copied", "duplicate_row", {}, {}, feature_value=3.0),
    rejected(F, "two values of a day", "conflicting_duplicate", {}, {"value": "4"}),
    rejected(F, "a value known and unknown on a day", "conflicting_duplicate", {}, {"value": None}),
    rejected(F, "value beyond a million", "huge_value", {"value": "1e300"}),
    rejected(F, "value of an unknown user", "orphan_user", {"user_id": "nobody"}),
    rejected(F, "value of no user", "null_key", {"user_id": None}),
    rejected(F, "value of no feature", "null_key", {"feature": None}),
    rejected(F, "value from no day", "null_key", {"valid_from": None}),
]  # fmt: skip


def filled_in(row: dict[str, str | None], row_id: str, number: int) -> dict[str, str | None]:
    """A row with its own id and its own day, weeks from any other's."""
    day = str(date(2005, 1, 1) + number * timedelta(days=30))
    return {column: value and value.replace("{id}", row_id).replace("{day}", day) for column, value in row.items()}


def catalogue_rows() -> tuple[dict[str, list[dict]], dict[str, tuple[str, ...]]]:
    """The catalogue's raw rows by table, with the rows that they refer to, and the key of each fault's rows."""
    rows: dict[str, list[dict]] = {table: [] for table in SOUND}
    keys: dict[str, tuple[str, ...]] = {}
    for account in ("dirt", "other"):
        rows["accounts_raw"].append({**SOUND["accounts_raw"], "account_id": account})
    for user in ("dirt", "sound"):
        rows["users_raw"].append({**SOUND["users_raw"], "user_id": user})
    for number, dirt in enumerate([*CATALOGUE, *OWN_FEATURES]):
        # Activity and features have no ids of their own: each fault has its own day.
        is_of_a_day = dirt.table in ("user_activity_daily_raw", "user_features_raw")
        row_id = str(date(2024, 7, 1) + timedelta(days=number)) if is_of_a_day else f"dirt {number}"
        made = [filled_in({**SOUND[dirt.table], **changed}, row_id, number) for changed in dirt.rows]
        rows[dirt.table] += made
        (table,) = (table for table in TABLES if table.name == dirt.table)
        keys[dirt.fault] = tuple(made[0][column] for column in table.key)
        if dirt.table == "outcomes_raw":
            rows["interventions_raw"].append(filled_in(SOUND["interventions_raw"], row_id, number))
    return rows, keys


def write_export(built: Path, directory: Path) -> None:
    """The raw tables of a built world that the catalogue has rows for, and those rows, as CSV files."""
    rows, _ = catalogue_rows()
    with duckdb.connect(str(built), read_only=True) as connection:
        for table in (table for table in TABLES if table.name in rows):
            columns = [column.name for column in table.columns]
            marks = ", ".join("?" for _ in columns)
            connection.execute(f"create temp table export as select {', '.join(f'{c}::varchar as {c}' for c in columns)} "
                               f"from raw.{table.name}")  # fmt: skip
            connection.executemany(
                f"insert into export values ({marks})",
                [[row.get(column) for column in columns] for row in rows[table.name]],
            )
            connection.table("export").write_csv(str(directory / f"{table.name}.csv"))
            connection.execute("drop table export")


@pytest.fixture(scope="module")
def dirty_world(built_world, run, run_dbt, project_root, copy_project, tmp_path_factory) -> Path:
    """The built world with the whole catalogue in its export, loaded over the clean one and built.

    Most rows of the campaign's log are dirty, which would block publication if nobody accepted the check by name.
    """
    directory = tmp_path_factory.mktemp("dirty_world")
    export = directory / "export"
    export.mkdir()
    write_export(built_world.warehouse, export)
    (export / "user_features_raw.csv").rename(directory / "user_features_raw.csv")
    warehouse = directory / built_world.warehouse.name
    warehouse.write_bytes(built_world.warehouse.read_bytes())
    loader = project_root / "scripts" / "load_raw.py"
    loaded = run(sys.executable, loader, export, "--warehouse", warehouse)
    assert loaded.returncode == 0, loaded.stderr
    project = copy_project(directory / "project")
    with (project / "seeds" / "accepted_checks.csv").open("a") as seed:
        seed.write("rejected_share,The log is a test of cleaning,,2025-07-01\n")
    build = run_dbt("build", "--exclude", "resource_type:unit_test", warehouse=warehouse, project=project)
    assert build.returncode == 0, build.stdout[-5000:]
    assert "Traceback" not in build.stdout + build.stderr
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        found = connection.sql(
            "select verdict, is_blocking, blocks_on from marts.verdicts where check_id = 'rejected_share'"
        ).fetchall()
        recorded = connection.sql(
            "select distinct accepted_checks from marts.policy_decisions_ledger"
            " where build_id = (select build_id from marts.build_info)"
        ).fetchall()
    assert found == [("fail", False, "fail")]
    assert recorded == [("rejected_share (fail): The log is a test of cleaning",)]
    return warehouse


@pytest.fixture(scope="module")
def cleaned_features(dirty_world, run, run_dbt, project_root, copy_project, tmp_path_factory) -> Path:
    """The dirty world with a company feature in its export: loaded and cleaned."""
    directory = tmp_path_factory.mktemp("cleaned_features")
    export = Path(shutil.copytree(dirty_world.parent / "export", directory / "export"))
    shutil.copy(dirty_world.parent / "user_features_raw.csv", export)
    warehouse = Path(shutil.copy(dirty_world, directory))
    loaded = run(sys.executable, project_root / "scripts" / "load_raw.py", export, "--warehouse", warehouse)
    assert loaded.returncode == 0, loaded.stderr
    project = copy_project(directory / "project")
    with (project / "seeds" / "mapping" / "user_features.csv").open("a") as seed:
        seed.write("tickets,Open tickets\n")
    parts = ("user_features", "base_user_features", "stg_user_features", "rejected_rows")
    without_tests = ("--exclude-resource-type", "unit_test", "--exclude-resource-type", "test")
    cleaned = run_dbt("build", *without_tests, "--select", *parts, warehouse=warehouse, project=project)
    assert cleaned.returncode == 0, cleaned.stdout[-5000:]
    return warehouse


def query(warehouse: Path, sql: str, *values: object) -> list[tuple]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(sql, list(values)).fetchall()


@pytest.mark.parametrize(
    "dirt",
    [
        pytest.param(dirt, id=dirt.fault, marks=pytest.mark.fault(dirt.fault, dirt.expected))
        for dirt in (*CATALOGUE, *OWN_FEATURES)
    ],
)
def test_dirty_rows_are_quarantined_by_their_rule_or_kept_as_stated(dirt, request, seen):
    warehouse, marts = request.getfixturevalue("dirty_world"), "marts"
    if dirt in OWN_FEATURES:
        warehouse, marts = request.getfixturevalue("cleaned_features"), "candidate_marts"
    (table,) = (table for table in TABLES if table.name == dirt.table)
    key = catalogue_rows()[1][dirt.fault]

    found = dict(
        query(
            warehouse,
            f"select rule_id, n_rows from {marts}.rejected_rows where table_name = ? and row_key = ?",
            table.name,
            " | ".join(part or "null" for part in key),
        )
    )
    columns = ", ".join(dirt.kept or ["count(*)"])
    where = " and ".join(f"{column} is not distinct from ?" for column in table.key)
    staged = query(warehouse, f"select {columns} from staging.{STAGED[table.name]} where {where}", *key)
    seen("; ".join([*(f"rejected: {rule} ({n})" for rule, n in found.items()), f"staged {staged!a:.80}"]))
    assert found == dirt.rejected
    if dirt.kept is None:
        assert staged == [(0,)]
    else:
        assert staged == [tuple(dirt.kept.values()) or (1,)]


@pytest.mark.fault("all of these rows in one export", "no raw row is lost: staged or rejected")
def test_every_raw_row_is_staged_or_rejected(dirty_world, seen):
    counts = {}
    for table in SOUND:
        (counts[table],) = query(
            dirty_world,
            f"select (select count(*) from raw.{table}), (select count(*) from staging.{STAGED[table]}), "
            f"(select coalesce(sum(n_rows), 0)::bigint from marts.rejected_rows where table_name = '{table}')",
        )
    assert {table for table, (raw, staged, rejected) in counts.items() if raw != staged + rejected} == set()
    summary = query(
        dirty_world,
        "select table_name, max(rows_before), min(rows_after) from marts.data_quality_summary group by 1",
    )
    assert {table: (before, after) for table, before, after in summary} == {
        table: (raw, staged) for table, (raw, staged, _) in {**counts, "user_events_raw": (0, 0, 0)}.items()
    }
    raw, staged, rejected = (sum(column) for column in zip(*counts.values(), strict=True))
    seen(f"{raw:,} rows: {staged:,} staged, {rejected:,} rejected")


@pytest.mark.fault("all of these rows in one export", "the lists are those of the clean world")
def test_dirt_changes_no_list(built_world, dirty_world, seen):
    clean = "account_id in (select account_id from built.raw.accounts_raw)"
    with duckdb.connect(str(dirty_world), read_only=True) as connection:
        connection.execute(f"attach '{built_world.warehouse}' as built (read_only)")
        for table in ("account_policy", "target_accounts", "nudge_list", "do_not_disturb_accounts"):
            mine, theirs = (
                connection.sql(
                    f"select * exclude (build_id) from {database}.marts.{table} where {clean} order by all"
                ).fetchall()
                for database in (dirty_world.stem, "built")
            )
            assert mine == theirs != []
        targets = connection.sql(f"from marts.target_accounts where not ({clean})").fetchall()
    assert targets == []
    seen("every decision, target and nudge of the clean world, and none besides")


def test_without_hidden_truth_claims_about_it_are_not_judged(built_world, dirty_world):
    """The export has no truth, and the lists equal those of the world that has it."""
    assert built_world.warehouse.with_suffix(".truth.duckdb").exists()
    assert not dirty_world.with_suffix(".truth.duckdb").exists()
    held = "select count(*), count(is_held) from audit.claims where claim_id like '%sleeping_dog%'"
    ((claims, judged),), ((known_claims, known_judged),) = query(dirty_world, held), query(built_world.warehouse, held)
    assert claims == known_claims > 0
    assert judged < known_judged


@pytest.mark.fault("accounts with one user", "decided like any other")
def test_an_account_of_one_user_is_decided(dirty_world, seen):
    alone = "select account_id from staging.stg_users group by account_id having count(*) = 1"
    decided = query(
        dirty_world,
        "select decision, count(*) from marts.account_policy "
        f"where is_shipped and population = 'today' and account_id in ({alone}) group by 1 order by 1",
    )
    seen(", ".join(f"{decision} {n}" for decision, n in decided))
    assert sum(n for _, n in decided) == len(query(dirty_world, alone)) > 0


GIANT = 50_000
CLONED = {
    "users_raw": "clone as user_id, 'giant' as account_id",
    "user_activity_daily_raw": "clone as user_id",
    "interventions_raw": "clone as user_id, 'giant' as account_id, intervention_id || clone as intervention_id",
    "outcomes_raw": "clone as user_id, intervention_id || clone as intervention_id",
}


@pytest.mark.long
@pytest.mark.fault("an account with 50,000 users", "decided like any other, but too few accounts count to publish")
def test_an_account_of_fifty_thousand_users_is_decided_and_refused(
    built_world, run, run_dbt, project_root, tmp_path, seen
):
    """Its users are copies of everybody else's, so some of its admins object."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{built_world.warehouse}' as built (read_only)")
        connection.execute(
            "create table clones as select user_id, user_id || ' ' || n as clone "
            "from (select distinct user_id from built.raw.users_raw), range(10) as t (n) order by n, user_id limit ?",
            [GIANT],
        )
        for table in (table.name for table in TABLES if table.name in SOUND):
            rows = f"from built.raw.{table}"
            if table == "accounts_raw":
                rows += (
                    f" union all (select * replace ('giant' as account_id) from built.raw.{table} order by all limit 1)"
                )
            if table in CLONED:
                rows += (
                    f" union all select rows.* replace ({CLONED[table]}) from built.raw.{table} as rows "
                    "inner join clones on rows.user_id = clones.user_id"
                )
            connection.execute(f"copy ({rows}) to '{tmp_path / table}.parquet'")
    warehouse = tmp_path / "causalyn.duckdb"
    loaded = run(sys.executable, project_root / "scripts" / "load_raw.py", tmp_path, "--warehouse", warehouse)
    assert loaded.returncode == 0, loaded.stderr
    gate = ("--select", "+int_build__publication_gate")
    build = run_dbt("build", *gate, "--exclude-resource-type", "unit_test", warehouse=warehouse)
    assert build.returncode != 0
    refusal = build.stdout.partition("Nothing was published, and ")[2].partition("\n")[0]
    assert "because data or model can't be trusted: effective_accounts (" in refusal, build.stdout[-5000:]
    assert "; " not in refusal.partition(" What to do")[0], "another check objects, too"
    assert query(warehouse, "select count(*) from staging.stg_users where account_id = 'giant'") == [(GIANT,)]
    decided = (
        "select decision, n_users from intermediate.int_policy__account_decisions"
        " where is_shipped and account_id = 'giant' order by population"
    )
    (past_decision, past_users), (decision, users) = query(warehouse, decided)
    seen(f"{decision}, on {users:,} users; in the backtest {past_decision}, on {past_users:,}; {refusal}")
    assert past_decision == "suppress_toxic_admin"
    assert past_users > GIANT / 2
    assert decision in ("suppress_toxic_admin", "suppress_unscored")
    assert users == GIANT
