"""The project on real Spark: the same raw tables give the same published rows, down to the last decision."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
import spark_processes

import benchmark
import benchmark_engines
from causalyn.engines import spark_files

PUBLISHED = ("marts", "audit")
FIGURES_AGREE_WITHIN = 1e-9
FINISHES_WITHIN_SECONDS = 3600
HASHED_BY_PANDAS = ("training_fingerprint",)
WITHOUT_UNIT_TESTS = ("--exclude-resource-type", "unit_test")
LISTS = ("--select", "int_build__publication_gate+", *WITHOUT_UNIT_TESTS)
SCORES = ("--select", "int_uplift__scores+", *WITHOUT_UNIT_TESTS)


@dataclass(frozen=True)
class SparkProject:
    """The project with a folder for all of Spark's files, and a Spark to run on."""

    project: Path
    folder: Path
    environment: dict[str, str]

    @property
    def log(self) -> Path:
        return self.folder / "build.log"

    def start_build(self, *options: str) -> subprocess.Popen:
        """Starts `dbt build` in its own process."""
        command = [Path(sys.executable).with_name("dbt"), "--no-use-colors", "build", "--target", "spark"]
        command += ["--target-path", self.folder / "target", "--log-path", self.folder / "logs", *options]
        kept = {"CAUSALYN_SPARK_DIRECTORY": str(self.folder), "CAUSALYN_SPARK_FILES": str(self.folder / "files")}
        with self.log.open("w") as output:
            return subprocess.Popen(
                command,
                cwd=self.project,
                env=self.environment | kept,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def build(self, *options: str) -> None:
        assert self.start_build(*options).wait(FINISHES_WITHIN_SECONDS) == 0, self.log.read_text()[-5000:]


def java_17() -> Path | None:
    """The home of Java 17, from JAVA_HOME or Debian's path."""
    homes = [Path(os.environ["JAVA_HOME"])] if "JAVA_HOME" in os.environ else sorted(Path("/usr/lib/jvm").glob("*17*"))
    return next((home for home in homes if (home / "bin" / "java").exists()), None)


@pytest.fixture(scope="session")
def spark_environment(project_root):
    """The environment of dbt and of Spark's processes."""
    pytest.importorskip("pyspark", reason="make .venv/.installed-spark installs it")
    home = java_17()
    if home is None:
        pytest.skip("no Java 17 in JAVA_HOME or /usr/lib/jvm, which Spark needs")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("CAUSALYN_", "DBT_", "SPARK_"))
    }
    return environment | {
        "JAVA_HOME": str(home),
        "PYTHONPATH": f"{project_root / 'spark'}:{project_root / 'scripts'}",
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
        # On little data the second compiler and parallel garbage collection cost more than they gain. Without the
        # second, the first's code cache defaults to a fifth of its usual size, with a thread just to sweep it.
        "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseSerialGC",
    }


@pytest.fixture(scope="module")
def default_world(tmp_path_factory, build_world):
    """All 2,400 accounts of the default world."""
    return build_world(tmp_path_factory.mktemp("default_world"), "generate_world.py")


@pytest.fixture(scope="module")
def seed_world(tmp_path_factory, build_world, shared_dir):
    """The public data set behind the published claims."""
    return build_world(tmp_path_factory.mktemp("seed_world"), "load_raw.py", shared_dir / "seed_world")


@pytest.fixture
def local(spark_environment, project_root, tmp_path):
    """Spark in dbt's process, with one partition per core."""
    return SparkProject(project_root, tmp_path, spark_environment | {"CAUSALYN_SPARK_PARTITIONS": "2"})


@pytest.fixture
def connect(spark_environment, project_root, tmp_path):
    """A Spark Connect server for dbt."""
    metastore = f"jdbc:derby:;databaseName={tmp_path / 'metastore'};create=true"
    settings = {
        "spark.master": "local[2]",
        "spark.driver.memory": "4g",
        "spark.sql.catalogImplementation": "hive",
        "spark.sql.warehouse.dir": str(tmp_path),
        "spark.hadoop.javax.jdo.option.ConnectionURL": metastore,
    }
    with spark_processes.connect_server(tmp_path / "server", spark_environment, settings) as url:
        yield SparkProject(project_root, tmp_path, spark_environment | {"SPARK_REMOTE": url})


