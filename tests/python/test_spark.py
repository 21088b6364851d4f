"""The same project on Spark: real Spark, the same raw tables, and the same published rows to the last decision."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from causalyn import spark_files

PUBLISHED = ("marts", "audit")
FIGURES_AGREE_WITHIN = 1e-9


def java_17() -> Path | None:
    """The home of a Java 17, from JAVA_HOME or where Debian puts it."""
    homes = [Path(os.environ["JAVA_HOME"])] if "JAVA_HOME" in os.environ else sorted(Path("/usr/lib/jvm").glob("*17*"))
    return next((home for home in homes if (home / "bin" / "java").exists()), None)


@pytest.fixture(scope="session")
def spark_build(built_world, tmp_path_factory, project_root):
    """Spark's warehouse directory after a build of the small world, and what dbt printed."""
    pytest.importorskip("pyspark", reason="Spark is not installed (the extra `spark`)")
    home = java_17()
    if home is None:
        pytest.skip("no Java 17 in JAVA_HOME or /usr/lib/jvm, which Spark needs")
    folder = tmp_path_factory.mktemp("spark")
    spark_files.copy_sources(built_world.warehouse, folder / "files")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CAUSALYN_", "DBT_"))}
    environment |= {
        "JAVA_HOME": str(home),
        "PYTHONPATH": f"{project_root / 'spark'}:{project_root / 'scripts'}",
        "PYSPARK_PYTHON": sys.executable,
        "CAUSALYN_SPARK_DIRECTORY": str(folder),
        "CAUSALYN_SPARK_FILES": str(folder / "files"),
    }
    command = [Path(sys.executable).with_name("dbt"), "build", "--target", "spark"]
    command += ["--target-path", folder / "target", "--log-path", folder / "logs"]
    built = subprocess.run(
        command, cwd=project_root, env=environment, capture_output=True, text=True, check=False, timeout=1500
    )
    assert built.returncode == 0, built.stdout[-5000:] + built.stderr[-2000:]
    return folder, environment


def published_tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        "select table_schema || '.' || table_name from information_schema.tables "
        "where table_schema in (?, ?) and table_type = 'BASE TABLE' order by all",
        PUBLISHED,
    )
    return [table for (table,) in rows.fetchall()]


def test_every_published_table_is_the_same(spark_build, built_world):
    folder, _ = spark_build
    with duckdb.connect(str(built_world.warehouse), read_only=True) as here, spark_files.connect(folder) as there:
        tables = published_tables(here)
        assert "marts.account_policy" in tables and "audit.claims" in tables
        differences = []
        for table in tables:
            columns = ", ".join(f'"{column}"' for column, *_ in here.execute(f"describe {table}").fetchall())
            try:
                found = there.execute(f"select {columns} from {table} order by all").fetchall()
            except duckdb.CatalogException:
                found = []
            expected = here.execute(f"select {columns} from {table} order by all").fetchall()
            if len(found) != len(expected) or not all(map(alike, expected, found)):
                differences.append(table)
    assert differences == []


def alike(expected: tuple, found: tuple) -> bool:
    """Equal values, and figures that differ by no more than engines' last digits."""
    return all(
        one == other
        or (isinstance(one, float) and isinstance(other, float) and abs(one - other) <= FIGURES_AGREE_WITHIN)
        for one, other in zip(expected, found, strict=True)
    )


def test_the_comparison_sees_another_decision():
    row = ("acct_1", "target", 1.0)
    assert alike(row, ("acct_1", "target", 1.0 + 1e-10))
    assert not alike(row, ("acct_1", "suppress_too_small", 1.0))
    assert not alike(row, ("acct_1", "target", 1.0 + 1e-6))
    assert not alike(row, ("acct_1", "target", None))


def test_spark_tables_are_read_as_views(tmp_path):
    table = tmp_path / "marts.db" / "policy_funnel"
    table.mkdir(parents=True)
    (tmp_path / "marts.db" / "empty").mkdir()
    duckdb.sql(f"copy (select 7 as n_accounts) to '{table / 'part.parquet'}'")
    with spark_files.connect(tmp_path) as connection:
        assert connection.execute("select n_accounts from marts.policy_funnel").fetchone() == (7,)
        assert published_tables(connection) == []


def test_sources_are_copied_as_a_whole(built_world, tmp_path):
    files = tmp_path / "files"
    (files / "raw" / "stale").mkdir(parents=True)
    copied = spark_files.copy_sources(built_world.warehouse, files)
    assert copied == len(list(files.glob("*/*/part.parquet"))) > 5
    assert not (files / "raw" / "stale").exists()
    without_truth = tmp_path / "world.duckdb"
    shutil.copy(built_world.warehouse, without_truth)
    spark_files.copy_sources(without_truth, files)
    assert not (files / "truth").exists()
