"""Successive campaigns in a generated world that evolves between them.

A round plays a build's assignments on one day, appends to the log, and lets behaviour and effects drift until the next
round. Its measures come from the hidden truth, which nothing else in the round reads.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from causalyn.simulation import world
from causalyn.simulation.campaign_world import EVENT_COLUMNS, play
from causalyn.simulation.world_physics import Physics
from causalyn.simulation.world_store import append_life, attach_truth
from causalyn.warehouse import opening
from causalyn.warehouse.raw_contract import CAMPAIGN_EVENTS, RAW_SCHEMA
from causalyn.warehouse.sql_text import exceeds_share

ROUND_DAYS = 30
LOG = f"{RAW_SCHEMA}.{CAMPAIGN_EVENTS.name}"
_EPOCH = date(1970, 1, 1)

ASSIGNED = """
    select dealt.*, users.is_admin, truth.latent_uplift_group, truth.p_control, truth.p_treated
    from intermediate.int_campaign__user_assignments as dealt
    inner join staging.stg_users as users using (user_id)
    inner join {truth} as truth using (user_id)
"""
"""Everybody in an account that has an arm."""

FIGURES = f"""
    with decided as (
        select users.*, decisions.decision, decisions.cost_per_account_usd, decisions.value_per_conversion_usd,
            decisions.toxic_user_share_limit, decisions.min_toxic_users,
            truth.latent_uplift_group = 'sleeping_dog' as is_dog, truth.p_treated - truth.p_control as true_lift,
            truth.p_treated - truth.p_control between users.lift_lower and users.lift_upper as is_covered
        from intermediate.int_policy__users as users
        inner join intermediate.int_policy__account_decisions as decisions using (campaign_id, policy_id, account_id)
        inner join {{truth}} as truth using (user_id)
        where users.population = 'today' and users.is_shipped
    ),

    oracle as (
        select account_id,
            sum(true_lift) filter (where true_lift > 0 and not is_dog) * max(value_per_conversion_usd)
            - max(cost_per_account_usd) as value
        from decided
        group by account_id
        having not bool_or(is_dog and is_admin) and (
            not {exceeds_share("count(*) filter (where is_dog)", "count(*)", "max(toxic_user_share_limit)")}
            or count(*) filter (where is_dog) < max(min_toxic_users)
        )
    ),

    policy as (
        select account_id, sum(true_lift) * max(value_per_conversion_usd) - max(cost_per_account_usd) as value
        from decided
        where decision = 'target' and is_nudged_in_target
        group by account_id
    ),

    explored as (
        select decided.account_id, any_value(decided.decision) as decision, count(*) as n_users,
            sum(true_lift) * max(value_per_conversion_usd)
            - case when any_value(decided.decision) = 'target' then 0 else max(cost_per_account_usd) end as value
        from decided
        inner join intermediate.int_campaign__user_assignments as dealt using (user_id)
        where dealt.experiment = 'exploration' and dealt.arm = 'treatment'
        group by decided.account_id
    ),

    nudged as (
        select decided.* from decided inner join intermediate.int_campaign__user_assignments as dealt using (user_id)
        where dealt.arm = 'treatment'
    )

    select
        (select count(*) from decided where decision = 'target' and is_nudged_in_target) as n_listed,
        (select sum(value) from policy) as true_value_usd,
        (select sum(value) from oracle where value > 0) as oracle_value_usd,
        (select sum(n_users) from explored) as n_explored,
        (select sum(value) from explored) as exploration_value_usd,
        (select count(*) from nudged where is_dog) as n_dogs_nudged,
        (select count(*) from decided where is_dog) as n_dogs,
        (select avg(is_covered::int) from decided) as coverage