@pytest.fixture(scope="module")
def cluster(spark_environment, tmp_path_factory):
    """A master and two workers."""
    with spark_processes.cluster(tmp_path_factory.mktemp("cluster"), spark_environment) as started:
        yield started


@pytest.fixture(scope="module")
def on_cluster(cluster, spark_environment, project_root, default_world, tmp_path_factory):
    """The default world, built on a cluster whose event logs record each executor's tasks."""
    folder = tmp_path_factory.mktemp("on_cluster")
    (folder / "events").mkdir()
    (folder / "conf").mkdir()
    (folder / "conf" / "spark-defaults.conf").write_text(
        f"spark.eventLog.enabled true\nspark.eventLog.dir file://{folder}/events\nspark.eventLog.compress false\n"
    )
    environment = spark_environment | {"CAUSALYN_SPARK_MASTER": cluster.url, "SPARK_CONF_DIR": str(folder / "conf")}
    spark = SparkProject(project_root, folder, environment)
    spark_files.copy_sources(default_world.warehouse, folder / "files")
    spark.build()
    return spark


def published_tables(world) -> list[str]:
    """The published tables, from the manifest."""
    nodes = world.manifest["nodes"].values()
    tables = (node for node in nodes if node["resource_type"] == "model" and is_published(node))
    return sorted(f"{published_schema(node)}.{node['alias']}" for node in tables)


def published_schema(node: dict) -> str:
    return node["schema"].removeprefix("candidate_")


def is_published(node: dict) -> bool:
    return published_schema(node) in PUBLISHED and node["config"]["materialized"] != "ephemeral"


def read(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, list[tuple]]:
    """The rows of a table, by sorted columns and ordered by the values that are not figures.

    The pandas hash of the training rows is left out, since types differ by engine; `model_version` covers it.
    """
    described = connection.execute(f"describe {table}").fetchall()
    columns = sorted((kind == "DOUBLE", name) for name, kind, *_ in described if name not in HASHED_BY_PANDAS)
    names = [name for _, name in columns]
    listed = ", ".join(f'"{name}"' for name in names)
    return {"columns": names, "rows": connection.execute(f"select {listed} from {table} order by all").fetchall()}


def differences(world, folder: Path) -> list[str]:
    """The published tables that differ between a DuckDB warehouse and Spark's folder, and where they differ."""
    found = []
    with duckdb.connect(str(world.warehouse), read_only=True) as here, spark_files.connect(folder) as there:
        for table in published_tables(world):
            expected = read(here, table)
            try:
                got = read(there, table)
            except duckdb.CatalogException:
                found.append(f"{table} is missing")
                continue
            if expected["columns"] != got["columns"] or len(expected["rows"]) != len(got["rows"]):
                found.append(
                    f"{table}: {len(expected['rows'])} rows {expected['columns']}, {len(got['rows'])} {got['columns']}"
                )
            unlike = [pair for pair in zip(expected["rows"], got["rows"], strict=False) if not alike(*pair)]
            if unlike:
                found.append(f"{table}: {len(unlike)} rows, such as {unlike[0]}")
    return found


def alike(expected: tuple, found: tuple) -> bool:
    """Equal values, and figures that differ by no more than an engine's last digits."""
    return all(
        one == other
        or (isinstance(one, float) and isinstance(other, float) and abs(one - other) <= FIGURES_AGREE_WITHIN)
        for one, other in zip(expected, found, strict=True)
    )


def test_every_published_table_is_the_same(local, built_world, run):
    spark_files.copy_sources(built_world.warehouse, local.folder / "files")
    local.build(*WITHOUT_UNIT_TESTS)
    assert {"marts.account_policy", "audit.claims"} <= set(published_tables(built_world))
    assert differences(built_world, local.folder) == []
    # The last step of `make build` reads more than the compared tables.
    scripts, report = local.project / "scripts", local.folder / "report"
    for script in (["summarise.py"], ["render_report.py", "--directory", report]):
        shown = run(sys.executable, scripts / script[0], *script[1:], "--warehouse", local.folder)
        assert shown.returncode == 0, shown.stderr
    assert (report / "index.html").exists()


