"""The generated world: accounts, users, sparse daily activity, a past campaign and what it caused.

A user's hidden group drives both behaviour and the potential outcomes; treatment was assigned by looking at observed
behaviour only. So features carry the signal, the raw comparison of arms is confounded, and adjusting for features undoes
it. The world comes in chunks of a fixed number of accounts, each with a random generator of its own: memory is bounded,
and a bigger world starts with the accounts of a smaller one. Nothing here knows about the learner or the policy.

Source: the project's design, section 5 ("physics"); potential outcomes as in Rubin (1974).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

GROUPS = ("persuadable", "sleeping_dog", "sure_thing", "lost_cause")
PERSUADABLE, SLEEPING_DOG, SURE_THING, LOST_CAUSE = range(4)

PLANS = ("starter", "growth", "enterprise")
INDUSTRIES = ("Education", "FinTech", "Healthcare", "Logistics", "Manufacturing", "Retail", "SaaS")
ROLES = ("admin", "power_user", "basic")
REGIONS = ("APAC", "EU", "LATAM", "NA")
CHANNELS = ("in_app", "email", "both")
RESPONSES = ("positive", "ignored", "negative", "none")
ADMIN, POWER_USER, BASIC = range(len(ROLES))
ANNOYED = RESPONSES.index("negative")

CHUNK_ACCOUNTS = 400
WEEKS_BEFORE = 6
WEEKS_AFTER = 2
OUTCOME_WINDOW_DAYS = 21
# Added to a user's number to name a user that does not exist.
ORPHAN_OFFSET = 500_000_000

_EPOCH = date(1970, 1, 1)
FIRST_ACCOUNT_DAY = (date(2021, 1, 1) - _EPOCH).days
LAST_ACCOUNT_DAY = (date(2024, 12, 1) - _EPOCH).days
LAST_USER_DAY = (date(2025, 1, 31) - _EPOCH).days
FIRST_INTERVENTION_DAY = (date(2025, 4, 7) - _EPOCH).days
CAMPAIGN_DAYS = 28

Columns = dict[str, np.ndarray]


@dataclass(frozen=True)
class Group:
    """What a hidden group does, and how it answers a nudge. Pairs are the bounds of a uniform distribution."""

    days_per_week: tuple[float, float]
    actions_per_day: float  # median over users, on an active day
    actions_spread: float  # standard deviation of its logarithm
    weekly_growth: tuple[float, float]  # change of activity from week to week
    actions_per_minute: tuple[float, float]
    collab_share: float  # of actions
    feature_diversity: float  # mean distinct features on an active day
    admin_weight: float  # odds of holding one of the account's admin roles, against a lost cause
    power_user_share: float  # of those who are not admins
    responses: tuple[float, float, float, float]  # to the previous nudge, in the order of RESPONSES
    p_control: tuple[float, float]  # P(conversion) without a nudge, before any annoyance
    lift: tuple[float, float]  # what the nudge adds to it
    negative_reaction_share: float  # of nudged users


@dataclass(frozen=True)
class Dirt:
    """Raw rows that are wrong, as shares. Wrong activity rows are added beside the true ones, which stay."""

    duplicate_activity: float = 0.004
    partial_activity: float = 0.004  # the same day, written before it was over
    negative_minutes: float = 0.002
    impossible_minutes: float = 0.002  # more than a day has
    future_date: float = 0.002
    orphan_activity: float = 0.004
    duplicate_user: float = 0.004
    unclean_role: float = 0.01  # other case or padding
    missing_role: float = 0.001  # rare: an unknown role counts as an admin
    unobserved_outcome: float = 0.05  # of active users


@dataclass(frozen=True)
class Physics:
    """Every constant of a world. The default reproduces the published claims; presets replace some of it."""

    persuadable: Group = Group(
        days_per_week=(2.7, 4.3),
        actions_per_day=15.2,
        actions_spread=0.35,
        weekly_growth=(-0.20, -0.10),
        actions_per_minute=(0.30, 0.70),
        collab_share=0.25,
        feature_diversity=4.0,
        admin_weight=1.2,
        power_user_share=0.30,
        responses=(0.15, 0.35, 0.20, 0.30),
        p_control=(0.20, 0.30),
        lift=(0.18, 0.30),
        negative_reaction_share=0.01,
    )
    sleeping_dog: Group = Group(
        days_per_week=(4.0, 5.6),
        actions_per_day=20.5,
        actions_spread=0.25,
        weekly_growth=(0.22, 0.34),
        actions_per_minute=(1.30, 2.20),
        collab_share=0.15,
        feature_diversity=3.0,
        admin_weight=1.3,
        power_user_share=0.45,
        responses=(0.03, 0.22, 0.50, 0.25),
        p_control=(0.45, 0.55),
        lift=(-0.32, -0.21),
        negative_reaction_share=0.40,
    )
    sure_thing: Group = Group(
        days_per_week=(3.1, 5.1),
        actions_per_day=19.5,
        actions_spread=0.35,
        weekly_growth=(-0.03, 0.03),
        actions_per_minute=(0.30, 0.70),
        collab_share=0.45,
        feature_diversity=7.0,
        admin_weight=5.5,
        power_user_share=0.15,
        responses=(0.60, 0.15, 0.05, 0.20),
        p_control=(0.62, 0.72),
        lift=(0.03, 0.07),
        negative_reaction_share=0.01,
    )
    lost_cause: Group = Group(
        days_per_week=(0.5, 2.2),
        actions_per_day=5.0,
        actions_spread=0.5,
        weekly_growth=(-0.03, 0.03),
        actions_per_minute=(0.20, 0.60),
        collab_share=0.10,
        feature_diversity=2.0,
        admin_weight=1.0,
        power_user_share=0.10,
        responses=(0.03, 0.45, 0.20, 0.32),
        p_control=(0.02, 0.08),
        lift=(0.006, 0.022),
        negative_reaction_share=0.02,
    )

    # Accounts. A latent culture between calm (0) and intense (1) makes the users of an account alike: the groups are dealt
    # to them in its shares, evenly (each group's count is within one of its expectation).
    culture_slope: float = 5.0  # how sharply a normal draw splits accounts into calm and intense ones
    culture_centre: float = -0.33
    culture_size: float = 0.54  # bigger accounts are more intense: its correlation with the logarithm of size
    sleeping_dog_share_intense: float = 0.146
    sure_thing_share_calm: float = 0.01
    sure_thing_share_intense: float = 0.21
    # Persuadables among those who are neither, drawn for each account; the others are lost causes.
    persuadable_share_of_rest: tuple[float, float] = (0.22, 0.80)
    culture_on_activity: float = 0.4  # more actions a day in an intense account
    culture_on_lift: float = 0.55  # how much of the place in a group's lift range is the account's, not the user's
    # Dormant accounts: small, and lost causes only.
    dormant_share: float = 0.11
    dormant_eligible_max: int = 5
    # Users that the campaign could nudge (eligible), and the others.
    eligible_mean: float = 7.6
    eligible_spread: float = 0.32  # standard deviation of the logarithm
    others_per_eligible: float = 0.71
    further_admins: float = 2.0  # mean number of admins beside the first
    other_group_shares: tuple[float, float, float, float] = (0.25, 0.03, 0.10, 0.62)
    other_activity: float = 0.5  # of an eligible user's days a week
    ineligible_in_campaign: float = 0.08  # of the others have an intervention row all the same

    # Activity.
    style_spread: float = 0.1  # of users in collaboration and feature diversity: standard deviation of the logarithm
    daily_noise: float = 0.13  # standard deviation of a day's actions over their expectation
    skipped_days: float = 0.01  # of a user's habitual days
    intensity_noise: float = 0.10  # standard deviation of a day's minutes over their expectation
    converted_activity: float = 1.3  # factor on activity after a conversion
    annoyed_activity: float = 0.5  # factor on activity after a negative reaction

    # The past campaign chased annoyed, declining and quiet users: the log-odds of a nudge.
    nudge_base: float = -1.35
    nudge_annoyed: float = 2.0
    nudge_declining: float = 0.2  # at a momentum of `declining_momentum`, against a stable user's
    nudge_quiet: float = 1.45  # of a user without activity, fading out at `quiet_actions`
    stable_momentum: float = 0.93  # four weeks in 30 days
    declining_momentum: float = 0.70  # 15% less a week
    quiet_actions: float = 250.0  # in 30 days
    propensity_bounds: tuple[float, float] = (0.08, 0.92)
    annoyed_conversion: float = 0.7  # factor on the baseline of users who reacted negatively before

    dirt: Dirt = field(default_factory=Dirt)

    @property
    def groups(self) -> tuple[Group, ...]:
        """The groups in the order of GROUPS."""
        return self.persuadable, self.sleeping_dog, self.sure_thing, self.lost_cause

    def by_group(self, name: str) -> np.ndarray:
        """One constant of every group: shape (4,), or (4, n) for those with n values."""
        return np.array([getattr(group, name) for group in self.groups])


_DEFAULT = Physics()

PRESETS: dict[str, Physics] = {
    "default": _DEFAULT,
    # The groups overlap: neither intensity nor momentum tells them apart for certain.
    "hard": replace(
        _DEFAULT,
        persuadable=replace(_DEFAULT.persuadable, weekly_growth=(-0.18, 0.0)),
        sleeping_dog=replace(_DEFAULT.sleeping_dog, actions_per_minute=(0.55, 1.20)),
        lost_cause=replace(_DEFAULT.lost_cause, weekly_growth=(-0.10, 0.08)),
        daily_noise=0.40,
        skipped_days=0.15,
        intensity_noise=0.35,
    ),
    # The nudge does nothing to anyone.
    "null": replace(
        _DEFAULT,
        **{name: replace(getattr(_DEFAULT, name), lift=(0.0, 0.0), negative_reaction_share=0.01) for name in GROUPS},
    ),
    # The nudge harms everyone; baselines leave room for it.
    "harm": replace(
        _DEFAULT,
        persuadable=replace(_DEFAULT.persuadable, p_control=(0.35, 0.45), lift=(-0.20, -0.08)),
        sleeping_dog=replace(_DEFAULT.sleeping_dog, p_control=(0.45, 0.55), lift=(-0.35, -0.25)),
        sure_thing=replace(_DEFAULT.sure_thing, lift=(-0.25, -0.10)),
        lost_cause=replace(_DEFAULT.lost_cause, p_control=(0.18, 0.25), lift=(-0.12, -0.05)),
        annoyed_conversion=0.75,
    ),
}


@dataclass(frozen=True)
class Chunk:
    """Consecutive accounts. Numbers of accounts and users count from the chunk's own zero; dates are days since 1970.

    Categories are numbers into the tuples above; `activity` holds several rows per user, the others one per account or user.
    """

    accounts: Columns
    users: Columns
    activity: Columns
    interventions: Columns
    truth: Columns

    def first(self, accounts: int) -> Chunk:
        """The chunk cut down to its first accounts."""
        users = int(np.searchsorted(self.truth["account"], accounts))

        def cut(columns: Columns, key: str, limit: int) -> Columns:
            return {name: values[columns[key] < limit] for name, values in columns.items()}

        return Chunk(
            accounts={name: values[:accounts] for name, values in self.accounts.items()},
            users=cut(self.users, "user", users),
            activity=cut(self.activity, "user", users),
            interventions=cut(self.interventions, "user", users),
            truth=cut(self.truth, "user", users),
        )


def chunks(physics: Physics, accounts: int, seed: int) -> Iterator[Chunk]:
    """The world of a seed in chunks, the last one cut to the number of accounts asked for."""
    for index, start in enumerate(range(0, accounts, CHUNK_ACCOUNTS)):
        rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=(index,))))
        yield draw_chunk(physics, rng).first(min(CHUNK_ACCOUNTS, accounts - start))


def draw_chunk(physics: Physics, rng: np.random.Generator) -> Chunk:
    """Draw the next CHUNK_ACCOUNTS accounts, cause before effect: accounts, users, behaviour, campaign, what it caused."""
    accounts = _draw_accounts(physics, rng)
    users = _draw_users(physics, rng, accounts)
    levels = _activity_levels(physics, rng, users)
    habits = _habits(physics, rng, users)
    before = _draw_activity(physics, rng, users, levels, habits, range(WEEKS_BEFORE))
    campaign = _draw_campaign(physics, rng, users, before)
    levels *= campaign["reaction"][:, None]
    after = _draw_activity(physics, rng, users, levels, habits, range(WEEKS_BEFORE, WEEKS_BEFORE + WEEKS_AFTER))
    activity = {name: np.concatenate([before[name], after[name]]) for name in before}

    in_campaign = np.flatnonzero(users["in_campaign"])
    both = users | campaign
    return Chunk(
        accounts={name: accounts[name] for name in accounts if not name.startswith("_")},
        users=_dirty_users(physics.dirt, rng, users),
        activity=_dirty_activity(physics.dirt, rng, activity),
        interventions={name: both[name][in_campaign] for name in _INTERVENTION_COLUMNS},
        truth={name: both[name] for name in ("user", "account", "group", "p_control", "p_treated")},
    )


_USER_COLUMNS = ("user", "account", "created_day", "role", "region", "inviter")
_INTERVENTION_COLUMNS = (
    *("user", "account", "intervention_day", "eligible", "treated", "channel", "response"),
    *("converted", "observed", "activation_delay", "negative_reaction"),
)


def _uniform(rng: np.random.Generator, bounds: np.ndarray) -> np.ndarray:
    """A draw between each row of bounds, shape (n, 2)."""
    return bounds[:, 0] + (bounds[:, 1] - bounds[:, 0]) * rng.random(len(bounds))


def _choose(rng: np.random.Generator, shares: np.ndarray) -> np.ndarray:
    """A category per row of shares, shape (n, categories)."""
    cumulative = np.cumsum(shares, axis=1)
    return (rng.random(len(shares))[:, None] * cumulative[:, -1:] >= cumulative[:, :-1]).sum(axis=1)


def _draw_accounts(physics: Physics, rng: np.random.Generator) -> Columns:
    """Accounts with their culture, size and the shares in which groups are dealt to them (names in `_` stay hidden)."""
    n = CHUNK_ACCOUNTS
    dormant = rng.random(n) < physics.dormant_share
    size = rng.standard_normal(n)
    spread = physics.eligible_spread
    eligible = np.maximum(np.rint(physics.eligible_mean * np.exp(spread * size - spread**2 / 2)), 1)
    eligible = np.where(dormant, rng.integers(1, physics.dormant_eligible_max + 1, n), eligible)
    mood = physics.culture_size * size + np.sqrt(1 - physics.culture_size**2) * rng.standard_normal(n)
    culture = 1 / (1 + np.exp(-physics.culture_slope * (mood - physics.culture_centre)))
    members = eligible + rng.poisson(physics.others_per_eligible * eligible)

    admins = 1 + rng.poisson(physics.further_admins, n)

    shares = np.empty((n, len(GROUPS)))
    shares[:, SLEEPING_DOG] = physics.sleeping_dog_share_intense * culture
    calm, intense = physics.sure_thing_share_calm, physics.sure_thing_share_intense
    shares[:, SURE_THING] = calm + (intense - calm) * culture
    rest = 1 - shares[:, SLEEPING_DOG] - shares[:, SURE_THING]
    shares[:, PERSUADABLE] = rest * rng.uniform(*physics.persuadable_share_of_rest, n)
    shares[dormant] = 0
    shares[:, LOST_CAUSE] = 1 - shares[:, :LOST_CAUSE].sum(axis=1)

    seats = np.ceil(members * (1.05 + 0.6 * rng.random(n)))
    plan = np.clip(np.digitize(np.log(seats) + 0.35 * rng.standard_normal(n), np.log([12, 24])), 0, len(PLANS) - 1)
    health = 0.65 - 0.10 * culture - 0.20 * dormant + 0.12 * rng.standard_normal(n)
    return {
        "account": np.arange(n),
        "created_day": rng.integers(FIRST_ACCOUNT_DAY, LAST_ACCOUNT_DAY, n),
        "plan": plan,
        "industry": rng.integers(0, len(INDUSTRIES), n),
        "seats": seats,
        "cs_assigned": rng.random(n) < np.array([0.10, 0.40, 0.85])[plan],
        "health": np.clip(health, 0.02, 0.99),
        "revenue": seats * np.array([180, 320, 540])[plan] * (0.85 + 0.3 * rng.random(n)),
        "renewal_day": rng.integers(FIRST_INTERVENTION_DAY, FIRST_INTERVENTION_DAY + 365, n),
        "_culture": culture,
        "_shares": shares,
        "_eligible": eligible.astype(np.int64),
        "_members": members.astype(np.int64),
        "_admins": admins.astype(np.int64),
    }


def _draw_users(physics: Physics, rng: np.random.Generator, accounts: Columns) -> Columns:
    """Users in the order of their accounts: role, history, hidden group and potential outcomes."""
    members = accounts["_members"]
    account = np.repeat(accounts["account"], members)
    n = len(account)
    start = np.repeat(np.cumsum(members) - members, members)
    place = np.arange(n) - start
    # A random place in the account, so that neither eligibility nor group can be read off the order of user ids.
    rank = np.empty(n, dtype=np.int64)
    rank[np.lexsort((rng.random(n), account))] = place
    eligible = rank < accounts["_eligible"][account]

    # Systematic sampling: evenly spaced positions in the account's cumulative shares.
    offset = rng.random(len(members))[account]
    position = (rank + offset) / accounts["_eligible"][account]
    order = [SLEEPING_DOG, SURE_THING, PERSUADABLE, LOST_CAUSE]
    cumulative = np.cumsum(accounts["_shares"][:, order], axis=1)[account, :-1]
    dealt = np.array(order)[(position[:, None] >= cumulative).sum(axis=1)]
    other = _choose(rng, np.broadcast_to(physics.other_group_shares, (n, len(GROUPS))))
    group = np.where(eligible, dealt, other)

    # An account has so many admins; weighted sampling without replacement (Efraimidis and Spirakis) says who they are.
    admin_key = rng.exponential(size=n) / physics.by_group("admin_weight")[group]
    admin_rank = np.empty(n, dtype=np.int64)
    admin_rank[np.lexsort((admin_key, account))] = place
    is_power_user = rng.random(n) < physics.by_group("power_user_share")[group]
    role = np.where(admin_rank < accounts["_admins"][account], ADMIN, np.where(is_power_user, POWER_USER, BASIC))
    response = _choose(rng, physics.by_group("responses")[group])

    culture = accounts["_culture"][account]
    low, high = physics.by_group("lift")[group].T
    within = physics.culture_on_lift * culture + (1 - physics.culture_on_lift) * rng.random(n)
    lift = low + (high - low) * within
    p_control = _uniform(rng, physics.by_group("p_control")[group])
    p_control *= np.where(response == ANNOYED, physics.annoyed_conversion, 1.0)
    p_control = np.maximum(p_control, -lift)  # harm needs something to take away
    style = np.exp(physics.style_spread * rng.standard_normal((2, n)))
    created = accounts["created_day"][account]
    return {
        "user": np.arange(n),
        "account": account,
        "created_day": (created + rng.random(n) ** 2 * (LAST_USER_DAY - created)).astype(np.int64),
        "role": role,
        "region": rng.integers(0, len(REGIONS), n),
        # The account's first user was invited by nobody, some later ones signed up by themselves.
        "inviter": np.where((place > 0) & (rng.random(n) < 0.6), start + (rng.random(n) * place).astype(np.int64), -1),
        "response": response,
        "intervention_day": FIRST_INTERVENTION_DAY + rng.integers(0, CAMPAIGN_DAYS, n),
        "eligible": eligible,
        "in_campaign": eligible | (rng.random(n) < physics.ineligible_in_campaign),
        "culture": culture,
        "minutes_per_action": (1 / _uniform(rng, physics.by_group("actions_per_minute")[group])).astype(np.float32),
        "collab_share": (physics.by_group("collab_share")[group] * style[0]).clip(0, 1).astype(np.float32),
        "feature_diversity": (physics.by_group("feature_diversity")[group] * style[1]).astype(np.float32),
        "group": group,
        "p_control": p_control,
        "p_treated": p_control + lift,
    }


def _activity_levels(physics: Physics, rng: np.random.Generator, users: Columns) -> np.ndarray:
    """Expected actions on an active day, shape (users, weeks); after the intervention the last week's level goes on."""
    group = users["group"]
    spread = physics.by_group("actions_spread")[group] * rng.standard_normal(len(group))
    base = (
        physics.by_group("actions_per_day")[group]
        * np.exp(spread)
        * (1 + physics.culture_on_activity * users["culture"])
    )
    growth = 1 + _uniform(rng, physics.by_group("weekly_growth")[group])
    # Growth turns around the middle of the 30 days that features look at, so that it does not change their sum much.
    week = np.minimum(np.arange(WEEKS_BEFORE + WEEKS_AFTER), WEEKS_BEFORE - 1) - (WEEKS_BEFORE - 2.5)
    return (base[:, None] * growth[:, None] ** week).astype(np.float32)


