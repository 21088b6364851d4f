"""What the commands share: the option --warehouse, files that only their owner may read, and a run of dbt."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from causalyn.warehouse import file_name

ROOT = Path(__file__).resolve().parents[3]


def parser(docstring: str, warehouse: str = "DuckDB file") -> argparse.ArgumentParser:
    """A parser with the option --warehouse, described by a command's docstring up to its colon."""
    os.umask(0o077)  # what commands write describes customers: only their owner may read it
    made = argparse.ArgumentParser(description=docstring.partition(":")[0])
    default = os.environ.get("CAUSALYN_WAREHOUSE") or ROOT / "warehouse" / "causalyn.duckdb"
    made.add_argument("--warehouse", type=_warehouse, default=str(default), help=warehouse)
    return made


def _warehouse(path: str) -> Path:
    warehouse = Path(path)
    objection = None if warehouse.is_dir() else file_name.objection(warehouse)
    if objection:
        sys.exit(objection)
    return warehouse


def build(warehouse: Path, *options: str) -> None:
    """`dbt build` without unit tests, which prove the project, not the data. Raises subprocess.CalledProcessError if it fails."""
    subprocess.run(
        [Path(sys.executable).with_name("dbt"), "--quiet", "build", "--exclude-resource-type", "unit_test", *options],
        cwd=ROOT,
        env=os.environ | {"CAUSALYN_WAREHOUSE": str(warehouse.resolve())},
        check=True,
    )
