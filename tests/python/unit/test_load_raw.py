"""The loader loads a complete valid export, or says what is wrong with it and changes nothing."""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import shutil
import stat
import sys
import threading
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from causalyn.warehouse import origin, raw_files, raw_loader
from causalyn.warehouse.command import NOT_PUBLISHED
from causalyn.warehouse.raw_contract import TABLES, TRUTH, TRUTH_TODAY, USERS, truth_path
from causalyn.warehouse.raw_files import SUFFIXES, RawContractError
from causalyn.warehouse.raw_loader import check_raw, load_raw

# A small export as a foreign warehouse would write it: flags as booleans or doubles, timestamps instead of dates.
EXPORT = {
    "accounts_raw": """
        select 'a' || i as account_id, date '2024-01-01' + i::int as account_created_date, 'growth' as plan_tier,
            'Retail, "food"' as industry, 10 * i as seat_count, i % 2 = 0 as cs_assigned_flag,
            0.1 * i as account_health_score, 1000.5 * i as annual_recurring_revenue_usd,
            date '2026-01-01' as renewal_date
        from range(1, 4) as r(i)""",
    "users_raw": """
        select 'u' || i as user_id, 'a' || (1 + i % 3) as account_id, date '2024-06-01' as user_created_date,
            'basic' as role_type, 'EU' as geo_region, case when i > 3 then 'u1' end as invited_by_user_id
        from range(1, 7) as r(i)""",
    "user_activity_daily_raw": """
        select 'u' || i as user_id, timestamp '2025-03-01 18:30:00' + interval (d) day + interval (d) hour as activity_date,
            1 as login_flag, d as core_action_count, 0 as collab_action_count, 12.0 as time_spent_minutes,
            2 as feature_diversity_count
        from range(1, 7) as r(i), range(5) as s(d)""",
    "interventions_raw": """
        select 'i' || i as intervention_id, 'u' || i as user_id, 'a' || (1 + i % 3) as account_id,
            date '2025-04-01' as intervention_date, true as eligibility_flag, i % 2 as treatment_flag,
            'email' as delivery_channel, 'ignored' as prev_nudge_response
        from range(1, 7) as r(i)""",
    "outcomes_raw": """
        select 'u' || i as user_id, 'i' || i as intervention_id,
            case when i < 6 then (i % 2)::double end as collab_activated_flag,
            case when i < 6 and i % 2 = 1 then date '2025-04-03' end as activation_date, 21 as outcome_window_days,
            0.0 as negative_reaction_flag
        from range(1, 7) as r(i)""",
}
HIDDEN = "select 'u' || i as user_id, 'persuadable' as latent_uplift_group from range(1, 7) as r(i)"


def write(directory: Path, table: str, query: str, suffix: str = "parquet") -> None:
    """Write a table of the export, replacing the existing one, which the query may read."""
    path = directory / f"{table}.{suffix}"
    quoted = "'" + str(path).replace("'", "''") + "'"
    options = "format parquet" if suffix == "parquet" else "format csv, header"
    with duckdb.connect() as connection:
        connection.execute("create table replacement as " + query.replace("{table}", quoted))
        connection.execute(f"copy replacement to {quoted} ({options})")


def write_export(directory: Path, suffix: str = "parquet") -> Path:
    directory.mkdir()
    for table, query in {**EXPORT, TRUTH.name: HIDDEN}.items():
        write(directory, table, query, suffix)
    return directory


def contents(path: Path, schema: str = "raw") -> dict[str, list[tuple]]:
    """All rows of a database file by table, with column types, but without the time of loading."""
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute(
            "select table_name from duckdb_tables() where schema_name = ? order by 1", [schema]
        ).fetchall()
        relations = {name: connection.table(f"{schema}.{name}") for (name,) in tables}
        if "origin" in relations:
            relations["origin"] = relations["origin"].select("origin")
        return {name: [tuple(map(str, r.types)), *r.order("all").fetchall()] for name, r in relations.items()}


def all_contents(warehouse: Path) -> dict[str, list[tuple]]:
    """The raw tables of a warehouse and its hidden truth."""
    return contents(warehouse) | contents(truth_path(warehouse), "main")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory) -> Path:
    """A directory with the export and the warehouse that it was loaded into. Copy it to change it."""
    directory = tmp_path_factory.mktemp("loaded")
    load_raw(write_export(directory / "export"), directory / "warehouse" / "causalyn.duckdb")
    return directory


@pytest.fixture
def export(tmp_path, loaded) -> Path:
    return shutil.copytree(loaded / "export", tmp_path / "export")


@pytest.fixture
def warehouse(tmp_path) -> Path:
    """A warehouse that does not exist yet."""
    return tmp_path / "warehouse" / "causalyn.duckdb"


@pytest.fixture
def earlier_load(loaded, warehouse) -> dict[str, list[tuple]]:
    """The warehouse's contents from an earlier load, hidden truth included."""
    shutil.copytree(loaded / "warehouse", warehouse.parent)
    return all_contents(warehouse)


@pytest.fixture
def command(run, project_root, warehouse):
    """Runs the command as a user would."""
    loader = project_root / "scripts" / "load_raw.py"
    return lambda directory, **settings: run(sys.executable, loader, directory, "--warehouse", warehouse, **settings)


def test_an_export_is_loaded_in_the_types_of_the_contract(export, warehouse):
    assert load_raw(export, warehouse).rows == {
        "accounts_raw": 3,
        "users_raw": 6,
        "user_activity_daily_raw": 30,
        "user_events_raw": 0,
        "user_features_raw": 0,
        "interventions_raw": 6,
        "outcomes_raw": 6,
        "campaign_events_raw": 0,
        "bandit_log_raw": 0,
        TRUTH.name: 6,
    }
    loaded = contents(warehouse)
    assert {name: types for name, (types, *_) in loaded.items()} == {
        table.name: tuple(column.type.upper() for column in table.columns) for table in TABLES
    } | {"origin": ("VARCHAR",)}
    assert [row[5] for row in loaded["accounts_raw"][1:]] == [0, 1, 0]
    assert [row[2] for row in loaded["outcomes_raw"][1:]] == [1, 0, 1, 0, 1, None]
    assert str(loaded["user_activity_daily_raw"][1][1]) == "2025-03-01"
    assert contents(truth_path(warehouse), "main")[TRUTH.name][1] == ("u1", "persuadable", None, None, None)


@pytest.mark.parametrize("suffix", ["csv", "csv.gz"])
def test_csv_and_parquet_load_alike(tmp_path, earlier_load, suffix):
    other = tmp_path / "other" / "causalyn.duckdb"
    load_raw(write_export(tmp_path / "as_csv", suffix), other)
    assert all_contents(other) == earlier_load


def test_csv_may_spell_values_as_people_do(tmp_path, export, warehouse):
    """A byte-order mark, Windows line ends, an unnamed index column, empty quoted cells, and several spellings."""
    (export / "users_raw.parquet").unlink()
    (export / "users_raw.csv").write_bytes(
        b"\xef\xbb\xbf,User_ID,account_id,user_created_date,role_type,geo_region,invited_by_user_id\r\n"
        b'0,u1,a1,2024-06-01T23:30:00Z,"ad,""min""",,""\r\n'
        b"1,u2,a1, 2024-06-02 ,Admin ,EU,u1\r\n"
    )
    (export / "outcomes_raw.parquet").unlink()
    (export / "outcomes_raw.csv").write_text(
        "user_id,intervention_id,collab_activated_flag,activation_date,outcome_window_days\n"
        "u1,i1,TRUE,2025-04-03 10:00:00,21\nu2,i2,0.0,,21.0\n"
    )
    load_raw(export, warehouse)
    loaded = contents(warehouse)
    rows = [[str(cell) for cell in row] for row in loaded["users_raw"][1:]]
    assert rows == [
        ["u1", "a1", "2024-06-01", 'ad,"min"', *["None"] * 4],
        ["u2", "a1", "2024-06-02", "Admin ", "EU", "u1", "None", "None"],
    ]
    assert [(row[2], str(row[3]), row[4]) for row in loaded["outcomes_raw"][1:]] == [
        (1, "2025-04-03", 21),
        (0, "None", 21),
    ]


