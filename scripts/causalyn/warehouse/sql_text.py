"""Quotes names of files, tables and columns in SQL where parameters aren't allowed."""

from __future__ import annotations

import re
from pathlib import Path


def literal(text: Path | str) -> str:
    """A text, or the path of a file, as an SQL literal."""
    return "'" + str(text).replace("'", "''") + "'"


def pattern(path: Path, names: str = "") -> str:
    """A path where SQL expects a pattern of paths, which then matches this one alone, or the `names` in this directory."""
    return literal(re.sub(r"([\[*?])", r"[\1]", str(path.absolute())) + (f"/{names}" if names else ""))


def identifier(text: str) -> str:
    """A name as a quoted SQL identifier."""
    return '"' + text.replace('"', '""') + '"'
