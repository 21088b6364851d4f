"""A build that dies at any moment leaves the lists of one build, and the next build recovers."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from conftest import ENVIRONMENT, ROOT, dbt_command

from causalyn.warehouse.command import NOT_PUBLISHED
from causalyn.warehouse.list_exports import export_lists
from causalyn.warehouse.raw_contract import TABLES

WHOLE = ("build", "--exclude", "resource_type:unit_test")
FROM_THE_POLICY = (*WHOLE, "--select", "policy_parameters+")
LONG_MOMENTS, MOMENTS_OF_PUBLICATION = 50, 20
KILLS_BETWEEN_BUILDS = 10

PREVIOUS, NEW = "previous", "new"


@dataclass(frozen=True)
class Lists:
    """The published tables of a warehouse, and the builds that their rows belong to."""

    tables: dict[str, list[tuple]]
    builds: frozenset[str]


def read_lists(warehouse: Path) -> Lists:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        columns = connection.execute(
            "select table_name, bool_or(column_name = 'build_id') from duckdb_columns() where schema_name = 'marts' group by 1"
        ).fetchall()
        read = {name for name, has_build in columns if has_build} | {"policy_funnel", "budget_curve", "findings"}
        # Some tables only grow: a row keeps the build that wrote it.
        read -= {"policy_decisions_ledger"}
        of_one_build = read - {"momentum_triggers"}
        tables = {name: connection.sql(f"from marts.{name} order by all").fetchall() for name in sorted(read)}
        builds = [connection.sql(f"select distinct build_id from marts.{name}").fetchall() for name, has in columns
                  if has and name in of_one_build]  # fmt: skip
    return Lists(tables, frozenset(build for found in builds for (build,) in found))


@dataclass(frozen=True)
class Build:
    """A build of a warehouse that can be killed after a number of lines of progress and a further delay."""

    project: Path
    warehouse: Path
    arguments: tuple[str, ...]

    def run(self, lines: int | None = None, delay: float = 0.0) -> tuple[list[float], int]:
        """The times at which lines of progress appeared, and the exit code; killed after `lines` of them if given."""
        command, environment = dbt_command(self.project, self.project)
        process = subprocess.Popen(
            [*command, *self.arguments],
            cwd=self.warehouse.parent,
            env=ENVIRONMENT | environment | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        seen: list[float] = []
        with process:
            for line in process.stdout:
                if " of " in line and ("START" in line or "OK" in line or "PASS" in line):
                    seen.append(time.monotonic())
                if lines is not None and len(seen) >= lines:
                    time.sleep(delay)
                    process.kill()
                    break
        return seen, process.returncode


@dataclass(frozen=True)
class Scene:
    """A warehouse with published lists, a project that would decide otherwise, and its undisturbed build's result."""

    build: Build
    previous: Lists
    new: Lists
    n_lines: int
    publication_seconds: float

    def kill(self, lines: int, delay: float = 0.0) -> str:
        """Kill a build and return whose lists are published."""
        _, code = self.build.run(lines, delay)
        assert code in (-9, 0), f"the build ended by itself with {code}"
        found = read_lists(self.build.warehouse)
        assert len(found.builds) == 1
        assert found in (self.previous, self.new)
        return NEW if found == self.new else PREVIOUS

    def moments(self, total: int, of_publication: int, seed: int) -> list[tuple[int, float]]:
        """Moments spread over the lines of progress, and over the time from the last node to the publication's end."""
        draw, before = random.Random(seed), total - of_publication
        spread = [
            (1 + int(self.n_lines * (stratum + draw.random()) / before), draw.random() * 0.05)
            for stratum in range(before)
        ]
        publication = [
            (self.n_lines, 1.1 * self.publication_seconds * (stratum + draw.random()) / of_publication)
            for stratum in range(of_publication)
        ]
        return [(min(lines, self.n_lines), delay) for lines, delay in spread] + publication


def copy_warehouse(warehouse: Path, folder: Path) -> Path:
    """Copies the warehouse with its hidden truth to another folder."""
    folder.mkdir(exist_ok=True)
    shutil.copy(warehouse.with_suffix(".truth.duckdb"), folder)
    return Path(shutil.copy(warehouse, folder))


