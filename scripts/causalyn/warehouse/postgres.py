"""Copies an export's tables from a PostgreSQL database to Parquet files, in batches, for the loader to check."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from causalyn.warehouse.raw_contract import TABLES, TRUTHS, Table
from causalyn.warehouse.raw_files import RawContractError
from causalyn.warehouse.sql_text import identifier

PREFIXES = ("postgresql://", "postgres://")
# Whatever else a column holds, a number with decimals or an enumeration, arrives as PostgreSQL writes it.
_AS_IT_IS = (
    "smallint", "integer", "bigint", "real", "double precision", "boolean", "text", "character varying", "date",
    "timestamp without time zone", "timestamp with time zone",
)  # fmt: skip


class DatabaseError(Exception):
    """The database can't be read; the message says why, in one line."""


def copy_tables(uri: str, directory: Path) -> None:
    """Write every table of the raw contract that a database has on its search path to a Parquet file, all as of one moment.

    Raises RawContractError if one is missing, and DatabaseError if the database can't be read.
    """
    try:
        from adbc_driver_postgresql import dbapi
    except ImportError:
        raise DatabaseError("adbc-driver-postgresql is not installed; run `make .venv/.installed-postgres`") from None
    problems = []
    try:
        with dbapi.connect(uri) as connection, connection.cursor() as cursor:
            cursor.execute("set transaction isolation level repeatable read, read only")
            for table in (*TABLES, *TRUTHS):
                cursor.execute(
                    "select attname, format_type(atttypid, null) from pg_attribute"
                    f" where attrelid = to_regclass('{table.name}') and attnum > 0 and not attisdropped order by attnum"
                )
                if columns := cursor.fetchall():
                    _copy_table(cursor, table, columns, directory / f"{table.name}.parquet")
                elif not table.optional:
                    problems.append(
                        f"{table.name}: table missing; the database needs a table or view of that name on its search path"
                    )
    except dbapi.Error as error:
        raise DatabaseError(" ".join(str(error).split())) from error
    if problems:
        raise RawContractError(problems)


def _copy_table(cursor: Any, table: Table, columns: list[tuple[str, str]], file: Path) -> None:
    read = ", ".join(identifier(name) + ("" if kind in _AS_IT_IS else "::text") for name, kind in columns)
    cursor.execute(f"select {read} from {table.name}")
    batches = cursor.fetch_record_batch()
    with pq.ParquetWriter(file, batches.schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
