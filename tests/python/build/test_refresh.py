"""A refresh decides about a day as a full build would, using the published model, and leaves the past unchanged."""

from __future__ import annotations

import datetime
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from conftest import PARSED, ROOT

from causalyn.learner.version import library_version
from causalyn.warehouse.command import NOT_PUBLISHED
from causalyn.warehouse.publication import NothingPublishedError, warehouse_mark
from causalyn.warehouse.raw_contract import BUILT_NODES, PUBLICATION
from refresh import NotRefreshableError, refresh

DAY = datetime.timedelta(days=1)
HISTORY = {"campaign_arms", "momentum_triggers", "policy_decisions_ledger", "policy_diff", "publication_changes"}
"""Tables in which other days count, too."""
WAVES = {
    "campaign_accounts",
    "campaign_assignments",
    "campaign_nudge_list",
    "campaign_user_assignments",
    "rollout_status",
}
"""Tables with waves, which were dealt by the days that a world has behind it."""

Tables = dict[str, list[tuple]]


def read(warehouse: Path, query: str) -> list[tuple]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(query).fetchall()


def change(warehouse: Path, *statements: str) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        for statement in statements:
            connection.execute(statement)


@dataclass(frozen=True)
class World:
    """A copy of the built world whose activity continues after the build, with its own target directory."""

    warehouse: Path
    built_day: datetime.date

    def day(self, n: int) -> datetime.date:
        """The n-th day after the build."""
        return self.built_day + n * DAY


@pytest.fixture(scope="module")
def copy_world(built_world) -> Callable[..., World]:
    """A copy in a folder whose users repeat the week before the build for some weeks."""

    def copy(folder: Path, weeks: int = 1) -> World:
        warehouse = Path(shutil.copy(built_world.warehouse, folder))
        ((built_day,),) = read(warehouse, "select scoring_date from marts.build_info")
        change(
            warehouse,
            "insert into raw.user_activity_daily_raw "
            "select * exclude (week) replace (activity_date + cast(7 * week as int) as activity_date) "
            f"from raw.user_activity_daily_raw cross join range(1, {weeks + 1}) as weeks (week) "
            f"where activity_date between '{built_day - 7 * DAY}' and '{built_day - DAY}'",
        )
        return World(warehouse, built_day)

    return copy


def draw_page(warehouse: Path) -> Path:
    """A page of the warehouse, all banner, where a report would be."""
    page = warehouse.parent / "target" / "report" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text(f'<p>{warehouse_mark(warehouse)}</p><div id="banner" role="alert"></div>')
    return page


@pytest.fixture
def world(copy_world, tmp_path) -> World:
    return copy_world(tmp_path)


@pytest.fixture(scope="module")
def refresh_world(tmp_path_factory) -> Callable[..., str]:
    parsed = tmp_path_factory.mktemp("parsed")

    def refresh_world(world: World, n: int | None, deliveries: str = "ignore") -> str:
        target, before = world.warehouse.parent / "target", parsed / deliveries
        if before.exists() and not (target / "refresh").exists():
            shutil.copytree(before, target / "refresh")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DBT_TARGET_PATH", str(target))
            patch.setenv("DBT_LOG_PATH", str(world.warehouse.parent / "logs"))
            said = refresh(world.warehouse, None if n is None else world.day(n), deliveries)
        if not before.exists() and (target / "refresh" / PARSED).exists():
            before.mkdir()
            shutil.copy(target / "refresh" / PARSED, before)
        return said

    return refresh_world


@pytest.fixture(scope="module")
def break_project(copy_project, tmp_path_factory) -> Callable[[str, str, str], Path]:
    """A copy of the project with one text of one of its files replaced."""

    def break_project(file: str, old: str, new: str) -> Path:
        project = copy_project(tmp_path_factory.mktemp("broken"))
        text = (project / file).read_text()
        assert text.count(old) == 1
        (project / file).write_text(text.replace(old, new))
        return project

    return break_project


@dataclass(frozen=True)
class Days:
    """Publications by the full build, and by refreshes of its day, of the third day after, and twice of the first."""

    world: World
    built: Tables
    same: Tables
    third: Tables
    first: Tables
    again: Tables
    printed: str


