"""Builds many worlds and records each one's results, in the backtest and today, next to an oracle's.

Results go to results/study_results.csv, from which the tables in docs/results are rendered. Hidden truth is read after
every decision is made; nothing is tuned here.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
from tqdm import tqdm

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "scripts" / "research" / "results" / "study_results.csv"
WAREHOUSE = "causalyn.duckdb"
TRUTH = "causalyn.truth.duckdb"
WORLDS = {
    **{preset: ("--preset", preset) for preset in ("default", "hard", "null", "harm", "smooth", "drift")},
    "three_campaigns": ("--campaigns", "3"),
}
"""Options of the generator by kind of world."""

SUPPORT_FLOORS = (0, 0.01, 0.03, 0.05, 0.10)
"""Values of `nudge_support_floor` that are compared on the truth."""

FOREIGN_EFFECTS = {
    "persuadable": (0.10, 0.60),
    "sleeping_dog": (0.50, 0.15),
    "sure_thing": (0.70, 0.75),
    "lost_cause": (0.05, 0.08),
}
"""P(activation) untreated and treated by hidden group, from the generator of the public data set `seed_world`."""

Row = tuple[str, int, str, float]


def dbt(folder: Path, *arguments: str, check: bool = True) -> bool:
    """Whether dbt succeeded on the warehouse in `folder`; a relative path keeps its parsed project valid everywhere."""
    places = ["--project-dir", ROOT, "--profiles-dir", ROOT]
    places += ["--target-path", folder / "target", "--log-path", folder / "logs"]
    command = [Path(sys.executable).with_name("dbt"), *arguments, "--quiet", *places]
    environment = os.environ | {"CAUSALYN_WAREHOUSE": WAREHOUSE, "CAUSALYN_ROOT": str(ROOT)}
    output = None if check else subprocess.DEVNULL
    return subprocess.run(command, cwd=folder, env=environment, check=check, stdout=output).returncode == 0


def fetch(folder: Path, query: str, parameters: dict[str, str] | None = None) -> list[tuple]:
    """The rows of a query on the warehouse in `folder`, with its truth attached."""
    with duckdb.connect(str(folder / WAREHOUSE), read_only=True) as connection:
        connection.execute(f"attach '{folder / TRUTH}' as truth (read_only)")
        return connection.execute(query, parameters or {}).fetchall()


def measured(folder: Path, query: str, parameters: dict[str, str] | None = None) -> dict[str, float]:
    """Values by metric from a query for population, metric and value; those of today's accounts begin with `today_`."""
    return {
        metric if population == "campaign" else f"today_{metric}": float(value or 0)
        for population, metric, value in fetch(folder, query, parameters)
    }


def figures(folder: Path, policy_id: str) -> dict[str, float]:
    """A policy's decisions, in the backtest and today, their true value and effect on each hidden group, by metric."""
    query = """
        select population, 'accounts_' || decision, n_accounts from candidate_marts.policy_funnel where policy_id = $policy
        union all
        select population, true_group || '_targeted_share', sum(share_of_group) filter (where decision = 'target')
        from candidate_audit.failure_matrix where policy_id = $policy and level = 'user' group by population, true_group
        union all
        select population, true_group || '_nudged_share', sum(nudged_share_of_group)
        from candidate_audit.failure_matrix where policy_id = $policy and level = 'user' group by population, true_group
        union all
        from (
            unpivot (from candidate_audit.policy_true_value where policy_id = $policy)
            on expected_net_value_usd, true_net_value_usd, true_net_value_of_everybody_usd
        )
        select population, name, value
    """
    return measured(folder, query, {"policy": policy_id})


def against_the_oracle(folder: Path) -> dict[str, float]:
    """The shipped policy next to an oracle that knows the truth and obeys the same guardrails; no undefined shares."""
    query = """
        with pairs as (
            select population, shipped, oracle
            from candidate_audit.safety_frontier_truth as shipped
            inner join candidate_audit.safety_frontier_truth as oracle using (population)
            where shipped.is_shipped and oracle.point_id = 'oracle'
        )

        select population, 'oracle_true_net_value_usd' as metric, oracle.true_net_value_usd as value from pairs
        union all
        select population, 'value_share_of_oracle', shipped.true_net_value_usd / oracle.true_net_value_usd
        from pairs where oracle.true_net_value_usd > 0
        union all
        select population, 'false_suppression_share', shipped.n_oracle_targets_missed / oracle.n_target_accounts
        from pairs where oracle.n_target_accounts > 0
        union all
        select
            population, 'targets_with_sleeping_dog_admin_share',
            shipped.n_targets_with_sleeping_dog_admin / shipped.n_target_accounts
        from pairs where shipped.n_target_accounts > 0
    """
    return measured(folder, query)


