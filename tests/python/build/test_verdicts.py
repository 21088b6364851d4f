"""Data that can't support a model, or a model without signal, publish nothing and say so; the last lists stay."""

import shutil
import sys
from pathlib import Path

import duckdb
import pytest

BAD_INPUT = {
    "one account": (
        ["delete from raw.accounts_raw where account_id <> (select min(account_id) from raw.accounts_raw)"],
        "accounts",
    ),
    "an arm with under 50 outcomes": (
        [
            "update raw.interventions_raw set treatment_flag = 0",
            "update raw.interventions_raw set treatment_flag = 1 where user_id in "
            "(select user_id from intermediate.int_uplift__inputs where population = 'campaign' order by user_id limit 40)",
        ],
        "smaller_arm_users",
    ),
    "nobody treated": (["update raw.interventions_raw set treatment_flag = 0"], "smaller_arm_users"),
    "everybody treated": (["update raw.interventions_raw set treatment_flag = 1"], "smaller_arm_users"),
    "all outcomes equal": (
        ["update raw.outcomes_raw set collab_activated_flag = 1 where collab_activated_flag is not null"],
        "outcome_values",
    ),
    "features constant": (
        [
            "update raw.accounts_raw set seat_count = 10, plan_tier = 'growth', account_created_date = date '2024-01-01'",
            "update raw.users_raw set role_type = 'basic', user_created_date = date '2024-01-01'",
            "update raw.interventions_raw set intervention_date = date '2025-04-01', prev_nudge_response = 'none'",
            "truncate raw.user_activity_daily_raw",
            "insert into raw.user_activity_daily_raw "
            "select distinct user_id, date '2025-03-20', 1, 1, 1, 10, 1 from raw.users_raw",
        ],
        "qini_z",
    ),
    "no overlap": (
        [
            "update raw.interventions_raw set treatment_flag = case when user_id in (select user_id from "
            "intermediate.int_uplift__inputs where population = 'campaign' and tenure_days > (select median(tenure_days) "
            "from intermediate.int_uplift__inputs where population = 'campaign')) then 1 else 0 end"
        ],
        "clipped_share",
    ),
}


# All models behind the verdicts, and the lists that wait for them.
JUDGED = (
    "--select",
    "+int_build__publication_gate+",
    "verdicts",
    "user_uplift_scores",
    "--exclude-resource-type",
    "unit_test",
)
LONG = {"everybody treated", "features constant", "nobody treated"}


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case, marks=[pytest.mark.fault(case, "nothing is published"), *([pytest.mark.long] if case in LONG else [])]
        )
        for case in BAD_INPUT
    ],
)
def test_bad_input_publishes_nothing_and_says_why(
    case, built_world, run, run_dbt, read_published, seen, listed, tmp_path, project_root
):
    changes, check_id = BAD_INPUT[case]
    warehouse = tmp_path / built_world.warehouse.name
    warehouse.write_bytes(built_world.warehouse.read_bytes())
    with duckdb.connect(str(warehouse)) as connection:
        for change in changes:
            connection.execute(change)
        tables = connection.execute("select table_name from duckdb_tables() where schema_name = 'raw'").fetchall()
        for (table,) in tables:
            connection.execute(f"copy raw.{table} to '{tmp_path / table}.parquet'")
    before = read_published(warehouse)
    loading = run(sys.executable, project_root / "scripts" / "load_raw.py", tmp_path, "--warehouse", warehouse)
    assert loading.returncode == 0, loading.stderr

    build = run_dbt("build", *JUDGED, warehouse=warehouse)

    assert build.returncode != 0
    assert "Traceback" not in build.stdout + build.stderr
    assert "Nothing was published, and" in build.stdout, build.stdout[-3000:]
    message = build.stdout.partition("Nothing was published, and")[2].partition("\n")[0]
    assert f"{check_id} " in message
    _, *reasons = message.split(", since ")
    for reason in reasons:
        listed(f"since {reason}")
    seen("; ".join(reasons))
    assert before["target_accounts"], "the lists that must stay must hold something"
    assert read_published(warehouse) == before
    if check_id in ("accounts", "smaller_arm_users", "outcome_values"):
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            query = "select count(*), count(lift), count(p_control) from candidate_marts.user_uplift_scores"
            n_users, *n_scored = connection.execute(query).fetchone()
        assert n_users > 0 and n_scored == [0, 0], "data that can't carry a model must score nobody"


