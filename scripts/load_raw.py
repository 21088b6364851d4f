"""Load an export in the raw contract, Parquet or CSV: `python scripts/load_raw.py DIRECTORY`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import duckdb

from causalyn.warehouse.raw_loader import RawContractError, load_raw

PROJECT_ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Load, and say in one line a table how many rows it has."""
    default = os.environ.get("CAUSALYN_WAREHOUSE") or PROJECT_ROOT / "warehouse" / "causalyn.duckdb"
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("directory", type=Path, help="holds <table>.parquet, <table>.csv or <table>.csv.gz files")
    parser.add_argument("--warehouse", type=Path, default=Path(default), help="DuckDB file")
    arguments = parser.parse_args()

    os.umask(0o077)  # the warehouse describes customers: only its owner may read it
    try:
        rows = load_raw(arguments.directory, arguments.warehouse)
    except RawContractError as error:
        sys.exit(f"Nothing was loaded. The raw contract is not fulfilled:\n{error}")
    except (duckdb.Error, OSError) as error:
        sys.exit(f"Nothing was loaded. {arguments.warehouse} cannot be written: {str(error).splitlines()[0]}")
    for table, count in rows.items():
        print(f"{table}: {count:,} rows")


if __name__ == "__main__":
    main()