def measured_claims(folder: Path) -> dict[str, float]:
    """The build's measurements of the published claims, by claim id."""
    return dict(fetch(folder, "select claim_id, measured from candidate_audit.claims where measured is not null"))


def verdicts(folder: Path) -> dict[str, float]:
    """Every known verdict (1 passed, 0.5 warned, 0 failed), and whether all blocking ones passed."""
    query = """
        select 'verdict_' || check_id, case verdict when 'pass' then 1.0 when 'warn' then 0.5 else 0.0 end
        from candidate_marts.verdicts
        where check_group in ('data', 'identification', 'model') and verdict <> 'unknown'
        union all
        select 'is_published', cast(not bool_or(is_blocking) as int)
        from candidate_marts.verdicts
    """
    return {metric: float(value) for metric, value in fetch(folder, query)}


def trust(folder: Path) -> dict[str, float]:
    """Interval coverage, the chosen threshold, the share of today's users without support, and the average effect."""
    query = """
        select population, 'coverage_' || replace(interval_id, ' ', '_') || '_' || user_group, covered_share
        from candidate_audit.interval_coverage
        union all
        select 'campaign', 'sleeping_dog_lift_threshold', sleeping_dog_lift_threshold
        from candidate_marts.safety_frontier where is_shipped
        union all
        select population, 'unsupported_users_share', sum(n_unsupported_users) / sum(n_users)
        from candidate_marts.account_policy where is_shipped and population = 'today' group by population
        union all
        from (
            unpivot (
                select 'campaign' as population, avg(dr_score) as average_effect, avg(true_lift) as true_average_effect
                from truth.latent_uplift_groups_hidden inner join candidate_marts.doubly_robust_scores using (user_id)
            )
            on average_effect, true_average_effect
        )
        select population, name, value
        union all
        select 'campaign', 'average_effect_se', standard_error
        from candidate_marts.findings where finding_id = 'average_lift'
        union all
        select 'campaign', 'spill_over_z', z from candidate_marts.spill_over
    """
    return measured(folder, query)


def support(folder: Path) -> dict[str, float]:
    """Sleeping Dogs and true lift among the users that each floor of support would nudge today, in target accounts."""
    hidden = "select table_name from duckdb_tables() where database_name = 'truth' and table_name = 'latent_uplift_today_hidden'"
    today = "latent_uplift_today_hidden" if fetch(folder, hidden) else "latent_uplift_groups_hidden"
    query = f"""
        with floors as (
            select unnest($floors) as floor
        ),

        doubts as (
            select lift_doubt, rank() over (order by lift_doubt desc) / count(*) over () as share_as_doubtful
            from intermediate.int_uplift__user_scores
            where population = 'campaign' and lift > 0
        ),

        limits as (
            select floor, coalesce(max(lift_doubt) filter (where share_as_doubtful >= floor), 0) as doubt_limit
            from floors cross join doubts
            group by floor
        ),

        nudged as (
            select
                floor,
                count(*) filter (where latent_uplift_group = 'sleeping_dog') as n_dogs,
                sum(true_lift) as true_lift
            from limits
            inner join intermediate.int_policy__users as users
                on users.lift_doubt <= limits.doubt_limit or limits.floor = 0
            inner join truth.{today} using (user_id)
            inner join candidate_marts.account_policy using (population, policy_id, account_id)
            where population = 'today' and account_policy.is_shipped and decision = 'target' and lift > 0 and not is_sleeping_dog
            group by floor
        ),

        of_all as (
            select count(*) as n_dogs from truth.{today} inner join staging.stg_users using (user_id)
            where latent_uplift_group = 'sleeping_dog'
        )

        select 'today', concat('support_floor_', floor, '_sleeping_dog_nudged_share'), nudged.n_dogs / of_all.n_dogs
        from nudged cross join of_all
        union all
        select 'today', concat('support_floor_', floor, '_true_lift'), true_lift from nudged
    """
    return measured(folder, query, {"floors": list(SUPPORT_FLOORS)})