def test_extra_columns_are_ignored_and_optional_ones_may_be_missing(export, warehouse):
    write(export, "accounts_raw", "select * exclude (renewal_date), 'x' as \"it's extra\" from {table}")
    load_raw(export, warehouse)
    types, *rows = contents(warehouse)["accounts_raw"]
    assert types[8] == "DATE"
    assert [row[8] for row in rows] == [None, None, None]


def test_an_event_log_stands_in_for_the_activity_of_days(export, warehouse):
    (export / "user_activity_daily_raw.parquet").unlink()
    (export / "user_events_raw.csv").write_text(
        "user_id,event_name,event_time\nu1,Edit,2025-06-01T23:30:00Z\nu1,Edit,2025-06-01 12:00\n"
    )
    rows = load_raw(export, warehouse).rows
    assert (rows["user_activity_daily_raw"], rows["user_events_raw"]) == (0, 2)
    types, *events = contents(warehouse)["user_events_raw"]
    assert types == ("VARCHAR", "VARCHAR", "TIMESTAMP")
    assert [str(event[2]) for event in events] == ["2025-06-01 12:00:00", "2025-06-01 23:30:00"]
    load_raw(export, warehouse, "Asia/Tokyo")
    _, *events = contents(warehouse)["user_events_raw"]
    assert [str(event[2]) for event in events] == ["2025-06-01 21:00:00", "2025-06-02 08:30:00"]

    (export / "user_events_raw.csv").write_text("user_id,event_name,event_time\nu1,Edit,soon\n")
    with pytest.raises(RawContractError, match=r"user_events_raw.event_time: 1 of 1 rows are not a time such as"):
        load_raw(export, warehouse)


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ("t * 7 % 3000", "4 of 154 events have the same user, name and time as others; each counts once"),
        ("60 * t", "4 of 154 events have the same user, name and time as others, and all times are whole minutes, so"),
        ("86400 * t", "4 of 154 events have the same user, name and time as others, and all times are whole days, so"),
    ],
    ids=["seconds", "minutes", "days"],
)
@pytest.mark.fault("export: copies of events", "each counts once; refused where times can't tell them from others")
def test_copies_of_events_are_told_from_what_happened_twice(export, warehouse, seen, listed, times, said):
    write(
        export,
        "user_events_raw",
        f"select 'u1' as user_id, name as event_name, timestamp '2025-06-01' + to_seconds({times}) as event_time"
        " from (select t, 'Edit' as name from range(150) as r (t) union all select 2, ' edit' from range(4))",
    )
    try:
        (message,) = (note for note in load_raw(export, warehouse).notes if "same user" in note)
    except RawContractError as error:
        (message,) = error.problems
        listed(message)
    seen(message)
    assert message.startswith(f"user_events_raw: {said}")


@pytest.mark.parametrize(
    ("amounts", "is_read"),
    [("12.500,980,1.000", False), ("12.500,980,1.25", True), ("12500,980,1000", True), ("0.125,980,", True)],
)
@pytest.mark.fault("export: points between thousands", "refused, unless an amount shows that they are decimal points")
def test_points_between_thousands_are_not_taken_for_decimal_points(export, warehouse, seen, listed, amounts, is_read):
    (export / "accounts_raw.parquet").unlink()
    lines = "".join(f"a{number},growth,{amount}\n" for number, amount in enumerate(amounts.split(","), start=1))
    (export / "accounts_raw.csv").write_text(f"account_id,plan_tier,annual_recurring_revenue_usd\n{lines}")
    if is_read:
        assert load_raw(export, warehouse).rows["accounts_raw"] == 3
        seen("read")
        return
    with pytest.raises(RawContractError) as raised:
        load_raw(export, warehouse)
    (problem,) = raised.value.problems
    seen(problem)
    listed(problem)


@pytest.mark.fault("export: a database's sign for nothing", "nothing")
def test_what_databases_write_for_nothing_is_nothing(export, warehouse, seen):
    """Snowflake, MySQL and PostgreSQL, quoted or not; in any column, so that it never becomes an id."""
    (export / "accounts_raw.parquet").unlink()
    (export / "accounts_raw.csv").write_text(
        'ACCOUNT_ID,PLAN_TIER,RENEWAL_DATE,OWNER\n"a1","growth",\\N,\\N\na2,"\\N","2025-03-01 00:00:00.000","NULL"\na3,,,\n'
    )
    load_raw(export, warehouse)
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        rows = connection.sql(
            "select plan_tier, renewal_date::varchar, owner from raw.accounts_raw order by account_id"
        )
        assert rows.fetchall() == [("growth", None, None), (None, "2025-03-01", "NULL"), (None, None, None)]
    seen("null")


CAMPAIGN_EVENTS = """
    select 'e' || i as event_id, 'u' || i as user_id, 'a' || (1 + i % 3) as account_id, date '2025-06-01' as event_date,
        true as sent_flag, 0.0 as converted_flag
    from range(1, 4) as r(i)"""


def test_a_campaign_log_is_loaded_and_replaced_by_none_where_the_next_export_has_none(export, warehouse):
    write(export, "campaign_events_raw", CAMPAIGN_EVENTS)
    assert load_raw(export, warehouse).rows["campaign_events_raw"] == 3
    types, first, *_ = contents(warehouse)["campaign_events_raw"]
    assert first[:3] + first[4:] == ("e1", "u1", "a2", 1, 0, None, None, None, None, None, None)
    write(export, "campaign_events_raw", "from {table} limit 0")
    assert load_raw(export, warehouse).rows["campaign_events_raw"] == 0
    (export / "campaign_events_raw.parquet").unlink()
    load_raw(export, warehouse)
    assert contents(warehouse)["campaign_events_raw"] == [types]


def test_a_campaign_log_of_strangers_is_refused(export, warehouse):
    write(export, "campaign_events_raw", CAMPAIGN_EVENTS.replace("'u' || i", "'x' || i"))
    with pytest.raises(
        RawContractError, match=r"campaign_events_raw.user_id: 3 of 3 ids are not in users_raw, .* 'x1' beside 'u1';"
    ):
        load_raw(export, warehouse)


def test_missing_numbers_of_a_data_frame_are_missing(export, warehouse):
    write(
        export,
        "outcomes_raw",
        "select * replace (coalesce(collab_activated_flag, 'nan') as collab_activated_flag) from {table}",
    )
    load_raw(export, warehouse)
    assert contents(warehouse)["outcomes_raw"][-1][2] is None


def test_paths_with_quotes_and_wildcards_are_taken_literally(tmp_path):
    directory = write_export(tmp_path / "o'brien [*] {x}")
    assert load_raw(directory, tmp_path / "ware'house" / "o'brien.duckdb").rows["users_raw"] == 6


def test_an_export_without_hidden_truth_removes_the_truth_of_another_world(export, warehouse, earlier_load):
    assert truth_path(warehouse).exists()
    (export / f"{TRUTH.name}.parquet").unlink()
    load_raw(export, warehouse)
    assert not truth_path(warehouse).exists()


def test_the_truth_of_today_is_loaded_beside_the_other(export, warehouse, earlier_load):
    write(export, TRUTH_TODAY.name, HIDDEN.replace("persuadable", "lost_cause"))
    assert load_raw(export, warehouse).rows[TRUTH_TODAY.name] == 6
    loaded = contents(truth_path(warehouse), "main")
    assert loaded[TRUTH.name] == earlier_load[TRUTH.name]
    assert {row[1] for row in loaded[TRUTH_TODAY.name][1:]} == {"lost_cause"}
    (export / f"{TRUTH_TODAY.name}.parquet").unlink()
    load_raw(export, warehouse)
    assert all_contents(warehouse) == earlier_load


def fault_cases(cases: dict[str, tuple]) -> list:
    """Each case as a parameter and as a row of the fault table."""
    return [
        pytest.param(*case, id=name, marks=pytest.mark.fault(f"export: {name.replace('_', ' ')}", "refused, by name"))
        for name, case in cases.items()
    ]


