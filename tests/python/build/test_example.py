"""The example of docs/guide/own-data.md: a company's own words and files, from export to list, as for a reader."""

from __future__ import annotations

import csv
import gzip
import shlex
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

import example_company

ZONE = "Europe/Berlin"


@pytest.fixture(scope="module")
def example(copy_project, run, tmp_path_factory) -> tuple[Path, Path]:
    """The example's warehouse, and the project that built it with the commands of the page, words confirmed in between."""
    project = copy_project(tmp_path_factory.mktemp("example") / "project")
    # The tests' own environment stands in for the one that make would install.
    (project / ".venv").mkdir()
    (project / ".venv" / ".installed").touch()

    def make(command: list[str]) -> subprocess.CompletedProcess[str]:
        return run("make", f"BIN={Path(sys.executable).parent}", *command, directory=project)

    page = (project / "docs" / "guide" / "own-data.md").read_text()
    lines = page.partition("```sh\n")[2].partition("```")[0].splitlines()
    drafting, building, exporting = (shlex.split(line, comments=True)[1:] for line in lines if line.startswith("make "))
    drafted = make(drafting)
    assert drafted.returncode == 0, drafted.stderr
    unconfirmed = make(building)
    assert unconfirmed.returncode != 0
    assert "Nothing was decided: some words of the export are not mapped" in unconfirmed.stderr, (
        "guesses must not count"
    )

    for seed in (project / "seeds" / "mapping").glob("*.csv"):
        with seed.open(newline="") as file:
            header, *lines = csv.reader(file)
        if header[-1] == "guessed":
            lines = [(theirs, ours, "") for theirs, ours, _ in lines]
        else:
            lines = [(feature, "Answer to the last survey, 0 to 10") for feature, _ in lines]
        with seed.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([header, *lines])
    for command in (building, exporting):
        done = make(command)
        assert done.returncode == 0, done.stderr
    return project / "warehouse" / "causalyn.duckdb", project


def read(example: tuple[Path, Path], query: str) -> list[tuple]:
    with duckdb.connect(str(example[0]), read_only=True) as connection:
        return connection.sql(query).fetchall()


def test_the_example_leads_to_a_list(example):
    ((targets, suppressed),) = read(
        example,
        "select count(*) filter (where decision = 'target'), count(*) filter (where decision <> 'target')"
        " from marts.account_policy where population = 'today' and is_shipped",
    )
    assert targets > 50
    assert suppressed > 50
    listed = {account for (account,) in read(example, "select account_id from marts.target_accounts")}
    assert len(listed) == targets
    with (example[1] / "target" / "exports" / "target_accounts.csv").open(newline="") as file:
        exported = {row["account_id"] for row in csv.DictReader(file)}
    assert exported
    assert exported <= listed
    assert read(example, "select check_id from marts.verdicts where verdict = 'fail'") == []


def test_every_word_of_the_example_means_what_the_company_means(example):
    assert read(
        example,
        "select distinct raw.role_type, staged.role_type from raw.users_raw as raw"
        " inner join staging.stg_users as staged using (user_id) order by all",
    ) == [("Member", "basic"), ("Owner", "admin"), ("Viewer", "basic")]
    assert read(
        example,
        "select distinct raw.plan_tier, staged.plan_tier from raw.accounts_raw as raw"
        " inner join staging.stg_accounts as staged using (account_id) order by all",
    ) == [("business", "enterprise"), ("free", "starter"), ("pro", "growth")]
    assert ("own_nps",) in read(example, "select feature from marts.feature_importance")


def test_days_of_the_example_are_those_of_its_zone(example):
    assert read(
        example, "select min(intervention_date), max(intervention_date) from staging.stg_interventions"
    ) == read(example, "select date '2025-04-07', date '2025-04-13'")


@pytest.mark.fault("an export of local midnights whose zone nobody named", "refused")
@pytest.mark.parametrize("script", ["load_raw.py", "map_words.py"])
def test_the_example_is_refused_without_its_zone(project_root, run, tmp_path, seen, script):
    own, status = {"load_raw.py": ("--warehouse", 3), "map_words.py": ("--seeds", 1)}[script]
    done = run(
        sys.executable, project_root / "scripts" / script, project_root / "docs" / "example", own, tmp_path / "x"
    )
    assert done.returncode == status
    assert f"name it, for example TIMEZONE={ZONE}" in done.stderr
    seen(done.stderr)


def test_the_example_is_what_its_script_writes(project_root, monkeypatch, tmp_path):
    monkeypatch.setattr(example_company, "DIRECTORY", tmp_path)
    example_company.main()

    def contents(folder: Path) -> dict[str, bytes]:
        plain = {path.name: path.read_bytes() for path in folder.glob("*_raw.csv")}
        return plain | {path.name: gzip.decompress(path.read_bytes()) for path in folder.glob("*_raw.csv.gz")}

    assert contents(tmp_path) == contents(project_root / "docs" / "example")
