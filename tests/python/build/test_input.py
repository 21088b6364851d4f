"""Optional data, and the messages to a company that maps its own tables and forgets something."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import duckdb
import pytest

import summarise
from causalyn.warehouse.raw_contract import TABLES


@pytest.fixture(scope="module")
def smallest(built_world, run, run_dbt, project_root, tmp_path_factory) -> tuple[Path, str]:
    """The built world with required tables and columns only, plus one unknown column and a hundred days of activity split between
    two sources, built; and the loader output."""
    directory = tmp_path_factory.mktemp("smallest")
    export = directory / "export"
    export.mkdir()
    with duckdb.connect(str(built_world.warehouse), read_only=True) as connection:
        for table in (table for table in TABLES if not table.optional):
            columns = ", ".join(column.name for column in table.columns if not column.optional)
            extra = ", 7 as shoe_size" if table.name == "users_raw" else ""
            rows = f"select {columns}{extra} from raw.{table.name}"
            if table.name == "user_activity_daily_raw":
                second = "union all (from days select *, 'ios' limit 100)"
                rows = f"with days as ({rows}) select *, 'web' as source from days {second}"
            connection.sql(rows).write_parquet(str(export / f"{table.name}.parquet"))
    warehouse = directory / "causalyn.duckdb"
    loaded = run(sys.executable, project_root / "scripts" / "load_raw.py", export, "--warehouse", warehouse)
    assert loaded.returncode == 0, loaded.stderr
    build = run_dbt("build", "--exclude-resource-type", "unit_test", warehouse=warehouse)
    assert build.returncode == 0, build.stdout[-5000:]
    return warehouse, loaded.stdout


def test_an_export_of_hardly_more_than_the_required_columns_is_published(smallest):
    with duckdb.connect(str(smallest[0]), read_only=True) as connection:
        ((targets,),) = connection.sql("select count(*) from marts.target_accounts").fetchall()
        failed = connection.sql(
            "select check_id from marts.verdicts where verdict <> 'pass' and check_group in ('data', 'model')"
        ).fetchall()
        unrecorded = connection.sql(
            "select sum(rows_affected) from marts.data_quality_summary where rule_id in ('missing_count', 'activation_disagrees')"
        ).fetchall()
    assert targets > 100
    assert failed == [("converted_before_share",)], "unknown, since the export has no dates of conversion"
    assert unrecorded == [(0,)]


def test_columns_that_nothing_reads_are_named(smallest):
    assert "Note: users_raw: unused columns: 'shoe_size'" in smallest[1].splitlines()


def test_a_company_that_maps_its_own_tables_is_told_what_is_missing(run_dbt, project_copy, tmp_path):
    warehouse = tmp_path / "causalyn.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema crm")
        connection.execute("create table crm.contacts as select 1 as id, 'a' as company, 'admin' as kind")
    (project_copy / "models" / "input" / "input_users.sql").write_text(
        "with final as (\n    select\n        id as user_id,\n        company as account_id,\n"
        "        cast(null as date) as user_created_date,\n        kind as role_type\n    from crm.contacts\n)\n\n"
        "select * from final\n"
    )
    build = run_dbt("build", "--select", "input_users", warehouse=warehouse, project=project_copy)
    assert build.returncode != 0
    assert "enforced contract that failed" in build.stdout
    differences = [line.split() for line in build.stdout.splitlines() if line.count("|") == 5]
    named = {line[1] for line in differences}
    assert named >= {"user_id", "geo_region", "email"}
    assert not named & {"account_id", "role_type", "user_created_date"}


def test_what_is_lost_is_told_on_the_screen(built_world):
    printed = summarise.summarise(built_world.warehouse)
    with duckdb.connect(str(built_world.warehouse), read_only=True) as connection:
        rejected = connection.execute(
            "select table_name, rule_id, sum(n_rows)::bigint from marts.rejected_rows group by all"
        ).fetchall()
    assert rejected
    for table, rule, n_rows in rejected:
        (line,) = (line for line in printed.splitlines() if line.strip().startswith(f"{table}: "))
        assert re.search(rf"\b{n_rows:,} {rule}\b", line)
    assert re.search(r"Interventions without outcome: \d", printed)


def test_what_exploring_costs_and_risks_is_told_on_the_screen(built_world, tmp_path):
    assert "Exploration: " not in summarise.summarise(built_world.warehouse)
    warehouse = Path(shutil.copy(built_world.warehouse, tmp_path))
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "update marts.campaign_learning set n_explorable_users = 5, exploration_cost_usd = 20.4,"
            " expected_admins_harmed = 0.5, expected_users_harmed = 1.25"
            " where grouping_kind = 'guardrail' and user_group = 'targets'"
        )
    assert (
        "Exploration: 5 users may be nudged to learn, at an expected cost of $20. "
        "Expected to cost the conversion of at least 0.50 admins (budget 1.0) and 1.25 users (budget 10.0)."
    ) in summarise.summarise(warehouse)