@pytest.mark.long
def test_every_published_table_of_foreign_data_is_the_same(local, seed_world):
    spark_files.copy_sources(seed_world.warehouse, local.folder / "files")
    local.build(*WITHOUT_UNIT_TESTS)
    assert differences(seed_world, local.folder) == []


@pytest.mark.long
def test_every_published_table_from_a_connect_server_is_the_same(connect, built_world):
    spark_files.copy_sources(built_world.warehouse, connect.folder / "files")
    connect.build(*WITHOUT_UNIT_TESTS)
    assert differences(built_world, connect.folder) == []


@pytest.mark.long
def test_every_published_table_of_the_default_world_from_a_cluster_is_the_same(on_cluster, default_world):
    assert differences(default_world, on_cluster.folder) == []


@pytest.mark.long
def test_executors_share_the_scoring(on_cluster, default_world):
    with duckdb.connect(str(default_world.warehouse), read_only=True) as connection:
        (n_users,) = connection.execute("select count(*) from intermediate.int_uplift__scores").fetchone()
    scored = rows_scored_by_executor(events(on_cluster))
    assert sum(scored.values()) == n_users
    assert len(scored) == 2 and min(scored.values()) > n_users / 4, scored


@pytest.mark.long
@pytest.mark.fault("kill -9 of an executor of Spark while it scores", "the build finishes, with the same tables")
def test_a_lost_executor_costs_no_row(on_cluster, cluster, default_world, seen):
    build = start_scoring(on_cluster, cluster)
    os.kill(cluster.executors_in_python()[0], signal.SIGKILL)
    assert build.wait(FINISHES_WITHIN_SECONDS) == 0, on_cluster.log.read_text()[-5000:]
    lost = [
        event for event in events(on_cluster) if event.get("Task End Reason", {}).get("Reason") == "ExecutorLostFailure"
    ]
    assert lost
    assert differences(default_world, on_cluster.folder) == []
    seen(f"built; {len(lost)} tasks ran again on another executor; every published table is the same")


@pytest.mark.long
@pytest.mark.fault("kill -9 of every executor of Spark, again and again, while it scores", "fails; the old lists stay")
def test_without_executors_the_old_lists_stay(on_cluster, cluster, default_world, seen):
    before = published_files(default_world, on_cluster)
    build = start_scoring(on_cluster, cluster)
    deadline = time.monotonic() + FINISHES_WITHIN_SECONDS
    while build.poll() is None:
        assert time.monotonic() < deadline, on_cluster.log.read_text()[-5000:]
        # An executor that has not begun a task would only be replaced, and never fail the build.
        for executor in cluster.executors_in_python():
            with suppress(ProcessLookupError):
                os.kill(executor, signal.SIGKILL)
        time.sleep(0.1)
    assert build.returncode == 1, on_cluster.log.read_text()[-5000:]
    after = published_files(default_world, on_cluster)
    lists = descendants(default_world, "model.causalyn.int_build__publication_gate")
    assert "marts.nudge_list" in lists
    assert {table: after[table] for table in lists} == {table: before[table] for table in lists}
    seen(re.search("ERROR creating .*? model \\S+", on_cluster.log.read_text())[0])


@pytest.mark.long
@pytest.mark.fault(
    "kill -9 of dbt and Spark's driver while lists are published", "every list but that one is whole, old or new"
)
def test_a_killed_driver_leaves_whole_lists(on_cluster, default_world, seen):
    before = published_files(default_world, on_cluster)
    build = on_cluster.start_build(*LISTS)
    deadline = time.monotonic() + FINISHES_WITHIN_SECONDS
    while published_files(default_world, on_cluster) == before:
        assert time.monotonic() < deadline and build.poll() is None, on_cluster.log.read_text()[-5000:]
        time.sleep(0.1)
    os.killpg(build.pid, signal.SIGKILL)
    build.wait()
    after = published_files(default_world, on_cluster)
    replaced = sum(after[table] != before[table] for table in before)
    assert 0 < replaced < len(before)
    # The table that was being replaced may be gone.
    unlike = differences(default_world, on_cluster.folder)
    assert unlike[1:] == [] and all(difference.endswith("is missing") for difference in unlike)
    on_cluster.build(*LISTS)
    assert differences(default_world, on_cluster.folder) == []
    seen(f"{replaced} of {len(before)} published tables were new, {len(unlike)} missing; the next build finished")


