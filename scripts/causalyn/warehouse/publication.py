"""What is published (macros/publication.sql): since when, whether it was changed since, and what the report page says of it."""

from __future__ import annotations

import datetime
import hashlib
import html
import re
from pathlib import Path

import duckdb

BANNER = re.compile(r'(<div id="banner" role="alert">).*?(</div>)', re.DOTALL)
PUBLISHED, CURRENT = "builds.published_lists", "builds.current_lists"


class EditedListsError(Exception):
    """Published tables were changed; the message names them."""


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


def refuse_edited(connection: duckdb.DuckDBPyConnection) -> None:
    """Raise EditedListsError if a published table was changed, or dropped, by something other than a publication.

    A warehouse that was published before fingerprints were stored, or a copy of its marts alone, has nothing to compare.
    """
    recorded = "select 1 from information_schema.tables where table_schema || '.' || table_name = ?"
    if not connection.execute(recorded, [PUBLISHED]).fetchall():
        return
    edited = connection.execute(
        f"select table_name from {PUBLISHED} "
        "where table_name not in (select schema_name || '.' || table_name from duckdb_tables())"
    ).fetchall()
    if not edited:
        edited = connection.execute(
            f"select table_name from {PUBLISHED} as published left join {CURRENT} as found using (table_name) "
            "where published.fingerprint is distinct from found.fingerprint"
        ).fetchall()
    if edited:
        tables = ", ".join(sorted(table for (table,) in edited))
        raise EditedListsError(
            f"{tables}: changed since publication, and not by a build. A full `make build` republishes it"
        )
