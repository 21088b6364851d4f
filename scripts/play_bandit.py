"""Play the bandit of a built world round by round: `python scripts/play_bandit.py`."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd

from causalyn.simulation.bandit_world import LOG_COLUMNS, simulate
from causalyn.simulation.world_physics import PRESETS, Physics
from causalyn.simulation.world_store import NotPlayableError, attach_truth
from causalyn.warehouse import command, opening
from causalyn.warehouse.publication import refuse_edited, refuse_unpublished
from causalyn.warehouse.raw_contract import BANDIT_LOG, BUILT_NODES, PUBLICATION, RAW_SCHEMA

LOG = f"{RAW_SCHEMA}.{BANDIT_LOG.name}"
# Users the guardrails leave to the bandit.
USERS = """
    select contexts.user_id, contexts.account_id, contexts.segment, contexts.round_number,
        truth.latent_uplift_group, truth.p_control, truth.p_treated
    from intermediate.int_campaign__bandit_contexts as contexts
    inner join {truth} as truth on contexts.user_id = truth.user_id
    where not contexts.is_held_back
"""
SUMMARY = """
    select round_number, sum(n_decisions)::int as n_decisions,
        (sum(n_decisions) filter (where arm <> 'none'))::int as n_nudges,
        sum(n_nudges_held_back)::int as n_nudges_held_back, min(min_propensity) as min_propensity, sum(reward_usd) as reward_usd
    from marts.bandit_rounds
    group by 1
    order by 1
"""
# Only models downstream of the log are rebuilt; nothing else is stale, so the result is published.
OF_THE_LOG = ("--select", f"source:raw.{BANDIT_LOG.name}+")
# Playing a bandit may change the raw tables' shares by any amount.
PLAYED = ("--vars", "deliveries: ignore")


def read_world(warehouse: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """The users that the bandit may decide about, with hidden truth, the arms, and the bandit's parameters.

    Raises NotPlayableError where the warehouse holds no generated world, or the log of a bandit that has begun.
    """
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        refuse_edited(connection)
        truth = attach_truth(connection, warehouse)
        if connection.execute(f"select count(*) from {LOG}").fetchone()[0]:
            raise NotPlayableError("this bandit has started; `make bandit` regenerates the world and plays it")
        users = connection.execute(USERS.format(truth=truth)).df()
        if users[["p_control", "p_treated"]].isna().to_numpy().any():
            raise NotPlayableError(
                "the hidden truth has no conversion probabilities; only a generated world can be played"
            )
        return (
            users,
            connection.execute("from seeds.bandit_arms order by cost_usd, arm").df(),
            connection.execute("from seeds.bandit_parameters").df().iloc[0],
        )


def play_bandit(warehouse: Path, physics: Physics, seed: int, rounds: int | None = None) -> pd.DataFrame:
    """Play rounds in order, each with what the earlier ones taught, and build what depends on their log. Returns its summary.

    `rounds`: how many; all if omitted. Between rounds the library keeps the bandit's state; the warehouse arrives at the same one
    (`int_campaign__bandit_state`). Raises NotPlayableError (see `read_world`), and subprocess.CalledProcessError where the build
    fails.
    """
    users, arms, parameters = read_world(warehouse)
    numbers = sorted(users["round_number"].unique())[:rounds]
    log, _ = simulate(users[users["round_number"].isin(numbers)], arms, parameters, physics, seed)
    with opening.connect(warehouse) as connection:
        connection.register("log", log)
        connection.execute(f"begin; drop table if exists {PUBLICATION}")
        connection.execute(f"delete from {BUILT_NODES} where contains(unique_id, 'bandit_log')")
        connection.execute(f"insert into {LOG} select {', '.join(LOG_COLUMNS)} from log")
        connection.execute("commit")
    print(f"{len(numbers)} rounds are played, {len(log):,} decisions; building and publishing the readout.", flush=True)
    command.build(warehouse, *PLAYED, *OF_THE_LOG)
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        refuse_unpublished(connection)
        return connection.execute(SUMMARY).df()


def main() -> None:
    """Play, and print every round's result and what other policies would have earned."""
    parser = command.parser(__doc__)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--preset", choices=PRESETS, default="default")
    arguments = parser.parse_args()

    with command.playing("bandit", NotPlayableError):
        rounds = play_bandit(arguments.warehouse, PRESETS[arguments.preset], arguments.seed)
    with duckdb.connect(str(arguments.warehouse), read_only=True) as connection:
        estimates = connection.execute("from marts.off_policy_evaluation order by estimator, estimate desc").df()
    print(f"{rounds.round(3).to_string(index=False)}\n\n{estimates.round(3).to_string(index=False)}")


if __name__ == "__main__":
    main()