@pytest.fixture(scope="module")
def days(copy_world, refresh_world, read_published, run_dbt, break_project, tmp_path_factory) -> Days:
    world = copy_world(tmp_path_factory.mktemp("refreshed"))

    def left(n: int) -> Tables:
        refresh_world(world, n)
        return read_published(world.warehouse)

    built = read_published(world.warehouse)
    # Loading drops the results of earlier runs, so a refresh waits for what it runs itself, and for nothing else.
    change(world.warehouse, f"drop table {BUILT_NODES}", f"drop table {PUBLICATION}")
    same, third = left(0), left(3)
    # A full build with another, untrusted model publishes nothing, but leaves its past in the candidates.
    learner = ROOT / "seeds" / "learner_parameters.csv"
    shipped = learner.read_text().splitlines()[1]
    # A model that is fitted quickly, with another seed and deciding learner.
    names = learner.read_text().splitlines()[0].split(",")
    quick = {
        "account_pairs": "4",
        "trees": "2",
        "max_training_rows": "3000",
        "seed": "2027",
        "deciding_learner": "r_learner",
    }
    quick = ",".join((dict(zip(names, shipped.split(","), strict=True)) | quick).values())
    other = break_project("seeds/learner_parameters.csv", shipped, quick)
    rules = other / "seeds" / "checks.csv"
    trusted = "Qini in standard errors,at_least,3,3"
    assert trusted in rules.read_text()
    rules.write_text(rules.read_text().replace(trusted, trusted.replace("3,3", "999,999")))
    failed = run_dbt("build", "--exclude-resource-type", "unit_test", warehouse=world.warehouse, project=other)
    assert failed.returncode != 0
    assert "qini_z " in failed.stdout, failed.stdout[-3000:]
    assert read_published(world.warehouse) == third
    first = left(1)
    printed = refresh_world(world, 1)
    return Days(world, built, same, third, first, read_published(world.warehouse), printed)


def differing(one: Tables, other: Tables) -> set[str]:
    """Tables that differ, but for verdicts on the change since the last publication."""
    assert one.keys() == other.keys()
    one, other = (
        {table: [row for row in rows if "delivery" not in row] for table, rows in tables.items()}
        for tables in (one, other)
    )
    return {table for table in one if one[table] != other[table]}


def of_campaigns(tables: Tables) -> Tables:
    """Rows of past campaigns, of tables with both populations."""
    return {table: [row for row in rows if "campaign" in row] for table, rows in tables.items()}


def of_today(tables: Tables) -> Tables:
    return {table: [row for row in rows if "campaign" not in row] for table, rows in tables.items()}


def but_for_the_drift_of_lift(tables: Tables) -> Tables:
    """A full build starts it anew."""
    return tables | {"population_drift": [row for row in tables["population_drift"] if "lift" not in row]}


def test_a_refresh_of_the_day_of_the_build_publishes_the_same_bytes(days):
    """With the same build_id, although later days' activity has been delivered."""
    assert days.built["target_accounts"] and days.built["momentum_triggers"]
    assert differing(days.built, days.same) == set()


def test_a_repeated_refresh_publishes_the_same_bytes(days):
    assert differing(days.first, days.again) == set()
    targets, nudges = len(days.again["target_accounts"]), len(days.again["nudge_list"])
    assert days.printed.startswith(
        f"As of {days.world.day(1)}: {targets:,} target accounts, {nudges:,} users to nudge, "
    )


def test_a_refresh_held_back_for_another_reason_is_no_success(world, refresh_world, monkeypatch, listed):
    change(world.warehouse, f"update {PUBLICATION} set status = 'this is not up to date'")
    monkeypatch.setattr("causalyn.warehouse.command.build", lambda *arguments, **settings: None)
    with pytest.raises(NothingPublishedError) as raised:
        refresh_world(world, 1)
    listed(str(raised.value))


def test_a_day_after_the_data_is_told_where_activity_ends(world, refresh_world, monkeypatch):
    last = "(select last_active_date from staging.stg_scoring_date)"
    monkeypatch.setattr("causalyn.warehouse.command.build", lambda *arguments, **settings: None)
    for days, is_told in ((1, False), (2, True)):
        change(world.warehouse, f"update staging.stg_scoring_date set scoring_date = {last} + {days}")
        assert ("\nActivity ends on " in refresh_world(world, 1)) == is_told


