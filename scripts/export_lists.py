"""Export the published lists as CSV and Parquet: `python scripts/export_lists.py`."""

from __future__ import annotations

import sys
from pathlib import Path

from causalyn.warehouse import command
from causalyn.warehouse.list_exports import ExportRefusedError, export_lists, why_fewer


def main() -> None:
    """Export, and print the number of rows per list and, if it is smaller than on the page, why."""
    parser = command.parser(__doc__)
    parser.add_argument(
        "--destination", type=Path, default=command.ROOT / "target" / "exports", help="link to the set of files"
    )
    arguments = parser.parse_args()

    try:
        rows = export_lists(arguments.warehouse, arguments.destination)
        why = why_fewer(arguments.warehouse, rows)
    except ExportRefusedError as error:
        sys.exit(f"Nothing was exported, and the files of the last export stay as they were: {error}.")
    except OSError as error:
        sys.exit(f"Nothing was exported. {arguments.destination} cannot be written: {error}")
    for name, count in rows.items():
        print(f"{name}: {count:,} rows{why[name] and f' ({why[name]})'}")
    print(f"Files: {arguments.destination}, each as .csv and .parquet")


if __name__ == "__main__":
    main()
