"""Measures how much memory loading an export takes: ordinary ones of growing size, and files made to take too much.

Prints a row per export for docs/results/capacity.md. Each is loaded by `scripts/load_raw.py`, under the caller's
CAUSALYN_MEMORY_LIMIT. Needs Linux.
"""

from __future__ import annotations

import argparse
import gzip
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from causalyn.warehouse.sql_text import literal

SCRIPTS = Path(__file__).resolve().parents[1]
MEGABYTE = 10**6
HEADER = "user_id,account_id,user_created_date,role_type,geo_region"


def generate(folder: Path, accounts: int) -> Path:
    """A generated world's warehouse."""
    warehouse = folder / "world.duckdb"
    command = [sys.executable, SCRIPTS / "generate_world.py", "--accounts", str(accounts), "--warehouse", warehouse]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return warehouse


def export(warehouse: Path, directory: Path, suffix: str) -> None:
    """The raw tables of a warehouse as files."""
    directory.mkdir()
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        tables = connection.execute("select table_name from duckdb_tables() where table_name like '%_raw'").fetchall()
        for (table,) in tables:
            connection.execute(f"copy raw.{table} to {literal(directory / f'{table}.{suffix}')}")


def long_texts(users: Path) -> None:
    """600 users, each with a text of 5 MB, which compresses to little."""
    texts = pa.array(["x" * (5 * MEGABYTE)])
    schema = pa.schema([(name, pa.string()) for name in HEADER.split(",")])
    with pq.ParquetWriter(users.with_suffix(".parquet"), schema, compression="zstd", use_dictionary=False) as writer:
        for number in range(600):
            plain = [pa.array([text]) for text in (f"u{number}", "a1", "2024-06-01", "basic")]
            writer.write_table(pa.table([*plain, texts], schema=schema))


def repeated_text(users: Path) -> None:
    """600 users with the same text of 5 MB, which the file holds once: on average it is below the limit of texts."""
    plain = [[f"u{number}" for number in range(600)], *([text] * 600 for text in ("a1", "2024-06-01", "basic"))]
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 600, pa.int32()), pa.array(["x" * (5 * MEGABYTE)]))
    pq.write_table(pa.table([*plain, texts], names=HEADER.split(",")), users.with_suffix(".parquet"))


def long_header(users: Path) -> None:
    """A header of 1.5 GB, in gzip."""
    with gzip.open(users.with_suffix(".csv.gz"), "wb", compresslevel=1) as file:
        for _ in range(1500):
            file.write(b"x" * MEGABYTE)


def long_last_line(users: Path) -> None:
    """A last line of 40 MB."""
    with users.with_suffix(".csv").open("w") as file:
        print(HEADER, "u1,a1,2024-06-01,basic,EU", sep="\n", file=file)
        print(f"u2,a1,2024-06-01,basic,{'x' * 40 * MEGABYTE}", file=file)


MADE_TO_TAKE_TOO_MUCH: dict[str, Callable[[Path], None]] = {
    "600 texts of 5 MB, Parquet": long_texts,
    "one text of 5 MB in 600 rows, Parquet": repeated_text,
    "a header of 1.5 GB, gzip": long_header,
    "a last line of 40 MB, CSV": long_last_line,
}


def measure(directory: Path) -> str:
    """Loads a directory: its size in MB, processor seconds, peak memory in GB, and what came of it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile("w+") as printed:
        command = [sys.executable, SCRIPTS / "load_raw.py", directory, "--warehouse", Path(folder) / "causalyn.duckdb"]
        process = subprocess.Popen(command, stdout=printed, stderr=subprocess.STDOUT)
        peak = 0
        while process.poll() is None:
            # Not what the kernel tells at the end, which counts this process, too, from which that one is forked.
            status = Path(f"/proc/{process.pid}/status").read_text()
            peak = max(peak, *(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)
            time.sleep(0.01)
        printed.seek(0)
        outcome = "loaded" if process.returncode == 0 else printed.read().splitlines()[-1]
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    size = sum(file.stat().st_size for file in directory.iterdir())
    return f"{size / MEGABYTE:,.1f} | {seconds:,.1f} | {peak / 2**20:.2f} | {outcome[:100]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, nargs="+", default=[2400, 21000], help="sizes of the ordinary exports")
    for accounts in parser.parse_args().accounts:
        with tempfile.TemporaryDirectory() as folder:
            warehouse = generate(Path(folder), accounts)
            with duckdb.connect(str(warehouse), read_only=True) as connection:
                (rows,) = connection.execute("select count(*) from raw.user_activity_daily_raw").fetchone()
            for suffix in ("parquet", "csv"):
                export(warehouse, Path(folder) / suffix, suffix)
                print(f"| {suffix}, {rows:,} activity rows | {measure(Path(folder) / suffix)} |", flush=True)
    for name, make in MADE_TO_TAKE_TOO_MUCH.items():
        with tempfile.TemporaryDirectory() as folder:
            directory = Path(folder) / "export"
            export(generate(Path(folder), 20), directory, "parquet")
            (directory / "users_raw.parquet").unlink()
            make(directory / "users_raw")
            print(f"| {name} | {measure(directory)} |", flush=True)


if __name__ == "__main__":
    main()
