"""The same raw tables give the same published rows, whatever threads, cores, working directory, time zone and locale."""

import os
import shutil
import sys
from pathlib import Path

import duckdb
import pytest


@pytest.mark.fault("one core, one thread, rows in reverse, another directory, time zone and locale", "the same marts")
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system can't bind a process to one core")
def test_another_machine_publishes_the_same_rows(built_world, run, read_published, tmp_path, project_root, seen):
    again = tmp_path / built_world.warehouse.name
    with duckdb.connect(str(again)) as connection:
        connection.execute(f"attach '{built_world.warehouse}' as built (read_only)")
        connection.execute("create schema raw")
        tables = connection.execute(
            "select table_name from duckdb_tables() where database_name = 'built' and schema_name = 'raw'"
        )
        for (table,) in tables.fetchall():
            # In reverse, since the order of raw rows must not matter either.
            connection.execute(f"create table raw.{table} as select * from built.raw.{table} order by all desc")
    truth = built_world.warehouse.name.replace(".duckdb", ".truth.duckdb")
    shutil.copy(built_world.warehouse.with_name(truth), tmp_path / truth)

    on_one_core = (
        "import os, sys; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]); os.execv(sys.argv[1], sys.argv[1:])"
    )
    dbt = Path(sys.executable).with_name("dbt")
    build = run(
        sys.executable, "-c", on_one_core, dbt, "build", "--threads", "1", "--exclude", "resource_type:unit_test",
        "--project-dir", project_root, "--profiles-dir", project_root, directory=tmp_path,
        CAUSALYN_ROOT=str(project_root), CAUSALYN_WAREHOUSE=str(again), TZ="Pacific/Auckland", LC_ALL="C",
        DBT_TARGET_PATH=str(tmp_path / "target"), DBT_LOG_PATH=str(tmp_path / "logs"),
    )  # fmt: skip

    assert build.returncode == 0, build.stdout[-3000:]
    first, second = read_published(built_world.warehouse), read_published(again)
    assert set(first) == set(second)
    for published in (first, second):
        # The bytes of a kept model name its parts by their places in memory; what it says is in the scores.
        published["lift_models"] = [(*model[:-3], model[-1]) for model in published["lift_models"]]
    assert {table for table in first if first[table] != second[table]} == set()
    assert len(first["target_accounts"]) > 0
    seen(f"{len(first)} marts, row by row")
