"""The raw contract: which tables and columns a company's export (or a generated world) must have.

Source: the project's design, "Raw contract". The generator creates these tables, the loader checks against them, and
the staging models read them; nothing else knows about raw column types.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

RAW_SCHEMA = "raw"
# Where dbt records each node's last run, and whether the lists are published (macros/publication.sql). Loading drops both, since
# nothing has been built from the new raw tables.
BUILT_NODES = "builds.nodes"
PUBLICATION = "builds.publication"

# Dates outside this range are defaults or typing errors.
FIRST_DATE = datetime.date(1970, 1, 1)
LAST_DATE = datetime.date(2099, 12, 31)
# In characters, of any text: a longer one can't be what the contract means.
TEXT_LENGTH = 10_000


@dataclass(frozen=True)
class Column:
    """One raw column: its DuckDB type, whether an export may leave it out (it is then loaded as null), and whether a
    null in it is a fault that cleaning can't repair.

    Cleaning rejects a row that is null in a column that is `needed`, or whose value is not in the `range`.
    """

    name: str
    type: str
    optional: bool = False
    not_null: bool = False
    needed: bool = False
    range: tuple[int, int] | None = None

    @property
    def is_id(self) -> bool:
        """Whether the column identifies something by a text."""
        return self.name.endswith("_id")

    @property
    def is_flag(self) -> bool:
        """Whether the column holds 0 and 1 only."""
        return self.name.endswith("_flag")


@dataclass(frozen=True)
class Table:
    """One raw table: its columns in their order, the columns that identify a row, and whether an export may leave it out
    or empty. A column with the name of another table's only key refers to that table.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    optional: bool = False

    @property
    def ddl(self) -> str:
        """The column list of a `create table` statement."""
        return ", ".join(f"{column.name} {column.type}" for column in self.columns)


def _columns(*specs: str) -> tuple[Column, ...]:
    """Columns from texts such as "name type not null" or "name type needed 1..365"; a name in brackets is optional."""
    columns = []
    for name, kind, *rest in (spec.split() for spec in specs):
        limits = [(int(least), int(most)) for least, dots, most in (word.partition("..") for word in rest) if dots]
        columns.append(Column(name.strip("[]"), kind, name.startswith("["), "null" in rest, "needed" in rest, *limits))
    return tuple(columns)


ACCOUNTS = Table(
    "accounts_raw",
    _columns(
        "account_id varchar not null",
        "[account_created_date] date",
        "plan_tier varchar",
        "[industry] varchar",
        "[seat_count] bigint",
        "[cs_assigned_flag] integer",
        "[account_health_score] double",
        "[annual_recurring_revenue_usd] double",
        "[renewal_date] date",
        "[account_name] varchar",
        "[owner] varchar",
    ),
    key=("account_id",),
)

USERS = Table(
    "users_raw",
    _columns(
        "user_id varchar not null",
        "account_id varchar needed",
        "user_created_date date",
        "role_type varchar",
        "[geo_region] varchar",
        "[invited_by_user_id] varchar",
        "[user_name] varchar",
        "[email] varchar",
    ),
    key=("user_id",),
)

ACTIVITY = Table(
    "user_activity_daily_raw",
    _columns(
        "user_id varchar needed",
        "activity_date date needed",
        "[login_flag] integer",
        "core_action_count bigint 0..1000000",
        "[collab_action_count] bigint 0..1000000",
        "time_spent_minutes bigint 0..1440",
        "[feature_diversity_count] bigint 0..1000000",
        "[source] varchar not null",
    ),
    key=("user_id", "activity_date"),
)

# An event log instead of daily activity, mapped by seeds/mapping/events.csv.
USER_EVENTS = Table(
    "user_events_raw",
    _columns("user_id varchar needed", "event_name varchar needed", "event_time timestamp needed"),
    key=("user_id", "event_time"),
    optional=True,
)

# Company features, declared in seeds/mapping/user_features.csv. A value holds until the next one.
USER_FEATURES = Table(
    "user_features_raw",
    _columns(
        "user_id varchar needed", "feature varchar needed", "value double -1000000..1000000", "valid_from date needed"
    ),
    key=("user_id", "feature", "valid_from"),
    optional=True,
)

INTERVENTIONS = Table(
    "interventions_raw",
    _columns(
        "intervention_id varchar not null",
        "user_id varchar needed",
        "account_id varchar needed",
        "intervention_date date needed",
        "eligibility_flag integer not null",
        "treatment_flag integer not null",
        "[delivery_channel] varchar",
        "[prev_nudge_response] varchar",
        "[campaign_id] varchar",
        "[assignment_probability] double 0..1",
    ),
    key=("intervention_id",),
)

OUTCOMES = Table(
    "outcomes_raw",
    _columns(
        "user_id varchar needed",
        "intervention_id varchar needed",
        "collab_activated_flag integer",
        "[activation_date] date",
        "outcome_window_days bigint needed 1..365",
        "[negative_reaction_flag] integer",
        "[revenue_usd] double",
    ),
    key=("user_id", "intervention_id"),
)

# The log of campaigns: one row for a user's entry (nudged or held out), and one for each later event.
CAMPAIGN_EVENTS = Table(
    "campaign_events_raw",
    _columns(
        "event_id varchar not null",
        "user_id varchar needed",
        "account_id varchar needed",
        "event_date date needed",
        "sent_flag integer not null",
        "[converted_flag] integer",
        "[revenue_usd] double",
        "[negative_reaction_flag] integer",
        "[admin_churned_flag] integer",
        "[campaign_id] varchar",
        "[assigned_flag] integer",
        "[assignment_probability] double 0..1",
    ),
    key=("event_id",),
    optional=True,
)

# A bandit's decisions, round by round, with their probabilities and rewards.
BANDIT_LOG = Table(
    "bandit_log_raw",
    _columns(
        "round_number bigint not null",
        "user_id varchar not null",
        "account_id varchar not null",
        "segment varchar not null",
        "arm varchar not null",
        "propensity double not null",
        "reward_usd double not null",
    ),
    key=("user_id", "round_number"),
    optional=True,
)

TABLES = (ACCOUNTS, USERS, ACTIVITY, USER_EVENTS, USER_FEATURES, INTERVENTIONS, OUTCOMES, CAMPAIGN_EVENTS, BANDIT_LOG)

TRUTH = Table(
    "latent_uplift_groups_hidden",
    _columns(
        "user_id varchar",
        "latent_uplift_group varchar",
        "[p_control] double",
        "[p_treated] double",
        "[true_lift] double",
    ),
    key=("user_id",),
    optional=True,
)


# The truth as of the scoring date, if it differs from that of the campaigns.
TRUTH_TODAY = Table("latent_uplift_today_hidden", TRUTH.columns, key=TRUTH.key, optional=True)

TRUTHS = (TRUTH, TRUTH_TODAY)


def truth_path(warehouse: Path) -> Path:
    """The database file of hidden truth that belongs to a warehouse file."""
    return warehouse.with_name(f"{warehouse.name.removesuffix('.duckdb')}.truth.duckdb")
