"""Copies the raw tables of a loaded warehouse to where Spark reads them, as Parquet files."""

from __future__ import annotations

import sys

import duckdb

from causalyn.engines import spark_files
from causalyn.warehouse import command
from causalyn.warehouse.opening import reason


def main() -> None:
    parser = command.parser(__doc__, "DuckDB file with the raw tables")
    files = spark_files.directory(command.ROOT) / "files"
    arguments = parser.parse_args()
    try:
        copied = spark_files.copy_sources(arguments.warehouse, files)
    except (duckdb.IOException, FileNotFoundError) as error:
        sys.exit(f"Nothing was copied. {arguments.warehouse} cannot be read: {reason(error)}")
    print(f"Copied {copied} tables to {files}")


if __name__ == "__main__":
    main()