@pytest.mark.parametrize(("n", "left"), [(1, "first"), (3, "third")], ids=["out of order", "after a gap"])
def test_a_refresh_on_any_day_is_a_full_build_of_that_day(days, world, run_dbt, read_published, n, left):
    """The campaigns are over, so the full build fits the same model: every table that a refresh publishes agrees.

    The first day is refreshed after the third, and the third without the days between it and the build.
    """
    as_of, ignored = {"CAUSALYN_SCORING_DATE": str(world.day(n))}, ("--vars", "deliveries: ignore")
    # On one thread, which must not matter either.
    one_by_one = ("--exclude-resource-type", "unit_test", "--threads", "1")
    built = run_dbt("build", *one_by_one, *ignored, warehouse=world.warehouse, **as_of)
    assert built.returncode == 0, built.stdout[-3000:]
    full, by_refresh = read_published(world.warehouse), getattr(days, left)
    assert full["build_info"] == by_refresh["build_info"]
    assert days.first["build_info"] != days.third["build_info"]
    refreshed = differing(days.built, by_refresh)
    assert {"target_accounts", "nudge_list", "account_policy", "account_explanations", "population_drift"} <= refreshed
    # Only a full build judges the data of the campaigns and the model anew.
    one, other = (but_for_the_drift_of_lift(of_today(tables)) for tables in (full, by_refresh))
    assert differing(one, other) & refreshed - HISTORY - WAVES == {"verdicts"}


@pytest.mark.long
def test_thirty_refreshes_in_a_row_are_thirty_full_builds(
    built_world, copy_world, refresh_world, run_dbt, read_published, tmp_path_factory
):
    """The campaigns are over, so every full build fits the same model. Both have had the same days."""
    nodes = built_world.manifest["nodes"].values()
    daily = {node["alias"] for node in nodes if node["schema"] == "candidate_marts" and "daily" in node["tags"]}
    assert {"nudge_list", "account_explanations", *HISTORY} <= daily
    refreshed, built = (copy_world(tmp_path_factory.mktemp(name), weeks=5) for name in ("refreshed", "built"))
    for n in range(1, 31):
        refresh_world(refreshed, n, "accept")
        as_of = {"CAUSALYN_SCORING_DATE": str(built.day(n))}
        accepted = ("--exclude-resource-type", "unit_test", "--vars", "deliveries: accept")
        build = run_dbt("build", *accepted, warehouse=built.warehouse, **as_of)
        assert build.returncode == 0, build.stdout[-3000:]
        one, other = (
            but_for_the_drift_of_lift(of_today(read_published(world.warehouse))) for world in (refreshed, built)
        )
        # Only a full build judges campaign data and model again.
        assert differing(one, other) & daily <= {"verdicts"}, n


def test_what_is_said_of_past_campaigns_stays(days):
    """Also after a full build that left another past in the candidates."""
    populations = "select table_name from duckdb_columns() where schema_name = 'marts' and column_name = 'population'"
    mixed = {table for (table,) in read(days.world.warehouse, populations)}
    assert {"account_policy", "user_uplift_scores", "policy_funnel"} <= mixed
    for table in mixed:
        built, third, first = (of_campaigns(tables)[table] for tables in (days.built, days.third, days.first))
        assert first == third == built != [], table
    judged = {
        "findings",
        "policy_value",
        "safety_frontier",
        "policies",
        "lift_models",
        "feature_caps",
        "feature_ranges",
    }
    of_the_past = judged | {"training_bins", "claims", "failure_matrix", "policy_true_value", "uplift_curve"}
    assert differing(days.built, days.first) & of_the_past == set()
    trusted, still = (
        [row for row in tables["verdicts"] if {"data", "model"} & set(row)] for tables in (days.built, days.first)
    )
    assert still == trusted != []


def test_whoever_was_triggered_cools_down_and_stays_on_the_list(days):
    def triggers(tables: Tables) -> dict[datetime.date, set[tuple]]:
        dates = sorted({row[11] for row in tables["momentum_triggers"]})
        return {date: {row for row in tables["momentum_triggers"] if row[11] == date} for date in dates}

    def users(rows: set[tuple]) -> set[str]:
        return {row[0] for row in rows}

    built, first, third = (days.world.day(n) for n in (0, 1, 3))
    after_third, after_first = triggers(days.third), triggers(days.first)
    assert list(after_third) == [built, third]
    assert list(after_first) == [built, first, third]
    assert after_first[built] == after_third[built] == triggers(days.built)[built]
    assert after_first[third] == after_third[third]
    of_all_days = [user for rows in after_first.values() for user in users(rows)]
    assert len(of_all_days) == len(set(of_all_days)), "somebody was triggered twice within days"
    candidates = {
        user
        for (user,) in read(days.world.warehouse, "select user_id from intermediate.int_campaign__momentum_triggers")
    }
    cooling_down = users(after_first[built]) | users(after_first[third])
    assert candidates & cooling_down, "nobody was there to cool down"
    assert users(after_first[first]) == candidates - cooling_down


