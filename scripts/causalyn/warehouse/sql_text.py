"""Names in SQL where no parameter can stand: of files, tables and columns, whatever they are called."""

from __future__ import annotations

from pathlib import Path


def literal(text: Path | str) -> str:
    """A text, or the path of a file, as an SQL literal."""
    return "'" + str(text).replace("'", "''") + "'"


def identifier(text: str) -> str:
    """A name as a quoted SQL identifier."""
    return '"' + text.replace('"', '""') + '"'
