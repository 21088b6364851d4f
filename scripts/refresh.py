"""Decide on today's accounts with the last published model: `python scripts/refresh.py`."""

from __future__ import annotations

import datetime
import subprocess
from pathlib import Path

import duckdb

from causalyn.learner.version import library_version
from causalyn.warehouse import command, origin
from causalyn.warehouse.opening import reason
from causalyn.warehouse.publication import EditedListsError, NothingPublishedError, refuse_edited, refuse_unpublished

SUMMARY = """
    select
        scoring_date,
        last_active_date,
        (select count(*) from marts.target_accounts) as n_targets,
        (select count(*) from marts.nudge_list) as n_nudges,
        (select count(*) from marts.momentum_triggers inner join marts.build_info using (build_id)
            where triggered_date = build_info.scoring_date) as n_triggers
    from staging.stg_scoring_date
"""
VERDICTS = "select verdict, statistic, value from marts.verdicts where check_group = 'today' order by check_id"


class NotRefreshableError(Exception):
    """A refresh is impossible; the message says why."""


def refresh(warehouse: Path, as_of: datetime.date | None, deliveries: str | None = None) -> str:
    """Build everything today's decision needs, and publish it; returns a summary in plain text.

    Without `as_of` the data give the day (models/staging/stg_scoring_date.sql). `deliveries` says how to treat the raw tables, as
    the variable of that name in dbt_project.yml; a company's are compared by default. Raises NotRefreshableError if the warehouse
    holds no published model of this version, EditedListsError if it was edited since publication, NothingPublishedError if the
    run published nothing, and subprocess.CalledProcessError if it fails.
    """
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        if not connection.execute(
            "from duckdb_tables() where schema_name = 'marts' and table_name = 'lift_models' and estimated_size > 0"
        ).fetchall():
            raise NotRefreshableError(
                f"{warehouse} holds no published model; the first successful `make build` publishes one"
            )
        model, version = connection.execute("select model_version, library_version from marts.lift_models").fetchone()
        if version != library_version():
            raise NotRefreshableError("the published model was fitted by another version; `make build` fits it anew")
        if (model,) != connection.execute("select model_version from marts.build_info").fetchone():
            raise NotRefreshableError(
                "marts.lift_models is not the model of the published lists; restore it from a backup, or run a full build"
            )
        # Today's decision uses the published model, and is published together with tables that the run does not rebuild.
        refuse_edited(connection)
    deliveries = deliveries or ("compare" if origin.of(warehouse) == origin.LOADED else "ignore")
    command.build(
        warehouse,
        *("--select", "tag:daily"),
        # Tests of tables that only a full build renews wait for one.
        *("--indirect-selection", "cautious"),
        *("--vars", f"{{refresh: true, deliveries: {deliveries}}}"),
        # A place of its own, so that neither a refresh nor a build parses the project anew after the other.
        *("--target-path", command.target() / "refresh"),
        settings={"CAUSALYN_SCORING_DATE": str(as_of)} if as_of else {},
    )
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        refuse_unpublished(connection)
        day, last_active, targets, nudges, triggers = connection.execute(SUMMARY).fetchone()
        verdicts = connection.execute(VERDICTS).fetchall()
    lines = [
        f"As of {day}: {targets:,} target accounts, {nudges:,} users to nudge, {triggers:,} of them for their momentum today.",
        *(f"{verdict:<5} {statistic} {value:.3f}" for verdict, statistic, value in verdicts if value is not None),
    ]
    n_days = (day - last_active).days - 1 if last_active else 0
    if n_days > 0:
        lines.insert(
            1,
            f"Activity ends on {last_active}: nothing is known of the {n_days} {'day' if n_days == 1 else 'days'} after.",
        )
    return "\n".join(lines)


def main() -> None:
    """Refresh, and print the summary."""
    parser = command.parser(__doc__)
    parser.add_argument("--as-of", type=datetime.date.fromisoformat, help="scoring date, as 2025-06-01")
    parser.add_argument(
        "--deliveries",
        choices=("compare", "accept", "ignore"),
        help="how to treat the raw tables (default: by their origin)",
    )
    arguments = parser.parse_args()

    try:
        print(refresh(arguments.warehouse, arguments.as_of, arguments.deliveries))
    except (NotRefreshableError, EditedListsError, duckdb.Error) as error:
        command.leave(f"Nothing was refreshed: {reason(error)}.")
    except NothingPublishedError as error:
        command.leave(f"Nothing was refreshed: {error}.", command.NOT_PUBLISHED)
    except subprocess.CalledProcessError as error:
        command.leave(
            "The refresh stopped: the run failed; dbt's messages are above. "
            "The lists are still those of the last successful run.",
            error.returncode,
        )


if __name__ == "__main__":
    main()
