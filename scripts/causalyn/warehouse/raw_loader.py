"""Loads a directory of exported files into the warehouse, all or nothing.

Everything is checked before anything is replaced, and all problems are reported together. DuckDB streams the files, so
memory stays bounded at any size.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import duckdb

from causalyn.warehouse import opening, origin
from causalyn.warehouse.opening import reason
from causalyn.warehouse.raw_checks import MACROS, Findings, Source, check_columns, check_references, check_values
from causalyn.warehouse.raw_contract import BUILT_NODES, PUBLICATION, RAW_SCHEMA, TABLES, TRUTHS, Table, truth_path
from causalyn.warehouse.raw_files import UNREADABLE, RawContractError, open_files, unchanged
from causalyn.warehouse.sql_text import literal


@dataclass(frozen=True)
class Loaded:
    """The number of rows by table, and notes on them."""

    rows: dict[str, int]
    notes: list[str]


def load_raw(directory: Path, warehouse: Path, timezone: str | None = None) -> Loaded:
    """Replace the raw tables of a warehouse, and its hidden truth, by the files of a directory.

    Days are those of `timezone`, UTC if it is not named. Hidden truth is optional. Where the directory has none, the truth of an
    earlier world is removed, since it describes other users. Raises RawContractError, before anything is replaced, if the files
    don't fulfil the contract, and duckdb.Error or OSError if the warehouse can't be written.
    """
    sources, notes = check_raw(directory, timezone)
    truths = [table for table in TRUTHS if table.name in sources]
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    rows: dict[str, int] = {}
    with connect(warehouse, timezone) as raw_db, origin.new_truth(warehouse) as unfinished:
        raw_db.execute(f"begin; drop table if exists {BUILT_NODES}; drop table if exists {PUBLICATION}")
        raw_db.execute(f"create schema if not exists {RAW_SCHEMA}")
        origin.record(raw_db, origin.LOADED)
        for table in TABLES:
            rows[table.name] = _create(raw_db, f"{RAW_SCHEMA}.{table.name}", table, sources.get(table.name))
        if truths:
            with connect(unfinished, timezone) as truth_db:
                origin.mark_truth(raw_db, truth_db)
                for table in truths:
                    rows[table.name] = _create(truth_db, table.name, table, sources[table.name])
        raw_db.execute("commit")
        if truths:
            unfinished.replace(truth_path(warehouse))
        else:
            truth_path(warehouse).unlink(missing_ok=True)
    return Loaded(rows, notes)


def check_raw(directory: Path, timezone: str | None = None) -> tuple[dict[str, Source], list[str]]:
    """The checked tables of a directory, and notes on them.

    Raises RawContractError with every problem found, and duckdb.OutOfMemoryException.
    """
    if not directory.is_dir():
        raise RawContractError([f"{directory}: no such directory"])
    findings = Findings()
    sources: dict[str, Source] = {}
    with connect(":memory:", timezone) as connection:
        for table in (*TABLES, *TRUTHS):
            try:
                files = open_files(connection, directory, table)
                if files is not None:
                    source, found = Source(table, files), Findings(notes=findings.notes)
                    with unchanged(files):
                        check_columns(source, found)
                        if not found.problems:
                            check_values(connection, source, timezone, found)
                    if not found.problems:
                        sources[table.name] = source
                    findings.problems += found.problems
            except RawContractError as error:
                findings.problems += error.problems
            except duckdb.OutOfMemoryException:
                raise
            except UNREADABLE as error:
                findings.problems.append(f"{table.name}: file cannot be read ({reason(error)}); export it again")
        try:
            with unchanged(*(source.files for source in sources.values())):
                check_references(connection, sources, findings)
        except RawContractError as error:
            findings.problems += error.problems
    if findings.problems:
        raise RawContractError(findings.problems)
    return sources, findings.notes


def connect(path: Path | str, timezone: str | None = None) -> duckdb.DuckDBPyConnection:
    """A connection whose time zone is that of the days in the export, whatever the machine's is."""
    connection = duckdb.connect(path) if path == ":memory:" else opening.connect(Path(path))
    connection.execute(f"set memory_limit = {literal(os.environ.get('CAUSALYN_MEMORY_LIMIT', '4GB'))}")
    try:
        connection.execute(f"set timezone = {literal(timezone or 'UTC')}")
    except duckdb.Error:
        raise RawContractError([f"{timezone}: no such time zone; use one such as Europe/Berlin"]) from None
    connection.execute(MACROS)
    return connection


def _create(connection: duckdb.DuckDBPyConnection, name: str, table: Table, source: Source | None) -> int:
    """Make a table of its files, or empty where the export leaves it out; its number of rows.

    Raises RawContractError where the files are no longer those that were checked.
    """
    connection.execute(f"create or replace table {name} ({table.ddl})")
    if source is None:
        return 0
    with unchanged(source.files):
        connection.execute(f"insert into {name} {source.select}")
    return source.files.n_rows
