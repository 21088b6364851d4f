"""What is published (macros/publication.sql): since when, if by the last run, if changed since, and what the page says of it."""

from __future__ import annotations

import datetime
import hashlib
import html
import re
from pathlib import Path

import duckdb

from causalyn.warehouse.raw_contract import PUBLICATION

BANNER = re.compile(r'(<div id="banner" role="alert">).*?(</div>)', re.DOTALL)
FINGERPRINTS = "builds.fingerprints"


class EditedListsError(Exception):
    """Published tables were changed; the message names them."""


class NothingPublishedError(Exception):
    """The last run published nothing; the message says why."""


def warehouse_mark(warehouse: Path) -> str:
    """Identifies the warehouse a page was rendered from, without revealing its path, so that a run marks only its own page."""
    return hashlib.sha256(str(warehouse.resolve()).encode()).hexdigest()


def standing(warehouse: Path) -> str:
    """Since when the published lists stand: since their copy for readers was replaced."""
    copy = warehouse.with_suffix(".published.duckdb")
    if not copy.exists():
        return "The lists that were published before, if any, stay as they were."
    since = datetime.datetime.fromtimestamp(copy.stat().st_mtime)
    return f"The lists that were published on {since:%Y-%m-%d at %H:%M} stay as they were."


def mark_page(page: Path, warehouse: Path, banner: str, build_id: str | None = None) -> None:
    """Put a banner on the page, if there is one of this warehouse; take it off where the page shows the build of that id."""
    try:
        if page.is_file() and warehouse_mark(warehouse) in (written := page.read_text(encoding="utf-8")):
            said = banner if build_id else f"{banner} {standing(warehouse)}"
            shown = "" if build_id and build_id in written else html.escape(said)
            partial = page.with_suffix(".partial")
            partial.write_text(
                BANNER.sub(lambda found: f"{found[1]}{shown}{found[2]}", written, count=1), encoding="utf-8"
            )
            partial.replace(page)
    except OSError as error:  # what is published stays so
        print(f"The page {page} does not say so, since it can't be written: {banner} ({error})")


def refuse_unpublished(connection: duckdb.DuckDBPyConnection) -> None:
    """Raise NothingPublishedError unless the last run published what it built."""
    try:
        ((status,),) = connection.execute(f"select status from {PUBLICATION}").fetchall()
    except duckdb.CatalogException:
        raise NothingPublishedError("nothing was built since the data was loaded; `make build` builds") from None
    if status == "running":
        raise NothingPublishedError("the last build did not finish; `make build` builds again")
    if status != "published":
        raise NothingPublishedError(f"the last build published nothing: {status}")


def refuse_edited(connection: duckdb.DuckDBPyConnection, only_history: bool = False) -> None:
    """Raise EditedListsError if a published table was changed, or dropped, by something other than a publication.

    A warehouse published before fingerprints were stored, or by another version of DuckDB, or a copy of its marts alone has
    nothing to compare.
    """
    recorded = "select 1 from information_schema.tables where table_schema || '.' || table_name = ?"
    if not connection.execute(recorded, [FINGERPRINTS]).fetchall():
        return
    columns = "table_name, is_history, fingerprint, query"
    tables = f"select {columns} from {FINGERPRINTS} where duckdb_version = version() order by all"
    edited = [
        (table, is_history)
        for table, is_history, fingerprint, query in connection.execute(tables).fetchall()
        if (is_history or not only_history) and _fingerprint(connection, query) != fingerprint
    ]
    names = ", ".join(table for table, _ in edited)
    history = ", ".join(table for table, is_history in edited if is_history)
    others = ", ".join(table for table, is_history in edited if not is_history)
    then = f"; a full `make build` then republishes {others}" if others else ""
    if history:
        raise EditedListsError(
            f"{names}: changed since publication, and not by a build. No build can make {history} anew: restore it from the"
            " copy for readers (docs/operating.md, Backup), or, if the change is meant to stay, delete its row from"
            f" {FINGERPRINTS}{then}"
        )
    if edited:
        raise EditedListsError(
            f"{names}: changed since publication, and not by a build. A full `make build` republishes it"
        )


def _fingerprint(connection: duckdb.DuckDBPyConnection, query: str) -> str | None:
    """What the table's query gives now; None if the table, or a column, is gone."""
    try:
        return str(connection.execute(query).fetchall()[0][0])
    except (duckdb.CatalogException, duckdb.BinderException):
        return None
