"""Simulates experiments without any effect, and counts how often this project's SQL finds one.

Accounts are randomised to two arms; conversions within an account are correlated (latent intra-class correlation). Each
experiment is a diagnostic of `int_evaluation__arm_diagnostics`, whose compiled SQL is run; a 5% test should reject 5%
of them. Next to it is the test that takes users as independent. Results go to results/study_results.csv under the
presets of CASES.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

import duckdb
import numpy as np
from tqdm import tqdm

import study

CRITICAL = NormalDist().inv_cdf(0.975)
CONVERSION = 0.3
EXPERIMENTS_AT_ONCE = 200


@dataclass(frozen=True)
class Case:
    """Number of accounts, users per account, and the intra-class correlation of the variable behind conversion."""

    accounts: int
    users: int
    correlation: float


CASES = {"a_a_8_users": Case(400, 8, 0.15), "a_a_25_users": Case(400, 25, 0.40)}


def simulate(
    connection: duckdb.DuckDBPyConnection, case: Case, experiments: int, generator: np.random.Generator
) -> None:
    """Creates the table `users` of that many experiments: experiment, account, is_treated, is_converted."""
    shape = (experiments, case.accounts, case.users)
    treated = generator.permuted(np.tile(np.arange(case.accounts) % 2, (experiments, 1)), axis=1)
    of_account = generator.standard_normal(shape[:2])[..., None]
    latent = np.sqrt(case.correlation) * of_account + np.sqrt(1 - case.correlation) * generator.standard_normal(shape)
    columns = {
        "experiment": np.broadcast_to(np.arange(experiments)[:, None, None], shape).ravel(),
        "account": np.broadcast_to(np.arange(case.accounts)[None, :, None], shape).ravel(),
        "is_treated": np.broadcast_to(treated[..., None], shape).ravel(),
        "is_converted": (latent < NormalDist().inv_cdf(CONVERSION)).astype(float).ravel(),
    }
    connection.register("columns", columns)
    connection.execute("create or replace temp table users as from columns")
    connection.unregister("columns")


def rejected(model: dict, terms: dict, case: Case, experiments: int, seed: int) -> dict[str, int]:
    """Number of experiments that a 5% test rejects, with errors clustered by account (the model's) and with naive ones.

    Args:
        model, terms: dbt's compiled `int_evaluation__arm_diagnostics` and `int_evaluation__arm_terms`, which it
            reads.
    """
    generator = np.random.default_rng(seed)
    with duckdb.connect() as connection:
        connection.execute(f"attach ':memory:' as {terms['database']}")
        connection.execute(f"create schema {terms['database']}.{terms['schema']}")
        simulate(connection, case, experiments, generator)
        connection.execute(
            f"""
            create table {terms["relation_name"]} as
            select
                experiment::varchar as diagnostic_id,
                if(is_treated = 1, 'treated', 'control') as term,
                if(is_treated = 1, 1, -1) as term_sign,
                account as account_id,
                is_converted as measure
            from users
            """
        )
        clustered = connection.execute(
            f"select count(*) filter (abs(z) > {CRITICAL}) from ({model['compiled_code']}) as diagnostics"
        ).fetchone()[0]
        naive = connection.execute(
            f"""
            select count(*) filter (abs(difference) > {CRITICAL} * error)
            from (
                select
                    sum(if(is_treated = 1, mean, -mean)) as difference,
                    sqrt(sum(mean * (1 - mean) / n)) as error
                from (
                    select experiment, is_treated, avg(is_converted) as mean, count(*) as n
                    from users group by experiment, is_treated
                )
                group by experiment
            )
            """
        ).fetchone()[0]
    return {"clustered": clustered, "naive": naive}


def main() -> None:
    experiments = 10_000
    with tempfile.TemporaryDirectory(prefix="causalyn_study_") as name:
        folder = Path(name)
        study.dbt(folder, "compile", "--select", "int_evaluation__arm_diagnostics")
        manifest = json.loads((folder / "target" / "manifest.json").read_text())
    nodes = {node["name"]: node for node in manifest["nodes"].values()}
    model, terms = nodes["int_evaluation__arm_diagnostics"], nodes["int_evaluation__arm_terms"]
    batches = range(experiments // EXPERIMENTS_AT_ONCE)
    rows = []
    for preset, case in CASES.items():
        counts = [
            rejected(model, terms, case, EXPERIMENTS_AT_ONCE, seed)
            for seed in tqdm(batches, desc=preset, unit="batch", disable=None)
        ]
        rows += [(preset, 0, "experiments", experiments)]
        rows += [
            (preset, 0, f"rejected_share_{errors}", sum(count[errors] for count in counts) / experiments)
            for errors in ("clustered", "naive")
        ]
    study.store(rows)
    print(f"{experiments:,} experiments a case; results in {study.RESULTS.relative_to(study.ROOT)}")


if __name__ == "__main__":
    main()
