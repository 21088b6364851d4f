"""Pieces of SQL: names of files, tables and columns, quoted where parameters aren't allowed, and a comparison."""

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


def exceeds_share(n: str, of: str, share: str) -> str:
    """Whether `n` of so many are more than a share, as `is_toxic` in macros/guardrails.sql compares: in whole millionths."""
    return f"{n} * 1000000 > cast(round(1e6 * {share}) as bigint) * {of}"