FAULTS = {
    "missing_table": ("users_raw", None, ["users_raw: table missing; ", "users_raw.parquet or users_raw.csv"]),
    "missing_column": (
        "users_raw",
        "select * exclude (role_type) from {table}",
        ["users_raw.role_type: column missing in users_raw.parquet; add it as text"],
    ),
    "empty_table": ("users_raw", "from {table} limit 0", ["users_raw: users_raw.parquet has no rows"]),
    "not_a_date": (
        "users_raw",
        "select * replace (case when user_id < 'u3' then '31/12/2024' else '2024-06-01' end as user_created_date)"
        " from {table}",
        ["users_raw.user_created_date: 2 of 6 rows are not a date such as 2025-03-01, from 1970-01-01"],
    ),
    "date_without_end": (
        "users_raw",
        "select * replace ('infinity'::date as user_created_date) from {table}",
        ["users_raw.user_created_date: 6 of 6 rows are not a date", "'infinity'"],
    ),
    "number_for_a_date": (
        "users_raw",
        "select * replace (20240601 as user_created_date) from {table}",
        ["users_raw.user_created_date: 6 of 6 rows are not a date", "'20240601'"],
    ),
    "not_a_number": (
        "accounts_raw",
        "select * replace ('ten' as seat_count) from {table}",
        ["accounts_raw.seat_count: 3 of 3 rows are not a whole number, for example 'ten'"],
    ),
    "fraction": (
        "user_activity_daily_raw",
        "select * replace (core_action_count + 0.5 as core_action_count) from {table}",
        ["user_activity_daily_raw.core_action_count: 30 of 30 rows are not a whole number, for example '0.5'"],
    ),
    "infinite_number": (
        "accounts_raw",
        "select * replace ('inf'::double as account_health_score) from {table}",
        ["accounts_raw.account_health_score: 3 of 3 rows are not a finite number such as 1008.46, for example 'inf'"],
    ),
    "flag_of_two": (
        "interventions_raw",
        "select * replace (treatment_flag + 1 as treatment_flag) from {table}",
        ["interventions_raw.treatment_flag: 3 of 6 rows are not 0 or 1, for example '2'"],
    ),
    "flag_in_words": (
        "interventions_raw",
        "select * replace ('treated' as treatment_flag) from {table}",
        ["interventions_raw.treatment_flag: 6 of 6 rows are not 0 or 1, for example 'treated'"],
    ),
    "no_arm": (
        "interventions_raw",
        "select * replace (case when user_id > 'u2' then 1 end as treatment_flag) from {table}",
        ["interventions_raw.treatment_flag: 2 of 6 rows are null"],
    ),
    **{
        f"no_key_in_{table}": (
            table,
            f"select * replace (case when {key} > '{first}' then {key} end as {key}) from {{table}}",
            [f"{table}.{key}: 1 of {rows} rows are null"],
        )
        for table, key, first, rows in (
            ("accounts_raw", "account_id", "a1", 3),
            ("users_raw", "user_id", "u1", 6),
            ("interventions_raw", "intervention_id", "i1", 6),
        )
    },
    **{
        f"strangers_in_{table}": (
            table,
            f"select * replace ('x' || {key} as {key}) from {{table}}",
            [
                f"{table}.{key}: {n} of {n} ids are not in {parent}, for example 'x{first}1' beside '{first}1'; export both"
            ],
        )
        for table, key, parent, n in (
            ("users_raw", "account_id", "accounts_raw", 3),
            ("user_activity_daily_raw", "user_id", "users_raw", 6),
            ("interventions_raw", "user_id", "users_raw", 6),
            ("interventions_raw", "account_id", "accounts_raw", 3),
            ("outcomes_raw", "user_id", "users_raw", 6),
            ("outcomes_raw", "intervention_id", "interventions_raw", 6),
            (TRUTH.name, "user_id", "users_raw", 6),
        )
        for first in key[0]
    },
    **{
        f"another_century_in_{column.name}": (
            table.name,
            f"select * replace ({date} as {column.name}) from {{table}}",
            [f"{table.name}.{column.name}: {rows} of {rows} rows are not a date"],
        )
        for table, rows, date in zip(
            (table for table in TABLES if not table.optional),
            (3, 6, 30, 6, 6),
            ("'0025-01-03'", "'2100-01-01'::timestamp", "'0025-01-03'", "'2100-01-01'::timestamp", "'0025-01-03'"),
            strict=True,
        )
        for column in table.columns
        if column.type == "date"
    },
    **{
        f"date_written_{date}": (
            "users_raw",
            f"select * replace ('{date}' as user_created_date) from {{table}}",
            [
                "users_raw.user_created_date: 6 of 6 rows are not a date such as 2025-03-01, from 1970",
                f"'{date}'; correct",
            ],
        )
        for date in (
            "31-12-24",
            "12-31-2024",
            "2024/12/31",
            "2024-6-1",
            "20240601",
            "June 1, 2024",
            "2024-06-01T",
            "2024-06-01 25:00:00",
            "2024-06-01 10:00:00 CET",
            "2024-06-01 10:00:00 +02:00 x",
            "1969-12-31",
            "9999-12-31",
        )
    },
    **{
        f"midnights_elsewhere_{name}": (
            "user_activity_daily_raw",
            f"select * replace ({moment} as activity_date) from {{table}}",
            [
                f"user_activity_daily_raw.activity_date: all times are {times} UTC, like midnights in another time zone",
                "TIMEZONE=",
            ],
        )
        for name, times, moment in (
            ("with_offset", "14:00", "strftime(activity_date, '%Y-%m-%dT00:00+10:00')"),
            (
                "of_summer_and_winter",
                "22:00 or 23:00",
                "strftime(activity_date, '%Y-%m-%d 00:00:00') || if(day(activity_date) > 3, '+02', '+01')",
            ),
            (
                "of_London",
                "00:00 or 23:00",
                "strftime(activity_date, '%Y-%m-%d 00:00') || if(day(activity_date) > 3, '+01', 'Z')",
            ),
            ("as_instants", "14:00", "(date_trunc('day', activity_date) + interval 14 hour) at time zone 'UTC'"),
            ("without_offset", "04:30", "date_trunc('day', activity_date) + interval 270 minute"),
            ("without_offset_in_text", "18:30:00"[:5], "strftime(activity_date, '%Y-%m-%d 18:30:00')"),
        )
    },
    **{
        f"ids_{name}": (
            "interventions_raw",
            f"select * replace ({value} as intervention_id) from {{table}}",
            ["interventions_raw.intervention_id: 6 of 6 rows are not an id in text or whole numbers", shown],
        )
        for name, value, shown in (
            ("rounded", "9007199254740993 + row_number() over ()::double", "for example '9007199254740992.0'"),
            ("rounded_to_seven_digits", "16777216::float", "for example '16777216.0'"),
            ("rounded_in_text", "'1.23457E+17'", "for example '1.23457E+17'"),
            ("of_fractions", "row_number() over () + 0.5", "for example '1.5'"),
            ("of_truth", "true", "for example 'true'"),
            ("of_days", "date '2025-01-01'", "for example '2025-01-01'"),
        )
    },
    **{
        f"ids_that_differ_{way}": (
            "interventions_raw",
            f"select * replace (case when user_id > 'u3' then {other} else user_id end as user_id) from {{table}}",
            [
                f"interventions_raw.user_id: 3 of 6 ids are not in users_raw, for example {shown}",
                f", which differs in {way.replace('_', ' ')};",
            ],
        )
        for way, other, shown in (
            ("case", "upper(user_id)", "'U4' beside 'u4'"),
            ("spaces", "'u ' || user_id[2:]", "'u 4' beside 'u4'"),
            ("leading_zeros", "'00' || user_id", "'00u4' beside 'u4'"),
        )
    },
    **{
        f"ids_of_{word}": (
            "interventions_raw",
            f"select * replace ('{word}' as campaign_id) from (select *, null as campaign_id from {{table}})",
            [
                "interventions_raw.campaign_id: 6 of 6 rows are not an id in text or whole numbers,",
                f"a word for nothing, for example '{word}'",
            ],
        )
        for word in ("NULL", "N/A", "-", "None", "nan", "#N/A")
    },
    "thousands_of_seats": (
        "accounts_raw",
        "select * replace (case account_id when 'a1' then '1.000' else '250' end as seat_count) from {table}",
        ["accounts_raw.seat_count: every number with a point has three digits after it, for example '1.000', as if"],
    ),
    "probabilities_in_percent": (
        "interventions_raw",
        "select *, case user_id when 'u1' then 50.0 end as assignment_probability from {table}",
        ["interventions_raw.assignment_probability: 1 of 6 rows are not 0 to 1, for example '50.0'; check the unit"],
    ),
    "days_of_another_zone": (
        "user_activity_daily_raw",
        "select * replace (strftime(activity_date, '%Y-%m-%dT') || if(day(activity_date) > 3, '09', '01') || ':13:00+02:00'"
        " as activity_date) from {table}",
        [
            "user_activity_daily_raw.activity_date: 18 of 30 times have another day where they were written than in UTC,",
            "'2025-03-01T01:13:00+02:00'; name the time zone",
        ],
    ),
    "one_midnight_elsewhere": (
        "interventions_raw",
        "select * replace (timestamptz '2025-03-31 22:00:00+00' as intervention_date) from {table}",
        ["interventions_raw.intervention_date: all times are 22:00 UTC, like midnights in another time zone; name it"],
    ),
    "users_of_tenants_that_share_ids": (
        "users_raw",
        "from {table} union all (select * replace ('a1' as account_id) from {table} where user_id in ('u1', 'u2'))",
        ["users_raw.user_id: 2 of 6 ids have more than one account_id, for example 'u1' those of 'a1' and 'a2'; make"],
    ),
    "windows_of_0_days": (
        "outcomes_raw",
        "select * replace (0 as outcome_window_days) from {table}",
        [
            "outcomes_raw.outcome_window_days: 6 of 6 rows are not 1 to 365, for example '0'; check the unit of the column"
        ],
    ),
    "windows_missing": (
        "outcomes_raw",
        "select * replace (null::int as outcome_window_days) from {table}",
        ["outcomes_raw.outcome_window_days: 6 of 6 rows are null; fill them in"],
    ),
    "seconds_for_minutes": (
        "user_activity_daily_raw",
        "select * replace (3600 as time_spent_minutes) from {table}",
        ["user_activity_daily_raw.time_spent_minutes: 30 of 30 rows are not 0 to 1,440, for example '3600'"],
    ),
    "days_of_web_and_ios": (
        "user_activity_daily_raw",
        "from {table} union all (select * replace (7 as core_action_count) from {table} where user_id = 'u2')",
        ["user_activity_daily_raw: 5 of 30 user-days have contradictory rows, for example that of 'u2' on 2025-03-01"],
    ),
    "text_too_long": (
        "users_raw",
        "select * replace (repeat('x', 10001) as geo_region) from {table}",
        ["users_raw.geo_region: texts longer than 10,000 characters"],
    ),
}


