"""Loads a directory of exported files into the warehouse: all of it, or nothing.

Everything is checked before anything is replaced, and all problems are reported together. DuckDB streams the files, so
memory stays bounded at any size.
"""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

import duckdb

from causalyn.warehouse.raw_contract import (
    ACTIVITY,
    BUILT_NODES,
    PUBLICATION,
    RAW_SCHEMA,
    TABLES,
    TRUTHS,
    USER_EVENTS,
    Column,
    Table,
    truth_path,
)
from causalyn.warehouse.sql_text import identifier, literal

SUFFIXES = (".parquet", ".csv", ".csv.gz")

EXPECTED = {
    "varchar": "text",
    "integer": "0 or 1",
    "bigint": "a whole number",
    "double": "a finite number",
    "date": "a date such as 2025-03-01",
    "timestamp": "a time such as 2025-03-01 14:30:00",
}
# What reading a file that is broken raises; Python's readers of compressed files have errors of their own.
_UNREADABLE = (duckdb.Error, OSError, EOFError, zlib.error, UnicodeError, csv.Error)
_EXAMPLE_LENGTH = 40


class RawContractError(ValueError):
    """Files that don't fulfil the raw contract; `problems` says one by one what is wrong, where, and what to do."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Source:
    """A file of the export, ready to query: the SQL of its rows, and the types of its columns by name in lower case."""

    table: Table
    path: Path
    relation: str
    types: dict[str, str]

    def recorded(self, column: Column) -> str:
        """SQL of what the file says in a column: null where it says nothing."""
        if column.name not in self.types:
            return "null"
        name, kind = identifier(column.name), self.types[column.name]
        if kind == "VARCHAR":
            return f"case when trim({name}) <> '' then {name if column.type == 'varchar' else f'trim({name})'} end"
        # Writers of data frames say "missing" by NaN.
        return f"nullif({name}, 'nan')" if kind in ("FLOAT", "DOUBLE") else name

    def converted(self, column: Column) -> str:
        """SQL of a column in the contract's type: null where what is recorded can't be converted."""
        recorded = self.recorded(column)
        if column.type == "varchar":
            return f"cast({recorded} as varchar)"
        if column.type == "timestamp":
            kind = "timestamptz" if self.types.get(column.name) == "VARCHAR" else "timestamp"
            moment = f"cast(try_cast({recorded} as {kind}) as timestamp)"
            return f"case when isfinite({moment}) then {moment} end"
        if column.type == "date":
            # Text may hold a time with an offset: its day is that of UTC, as it is for the timestamps of Parquet.
            moment = f"try_cast({recorded} as {'timestamptz' if self.types.get(column.name) == 'VARCHAR' else 'date'})"
            day = f"cast({moment} as date)"
            is_sound = f"isfinite({moment}) and {day} between date '0001-01-01' and date '9999-12-31'"
            return f"case when {is_sound} then {day} end"
        if column.is_flag and self.types.get(column.name) == "VARCHAR":
            recorded = f"case lower({recorded}) when 'true' then '1' when 'false' then '0' else {recorded} end"
        number = f"try_cast({recorded} as double)"
        sound = {
            "double": f"isfinite({number})",
            "bigint": f"{number} = floor({number})",
            "integer": f"{number} in (0, 1)",
        }
        return f"case when {sound[column.type]} then try_cast({recorded} as {column.type}) end"

    @property
    def select(self) -> str:
        """SQL of the whole file in the contract's columns and types."""
        columns = (f"cast({self.converted(column)} as {column.type}) as {column.name}" for column in self.table.columns)
        return f"select {', '.join(columns)} from {self.relation}"