"""


@dataclass
class Rounds:
    """A generated world in a warehouse, between two campaigns.

    `accounts`, `seed` and `campaigns` are the values that the world was generated with.
    """

    warehouse: Path
    physics: Physics
    accounts: int
    seed: int
    campaigns: int = 1
    is_learned_from: bool = True
    today: date = field(init=False)
    states: list[world.State] = field(init=False)

    def __post_init__(self) -> None:
        self.states = [chunk.state for chunk in world.chunks(self.physics, self.accounts, self.seed, self.campaigns)]
        self.today = _EPOCH + timedelta(days=world.export_day(self.physics, self.campaigns))

    def play(self, campaign_id: str) -> dict[str, float]:
        """Play the assigned campaign and move the world on to the next. Returns the campaign's figures by name."""
        with opening.connect(self.warehouse) as connection:
            truth = attach_truth(connection, self.warehouse)
            figures = dict(connection.execute(FIGURES.format(truth=truth)).df().iloc[0].fillna(0.0))
            users = connection.execute(ASSIGNED.format(truth=truth)).df()
            rng = self._rng(1)
            users["is_assigned"] = users["arm"] == "treatment"
            users["is_nudged"] = users["is_assigned"] & (rng.random(len(users)) >= self.physics.unsent_share)
            events = play(users, self.physics, pd.Timestamp(self.today), self.seed)
            if not self.is_learned_from:
                events["campaign_id"] = None
            connection.execute(f"insert into {LOG} select {', '.join(EVENT_COLUMNS)} from events")
            nudged = connection.execute(
                f"select user_id, count(*) from {LOG} where sent_flag = 1 group by 1"
            ).fetchall()
        self._live_on(events, dict(nudged))
        churned = events.loc[events["admin_churned_flag"] == 1, "user_id"].nunique()
        return {
            "campaign_id": campaign_id,
            "n_admins_lost": churned,
            "n_nudged": int(users["is_nudged"].sum()),
            **figures,
        }

    def _live_on(self, events: pd.DataFrame, nudged: dict[str, int]) -> None:
        reaction = pd.Series(1.0, events["user_id"].unique())
        reaction[events.loc[events["converted_flag"] == 1, "user_id"].unique()] *= self.physics.converted_activity
        reaction[events.loc[events["negative_reaction_flag"] == 1, "user_id"].unique()] *= self.physics.annoyed_activity
        start = (self.today - _EPOCH).days
        days, rng = range(start, start + ROUND_DAYS), self._rng(2)
        sizes = [len(state.users["user"]) for state in self.states]
        firsts = np.cumsum([0, *sizes])
        lived = [
            world.live_on(
                self.physics,
                state,
                days,
                _by_number(first, size, nudged.items(), 0),
                _by_number(first, size, reaction.items(), 1.0).astype(np.float32),
                rng,
            )
            for state, first, size in zip(self.states, firsts, sizes, strict=False)
        ]
        self.states = [state for state, _, _ in lived]
        append_life(self.warehouse, (rows for _, rows, _ in lived), (truth for _, _, truth in lived), sizes)
        self.today += timedelta(days=ROUND_DAYS)

    def _rng(self, purpose: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, (self.today - _EPOCH).days, purpose])


def _by_number(first: int, size: int, of_users: Iterable[tuple[Hashable, float]], otherwise: float) -> np.ndarray:
    """Values by user, as an array over a chunk whose first user has the number `first`."""
    values = np.full(size, otherwise, dtype=float)
    for user_id, value in of_users:
        place = int(str(user_id).removeprefix("user_")) - first
        if 0 <= place < size:
            values[place] = value
    return values


def play_rounds(rounds: Rounds, n_rounds: int, build: Callable[[str, date], None]) -> pd.DataFrame:
    """Build, play, repeat `n_rounds` times; `build` takes a campaign id and a day. Returns one row per campaign."""
    played = []
    for number in range(1, n_rounds + 1):
        campaign_id = f"round-{number}"
        build(campaign_id, rounds.today)
        played.append(rounds.play(campaign_id))
    return pd.DataFrame(played)
