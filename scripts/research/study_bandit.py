"""Plays the bandit, a static policy and an oracle over a built world with ten seeds: results/bandit_study.csv."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd

from causalyn.simulation.bandit_world import simulate
from causalyn.simulation.world_physics import PRESETS
from causalyn.warehouse import command
from play_bandit import read_world

RESULTS = command.ROOT / "scripts" / "research" / "results" / "bandit_study.csv"
SEEDS = range(1, 11)
SHOWN_ROUNDS = (5, 10, 20, 30)


def study(warehouse: Path) -> pd.DataFrame:
    """Each policy's cumulative expected reward at some rounds, and nudges of users who are not on the nudge list."""
    users, arms, parameters = read_world(warehouse)
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        listed = set(connection.execute("select user_id from marts.nudge_list").df()["user_id"])
    results = []
    for seed in SEEDS:
        log, earned = simulate(users, arms, parameters, PRESETS["default"], seed)
        unlisted = log[(log["arm"] != "none") & ~log["user_id"].isin(listed)]
        for row in earned[earned["round_number"].isin(SHOWN_ROUNDS)].to_dict("records"):
            broken = (unlisted["round_number"] <= row["round_number"]).sum()
            results.append({"seed": seed, **row, "n_nudges_held_back": broken})
    return pd.DataFrame(results)


def main() -> None:
    results = study(command.parser(__doc__, "DuckDB file of the default world").parse_args().warehouse)
    names = {policy: f"{policy}_usd" for policy in ("oracle", "bandit", "static", "best_by_segment")}
    results.rename(columns=names).to_csv(RESULTS, index=False, float_format="%.6f", lineterminator="\n")


if __name__ == "__main__":
    main()