def load_raw(directory: Path, warehouse: Path) -> dict[str, int]:
    """Replace the raw tables of a warehouse, and its hidden truth, by the files of a directory.

    Hidden truth is optional. Where the directory has none, the truth of an earlier world is removed, since it describes
    other users. Returns the number of rows by table. Raises RawContractError, before anything is replaced, if the files
    don't fulfil the contract, and duckdb.Error or OSError if the warehouse can't be written.
    """
    sources = check_raw(directory)
    truth = truth_path(warehouse)
    unfinished = truth.with_name(f"{truth.name}.unfinished")
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    unfinished.unlink(missing_ok=True)
    rows: dict[str, int] = {}
    try:
        with _connect(warehouse) as raw_db:
            raw_db.execute(f"begin; drop table if exists {BUILT_NODES}; drop table if exists {PUBLICATION}")
            raw_db.execute(f"create schema if not exists {RAW_SCHEMA}")
            for table in TABLES:
                rows[table.name] = _create(raw_db, f"{RAW_SCHEMA}.{table.name}", table, sources.get(table.name))
            truths = [table for table in TRUTHS if table.name in sources]
            if truths:
                with _connect(unfinished) as truth_db:
                    for table in truths:
                        rows[table.name] = _create(truth_db, table.name, table, sources[table.name])
            raw_db.execute("commit")
            if truths:
                unfinished.replace(truth)
            else:
                truth.unlink(missing_ok=True)
    finally:
        unfinished.unlink(missing_ok=True)
    return rows


def check_raw(directory: Path) -> dict[str, Source]:
    """The files of a directory by table, all of them checked. Raises RawContractError with every problem found."""
    if not directory.is_dir():
        raise RawContractError([f"{directory}: no such directory"])
    problems: list[str] = []
    sources: dict[str, Source] = {}
    with _connect(":memory:") as connection:
        for table in (*TABLES, *TRUTHS):
            try:
                source = _open(connection, directory, table)
                if source is not None:
                    found = _column_problems(source) or _value_problems(connection, source)
                    problems += found
                    if not found:
                        sources[table.name] = source
            except RawContractError as error:
                problems += error.problems
            except _UNREADABLE as error:
                problems.append(f"{table.name}: file cannot be read ({_reason(error)}); export it again")
        for source in sources.values():
            problems += _parent_problems(connection, source, sources)
    if problems:
        raise RawContractError(problems)
    return sources


def ignored_columns(directory: Path) -> list[str]:
    """The columns of an export that the contract does not name, as table.column: nothing reads them."""
    with _connect(":memory:") as connection:
        sources = (_open(connection, directory, table) for table in (*TABLES, *TRUTHS))
        return [
            f"{source.table.name}.{name}"
            for source in sources
            if source is not None
            for name in source.types
            if name not in {column.name for column in source.table.columns}
        ]


def _connect(path: Path | str) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(str(path))
    connection.execute("set timezone = 'UTC'")  # the day of a timestamp with an offset must not depend on the machine
    return connection


def _open(connection: duckdb.DuckDBPyConnection, directory: Path, table: Table) -> Source | None:
    """The file of a table; none only if an export need not have it."""
    paths = _paths(directory, table)
    # Whoever has an event log need not add it up.
    if not paths and (table.optional or (table == ACTIVITY and _paths(directory, USER_EVENTS))):
        return None
    if not paths:
        names = " or ".join(f"{table.name}{suffix}" for suffix in SUFFIXES)
        raise RawContractError([f"{table.name}: table missing; {directory} needs {names}"])
    if len(paths) > 1:
        names = " and ".join(path.name for path in paths)
        raise RawContractError([f"{table.name}: {directory} has {names}; keep one of them"])
    path = paths[0]
    relation = f"read_parquet({literal(path)})" if path.suffix == ".parquet" else _csv_relation(path, table)
    described = connection.execute(f"describe from {relation}").fetchall()
    return Source(table, path, relation, {name.lower(): kind for name, kind, *_ in described})


def _paths(directory: Path, table: Table) -> list[Path]:
    return [path for suffix in SUFFIXES if (path := directory / f"{table.name}{suffix}").is_file()]