@pytest.mark.parametrize(("table", "query", "says"), fault_cases(FAULTS))
def test_a_fault_is_named_and_nothing_is_replaced(export, warehouse, earlier_load, seen, listed, table, query, says):
    write(export, "accounts_raw", "select * replace ('another' as industry) from {table}")
    if query:
        write(export, table, query)
    else:
        (export / f"{table}.parquet").unlink()

    with pytest.raises(RawContractError) as raised:
        load_raw(export, warehouse)

    assert len(raised.value.problems) == 1
    seen(str(raised.value))
    listed(str(raised.value))
    assert [text for text in says if text not in str(raised.value)] == []
    assert all_contents(warehouse) == earlier_load


USERS_CSV = b"""\
user_id,account_id,user_created_date,role_type,geo_region,invited_by_user_id
u1,a1,2024-06-01,basic,EU,
u2,a2,2024-06-01,basic,EU,u1
u3,a3,2024-06-01,basic,EU,u1
"""


def parquet_of(column: str, values: pa.Array) -> bytes:
    """The export's users with another column in place of theirs."""
    users = pacsv.read_csv(io.BytesIO(USERS_CSV))
    file = io.BytesIO()
    pq.write_table(users.set_column(users.column_names.index(column), column, values), file)
    return file.getvalue()