def make_scene(warehouse: Path, project: Path, arguments: tuple[str, ...]) -> Scene:
    """The scene on a built warehouse; the project then gets a more costly policy."""
    policies = project / "seeds" / "policy_parameters.csv"
    shipped = "precision,true,55,7,"
    assert shipped in policies.read_text()
    policies.write_text(policies.read_text().replace(shipped, "precision,true,55,20,"))
    undisturbed = Build(project, copy_warehouse(warehouse, warehouse.parent / "undisturbed"), arguments)
    seen, code = undisturbed.run()
    assert code == 0
    # The hook prints the last two lines after its transaction.
    scene = Scene(
        Build(project, warehouse, arguments),
        read_lists(warehouse),
        read_lists(undisturbed.warehouse),
        len(seen) - 2,
        seen[-2] - seen[-3],
    )
    assert scene.previous.tables["target_accounts"] != scene.new.tables["target_accounts"]
    return scene


@pytest.fixture
def scene(built_world, project_copy, with_parsed_project, tmp_path) -> Scene:
    """A copy of the built world whose decisions are made again."""
    with_parsed_project(project_copy / "target")
    return make_scene(copy_warehouse(built_world.warehouse, tmp_path), project_copy, FROM_THE_POLICY)


@pytest.mark.fault("kill -9 at 3 moments of a build", "the lists of one build; the next build succeeds")
def test_a_build_that_is_killed_leaves_the_lists_of_one_build(scene, seen):
    found = Counter(scene.kill(lines, delay) for lines, delay in scene.moments(3, 2, seed=1))
    assert found[PREVIOUS] > 0
    assert scene.build.run()[1] == 0
    assert read_lists(scene.build.warehouse) == scene.new
    seen(
        f"{found[PREVIOUS]} times the previous lists, {found[NEW]} times the new ones, never both; then those of the new build"
    )


@pytest.mark.long
@pytest.mark.fault("kill -9 at 50 moments of a whole build", "the lists of one build; the next build succeeds")
def test_a_whole_build_that_is_killed_fifty_times(project_copy, run, tmp_path, seen):
    """On a small, fast world, from staging and fits to publication, which gets two of five kills."""
    learner = project_copy / "seeds" / "learner_parameters.csv"
    pd.read_csv(learner).assign(account_pairs=4, trees=3).to_csv(learner, index=False)
    warehouse = tmp_path / "causalyn.duckdb"
    generated = run(
        sys.executable, project_copy / "scripts" / "generate_world.py", "--accounts", "600", "--warehouse", warehouse
    )
    assert generated.returncode == 0, generated.stderr
    assert Build(project_copy, warehouse, WHOLE).run()[1] == 0
    published = Path(shutil.copy(warehouse, tmp_path / "published.duckdb"))
    scene = make_scene(warehouse, project_copy, WHOLE)

    found: Counter[tuple[str, str]] = Counter()
    for number, (lines, delay) in enumerate(scene.moments(LONG_MOMENTS, MOMENTS_OF_PUBLICATION, seed=7), start=1):
        part = "publication" if lines == scene.n_lines else f"fifth {1 + 5 * lines // (scene.n_lines + 1)}"
        lists = scene.kill(lines, delay)
        found[part, lists] += 1
        print(f"{number}: {lines} of {scene.n_lines} lines + {delay:.3f} s: {lists}", flush=True)
        if number % KILLS_BETWEEN_BUILDS == 0:
            assert scene.build.run()[1] == 0
            assert read_lists(warehouse) == scene.new
        if number % KILLS_BETWEEN_BUILDS == 0 or lists == NEW:
            shutil.copy(published, warehouse)
            warehouse.with_name(f"{warehouse.name}.wal").unlink(missing_ok=True)
    assert sum(found.values()) == LONG_MOMENTS
    seen("; ".join(f"{part}: {count} x {lists} lists" for (part, lists), count in sorted(found.items())))


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Callable[[str], Path]]:
    """Mounts its own file system with the given options."""
    mounted = []

    def mount(options: str) -> Path:
        directory = tmp_path / "disk"
        directory.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", directory], capture_output=True, text=True
        )
        if done.returncode != 0:
            pytest.skip(f"no file system can be mounted here, which takes root: {done.stderr.strip()}")
        mounted.append(directory)
        return directory

    if shutil.which("mount") is None:
        pytest.skip("there is no command mount")
    yield mount
    for directory in mounted:
        subprocess.run(["umount", directory], check=True)


