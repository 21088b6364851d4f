"""The marts that describe the raw tables agree with them."""

import duckdb
import pytest

from causalyn.warehouse.raw_contract import TABLES


def one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple:
    return connection.execute(query).fetchone()


def test_raw_profile_and_schema_manifest_agree_with_the_raw_tables(built_world):
    with duckdb.connect(str(built_world.warehouse), read_only=True) as connection:
        report = dict(connection.execute("select measure_id, measure from marts.raw_profile").fetchall())
        assert report["activity_rows"] == one(connection, "select count(*) from raw.user_activity_daily_raw")[0]
        assert (
            report["users_per_account"]
            == one(connection, "select count(distinct user_id) / count(distinct account_id) from raw.users_raw")[0]
        )
        eligible = "from raw.interventions_raw where eligibility_flag = 1"
        assert report["treated_share_of_eligible"] == one(connection, f"select avg(treatment_flag) {eligible}")[0]
        observed = one(connection, "select count(collab_activated_flag) / count(*) from raw.outcomes_raw")[0]
        assert report["outcome_observed_share"] == observed
        future = one(connection, "select avg((activity_date > current_date)::int) from raw.user_activity_daily_raw")[0]
        assert report["future_date_share"] == pytest.approx(future) and future > 0

        manifest = connection.execute(
            "select table_name, column_name, data_type, n_filled from marts.schema_manifest "
            "order by table_name, column_position"
        ).fetchall()
        names_on_every_engine = {"varchar": "string", "integer": "int"}
        assert [row[:3] for row in manifest] == [
            (table.name, column.name, names_on_every_engine.get(column.type, column.type))
            for table in sorted(TABLES, key=lambda table: table.name)
            for column in table.columns
        ]
        filled = {row[:2]: row[3] for row in manifest}
        dates = one(connection, "select count(activation_date) from raw.outcomes_raw")[0]
        assert filled["outcomes_raw", "activation_date"] == dates > 0
