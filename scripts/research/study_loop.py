"""Plays monthly campaigns in drifting worlds, once with each way of learning from them, next to an oracle's result.

Results go to results/study_loop_results.csv as they come, one row per seed, way of learning, campaign and figure.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb

from causalyn.simulation import world
from causalyn.simulation.rounds_world import Rounds, play_rounds
from causalyn.simulation.world_physics import PRESETS
from causalyn.simulation.world_store import write_world

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "scripts" / "research" / "results" / "study_loop_results.csv"
PHYSICS = replace(PRESETS["default"], moved_share=0.08, fatigue=0.05)
"""Each month one user in twelve draws a new group, and each nudge takes a twentieth off what the next can do."""

WAYS = {"frozen": (False, 0.0), "retrained": (True, 0.0), "exploring": (True, 0.2)}
"""By way of learning: whether the model learns from the log, and the share that is explored."""

PAIRS = 10
"""Pairs of account halves that fit a model: fewer than by default, for the sake of time."""


def study(folder: Path, way: str, seed: int, accounts: int, n_rounds: int) -> list[dict]:
    """Generates a world and plays its campaigns. Returns one row of figures per campaign."""
    warehouse = folder / "w.duckdb"
    is_learned_from, exploration_share = WAYS[way]
    write_world(warehouse, world.chunks(PHYSICS, accounts, seed), accounts)

    def dbt(*arguments: str, **variables: str) -> None:
        places = ["--target-path", folder / "target", "--log-path", folder / "logs"]
        command = [Path(sys.executable).with_name("dbt"), "--quiet", *arguments, *places]
        environment = os.environ | {"CAUSALYN_WAREHOUSE": str(warehouse)} | variables
        subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)

    def build(campaign_id: str, today: date) -> None:
        dbt(
            *("build", "--exclude-resource-type", "unit_test", "test", "--vars", "deliveries: ignore"),
            *("--select", "+int_campaign__user_assignments", "--exclude", "campaign_parameters", "learner_parameters"),
            CAUSALYN_CAMPAIGN=campaign_id,
            CAUSALYN_SCORING_DATE=str(today),
        )

    dbt("seed", "--select", "campaign_parameters", "learner_parameters")
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("update seeds.campaign_parameters set exploration_share = ?", [exploration_share])
        connection.execute("update seeds.learner_parameters set account_pairs = ?", [PAIRS])
    rounds = Rounds(warehouse, PHYSICS, accounts, seed, is_learned_from=is_learned_from)
    return play_rounds(rounds, n_rounds, build).to_dict("records")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="*", default=list(range(1, 11)))
    parser.add_argument("--accounts", type=int, default=1200)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    with options.results.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("seed", "way", "campaign_id", "metric", "value"))
        for seed in options.seeds:
            for way in WAYS:
                with tempfile.TemporaryDirectory(prefix="causalyn_study_") as folder:
                    for row in study(Path(folder), way, seed, options.accounts, options.rounds):
                        campaign_id = row.pop("campaign_id")
                        writer.writerows((seed, way, campaign_id, name, f"{value:.6f}") for name, value in row.items())
                file.flush()


if __name__ == "__main__":
    main()
