"""The generated world: accounts, users, sparse daily activity, past campaigns and their effects.

A user's hidden group drives both behaviour and potential outcomes; past treatment depended on observed behaviour only.
So features carry the signal, the raw comparison of arms is confounded, and adjusting for features removes the bias.
Most converters take no part in later campaigns, so a user's latest intervention is selected by earlier outcomes.
The world comes in chunks of a fixed number of accounts, each with its own random generator: memory is bounded, and a
bigger world starts with the accounts of a smaller one. Nothing here knows about the learner or the policy.

Source: the project's design, section 5 ("physics"); potential outcomes as in Rubin (1974).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from causalyn.simulation.world_physics import (
    ANNOYED,
    GROUPS,
    IGNORED,
    LOST_CAUSE,
    PERSUADABLE,
    PLEASED,
    SLEEPING_DOG,
    SURE_THING,
    Dirt,
    Physics,
)

INDUSTRIES = ("Education", "FinTech", "Healthcare", "Logistics", "Manufacturing", "Retail", "SaaS")
REGIONS = ("APAC", "EU", "LATAM", "NA")
CHANNELS = ("in_app", "email", "both")
ROLES = ("admin", "power_user", "basic")
ADMIN, POWER_USER, BASIC = range(len(ROLES))

PLANS = ("starter", "growth", "enterprise")
PLAN_SEATS = (12, 24)  # typical seat limits between the plans
PLAN_PRICE_USD = (180, 320, 540)  # per seat and year
PLAN_CS_SHARE = (0.10, 0.40, 0.85)  # share of accounts with a customer success manager

_EPOCH = date(1970, 1, 1)
FIRST_ACCOUNT_DAY = (date(2021, 1, 1) - _EPOCH).days
LAST_ACCOUNT_DAY = (date(2024, 12, 1) - _EPOCH).days
LAST_USER_DAY = (date(2025, 1, 31) - _EPOCH).days
FIRST_INTERVENTION_DAY = (date(2025, 4, 7) - _EPOCH).days
CAMPAIGN_DAYS = 14
OUTCOME_WINDOW_DAYS = 21
OUTCOME_WINDOW_WEEKS = OUTCOME_WINDOW_DAYS // 7
WEEKS_BEFORE = 5
# Each campaign begins a week after the previous one's last outcome is due.
CAMPAIGN_INTERVAL_WEEKS = 6
MAX_CAMPAIGNS = 6  # more would end in 2026
# If users change groups, 30 days of activity follow the last due outcome to show their new behaviour. They end on a
# Friday, because hardly anybody is active at weekends.
MOVED_DAYS = 34

CHUNK_ACCOUNTS = 2400
ORPHAN_OFFSET = 500_000_000  # added to a user's number, it makes the id of a user that does not exist
FUTURE_DAYS = 3650

ACCOUNT_COLUMNS = (
    *("account", "created_day", "plan", "industry", "seats", "cs_assigned", "health", "revenue", "renewal_day"),
)
USER_COLUMNS = ("user", "account", "created_day", "role", "region", "inviter")
INTERVENTION_COLUMNS = (
    *("user", "account", "campaign", "intervention_day", "eligible", "treated", "channel", "response", "probability"),
    *("converted", "observed", "activation_delay", "negative_reaction"),
)
TRUTH_COLUMNS = ("user", "account", "group", "p_control", "p_treated")

Columns = dict[str, np.ndarray]


@dataclass(frozen=True)
class State:
    """Everything the world needs to continue: accounts, users and their habits, dormant columns included."""

    accounts: Columns
    users: Columns
    habits: np.ndarray

    def first(self, accounts: int) -> State:
        """The state of the first `accounts` accounts."""
        users = int(np.searchsorted(self.users["account"], accounts))
        return State(
            {name: values[:accounts] for name, values in self.accounts.items()},
            {name: values[:users] for name, values in self.users.items()},
            self.habits[:users],
        )


@dataclass(frozen=True)
class Chunk:
    """Consecutive accounts as numeric columns, dirt included.

    Accounts and users are numbered from 0 in each chunk, days since 1970, categories by their index in the tuples
    above. `activity` has several rows per user, `interventions` one per user and campaign, `users` some rows twice, all
    others one row per account or user. `truth_today` is None where it equals `truth`.
    """

    accounts: Columns
    users: Columns
    activity: Columns
    interventions: Columns
    truth: Columns
    truth_today: Columns | None
    state: State

    def first(self, accounts: int) -> Chunk:
        """The chunk of the first `accounts` accounts."""
        users = int(np.searchsorted(self.truth["account"], accounts))

        def cut(columns: Columns) -> Columns:
            kept = columns["user"] % ORPHAN_OFFSET < users
            return {name: values[kept] for name, values in columns.items()}

        return Chunk(
            accounts={name: values[:accounts] for name, values in self.accounts.items()},
            users=cut(self.users),
            activity=cut(self.activity),
            interventions=cut(self.interventions),
            truth=cut(self.truth),
            truth_today=self.truth_today and cut(self.truth_today),
            state=self.state.first(accounts),
        )


def chunks(physics: Physics, accounts: int, seed: int, campaigns: int = 1) -> Iterator[Chunk]:
    """The world of a seed in chunks, the last one cut to reach exactly `accounts` accounts."""
    for index, start in enumerate(range(0, accounts, CHUNK_ACCOUNTS)):
        rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=(index,))))
        chunk = _draw_chunk(physics, campaigns, rng)
        yield chunk if start + CHUNK_ACCOUNTS <= accounts else chunk.first(accounts - start)


def export_day(physics: Physics, campaigns: int = 1) -> int:
    """The export day, as of which users are scored: the day the last outcome is due or, if users change groups, later.

    Activity is complete until then.
    """
    last_begins = FIRST_INTERVENTION_DAY + 7 * CAMPAIGN_INTERVAL_WEEKS * (campaigns - 1)
    return last_begins + CAMPAIGN_DAYS - 1 + OUTCOME_WINDOW_DAYS + (MOVED_DAYS if physics.moved_share else 0)


def _draw_chunk(physics: Physics, campaigns: int, rng: np.random.Generator) -> Chunk:
    """The next CHUNK_ACCOUNTS accounts, cause before effect: accounts, users, behaviour, campaigns, effects."""
    accounts = _draw_accounts(physics, rng)
    users = _draw_users(physics, rng, accounts)
    users |= _draw_pace(physics, rng, users)
    habits = _habits(physics, rng, users)
    if physics.has_smooth_lift:
        users |= smooth_outcomes(users)
    truth = {name: users[name] for name in TRUTH_COLUMNS}
    export = export_day(physics, campaigns)

    activity, interventions = [], []
    start = 0
    week: int | np.ndarray
    for campaign in range(campaigns):
        week = WEEKS_BEFORE + CAMPAIGN_INTERVAL_WEEKS * campaign
        activity.append(_draw_activity(physics, rng, users, habits, range(start, week), week))
        users |= _draw_campaign(physics, rng, users, activity[-1], campaign)
        in_campaign = np.flatnonzero(users["in_campaign"])
        interventions.append({name: users[name][in_campaign] for name in INTERVENTION_COLUMNS})
        if campaign < campaigns - 1:
            users |= _draw_consequences(physics, rng, users)
        start = week

    truth_today = None
    if physics.moved_share:
        end = start + OUTCOME_WINDOW_WEEKS
        activity.append(_draw_activity(physics, rng, users, habits, range(start, end), start))
        users, habits = _move(physics, rng, accounts, users, habits)
        truth_today = {name: users[name] for name in TRUTH_COLUMNS}
        start, week = end, (export - users["first_day"][:, None]) / 7
    end = start + -(-(export - FIRST_INTERVENTION_DAY + 7 * (WEEKS_BEFORE - start)) // 7)
    activity.append(_draw_activity(physics, rng, users, habits, range(start, end), week, export))

    return Chunk(
        accounts={name: accounts[name] for name in ACCOUNT_COLUMNS},
        users=_dirty_users(physics.dirt, rng, users),
        activity=_dirty_activity(physics.dirt, rng, activity),
        interventions=_export_interventions(physics, rng, _stacked(interventions)),
        truth=truth,
        truth_today=truth_today,
        state=State(accounts, users, habits),
    )


def live_on(
    physics: Physics, state: State, days: range, nudges: np.ndarray, reaction: np.ndarray, rng: np.random.Generator
) -> tuple[State, Columns, Columns]:
    """Activity on the given days after a campaign, with some users changing groups, and the truth afterwards.

    `nudges` counts each user's nudges so far; `reaction` is the factor by which the campaign changed their activity.
    Each nudge wears out a later helpful one (`Physics.fatigue`). Returns the state, the activity as exported, and the
    truth.
    """
    users, habits = _move(physics, rng, state.accounts, state.users | {"reaction": reaction}, state.habits)
    first_week = (days.start - FIRST_INTERVENTION_DAY + 7 * WEEKS_BEFORE - CAMPAIGN_DAYS) // 7
    last_week = -(-(days.stop - FIRST_INTERVENTION_DAY + 7 * WEEKS_BEFORE) // 7)
    as_of_week = (days.stop - users["first_day"][:, None]) / 7
    activity = _draw_activity(physics, rng, users, habits, range(first_week, last_week), as_of_week, days.stop)
    lived = activity["activity_day"] >= days.start
    lift = users["p_treated"] - users["p_control"]
    worn = np.where(lift > 0, lift * (1 - physics.fatigue) ** nudges, lift)
    truth = {name: users[name] for name in TRUTH_COLUMNS} | {"p_treated": users["p_control"] + worn}
    exported = _dirty_activity(physics.dirt, rng, [{name: values[lived] for name, values in activity.items()}])
    return State(state.accounts, users, habits), exported, truth


def _draw_accounts(physics: Physics, rng: np.random.Generator) -> Columns:
    """Accounts with their culture, size, and the shares of hidden groups among their users."""
    n = CHUNK_ACCOUNTS
    dormant = rng.random(n) < physics.dormant_share
    size = rng.standard_normal(n)
    spread = physics.eligible_spread
    eligible = np.maximum(np.rint(physics.eligible_mean * np.exp(spread * size - spread**2 / 2)), 1)
    eligible = np.where(dormant, rng.integers(1, physics.dormant_eligible_max + 1, n), eligible).astype(np.int64)
    members = eligible + rng.poisson(physics.others_per_eligible * eligible)

    mood = physics.culture_size * size + np.sqrt(1 - physics.culture_size**2) * rng.standard_normal(n)
    culture = 1 / (1 + np.exp(-physics.culture_slope * (mood - physics.culture_centre)))
    shares = np.zeros((n, len(GROUPS)))
    shares[:, SLEEPING_DOG] = physics.sleeping_dog_share_intense * culture
    shares[:, SURE_THING] = physics.sure_thing_share_intense * culture
    shares[:, PERSUADABLE] = (1 - shares.sum(axis=1)) * rng.uniform(*physics.persuadable_share_of_rest, n)
    shares[dormant] = 0
    shares[:, LOST_CAUSE] = 1 - shares.sum(axis=1)

    seats = np.ceil(members * rng.uniform(1.05, 1.65, n))
    plan = np.digitize(np.log(seats) + 0.35 * rng.standard_normal(n), np.log(PLAN_SEATS))
    return {
        "account": np.arange(n),
        "created_day": rng.integers(FIRST_ACCOUNT_DAY, LAST_ACCOUNT_DAY, n),
        "plan": plan,
        "industry": rng.integers(0, len(INDUSTRIES), n),
        "seats": seats,
        "cs_assigned": rng.random(n) < np.array(PLAN_CS_SHARE)[plan],
        "health": np.clip(0.65 - 0.10 * culture - 0.20 * dormant + 0.12 * rng.standard_normal(n), 0.02, 0.99),
        "revenue": seats * np.array(PLAN_PRICE_USD)[plan] * rng.uniform(0.85, 1.15, n),
        "renewal_day": rng.integers(FIRST_INTERVENTION_DAY, FIRST_INTERVENTION_DAY + 365, n),
        "culture": culture,
        "shares": shares,
        "eligible": eligible,
        "members": members,
        "admins": 1 + rng.poisson(physics.further_admins, n),
    }


def _draw_users(physics: Physics, rng: np.random.Generator, accounts: Columns) -> Columns:
    """Users ordered by account: role, history, hidden group, style and potential outcomes."""
    members = accounts["members"]
    account = np.repeat(accounts["account"], members)
    n = len(account)
    first = np.repeat(np.cumsum(members) - members, members)
    place = np.arange(n) - first

    def rank(key: np.ndarray) -> np.ndarray:
        """Each user's rank by the key within the account."""
        ranks: np.ndarray = np.empty_like(place)
        ranks[np.lexsort((key, account))] = place
        return ranks

    # In random order, so that neither eligibility nor group shows in the order of user ids. Eligible users get
    # their groups by systematic sampling: evenly spaced positions in the account's cumulative shares.
    order = rank(rng.random(n))
    eligible = order < accounts["eligible"][account]
    position = (order + rng.random(len(members))[account]) / accounts["eligible"][account]
    dealt = (position[:, None] >= np.cumsum(accounts["shares"], axis=1)[account, :-1]).sum(axis=1)
    other = _choose(rng, np.tile(physics.other_group_shares, (n, 1)))
    group = np.where(eligible, dealt, other)

    # An account's admins are a weighted sample of its users without replacement (Efraimidis and Spirakis, 2006).
    admin_rank = rank(rng.exponential(size=n) / physics.by_group("admin_weight")[group])
    is_power_user = rng.random(n) < physics.by_group("power_user_share")[group]
    response = _choose(rng, physics.by_group("responses")[group])

    culture = accounts["culture"][account]
    outcomes = _draw_outcomes(physics, rng, group, culture, response)
    created = accounts["created_day"][account]
    invited = (place > 0) & (rng.random(n) < physics.invited_share)
    style = _draw_style(physics, rng, group)
    return {
        "user": np.arange(n),
        "account": account,
        "created_day": (created + rng.random(n) ** 2 * (LAST_USER_DAY - created)).astype(np.int64),
        "role": np.select([admin_rank < accounts["admins"][account], is_power_user], [ADMIN, POWER_USER], BASIC),
        "region": rng.integers(0, len(REGIONS), n),
        "inviter": np.where(invited, first + (rng.random(n) * place).astype(np.int64), -1),
        "response": response,
        "eligible": eligible,
        "in_campaign": eligible | (rng.random(n) < physics.ineligible_in_campaign),
        # Weeks are counted from here; each campaign reaches users inside and outside it on the first day of a week.
        "first_day": FIRST_INTERVENTION_DAY - 7 * WEEKS_BEFORE + rng.integers(0, CAMPAIGN_DAYS, n),
        "culture": culture,
        "reaction": np.ones(n, dtype=np.float32),
        "group": group,
        **style,
        **outcomes,
    }