@pytest.mark.long
def test_a_build_is_measured_on_both_engines(spark_environment, tmp_path, monkeypatch):
    for name in ("JAVA_HOME", "SPARK_LOCAL_IP", "JAVA_TOOL_OPTIONS"):
        monkeypatch.setenv(name, spark_environment[name])
    for name in set(os.environ) - set(spark_environment):
        monkeypatch.delenv(name)
    benchmark.adopt_orphans()
    rows = [dict(zip(benchmark.HEADER, row, strict=True)) for row in benchmark_engines.compare(600, tmp_path)]
    assert [(row["accounts"], row["kind"], row["name"]) for row in rows] == [
        (600, "engine", "duckdb"),
        (600, "engine", "spark"),
    ]
    figures = ("users", "activity_rows", "seconds", "cpu_seconds", "peak_memory_mb", "database_mb")
    assert min(row[figure] for row in rows for figure in figures) > 0


def start_scoring(spark: SparkProject, cluster: spark_processes.Cluster) -> subprocess.Popen:
    """Starts building the scores and everything downstream; returns once executors begin to score users."""
    build = spark.start_build(*SCORES)
    deadline = time.monotonic() + FINISHES_WITHIN_SECONDS
    while not cluster.executors_in_python():
        assert build.poll() is None and time.monotonic() < deadline, spark.log.read_text()[-5000:]
        time.sleep(0.05)
    return build


def events(spark: SparkProject) -> list[dict]:
    """Spark's log events of the last build."""
    log = max(spark.folder.glob("events/*"), key=lambda log: log.stat().st_mtime)
    return [json.loads(line) for file in sorted(log.glob("events_*")) for line in file.read_text().splitlines()]


def rows_scored_by_executor(events: list[dict]) -> Counter[str]:
    """Rows of the first stage that called `mapInPandas`: scores come before explanations."""
    scoring = min(
        event["Stage Info"]["Stage ID"]
        for event in events
        if event["Event"] == "SparkListenerStageCompleted"
        and any("MapInPandas" in rdd.get("Scope", "") for rdd in event["Stage Info"]["RDD Info"])
    )
    rows = Counter()
    for event in events:
        if event["Event"] == "SparkListenerTaskEnd" and event["Stage ID"] == scoring:
            rows[event["Task Info"]["Executor ID"]] += event["Task Metrics"]["Output Metrics"]["Records Written"]
    return rows


def published_files(world, spark: SparkProject) -> dict[str, list[str]]:
    """The files of every published table; Spark never gives two the same name."""
    paths = {table: spark.folder / "{}.db/{}".format(*table.split(".")) for table in published_tables(world)}
    return {table: sorted(file.name for file in path.glob("*.parquet")) for table, path in paths.items()}


def descendants(world, node: str) -> set[str]:
    """The published tables downstream of a node."""
    found, open_nodes = set(), [node]
    while open_nodes:
        for child in world.manifest["child_map"][open_nodes.pop()]:
            if child not in found:
                found.add(child)
                open_nodes.append(child)
    models = (world.manifest["nodes"][child] for child in found if child.startswith("model."))
    return {f"{published_schema(model)}.{model['alias']}" for model in models if is_published(model)}


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
        assert connection.execute("select table_name from information_schema.tables").fetchall() == [("policy_funnel",)]


def test_sources_are_copied_as_a_whole(built_world, tmp_path):
    files = tmp_path / "files"
    (files / "raw" / "stale").mkdir(parents=True)
    copied = spark_files.copy_sources(built_world.warehouse, files)
    # Hidden truth and its origin are next to the raw tables.
    assert copied == len(list(files.glob("raw/*/part.parquet"))) + 2 > 5
    assert not (files / "raw" / "stale").exists()
    without_truth = tmp_path / "world.duckdb"
    shutil.copy(built_world.warehouse, without_truth)
    spark_files.copy_sources(without_truth, files)
    # Spark registers a table by its file: without hidden truth that file has no row.
    hidden = sorted(path.parent.name for path in files.glob("truth/*/part.parquet"))
    assert hidden == ["latent_uplift_groups_hidden", "latent_uplift_today_hidden"]
    assert duckdb.sql(f"from '{files}/truth/*/part.parquet'").fetchall() == []
