"""Measures the cost of a build at several sizes of the default world, and of its rivals.

Each step runs in a process of its own; dbt's nodes run one at a time, so that each can be measured (benchmark_build.py).
Comparisons are ratios of processor time within one run, since times on a shared machine say little. Results go to
results/benchmark_results.csv, from which docs/results/capacity.md is rendered. Needs Linux.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import ctypes
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import duckdb
from tqdm import tqdm

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "scripts" / "research" / "results" / "benchmark_results.csv"
COLUMNS = ("kind", "name", "scales_with", "seconds", "cpu_seconds", "sklearn_seconds", "peak_memory_mb", "database_mb")
HEADER = ("accounts", "users", "activity_rows", *COLUMNS)
COUNTS = """
    select
        (select count(*) from raw.accounts_raw),
        (select count(*) from raw.users_raw),
        (select count(*) from raw.user_activity_daily_raw)
"""
NEXT_DAY = "select cast(scoring_date + 1 as date) from staging.stg_scoring_date"
# One day of new activity: a copy of the same day a week earlier.
ACTIVITY_OF_DAY = """
    insert into raw.user_activity_daily_raw
    select * replace (cast($1 - 1 as date) as activity_date) from raw.user_activity_daily_raw where activity_date = $1 - 8
"""
MEMORY_BYTES = int(0.8 * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
"""Most memory that a step may take."""
STORED = {"sql_model", "python_model", "seed"}
SMALL_NODE_SECONDS = 0.1
"""Nodes that took less processor time are summed up, one row per kind."""


def reset_peak_memory() -> None:
    """Resets this process's peak memory, as Linux records it, to its current memory."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_memory_mb() -> float:
    """This process's peak resident memory since the last reset."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


class StepFailedError(RuntimeError):
    """A step failed; the message holds the end of its output."""


def adopt_orphans() -> None:
    """Makes this process, not init, adopt processes that a step leaves behind, so that their cost is counted."""
    pr_set_child_subreaper = 36
    ctypes.CDLL(None).prctl(pr_set_child_subreaper, 1, 0, 0, 0)


def measured(name: str, command: list[str | Path], environment: dict[str, str], output: Path) -> tuple:
    """Runs one step of a build; returns its row of COLUMNS. Memory is that of its largest process.

    Returns after any processes left behind have ended: Spark's JVM outlives dbt by a moment. Raises StepFailedError.
    """
    started = time.perf_counter()
    with output.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=os.environ | environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a process group to wait for
            # Requests beyond the available memory fail, instead of the system killing some process.
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES)),
        )
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise StepFailedError(f"{name} ended with {process.returncode}: {output.read_text()[-5000:]}")
    seconds, cpu, memory = time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
    with contextlib.suppress(ChildProcessError):
        while True:
            _, _, usage = os.wait4(-process.pid, 0)
            cpu, memory = cpu + usage.ru_utime + usage.ru_stime, max(memory, usage.ru_maxrss / 1024)
    size = Path(environment["CAUSALYN_WAREHOUSE"]).stat().st_size / 2**20
    return "step", name, "users", seconds, cpu, 0.0, memory, size


def table_sizes(connection: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """Size of each table in MB, by the table's name, which is also its dbt node's."""
    tables = connection.execute("select schema_name || '.' || table_name, table_name from duckdb_tables()").fetchall()
    blocks = "select count(distinct block_id) from pragma_storage_info(?) where block_id >= 0"
    return {name: connection.execute(blocks, [table]).fetchone()[0] / 4 for table, name in tables}


def read_rows(file: Path) -> list[tuple]:
    """The rows of COLUMNS written by a step."""
    with file.open(newline="") as opened:
        return [(*row[:3], *map(float, row[3:])) for row in list(csv.reader(opened))[1:]]


def small_summed(rows: list[tuple]) -> list[tuple]:
    """Rows of nodes, with the small nodes combined into one."""
    small = defaultdict(list)
    for row in rows:
        if row[4] < SMALL_NODE_SECONDS:
            small[row[0], row[2]].append(row)
    kept = [row for row in rows if row[4] >= SMALL_NODE_SECONDS]
    for (kind, scales_with), group in small.items():
        seconds, cpu, sklearn, memory, size = zip(*(row[3:] for row in group), strict=True)
        kept.append((kind, "others", scales_with, sum(seconds), sum(cpu), sum(sklearn), max(memory), sum(size)))
    return kept


def benchmark(accounts: int, directory: Path, rivals: list[str]) -> list[tuple]:
    """All rows for one size, measured in its own directory."""
    warehouse, nodes = directory / "causalyn.duckdb", directory / "nodes.csv"
    environment = {
        "CAUSALYN_WAREHOUSE": str(warehouse),
        "DBT_TARGET_PATH": str(directory / "target"),
        "DBT_LOG_PATH": str(directory / "logs"),
        "PYTHONPATH": str(ROOT / "scripts"),
    }
    steps = {
        "generation": ["scripts/generate_world.py", "--accounts", str(accounts)],
        "build": ["scripts/research/benchmark_build.py", nodes],
        "summary": ["scripts/summarise.py"],
        "report": ["scripts/render_report.py", "--directory", directory / "report"],
        "export": ["scripts/export_lists.py", "--destination", directory / "exports"],
    }
    steps |= {rival: ["scripts/research/benchmark_rivals.py", directory / f"{rival}.csv", rival] for rival in rivals}
    rows = []
    for name, command in tqdm(steps.items(), desc=f"{accounts:,} accounts", unit=" steps", disable=None):
        try:
            row = measured(name, command, environment, directory / f"{name}.txt")
        except StepFailedError as failure:
            if name not in rivals:
                raise
            tqdm.write(f"{accounts:,} accounts, left out: {failure}")
        else:
            rows += read_rows(directory / f"{name}.csv") if name in rivals else [row]
    with duckdb.connect(str(warehouse)) as connection:
        counts, sizes = connection.execute(COUNTS).fetchone(), table_sizes(connection)
        today = connection.execute(NEXT_DAY).fetchone()[0]
        connection.execute(ACTIVITY_OF_DAY, [today])
    refresh = ["scripts/refresh.py", "--as-of", str(today)]
    rows.append(measured("day", refresh, environment, directory / "day.txt"))
    built = [(*row[:-1], sizes.get(row[1], 0.0) if row[0] in STORED else 0.0) for row in read_rows(nodes)]
    return [(*counts, *row) for row in [*rows, *small_summed(built)]]


def store(rows: list[tuple]) -> None:
    """Replaces results for the sizes and kinds in `rows` and keeps the others."""
    replaced = {(str(row[0]), row[3]) for row in rows}
    kept = []
    if RESULTS.exists():
        with RESULTS.open(newline="") as file:
            kept = [tuple(row) for row in list(csv.reader(file))[1:] if (row[0], row[3]) not in replaced]
    fresh = [(*map(str, row[:3]), *row[3:6], *(f"{value:.3f}" for value in row[6:])) for row in rows]
    with RESULTS.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(sorted([*kept, *fresh], key=lambda row: (int(row[0]), *row[3:6])))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, nargs="+", default=[2400, 24000])
    parser.add_argument("--row-loop-up-to", type=int, default=2400, help="accounts; the loop takes minutes beyond")
    options = parser.parse_args()
    adopt_orphans()
    for accounts in options.accounts:
        rivals = ["limit", "pandas", *(["row_loop"] if accounts <= options.row_loop_up_to else [])]
        with tempfile.TemporaryDirectory(prefix="causalyn_benchmark_") as name:
            try:
                store(benchmark(accounts, Path(name), rivals))
            except StepFailedError as failure:
                raise SystemExit(f"error: {failure}") from failure
    print(f"Measured {len(options.accounts)} sizes; results in {RESULTS.relative_to(ROOT)}, shown by `make readme`")


if __name__ == "__main__":
    main()