USERS_PARQUET = parquet_of("geo_region", pa.array(["EU"] * 3))
NOT_TEXT = pa.Array.from_buffers(pa.string(), 3, pa.array([b"\xff\xfe"] * 3).buffers())
CANNOT_BE_READ = "users_raw: file cannot be read ("
BROKEN_FILES = {
    "not_parquet": ("users_raw.parquet", b"not a parquet file", CANNOT_BE_READ),
    "nothing_in_a_parquet_file": ("users_raw.parquet", b"", CANNOT_BE_READ),
    "half_a_parquet_file": ("users_raw.parquet", USERS_PARQUET[: len(USERS_PARQUET) // 2], CANNOT_BE_READ),
    "corrupt_parquet_pages": (
        "users_raw.parquet",
        USERS_PARQUET[:8] + b"\xff" * 72 + USERS_PARQUET[80:],
        CANNOT_BE_READ,
    ),
    "parquet_text_not_utf8": ("users_raw.parquet", parquet_of("geo_region", NOT_TEXT), CANNOT_BE_READ),
    "nested_parquet_column": (
        "users_raw.parquet",
        parquet_of("role_type", pa.array([["basic"]] * 3)),
        "users_raw.role_type: users_raw.parquet holds 'VARCHAR[]'; export plain values: text",
    ),
    "blank_parquet_keys": (
        "users_raw.parquet",
        parquet_of("user_id", pa.array(["u1", "", "  "])),
        "users_raw.user_id: 2 of 3 rows are null",
    ),
    "a_spreadsheet": ("users_raw.xlsx", b"PK", "users_raw: table missing; "),
    "a_directory_of_nothing": ("users_raw/_SUCCESS", b"", "users_raw: the directory users_raw holds nothing; "),
    "a_directory_of_other_files": (
        "users_raw/part-0.orc",
        b"",
        "users_raw: the directory users_raw holds 'part-0.orc'; ",
    ),
    "a_line_of_a_million": (
        "users_raw.csv",
        USERS_CSV + b"," * 1_000_000,
        CANNOT_BE_READ + "users_raw.csv, line 4: a line of more",
    ),
    "a_long_last_line": (
        "users_raw.csv",
        USERS_CSV + b"u4,a1,2024-06-01,basic,EU," + b"x" * 40_000_000,
        CANNOT_BE_READ,
    ),
    "a_long_header": (
        "users_raw.csv.gz",
        gzip.compress(b"x" * 10_000_000),
        CANNOT_BE_READ + "users_raw.csv.gz, line 0: a line of",
    ),
    "half_a_gzip": ("users_raw.csv.gz", gzip.compress(USERS_CSV)[:40], CANNOT_BE_READ),
    "corrupt_gzip": ("users_raw.csv.gz", gzip.compress(USERS_CSV)[:20] + b"\xff" * 60, CANNOT_BE_READ),
    "plain_text_named_gz": ("users_raw.csv.gz", USERS_CSV, CANNOT_BE_READ),
    "gzip_named_csv": ("users_raw.csv", gzip.compress(USERS_CSV), CANNOT_BE_READ + "it is not UTF-8)"),
    "not_utf8": ("users_raw.csv", b"user_id,account_id\n\xff\xfe,a1\n", CANNOT_BE_READ + "it is not UTF-8)"),
    "utf16": ("users_raw.csv", USERS_CSV.decode().encode("utf-16"), CANNOT_BE_READ + "it is not UTF-8)"),
    "latin1_far_down": ("users_raw.csv", USERS_CSV * 5000 + "u4,a1,,,Québec,\n".encode("latin-1"), CANNOT_BE_READ),
    "line_too_long": ("users_raw.csv", USERS_CSV + b"u7,a1,2024-06-01,basic,EU,u1,one too many\n", CANNOT_BE_READ),
    "line_too_short": ("users_raw.csv", USERS_CSV + b"u7,a1\n", CANNOT_BE_READ),
    "quote_never_closed": ("users_raw.csv", USERS_CSV + b'u7,a1,2024-06-01,"basic,EU,u1\n', CANNOT_BE_READ),
    "text_after_a_quote": ("users_raw.csv", USERS_CSV + b'u7,a1,2024-06-01,"basic"!,EU,u1\n', CANNOT_BE_READ),
    "cell_of_five_million": ("users_raw.csv", USERS_CSV + b"u7,a1,,," + b"x" * 5_000_000 + b",\n", CANNOT_BE_READ),
    "nothing_at_all": ("users_raw.csv", b"", "users_raw: users_raw.csv is empty; export it with a header line"),
    "header_alone": ("users_raw.csv", USERS_CSV.splitlines()[0], "users_raw: users_raw.csv has no rows"),
    "no_header": (
        "users_raw.csv",
        USERS_CSV.partition(b"\n")[2],
        "users_raw.user_id: column missing in users_raw.csv; add it as text",
    ),
    "column_twice": (
        "users_raw.csv",
        b"user_id,account_id,USER_ID\n",
        "users_raw: column 'user_id' repeated in users_raw.csv",
    ),
    **{
        name: (
            "users_raw.csv",
            USERS_CSV.replace(b",", delimiter),
            f"users_raw: users_raw.csv separates columns by {delimiter.decode()!r}; export it separated by commas",
        )
        for name, delimiter in (("semicolons", b";"), ("tabs", b"\t"), ("bars", b"|"))
    },
    **{
        f"semicolons_and_{name}": (
            "users_raw.csv",
            content,
            "users_raw: users_raw.csv separates columns by ';'; export it separated by commas",
        )
        for name, content in (
            ("quotes", b'"user_id";"account_id"\n"u1";"a1"\n'),
            ("a_line_of_Excel", b"sep=;\nuser_id;account_id\nu1;a1\n"),
            ("words_of_their_own", b"Benutzer;Konto\nu1;a1\n"),
        )
    },
    **{
        f"date_{name}": (
            "users_raw.csv",
            USERS_CSV.replace(b"2024-06-01", date),
            "users_raw.user_created_date: 3 of 3 rows are not a date such as 2025-03-01, from 1970-01-01 to 2099-12-31, ",
        )
        for name, date in (
            ("of_no_leap_year", b"2023-02-29"),
            ("in_the_year_0", b"0000-01-01"),
            ("in_the_year_10000", b"10000-01-01"),
            ("before_christ", b"2024-06-01 (BC)"),
            ("with_a_tail", b"2024-06-01 or so"),
            ("of_excel", b"45444"),
        )
    },
}


@pytest.mark.parametrize(("name", "content", "says"), fault_cases(BROKEN_FILES))
def test_a_broken_file_is_named(export, warehouse, seen, listed, name, content, says):
    (export / "users_raw.parquet").unlink()
    (export / name).parent.mkdir(exist_ok=True)
    (export / name).write_bytes(content)
    with pytest.raises(RawContractError) as raised:
        load_raw(export, warehouse)
    problems = raised.value.problems
    seen(problems[0])
    for problem in problems:
        listed(problem)
    assert problems[0].startswith(says)
    assert all(problem.isprintable() and len(problem) < 400 for problem in problems)
    assert not warehouse.exists()


def outcome(directory: Path) -> int | list[str]:
    """The number of users that the loader would accept from an export, or its reasons to refuse it."""
    try:
        sources, _ = check_raw(directory)
    except RawContractError as error:
        return error.problems
    with raw_loader.connect(":memory:") as connection:
        return connection.execute(f"select count(*) from ({sources['users_raw'].select})").fetchall()[0][0]


# Mostly valid values, so that some exports are accepted, mixed with anything at all.
CELLS = [
    st.sampled_from(["u1", "u2", "u3", "u4", ""]),
    st.sampled_from(["a1", "a2", "", "a'; --"]),
    st.sampled_from(["2024-02-29", "", "2024-06-01T23:30:00+14:00", "0001-01-01"]),
]
ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
ROWS = st.lists(st.tuples(*(st.one_of(cell, cell, cell, ANYTHING) for cell in [*CELLS, *[ANYTHING] * 3])), max_size=6)
# The same examples every time; the first failure is shown as it is, because shrinking it takes minutes.
IN_THIS_ORDER = settings(
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.mark.fault("export: cells of any text whatever", "refused in lines of print, or every row is taken")
@IN_THIS_ORDER
@given(rows=ROWS)
def test_whatever_the_cells_say_every_row_is_taken_or_the_export_is_refused(export, seen, listed, rows):
    (export / "users_raw.parquet").unlink(missing_ok=True)
    with (export / "users_raw.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([USERS_CSV.decode().partition("\n")[0].split(","), *rows])
    found = outcome(export)
    seen(f"among others, {found}")
    if isinstance(found, int):
        assert found == len(rows)
    else:
        for problem in found:
            listed(problem)
            assert problem.isprintable() and len(problem) < 400


@pytest.mark.fault("export: any bytes whatever in place of a file", "refused in lines of print")
@IN_THIS_ORDER
@given(content=st.binary(max_size=200), suffix=st.sampled_from(SUFFIXES))
def test_whatever_the_bytes_of_a_file_are_the_export_is_refused(export, seen, listed, content, suffix):
    for file in export.glob("users_raw*"):
        file.unlink()
    (export / f"users_raw{suffix}").write_bytes(content)
    found = outcome(export)
    seen(f"among others, {found}")
    assert found
    for problem in found:
        listed(problem)
        assert problem.isprintable() and len(problem) < 400


@pytest.mark.fault("export: a cell of 100,000 letters where a date should be", "refused, its beginning quoted")
def test_a_message_quotes_only_the_beginning_of_a_cell(export, warehouse, seen):
    write(export, "users_raw", "select * replace (repeat('x\n', 50000) as user_created_date) from {table}")
    with pytest.raises(RawContractError) as raised:
        load_raw(export, warehouse)
    seen(str(raised.value))
    assert len(str(raised.value).splitlines()) == 1
    assert len(str(raised.value)) < 250


@pytest.mark.fault(
    "export: texts of megabytes in Parquet", "refused by what the footer says, before a value is unpacked"
)
def test_long_texts_are_refused_before_they_are_read(export, warehouse, seen, monkeypatch):
    texts = pa.array([letter * 1_000_000 for letter in "abc"])
    (export / "users_raw.parquet").write_bytes(parquet_of("geo_region", texts))
    checked = []
    monkeypatch.setattr(
        raw_loader, "check_values", lambda connection, source, *others: checked.append(source.table.name)
    )
    with pytest.raises(RawContractError) as raised:
        load_raw(export, warehouse)
    seen(str(raised.value))
    assert raised.value.problems == [
        "users_raw.geo_region: texts longer than 10,000 characters; shorten them in the export"
    ]
    assert "accounts_raw" in checked
    assert "users_raw" not in checked


@pytest.mark.parametrize("limit", ["1MB", "5MB"])
@pytest.mark.fault("CAUSALYN_MEMORY_LIMIT too low for an export", "said, and nothing is replaced")
def test_the_loader_keeps_to_the_memory_limit_and_says_so(
    export, run, project_root, warehouse, earlier_load, listed, seen, limit
):
    command = (sys.executable, project_root / "scripts" / "load_raw.py", export, "--warehouse", warehouse)
    refused = run(*command, CAUSALYN_MEMORY_LIMIT=limit)
    (message,) = refused.stderr.splitlines()
    seen(message)
    listed(message)
    assert refused.returncode == 1
    assert "CAUSALYN_MEMORY_LIMIT" in message
    assert all_contents(warehouse) == earlier_load


@pytest.mark.fault("export: a time with an offset", "its day in UTC, in CSV as in Parquet")
def test_the_day_of_a_time_with_an_offset_is_that_of_utc(export, warehouse, seen):
    def day() -> set[str]:
        load_raw(export, warehouse, "UTC")
        return {str(row[2]) for row in contents(warehouse)["users_raw"][1:]}

    moment = "timestamptz '2024-02-28 23:30:17-05'"
    write(export, "users_raw", f"select * replace ({moment} as user_created_date) from {{table}}")
    of_parquet = day()
    (export / "users_raw.parquet").unlink()
    (export / "users_raw.csv").write_bytes(USERS_CSV.replace(b"2024-06-01", b"2024-02-28T23:30:17-05:00"))
    assert day() == of_parquet == {"2024-02-29"}
    seen("2024-02-28T23:30:17-05:00 is read as 2024-02-29")


def test_times_without_an_offset_that_may_be_local_are_reported(export, warehouse):
    """They are read as UTC, where another time zone has another day."""
    (note,) = load_raw(export, warehouse, "Asia/Tokyo").notes
    assert note.startswith("user_activity_daily_raw.activity_date: 30 of 30 times without an offset, read as UTC, have")


@pytest.mark.fault("export: local midnights and a time zone for them", "the local days, and plain dates as they are")
def test_days_are_those_of_the_time_zone_that_is_named(export, warehouse, earlier_load, seen):
    """As text with summer and winter offsets, as instants, and as UTC times without an offset."""
    local = "(cast(activity_date as date)::timestamp at time zone 'Europe/Berlin')"
    for moment in (local, f"{local} at time zone 'UTC'", f"strftime({local} at time zone 'UTC', '%Y-%m-%d %H:%M:%SZ')"):
        write(export, "user_activity_daily_raw", EXPORT["user_activity_daily_raw"])
        write(export, "user_activity_daily_raw", f"select * replace ({moment} as activity_date) from {{table}}")
        load_raw(export, warehouse, "Europe/Berlin")
        assert all_contents(warehouse) == earlier_load
    write(
        export,
        "user_activity_daily_raw",
        "select * replace (cast(activity_date as date)::timestamp as activity_date) from {table}",
    )
    seen("2025-03-30T22:00Z and 2025-03-01T23:00Z are midnights in Berlin")


def test_midnights_without_an_offset_are_plain_dates(export, warehouse, earlier_load):
    write(
        export,
        "user_activity_daily_raw",
        "select * replace (cast(activity_date as date)::timestamp as activity_date) from {table}",
    )
    load_raw(export, warehouse, "America/New_York")
    assert all_contents(warehouse) == earlier_load


@pytest.mark.fault("export: a time zone that does not exist", "refused, by name")
def test_an_unknown_time_zone_is_refused(export, warehouse, seen, listed):
    with pytest.raises(RawContractError) as raised:
        load_raw(export, warehouse, "Mars/Base")
    seen(str(raised.value))
    listed(str(raised.value))
    assert not warehouse.exists()


# Texts that a person can't tell apart, and what a data frame makes of whole numbers.
SAME_IDS = {
    "padded": "user_id || '  '",
    "after_a_tab": "chr(9) || user_id",
    "after_a_byte_order_mark": "chr(65279) || user_id",
    "with_a_blank_that_does_not_break": "user_id || chr(160)",
    "with_a_zero_width_space_in_it": "user_id[1] || chr(8203) || user_id[2:]",
    "in_a_list_of_constants": "cast(user_id as enum ('u1', 'u2', 'u3', 'u4', 'u5', 'u6'))",
    "in_bytes": "encode(user_id)",
}


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(
            other, id=name, marks=pytest.mark.fault(f"export: ids {name.replace('_', ' ')}", "the ids of other tables")
        )
        for name, other in SAME_IDS.items()
    ],
)
def test_ids_that_look_the_same_are_the_same(export, warehouse, earlier_load, seen, other):
    write(export, "user_activity_daily_raw", f"select * replace ({other} as user_id) from {{table}}")
    notes = load_raw(export, warehouse).notes
    assert all_contents(warehouse) == earlier_load
    expected = (
        [] if other.startswith(("cast", "encode")) else ["user_activity_daily_raw.user_id: 30 of 30 ids were stripped"]
    )
    assert [note[: len(start)] for note, start in zip(notes, expected, strict=True)] == expected
    seen(" ".join(notes) or "loaded")


@pytest.mark.fault(
    "export: whole numbers as ids, in one table as floating-point numbers", "the same ids in every table"
)
@pytest.mark.parametrize("kind", ["double", "float", "decimal(18, 3)", "hugeint", "utinyint", "varchar"])
def test_whole_numbers_are_ids_whatever_their_type(export, warehouse, seen, kind):
    write(
        export, "users_raw", "select * replace (user_id[2:]::int as user_id, null as invited_by_user_id) from {table}"
    )
    for table in ("user_activity_daily_raw", "interventions_raw", "outcomes_raw", TRUTH.name):
        number = f"user_id[2:]::{kind}" if kind != "varchar" else "user_id[2:] || '.0'"
        write(export, table, f"select * replace ({number} as user_id) from {{table}}")
    load_raw(export, warehouse)
    loaded = all_contents(warehouse)
    for table in ("users_raw", "user_activity_daily_raw", "outcomes_raw", TRUTH.name):
        assert {row[0] for row in loaded[table][1:]} == set("123456")
    seen("'1' in every table")


def test_ids_up_to_the_largest_exact_number_are_taken(export, warehouse):
    write(
        export,
        "interventions_raw",
        "select * replace (9007199254740000 + user_id[2:]::double as intervention_id) from {table}",
    )
    write(export, "outcomes_raw", "select * replace ('900719925474000' || user_id[2:] as intervention_id) from {table}")
    load_raw(export, warehouse)
    assert {row[1] for row in contents(warehouse)["outcomes_raw"][1:]} == {f"900719925474000{n}" for n in range(1, 7)}


@pytest.mark.fault(
    "export: account ids of Salesforce, in one table of 15 and in another of 18 characters", "refused, with both"
)
def test_ids_of_15_and_18_characters_are_told_apart(export, warehouse, seen):
    write(
        export,
        "accounts_raw",
        "select * replace ('0015g00000XyZa' || account_id[2:] || 'AAC' as account_id) from {table}",
    )
    for table in ("users_raw", "interventions_raw"):
        write(export, table, "select * replace ('0015g00000XyZa' || account_id[2:] as account_id) from {table}")
    with pytest.raises(RawContractError) as raised:
        load_raw(export, warehouse)
    seen(str(raised.value))
    assert "3 of 3 ids are not in accounts_raw" in raised.value.problems[0]
    assert (
        "'0015g00000XyZa1' beside '0015g00000XyZa1AAC', which differs in having 15 or 18 characters"
        in raised.value.problems[0]
    )


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (
            "if(i < 101, '0', 'u' || i)",
            "1 of 201 ids are not in users_raw, for example '0' beside 'u1'; 500 of 1,500 rows are ignored",
        ),
        ("if(i = 7, 'U', 'u') || i", "'U7' beside 'u7', which differs in case; 5 of 1,500 rows are ignored"),
    ],
    ids=["with many rows", "that may be meant"],
)
def test_few_strangers_are_reported(export, warehouse, written, expected):
    for table, user_id in (("users_raw", "'u' || i"), ("user_activity_daily_raw", written)):
        write(
            export,
            table,
            f"select * exclude (i) replace ({user_id} as user_id) from {{table}}, range(1, 301) as r (i)"
            " where user_id = 'u1'",
        )
    (note,) = load_raw(export, warehouse).notes
    assert expected in note


