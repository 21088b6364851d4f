"""Load an export in the raw contract, Parquet or CSV: `python scripts/load_raw.py DIRECTORY`."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

from causalyn.warehouse import command
from causalyn.warehouse.raw_files import RawContractError
from causalyn.warehouse.raw_loader import load_raw


def main() -> None:
    """Load, and say in one line a table how many rows it has."""
    parser = command.parser(__doc__)
    parser.add_argument(
        "directory", type=Path, help="holds <table>.parquet, <table>.csv or <table>.csv.gz, whole or in parts"
    )
    parser.add_argument(
        "--timezone", help="in which a day begins, such as Europe/Berlin; only times with an offset need it"
    )
    arguments = parser.parse_args()

    try:
        loaded = load_raw(arguments.directory, arguments.warehouse, arguments.timezone)
    except RawContractError as error:
        sys.exit(f"Nothing was loaded. The raw contract is not fulfilled:\n{error}")
    except (duckdb.Error, OSError) as error:
        sys.exit(f"Nothing was loaded. {arguments.warehouse} cannot be written: {str(error).splitlines()[0]}")
    for table, count in loaded.rows.items():
        print(f"{table}: {count:,} rows")
    for note in loaded.notes:
        print(f"Note: {note}")


if __name__ == "__main__":
    main()
