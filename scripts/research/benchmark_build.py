"""Runs `dbt build` one node at a time in this process and writes each node's cost: `benchmark_build.py FILE`.

Needs Linux, whose kernel records peak memory and allows resetting it before each node.
"""

from __future__ import annotations

import csv
import functools
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from dbt.cli.main import dbtRunner
from dbt_common.events.base_types import EventMsg
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeRegressor, ExtraTreeRegressor
from sklearn.tree._tree import Tree

from benchmark import COLUMNS, peak_memory_mb, reset_peak_memory
from causalyn.learner import uplift

ACTIVITY = {"model.causalyn.base_user_activity", "model.causalyn.stg_user_activity_daily"}
DECISION = "model.causalyn.int_policy__nudges"
"""The last node of the steps that a script of a user's own would have too: raw tables to nudges, scores apart."""


class ScikitLearnTime:
    """Processor time, all threads, of fitting and predicting in scikit-learn's forests and trees: the rest is ours."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._lock = threading.Lock()
        self._inside = threading.local()

    def watch(self) -> None:
        for kind in (DecisionTreeRegressor, ExtraTreeRegressor, LogisticRegression):
            for method in ("fit", "predict"):
                if hasattr(kind, method):
                    setattr(kind, method, self._timed(getattr(kind, method)))
        # A stored forest calls its trees directly.
        uplift.Tree = type("WatchedTree", (Tree,), {"apply": self._timed(Tree.apply)})

    def _timed(self, call: Callable) -> Callable:
        @functools.wraps(call)
        def timed(*arguments: Any, **options: Any) -> Any:
            if getattr(self._inside, "call", False):
                return call(*arguments, **options)
            self._inside.call = True
            started = time.thread_time()
            try:
                return call(*arguments, **options)
            finally:
                self._inside.call = False
                with self._lock:
                    self.seconds += time.thread_time() - started

        return timed


class NodeCosts:
    """Seconds, processor seconds and peak memory of every node, from the events of a dbt run with one thread."""

    def __init__(self) -> None:
        self.rows: dict[str, list[float]] = {}
        self._sklearn = ScikitLearnTime()
        self._sklearn.watch()
        self._started: dict[str, tuple[float, ...]] = {}

    def __call__(self, event: EventMsg) -> None:
        if event.info.name == "NodeStart":
            reset_peak_memory()
            self._started[event.data.node_info.unique_id] = self._now()
        elif event.info.name == "NodeFinished" and event.data.node_info.unique_id in self._started:
            node = event.data.node_info.unique_id
            spent = [now - then for now, then in zip(self._now(), self._started[node], strict=True)]
            self.rows[node] = [*spent, peak_memory_mb()]

    def _now(self) -> tuple[float, ...]:
        return time.perf_counter(), time.process_time(), self._sklearn.seconds


def steps_before(nodes: dict[str, dict], last: str) -> set[str]:
    """The SQL models upstream of a model, including the model itself."""
    found, todo = set(), [last]
    while todo:
        node = todo.pop()
        if node.startswith("model.") and node not in found:
            found.add(node)
            todo += nodes[node]["depends_on"].get("nodes", [])
    return {node for node in found if nodes[node]["language"] == "sql"}


def main() -> None:
    costs = NodeCosts()
    build = ["build", "--exclude-resource-type", "unit_test", "--threads", "1", "--quiet"]
    if not dbtRunner(callbacks=[costs]).invoke(build).success:
        raise SystemExit("error: dbt build failed")
    manifest = json.loads(Path(os.environ["DBT_TARGET_PATH"], "manifest.json").read_text())
    nodes = manifest["nodes"]

    def described(node: str) -> tuple[str, str, str]:
        resource, name = nodes[node]["resource_type"], nodes[node]["name"]
        reads_activity = not ACTIVITY.isdisjoint(nodes[node]["depends_on"].get("nodes", []))
        kind = f"{nodes[node]['language']}_{resource}" if resource == "model" else resource
        return kind, name, "activity_rows" if reads_activity else "users"

    # Exposures have start and end events too, but nothing runs.
    rows = [(*described(node), *spent, 0.0) for node, spent in costs.rows.items() if node in nodes]
    steps = np.array([costs.rows[node] for node in steps_before(nodes, DECISION) if node in costs.rows])
    rows.append(("steps", "raw_to_nudges", "users", *steps[:, :3].sum(axis=0), steps[:, 3].max(), 0.0))
    with Path(sys.argv[1]).open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])


if __name__ == "__main__":
    main()
