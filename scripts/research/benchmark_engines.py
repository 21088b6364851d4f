"""Measures the same build of the default world on DuckDB and on Spark, one after the other on this machine.

Both run as for users: dbt's own threads, all cores, no unit tests. Results go to results/benchmark_results.csv,
from which docs/guide/spark.md is rendered. Needs Linux, and Java 17 in JAVA_HOME.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import duckdb
from tqdm import tqdm

from benchmark import COUNTS, ROOT, StepFailedError, adopt_orphans, measured, store

BUILD = [Path(sys.executable).with_name("dbt"), "--quiet", "build", "--exclude-resource-type", "unit_test"]


def compare(accounts: int, directory: Path) -> list[tuple]:
    """One row per engine, measured in its own directory."""
    warehouse, spark = directory / "causalyn.duckdb", directory / "spark"
    environment = {
        "CAUSALYN_WAREHOUSE": str(warehouse),
        "CAUSALYN_SPARK_DIRECTORY": str(spark),
        "CAUSALYN_SPARK_FILES": str(spark / "files"),
        "DBT_LOG_PATH": str(directory / "logs"),
        "DBT_TARGET_PATH": str(directory / "target"),
        "PYTHONPATH": f"{ROOT / 'spark'}{os.pathsep}{ROOT / 'scripts'}",
        "PYSPARK_PYTHON": sys.executable,
    }
    steps = {
        "generation": ["scripts/generate_world.py", "--accounts", str(accounts)],
        "duckdb": BUILD,
        "copy": ["scripts/copy_to_spark.py"],
        "spark": [*BUILD, "--target", "spark"],
    }
    rows = {
        name: measured(name, command, environment, directory / f"{name}.txt")
        for name, command in tqdm(steps.items(), desc=f"{accounts:,} accounts", unit=" steps", disable=None)
    }
    tables = sum(file.stat().st_size for file in spark.rglob("*.parquet")) / 2**20
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        counts = connection.execute(COUNTS).fetchone()
    on_duckdb, on_spark = (("engine", *rows[engine][1:]) for engine in ("duckdb", "spark"))
    return [(*counts, *on_duckdb), (*counts, *on_spark[:-1], tables)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, nargs="+", default=[2400, 24000])
    options = parser.parse_args()
    adopt_orphans()
    for accounts in options.accounts:
        with tempfile.TemporaryDirectory(prefix="causalyn_engines_") as name:
            try:
                store(compare(accounts, Path(name)))
            except StepFailedError as failure:
                raise SystemExit(f"error: {failure}") from failure


if __name__ == "__main__":
    main()
