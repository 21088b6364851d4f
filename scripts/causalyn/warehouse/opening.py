"""Opens a warehouse, which fails while another process writes it or, to write it, while another has it open at all; says why."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

import duckdb

PATIENCE_SECONDS = float(os.environ.get("CAUSALYN_PATIENCE_SECONDS", "20"))
"""How long to wait for another process to close it: long enough for a query of a reader, too short for a build."""


def is_held(path: Path) -> bool:
    """Whether another process has the file open, which DuckDB only says in its message."""
    try:
        with path.open("r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def reason(error: BaseException) -> str:
    """Why a file can't be read or written: a line of the error, since the others quote the file or name options of the reader."""
    if isinstance(error, UnicodeError):
        return "it is not UTF-8"
    line = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".!")
    return "".join(character if character.isprintable() else "?" for character in line)


def connect(path: Path, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """A connection to the file at `path`. Raises duckdb.Error as DuckDB does, after a wait if another process holds it."""
    deadline, was_held = time.monotonic() + PATIENCE_SECONDS, True
    while True:
        try:
            return duckdb.connect(str(path), read_only=read_only)
        except duckdb.IOException:
            held = is_held(path)
            # Once not held, it may have been closed since the attempt; twice, it is something else.
            if time.monotonic() > deadline or not (held or was_held):
                raise
            was_held = held
            time.sleep(0.1)