@pytest.mark.fault("a build that is told something else of its raw tables", "what must survive does")
def test_no_setting_of_a_build_empties_what_must_survive(world, refresh_world, run_dbt, seen):
    """All days' triggers, the ledger with the accepted checks, and the last delivery for comparison."""
    columns = {
        "momentum_triggers": "user_id, account_id, triggered_date, week_on_week_change, lift",
        "policy_decisions_ledger": "build_id, policy_id, account_id, decision, accepted_checks",
        "campaign_arms": "arm_id, arm, wave, dealt_date, dealt_build_id",
        "last_good_delivery": "measure_id, subject",
    }

    def left() -> dict[str, set[tuple]]:
        return {
            table: set(read(world.warehouse, f"select {shown} from marts.{table}")) for table, shown in columns.items()
        }

    refresh_world(world, 1)
    before = left()
    assert {
        len({row[2] for row in before["momentum_triggers"]}),
        len({row[0] for row in before["policy_decisions_ledger"]}),
    } == {2}
    assert before["last_good_delivery"]
    renewed = ("--select", *columns, "assert_no_user_is_triggered_again_within_the_cool_down", "--full-refresh")
    for deliveries, options in {"ignore": (), "accept": renewed, "compare": renewed}.items():
        told = ("--vars", f"deliveries: {deliveries}", "--exclude-resource-type", "unit_test", *options)
        as_of = {"CAUSALYN_SCORING_DATE": str(world.day(2))}
        built = run_dbt("build", *told, warehouse=world.warehouse, **as_of)
        assert "Published: " in built.stdout, (deliveries, built.stdout[-3000:])
        after = left()
        for table in columns:
            assert before[table] <= after[table], (deliveries, table)
    seen("triggers, ledger and the last delivery are still there")


def test_a_delivery_of_new_accounts_and_late_activity_can_be_refreshed_by(world, refresh_world):
    """Decisions about past campaigns predate this delivery, which does not block the refresh. The data determine the day."""
    past_user = "select user_id from raw.interventions_raw where eligibility_flag = 1 order by 1 limit 1"
    change(
        world.warehouse,
        "insert into raw.accounts_raw select * replace ('new' as account_id) from raw.accounts_raw order by account_id limit 1",
        "insert into raw.users_raw select * replace ('new' as account_id, 'new ' || user_id as user_id) from raw.users_raw "
        "where account_id = (select min(account_id) from marts.target_accounts)",
        "insert into raw.user_activity_daily_raw select * replace ('new ' || user_id as user_id) "
        "from raw.user_activity_daily_raw where 'new ' || user_id in (select user_id from raw.users_raw)",
        f"delete from raw.user_activity_daily_raw where user_id = ({past_user}) and activity_date < '{world.day(-30)}'",
    )
    page = draw_page(world.warehouse)
    said = refresh_world(world, None)
    assert '<div id="banner" role="alert">Newer lists were published since this page was drawn' in page.read_text()
    ((last,),) = read(world.warehouse, "select last_active_date from staging.stg_scoring_date")
    assert world.day(0) < last < world.day(7)
    assert said.startswith(f"As of {last + DAY}: ")
    users = read(world.warehouse, "select count(*) from raw.users_raw where account_id = 'new'")
    decided = (
        "select n_scored_users from marts.account_policy where account_id = 'new' and is_shipped and population = '{}'"
    )
    assert read(world.warehouse, decided.format("today")) == users
    assert read(world.warehouse, decided.format("campaign")) == []


@pytest.fixture
def refuse(run, built_world, read_published, tmp_path) -> Callable[[Path], subprocess.CompletedProcess[str]]:
    """Refreshes a copy of the built world by a project's command, which must refuse and publish nothing."""

    def refuse(project: Path) -> subprocess.CompletedProcess[str]:
        warehouse = Path(shutil.copy(built_world.warehouse, tmp_path))
        before, page = read_published(warehouse), draw_page(warehouse)
        ((as_of,),) = read(warehouse, "select scoring_date from marts.build_info")
        refused = run(
            sys.executable, project / "scripts" / "refresh.py", "--as-of", str(as_of), "--warehouse", warehouse,
            directory=tmp_path, DBT_TARGET_PATH=str(tmp_path / "target"), DBT_LOG_PATH=str(tmp_path / "logs"),
        )  # fmt: skip
        assert refused.returncode == NOT_PUBLISHED
        assert re.search('<div id="banner" role="alert">The build of .* published nothing', page.read_text())
        assert refused.stderr.splitlines()[-1].startswith(
            "The refresh stopped: the run failed; dbt's messages are above."
        )
        assert differing(read_published(warehouse), before) == set()
        return refused

    return refuse


