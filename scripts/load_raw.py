"""Load an export in the raw contract, Parquet, CSV or PostgreSQL: `python scripts/load_raw.py DIRECTORY`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import duckdb

from causalyn.warehouse import command, postgres
from causalyn.warehouse.opening import reason
from causalyn.warehouse.raw_files import RawContractError
from causalyn.warehouse.raw_loader import load_raw


def main() -> None:
    """Load, and print the number of rows per table."""
    parser = command.parser(__doc__, creates=True)
    parser.add_argument(
        "source",
        metavar="DIRECTORY",
        help="holds <table>.parquet, <table>.csv or <table>.csv.gz, whole or in parts; or a database, as postgresql://...",
    )
    parser.add_argument(
        "--timezone", help="time zone of its days, such as Europe/Berlin; only times with an offset need it"
    )
    arguments = parser.parse_args()

    try:
        with tempfile.TemporaryDirectory(prefix="causalyn-") as copied:
            directory = Path(arguments.source)
            if arguments.source.startswith(postgres.PREFIXES):
                directory = Path(copied)
                postgres.copy_tables(arguments.source, directory)
            loaded = load_raw(directory, arguments.warehouse, arguments.timezone)
    except RawContractError as error:
        command.leave(f"Nothing was loaded. The export breaks the raw contract:\n{error}", command.NOT_PUBLISHED)
    except postgres.DatabaseError as error:
        sys.exit(f"Nothing was loaded. The database cannot be read: {error}")
    except duckdb.OutOfMemoryException as error:
        sys.exit(f"Nothing was loaded. It takes more memory than CAUSALYN_MEMORY_LIMIT allows: {reason(error)}")
    except (duckdb.Error, OSError) as error:
        sys.exit(f"Nothing was loaded. {arguments.warehouse} cannot be written: {reason(error)}")
    for table, count in loaded.rows.items():
        print(f"{table}: {count:,} rows")
    for note in loaded.notes:
        print(f"Note: {note}")


if __name__ == "__main__":
    main()
