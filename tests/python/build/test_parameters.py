"""A parameter that is changed after it was used is accepted, or refused in one message before anything is decided by it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from causalyn.learner import model_store, uplift

REFRESH = ("--vars", "{refresh: true}")
# The models by which a refresh, or any build, refuses a changed parameter.
REFUSING = ("int_policy__policies", "int_campaign__dealt_before")
CHANGES = {
    "up": "case when {column} = 0 then 0.01 else {column} + 0.1 * abs({column}) end",
    "down": "case when {column} = 0 then -0.01 else {column} - 0.1 * abs({column}) end",
}
WHOLE_NUMBERS = {"up": "{column} + 1", "down": "{column} - 1"}
OUT_OF_RANGE = "out of range"
SEEDS = (
    "allocation_limits",
    "bandit_arms",
    "bandit_parameters",
    "campaign_parameters",
    "checks",
    "learner_parameters",
    "momentum_parameters",
    "plan_values",
    "policy_parameters",
    "sleeping_dog_thresholds",
)
# What published lists, the running campaign or the stored model depend on; everything else takes effect with the next run.
BOUND = {
    "campaign_parameters": {"control_share", "exploration_share", "validation_holdout_share"},
    "learner_parameters": {*uplift.Parameters.__annotations__},
    "policy_parameters": {
        *("is_shipped", "value_per_conversion_usd", "cost_per_account_usd", "cost_per_nudge_usd", "harm_confidence"),
        *(
            "sleeping_dog_lift_threshold",
            "toxic_user_share_limit",
            "min_toxic_users",
            "min_scored_users",
            "doubt_margin",
        ),
        *("nudge_support_floor", "counts_unobserved_users", "nudges_everybody"),
    },
    "sleeping_dog_thresholds": {"sleeping_dog_lift_threshold"},
}


@pytest.fixture(scope="module")
def warehouse(built_world, tmp_path_factory) -> Path:
    """A copy of the built world in which the campaign also explores, and validates."""
    warehouse = Path(shutil.copy(built_world.warehouse, tmp_path_factory.mktemp("parameters")))
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "update seeds.campaign_parameters set exploration_share = 0.1, has_validation_holdout = true;"
            "update marts.campaign_arms set exploration_share = 0.1;"
            "update marts.campaign_arms set experiment = 'validation'"
            " where arm_id = (select min(arm_id) from marts.campaign_arms)"
        )
    return warehouse


@pytest.fixture(scope="module")
def queries(warehouse, run_dbt) -> list[str]:
    """The SQL of the models that refuse a refresh."""
    compiled = run_dbt("compile", "--select", *REFUSING, *REFRESH, warehouse=warehouse)
    assert compiled.returncode == 0, compiled.stdout[-3000:]
    folder = warehouse.parent / "target" / "compiled"
    return [path.read_text() for model in REFUSING for path in folder.rglob(f"{model}.sql")]


@pytest.fixture(scope="module")
def ranges(built_world) -> dict[str, list[str]]:
    """The conditions that dbt tests of every row of a seed, before anything is built from it."""
    found: dict[str, list[str]] = {seed: [] for seed in SEEDS}
    for node in built_world.manifest["nodes"].values():
        metadata = node.get("test_metadata") or {}
        seed = (node.get("attached_node") or "").rpartition(".")[2]
        if metadata.get("name") == "expression_is_true" and seed in found:
            found[seed].append(metadata["kwargs"]["expression"])
    return found


@pytest.fixture(scope="module")
def refusal(warehouse, queries, ranges) -> Callable[[str, str, str], str | None]:
    """Why a refresh after a change of a seed's column refuses; none if it goes on. The change is undone."""

    def refusal(seed: str, column: str, change: str) -> str | None:
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute(f"begin; update seeds.{seed} set {column} = {change.format(column=column)}")
            within = " and ".join(f"({condition})" for condition in ranges[seed]) or "true"
            if connection.execute(f"select count(*) from seeds.{seed} where not ({within})").fetchone() != (0,):
                return OUT_OF_RANGE
            try:
                for query in queries:
                    connection.execute(query).fetchall()
                parameters = uplift.Parameters.from_frame(connection.execute("from seeds.learner_parameters").df())
                model = connection.execute("from marts.lift_models").df()
                model_store.from_frame(model, model["features"][0].split(","), parameters)
            except duckdb.InvalidInputException as error:
                return str(error).partition("Error: ")[2]
            except model_store.ModelMismatchError as error:
                return str(error)
        return None

    return refusal


def test_nothing_is_refused_where_nothing_is_changed(refusal):
    assert refusal("campaign_parameters", "power", "power") is None


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.fault("every parameter changed after use, up and down", "accepted, out of range, or one line")
def test_a_changed_parameter_is_accepted_or_refused(warehouse, refusal, listed, seen, seed):
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        types = connection.execute(
            "select column_name, data_type from duckdb_columns() where schema_name = 'seeds' and table_name = ?", [seed]
        ).fetchall()
    changes = {"VARCHAR": {}, "DOUBLE": CHANGES, "BOOLEAN": {"flipped": "not {column}"}}
    told = {
        (column, direction): refusal(seed, column, change)
        for column, kind in types
        for direction, change in changes.get(kind, WHOLE_NUMBERS).items()
    }
    refused = {change: message for change, message in told.items() if message not in (None, OUT_OF_RANGE)}
    for message in refused.values():
        listed(message)
    assert {column for column, _ in refused} == BOUND.get(seed, set()) & {column for column, _ in told}
    accepted = {column for (column, _), message in told.items() if message is None}
    assert accepted.isdisjoint(BOUND.get(seed, set())), "one direction is refused and the other is not"
    seen(f"{seed}: {len(refused)} changes of {len(told)} are refused in one line, {len(accepted)} columns may change")