@pytest.mark.fault("a refresh after another world was generated", "its users are not those of the model")
def test_a_model_of_other_users_is_refused(world, refresh_world, read_published, seen, capfd):
    published = read_published(world.warehouse)
    ((n_accounts,),) = read(world.warehouse, "select count(*) from raw.accounts_raw")
    subprocess.run(
        [
            *(sys.executable, ROOT / "scripts" / "generate_world.py", "--warehouse", world.warehouse),
            *("--seed", "8", "--accounts", str(n_accounts)),
        ],
        check=True,
        capture_output=True,
    )
    with pytest.raises(subprocess.CalledProcessError) as refused:
        refresh_world(world, 0)
    assert refused.value.returncode == NOT_PUBLISHED
    said = next(line for line in capfd.readouterr().out.splitlines() if "users_lost" in line)
    seen(said)
    assert read_published(world.warehouse) == published


@pytest.mark.fault("parameters of the learner changed before a refresh", "the published model is refused")
def test_parameters_that_the_published_model_was_not_fitted_with_are_refused(break_project, refuse, listed, seen):
    refused = refuse(break_project("seeds/learner_parameters.csv", ",2026,", ",2027,"))
    (message,) = {line.strip() for line in refused.stdout.splitlines() if "The stored model has parameters" in line}
    message = message.partition("ModelMismatchError: ")[2]
    seen(message)
    listed(message)


@pytest.mark.fault("a policy changed before a refresh", "one line names it")
def test_policies_that_the_lists_were_not_published_by_are_refused(break_project, refuse, listed, seen):
    shipped = "precision,true,55,7,0,,0.5,{},"
    changed = break_project("seeds/policy_parameters.csv", shipped.format("0.10"), shipped.format("0.20"))
    (message,) = {line for line in refuse(changed).stdout.splitlines() if "Nothing was refreshed: " in line}
    message = message[message.index("Nothing was refreshed: ") :]
    seen(message)
    listed(message)
    assert "policy_parameters.csv: precision. " in message


@pytest.mark.fault("the cool-down is changed between two days", "the days before it are not judged by it")
def test_a_day_is_judged_by_its_own_cool_down(world, run_dbt, seen):
    """Users triggered three days in a row stay on the list, and each day shows its cool-down."""
    change(
        world.warehouse,
        "update marts.momentum_triggers set cool_down_days = 1",
        *(
            f"insert into marts.momentum_triggers select * replace (triggered_date - {n} as triggered_date) "
            f"from marts.momentum_triggers where triggered_date = '{world.built_day}'"
            for n in (100, 101)
        ),
        "delete from builds.fingerprints where table_name = 'marts.momentum_triggers'",
    )
    written = ("momentum_triggers", "assert_no_user_is_triggered_again_within_the_cool_down")
    built = run_dbt("build", "--exclude-resource-type", "unit_test", "--select", *written, warehouse=world.warehouse)
    assert "Published: " in built.stdout, built.stdout[-3000:]
    days = "select triggered_date, min(cool_down_days), max(cool_down_days) from marts.momentum_triggers group by 1 order by 1"
    assert read(world.warehouse, days) == [(world.day(-101), 1, 1), (world.day(-100), 1, 1), (world.day(0), 30, 30)]
    seen("published; the days before have kept their cool-down")


@pytest.mark.fault("a guardrail that does nothing in a refresh", "nothing is published")
def test_a_broken_guardrail_stops_a_refresh(break_project, refuse, seen):
    check = "'toxic_admin': '{0}.n_sleeping_dog_admins > 0'.format(evidence)"
    refused = refuse(break_project("macros/guardrails.sql", check, "'toxic_admin': 'false'"))
    assert "assert_no_target_has_a_sleeping_dog_admin" in refused.stdout
    message = next(line for line in refused.stdout.splitlines() if line.startswith("Nothing was published: "))
    seen(message)


def test_nothing_is_refreshed_without_a_published_model(tmp_path):
    day, warehouse = datetime.date(2025, 6, 1), tmp_path / "causalyn.duckdb"
    duckdb.connect(str(warehouse)).close()
    with pytest.raises(NotRefreshableError, match="holds no published model"):
        refresh(warehouse, day, "ignore")
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema marts; create table marts.build_info as select 'ours' as model_version")
        connection.execute(
            "create table marts.lift_models as select 'older' as library_version, 'theirs' as model_version"
        )
    with pytest.raises(NotRefreshableError, match="was fitted by another version; `make build` fits it anew"):
        refresh(warehouse, day, "ignore")
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("update marts.lift_models set library_version = ?", [library_version()])
    with pytest.raises(NotRefreshableError, match="is not the model of the published lists"):
        refresh(warehouse, day, "ignore")
