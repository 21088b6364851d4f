"""The raw contract: which tables and columns a company's export (or a generated world) must have.

Source: the project's design, "Raw contract". The generator creates these tables, the loader checks against them, and the
staging models read them; nothing else knows about raw column types.
"""

from __future__ import annotations

from dataclasses import dataclass

RAW_SCHEMA = "raw"
TRUTH_TABLE = "latent_uplift_groups_hidden"


@dataclass(frozen=True)
class Column:
    """One raw column: its DuckDB type, and whether an export may leave it out (it is then loaded as null)."""

    name: str
    type: str
    optional: bool = False


@dataclass(frozen=True)
class Table:
    """One raw table: its columns in their order and the columns that identify a row."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    @property
    def ddl(self) -> str:
        """The column list of a `create table` statement."""
        return ", ".join(f"{column.name} {column.type}" for column in self.columns)


def _columns(*specs: str) -> tuple[Column, ...]:
    """Columns from "name type" texts; a name in brackets is optional."""
    parsed = (spec.split() for spec in specs)
    return tuple(Column(name.strip("[]"), kind, optional=name.startswith("[")) for name, kind in parsed)


TABLES: tuple[Table, ...] = (
    Table(
        "accounts_raw",
        _columns(
            "account_id varchar",
            "account_created_date date",
            "plan_tier varchar",
            "industry varchar",
            "seat_count bigint",
            "cs_assigned_flag integer",
            "account_health_score double",
            "[annual_recurring_revenue_usd] double",
            "[renewal_date] date",
        ),
        key=("account_id",),
    ),
    Table(
        "users_raw",
        _columns(
            "user_id varchar",
            "account_id varchar",
            "user_created_date date",
            "role_type varchar",
            "geo_region varchar",
            "invited_by_user_id varchar",
        ),
        key=("user_id",),
    ),
    Table(
        "user_activity_daily_raw",
        _columns(
            "user_id varchar",
            "activity_date date",
            "login_flag integer",
            "core_action_count bigint",
            "collab_action_count bigint",
            "time_spent_minutes bigint",
            "feature_diversity_count bigint",
        ),
        key=("user_id", "activity_date"),
    ),
    Table(
        "interventions_raw",
        _columns(
            "intervention_id varchar",
            "user_id varchar",
            "account_id varchar",
            "intervention_date date",
            "eligibility_flag integer",
            "treatment_flag integer",
            "delivery_channel varchar",
            "[prev_nudge_response] varchar",
        ),
        key=("intervention_id",),
    ),
    Table(
        "outcomes_raw",
        _columns(
            "user_id varchar",
            "intervention_id varchar",
            "collab_activated_flag integer",
            "activation_date date",
            "outcome_window_days bigint",
            "[negative_reaction_flag] integer",
        ),
        key=("user_id", "intervention_id"),
    ),
)

TRUTH = Table(
    TRUTH_TABLE,
    _columns(
        "user_id varchar",
        "latent_uplift_group varchar",
        "[p_control] double",
        "[p_treated] double",
        "[true_lift] double",
    ),
    key=("user_id",),
)
