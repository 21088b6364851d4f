"""Runs dbt on a warehouse from a script."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def build(warehouse: Path, *options: str) -> None:
    """`dbt build` without unit tests, which prove the project, not the data. Raises subprocess.CalledProcessError if it fails."""
    subprocess.run(
        [Path(sys.executable).with_name("dbt"), "--quiet", "build", "--exclude-resource-type", "unit_test", *options],
        cwd=ROOT,
        env=os.environ | {"CAUSALYN_WAREHOUSE": str(warehouse.resolve())},
        check=True,
    )