def _draw_outcomes(
    physics: Physics, rng: np.random.Generator, group: np.ndarray, culture: np.ndarray, response: np.ndarray
) -> Columns:
    """Conversion probabilities of users, given their responses to the previous nudge."""
    low, high = physics.by_group("lift")[group].T
    within = physics.culture_on_lift * culture + (1 - physics.culture_on_lift) * rng.random(len(group))
    lift = low + (high - low) * within
    p_control = _uniform(rng, physics.by_group("p_control")[group])
    p_control *= np.where(response == ANNOYED, physics.annoyed_conversion, 1.0)
    p_control = np.maximum(p_control, -lift)  # harm can't exceed the baseline
    return {"p_control": p_control, "p_treated": p_control + lift}


def _draw_style(physics: Physics, rng: np.random.Generator, group: np.ndarray) -> Columns:
    """Users' style on an active day: the share of collaboration, and the mean number of features."""
    style = np.exp(physics.style_spread * rng.standard_normal((2, len(group))))
    return {
        "collab_share": np.minimum(physics.by_group("collab_share")[group] * style[0], 1).astype(np.float32),
        "feature_diversity": (physics.by_group("feature_diversity")[group] * style[1]).astype(np.float32),
    }


def _draw_pace(physics: Physics, rng: np.random.Generator, users: Columns) -> Columns:
    """Users' pace: actions per minute, volume on an active day, and weekly growth factor."""
    group = users["group"]
    minutes = (1 / _uniform(rng, physics.by_group("actions_per_minute")[group])).astype(np.float32)
    spread = physics.by_group("actions_spread")[group] * rng.standard_normal(len(group))
    base = physics.by_group("actions_per_day")[group] * np.exp(spread)
    base *= 1 + physics.culture_on_activity * users["culture"]
    growth = 1 + _uniform(rng, physics.by_group("weekly_growth")[group])
    return {"minutes_per_action": minutes, "actions_per_day": base, "weekly_growth": growth}


