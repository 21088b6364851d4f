"""Draft the lines of seeds/mapping missing for an export: `python scripts/map_words.py DIRECTORY`."""

from __future__ import annotations

import sys
from pathlib import Path

from causalyn.warehouse import command
from causalyn.warehouse.raw_loader import RawContractError
from causalyn.warehouse.word_maps import draft


def main() -> None:
    """Add missing lines, marked as guesses, and print what to check."""
    parser = command.parser(__doc__, warehouse=None)
    parser.add_argument("directory", type=Path, help="the export, as `make build RAW=` takes it")
    parser.add_argument("--seeds", type=Path, default=command.ROOT / "seeds" / "mapping", help="directory of the seeds")
    parser.add_argument("--timezone", help="time zone of its days, as for `make build`")
    arguments = parser.parse_args()

    try:
        added = draft(arguments.directory, arguments.seeds, arguments.timezone)
    except RawContractError as error:
        sys.exit(f"Nothing was mapped. The export breaks the raw contract:\n{error}")
    except OSError as error:
        sys.exit(f"Nothing was mapped. {arguments.seeds} cannot be written: {error}")
    for seed, lines in added.items():
        print(f"{arguments.seeds / seed}.csv: {len(lines)} words added")
        for theirs, ours in lines:
            print(f"  {theirs} -> {ours}")
    if any(added.values()):
        print(
            "These are guesses. Correct each line where it is wrong, put what is meant in place of each question mark,"
            " and empty its third column: only then does it count."
        )


if __name__ == "__main__":
    main()
