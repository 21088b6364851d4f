"""Show the decisions that differ between two sides of the ledger, and why: `python scripts/diff_decisions.py FROM TO`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd

from causalyn.warehouse import command
from causalyn.warehouse.opening import reason

LEDGER = "marts.policy_decisions_ledger"
SIDE = f"""
    select count(*) as accounts, count(*) filter (where decision = 'target') as targets,
        coalesce(sum(net_value_usd) filter (where decision = 'target'), 0) as value_usd,
        coalesce(sum(n_sleeping_dogs) filter (where decision = 'target'), 0)::bigint as sleeping_dogs
    from {LEDGER} where build_id || '/' || policy_id = ?
"""
LAST = f"""
    select string_agg(side, ' ' order by build_number desc, is_shipped desc, side)
    from (
        select distinct build_id || '/' || policy_id as side, build_number, is_shipped from {LEDGER}
        where build_number > (select max(build_number) - 2 from {LEDGER})
    )
"""
# The account was not on both sides.
NO_GUARDRAIL = "came or went"


class NoSuchSideError(Exception):
    """A side is not recorded; the message says which, and which are."""


def diff_decisions(warehouse: Path, sides: tuple[str, str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Totals of two sides, each build_id/policy_id, and one row per account whose decision differs.

    Raises NoSuchSideError, and subprocess.CalledProcessError where dbt fails.
    """
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        totals = pd.concat([connection.execute(SIDE, [side]).df() for side in sides], ignore_index=True)
        for side in (side for side, n_accounts in zip(sides, totals["accounts"], strict=True) if n_accounts == 0):
            ((last,),) = connection.execute(LAST).fetchall()
            raise NoSuchSideError(f"the ledger has no side {side!r}; the last are {last}")
    builds_and_policies = [part for side in sides for part in side.split("/", 1)]
    query = "{{ policy_diff_between(" + ", ".join(f"'{part}'" for part in builds_and_policies) + ") }}"
    shown: list[str] = []
    arguments = ("--quiet", "show", "--limit", "-1", "--output", "json", "--inline", query)
    command.run_dbt(warehouse, *arguments, each_line=shown.append)
    rows = pd.DataFrame(json.loads("".join(shown))["show"])
    totals.insert(0, "side", sides)
    return totals, rows


def main() -> None:
    """Print both sides, the flips by guardrail, and every row."""
    parser = command.parser(__doc__)
    for name in ("from", "to"):
        parser.add_argument(name, help="build_id/policy_id")
    arguments = vars(parser.parse_args())
    try:
        totals, rows = diff_decisions(arguments["warehouse"], (arguments["from"], arguments["to"]))
    except (NoSuchSideError, duckdb.Error) as error:
        sys.exit(f"Nothing was compared: {reason(error)}.")
    except subprocess.CalledProcessError:
        sys.exit("Nothing was compared: dbt's messages are above.")
    print(f"{totals.round(2).to_string(index=False)}\n")
    if rows.empty:
        print("No account is decided otherwise.")
        return
    rows["guardrail"] = rows["flipping_guardrail"].fillna(NO_GUARDRAIL)
    moved = ["value_moved_usd", "sleeping_dogs_moved"]
    summary = rows.groupby("guardrail").agg(accounts=("account_id", "count"), **{name: (name, "sum") for name in moved})
    print(f"{summary.round(2).reset_index().to_string(index=False)}\n")
    columns = [
        "account_id",
        "account_name",
        "from_decision",
        "to_decision",
        "guardrail",
        "from_evidence",
        "to_evidence",
    ]
    print(rows[columns + moved].fillna("").to_string(index=False))


if __name__ == "__main__":
    main()
