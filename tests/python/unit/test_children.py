"""A run of dbt ends with the command that started it: no orphan publishes anything."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from test_messages import write_smallest_export

DBT = """#!/bin/sh
touch "{folder}/started"
sleep 2
touch "{folder}/published"
"""
COMMAND = """
import pathlib, sys
from causalyn.warehouse import command
folder = pathlib.Path(sys.argv[1])
sys.executable = str(folder / "python")
command.build(folder / "causalyn.duckdb")
"""


def started(folder: Path, project_root: Path) -> subprocess.Popen:
    """A command that has started a stand-in for dbt, which publishes after two seconds."""
    dbt = folder / "dbt"
    dbt.write_text(DBT.format(folder=folder))
    dbt.chmod(0o700)
    # Under nohup a command ignores that its terminal is gone, and so would the tests of that.
    heeds_hangups = partial(signal.signal, signal.SIGHUP, signal.SIG_DFL)
    command = subprocess.Popen(
        [sys.executable, "-c", COMMAND, folder], cwd=project_root / "scripts", preexec_fn=heeds_hangups
    )
    deadline = time.monotonic() + 60
    while not (folder / "started").exists():
        assert time.monotonic() < deadline and command.poll() is None
        time.sleep(0.02)
    return command


KILLED = pytest.param(
    signal.SIGKILL,
    marks=pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children whose parent is killed"),
)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, KILLED])
@pytest.mark.fault("a signal to the command alone while dbt runs", "dbt ends and publishes nothing")
def test_dbt_ends_with_its_command(project_root, seen, tmp_path, number):
    command = started(tmp_path, project_root)
    command.send_signal(number)
    status = command.wait(60)
    assert status in {-number, 128 + number}
    time.sleep(3)
    assert not (tmp_path / "published").exists()
    seen(f"status {status}, nothing published")


@pytest.mark.parametrize(
    ("error", "status"), [("OSError(28, 'No space left')", 1), ("KeyboardInterrupt", -signal.SIGINT)]
)
@pytest.mark.fault("a command is interrupted, or the machine refuses it something", "one line")
def test_a_command_ends_in_one_line(project_root, run, listed, seen, error, status):
    code = "from causalyn.warehouse import command; command.parser('A command: it ends'); raise "
    ended = run(sys.executable, "-c", code + error, directory=project_root / "scripts")
    assert ended.returncode == status
    (line,) = ended.stderr.splitlines()
    seen(line)
    listed(line)
    fault = run(sys.executable, "-c", code + "ValueError", directory=project_root / "scripts")
    assert fault.stderr.startswith("Traceback")


@pytest.mark.fault("Ctrl-C while make map reads its seeds", "one line")
def test_a_command_without_a_warehouse_ends_in_one_line_too(project_root, listed, seen, tmp_path):
    write_smallest_export(tmp_path / "export")
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    os.mkfifo(seeds / "roles.csv")  # which never says anything
    command = [sys.executable, project_root / "scripts" / "map_words.py", tmp_path / "export", "--seeds", seeds]
    mapping = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    with (seeds / "roles.csv").open("w"):  # waits until the command reads it
        mapping.send_signal(signal.SIGINT)
        (line,) = mapping.communicate(timeout=60)[1].splitlines()
    seen(line)
    listed(line)


def test_a_command_that_is_left_alone_publishes(project_root, tmp_path):
    assert started(tmp_path, project_root).wait(60) == 0
    assert (tmp_path / "published").exists()