def test_ids_of_18_characters_that_begin_alike_are_others(export, warehouse):
    """Only one that is a beginning of the other may be meant by it."""
    write(export, "users_raw", "select * replace ('user-0000000000-0' || user_id[2:] as user_id) from {table}")
    for table in ("user_activity_daily_raw", "interventions_raw", "outcomes_raw", TRUTH.name):
        write(export, table, "select * replace ('user-0000000000-0' || user_id[2:] as user_id) from {table}")
    strangers = "select 'user-0000000000-09' as user_id, date '2025-03-01' as activity_date"
    write(export, "user_activity_daily_raw", f"from {{table}} union all by name {strangers}")
    (note,) = load_raw(export, warehouse).notes
    assert note.endswith("; 1 of 31 rows are ignored")


def test_days_both_added_up_and_as_events_are_refused(export, warehouse, listed):
    (export / "user_events_raw.csv").write_text("user_id,event_name,event_time\nu1,Edit,2025-03-01T12:30:07Z\n")
    with pytest.raises(RawContractError) as raised:
        load_raw(export, warehouse)
    (problem,) = raised.value.problems
    assert problem.startswith(
        "user_events_raw: 1 user-days are in user_activity_daily_raw, too, for example that of 'u1'"
    )
    listed(problem)


@pytest.mark.parametrize("name", ["user_features_raw.json", "campaign_events.csv", "users_raw_us.parquet"])
def test_a_file_that_looks_as_if_it_were_meant_is_not_passed_over(export, warehouse, listed, name):
    shutil.copy(export / "users_raw.parquet", export / name)
    with pytest.raises(RawContractError, match=name) as raised:
        load_raw(export, warehouse)
    listed(str(raised.value))