def test_a_world_without_signal_is_never_published(run, run_dbt, tmp_path, project_root):
    warehouse = tmp_path / "causalyn.duckdb"
    generator = project_root / "scripts" / "generate_world.py"
    options = ["--accounts", "600", "--preset", "null", "--warehouse", warehouse]
    assert run(sys.executable, generator, *options).returncode == 0

    build = run_dbt("build", "--exclude", "resource_type:unit_test", warehouse=warehouse)

    assert build.returncode != 0
    assert "There are no lists yet." in build.stdout
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        verdicts = dict(
            connection.sql("select check_id, verdict from candidate_marts.verdicts where is_blocking").fetchall()
        )
        tables = connection.sql("select table_name from information_schema.tables").fetchall()
    # Without differences in the data everybody gets the average effect, and a ranking of ties has no measures.
    assert {verdicts["qini_z"], verdicts["gain_over_response_model_z"]} <= {"fail", "unknown"}
    assert ("target_accounts",) not in tables


def test_a_policy_that_ranks_nobody_publishes_its_list_where_the_model_cannot_rank(built_world, run_dbt, tmp_path):
    """It pays in this world. The build proves its guardrails and all invariants."""
    warehouse = Path(shutil.copy(built_world.warehouse, tmp_path / built_world.warehouse.name))
    today = "from marts.account_policy where population = 'today' and decision = 'target'"
    with duckdb.connect(str(warehouse)) as connection:
        expected = connection.sql(
            f"select account_id {today} and policy_id = 'everybody_guarded' order by all"
        ).fetchall()
        connection.execute("update seeds.policy_parameters set is_shipped = (policy_id = 'everybody_guarded')")
        connection.execute("update seeds.checks set pass_limit = 99, warn_limit = 99 where check_id = 'qini_z'")
    decided_anew = ("int_build__fingerprints", "int_policy__policies+", "int_evaluation__verdicts+")

    build = run_dbt("build", "--select", *decided_anew, "--exclude-resource-type", "unit_test", warehouse=warehouse)

    assert "Published: " in build.stdout, build.stdout[-3000:]
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        ranking = connection.sql("select verdict, is_blocking from marts.verdicts where check_id = 'qini_z'").fetchall()
        targets = connection.sql("select account_id from marts.target_accounts order by all").fetchall()
        nudged = connection.sql("select distinct account_id from marts.nudge_list order by all").fetchall()
        (worst,) = connection.sql(
            f"select max(n_sleeping_dogs), max(n_sleeping_dog_admins), max(n_unsupported_admins) {today} and is_shipped"
        ).fetchall()
    assert ranking == [("fail", True)]
    assert targets == nudged == expected != []
    assert worst == (0, 0, 0), "it must spare every account with a Sleeping Dog"


def test_a_refusal_says_of_nudging_everybody_what_policy_value_says(built_world):
    with duckdb.connect(str(built_world.warehouse), read_only=True) as connection:
        ((said,),) = connection.sql("select what_is_known from intermediate.int_build__remarks").fetchall()
        ((gain, lower, upper),) = connection.sql(
            """
            select gain_usd, gain_usd_lower, gain_usd_upper
            from marts.policy_value inner join seeds.policy_parameters using (policy_id)
            where is_shipped and strategy = 'everybody' and comparator = 'nobody'
            """
        ).fetchall()
    assert f"would have earned {gain:.0f} dollars ({lower:.0f} to {upper:.0f}), and nobody 0" in said
