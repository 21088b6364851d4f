"""Writes the published lists to files for the tools that act on them: one CSV and one Parquet file per list.

The files of one export are one set. A set is written into its own directory and then a symbolic link is pointed at it, so readers
always find a complete set, whenever the export is stopped. The previous set is kept until the next export, for readers that
resolved the link before it moved.

Spreadsheets run cells that begin with one of `= + - @` as formulas, and ids come from outside. In CSV such texts, and those that
begin with an apostrophe, are prefixed with an apostrophe, so that different texts stay different (OWASP, "CSV Injection").
Parquet holds every text as it is.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from causalyn.warehouse.opening import reason
from causalyn.warehouse.publication import EditedListsError, NothingPublishedError, refuse_edited, refuse_unpublished
from causalyn.warehouse.sql_text import literal

MANIFEST = "manifest.json"
_FORMULA_START = r"^[=+\-@\t\r\n'＝＋－＠]"  # noqa: RUF001 - spreadsheets take full-width signs for the plain ones


class ExportRefusedError(Exception):
    """No list may be exported; the message says why and what to do."""


@dataclass(frozen=True)
class PublishedList:
    """A published mart, the columns that leave the warehouse in their order, the columns that order its rows, and which rows
    leave: a list that leads to nudges omits held-out accounts and unreleased waves. `headline` is the mart whose rows it would
    have otherwise, `empty` why it may have none.
    """

    name: str
    columns: tuple[str, ...]
    order: tuple[str, ...]
    where: str = "true"
    headline: str = ""
    empty: str = "no account was decided so"


# Columns are listed explicitly, so that a new column of a mart is not exported unnoticed.
LISTS = (
    PublishedList(
        "target_accounts",
        (
            "account_id", "policy_id", "value_rank", "net_value_usd", "expected_revenue_usd", "cost_usd", "n_scored_users",
            "n_nudged_users", "reason",
        ),
        ("value_rank",),
        "account_id in (select account_id from marts.campaign_nudge_list)",
        headline="target_accounts",
    ),
    PublishedList(
        "campaign_nudge_list",
        ("user_id", "account_id", "policy_id", "experiment", "wave", "lift", "lift_lower", "lift_upper"),
        ("account_id", "user_id"),
        headline="nudge_list",
    ),
    # Both arms, so that whoever keeps the log knows which users enter the campaign.
    PublishedList(
        "campaign_assignments",
        ("account_id", "policy_id", "experiment", "arm", "wave"),
        ("account_id",),
        "wave in (select wave from marts.rollout_status where status = 'released')",
        empty="no wave is released",
    ),
    PublishedList(
        "do_not_disturb_accounts",
        (
            "account_id", "policy_id", "crm_tag", "n_sleeping_dog_admins", "n_sleeping_dogs", "plan_tier",
            "annual_recurring_revenue_usd", "renewal_date", "reason",
        ),
        ("account_id",),
    ),
    PublishedList(
        "customer_success_handover",
        (
            "account_id", "policy_id", "recommended_action", "n_sleeping_dogs", "n_scored_users", "sleeping_dog_share",
            "sleeping_dog_user_ids", "plan_tier", "is_cs_assigned", "reason",
        ),
        ("account_id",),
    ),
    PublishedList(
        "low_cost_channel_accounts",
        (
            "account_id", "policy_id", "recommended_channel", "expected_revenue_usd", "cost_usd", "net_value_usd",
            "n_scored_users", "reason",
        ),
        ("account_id",),
        "account_id not in (select account_id from marts.campaign_assignments where is_global_control)",
        headline="low_cost_channel_accounts",
    ),
)  # fmt: skip

_LEFT_OUT = """
    select case
            when assignments.is_global_control then 'held out as controls'
            when assignments.arm is null then 'in another experiment of the campaign'
            when waves.status = 'wait' then 'waiting for their wave'
            when waves.status = 'pause' then 'stopped with the campaign'
            else 'nudged already'
        end as why, count(*) as n
    from (select * from marts.{headline} where {key} not in (select {key} from marts.{name} where {where})) as rest
    inner join marts.campaign_assignments as assignments using (account_id)
    left join marts.rollout_status as waves using (wave)
    group by why order by n desc, why
"""


def why_fewer(warehouse: Path, rows: dict[str, int]) -> dict[str, str]:
    """Why an exported list is empty or shorter than the mart that the page counts by; empty where it is not."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        ((why_nobody,),) = connection.execute("select why_nobody from marts.build_info").fetchall()
        why = {}
        for each in LISTS:
            left_out = []
            if each.headline:
                key = "user_id" if "user_id" in each.columns else "account_id"
                query = _LEFT_OUT.format(headline=each.headline, key=key, name=each.name, where=each.where)
                left_out = connection.execute(query).fetchall()
            if left_out:
                ((n_headline,),) = connection.execute(f"select count(*) from marts.{each.headline}").fetchall()
                others = ", ".join(f"{n:,} {reason}" for reason, n in left_out)
                why[each.name] = f"of {n_headline:,} in marts.{each.headline}; the others: {others}"
            else:
                why[each.name] = "" if rows[each.name] else why_nobody or each.empty
        return why