@pytest.fixture
def starve(built_world, run, with_parsed_project, tmp_path, seen) -> Callable[..., None]:
    """Decides again in a copy of the built world in a directory: the build must fail, say why, and leave the lists."""

    def starve(directory: Path, reason: str, before: Callable[[], object] = lambda: None, **variables: str) -> None:
        warehouse = Path(shutil.copy(built_world.warehouse, directory / "causalyn.duckdb"))
        previous = read_lists(warehouse)
        before()
        command, environment = dbt_command(tmp_path, ROOT)
        with_parsed_project(tmp_path / "target")
        arguments = (*WHOLE, "--select", "int_policy__users+")
        build = run(*command, *arguments, directory=directory, **environment | variables)
        assert build.returncode != 0
        messages = [line for line in build.stdout.splitlines() if reason in line]
        assert messages, build.stdout[-3000:]
        assert "Traceback" not in build.stdout + build.stderr
        assert read_lists(warehouse) == previous
        seen(f"{messages[0]}; the previous lists")

    return starve


@pytest.mark.fault("the disk is full", "says so; the previous lists")
def test_a_full_disk_stops_the_build_and_leaves_the_lists(built_world, starve, small_disk):
    starve(small_disk(f"size={built_world.warehouse.stat().st_size + 2**20}"), "No space left on device")


@pytest.mark.fault("the directory is read-only", "says so; the previous lists")
def test_a_read_only_directory_stops_the_build_and_leaves_the_lists(built_world, starve, small_disk):
    directory = small_disk(f"size={2 * built_world.warehouse.stat().st_size}")
    remount = ["mount", "-o", "remount,ro", directory]
    starve(directory, "can't be opened", before=lambda: subprocess.run(remount, check=True))


@pytest.mark.fault("a memory limit that no query fits in", "says so; the previous lists")
def test_too_little_memory_stops_the_build_and_leaves_the_lists(starve, tmp_path):
    (tmp_path / "warehouse").mkdir()
    starve(tmp_path / "warehouse", "Out of Memory Error", CAUSALYN_MEMORY_LIMIT="20MB")


@pytest.mark.long
@pytest.mark.parametrize("limit_mb", [400, 800, 1200, 1600])
@pytest.mark.fault(
    "the system refuses memory (ulimit)", "the build says so, or a library crashes or hangs; the previous lists"
)
def test_a_build_that_the_system_refuses_memory_leaves_the_lists(limit_mb, built_world, run, tmp_path, seen):
    """The words are DuckDB's, Python's or the C library's; a library may crash or wait for threads that don't start."""
    warehouse = Path(shutil.copy(built_world.warehouse, tmp_path / "causalyn.duckdb"))
    previous = read_lists(warehouse)
    build = run(
        "timeout", "--signal=KILL", "180", "prlimit", f"--as={limit_mb * 2**20}",
        Path(sys.executable).with_name("dbt"), "--no-use-colors", *WHOLE,
        CAUSALYN_WAREHOUSE=str(warehouse),
        DBT_TARGET_PATH=str(tmp_path / "target"),
        DBT_LOG_PATH=str(tmp_path / "logs"),
    )  # fmt: skip
    assert build.returncode != 0
    assert read_lists(warehouse) == previous
    words = ("out of memory", "allocate memory", "memoryerror", "start new thread", "map segment")
    printed = (build.stdout + build.stderr).splitlines()
    messages = [line for line in printed if any(word in line.lower() for word in words)]
    # Below 0 or above 128 is the signal that ended it.
    assert messages or not 0 < build.returncode < 128, printed[-50:]
    seen(f"{limit_mb} MB: {[*messages, f'exit code {build.returncode}'][0]}; the previous lists")


