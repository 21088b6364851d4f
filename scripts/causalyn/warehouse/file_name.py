"""Validates a warehouse's name: DuckDB names the database after the file, and queries use that name."""

from __future__ import annotations

import re
from pathlib import Path

# A query that names a schema, or another database that a run attaches, would mean the warehouse instead.
TAKEN = {
    *("audit", "builds", "candidate_audit", "candidate_marts", "input", "intermediate", "main", "marts", "raw", "seeds"),
    *("staging", "copied", "information_schema", "memory", "pg_catalog", "system", "temp", "truth"),
}  # fmt: skip


def objection(warehouse: Path) -> str | None:
    """Why a warehouse file's name can't be used; none if it can."""
    name = warehouse.name.removesuffix(".duckdb")
    if not re.fullmatch(r"[\w. -]+", name):
        return (
            f"Nothing was done. A warehouse can't be called {warehouse.name!r}: use only letters, digits, spaces, dots,"
            " hyphens and underscores."
        )
    if next(filter(None, name.split(".")), "").lower() in TAKEN:
        return (
            f"Nothing was done. A warehouse can't be called {warehouse.name!r}: a schema or database in it has that name;"
            " call it causalyn.duckdb, for example."
        )
    return None
