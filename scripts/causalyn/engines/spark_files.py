"""Spark's tables as files: raw tables are copied from a loaded warehouse, results are read back with DuckDB."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import duckdb

from causalyn.warehouse import raw_contract
from causalyn.warehouse.sql_text import identifier, literal, pattern


def directory(root: Path) -> Path:
    """The directory of Spark's tables and metastore: CAUSALYN_SPARK_DIRECTORY, or warehouse/spark in the project."""
    return Path(os.environ.get("CAUSALYN_SPARK_DIRECTORY") or root / "warehouse" / "spark")


def copy_sources(warehouse: Path, files: Path) -> int:
    """Copies a loaded DuckDB file's raw tables and hidden truth to `files`/schema/table and returns their number.

    Each directory holds one table's Parquet files, as Spark reads them. `files` is replaced as a whole.
    Raises duckdb.IOException or FileNotFoundError, and replaces nothing, if there is nothing to copy.
    """
    partial = files.with_name(files.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(warehouse)} as loaded (read_only)")
        truth = raw_contract.truth_path(warehouse)
        if truth.exists():
            connection.execute(f"attach {literal(truth)} as truth (read_only)")
        tables = connection.execute(
            """
            select
                database_name,
                schema_name,
                coalesce(nullif(schema_name, 'main'), 'truth'),
                table_name
            from duckdb_tables()
            where (database_name = 'loaded' and schema_name = 'raw') or (database_name = 'truth' and schema_name = 'main')
            """
        ).fetchall()
        if not tables:
            raise FileNotFoundError("it holds no raw tables")
        for *place, schema, name in tables:
            table = ".".join(map(identifier, [*place, name]))
            target = partial / schema / name
            target.mkdir(parents=True)
            connection.execute(f"copy {table} to {literal(target / 'part.parquet')} (compression zstd)")
        # Spark can't register a table without a file; a file without rows means that nothing is known.
        known = {name for *_, name in tables}
        for hidden in raw_contract.TRUTHS:
            if hidden.name not in known:
                target = partial / "truth" / hidden.name
                target.mkdir(parents=True)
                connection.execute(f"create temp table {hidden.name} ({hidden.ddl})")
                connection.execute(f"copy {hidden.name} to {literal(target / 'part.parquet')}")
    shutil.rmtree(files, ignore_errors=True)
    partial.rename(files)
    return len(tables)


def connect(warehouse: Path) -> duckdb.DuckDBPyConnection:
    """Opens a warehouse for reading: a DuckDB file, or Spark's directory, in which each table is a view of the same name."""
    if not warehouse.is_dir():
        return duckdb.connect(str(warehouse), read_only=True)
    connection = duckdb.connect()
    for parquet in sorted(warehouse.glob("*.db/*/")):
        if any(parquet.glob("*.parquet")):
            schema, table = parquet.parent.name.removesuffix(".db"), parquet.name
            connection.execute(f"create schema if not exists {identifier(schema)}")
            relation = f"read_parquet({pattern(parquet, '*.parquet')}, hive_partitioning = false)"
            connection.execute(f"create view {identifier(schema)}.{identifier(table)} as from {relation}")
    return connection
