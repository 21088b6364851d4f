"""Copies the raw tables of a loaded warehouse to where Spark reads them, as Parquet files."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import duckdb

from causalyn.engines import spark_files

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    default = os.environ.get("CAUSALYN_WAREHOUSE") or ROOT / "warehouse" / "causalyn.duckdb"
    parser.add_argument("--warehouse", type=Path, default=Path(default), help="DuckDB file with the raw tables")
    files = spark_files.directory(ROOT) / "files"
    arguments = parser.parse_args()
    os.umask(0o077)  # the files describe customers: only their owner may read them
    try:
        copied = spark_files.copy_sources(arguments.warehouse, files)
    except (duckdb.IOException, FileNotFoundError) as error:
        sys.exit(f"Nothing was copied. {arguments.warehouse} cannot be read: {str(error).splitlines()[0]}")
    print(f"Copied {copied} tables to {files}")


if __name__ == "__main__":
    main()
