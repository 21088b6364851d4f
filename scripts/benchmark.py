"""Measures what a build costs, in one run and as ratios, since absolute times of a shared machine say little.

A build is compared with the sum of what it cannot do without: dbt's parse, the generation of the world, and the bare
scikit-learn fits and predictions on matrices of the same shape. The rest is listed by kind of dbt node.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from sklearn.ensemble import ExtraTreesRegressor, RandomForestClassifier
from sklearn.utils.parallel import Parallel, delayed
from threadpoolctl import threadpool_limits

from causalyn import uplift

ROOT = Path(__file__).resolve().parent.parent


def seconds(action: Callable[[], object]) -> float:
    """Wall time of an action."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def bare_fits(inputs: pd.DataFrame, parameters: uplift.Parameters) -> None:
    """As many forests as the learners fit, on as many rows, and their predictions: scikit-learn and nothing else."""
    features = [column for column in inputs.columns if column not in uplift.KEYS]
    observed = inputs[inputs["is_converted"].notna()]
    matrix, everybody = observed[features].to_numpy(float), inputs[features].to_numpy(float)
    treated, converted = observed["is_treated"].to_numpy(int), observed["is_converted"].to_numpy(int)
    n_half = len(observed) * (parameters.folds - 1) // parameters.folds // 2
    n_scored = len(everybody) // parameters.folds

    def fold(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(2 * parameters.half_sample_pairs):
            drawn = rng.permutation(len(observed))
            half, left_out = drawn[:n_half], drawn[n_half : 2 * n_half]
            arms = [half[treated[half] == arm] for arm in (0, 1)]
            for rows, target in ((arms[0], converted), (arms[1], converted), (half, treated)):
                forest = RandomForestClassifier(
                    n_estimators=parameters.trees,
                    min_samples_leaf=parameters.min_leaf_share,
                    max_features=parameters.feature_share,
                    random_state=seed,
                ).fit(matrix[rows], target[rows])
                forest.predict_proba(matrix[left_out])
                forest.predict_proba(everybody[:n_scored])
            for rows in (arms[0], arms[1], half):
                forest = ExtraTreesRegressor(
                    n_estimators=parameters.trees,
                    min_samples_leaf=parameters.min_leaf_share,
                    max_features=parameters.feature_share,
                    random_state=seed,
                ).fit(matrix[rows], rng.normal(size=len(rows)))
                forest.predict(matrix[left_out])
                forest.predict(everybody[:n_scored])

    with threadpool_limits(limits=1):
        Parallel(n_jobs=-1, prefer="threads")(delayed(fold)(seed) for seed in range(parameters.folds))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=2400)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="causalyn_benchmark_") as name:
        warehouse = Path(name) / "causalyn.duckdb"
        places = {
            "CAUSALYN_WAREHOUSE": str(warehouse),
            "DBT_TARGET_PATH": f"{name}/target",
            "DBT_LOG_PATH": f"{name}/logs",
        }

        def run(*command: str | Path) -> None:
            subprocess.run(command, cwd=ROOT, env=os.environ | places, check=True, stdout=subprocess.DEVNULL)

        dbt = Path(sys.executable).with_name("dbt")
        generate = (sys.executable, ROOT / "scripts" / "generate_world.py", "--accounts", str(options.accounts))
        generation = seconds(lambda: run(*generate))
        # dbt's files are warm and its parse is cached from here on, as they are in a second `make build`.
        parse = seconds(lambda: run(dbt, "parse", "--no-partial-parse"))
        build = seconds(lambda: run(dbt, "build"))
        summary = seconds(lambda: run(sys.executable, ROOT / "scripts" / "summarise.py"))
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            parameters = uplift.Parameters.from_frame(connection.execute("from seeds.learner_parameters").df())
            inputs = connection.execute("from intermediate.int_uplift__inputs order by md5(account_id), user_id").df()
            n_rows = connection.execute("select count(*) from raw.user_activity_daily_raw").fetchone()[0]
        fits = seconds(lambda: bare_fits(inputs, parameters))
        results = json.loads((Path(name) / "target" / "run_results.json").read_text())["results"]

    by_kind: Counter[str] = Counter()
    for result in results:
        kind = result["unique_id"].split(".")[0]
        is_python = result["unique_id"].endswith("int_uplift__scores")
        by_kind["Python model" if is_python else kind] += result["execution_time"]
    needed, total = parse + generation + fits, generation + build + summary
    print(f"{options.accounts:,} accounts, {n_rows:,} activity rows")
    print(f"generation                {generation:7.1f} s  {n_rows / generation:,.0f} activity rows/s")
    print(f"dbt parse                 {parse:7.1f} s")
    print(f"bare fits and predictions {fits:7.1f} s")
    print(f"make build                {total:7.1f} s  {total / needed:.2f} times the three above")
    print(f"  of it dbt build         {build:7.1f} s, by kind of node (two run at a time):")
    for kind, spent in by_kind.most_common():
        print(f"    {kind:<22}{spent:7.1f} s")


if __name__ == "__main__":
    main()
