"""Plays a campaign in a generated world: what its users do after they are nudged or held out.

A user's two conversion probabilities are today's hidden truth, so an experiment in this world measures the lift the
model estimates for today's users, not past campaigns' lift if users changed since. One random number decides both
potential outcomes: nudging one user changes nobody else's, and a nudge with positive lift never undoes a conversion.

Source: the project's design, section 5 ("physics"); potential outcomes as in Rubin (1974).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from causalyn.simulation.world import OUTCOME_WINDOW_DAYS
from causalyn.simulation.world_physics import GROUPS, Physics
from causalyn.warehouse.raw_contract import CAMPAIGN_EVENTS

EVENT_COLUMNS = [column.name for column in CAMPAIGN_EVENTS.columns]
REACTION_DAYS = 7


def play(users: pd.DataFrame, physics: Physics, entry_date: pd.Timestamp, seed: int) -> pd.DataFrame:
    """The events of users who enter the campaign on one day, until their outcomes are due.

    `users`: one row per user, with `user_id`, `account_id`, `is_admin`, `is_nudged`, `latent_uplift_group`, `p_control` and
    `p_treated`; `campaign_id`, `is_assigned` and `assignment_probability` are logged where they are known. Returns rows in the
    raw contract's columns, ordered by day and user: one when a user enters, and one per conversion (with revenue in
    US dollars), bad reaction, and departure of an admin. The same users, day and seed give the same events.
    Raises ValueError if a conversion probability is unknown: the world was not generated.
    """
    if users[["p_control", "p_treated"]].isna().to_numpy().any():
        raise ValueError("the hidden truth has no conversion probabilities; only a generated world can be played")
    users = users.sort_values("user_id", ignore_index=True)
    n, day = len(users), int(entry_date.to_datetime64().astype("datetime64[D]").astype(int))
    rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=(day,))))
    luck = rng.random((3, n))
    delay = 1 + (OUTCOME_WINDOW_DAYS * rng.random((2, n)) ** 1.5).astype(int)
    revenue = rng.uniform(*physics.conversion_revenue_usd, n)
    reaction_delay = rng.integers(1, REACTION_DAYS + 1, n)

    nudged = users["is_nudged"].to_numpy(dtype=bool)
    group = users["latent_uplift_group"].map(GROUPS.index).to_numpy()
    converted = luck[0] < np.where(nudged, users["p_treated"], users["p_control"])
    reacted = luck[1] < np.where(
        nudged, physics.by_group("negative_reaction_share")[group], physics.spontaneous_reaction
    )
    churned = users["is_admin"].to_numpy(dtype=bool) & (
        luck[2] < np.where(reacted, physics.admin_churn_annoyed, physics.admin_churn)
    )
    everybody = np.ones(n, dtype=bool)
    kinds = {
        # name: users concerned, days after the entry, the flag that it sets
        "entry": (everybody, np.zeros(n, dtype=int), "sent_flag"),
        "conversion": (converted, delay[0], "converted_flag"),
        "reaction": (reacted, reaction_delay, "negative_reaction_flag"),
        "churn": (churned, np.maximum(delay[1], reaction_delay), "admin_churned_flag"),
    }
    unknown = {"is_assigned": users["is_nudged"], "campaign_id": None, "assignment_probability": np.nan}
    known = users.assign(**{name: value for name, value in unknown.items() if name not in users})
    prefix = (known["campaign_id"] + ":").fillna("")
    events = []
    for kind, (who, days, flag) in kinds.items():
        rows = known.loc[who, ["user_id", "account_id", "campaign_id", "assignment_probability"]].assign(
            event_id=prefix[who] + users.loc[who, "user_id"] + f"-{kind}",
            event_date=entry_date + pd.to_timedelta(days[who], unit="D"),
            revenue_usd=np.round(revenue[who], 2) if kind == "conversion" else np.nan,
            **{name: 0 for name in EVENT_COLUMNS if name.endswith("_flag")},
        )
        rows[flag] = nudged.astype(int) if kind == "entry" else 1
        rows["assigned_flag"] = known.loc[who, "is_assigned"].astype(int)
        events.append(rows)
    return pd.concat(events).sort_values(["event_date", "event_id"], ignore_index=True)[EVENT_COLUMNS]
