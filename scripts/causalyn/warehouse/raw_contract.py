"""The raw contract: which tables and columns a company's export (or a generated world) must have.

Source: the project's design, "Raw contract". The generator creates these tables, the loader checks against them, and
the staging models read them; nothing else knows about raw column types.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

RAW_SCHEMA = "raw"
# Where dbt records what was last run with success, and whether the lists are of that (macros/publication.sql). Nothing of new raw
# tables is built yet.
BUILT_NODES = "builds.nodes"
PUBLICATION = "builds.publication"


@dataclass(frozen=True)
class Column:
    """One raw column: its DuckDB type, whether an export may leave it out (it is then loaded as null), and whether a
    null in it is a fault that no cleaning could mend.
    """

    name: str
    type: str
    optional: bool = False
    not_null: bool = False

    @property
    def is_flag(self) -> bool:
        """Whether the column holds 0 and 1 only."""
        return self.name.endswith("_flag")


@dataclass(frozen=True)
class Table:
    """One raw table: its columns in their order, the columns that identify a row, the table whose key its rows refer to
    by a column of the same name, and whether an export may leave it out or empty.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    parent: Table | None = None
    optional: bool = False

    @property
    def ddl(self) -> str:
        """The column list of a `create table` statement."""
        return ", ".join(f"{column.name} {column.type}" for column in self.columns)


def _columns(*specs: str) -> tuple[Column, ...]:
    """Columns from "name type" or "name type not null" texts; a name in brackets is optional."""
    parsed = (spec.split() for spec in specs)
    return tuple(
        Column(name.strip("[]"), kind, optional=name.startswith("["), not_null=bool(rest))
        for name, kind, *rest in parsed
    )


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
        "account_id varchar",
        "user_created_date date",
        "role_type varchar",
        "[geo_region] varchar",
        "[invited_by_user_id] varchar",
        "[user_name] varchar",
        "[email] varchar",
    ),
    key=("user_id",),
    parent=ACCOUNTS,
)

ACTIVITY = Table(
    "user_activity_daily_raw",
    _columns(
        "user_id varchar",
        "activity_date date",
        "[login_flag] integer",
        "core_action_count bigint",
        "[collab_action_count] bigint",
        "time_spent_minutes bigint",
        "[feature_diversity_count] bigint",
    ),
    key=("user_id", "activity_date"),
    parent=USERS,
)

# What an event log says, in the place of the activity of days: seeds/mapping/events.csv says what counts as what.
USER_EVENTS = Table(
    "user_events_raw",
    _columns("user_id varchar", "event_name varchar", "event_time timestamp"),
    key=("user_id", "event_time"),
    parent=USERS,
    optional=True,
)

INTERVENTIONS = Table(
    "interventions_raw",
    _columns(
        "intervention_id varchar not null",
        "user_id varchar",
        "account_id varchar",
        "intervention_date date",
        "eligibility_flag integer not null",
        "treatment_flag integer not null",
        "[delivery_channel] varchar",
        "[prev_nudge_response] varchar",
        "[campaign_id] varchar",
        "[assignment_probability] double",
    ),
    key=("intervention_id",),
    parent=USERS,
)

OUTCOMES = Table(
    "outcomes_raw",
    _columns(
        "user_id varchar",
        "intervention_id varchar",
        "collab_activated_flag integer",
        "[activation_date] date",
        "outcome_window_days bigint",
        "[negative_reaction_flag] integer",
    ),
    key=("user_id", "intervention_id"),
    parent=INTERVENTIONS,
)

# The log of the running campaign: a row when a user enters it, nudged or held out, and one for whatever happens to the user then.
CAMPAIGN_EVENTS = Table(
    "campaign_events_raw",
    _columns(
        "event_id varchar not null",
        "user_id varchar",
        "account_id varchar",
        "event_date date",
        "sent_flag integer not null",
        "[converted_flag] integer",
        "[revenue_usd] double",
        "[negative_reaction_flag] integer",
        "[admin_churned_flag] integer",
    ),
    key=("event_id",),
    parent=USERS,
    optional=True,
)

# What a bandit decided round by round, with the probability of each decision, and what came of it.
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
    parent=USERS,
    optional=True,
)

TABLES = (ACCOUNTS, USERS, ACTIVITY, USER_EVENTS, INTERVENTIONS, OUTCOMES, CAMPAIGN_EVENTS, BANDIT_LOG)

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
    parent=USERS,
    optional=True,
)


# The truth as of the scoring date, where it is another than when the campaigns reached the users.
TRUTH_TODAY = Table("latent_uplift_today_hidden", TRUTH.columns, key=TRUTH.key, parent=TRUTH.parent, optional=True)

TRUTHS = (TRUTH, TRUTH_TODAY)


def truth_path(warehouse: Path) -> Path:
    """The database file of hidden truth that belongs to a warehouse file."""
    return warehouse.with_name(f"{warehouse.name.removesuffix('.duckdb')}.truth.duckdb")
