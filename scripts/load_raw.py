"""Load an export in the raw contract, Parquet or CSV: `python scripts/load_raw.py DIRECTORY`."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

from causalyn.warehouse import command
from causalyn.warehouse.raw_loader import RawContractError, ignored_columns, load_raw


def main() -> None:
    """Load, and say in one line a table how many rows it has, and which columns nothing reads."""
    parser = command.parser(__doc__)
    parser.add_argument("directory", type=Path, help="holds <table>.parquet, <table>.csv or <table>.csv.gz files")
    arguments = parser.parse_args()

    try:
        rows = load_raw(arguments.directory, arguments.warehouse)
    except RawContractError as error:
        sys.exit(f"Nothing was loaded. The raw contract is not fulfilled:\n{error}")
    except (duckdb.Error, OSError) as error:
        sys.exit(f"Nothing was loaded. {arguments.warehouse} cannot be written: {str(error).splitlines()[0]}")
    for table, count in rows.items():
        print(f"{table}: {count:,} rows")
    if ignored := ignored_columns(arguments.directory):
        print(f"Ignored, since nothing reads them: {', '.join(ignored)}")


if __name__ == "__main__":
    main()
