"""Export the published lists as CSV and Parquet: `python scripts/export_lists.py`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from causalyn.warehouse.list_exports import ExportRefusedError, export_lists

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Export, and say in one line a list how many rows it has."""
    default = os.environ.get("CAUSALYN_WAREHOUSE") or ROOT / "warehouse" / "causalyn.duckdb"
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--warehouse", type=Path, default=Path(default), help="DuckDB file")
    parser.add_argument(
        "--destination", type=Path, default=ROOT / "target" / "exports", help="link to the set of files"
    )
    arguments = parser.parse_args()

    os.umask(0o077)  # the lists name customers: only their owner may read them
    try:
        rows = export_lists(arguments.warehouse, arguments.destination)
    except ExportRefusedError as error:
        sys.exit(
            f"Nothing was exported, and the files of the last export stay as they were: {error}. `make build` builds."
        )
    except OSError as error:
        sys.exit(f"Nothing was exported. {arguments.destination} cannot be written: {error}")
    for name, count in rows.items():
        print(f"{name}: {count:,} rows")
    print(f"Files: {arguments.destination}")


if __name__ == "__main__":
    main()
