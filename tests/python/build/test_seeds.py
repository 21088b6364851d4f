"""Non-numeric values in a seed are reported before anything is built from it."""

from __future__ import annotations

import csv
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def spoil(seed: Path, words: Iterator[str]) -> dict[str, str]:
    """Puts words into the first row's numeric columns, and returns them by column."""
    with seed.open(newline="") as file:
        header, *rows = csv.reader(file)
    numeric = [
        column
        for column, cells in enumerate(zip(*rows, strict=True))
        if any(cells) and all(is_number(cell) for cell in cells if cell)
    ]
    for column in numeric:
        rows[0][column] = next(words)
    with seed.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
    return {header[column]: rows[0][column] for column in numeric}


@pytest.mark.fault("every number of every seed is none", "one line per seed names them")
def test_what_is_no_number_in_a_seed_is_named_in_one_line(project_copy, run_dbt, listed, seen, tmp_path):
    words = itertools.cycle(["nan", "inf", "-Infinity", "1e999", "seven"])
    spoilt = {seed.name: spoil(seed, words) for seed in sorted((project_copy / "seeds").rglob("*.csv"))}
    numeric = {name: columns for name, columns in spoilt.items() if columns}
    assert {"policy_parameters.csv", "momentum_parameters.csv", "checks.csv", "published_claims.csv"} <= numeric.keys()

    seeded = run_dbt("seed", warehouse=tmp_path / "causalyn.duckdb", project=project_copy)

    assert seeded.returncode == 1
    messages = [line.strip() for line in seeded.stdout.splitlines() if "Nothing was decided:" in line]
    assert len(messages) == len(numeric)
    for name, columns in numeric.items():
        (message,) = {each for each in messages if f"/{name} holds " in each}
        listed(message)
        assert all(f"{column} {word} in line 2" in message for column, word in columns.items())
    seen(messages[0])


@pytest.mark.fault("a parameter is misspelt", "one line names it")
def test_a_column_that_nothing_reads_is_refused(project_copy, run_dbt, listed, seen, tmp_path):
    seed = project_copy / "seeds" / "campaign_parameters.csv"
    seed.write_text(seed.read_text().replace("exploration_share", "exploration_shares"))
    refused = run_dbt(
        "seed", "--select", "campaign_parameters", warehouse=tmp_path / "causalyn.duckdb", project=project_copy
    )
    assert refused.returncode == 1
    (message,) = {line.strip() for line in refused.stdout.splitlines() if "Nothing was decided:" in line}
    listed(message)
    assert "unknown are exploration_shares; missing are exploration_share." in message
    seen(message)


@pytest.mark.fault("dbt in a warehouse whose name means something in SQL", "one line, and no file")
def test_dbt_refuses_a_warehouse_whose_name_means_something_in_sql(run, project_root, listed, seen, tmp_path):
    refused = run(
        Path(sys.executable).with_name("dbt"), "--no-use-colors", "seed", "--select", "momentum_parameters",
        CAUSALYN_WAREHOUSE=str(tmp_path / 'q"x.duckdb'), DBT_TARGET_PATH=str(tmp_path / "target"),
        DBT_LOG_PATH=str(tmp_path / "logs"), directory=project_root,
    )  # fmt: skip
    assert refused.returncode != 0
    (message,) = {line.strip() for line in refused.stdout.splitlines() if "A warehouse can't be called" in line}
    listed(message)
    seen(message)
    assert not list(tmp_path.glob("*.duckdb*"))