def smooth_outcomes(users: Columns) -> Columns:
    """Lift as a smooth function of four traits visible in the features, and the group inferred from the lift.

    A nudge helps calm users who slow down, puts off intense users who speed up, and does little to users who
    are hardly ever active. The baseline does not change.
    """
    slowing = np.tanh((1 - users["weekly_growth"]) / 0.12)
    intense = np.tanh(np.log(1 / users["minutes_per_action"] / 0.8) / 0.5)
    varied = np.tanh((users["feature_diversity"] - 3.5) / 1.5)
    settled = np.tanh((FIRST_INTERVENTION_DAY - users["created_day"] - 600) / 300)
    lift = 0.08 + 0.12 * slowing - 0.10 * intense - 0.04 * slowing * intense + 0.04 * varied * settled
    lift *= np.tanh(users["actions_per_day"] / 12)
    lift = np.clip(lift, -users["p_control"], 1 - users["p_control"])
    conditions = [lift < -0.02, lift > 0.05, users["p_control"] > 0.35]
    return {
        "group": np.select(conditions, [SLEEPING_DOG, PERSUADABLE, SURE_THING], LOST_CAUSE),
        "p_treated": users["p_control"] + lift,
    }


def _habits(physics: Physics, rng: np.random.Generator, users: Columns) -> np.ndarray:
    """Active days of a week that starts on the intervention's weekday; shape (users, 7), boolean."""
    days = _uniform(rng, physics.by_group("days_per_week")[users["group"]])
    days *= np.where(users["eligible"], 1.0, physics.other_activity)
    # 1 January 1970 was a Thursday: (day + 3) % 7 is 5 on Saturdays and 6 on Sundays.
    weekday = (users["first_day"][:, None] + np.arange(7) + 3) % 7
    reluctance = rng.random(weekday.shape) + physics.weekend_reluctance * (weekday >= 5)
    return reluctance.argsort(axis=1).argsort(axis=1) < np.floor(days + rng.random(len(days)))[:, None]


