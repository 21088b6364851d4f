"""Records where a warehouse's raw tables come from, so that a generated world is never mistaken for a company's data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from causalyn.warehouse import opening
from causalyn.warehouse.raw_contract import ACCOUNTS, RAW_SCHEMA, truth_path

LOADED, GENERATED = "loaded", "generated"


def record(connection: duckdb.DuckDBPyConnection, origin: str) -> None:
    """Record, in the transaction that replaces the raw tables, their origin and time (read by macros/origin.sql)."""
    connection.execute(
        f"create or replace table {RAW_SCHEMA}.origin as select '{origin}' as origin, now() at time zone 'UTC' as loaded_at"
    )


@contextmanager
def new_truth(warehouse: Path) -> Iterator[Path]:
    """Where to write hidden truth until it replaces the old.

    Enter it while holding the warehouse for writing: a file found there is then a left-over, not another process's.
    """
    truth = truth_path(warehouse)
    unfinished = truth.with_name(f"{truth.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        yield unfinished
    finally:
        unfinished.unlink(missing_ok=True)


def mark_truth(raw_db: duckdb.DuckDBPyConnection, truth_db: duckdb.DuckDBPyConnection) -> None:
    """Record in a file of hidden truth which raw tables it belongs to: if a kill between the two leaves it beside other tables,
    the audit refuses it (macros/truth.sql).
    """
    recorded = raw_db.execute(f"from {RAW_SCHEMA}.origin").fetchone()
    truth_db.execute("create or replace table origin (origin varchar, loaded_at timestamp)")
    truth_db.execute("insert into origin values (?, ?)", recorded)


def owns_truth(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the hidden truth attached as `truth` belongs to the raw tables; true where either says nothing."""
    tables = connection.execute(
        "select table_name from duckdb_tables() where table_name = 'origin' and (database_name = 'truth' or schema_name = ?)",
        [RAW_SCHEMA],
    ).fetchall()
    both = f"select count(*) from truth.origin inner join {RAW_SCHEMA}.origin using (loaded_at)"
    return len(tables) < 2 or connection.execute(both).fetchone() == (1,)


def of(warehouse: Path) -> str | None:
    """Where the raw tables of a warehouse come from; none if it holds none.

    If nothing is recorded, another loader filled them, or an earlier version, in which only worlds had hidden truth.
    Raises duckdb.Error if the file can't be read.
    """
    if not warehouse.exists():
        return None
    with opening.connect(warehouse, read_only=True) as connection:
        tables = connection.execute(
            "select table_name from duckdb_tables() where schema_name = ?", [RAW_SCHEMA]
        ).fetchall()
        if ("origin",) in tables:
            return str(connection.execute(f"select origin from {RAW_SCHEMA}.origin").fetchall()[0][0])
    if (ACCOUNTS.name,) not in tables:
        return None
    return GENERATED if truth_path(warehouse).exists() else LOADED
