"""Writes a generated world into DuckDB: the raw tables into the warehouse, hidden truth into a file of its own.

Ids and categories travel as integers and become text in SQL, which is where the speed comes from. Each file changes in one
transaction, and the truth file is swapped in whole: a generation that fails or is killed leaves the previous world.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
from tqdm import tqdm

from causalyn import world
from causalyn.raw_contract import RAW_SCHEMA, TABLES, TRUTH

ACCOUNT_ID = "format('acct_{:06d}', account + first_account)"
USER_ID = "format('user_{:07d}', \"user\" + first_user)"


def _text(values: Iterable[str], column: str) -> str:
    """SQL for the text of a category number."""
    return f"[{', '.join(repr(value) for value in values)}][{column} + 1]"


def _day(expression: str) -> str:
    """SQL for the date of a number of days since 1970."""
    return f"date '1970-01-01' + cast({expression} as integer)"


# The columns of each raw table, in the contract's order, from the integers of a chunk.
SELECTS: dict[str, tuple[str, ...]] = {
    "accounts_raw": (
        ACCOUNT_ID,
        _day("created_day"),
        _text(world.PLANS, "plan"),
        _text(world.INDUSTRIES, "industry"),
        "seats",
        "cs_assigned",
        "round(health, 4)",
        "round(revenue, 2)",
        _day("renewal_day"),
    ),
    "users_raw": (
        USER_ID,
        ACCOUNT_ID,
        _day("created_day"),
        "case role_style when 0 then {0} when 1 then upper({0}) when 2 then ' ' || {0} || '  ' end".format(
            _text(world.ROLES, "role")
        ),
        _text(world.REGIONS, "region"),
        "case when inviter >= 0 then format('user_{:07d}', inviter + first_user) end",
    ),
    "user_activity_daily_raw": (
        f"case when orphan then format('user_{{:07d}}', \"user\" + first_user + {world.ORPHAN_OFFSET}) else {USER_ID} end",
        _day("activity_day"),
        "login",
        "core",
        "collab",
        "minutes",
        "diversity",
    ),
    "interventions_raw": (
        "format('intv_{:07d}', \"user\" + first_user)",
        USER_ID,
        ACCOUNT_ID,
        _day("intervention_day"),
        "eligible",
        "treated",
        _text(world.CHANNELS, "channel"),
        _text(world.RESPONSES, "response"),
    ),
    "outcomes_raw": (
        USER_ID,
        "format('intv_{:07d}', \"user\" + first_user)",
        "case when observed then cast(converted as integer) end",
        f"case when observed and converted then {_day('intervention_day + activation_delay')} end",
        str(world.OUTCOME_WINDOW_DAYS),
        "case when observed then cast(negative_reaction as integer) end",
    ),
    TRUTH.name: (
        USER_ID,
        _text(world.GROUPS, '"group"'),
        "p_control",
        "p_treated",
        "p_treated - p_control",
    ),
}


@dataclass(frozen=True)
class Written:
    """How many rows a world has."""

    accounts: int
    users: int
    activity_rows: int


def truth_path(warehouse: Path) -> Path:
    """The database file of hidden truth that belongs to a warehouse file."""
    return warehouse.with_name(f"{warehouse.name.removesuffix('.duckdb')}.truth.duckdb")


def write_world(warehouse: Path, chunks: Iterable[world.Chunk], accounts: int) -> Written:
    """Replace the raw tables of a warehouse, and its hidden truth, by a world of so many accounts, or leave both alone."""
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    truth = truth_path(warehouse)
    unfinished = truth.with_name(f"{truth.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    first_account = first_user = activity_rows = 0
    try:
        with (
            duckdb.connect(str(warehouse)) as raw_db,
            duckdb.connect(str(unfinished)) as truth_db,
            tqdm(total=accounts, unit=" accounts", disable=None) as progress,
        ):
            raw_db.execute(f"begin; create schema if not exists {RAW_SCHEMA}")
            for table in TABLES:
                raw_db.execute(f"create or replace table {RAW_SCHEMA}.{table.name} ({table.ddl})")
            truth_db.execute(f"begin; create table {TRUTH.name} ({TRUTH.ddl})")
            for chunk in chunks:
                sources = {
                    "accounts_raw": chunk.accounts,
                    "users_raw": chunk.users,
                    "user_activity_daily_raw": chunk.activity,
                    "interventions_raw": chunk.interventions,
                    "outcomes_raw": chunk.interventions,
                    TRUTH.name: chunk.truth,
                }
                for name, columns in sources.items():
                    database, target = (truth_db, name) if name == TRUTH.name else (raw_db, f"{RAW_SCHEMA}.{name}")
                    database.register("chunk", pa.table(columns))
                    database.execute(
                        f"insert into {target} select {', '.join(SELECTS[name])}"
                        f" from chunk, (select {first_account} as first_account, {first_user} as first_user)"
                    )
                first_account += len(chunk.accounts["account"])
                first_user += len(chunk.truth["user"])
                activity_rows += len(chunk.activity["user"])
                progress.update(len(chunk.accounts["account"]))
            truth_db.execute("commit")
            raw_db.execute("commit")
        unfinished.replace(truth)
    finally:
        unfinished.unlink(missing_ok=True)
    return Written(first_account, first_user, activity_rows)