def study_generated(folder: Path, world: str, seed: int, accounts: int) -> dict[str, float]:
    """Generates, builds and measures one world under the shipped policy."""
    generate = [sys.executable, ROOT / "scripts" / "generate_world.py", "--warehouse", folder / WAREHOUSE]
    options = ["--seed", str(seed), "--accounts", str(accounts)]
    subprocess.run([*generate, *WORLDS[world], *options], check=True, stdout=subprocess.DEVNULL)
    succeeded = dbt(folder, "build", "--exclude", "resource_type:unit_test", check=False)
    judged = verdicts(folder)
    if succeeded != bool(judged["is_published"]):
        raise RuntimeError(f"{world}, seed {seed}: the build failed, and not for a verdict")
    if not succeeded:
        return judged
    decided = figures(folder, "precision") | against_the_oracle(folder)
    return judged | decided | measured_claims(folder) | trust(folder) | support(folder)


def study_foreign(folder: Path, raw: Path) -> dict[str, float]:
    """Loads, builds and measures the public data set under its authors' policy, with its generator's effects."""
    load = [sys.executable, ROOT / "scripts" / "load_raw.py", raw, "--warehouse", folder / WAREHOUSE]
    subprocess.run(load, check=True, stdout=subprocess.DEVNULL)
    with duckdb.connect(str(folder / TRUTH)) as truth:
        truth.executemany(
            """
            update latent_uplift_groups_hidden
            set p_control = $2, p_treated = $3, true_lift = $3 - $2
            where latent_uplift_group = $1
            """,
            [(group, *effects) for group, effects in FOREIGN_EFFECTS.items()],
        )
    dbt(folder, "build", "--exclude", "resource_type:unit_test")
    return figures(folder, "reference")


def in_a_folder(study: Callable[..., dict[str, float]], parsed: Path, *arguments: object) -> dict[str, float]:
    """Runs a study in its own folder, which starts with the parsed project."""
    with tempfile.TemporaryDirectory(prefix="causalyn_study_") as name:
        folder = Path(name)
        shutil.copytree(parsed, folder / "target")
        return study(folder, *arguments)


def store(rows: list[Row]) -> None:
    """Replaces results for the presets in `rows` and keeps the others."""
    presets = {row[0] for row in rows}
    kept = []
    if RESULTS.exists():
        with RESULTS.open(newline="") as file:
            kept = [tuple(row) for row in list(csv.reader(file))[1:] if row[0] not in presets]
    fresh = [(preset, str(seed), metric, f"{value:.6f}") for preset, seed, metric, value in rows]
    with RESULTS.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("preset", "seed", "metric", "value"))
        writer.writerows(sorted([*kept, *fresh], key=lambda row: (row[0], int(row[1]), row[2])))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", nargs="*", choices=WORLDS, default=list(WORLDS), help="kinds of worlds")
    parser.add_argument("--seeds", type=int, default=20, help="worlds of each kind, seeds 1 to this number")
    parser.add_argument("--accounts", type=int, default=2400)
    parser.add_argument("--seed-world", type=Path, help="directory of the public data set, to be studied too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="causalyn_study_") as name, ThreadPoolExecutor(os.cpu_count()) as pool:
        dbt(Path(name), "parse")
        parsed = Path(name) / "target"
        runs = {
            (world, seed): pool.submit(in_a_folder, study_generated, parsed, world, seed, options.accounts)
            for world in options.worlds
            for seed in range(1, options.seeds + 1)
        }
        if options.seed_world:
            runs["seed_world", 0] = pool.submit(in_a_folder, study_foreign, parsed, options.seed_world.resolve())
        rows = [
            (*world, metric, value)
            for world, run in tqdm(runs.items(), unit="world", disable=None)
            for metric, value in run.result().items()
        ]
    store(rows)
    print(f"Studied {len(runs)} worlds; results in {RESULTS.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