@pytest.fixture
def export_of_half(built_world, tmp_path) -> Path:
    """An export of half of the built world's accounts."""
    directory = tmp_path / "export"
    directory.mkdir()
    kept = "select account_id from built.raw.accounts_raw order by account_id limit 300"
    with duckdb.connect() as connection:
        connection.execute(f"attach '{built_world.warehouse}' as built (read_only)")
        for table in TABLES:
            columns = {column.name for column in table.columns}
            key, ids = ("account_id", kept) if "account_id" in columns else (
                "user_id", f"select user_id from built.raw.users_raw where account_id in ({kept})"
            )  # fmt: skip
            connection.execute(
                f"copy (from built.raw.{table.name} where {key} in ({ids})) to '{directory / table.name}.parquet'"
            )
    return directory


def kill_while_filling(warehouse: Path, *command: str | Path) -> list[tuple[int, int]]:
    """Kills a script that fills a warehouse at four moments; returns the accounts then in it, and those with users."""
    previous = read_lists(warehouse)
    worlds = []
    for delay in (0.6, 1.2, 1.8, 2.4):
        process = subprocess.Popen(
            [sys.executable, *command, "--warehouse", warehouse],
            env=ENVIRONMENT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(delay)
        process.kill()
        process.wait()
        assert read_lists(warehouse) == previous
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            worlds += connection.sql(
                "select count(*), (select count(distinct account_id) from raw.users_raw) from raw.accounts_raw"
            ).fetchall()
    return worlds


def told(worlds: list[tuple[int, int]], new: tuple[int, int]) -> str:
    """The result of the kills: the 600 old accounts or the new ones, and nothing in between."""
    old = (600, 600)
    assert set(worlds) <= {old, new}
    return f"{worlds.count(old)} times the old world, {worlds.count(new)} times the new one; always the previous lists"


@pytest.mark.fault("kill -9 while a world is generated", "the old world or the new one; the previous lists")
def test_a_generation_that_is_killed_leaves_the_lists_and_one_world(built_world, project_root, tmp_path, seen):
    warehouse = Path(shutil.copy(built_world.warehouse, tmp_path / "causalyn.duckdb"))
    script = project_root / "scripts" / "generate_world.py"
    seen(told(kill_while_filling(warehouse, script, "--accounts", "2000"), new=(2000, 2000)))


@pytest.mark.fault("kill -9 while an export is loaded", "the old world or the new one; the previous lists")
def test_a_load_that_is_killed_leaves_the_lists_and_one_world(
    built_world, export_of_half, project_root, tmp_path, seen
):
    warehouse = Path(shutil.copy(built_world.warehouse, tmp_path / "causalyn.duckdb"))
    script = project_root / "scripts" / "load_raw.py"
    seen(told(kill_while_filling(warehouse, script, export_of_half), new=(300, 300)))


COMMANDS = {
    "build.py": ("--raw", "{export}", "--accept-changes"),
    "load_raw.py": ("{export}",),
    "generate_world.py": ("--accounts", "600", "--seed", "7"),
    "refresh.py": (),
    "export_lists.py": ("--destination", "{folder}/exports"),
    "render_report.py": ("--directory", "{folder}/report"),
    "play_campaign.py": (),
    "play_bandit.py": (),
}
KILLS = 10


@pytest.mark.long
@pytest.mark.parametrize(
    "script",
    [
        pytest.param(
            script, marks=pytest.mark.fault(f"kill -9 at {KILLS} moments of {script}", "the old lists or the new")
        )
        for script in COMMANDS
    ],
)
def test_whatever_command_is_killed_the_lists_are_the_old_or_the_new(
    script, built_world, export_of_half, project_root, tmp_path, seen
):
    """And its files whole. The same command then succeeds, or says that it has started."""
    if script == "play_bandit.py":
        pytest.importorskip("mabwiser", reason="the bandit's library is not installed (extra `bandit`)")
    folder = tmp_path / "scene"
    warehouse = folder / built_world.warehouse.name
    options = [text.format(export=export_of_half, folder=folder) for text in COMMANDS[script]]
    own_places = {"DBT_TARGET_PATH": str(tmp_path / "target"), "DBT_LOG_PATH": str(tmp_path / "logs")}

    def set_up() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for file in built_world.warehouse.parent.glob("*.duckdb"):
            shutil.copy(file, folder)

    def run(seconds: float | None = None) -> tuple[int, str]:
        command = [sys.executable, project_root / "scripts" / script, *options, "--warehouse", warehouse]
        process = subprocess.Popen(
            command, env=ENVIRONMENT | own_places, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            printed, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            printed, _ = process.communicate()
        return process.returncode, printed

    def files() -> dict[str, bytes]:
        written = {
            path.relative_to(folder): path for name in ("exports", "report") for path in (folder / name).rglob("*")
        }
        return {str(name): path.read_bytes() for name, path in written.items() if path.is_file()}

    def finished() -> dict[str, bytes]:
        # Files in hidden folders are what a kill left unfinished.
        return {name: content for name, content in files().items() if "/." not in name}

    set_up()
    old, (status, printed) = read_lists(warehouse), run()
    assert status == 0, printed[-3000:]
    started = time.monotonic()
    set_up()
    run()
    took, new, whole = time.monotonic() - started, read_lists(warehouse), files()
    found: Counter[str] = Counter()
    for moment in random.Random(1).sample(range(1000), KILLS):
        set_up()
        status, _ = run(took * moment / 1000)
        lists = read_lists(warehouse)
        assert lists in (old, new) and len(lists.builds) == 1
        assert finished() in ({}, whole)
        found[f"{'ended' if status == 0 else 'killed'} with {NEW if lists == new != old else PREVIOUS} lists"] += 1
    status, printed = run()
    assert (status == 0 and finished() == whole) or "has started" in printed, printed[-3000:]
    seen(", ".join(f"{count} x {outcome}" for outcome, count in sorted(found.items())))


READERS_OF_LISTS = ("refresh.py", "export_lists.py", "render_report.py", "play_campaign.py", "play_bandit.py")
EDITED = r"Nothing was \w+.*marts\.nudge_list: changed since publication.*"
MISSING = r"Nothing was done: there is no warehouse .*"
DBT_SAYS_WHY = r"The \w+ stopped: (the run|a build) failed; dbt's messages are above\..*"


def damage(warehouse: Path) -> None:
    with warehouse.open("r+b") as file:
        file.write(bytes(8192))


def edit(statement: str) -> Callable[[Path], None]:
    def edited(warehouse: Path) -> None:
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute(statement)

    return edited


def fill_the_disk(warehouse: Path) -> None:
    with (warehouse.parent / "filler").open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(4096))
        except OSError:
            pass


def forbid_writing(warehouse: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", warehouse.parent], check=True)


@dataclass(frozen=True)
class Fault:
    """What is done to a warehouse before a command, and the line in which each command then ends."""

    strike: Callable[[Path], None]
    lines: dict[str, str]
    needs_disk: bool = False


FAULTS = {
    "a damaged file": Fault(
        damage, dict.fromkeys(("load_raw.py", *READERS_OF_LISTS), r".*it is not a valid DuckDB database file\.?")
    ),
    "a missing file": Fault(Path.unlink, dict.fromkeys(READERS_OF_LISTS, MISSING)),
    "a missing mart": Fault(edit("drop table marts.nudge_list"), dict.fromkeys(READERS_OF_LISTS, EDITED)),
    "an emptied mart": Fault(edit("delete from marts.nudge_list"), dict.fromkeys(READERS_OF_LISTS, EDITED)),
    "a full disk": Fault(
        fill_the_disk,
        dict.fromkeys(("load_raw.py", "export_lists.py", "render_report.py"), r".*No space left on device.*")
        | {"refresh.py": DBT_SAYS_WHY}
        | dict.fromkeys(("play_campaign.py", "play_bandit.py"), rf".*No space left on device\.|{DBT_SAYS_WHY}"),
        needs_disk=True,
    ),
    "a read-only disk": Fault(
        forbid_writing,
        dict.fromkeys(("load_raw.py", "export_lists.py", "render_report.py"), r".*Read-only file system.*")
        | dict.fromkeys(("play_campaign.py", "play_bandit.py"), r"The \w+ stopped: .*Read-only file system\.")
        | {"refresh.py": DBT_SAYS_WHY},
        needs_disk=True,
    ),
}
LONG = {"a damaged file", "a missing file", "an emptied mart"}
"""Faults similar to those that test_messages and test_exports inject, and to the missing mart, which stays."""


@pytest.mark.parametrize(
    ("name", "script"),
    [
        pytest.param(
            name,
            script,
            id=f"{script}-{name}",
            marks=[
                pytest.mark.fault(f"{name}: {script}", "one line; the old files"),
                *([pytest.mark.long] if name in LONG else []),
            ],
        )
        for name, fault in FAULTS.items()
        for script in fault.lines
    ],
)
def test_a_command_that_fails_says_why_in_one_line_and_leaves_the_old_files(
    name, script, built_world, export_of_half, project_root, with_parsed_project, request, tmp_path, listed, seen
):
    """The whole table of commands and faults. Loading needs no mart, and creates a missing warehouse."""
    fault = FAULTS[name]
    size = 2 * sum(file.stat().st_size for file in built_world.warehouse.parent.glob("*.duckdb"))
    folder = request.getfixturevalue("small_disk")(f"size={size}") if fault.needs_disk else tmp_path / "scene"
    folder.mkdir(exist_ok=True)
    for file in built_world.warehouse.parent.glob("*.duckdb"):
        shutil.copy(file, folder)
    warehouse = folder / built_world.warehouse.name
    for place in ("exports", "report"):
        (folder / place).mkdir()
        (folder / place / "old").write_text("old")
    if script == "export_lists.py":  # which replaces only its own
        shutil.rmtree(folder / "exports")
        export_lists(warehouse, folder / "exports")
    fault.strike(warehouse)

    def files() -> dict[str, bytes]:
        # What a failed write left in the write-ahead log is discarded when the warehouse is opened.
        return {
            str(path): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.suffix != ".wal"
        }

    def lists() -> Lists | None:
        return read_lists(warehouse) if fault.needs_disk else None

    before, published = files(), lists()
    with_parsed_project(tmp_path / "target")
    options = [text.format(export=export_of_half, folder=folder) for text in COMMANDS[script]]
    ended = subprocess.run(
        [sys.executable, project_root / "scripts" / script, *options, "--warehouse", warehouse],
        env=ENVIRONMENT | {"DBT_TARGET_PATH": str(tmp_path / "target"), "DBT_LOG_PATH": str(tmp_path / "logs")},
        capture_output=True,
        text=True,
    )
    assert ended.returncode in (1, NOT_PUBLISHED), ended.stdout[-2000:]
    (line,) = ended.stderr.splitlines()
    assert re.fullmatch(fault.lines[script], line), line
    if "dbt's messages are above" in line:
        assert "No space left on device" in ended.stdout or "Read-only file system" in ended.stdout
    listed(line.partition("as they were: ")[2].removesuffix(".") or line)
    seen(line.replace(str(folder), ""))
    assert lists() == published
    if not fault.needs_disk or script in ("export_lists.py", "render_report.py"):
        assert files() == before


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(script, marks=pytest.mark.fault(f"Ctrl-C during {script}", "one line; the old lists"))
        for script in ("load_raw.py", *READERS_OF_LISTS)
    ],
)
def test_ctrl_c_ends_a_command_in_one_line(
    script, built_world, export_of_half, project_root, with_parsed_project, tmp_path, listed, seen
):
    """As the terminal does it: the command and its children are interrupted, as soon as the command writes anything."""
    folder = tmp_path / "scene"
    folder.mkdir()
    for file in built_world.warehouse.parent.glob("*.duckdb"):
        shutil.copy(file, folder)
    warehouse = folder / built_world.warehouse.name
    with_parsed_project(tmp_path / "target")
    published, before = read_lists(warehouse), set(tmp_path.rglob("*"))
    options = [text.format(export=export_of_half, folder=folder) for text in COMMANDS[script]]
    process = subprocess.Popen(
        [sys.executable, project_root / "scripts" / script, *options, "--warehouse", warehouse],
        env=ENVIRONMENT | {"DBT_TARGET_PATH": str(tmp_path / "target"), "DBT_LOG_PATH": str(tmp_path / "logs")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while process.poll() is None and set(tmp_path.rglob("*")) == before:
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    (line,) = said.splitlines()
    assert process.returncode == -signal.SIGINT
    listed(line)
    seen(line)
    assert read_lists(warehouse) == published
    assert not (folder / "exports").exists()
    assert not (folder / "report" / "index.html").exists()