def test_strangers_are_reported_beyond_two_in_a_hundred_and_taken(export, warehouse):
    strangers = "select 'x' || i as user_id, date '2025-03-01' as activity_date from range(3) as r(i)"
    write(export, "user_activity_daily_raw", f"from {{table}} union all by name {strangers}")
    loaded = load_raw(export, warehouse)
    assert loaded.rows["user_activity_daily_raw"] == 33
    (note,) = loaded.notes
    assert note == (
        "user_activity_daily_raw.user_id: 3 of 9 ids are not in users_raw, for example 'x0' beside 'u1'; 3 of 33 rows are ignored"
    )


def test_days_of_several_sources_are_taken(export, warehouse):
    """One row per day and source is no contradiction; two different ones are."""
    write(export, "user_activity_daily_raw", "select * from {table}, (values ('web'), ('ios')) as sources(source)")
    loaded = load_raw(export, warehouse)
    assert (loaded.rows["user_activity_daily_raw"], loaded.notes) == (60, [])
    write(export, "user_activity_daily_raw", "select * replace ('web' as source) from {table}")
    load_raw(export, warehouse)
    write(
        export, "user_activity_daily_raw", "select * replace (row_number() over () as core_action_count) from {table}"
    )
    with pytest.raises(RawContractError, match="30 of 30 user-days have contradictory rows"):
        load_raw(export, warehouse)


def test_a_source_that_is_missing_in_some_rows_is_refused(export, warehouse):
    write(export, "user_activity_daily_raw", "select *, case when user_id > 'u1' then 'web' end as source from {table}")
    with pytest.raises(RawContractError, match=r"user_activity_daily_raw.source: 5 of 30 rows are null"):
        load_raw(export, warehouse)


@pytest.mark.fault("a generated world over loaded data", "refused unless it is said to be meant")
def test_a_generated_world_does_not_replace_loaded_data(run, project_root, warehouse, earlier_load, seen, listed):
    def generate(*options: str):
        return run(sys.executable, project_root / "scripts" / "generate_world.py", "--accounts", "20", *options)

    assert origin.of(warehouse) == origin.LOADED
    refused = generate("--warehouse", warehouse)
    seen(refused.stderr.replace(str(warehouse.parent), ""))
    listed(refused.stderr.strip())
    assert (refused.returncode, len(refused.stderr.splitlines()), origin.of(warehouse)) == (1, 1, origin.LOADED)
    assert all_contents(warehouse) == earlier_load
    assert generate("--warehouse", warehouse, "--replace-loaded").returncode == 0
    assert origin.of(warehouse) == origin.GENERATED
    assert generate("--warehouse", warehouse).returncode == 0
    warehouse.unlink()
    assert origin.of(warehouse) is None


def test_tables_of_another_loader_are_loaded_data(warehouse):
    warehouse.parent.mkdir()
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema raw; create table raw.accounts_raw (account_id varchar)")
    assert origin.of(warehouse) == origin.LOADED
    duckdb.connect(str(truth_path(warehouse))).close()
    assert origin.of(warehouse) == origin.GENERATED


def test_columns_that_nothing_reads_are_reported(export, warehouse):
    write(export, "accounts_raw", "select *, 'x' as \"it's extra\" from {table}")
    assert load_raw(export, warehouse).notes == ['accounts_raw: unused columns: "it\'s extra"']
    write(export, "accounts_raw", "select * rename (account_id as konto) from {table}")
    with pytest.raises(
        RawContractError, match=r"account_id: column missing.*\naccounts_raw: unused columns: .*'konto'"
    ):
        load_raw(export, warehouse)


# The same users in other shapes: how each is written into the export.
SHAPES = {
    "parts side by side": ["users_raw-00000-of-00002.parquet", "users_raw-00001-of-00002.parquet"],
    "numbered parts": ["users_raw_0_0_0.csv.gz", "users_raw_0_1_0.csv.gz"],
    "a directory": ["users_raw/part-00000-c0ffee.parquet", "users_raw/b.parquet", "users_raw/_SUCCESS"],
    "a directory with an ending": ["users_raw.parquet/part-0.parquet", "users_raw.parquet/part-1.parquet"],
    "a directory of CSV files": ["users_raw/a.csv", "users_raw/b.csv", "users_raw/.a.csv.crc"],
    "capitals": ["USERS_RAW.PARQUET"],
    "a partitioned directory": ["users_raw/geo_region=EU/a.parquet", "users_raw/geo_region=EU/b.parquet"],
    "a partitioned directory of CSV files": ["users_raw.csv/geo_region=EU/a.csv", "users_raw.csv/geo_region=EU/b.csv"],
    "a directory that says otherwise": ["users_raw/role_type=admin/a.parquet"],
}


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(names, id=name, marks=pytest.mark.fault(f"export: {name}", "the same rows as in one file"))
        for name, names in SHAPES.items()
    ],
)
def test_other_shapes_hold_the_same_rows(export, warehouse, earlier_load, seen, names):
    (export / "users_raw.parquet").unlink()
    tables = [name for name in names if not Path(name).name.startswith((".", "_"))]
    for number, name in enumerate(names):
        (export / name).parent.mkdir(parents=True, exist_ok=True)
        if name not in tables:
            (export / name).write_text("of the writer's own")
            continue
        # CSV parts with columns in a different order each.
        columns = "* exclude (user_id), user_id" if number else "*"
        columns = columns if "geo_region=" not in name else "* exclude (geo_region)"
        rows = duckdb.sql(
            f"select {columns} from ({EXPORT['users_raw']}) where user_id[2:]::int % {len(tables)} = {number}"
        )
        rows.write_parquet(str(export / name)) if name.lower().endswith("parquet") else rows.write_csv(
            str(export / name), compression="gzip" if name.endswith("gz") else None
        )
    load_raw(export, warehouse)
    assert all_contents(warehouse) == earlier_load
    seen(", ".join(tables))


def test_a_part_without_a_column_is_refused(export, warehouse):
    write(
        export,
        "users_raw-1",
        "select * exclude (role_type) from users_raw".replace("users_raw", f"'{export}/users_raw.parquet'"),
    )
    (export / "users_raw.parquet").rename(export / "users_raw-2.parquet")
    with pytest.raises(RawContractError, match=r"users_raw.role_type: column missing in 1 of 2 files; add it"):
        load_raw(export, warehouse)


@pytest.mark.fault("export: a directory named treatment_flag=1, or ev[1] beside ev1", "what its own files say")
@pytest.mark.parametrize("suffix", ["parquet", "csv"])
@pytest.mark.parametrize(
    ("name", "beside"),
    [("treatment_flag=1", "a"), ("ev[1]", "ev1"), ("st*r", "star"), ("q?x", "qax"), ("s3:", "{a,b}")],
)
def test_the_name_of_the_directory_alters_nothing(tmp_path, warehouse, earlier_load, seen, suffix, name, beside):
    write_export(tmp_path / name, suffix)
    (tmp_path / beside).mkdir()
    for table in EXPORT:
        (tmp_path / beside / f"{table}.{suffix}").write_bytes(b"another")
    load_raw(tmp_path / name, warehouse)
    assert all_contents(warehouse) == earlier_load
    seen(f"the rows of {name}")


@pytest.mark.fault("export: CSV whose lines end in different ways", "every row")
@pytest.mark.parametrize("last", [b"\r\n", b"\n", b"\r", b""])
def test_lines_may_end_in_different_ways(export, warehouse, seen, last):
    (export / "users_raw.parquet").unlink()
    first, second, *others = USERS_CSV.splitlines()
    (export / "users_raw.csv").write_bytes(
        first + b"\r\n" + second + b"\n\n" + b"\r\n".join(others) + b'\r\nu4,a1,2024-06-01,"two\r\nlines",EU,' + last
    )
    assert load_raw(export, warehouse).rows["users_raw"] == 4
    seen("4 rows of 4")