def _habits(physics: Physics, rng: np.random.Generator, users: Columns) -> np.ndarray:
    """The days of the week (counted from the intervention) on which a user is active, shape (users, 7), boolean."""
    days = _uniform(rng, physics.by_group("days_per_week")[users["group"]])
    days *= np.where(users["eligible"], 1.0, physics.other_activity)
    # 1 January 1970 was a Thursday: (day + 3) % 7 is 5 on Saturdays and 6 on Sundays, when few people work.
    weekday = (users["intervention_day"][:, None] + np.arange(7) + 3) % 7
    preference = rng.random(weekday.shape) + 0.7 * (weekday >= 5)
    habitual = np.floor(days + rng.random(len(days)))
    return preference.argsort(axis=1).argsort(axis=1) < habitual[:, None]


def _draw_activity(
    physics: Physics, rng: np.random.Generator, users: Columns, levels: np.ndarray, habits: np.ndarray, weeks: range
) -> Columns:
    """The activity rows of some weeks, in the order of users and days."""
    days = len(weeks) * 7
    shown = np.frombuffer(rng.bytes(len(habits) * days), dtype=np.uint8).reshape(-1, days) >= 256 * physics.skipped_days
    cell = np.flatnonzero(np.tile(habits, len(weeks)) & shown)
    user = (cell // days).astype(np.int32)
    day = (cell - user * days).astype(np.int32) + weeks.start * 7
    # Four uniform numbers a row from one random word: 16 bits are plenty for counts.
    bits = np.frombuffer(rng.bytes(8 * len(cell)), dtype=np.uint16).reshape(-1, 4)
    unit = np.ascontiguousarray(bits.T) * np.float32(1 / 65536)
    sqrt12 = np.float32(np.sqrt(12))  # the spread of a uniform number of variance one

    level = levels.ravel()[user * levels.shape[1] + day // 7]
    actions = np.rint(level * (1 + sqrt12 * np.float32(physics.daily_noise) * (unit[0] - np.float32(0.5))))
    noise = 1 + sqrt12 * np.float32(physics.intensity_noise) * (unit[1] - np.float32(0.5))
    minutes = np.rint(actions * users["minutes_per_action"][user] * noise)
    collab = np.floor(actions * users["collab_share"][user] + unit[2])
    diversity = users["feature_diversity"][user] * (np.float32(0.5) + unit[3])
    return {
        "user": user,
        "day": day,
        "activity_day": (users["intervention_day"].astype(np.int32) - WEEKS_BEFORE * 7)[user] + day,
        # A session that goes on past midnight has activity without a login.
        "login": bits[:, 3] % 32 != 0,
        "core": np.maximum(actions - collab, 0).astype(np.int32),
        "collab": collab.astype(np.int32),
        "minutes": np.clip(minutes, 1, 1200).astype(np.int32),
        "diversity": np.maximum(np.rint(diversity), 1).astype(np.int32),
    }


def _draw_campaign(physics: Physics, rng: np.random.Generator, users: Columns, activity: Columns) -> Columns:
    """Treatment by observed behaviour, the outcome that it causes, and how behaviour reacts; one value per user."""
    n = len(users["user"])
    actions = (activity["core"] + activity["collab"]).astype(np.float64)
    days_before = WEEKS_BEFORE * 7 - activity["day"]
    actions_30d = np.bincount(activity["user"], actions * (days_before <= 30), n)
    actions_7d = np.bincount(activity["user"], actions * (days_before <= 7), n)

    # Treatment sees only what features see, so adjusting for features is enough.
    momentum = np.where(actions_30d > 0, 4 * actions_7d / np.maximum(actions_30d, 1), physics.stable_momentum)
    decline = (physics.stable_momentum - momentum) / (physics.stable_momentum - physics.declining_momentum)
    log_odds = (
        physics.nudge_base
        + physics.nudge_annoyed * (users["response"] == ANNOYED)
        + physics.nudge_declining * np.clip(decline, 0, 1.5)
        + physics.nudge_quiet * np.clip(1 - actions_30d / physics.quiet_actions, 0, 1)
    )
    propensity = np.clip(1 / (1 + np.exp(-log_odds)), *physics.propensity_bounds)
    treated = users["eligible"] & (rng.random(n) < propensity)

    # One uniform number decides both potential outcomes: a nudge with a positive lift never undoes a conversion.
    converted = rng.random(n) < np.where(treated, users["p_treated"], users["p_control"])
    negative = rng.random(n) < np.where(treated, physics.by_group("negative_reaction_share")[users["group"]], 0.003)
    # Quiet users are harder to follow up: their outcome is missing half as often again.
    missing = physics.dirt.unobserved_outcome * np.where(actions_30d < physics.quiet_actions / 5, 1.5, 1.0)
    reaction = np.where(converted, physics.converted_activity, 1.0) * np.where(negative, physics.annoyed_activity, 1.0)
    return {
        "treated": treated,
        "channel": rng.integers(0, len(CHANNELS), n),
        "converted": converted,
        "observed": rng.random(n) >= missing,
        "activation_delay": 1 + (OUTCOME_WINDOW_DAYS * rng.random(n) ** 1.5).astype(np.int64),
        "negative_reaction": negative,
        "reaction": reaction.astype(np.float32),
    }


def _dirty_users(dirt: Dirt, rng: np.random.Generator, users: Columns) -> Columns:
    """The users table as exported: some roles unclean or missing (`role_style`), some rows twice."""
    n = len(users["user"])
    style = rng.choice(
        4,
        n,
        p=[1 - dirt.unclean_role - dirt.missing_role, dirt.unclean_role / 2, dirt.unclean_role / 2, dirt.missing_role],
    )
    columns = {name: users[name] for name in _USER_COLUMNS} | {"role_style": style}
    rows = np.concatenate([np.arange(n), np.flatnonzero(rng.random(n) < dirt.duplicate_user)])
    return {name: values[rows] for name, values in columns.items()}


def _dirty_activity(dirt: Dirt, rng: np.random.Generator, activity: Columns) -> Columns:
    """The true rows, followed by copies of some of them, each wrong in one way."""
    n = len(activity["user"])
    shares = {
        "duplicate": dirt.duplicate_activity,
        "partial": dirt.partial_activity,
        "negative": dirt.negative_minutes,
        "impossible": dirt.impossible_minutes,
        "future": dirt.future_date,
        "orphan": dirt.orphan_activity,
    }
    kind = np.repeat(list(shares), [round(share * n) for share in shares.values()])
    source = rng.integers(0, n, len(kind))
    wrong = {name: values[source] for name, values in activity.items() if name != "day"}
    for name in ("core", "collab", "minutes"):
        wrong[name][kind == "partial"] //= 2
    wrong["minutes"][kind == "negative"] *= -1
    wrong["minutes"][kind == "impossible"] += 24 * 60
    wrong["activity_day"][kind == "future"] += 3650
    orphan = np.concatenate([np.zeros(n, dtype=bool), kind == "orphan"])
    return {name: np.concatenate([activity[name], wrong[name]]) for name in wrong} | {"orphan": orphan}
