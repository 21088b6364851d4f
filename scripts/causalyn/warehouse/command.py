"""Shared by the commands: the option --warehouse, files readable by their owner only, and running dbt."""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, NoReturn

import duckdb

from causalyn.warehouse import file_name
from causalyn.warehouse.opening import reason
from causalyn.warehouse.publication import EditedListsError, NothingPublishedError

ROOT = Path(__file__).resolve().parents[3]
NO_SETTINGS: Mapping[str, str] = {}
PATIENCE_SECONDS = 10  # for dbt to stop after a signal
NOT_PUBLISHED = 3  # exit status: data, a check or a list was found wrong: nothing is published, a person must look


def parser(docstring: str, warehouse: str | None = "DuckDB file", creates: bool = False) -> argparse.ArgumentParser:
    """A parser described by a command's docstring up to its colon, with the option --warehouse unless the command has none.

    A warehouse that does not exist is refused unless the command creates it.
    """
    sys.excepthook = _in_one_line
    os.umask(0o077)  # files written describe customers: readable by their owner only
    made = argparse.ArgumentParser(description=docstring.partition(":")[0])
    if warehouse:
        default = os.environ.get("CAUSALYN_WAREHOUSE") or ROOT / "warehouse" / "causalyn.duckdb"
        made.add_argument(
            "--warehouse", type=_warehouse if creates else _existing_warehouse, default=str(default), help=warehouse
        )
    return made


def target() -> Path:
    """Where dbt writes."""
    return ROOT / os.environ.get("DBT_TARGET_PATH", "target")


def _in_one_line(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Tracebacks are for bugs; a refusal of the machine, or an interruption by the user, takes one line."""
    # DuckDB raises the latter where Ctrl-C stops a query.
    if issubclass(kind, KeyboardInterrupt) or (kind is RuntimeError and str(error) == "Query interrupted"):
        print("The command stopped: it was interrupted.", file=sys.stderr, flush=True)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    elif issubclass(kind, (OSError, duckdb.OperationalError)):
        print(f"The command stopped: {reason(error)}.", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


def _warehouse(path: str) -> Path:
    warehouse = Path(path)
    objection = None if warehouse.is_dir() else file_name.objection(warehouse)
    if objection:
        sys.exit(objection)
    return warehouse


def _existing_warehouse(path: str) -> Path:
    warehouse = _warehouse(path)
    if not warehouse.exists():
        sys.exit(f"Nothing was done: there is no warehouse {warehouse}; `make build` creates one")
    return warehouse


def leave(message: str, status: int = 1) -> NoReturn:
    """End the command with this message and exit status (docs/messages.md)."""
    print(message, file=sys.stderr)
    sys.exit(status)


@contextmanager
def playing(what: str, *refusals: type[Exception]) -> Iterator[None]:
    """Ends a command that plays a campaign or a bandit, by name in `what`, in one line: refused, stopped, or played in vain."""
    refused: tuple[type[Exception], ...] = (EditedListsError, *refusals)
    try:
        yield
    except refused as error:
        leave(f"Nothing was played: {reason(error)}.")
    except duckdb.Error as error:
        leave(f"The {what} stopped: {reason(error)}.")
    except NothingPublishedError as error:
        leave(f"The {what} is played, but its readout is not published: {error}", NOT_PUBLISHED)
    except subprocess.CalledProcessError as error:
        leave(f"The {what} stopped: a build failed; dbt's messages are above.", error.returncode)


def build(
    warehouse: Path,
    *options: str | Path,
    each_line: Callable[[str], None] | None = None,
    settings: Mapping[str, str] = NO_SETTINGS,
) -> None:
    """`dbt build` without unit tests, which test only the code. Raises subprocess.CalledProcessError if it fails.

    `each_line` is called with every line of its JSON log; without it dbt prints errors only.
    `settings` are variables of its environment.
    """
    log = ("--log-format", "json", "--log-format-file", "debug") if each_line else ("--quiet",)
    selection = ("--exclude-resource-type", "unit_test", *options)
    run_dbt(warehouse, *log, "build", *selection, settings=settings, each_line=each_line)


def run_models(warehouse: Path, *options: str, settings: Mapping[str, str] = NO_SETTINGS) -> None:
    """`dbt run` of models that a command needs on the way: it publishes nothing and is silent on success."""
    said: list[str] = []
    try:
        run_dbt(warehouse, "--quiet", "run", *options, settings=settings, each_line=said.append)
    except subprocess.CalledProcessError:
        print(*said, sep="")
        raise


def run_dbt(warehouse: Path, *arguments: str | Path, settings: Mapping[str, str] = NO_SETTINGS, **options: Any) -> None:
    """Runs dbt with these arguments and environment variables, as `run_to_its_end` does, but fails with one of our exit statuses.

    Writing every statement to the log file would take 10% of the time; dbt keeps them in its target directory.
    """
    try:
        run_to_its_end(
            [Path(sys.executable).with_name("dbt"), "--log-level-file", "info", *arguments],
            cwd=ROOT,
            # A dbt that is told to terminate leaves semaphores, of which Python would warn after our last word.
            env=os.environ
            | {"CAUSALYN_WAREHOUSE": str(warehouse.resolve()), "PYTHONWARNINGS": "ignore:resource_tracker"}
            | dict(settings),
            **options,
        )
    except subprocess.CalledProcessError as error:
        # dbt exits with 1 if a table or a check failed, and with 2 if it could not run, for instance in a locked warehouse.
        raise subprocess.CalledProcessError(NOT_PUBLISHED if error.returncode == 1 else 1, error.cmd) from error


def run_to_its_end(command: list[str | Path], each_line: Callable[[str], None] | None = None, **options: Any) -> None:
    """Run a command that ends with this process, however that ends, so that nothing is published unseen.

    `each_line` is called with every line of its output. `options` are those of subprocess.Popen.
    Raises subprocess.CalledProcessError if the command fails, and SystemExit with the shell's
    status if this process is told to terminate.
    """
    if each_line:
        options |= {"stdout": subprocess.PIPE, "text": True}
    with _signals_as_exits(), subprocess.Popen(command, preexec_fn=_end_with_parent(), **options) as process:
        try:
            if each_line and process.stdout:
                for line in process.stdout:
                    each_line(line)
            status = process.wait()
        except BaseException:
            process.terminate()
            try:
                process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
            raise
    if status:
        raise subprocess.CalledProcessError(status, command)


@contextmanager
def _signals_as_exits() -> Iterator[None]:
    """Turns signals that would kill this process into SystemExit. Ignored signals, as under nohup, stay ignored."""

    def leave(number: int, _: FrameType | None) -> None:
        sys.exit(128 + number)

    in_charge = threading.current_thread() is threading.main_thread()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP) if in_charge}
    try:
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, leave)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_with_parent() -> Callable[[], None]:
    """A function for the child to call first: Ctrl-C, which reaches both, is left to the parent, and on Linux the kernel kills a
    child whose parent was killed.
    """
    control = ctypes.CDLL(None).prctl if sys.platform == "linux" else None
    parent = os.getpid()

    def begin() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if control:
            control(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
            if os.getppid() != parent:
                os._exit(1)

    return begin
