"""The mart that describes the raw tables agrees with them."""

import duckdb

from causalyn.warehouse.raw_contract import TABLES


def one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple:
    return connection.execute(query).fetchone()


def test_the_schema_manifest_agrees_with_the_raw_tables(built_world):
    with duckdb.connect(str(built_world.warehouse), read_only=True) as connection:
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
