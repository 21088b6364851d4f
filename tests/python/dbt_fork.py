"""dbt in a process forked from one that has imported it, since the import takes longer than most runs."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path

FORKS = multiprocessing.get_context("forkserver")
# Nothing of the project, since a test may run a changed copy of it.
FORKS.set_forkserver_preload(["dbt.cli.main", "dbt.adapters.duckdb", "pandas", "scipy.stats", "sklearn.ensemble"])


def run_dbt(arguments: list[str], directory: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Like `subprocess.run` of the same command."""
    with tempfile.TemporaryDirectory() as folder:
        stdout, stderr = (Path(folder) / name for name in ("stdout", "stderr"))
        process = FORKS.Process(target=_be_dbt, args=(arguments, directory, environment, stdout, stderr))
        process.start()
        process.join()
        return subprocess.CompletedProcess(
            ["dbt", *arguments], process.exitcode, stdout.read_text(), stderr.read_text()
        )


def _be_dbt(arguments: list[str], directory: Path, environment: dict[str, str], stdout: Path, stderr: Path) -> None:
    for descriptor, path in ((1, stdout), (2, stderr)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), descriptor)
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    # dbt itself must not see the tests or the scripts of the project under test.
    sys.path[:] = [path for path in sys.path if path.startswith((sys.prefix, sys.base_prefix))]
    sys.argv = ["dbt", *arguments]
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import cli

    try:
        cli()
    finally:
        # As when an interpreter exits, which a fork never does; otherwise the warehouse would keep its write-ahead log.
        DuckDBConnectionManager.close_all_connections()
