"""Say where the raw tables of a warehouse come from, loaded, generated or nowhere: `python scripts/origin.py`."""

from __future__ import annotations

import sys

import duckdb

from causalyn.warehouse import command, origin


def main() -> None:
    """Print one word."""
    warehouse = command.parser(__doc__).parse_args().warehouse
    try:
        print(origin.of(warehouse) or "nowhere")
    except duckdb.Error as error:
        sys.exit(f"Nothing was built. {warehouse} cannot be read: {str(error).splitlines()[0]}")


if __name__ == "__main__":
    main()
