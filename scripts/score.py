"""Score the users active before a date by the last published model: `python scripts/score.py --as-of 2025-06-01`."""

from __future__ import annotations

import argparse
import datetime
import os
import subprocess
import sys
from pathlib import Path

import duckdb

from causalyn.warehouse import dbt_command

ROOT = Path(__file__).resolve().parent.parent
MODEL = "intermediate.int_uplift__published_models"
SUMMARY = """
    select
        (select count(*) from marts.prospective_scores),
        (select count(*) from marts.momentum_triggers where triggered_date = $as_of)
"""
LAST_DAY = "select max(activity_date) from staging.stg_user_activity_daily"
# From where a user's windows begin; a day that had not come when activity was last staged is staged now, too.
SINCE = "select least($as_of, scoring_date) - 30 from staging.stg_scoring_date"


class NotScorableError(Exception):
    """Nobody can be scored; the message says why."""


def score(warehouse: Path, as_of: datetime.date) -> str:
    """Build what daily scoring needs; a summary in plain text.

    Raises NotScorableError where the warehouse holds no published model, and subprocess.CalledProcessError where the build fails.
    """
    if not warehouse.is_file():
        raise NotScorableError(f"there is no warehouse {warehouse}; `make build` makes one")
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        schema, table = MODEL.split(".")
        if not connection.execute(
            "from duckdb_tables() where schema_name = $1 and table_name = $2", [schema, table]
        ).fetchall():
            raise NotScorableError(f"{warehouse} holds no published model; it comes with the first good `make build`")
        (since,) = connection.execute(SINCE, {"as_of": as_of}).fetchone()
    dbt_command.build(
        warehouse,
        *("--select", "tag:scoring"),
        # Tests that look beyond the day's tables, at what a full build would renew, wait for one.
        *("--indirect-selection", "cautious"),
        *("--vars", f"{{refresh: true, scoring_date: '{as_of}', activity_since: '{since}'}}"),
    )
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        users, triggers = connection.execute(SUMMARY, {"as_of": as_of}).fetchone()
        ages = connection.execute(
            "select count(*) from marts.prospective_scores where scored_as_of_date < as_of_date"
        ).fetchone()[0]
        verdicts = connection.execute(
            "select verdict, question, value from marts.verdicts "
            "where check_group = 'today' and value is not null order by check_id"
        ).fetchall()
        last_day = None if users else connection.execute(LAST_DAY).fetchone()[0]
    lines = [
        f"{users:,} users were active in the 30 days before {as_of}; {ages:,} of them did not change and keep their score.",
        f"{triggers:,} users are to be nudged for their momentum: select * from marts.momentum_triggers",
    ]
    if not users:
        lines.append(f"The last activity known before that day is of {last_day}.")
    lines += [f"{verdict:<5} {question} {value:.3f}" for verdict, question, value in verdicts]
    return "\n".join(lines)


def main() -> None:
    """Score, and print what came of it."""
    default = os.environ.get("CAUSALYN_WAREHOUSE") or ROOT / "warehouse" / "causalyn.duckdb"
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--as-of", type=datetime.date.fromisoformat, required=True, help="scoring date, as 2025-06-01")
    parser.add_argument("--warehouse", type=Path, default=Path(default), help="DuckDB file")
    arguments = parser.parse_args()

    os.umask(0o077)  # the warehouse describes customers: only its owner may read it
    try:
        print(score(arguments.warehouse, arguments.as_of))
    except (NotScorableError, duckdb.Error) as error:
        sys.exit(f"Nobody was scored: {str(error).splitlines()[0]}.")
    except subprocess.CalledProcessError:
        sys.exit("Scoring stopped: the build failed; dbt's messages are above.")


if __name__ == "__main__":
    main()