def _draw_activity(
    physics: Physics,
    rng: np.random.Generator,
    users: Columns,
    habits: np.ndarray,
    weeks: range,
    as_of_week: int | np.ndarray,
    end_day: int | None = None,
) -> Columns:
    """The activity rows of the given weeks before `end_day`, ordered by user and day.

    Activity grows or shrinks towards the as-of week, then stays at that week's level. `as_of_week` has the shape
    (users, 1) if it differs between users.
    """
    # Growth pivots on the middle of the last four weeks, which keeps their sum nearly the same.
    exponent = np.minimum(np.arange(weeks.start, weeks.stop), as_of_week - 1) - (as_of_week - 2.5)
    levels: np.ndarray = users["actions_per_day"][:, None] * users["weekly_growth"][:, None] ** exponent
    levels = levels.astype(np.float32) * users["reaction"][:, None]

    days = len(weeks) * 7
    luck = np.frombuffer(rng.bytes(len(habits) * days), dtype=np.uint8).reshape(-1, days)
    cell = np.flatnonzero(np.tile(habits, len(weeks)) & (luck >= 256 * physics.skipped_days))
    user = (cell // days).astype(np.int32)
    week = (cell % days).astype(np.int32) // 7
    day = (cell % days).astype(np.int32) + weeks.start * 7

    # Four uniform numbers per row from one random word: 16 bits are plenty for counts.
    bits = np.frombuffer(rng.bytes(8 * len(cell)), dtype=np.uint16).reshape(-1, 4)
    unit = np.ascontiguousarray(bits.T) * np.float32(1 / 65536)

    def noise(spread: float, unit: np.ndarray) -> np.ndarray:
        """A factor of mean 1 and standard deviation `spread`."""
        factor: np.ndarray = 1 + np.float32(np.sqrt(12) * spread) * (unit - np.float32(0.5))
        return factor

    level = levels.ravel()[user * len(weeks) + week]
    actions = np.rint(level * noise(physics.daily_noise, unit[0]))
    minutes = actions * users["minutes_per_action"][user] * noise(physics.intensity_noise, unit[1])
    collab = np.floor(actions * users["collab_share"][user] + unit[2])
    diversity = users["feature_diversity"][user] * (np.float32(0.5) + unit[3])
    rows = {
        "user": user,
        "day": day,
        "activity_day": users["first_day"].astype(np.int32)[user] + day,
        # A session that runs past midnight is activity without a login: one day in 32.
        "login": bits[:, 3] % 32 != 0,
        "core": np.maximum(actions - collab, 0).astype(np.int32),
        "collab": collab.astype(np.int32),
        "minutes": np.clip(np.rint(minutes), 1, 24 * 60).astype(np.int32),
        "diversity": np.maximum(np.rint(diversity), 1).astype(np.int32),
    }
    if end_day is None:
        return rows
    known = rows["activity_day"] < end_day
    return {name: values[known] for name, values in rows.items()}


def _draw_campaign(
    physics: Physics, rng: np.random.Generator, users: Columns, activity: Columns, campaign: int
) -> Columns:
    """Treatment by observed behaviour, the outcome it causes, and the change in behaviour: one value per user.

    `activity` holds the weeks before the intervention; the first campaign is number 0.
    """
    n = len(users["user"])
    actions = activity["core"] + activity["collab"]
    day = 7 * (WEEKS_BEFORE + CAMPAIGN_INTERVAL_WEEKS * campaign)
    days_before = day - activity["day"]
    actions_30d = np.bincount(activity["user"], actions * (days_before <= 30), n)
    actions_7d = np.bincount(activity["user"], actions * (days_before <= 7), n)

    # Treatment depends only on what features show, so adjusting for features is enough.
    momentum = np.where(actions_30d > 0, 4 * actions_7d / np.maximum(actions_30d, 1), physics.stable_momentum)
    decline = (physics.stable_momentum - momentum) / (physics.stable_momentum - physics.declining_momentum)
    quiet = np.maximum(1 - actions_30d / physics.quiet_actions, 0)
    log_odds = (
        physics.nudge_base
        + physics.nudge_annoyed * (users["response"] == ANNOYED)
        + physics.nudge_ignored_again * (users["response"] == IGNORED) * (campaign > 0)
        + physics.nudge_declining * np.clip(decline, 0, 1.5)
        + physics.nudge_quiet * quiet
    )
    propensity = np.clip(1 / (1 + np.exp(-log_odds)), *physics.propensity_bounds)
    treated = users["eligible"] & (rng.random(n) < propensity)

    p_control, p_treated = users["p_control"], users["p_treated"]
    if physics.trait_on_account_pick:
        trait = rng.standard_normal(CHUNK_ACCOUNTS)
        is_picked = rng.random(CHUNK_ACCOUNTS) < 1 / (1 + np.exp(-physics.trait_on_account_pick * trait))
        treated = users["eligible"] & is_picked[users["account"]]
        p_control, p_treated = (
            p + physics.trait_on_conversion * trait[users["account"]] for p in (p_control, p_treated)
        )
    if physics.spill_over:
        nudged, eligible = (np.bincount(users["account"], counted) for counted in (treated, users["eligible"]))
        colleagues = np.maximum(eligible[users["account"]] - users["eligible"], 1)
        # Of a control outside the campaign.
        p_control = p_control + physics.spill_over * nudged[users["account"]] / colleagues

    # One uniform number decides both potential outcomes: a nudge with positive lift never undoes a conversion.
    converted = rng.random(n) < np.where(treated, p_treated, p_control)
    reaction_share = physics.by_group("negative_reaction_share")[users["group"]]
    negative = rng.random(n) < np.where(treated, reaction_share, physics.spontaneous_reaction)
    missing = physics.unobserved_outcome + physics.unobserved_outcome_quiet * quiet
    return {
        "campaign": np.full(n, campaign),
        "intervention_day": users["first_day"] + day,
        "treated": treated,
        "probability": propensity if physics.declares_probability else np.full(n, np.nan),
        "channel": rng.integers(0, len(CHANNELS), n),
        "converted": converted,
        "observed": rng.random(n) >= missing,
        "activation_delay": 1 + (OUTCOME_WINDOW_DAYS * rng.random(n) ** 1.5).astype(np.int64),
        "negative_reaction": negative,
        "reaction": np.where(converted, physics.converted_activity, 1).astype(np.float32)
        * np.where(negative, physics.annoyed_activity, 1).astype(np.float32),
    }


def _draw_consequences(physics: Physics, rng: np.random.Generator, users: Columns) -> Columns:
    """Participation in the next campaign, and the observed response to the previous nudge."""
    leaves = users["converted"] & (rng.random(len(users["user"])) < physics.converters_leave)
    answer = np.select([users["negative_reaction"], users["converted"]], [ANNOYED, PLEASED], IGNORED)
    return {
        "in_campaign": users["in_campaign"] & ~leaves,
        "response": np.where(users["in_campaign"] & users["treated"], answer, users["response"]),
    }


def _move(
    physics: Physics, rng: np.random.Generator, accounts: Columns, users: Columns, habits: np.ndarray
) -> tuple[Columns, np.ndarray]:
    """Users and habits after some users redrew their hidden group (maybe the same) and everything it determines."""
    moved = rng.random(len(users["user"])) < physics.moved_share
    shares = np.where(users["eligible"][:, None], accounts["shares"][users["account"]], physics.other_group_shares)
    new = users | {"group": _choose(rng, shares), "reaction": np.ones_like(users["reaction"])}
    new |= _draw_outcomes(physics, rng, new["group"], users["culture"], users["response"])
    new |= _draw_style(physics, rng, new["group"])
    new |= _draw_pace(physics, rng, new)
    new_habits = _habits(physics, rng, new)
    if physics.has_smooth_lift:
        new |= smooth_outcomes(new)
    today = {name: np.where(moved, new[name], old) for name, old in users.items()}
    return today, np.where(moved[:, None], new_habits, habits)


def _dirty_users(dirt: Dirt, rng: np.random.Generator, users: Columns) -> Columns:
    """The users as exported: in some rows the role in another case, padded or missing (`role_style` 1, 2, 3); some twice."""
    n = len(users["user"])
    other_style = [dirt.upper_case_role, dirt.padded_role, dirt.missing_role]
    columns = {name: users[name] for name in USER_COLUMNS}
    columns["role_style"] = rng.choice(4, n, p=[1 - sum(other_style), *other_style])
    rows = np.concatenate([np.arange(n), np.flatnonzero(rng.random(n) < dirt.duplicate_user)])
    return {name: values[rows] for name, values in columns.items()}


def _dirty_activity(dirt: Dirt, rng: np.random.Generator, parts: list[Columns]) -> Columns:
    """The activity as exported: all true rows, then copies of some of them, each with one error."""
    true = _stacked(parts)
    del true["day"]
    n = len(true["user"])
    kinds = (
        "duplicate_activity",
        "partial_activity",
        "negative_minutes",
        "impossible_minutes",
        "future_date",
        "orphan",
    )
    kind = np.repeat(kinds, [round(getattr(dirt, kind) * n) for kind in kinds])
    source = rng.integers(0, n, len(kind))
    wrong = {name: values[source] for name, values in true.items()}
    for name in ("core", "collab", "minutes"):
        wrong[name][kind == "partial_activity"] //= 2
    wrong["minutes"][kind == "negative_minutes"] *= -1
    wrong["minutes"][kind == "impossible_minutes"] += 24 * 60
    wrong["activity_day"][kind == "future_date"] += FUTURE_DAYS
    wrong["user"][kind == "orphan"] += ORPHAN_OFFSET
    return _stacked([true, wrong])


def _export_interventions(physics: Physics, rng: np.random.Generator, interventions: Columns) -> Columns:
    """The interventions and their outcomes as exported, with the errors that the physics prescribes."""
    exported = dict(interventions)
    n = len(exported["user"])
    if physics.converted_before:
        before = rng.random(n) < physics.converted_before
        exported["converted"] = exported["converted"] | before
        exported["activation_delay"] = np.where(before, -rng.integers(1, 60, n), exported["activation_delay"])
    exported["intervention_day"] = exported["intervention_day"] + physics.logged_late_days
    exported["activation_delay"] = exported["activation_delay"] - physics.logged_late_days
    if physics.exports_latest_only:
        # Campaigns follow in order, so a user's first row from the end is the latest.
        _, from_end = np.unique(exported["user"][::-1], return_index=True)
        exported = {name: values[np.sort(n - 1 - from_end)] for name, values in exported.items()}
    if physics.treated_lost:
        lost = exported["treated"] & ~exported["converted"] & (rng.random(len(exported["user"])) < physics.treated_lost)
        exported = {name: values[~lost] for name, values in exported.items()}
    return exported


def _stacked(parts: list[Columns]) -> Columns:
    """All parts stacked, in order."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _uniform(rng: np.random.Generator, bounds: np.ndarray) -> np.ndarray:
    """One uniform draw per row between its bounds, shape (n, 2)."""
    return rng.uniform(bounds[:, 0], bounds[:, 1])


def _choose(rng: np.random.Generator, shares: np.ndarray) -> np.ndarray:
    """One category per row of shares, shape (n, categories)."""
    category: np.ndarray = (rng.random((len(shares), 1)) >= np.cumsum(shares, axis=1)[:, :-1]).sum(axis=1)
    return category