@pytest.mark.fault("export: rows that DuckDB's reader passes over", "refused, with both counts")
def test_rows_are_counted_by_another_reader(export, warehouse, seen, listed, monkeypatch):
    monkeypatch.setattr(
        raw_files, "_scan", lambda table, path: (tuple(USERS_CSV.decode().split("\n")[0].split(",")), 7, "\n")
    )
    (export / "users_raw.parquet").unlink()
    (export / "users_raw.csv").write_bytes(USERS_CSV)
    with pytest.raises(RawContractError) as raised:
        load_raw(export, warehouse)
    seen(str(raised.value))
    assert raised.value.problems[0].startswith("users_raw: 3 rows were read from users_raw.csv, which holds 7;")
    listed(raised.value.problems[0])


def test_two_files_of_one_table_are_refused(export, warehouse):
    write(export, "users_raw", EXPORT["users_raw"], "csv")
    with pytest.raises(RawContractError, match=r"users_raw: .* has users_raw.csv and users_raw.parquet; keep one"):
        load_raw(export, warehouse)


def test_all_problems_are_reported_together(export, command, warehouse):
    (export / "accounts_raw.parquet").unlink()
    write(export, "users_raw", "select * exclude (role_type, user_created_date) from {table}")
    write(
        export, "outcomes_raw", "select * replace ('soon' as activation_date, -1 as collab_activated_flag) from {table}"
    )
    failed = command(export)
    assert failed.returncode == NOT_PUBLISHED
    assert failed.stdout == ""
    headline, *problems = failed.stderr.splitlines()
    assert headline == "Nothing was loaded. The export breaks the raw contract:"
    assert [problem.partition(":")[0] for problem in problems] == [
        "accounts_raw",
        "users_raw.user_created_date",
        "users_raw.role_type",
        "outcomes_raw.collab_activated_flag",
        "outcomes_raw.activation_date",
    ]
    assert not warehouse.exists()


def test_the_command_says_what_it_loaded_into_files_of_the_owner_alone(export, command, warehouse):
    loaded = command(export)
    assert loaded.returncode == 0, loaded.stderr
    assert loaded.stdout.splitlines() == [
        "accounts_raw: 3 rows",
        "users_raw: 6 rows",
        "user_activity_daily_raw: 30 rows",
        "user_events_raw: 0 rows",
        "user_features_raw: 0 rows",
        "interventions_raw: 6 rows",
        "outcomes_raw: 6 rows",
        "campaign_events_raw: 0 rows",
        "bandit_log_raw: 0 rows",
        f"{TRUTH.name}: 6 rows",
    ]
    assert sorted(path.name for path in warehouse.parent.iterdir()) == ["causalyn.duckdb", "causalyn.truth.duckdb"]
    for path in warehouse.parent.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_missing_directory_is_one_clear_error(tmp_path, command, warehouse):
    failed = command(tmp_path / "nowhere")
    assert (failed.returncode, failed.stderr.splitlines()[1:]) == (
        NOT_PUBLISHED,
        [f"{tmp_path / 'nowhere'}: no such directory"],
    )
    assert not warehouse.exists()


def test_a_warehouse_that_another_process_writes_is_one_clear_error(export, command, warehouse, earlier_load):
    with duckdb.connect(str(warehouse)):
        failed = command(export, CAUSALYN_PATIENCE_SECONDS="0")
    assert failed.returncode == 1
    assert len(failed.stderr.splitlines()) == 1
    assert failed.stderr.startswith(f"Nothing was loaded. {warehouse} cannot be written: ")


def test_a_failure_while_loading_replaces_nothing(export, warehouse, earlier_load, monkeypatch):
    """The checks passed, but then the last table could not be written."""
    create = raw_loader._create

    def fail_on_truth(connection, name, *arguments):
        if name == TRUTH.name:
            raise duckdb.IOException("No space left on device")
        return create(connection, name, *arguments)

    monkeypatch.setattr(raw_loader, "_create", fail_on_truth)
    write(export, "users_raw", "select * replace ('admin' as role_type) from {table}")
    with pytest.raises(duckdb.IOException):
        load_raw(export, warehouse)
    assert all_contents(warehouse) == earlier_load
    assert not list(warehouse.parent.glob("*.unfinished"))


# What an exporter that is not done, or starts anew, does to the users' files.
CHANGES = {
    "truncated": ("parquet", lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])),
    "emptied": ("parquet", lambda file: file.write_bytes(b"")),
    "removed": ("parquet", lambda file: file.unlink()),
    "rewritten with as many rows": (
        "parquet",
        lambda file: write(file.parent, "users_raw", "select * replace ('' as account_id) from {table}"),
    ),
    "joined by a second": ("parquet", lambda file: shutil.copy(file, file.with_name("users_raw-2.parquet"))),
    "grown by a row": ("csv", lambda file: file.write_bytes(USERS_CSV + b"u4,a1,2024-06-01,basic,EU,\n")),
    "cut in the midst of a row": ("csv", lambda file: file.write_bytes(USERS_CSV[:-9])),
    "rewritten in as many bytes": ("csv", lambda file: file.write_bytes(USERS_CSV.replace(b"basic", b"admin"))),
}


@pytest.mark.parametrize("moment", ["check_values", "check_references", "_create"])
@pytest.mark.parametrize(
    ("suffix", "change"),
    [
        pytest.param(*case, id=name, marks=pytest.mark.fault(f"export: a file {name} while it is read", "one line"))
        for name, case in CHANGES.items()
    ],
)
def test_files_that_change_while_they_are_read_are_refused(
    export, warehouse, earlier_load, seen, listed, monkeypatch, moment, suffix, change
):
    """Whether before the table's checks, before those of references, or after all of them."""
    file = export / f"users_raw.{suffix}"
    if suffix == "csv":
        (export / "users_raw.parquet").unlink()
        file.write_bytes(USERS_CSV)
    step = getattr(raw_loader, moment)

    def after_the_change(*arguments):
        if moment == "check_references" or USERS in (arguments[2], getattr(arguments[1], "table", None)):
            change(file)
        return step(*arguments)

    monkeypatch.setattr(raw_loader, moment, after_the_change)
    with pytest.raises(RawContractError) as raised:
        load_raw(export, warehouse)
    (problem,) = raised.value.problems
    seen(problem)
    listed(problem)
    assert problem.startswith("users_raw: files changed while they were read")
    assert all_contents(warehouse) == earlier_load


@pytest.mark.fault("export: a CSV file that grows all the time while load_raw.py reads it", "one line")
def test_a_file_that_grows_all_the_time_is_refused(export, command, warehouse, earlier_load, seen):
    (export / "users_raw.parquet").unlink()
    (export / "users_raw.csv").write_bytes(USERS_CSV)
    is_read = threading.Event()

    def grow() -> None:
        with (export / "users_raw.csv").open("a", buffering=1) as file:
            for number in itertools.count(10):
                print(f"u{number},a1,2024-06-01,basic,EU,", file=file)
                if is_read.wait(0.005):
                    break

    writer = threading.Thread(target=grow)
    writer.start()
    loaded = command(export)
    is_read.set()
    writer.join()
    seen(loaded.stderr.replace(str(export), ""))
    assert loaded.returncode == NOT_PUBLISHED
    assert len(loaded.stderr.splitlines()) == 2
    assert "users_raw: files changed while they were read" in loaded.stderr
    assert all_contents(warehouse) == earlier_load


def test_foreign_data_loads_as_it_is(shared_dir, warehouse):
    rows = load_raw(shared_dir / "seed_world", warehouse).rows
    assert list(rows.values()) == [2500, 28607, 444333, 0, 0, 12610, 12610, 0, 0, 28607]
    types, *outcomes = contents(warehouse)["outcomes_raw"]
    assert types[2] == "INTEGER"
    assert {row[2] for row in outcomes} == {0, 1, None}
