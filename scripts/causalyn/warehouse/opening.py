"""Opens a warehouse for writing, which fails while another process has the file open, even if only for reading."""

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


def connect(path: Path) -> duckdb.DuckDBPyConnection:
    """A connection to the file at `path`. Raises duckdb.Error as DuckDB does, after a wait if another process holds it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return duckdb.connect(str(path))
        except duckdb.IOException:
            if time.monotonic() > deadline or not is_held(path):
                raise
            time.sleep(0.1)
