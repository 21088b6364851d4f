"""Writes a generated world into DuckDB: the raw tables into the warehouse, hidden truth into a file of its own.

Ids, dates and categories arrive as numbers and become text in SQL, for speed. The warehouse
changes in one transaction and the truth file is swapped in whole: a generation that fails or is killed leaves the
previous world.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb
from tqdm import tqdm

from causalyn.simulation import world
from causalyn.simulation.world_physics import GROUPS, RESPONSES
from causalyn.warehouse import opening, origin
from causalyn.warehouse.raw_contract import BUILT_NODES, PUBLICATION, RAW_SCHEMA, TABLES, TRUTH, TRUTH_TODAY, truth_path
from causalyn.warehouse.sql_text import literal

OWNERS = 12  # of accounts
# For each database's buffers, which would otherwise grow with the world; the rest of the process needs 0.5 GB.
MEMORY_LIMIT = "1GB"

_ACCOUNT_ID = "format('acct_{:06d}', account + first_account)"
_USER_ID = "format('user_{:07d}', \"user\" + first_user)"
_INTERVENTION_ID = (
    "format('intv_{:07d}', \"user\" + first_user) || case when campaign > 0 then '_' || (campaign + 1) else '' end"
)


def _text(values: Iterable[str], column: str) -> str:
    """SQL for the name of a category number."""
    return f"[{', '.join(repr(value) for value in values)}][{column} + 1]"


def _day(expression: str) -> str:
    """SQL for the date of a number of days since 1970."""
    return f"date '1970-01-01' + cast({expression} as integer)"


# SQL for the columns of each table, in the contract's order, from a chunk's numbers.
_SELECTS: dict[str, tuple[str, ...]] = {
    "accounts_raw": (
        _ACCOUNT_ID,
        _day("created_day"),
        _text(world.PLANS, "plan"),
        _text(world.INDUSTRIES, "industry"),
        "seats",
        "cs_assigned",
        "round(health, 4)",
        "round(revenue, 2)",
        _day("renewal_day"),
        "format('Account {:06d}', account + first_account)",
        f"format('Owner {{:02d}}', (account + first_account) % {OWNERS})",
    ),
    "users_raw": (
        _USER_ID,
        _ACCOUNT_ID,
        _day("created_day"),
        "case role_style when 0 then {0} when 1 then upper({0}) when 2 then ' ' || {0} || '  ' end".format(
            _text(world.ROLES, "role")
        ),
        _text(world.REGIONS, "region"),
        "case when inviter >= 0 then format('user_{:07d}', inviter + first_user) end",
        "null",
        "null",
    ),
    "user_activity_daily_raw": (
        _USER_ID,
        _day("activity_day"),
        "login",
        "core",
        "collab",
        "minutes",
        "diversity",
        "null",
    ),
    "interventions_raw": (
        _INTERVENTION_ID,
        _USER_ID,
        _ACCOUNT_ID,
        _day("intervention_day"),
        "eligible",
        "treated",
        _text(world.CHANNELS, "channel"),
        _text(RESPONSES, "response"),
        "'campaign-' || (campaign + 1)",
        "nullif(probability, 'nan')",
    ),
    "outcomes_raw": (
        _USER_ID,
        _INTERVENTION_ID,
        "case when observed then cast(converted as integer) end",
        f"case when observed and converted then {_day('intervention_day + activation_delay')} end",
        str(world.OUTCOME_WINDOW_DAYS),
        "case when observed then cast(negative_reaction as integer) end",
        "null",
    ),
    TRUTH.name: (_USER_ID, _text(GROUPS, '"group"'), "p_control", "p_treated", "p_treated - p_control"),
}
_SELECTS[TRUTH_TODAY.name] = _SELECTS[TRUTH.name]


@dataclass(frozen=True)
class Written:
    """Number of rows written."""

    accounts: int
    users: int
    activity_rows: int


class NotPlayableError(Exception):
    """The world can't be played; the message says why."""


