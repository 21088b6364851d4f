"""Prints the stages of a build with their seconds and, if dbt failed, the lines that matter."""

from __future__ import annotations

import json
import re
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

# By folder in a node's path; any other node belongs to the last stage.
FOLDERS = {
    "seeds/": "cleaning",
    "models/input/": "cleaning",
    "models/staging/": "cleaning",
    "/features/": "features",
    "/uplift/": "learner",
    "/evaluation/": "evaluation",
    "": "policy",
}
OF_DBT = list(dict.fromkeys(FOLDERS.values()))
GATE = "int_build__publication_gate"
MOST_FAILURES, MOST_LINES = 3, 8


class Stages:
    """Prints one line per finished stage. On a terminal, the last line shows the current one."""

    def __init__(self) -> None:
        self.current = ""
        self._since = time.monotonic()

    def begin(self, stage: str) -> None:
        self.current, self._since = stage, time.monotonic()
        self.show("...")

    def show(self, detail: str) -> None:
        if sys.stdout.isatty():
            print(f"\r\033[K{self.current:<11}        {detail}", end="", flush=True)

    def end(self, detail: str = "") -> None:
        start = "\r\033[K" if sys.stdout.isatty() else ""
        print(f"{start}{self.current:<11}{time.monotonic() - self._since:>5.0f} s  {detail}".rstrip(), flush=True)


class DbtRun:
    """Reads dbt's log, one JSON document per line, and moves through the stages.

    Nodes run in the order of the graph, two at a time: a stage is over when all nodes up to its last are done.
    """

    def __init__(self, stages: Stages, target: Path) -> None:
        self.said: list[str] = []
        self._stages, self._target = stages, target
        self._errors: list[str] = []
        self._stage_of: dict[str, int] = {}
        self._left: Counter[int] = Counter()
        self._total: Counter[int] = Counter()
        self._failed: list[str] = []
        self._stages.begin("project")

    def read(self, line: str) -> None:
        """Process one line of the log."""
        try:
            event = json.loads(line)
        except ValueError:
            return
        name, message = event["info"]["name"], re.sub(r"\033\[\d*m", "", event["info"]["msg"])
        if name == "ConcurrencyLine":
            self._plan()
        elif name == "PrintEvent":
            self.said.append(message)
        elif re.fullmatch(r"Log(Model|Seed|Test)Result|SkippingDetails", name):
            self._finish(event["data"]["node_info"])
        elif event["info"]["level"] == "error":
            self._errors.append(message)

    def failures(self) -> list[tuple[str, str]]:
        """Failed nodes with the lines of their messages that matter; an error of dbt itself has an empty name."""
        if not self._failed:
            return [("", _lines_that_matter(error)) for error in self._errors[:1]]
        results = json.loads((self._target / "run_results.json").read_text())["results"]
        messages = {result["unique_id"]: result["message"] or "" for result in results}
        named = [
            (unique_id.split(".")[2], _lines_that_matter(messages.get(unique_id, ""))) for unique_id in self._failed
        ]
        return sorted(named, key=lambda failure: failure[0] != GATE)

    def _plan(self) -> None:
        """Assign nodes to stages, from the manifest, which dbt writes before it runs the first node."""
        nodes = json.loads((self._target / "manifest.json").read_text())["nodes"]

        def stage(unique_id: str) -> int:
            node = nodes.get(unique_id)
            if node is None:
                return 0
            if node["resource_type"] == "test":
                return max(map(stage, node["depends_on"]["nodes"]), default=0)
            return OF_DBT.index(next(name for part, name in FOLDERS.items() if part in node["original_file_path"]))

        self._stage_of = {
            unique_id: stage(unique_id)
            for unique_id, node in nodes.items()
            if node["resource_type"] in ("seed", "model", "test") and node["config"]["materialized"] != "ephemeral"
        }
        self._left = Counter(self._stage_of.values())
        self._total = self._left.copy()
        self._stages.end(f"{len(self._stage_of)} tables and tests")
        self._stages.begin(OF_DBT[0])

    def _finish(self, node: dict[str, Any]) -> None:
        stage = self._stage_of.get(node["unique_id"])
        if stage is None:
            return
        if node["node_status"] in ("error", "fail"):
            self._failed.append(node["unique_id"])
            self._stages.current = OF_DBT[stage]
        self._left[stage] -= 1
        while self._stages.current in OF_DBT:
            current = OF_DBT.index(self._stages.current)
            done = self._total[current] - self._left[current]
            self._stages.show(f"{done} of {self._total[current]}")
            if self._left[current] > 0 or self._failed or current == len(OF_DBT) - 1:
                break
            self._stages.end(f"{self._total[current]} tables and tests")
            self._stages.begin(OF_DBT[current + 1])


def _lines_that_matter(message: str) -> str:
    """The message without paths of compiled code and, of a traceback, only the exception."""
    lines = [line.strip() for line in message.splitlines() if line.strip() and "compiled code at" not in line]
    if any(line.startswith("Traceback") for line in lines):
        lines = lines[-1:]
    return "\n".join(lines[:MOST_LINES])