def _csv_relation(path: Path, table: Table) -> str:
    """SQL of the rows of a CSV file, all text. Nothing is guessed: a guessed header could skip broken lines."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
        names = (name.strip().lower() for name in next(csv.reader(file), []))
        header = [name or f"unnamed_{position}" for position, name in enumerate(names)]
    if not header:
        raise RawContractError([f"{table.name}: {path.name} is empty; export it with a header line"])
    for delimiter in (";", "\t", "|"):
        if len(header) == 1 and {column.name for column in table.columns}.intersection(header[0].split(delimiter)):
            raise RawContractError(
                [f"{table.name}: {path.name} separates its columns by {delimiter!r}; export it separated by commas"]
            )
    if repeated := [name for name in header if header.count(name) > 1]:
        raise RawContractError(
            [f"{table.name}: column {_shown(repeated[0])} repeated in {path.name}; keep one of them"]
        )
    columns = ", ".join(f"{literal(name)}: 'varchar'" for name in header)
    return (
        f"read_csv({literal(path)}, auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"',"
        f" allow_quoted_nulls = true, columns = {{{columns}}})"
    )


def _column_problems(source: Source) -> list[str]:
    problems = []
    for column in source.table.columns:
        where, expected = f"{source.table.name}.{column.name}", EXPECTED[column.type]
        kind = source.types.get(column.name)
        if kind is None and not column.optional:
            problems.append(f"{where}: column missing in {source.path.name}; add it as {expected}")
        elif kind is not None and (kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION"))):
            problems.append(f"{where}: {source.path.name} holds {_shown(kind)}; export plain values: {expected}")
    return problems


def _value_problems(connection: duckdb.DuckDBPyConnection, source: Source) -> list[str]:
    """What is wrong with the values of a table, found in one pass over its file."""
    table = source.table
    measures = ["count(*)"]
    for column in table.columns:
        recorded = source.recorded(column)
        inconvertible = f"filter (where {recorded} is not null and {source.converted(column)} is null)"
        measures += [
            f"count(*) filter (where {recorded} is null)",
            f"count(*) {inconvertible}",
            f"min(cast({recorded} as varchar)) {inconvertible}",
        ]
    rows, *measured = connection.execute(f"select {', '.join(measures)} from {source.relation}").fetchone()
    if not rows and not table.optional:
        return [f"{table.name}: {source.path.name} has no rows; export at least one"]
    problems = []
    for column, nulls, inconvertible, example in zip(table.columns, *(measured[i::3] for i in range(3)), strict=True):
        where = f"{table.name}.{column.name}"
        if column.not_null and nulls:
            problems.append(f"{where}: {nulls:,} of {rows:,} rows are null; fill them in or leave these rows out")
        if inconvertible:
            problems.append(
                f"{where}: {inconvertible:,} of {rows:,} rows are not {EXPECTED[column.type]}, for example {_shown(example)};"
                " correct them in the export"
            )
    return problems


def _parent_problems(connection: duckdb.DuckDBPyConnection, source: Source, sources: dict[str, Source]) -> list[str]:
    """A table none of whose rows has a parent: its ids are not those of the other files."""
    if source.table.parent is None or source.table.parent.name not in sources:
        return []
    parent = sources[source.table.parent.name]
    (key,) = parent.table.key
    matched = connection.execute(
        f"select not exists(from ({source.select}))"
        f" or exists(from ({source.select}) where {key} in (select {key} from ({parent.select})))"
    ).fetchone()
    if matched == (True,):
        return []
    return [
        f"{source.table.name}.{key}: not one row matches a row of {parent.table.name};"
        " export both tables with the same ids"
    ]


def _create(connection: duckdb.DuckDBPyConnection, name: str, table: Table, source: Source | None) -> int:
    """Make a table of its file, or empty where the export leaves it out; its number of rows."""
    connection.execute(f"create or replace table {name} ({table.ddl})")
    if source is not None:
        connection.execute(f"insert into {name} {source.select}")
    return connection.execute(f"select count(*) from {name}").fetchone()[0]


def _shown(text: str) -> str:
    """What a file says, in one line of a message, whatever it says."""
    return repr(text if len(text) <= _EXAMPLE_LENGTH else f"{text[:_EXAMPLE_LENGTH]}...")


def _reason(error: Exception) -> str:
    """Why a file can't be read: a line of the error, since the others quote the file or give the reader's own options."""
    if isinstance(error, UnicodeError):
        return "it is not UTF-8"
    lines = str(error).splitlines() or [type(error).__name__]
    said = re.search(
        r"Value with unterminated quote found|Expected Number of Columns: .*|not utf-8 encoded", str(error)
    )
    reason = ": ".join([lines[0], said[0]] if said else lines[:1])
    return "".join(character if character.isprintable() else "?" for character in reason)
