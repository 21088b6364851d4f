"""Play the campaign of a built world, wave by wave until it ends or is paused: `python scripts/play_campaign.py`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pandas as pd

from causalyn.simulation.campaign_world import EVENT_COLUMNS, play
from causalyn.simulation.rounds_world import Rounds, play_rounds
from causalyn.simulation.world_physics import PRESETS, Physics
from causalyn.simulation.world_store import NotPlayableError, attach_truth
from causalyn.warehouse import command, opening
from causalyn.warehouse.publication import refuse_edited, refuse_unpublished
from causalyn.warehouse.raw_contract import BUILT_NODES, CAMPAIGN_EVENTS, PUBLICATION, RAW_SCHEMA

LOG = f"{RAW_SCHEMA}.{CAMPAIGN_EVENTS.name}"

# Users of both arms in released waves whose accounts are not in the log yet.
DUE = """
    select users.user_id, assignments.account_id, users.is_admin, coalesce(dealt.arm = 'treatment', false) as is_nudged,
        truth.latent_uplift_group, truth.p_control, truth.p_treated, dealt.campaign_id, dealt.assignment_probability,
        is_nudged as is_assigned
    from marts.campaign_assignments as assignments
    inner join intermediate.int_campaign__rollout_status as waves on assignments.wave = waves.wave and waves.status = 'released'
    inner join marts.user_uplift_scores as scores
        on assignments.account_id = scores.account_id and scores.population = 'today'
    inner join staging.stg_users as users on scores.user_id = users.user_id
    inner join {truth} as truth on users.user_id = truth.user_id
    left join marts.campaign_user_assignments as dealt on users.user_id = dealt.user_id
    where assignments.account_id not in (select account_id from {log})
"""
# Only models downstream of the log are rebuilt; nothing else is stale, so the result is published.
OF_THE_LOG = ("--select", "base_campaign_events+", "base_raw_columns+")
# Between two waves only their status is needed.
STATUS = ("--select", "base_campaign_events+,+int_campaign__rollout_status")
# Assigns a campaign, and publishes nothing.
OF_THE_ASSIGNMENT = ("--select", "+int_campaign__user_assignments")
PROGRESS = """
    select printf('Wave %d of %d has begun: log e-value of harm %.2f; the campaign pauses at %.2f.',
        max(wave) filter (where begun_date is not null), max(wave),
        max(log_e_value) filter (where begun_date is not null), max(log_e_value_limit))
    from intermediate.int_campaign__rollout_status
"""
# Playing a campaign may change the raw tables' shares by any amount.
PLAYED = ("--vars", "deliveries: ignore")


def play_campaign(warehouse: Path, physics: Physics, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Play released waves one after the other, then build what depends on the log.

    Returns the rollout's status of each wave, and the last look of the readout. Raises NotPlayableError if the warehouse holds no
    generated world or a campaign that has begun, and subprocess.CalledProcessError if a build fails.
    """
    with opening.connect(warehouse) as connection:
        attach_truth(connection, warehouse)
        refuse_edited(connection)
        if connection.execute(f"select count(*) from {LOG}").fetchone()[0]:
            raise NotPlayableError("this campaign has started; `make campaign` regenerates the world and plays it")
        (today,) = connection.execute("select scoring_date from staging.stg_scoring_date").fetchone()
        (interval,) = connection.execute("select wave_interval_days from seeds.campaign_parameters").fetchone()
    today = pd.Timestamp(today) + pd.Timedelta(days=1)
    ahead: pd.DataFrame | None = None
    while True:
        with opening.connect(warehouse) as connection:
            truth = attach_truth(connection, warehouse)
            due = connection.execute(DUE.format(truth=truth, log=LOG)).df()
            if due.empty:
                break
            entering = play(due, physics, today, seed)
            ahead = entering if ahead is None else pd.concat([ahead, entering])
            today += pd.Timedelta(days=int(interval))
            _append(connection, ahead[ahead["event_date"] < today])
            ahead = ahead[ahead["event_date"] >= today]
        command.run_models(warehouse, *PLAYED, *STATUS)
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            print(*connection.execute(PROGRESS).fetchone(), flush=True)
    with opening.connect(warehouse) as connection:
        if ahead is not None:
            _append(connection, ahead)
    print("The campaign is over; building and publishing its readout.", flush=True)
    command.build(warehouse, *PLAYED, *OF_THE_LOG)
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        refuse_unpublished(connection)
        return (
            connection.execute("from marts.rollout_status order by wave").df(),
            connection.execute("from marts.experiment_readout where is_latest order by experiment, metric").df(),
        )


