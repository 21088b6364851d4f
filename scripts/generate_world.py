"""Generate a world into the warehouse: `python scripts/generate_world.py --accounts 2400 --seed 42 --preset default`."""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import duckdb

from causalyn.simulation import world
from causalyn.simulation.world_physics import FAULTS, PRESETS
from causalyn.simulation.world_store import write_world
from causalyn.warehouse import command, origin
from causalyn.warehouse.opening import reason


def main() -> None:
    """Generate, and print size and speed in one line."""
    parser = command.parser(__doc__, creates=True)
    parser.add_argument("--accounts", type=int, default=2400)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--preset", choices=PRESETS, default="default")
    parser.add_argument("--fault", choices=FAULTS, help="a fault, or a peculiarity, of the past campaigns")
    parser.add_argument("--declared", action="store_true", help="export the assignment probabilities")
    parser.add_argument("--campaigns", type=int, default=1, help="number of past campaigns")
    parser.add_argument("--replace-loaded", action="store_true", help="even if the warehouse holds loaded data")
    arguments = parser.parse_args()
    if arguments.accounts < 1:
        parser.error("--accounts must be at least 1")
    if arguments.seed < 0:
        parser.error("--seed must not be negative")
    if not 1 <= arguments.campaigns <= world.MAX_CAMPAIGNS:
        parser.error(f"--campaigns must be between 1 and {world.MAX_CAMPAIGNS}")

    started = time.perf_counter()
    physics = replace(
        PRESETS[arguments.preset], declares_probability=arguments.declared, **FAULTS.get(arguments.fault, {})
    )
    chunks = world.chunks(physics, arguments.accounts, arguments.seed, arguments.campaigns)
    try:
        if origin.of(arguments.warehouse) == origin.LOADED and not arguments.replace_loaded:
            sys.exit(
                f"Nothing was generated. {arguments.warehouse} holds loaded data, which a generated world would replace;"
                " to replace it anyway: make build WORLD=1 (generate_world.py: --replace-loaded)"
            )
        written = write_world(arguments.warehouse, chunks, arguments.accounts)
    except (duckdb.Error, OSError) as error:
        sys.exit(f"Nothing was generated. {arguments.warehouse} cannot be written: {reason(error)}")
    seconds = time.perf_counter() - started
    print(
        f"Generated {written.accounts:,} accounts, {written.users:,} users and {written.activity_rows:,} activity rows"
        f" in {seconds:.1f} s ({written.activity_rows / seconds:,.0f} rows/s) into {arguments.warehouse}"
    )


if __name__ == "__main__":
    main()
