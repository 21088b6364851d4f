"""Training on a bounded sample: at the shipped bound, 24,000 accounts' decisions are as good as with all users."""

import sys
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from causalyn.learner import uplift

ACCOUNTS = "24000"
VALUE_USD, COST_USD, DOG_BELOW, TOXIC_SHARE = 55, 7, -0.05, 0.10
"""A policy like the shipped one, with a threshold that both fits share."""


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory, run, run_dbt, project_root) -> Path:
    """A world built up to the learner's inputs."""
    warehouse = tmp_path_factory.mktemp("large_world") / "causalyn.duckdb"
    generator = project_root / "scripts" / "generate_world.py"
    generation = run(sys.executable, generator, "--accounts", ACCOUNTS, "--warehouse", warehouse)
    assert generation.returncode == 0, generation.stderr
    no_tests = ("--exclude", "resource_type:test", "resource_type:unit_test")
    build = run_dbt("build", "--select", "+int_uplift__training_users", *no_tests, warehouse=warehouse)
    assert build.returncode == 0, build.stdout[-3000:]
    return warehouse


@pytest.fixture(scope="module")
def inputs(warehouse) -> pd.DataFrame:
    """The learner's inputs as of past campaigns, and each user's true lift."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute(f"attach '{warehouse.with_suffix('.truth.duckdb')}' as truth (read_only)")
        return connection.execute(
            "select inputs.*, true_lift from intermediate.int_uplift__inputs as inputs "
            "inner join truth.latent_uplift_groups_hidden using (user_id) where population = 'campaign'"
        ).df()


def true_value_usd(inputs: pd.DataFrame, lift: pd.Series) -> float:
    """True value of nudging the users that such a policy nudges."""
    users = inputs.assign(lift=lift, is_dog=lift < DOG_BELOW)
    users = users.assign(is_admin_dog=users["is_dog"] & (users["role_rank"] == 2))
    account = users.groupby("account_id")
    evidence = account.agg(lift=("lift", "sum"), admin_dogs=("is_admin_dog", "sum"), dog_share=("is_dog", "mean"))
    is_target = (
        (evidence["admin_dogs"] == 0)
        & (evidence["dog_share"] <= TOXIC_SHARE)
        & (evidence["lift"] * VALUE_USD > COST_USD)
    )
    nudged = users[users["account_id"].map(is_target) & (users["lift"] > 0)]
    return nudged["true_lift"].sum() * VALUE_USD - COST_USD * is_target.sum()


@pytest.mark.long
def test_the_bound_changes_what_decisions_are_worth_by_less_than_one_percent(warehouse, inputs, run_dbt, project_root):
    shipped = uplift.Parameters.from_frame(pd.read_csv(project_root / "seeds" / "learner_parameters.csv"))
    frame = inputs.drop(columns="true_lift")

    def value(max_rows: int) -> float:
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute("update seeds.learner_parameters set max_training_rows = $1", [max_rows])
        drawn = run_dbt("run", "--select", "int_uplift__training_users", warehouse=warehouse)
        assert drawn.returncode == 0, drawn.stdout[-3000:]
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            training = uplift.training_users(connection.table("intermediate.int_uplift__training_users"))
        assert max_rows - 100 < len(training) <= max_rows
        scores = uplift.fit(training, shipped).score(frame, shipped.deciding)
        lift = scores[scores["learner_id"] == shipped.deciding_learner].set_index("observation_id")["lift"]
        return true_value_usd(inputs, frame["observation_id"].map(lift))

    observed = int(frame["outcome"].notna().sum())
    assert observed > 1.5 * shipped.max_training_rows
    everybody, bounded = value(observed), value(shipped.max_training_rows)
    assert everybody > 0
    assert abs(bounded / everybody - 1) < 0.01