def attach_truth(connection: duckdb.DuckDBPyConnection, warehouse: Path) -> str:
    """Attach the warehouse's hidden truth read-only and return its table about today's users.

    If no users have changed groups since the campaigns, that is the truth at the campaigns. Raises NotPlayableError where there
    is none, or that of other raw tables.
    """
    if not truth_path(warehouse).is_file():
        raise NotPlayableError(f"{warehouse} holds no generated world: the hidden truth is missing")
    connection.execute(f"attach {literal(truth_path(warehouse))} as truth (read_only)")
    if not origin.owns_truth(connection):
        raise NotPlayableError(
            "the hidden truth belongs to other raw tables, since a load or a generation was interrupted"
        )
    tables = connection.execute("select table_name from duckdb_tables() where database_name = 'truth'").fetchall()
    table = TRUTH_TODAY if (TRUTH_TODAY.name,) in tables else TRUTH
    return f"truth.{table.name}"


def write_world(warehouse: Path, chunks: Iterable[world.Chunk], accounts: int) -> Written:
    """Replace a warehouse's raw tables and hidden truth with a world in chunks.

    `accounts` is the world's number of accounts, for the progress bar. Raises duckdb.Error or OSError if a file can't
    be written; after any failure, the previous world is unchanged.
    """
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    first_account = first_user = activity_rows = 0
    with opening.connect(warehouse) as raw_db, origin.new_truth(warehouse) as unfinished:
        with (
            duckdb.connect(str(unfinished)) as truth_db,
            tqdm(total=accounts, unit=" accounts", disable=None) as progress,
        ):
            for connection in (raw_db, truth_db):
                connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
            raw_db.execute(f"begin; drop table if exists {BUILT_NODES}; drop table if exists {PUBLICATION}")
            raw_db.execute(f"create schema if not exists {RAW_SCHEMA}")
            origin.record(raw_db, origin.GENERATED)
            origin.mark_truth(raw_db, truth_db)
            for table in TABLES:
                raw_db.execute(f"create or replace table {RAW_SCHEMA}.{table.name} ({table.ddl})")
            raw_db.execute(f"use {RAW_SCHEMA}")
            truth_db.execute("begin")
            for chunk in chunks:
                firsts = f"(select {first_account} as first_account, {first_user} as first_user)"
                _insert(raw_db, "accounts_raw", chunk.accounts, firsts)
                _insert(raw_db, "users_raw", chunk.users, firsts)
                _insert(raw_db, "user_activity_daily_raw", chunk.activity, firsts)
                _insert(raw_db, "interventions_raw", chunk.interventions, firsts)
                _insert(raw_db, "outcomes_raw", chunk.interventions, firsts)
                for table, truths in ((TRUTH, chunk.truth), (TRUTH_TODAY, chunk.truth_today)):
                    if truths is not None:
                        truth_db.execute(f"create table if not exists {table.name} ({table.ddl})")
                        _insert(truth_db, table.name, truths, firsts)
                first_account += len(chunk.accounts["account"])
                first_user += len(chunk.truth["user"])
                activity_rows += len(chunk.activity["user"])
                progress.update(len(chunk.accounts["account"]))
            truth_db.execute("commit")
        raw_db.execute("commit")
        unfinished.replace(truth_path(warehouse))
    return Written(first_account, first_user, activity_rows)


def append_life(
    warehouse: Path, activity: Iterable[world.Columns], truths: Iterable[world.Columns], sizes: list[int]
) -> None:
    """Append activity to a generated world and replace the truth about today's users; `sizes` are users per chunk."""
    with duckdb.connect(str(warehouse)) as raw_db, duckdb.connect(str(truth_path(warehouse))) as truth_db:
        raw_db.execute(f"drop table if exists {BUILT_NODES}; drop table if exists {PUBLICATION}; use {RAW_SCHEMA}")
        truth_db.execute(f"create or replace table {TRUTH_TODAY.name} ({TRUTH_TODAY.ddl})")
        first_user = 0
        for rows, truth, users in zip(activity, truths, sizes, strict=True):
            firsts = f"(select 0 as first_account, {first_user} as first_user)"
            _insert(raw_db, "user_activity_daily_raw", rows, firsts)
            _insert(truth_db, TRUTH_TODAY.name, truth, firsts)
            first_user += users


def _insert(connection: duckdb.DuckDBPyConnection, table: str, columns: world.Columns, firsts: str) -> None:
    """Appends a chunk's rows to a table; `firsts` is SQL for the numbers of its first account and first user."""
    # DuckDB finds `columns` in this scope. A registered view would hold on to every chunk until the commit.
    connection.execute(f"insert into {table} select {', '.join(_SELECTS[table])} from columns, {firsts}")
