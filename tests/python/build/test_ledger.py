"""The ledger only grows, records the same for the same build, and gives the flips between any two of its sides."""

import shutil
import sys
from pathlib import Path

import duckdb
import pytest
from conftest import ROOT

from diff_decisions import NoSuchSideError, diff_decisions

LEDGER = "marts.policy_decisions_ledger"
WITHOUT_UNIT_TESTS = ("--exclude-resource-type", "unit_test")
DECIDED_ANEW = ("int_build__fingerprints", "int_policy__policies+")


def read(warehouse: Path, query: str) -> list[tuple]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.sql(query).fetchall()


def write(warehouse: Path, statement: str) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(statement)


@pytest.fixture
def warehouse(built_world, tmp_path) -> Path:
    """A copy of the built world that a test may change."""
    return Path(shutil.copy(built_world.warehouse, tmp_path / built_world.warehouse.name))


def test_the_first_build_is_recorded_with_what_made_it_and_every_decision(built_world):
    versions = "build_id, data_fingerprint, policy_version, model_version, code_version"
    recorded = f"select distinct build_number, {versions} from {LEDGER}"
    published = f"select 1, {versions} from marts.build_info"
    assert read(built_world.warehouse, recorded) == read(built_world.warehouse, published)
    figures = (
        "policy_id, account_id, decision, guardrail_id, n_users, n_scored_users, n_sleeping_dogs, n_sleeping_dog_admins,"
        " expected_revenue_usd, net_value_usd, sleeping_dog_lift_threshold, toxic_user_share_limit"
    )
    entries = read(built_world.warehouse, f"select {figures} from {LEDGER} order by all")
    today = f"select {figures} from marts.account_policy where population = 'today' order by all"
    assert entries == read(built_world.warehouse, today)


def test_the_same_build_adds_nothing_and_no_option_empties_the_ledger(warehouse, run_dbt):
    before = read(warehouse, f"from {LEDGER} order by all")
    options = ("--full-refresh", "--select", "policy_decisions_ledger", *WITHOUT_UNIT_TESTS)
    again = run_dbt("build", *options, warehouse=warehouse)
    assert again.returncode == 0, again.stdout
    assert "Published: " in again.stdout
    assert read(warehouse, f"from {LEDGER} order by all") == before


def test_other_decisions_under_the_id_of_a_recorded_build_are_an_error(warehouse, run_dbt, read_published):
    write(warehouse, f"update {LEDGER} set decision = 'target' where decision = 'suppress_toxic_admin'")
    write(warehouse, f"delete from builds.fingerprints where table_name = '{LEDGER}'")
    before, lists = read(warehouse, f"from {LEDGER} order by all"), read_published(warehouse)
    refused = run_dbt("run", "--select", "policy_decisions_ledger", warehouse=warehouse)
    assert refused.returncode != 0
    assert "holds other decisions under the id of this build" in refused.stdout
    assert read(warehouse, f"from {LEDGER} order by all") == before
    assert read_published(warehouse) == lists


def test_a_build_with_another_policy_is_appended_and_compared_with_the_one_before(warehouse, run_dbt, run):
    first = read(warehouse, f"from {LEDGER} order by all")
    write(warehouse, "update seeds.policy_parameters set cost_per_account_usd = 20 where is_shipped")
    done = run_dbt("build", "--select", *DECIDED_ANEW, *WITHOUT_UNIT_TESTS, warehouse=warehouse)
    assert done.returncode == 0, done.stdout
    # Publishing again appends nothing.
    again = run_dbt("test", "--select", "policy_decisions_ledger", *WITHOUT_UNIT_TESTS, warehouse=warehouse)
    assert "Published: " in again.stdout, again.stdout

    assert read(warehouse, f"from {LEDGER} where build_number = 1 order by all") == first
    assert read(warehouse, f"select count(*), count(distinct build_id) from {LEDGER}") == [(2 * len(first), 2)]
    ((old, new),) = read(
        warehouse, f"select min_by(build_id, build_number), max_by(build_id, build_number) from {LEDGER}"
    )
    assert old != new
    columns = "account_id, from_decision, to_decision, flipping_guardrail_id"
    flips = read(
        warehouse,
        f"select {columns} from marts.policy_diff where from_build_id = '{old}' and to_build_id = '{new}' order by all",
    )
    assert {row[1:] for row in flips} == {("target", "suppress_too_small", "POL-05")}
    expected = (
        f"select account_id from {LEDGER} where policy_id = 'precision' group by 1 having count(distinct decision) > 1"
    )
    assert {row[0] for row in flips} == {account for (account,) in read(warehouse, expected)}

    # The mart and the command agree.
    totals, rows = diff_decisions(warehouse, (f"{old}/precision", f"{new}/precision"))
    assert sorted(rows[columns.split(", ")].itertuples(index=False, name=None)) == flips
    mart = "select from_n_targets, to_n_targets, from_value_usd, to_value_usd, n_flips from marts.publication_changes"
    ((*published, n_flips),) = read(warehouse, f"{mart} where is_shipped")
    assert published == pytest.approx([*totals["targets"], *totals["value_usd"]])
    assert n_flips == len(flips)
    # The value of a remaining target moves, too.
    assert rows["value_moved_usd"].sum() > totals["value_usd"][1] - totals["value_usd"][0]
    printed = run(
        sys.executable,
        ROOT / "scripts" / "diff_decisions.py",
        f"{old}/precision",
        f"{new}/precision",
        "--warehouse",
        warehouse,
        DBT_TARGET_PATH=str(warehouse.parent / "target"),
        DBT_LOG_PATH=str(warehouse.parent / "logs"),
    )
    assert printed.returncode == 0, printed.stderr
    assert all(f"{account} " in printed.stdout for account, *_ in flips)
    assert f"too_small  {len(flips):>8}" in printed.stdout


def test_the_command_says_in_one_line_which_side_is_not_recorded(built_world, run):
    sides = ("nobody/precision", "nobody/precision")
    command = (sys.executable, ROOT / "scripts" / "diff_decisions.py", *sides, "--warehouse", built_world.warehouse)
    refused = run(*command)
    assert refused.returncode == 1
    (line,) = refused.stderr.splitlines()
    assert line.startswith("Nothing was compared: the ledger has no side 'nobody/precision'; ")


@pytest.mark.parametrize("side", ["", "nobody", "nobody/precision", "x'/y"])
def test_a_side_that_was_never_recorded_is_an_error(built_world, listed, side):
    ((known,),) = read(built_world.warehouse, f"select max(build_id) || '/precision' from {LEDGER}")
    for sides in ((known, side), (side, known)):
        with pytest.raises(NoSuchSideError) as refused:
            diff_decisions(built_world.warehouse, sides)
        assert known in str(refused.value)
        listed(str(refused.value))
