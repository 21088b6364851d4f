"""Builds many generated worlds and records what came out of each, beside what the same policy earns when it knows the truth.

The results land in seeds/study_results.csv, from which the README's tables are rendered. Hidden truth is read after every
decision is taken; nothing is tuned here.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "seeds" / "study_results.csv"
WAREHOUSE = "causalyn.duckdb"
PRESETS = ("default", "hard", "null", "harm")

Row = tuple[str, int, str, float]


def dbt(folder: Path, *arguments: str) -> None:
    """Runs dbt on the warehouse in `folder`; a relative path keeps dbt's parsed project valid for every folder."""
    places = ["--project-dir", ROOT, "--profiles-dir", ROOT]
    places += ["--target-path", folder / "target", "--log-path", folder / "logs"]
    command = [sys.executable, "-m", "dbt.cli.main", *arguments, "--quiet", *places]
    environment = os.environ | {"CAUSALYN_WAREHOUSE": WAREHOUSE, "CAUSALYN_ROOT": str(ROOT)}
    subprocess.run(command, cwd=folder, env=environment, check=True)


def true_values(folder: Path) -> dict[str, float]:
    """Figures of the shipped policy that need the truth: true net value of its targets, and of everybody."""
    with duckdb.connect(str(folder / WAREHOUSE), read_only=True) as connection:
        row = connection.execute(
            """
            select n_target_accounts, expected_net_value_usd, true_net_value_usd, true_net_value_of_everybody_usd
            from audit.policy_true_value
            inner join seeds.policy_parameters using (policy_id)
            where is_shipped
            """
        ).fetchone()
    names = ("n_target_accounts", "expected_net_value_usd", "true_net_value_usd", "true_net_value_of_everybody_usd")
    return dict(zip(names, map(float, row), strict=True))


def let_the_policy_know_the_truth(folder: Path) -> None:
    """Replaces the scores by the true probabilities and decides again, with the same SQL."""
    with duckdb.connect(str(folder / WAREHOUSE)) as connection:
        connection.execute(f"attach '{folder / WAREHOUSE.replace('.duckdb', '.truth.duckdb')}' as truth (read_only)")
        connection.execute(
            """
            update intermediate.int_uplift__scores as scores
            set p_control = truth.p_control, p_treated = truth.p_treated
            from truth.main.latent_uplift_groups_hidden as truth
            where scores.user_id = truth.user_id
            """
        )
    dbt(folder, "run", "--select", "user_uplift_scores+")


def study_world(preset: str, seed: int, accounts: int, parsed: Path) -> list[Row]:
    """Generates, builds and measures one world; rows of preset, seed, metric and value."""
    with tempfile.TemporaryDirectory(prefix="causalyn_study_") as name:
        folder = Path(name)
        shutil.copytree(parsed, folder / "target")
        generate = [sys.executable, ROOT / "scripts" / "generate_world.py", "--warehouse", folder / WAREHOUSE]
        options = ["--preset", preset, "--seed", str(seed), "--accounts", str(accounts)]
        subprocess.run([*generate, *options], check=True, stdout=subprocess.DEVNULL)
        dbt(folder, "build", "--exclude", "resource_type:unit_test")
        with duckdb.connect(str(folder / WAREHOUSE), read_only=True) as connection:
            measured = "select claim_id, measured from audit.claims where measured is not null"
            claims = connection.execute(measured).fetchall()
        figures = dict(claims) | true_values(folder)
        let_the_policy_know_the_truth(folder)
        oracle = true_values(folder)["true_net_value_usd"]
    figures["oracle_true_net_value_usd"] = oracle
    if oracle > 0:
        figures["value_share_of_oracle"] = figures["true_net_value_usd"] / oracle
    return [(preset, seed, metric, value) for metric, value in sorted(figures.items())]


def store(rows: list[Row], presets: list[str]) -> None:
    """Replaces the rows of `presets` in the results and keeps those of the others."""
    kept: list[Row] = []
    if RESULTS.exists():
        with RESULTS.open(newline="") as file:
            kept = [tuple(row) for row in list(csv.reader(file))[1:] if row[0] not in presets]
    with RESULTS.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("preset", "seed", "metric", "value"))
        fresh = [(preset, str(seed), metric, f"{value:.6f}") for preset, seed, metric, value in rows]
        writer.writerows(sorted([*kept, *fresh], key=lambda row: (row[0], int(row[1]), row[2])))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--presets", nargs="+", choices=PRESETS, default=list(PRESETS))
    parser.add_argument("--seeds", type=int, default=20, help="worlds a preset, seeds 1 to this number")
    parser.add_argument("--accounts", type=int, default=2400)
    options = parser.parse_args()
    worlds = [(preset, seed) for preset in options.presets for seed in range(1, options.seeds + 1)]
    with tempfile.TemporaryDirectory(prefix="causalyn_study_") as name:
        folder = Path(name)
        dbt(folder, "parse")
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            runs = [
                pool.submit(study_world, preset, seed, options.accounts, folder / "target") for preset, seed in worlds
            ]
            rows = [row for run in tqdm(runs, unit="world", disable=None) for row in run.result()]
    store(rows, options.presets)
    print(f"Studied {len(worlds)} worlds; results in {RESULTS.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
