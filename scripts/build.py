"""Load or generate, decide, publish, and print the decision: `python scripts/build.py --raw path/to/exports`.

One line per stage; dbt's log is in logs/dbt.log, and its statements in target/run. The exit status is 0 if the lists are
published, 3 if a person must look at the data, a check or a table that failed, 1 if the build could not run, and 128 plus the
number of the signal if it was interrupted.
"""

from __future__ import annotations

import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import duckdb

from causalyn.engines import spark_files
from causalyn.warehouse import command, origin, publication
from causalyn.warehouse.opening import reason
from causalyn.warehouse.raw_contract import PUBLICATION
from causalyn.warehouse.stages import MOST_FAILURES, OF_DBT, DbtRun, Stages

LOG = command.ROOT / "logs" / "dbt.log"


def run(script: str, *options: str | Path) -> list[str]:
    """The lines another command prints; its errors go to this one's stderr."""
    lines: list[str] = []
    command.run_to_its_end([sys.executable, command.ROOT / "scripts" / script, *options], lines.append)
    return [line.rstrip() for line in lines]


def fill(options: Namespace, generator: list[str]) -> tuple[str, list[str]]:
    """Fill the raw tables; returns how to treat them (`deliveries` in dbt_project.yml), and notes on them.

    Without a request for either, loaded data is built as it is, and anything else is replaced by a world.
    """
    warehouse, compared = ("--warehouse", options.warehouse), "accept" if options.accept_changes else "compare"
    if options.raw:
        zone = ["--timezone", options.timezone] if options.timezone else []
        return compared, run("load_raw.py", options.raw, *zone, *warehouse)
    if not generator and not options.world and origin.of(options.warehouse) == origin.LOADED:
        return compared, ["as it was loaded"]
    return "ignore", run("generate_world.py", *generator, *(["--replace-loaded"] if options.world else []), *warehouse)


def is_published(warehouse: Path) -> bool:
    """Whether dbt's last run published; every run clears the record as it starts."""
    try:
        with spark_files.connect(warehouse) as connection:
            return connection.execute(f"select status from {PUBLICATION}").fetchall() == [("published",)]
    except duckdb.Error:
        return False


def standing(stages: Stages, warehouse: Path) -> str:
    """Which lists are in force, and since when."""
    if stages.current in OF_DBT and is_published(warehouse):
        return "New lists are published, but not all that follows."
    return publication.standing(warehouse)


def explain(stages: Stages, dbt: DbtRun | None, warehouse: Path, interrupted: bool = False) -> None:
    """The lines that matter, and one paragraph: what happened, since when the lists stand, what to do."""
    failures = dbt.failures() if dbt and not interrupted else []
    what = f"The build {'was interrupted' if interrupted else 'failed'} in the stage {stages.current}"
    was_killed = not (failures or interrupted) and stages.current in ("project", *OF_DBT)
    # Otherwise dbt's last hook has said more.
    if stages.current in ("world", "project") or ((interrupted or was_killed) and stages.current in OF_DBT):
        publication.mark_page(command.target() / "report" / "index.html", warehouse, f"{what}.")
    print(flush=True)
    for name, lines in failures[:MOST_FAILURES]:
        print(f"{name}\n{lines}\n" if name else f"{lines}\n", file=sys.stderr)
    named = ", ".join(name for name, _ in failures[:MOST_FAILURES] if name)
    named += f" and {len(failures) - MOST_FAILURES} more" if len(failures) > MOST_FAILURES else ""
    remedy = "Run" if interrupted else "Fix what is named above, then run"
    if was_killed:
        remedy = "dbt did not say why: perhaps it was killed, for lack of memory. Free some, then run"
    print(
        f"{what}{': ' + named if named else ''}. {standing(stages, warehouse)} {remedy} the same command again. "
        f"docs/messages.md explains every message; {LOG.relative_to(command.ROOT)} has the log, target/run the statements.",
        file=sys.stderr,
    )


def build(options: Namespace, generator: list[str]) -> int:
    """All stages; the exit status."""
    stages, dbt, warehouse = Stages(), None, options.warehouse
    on_spark = options.target == "spark"
    result = spark_files.directory(command.ROOT) if on_spark else warehouse
    try:
        stages.begin("world")
        deliveries, about = fill(options, generator)
        if on_spark:
            about += run("copy_to_spark.py", "--warehouse", warehouse)
        stages.end("\n".join(about).replace("\n", "\n" + " " * 20))
        dbt = DbtRun(stages, command.target())
        command.build(
            warehouse,
            *("--target", options.target),
            *("--vars", f"deliveries: {deliveries}"),
            each_line=dbt.read,
        )
        stages.end(*dbt.said)
        stages.begin("page")
        drawn = run("render_report.py", "--warehouse", result)
        answer = run("summarise.py", "--warehouse", result)
        stages.end(*drawn)
        print("", *answer, sep="\n")
    except duckdb.Error as error:
        sys.exit(f"Nothing was built. {warehouse} cannot be read: {reason(error)}")
    except subprocess.CalledProcessError as error:
        explain(stages, dbt, result)
        return error.returncode if error.returncode > 0 else 128 - error.returncode
    except KeyboardInterrupt:
        explain(stages, dbt, result, interrupted=True)
        return 130
    except SystemExit as told:
        explain(stages, dbt, result, interrupted=True)
        return int(told.code or 1)
    return 0


def main() -> None:
    parser = command.parser(__doc__, creates=True)
    parser.add_argument("--raw", metavar="DIRECTORY", help="an export to load first, as load_raw.py takes it")
    parser.add_argument("--timezone", help="time zone of its days, such as Europe/Berlin")
    parser.add_argument("--accept-changes", action="store_true", help="publish it even if it differs from the last one")
    parser.add_argument("--world", action="store_true", help="replace loaded data with a generated world")
    parser.add_argument("--target", choices=("duckdb", "spark"), default="duckdb")
    parser.epilog = "Other options are those of generate_world.py."
    options, generator = parser.parse_known_args()
    if options.raw and (generator or options.world):
        parser.error("--raw loads existing files; what steers the generator does not go with it")
    sys.exit(build(options, generator))


if __name__ == "__main__":
    main()