def play_campaigns(
    warehouse: Path, physics: Physics, accounts: int, seed: int, campaigns: int, n_rounds: int
) -> pd.DataFrame:
    """Play whole campaigns in order, each assigned by a model that learned from the earlier ones. Returns a row per campaign.

    `accounts`, `seed` and `campaigns` are those that the world was generated with. The last build learns from all of them, and
    publishes.
    """
    with opening.connect(warehouse) as connection:
        refuse_edited(connection)
        if connection.execute(f"select count(*) from {LOG}").fetchone()[0]:
            raise NotPlayableError("this campaign has started; `make campaign` regenerates the world and plays it")

    def settings(campaign_id: str, today: date) -> dict[str, str]:
        return {"CAUSALYN_CAMPAIGN": campaign_id, "CAUSALYN_SCORING_DATE": str(today)}

    def assign(campaign_id: str, today: date) -> None:
        print(f"Assigning the campaign {campaign_id}, as of {today}.", flush=True)
        command.run_models(warehouse, *PLAYED, *OF_THE_ASSIGNMENT, settings=settings(campaign_id, today))

    rounds = Rounds(warehouse, physics, accounts, seed, campaigns)
    played = play_rounds(rounds, n_rounds, assign)
    print("The last campaign is over; learning from all of them, and publishing.", flush=True)
    command.build(warehouse, *PLAYED, settings=settings(f"round-{n_rounds + 1}", rounds.today))
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        refuse_unpublished(connection)
        effects = connection.execute("from marts.campaign_effects order by campaign_number").df()
    return effects.merge(played, on="campaign_id", how="left")


def _append(connection: duckdb.DuckDBPyConnection, events: pd.DataFrame) -> None:
    connection.register("events", events)
    connection.execute(f"begin; drop table if exists {PUBLICATION}")
    connection.execute(f"delete from {BUILT_NODES} where contains(unique_id, 'base_campaign_events')")
    connection.execute(f"insert into {LOG} select {', '.join(EVENT_COLUMNS)} from events")
    connection.execute("commit")
    connection.unregister("events")


def main() -> None:
    """Play, and print every wave's result."""
    parser = command.parser(__doc__)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--preset", choices=PRESETS, default="default")
    parser.add_argument("--rounds", type=int, help="number of campaigns to play, each learning from the earlier ones")
    parser.add_argument("--campaigns", type=int, default=1, help="past campaigns the world was generated with")
    arguments = parser.parse_args()

    with command.playing("campaign", NotPlayableError, ValueError):
        if arguments.rounds:
            with duckdb.connect(str(arguments.warehouse), read_only=True) as connection:
                (accounts,) = connection.execute("select count(*) from raw.accounts_raw").fetchone()
            world = (PRESETS[arguments.preset], accounts, arguments.seed, arguments.campaigns)
            played = play_campaigns(arguments.warehouse, *world, arguments.rounds)
            print(
                played.set_index("campaign_id")
                .drop(columns="campaign_number")
                .T.to_string(float_format="{:.3f}".format)
            )
            return
        status, readout = play_campaign(arguments.warehouse, PRESETS[arguments.preset], arguments.seed)
    waves = ["wave", "status", "begun_date", "n_nudged_users", "n_reacting_users", "log_e_value", "log_e_value_limit"]
    effects = [
        *("experiment", "metric", "n_treatment", "n_control", "effect", "effect_lower", "effect_upper"),
        *("sequential_lower", "sequential_upper", "total_effect", "sample_ratio_p_value"),
    ]
    print(f"{status[waves].round(3).to_string(index=False)}\n\n{readout[effects].round(3).to_string(index=False)}")


if __name__ == "__main__":
    main()
