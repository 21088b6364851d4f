"""Checks that the published tables are unchanged before anybody acts on them (macros/publication.sql)."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

PUBLISHED, CURRENT = "builds.published_lists", "builds.current_lists"


class EditedListsError(Exception):
    """Published tables were changed; the message names them."""


def warehouse_mark(warehouse: Path) -> str:
    """Identifies the warehouse a page was rendered from, without revealing its path, so that a run marks only its own page."""
    return hashlib.sha256(str(warehouse.resolve()).encode()).hexdigest()


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