def export_lists(warehouse: Path, destination: Path) -> dict[str, int]:
    """Replace the set of files at `destination` with the lists of `warehouse`; rows of each list.

    `destination` becomes a symbolic link; the sets are beside it, readable by their owner only. Nothing is written to the
    warehouse. Raises ExportRefusedError if the last build published nothing or the lists were edited since, if another
    export is under way, or if `destination` was not made by an export; `destination` then stays as it
    was. The same warehouse gives the same bytes.
    """
    try:
        with duckdb.connect(str(warehouse), read_only=True, config={"threads": 1}) as connection:
            refuse_unpublished(connection)
            refuse_edited(connection)
            with _locked(destination):
                return _replace(connection, destination)
    except (NothingPublishedError, EditedListsError) as error:
        raise ExportRefusedError(str(error)) from error
    except duckdb.IOException as error:
        raise ExportRefusedError(f"{warehouse} can't be read: {reason(error)}") from error


@contextmanager
def _locked(destination: Path) -> Iterator[None]:
    """One export at a time: another one's unfinished set must not be taken for a left-over."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    if destination.exists() and not destination.is_symlink():
        raise ExportRefusedError(f"{destination} is not an export, and was left alone")
    with (destination.parent / f".{destination.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ExportRefusedError(f"another export to {destination} is under way") from error
        yield


def _replace(connection: duckdb.DuckDBPyConnection, destination: Path) -> dict[str, int]:
    prefix = f".{destination.name}-"
    previous = destination.resolve() if destination.is_symlink() else None
    for left_over in destination.parent.iterdir():
        if not re.fullmatch(rf"{re.escape(prefix)}[a-z0-9_]{{8}}(\.link)?", left_over.name):
            continue
        if left_over.is_symlink():
            left_over.unlink()
        elif left_over != previous:
            shutil.rmtree(left_over)
    new_set = Path(tempfile.mkdtemp(prefix=prefix, dir=destination.parent))
    try:
        rows = {published.name: _write(connection, published, new_set) for published in LISTS}
        _write_manifest(connection, rows, new_set)
        for file in new_set.iterdir():
            file.chmod(0o600)
        link = new_set.with_name(f"{new_set.name}.link")
        link.symlink_to(new_set.name)
        os.replace(link, destination)  # noqa: PTH105 - named so that a test can stop the export right before it
    except (duckdb.IOException, OSError) as error:
        shutil.rmtree(new_set)  # a full disk has no room for what is left over
        raise ExportRefusedError(f"{destination} can't be written: {reason(error)}") from error
    return rows


def _write(connection: duckdb.DuckDBPyConnection, published: PublishedList, directory: Path) -> int:
    """Write both files of a list; its number of rows."""
    rows = f"from marts.{published.name} where {published.where}"
    source = f"{rows} order by {', '.join(published.order)}"
    types = dict(
        connection.execute(
            "select column_name, data_type from duckdb_columns() where schema_name = 'marts' and table_name = ?",
            [published.name],
        ).fetchall()
    )
    cells = (
        f"""case when regexp_matches({column}, {literal(_FORMULA_START)}) then '''' || {column}
            else {column} end as {column}"""
        if types[column] == "VARCHAR"
        else column
        for column in published.columns
    )
    csv, parquet = (literal(directory / f"{published.name}.{suffix}") for suffix in ("csv", "parquet"))
    connection.execute(f"copy (select {', '.join(cells)} {source}) to {csv} (format csv, header)")
    connection.execute(f"copy (select {', '.join(published.columns)} {source}) to {parquet} (format parquet)")
    return int(connection.execute(f"select count(*) {rows}").fetchall()[0][0])


def _write_manifest(connection: duckdb.DuckDBPyConnection, rows: dict[str, int], directory: Path) -> None:
    """List the set's contents, so that a reader can check that it is complete."""
    ((build_id, policy_id, scoring_date),) = connection.execute(
        "select build_id, shipped_policy_id, cast(scoring_date as varchar) from marts.build_info"
    ).fetchall()
    files = {
        file.name: {"rows": rows[file.stem], "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
        for file in sorted(directory.iterdir())
    }
    contents = {"build_id": build_id, "policy_id": policy_id, "scoring_date": scoring_date, "files": files}
    (directory / MANIFEST).write_text(json.dumps(contents, indent=2) + "\n")
