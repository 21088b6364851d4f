"""The benchmark's rivals do the same work as a build, and a run keeps the results of sizes it did not measure."""

import csv
import sys

import pytest

import benchmark


@pytest.mark.parametrize("rival", ["limit", "pandas"])
def test_rivals_come_to_the_builds_features_and_nudges(rival, built_world, run, project_root, tmp_path):
    costs = tmp_path / "costs.csv"
    script = project_root / "scripts" / "research" / "benchmark_rivals.py"
    compared = run(sys.executable, script, costs, rival, CAUSALYN_WAREHOUSE=str(built_world.warehouse))
    assert compared.returncode == 0, compared.stderr
    ((*_, seconds, cpu_seconds, _, memory, _),) = benchmark.read_rows(costs)
    assert min(seconds, cpu_seconds, memory) > 0


def test_small_nodes_are_summed_up_and_other_sizes_kept(tmp_path, monkeypatch):
    nodes = [
        ("test", "slow", "users", 2.0, 3.0, 0.0, 50.0, 0.0),
        ("test", "quick", "users", 0.02, 0.03, 0.0, 70.0, 0.0),
        ("test", "quicker", "users", 0.01, 0.01, 0.0, 60.0, 0.0),
        ("test", "scan", "activity_rows", 0.01, 0.01, 0.0, 60.0, 0.0),
    ]
    summed = benchmark.small_summed(nodes)
    assert summed == [
        nodes[0],
        ("test", "others", "users", 0.03, 0.04, 0.0, 70.0, 0.0),
        ("test", "others", "activity_rows", 0.01, 0.01, 0.0, 60.0, 0.0),
    ]
    monkeypatch.setattr(benchmark, "RESULTS", tmp_path / "results.csv")
    benchmark.store([(24000, 10, 100, "engine", *nodes[0][1:])])
    for accounts in (24000, 600, 24000):
        benchmark.store([(accounts, 10, 100, *row) for row in summed])
    with (tmp_path / "results.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert tuple(header) == benchmark.HEADER
    assert [(row[0], row[3]) for row in rows] == [("600", "test")] * 3 + [("24000", "engine")] + [("24000", "test")] * 3


def test_a_step_that_asks_for_too_much_memory_fails_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(benchmark, "MEMORY_BYTES", 2**29)
    environment = {"CAUSALYN_WAREHOUSE": str(tmp_path)}
    with pytest.raises(benchmark.StepFailedError, match="MemoryError"):
        benchmark.measured("greedy", ["-c", "bytearray(2**30)"], environment, tmp_path / "printed.txt")


def test_what_a_step_leaves_running_is_waited_for(tmp_path):
    """Like Spark's JVM, which outlives dbt by a moment."""
    done = tmp_path / "done"
    orphan = f"import pathlib, time; time.sleep(1); pathlib.Path({str(done)!r}).touch()"
    command = ["-c", f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {orphan!r}])"]
    benchmark.adopt_orphans()
    benchmark.measured("forking", command, {"CAUSALYN_WAREHOUSE": str(tmp_path)}, tmp_path / "printed.txt")
    assert done.exists()
