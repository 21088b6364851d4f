"""Daily scoring: by the published model, of those who have changed, beside decisions that it leaves alone."""

from __future__ import annotations

import datetime
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
from score import NotScorableError, score

from causalyn.engines import engine
from causalyn.learner import model_store, uplift
from causalyn.warehouse import dbt_command
from causalyn.warehouse.list_exports import export_lists

MARK = -1
"""Set in the place of a fold, by which nothing is decided once there is a score: a kept row has it, one scored anew has not."""


def read(warehouse: Path, query: str) -> pd.DataFrame:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(query).df()


@dataclass(frozen=True)
class Day:
    """What a day's scoring left."""

    printed: str
    inputs: pd.DataFrame
    scores: pd.DataFrame
    triggers: pd.DataFrame


@dataclass(frozen=True)
class Days:
    """Two days' scoring: on the day of the build once more, and on the day after."""

    warehouse: Path
    published: tuple[dict, dict]
    built: Day
    same: Day
    next: Day


@pytest.fixture(scope="module")
def days(built_world, read_published, tmp_path_factory) -> Days:
    folder = tmp_path_factory.mktemp("scoring")
    warehouse = Path(shutil.copy(built_world.warehouse, folder / built_world.warehouse.name))

    def left(printed: str) -> Day:
        table = "from intermediate.int_scoring__{} order by user_id"
        return Day(
            printed,
            read(warehouse, table.format("inputs")),
            read(warehouse, table.format("scores")),
            read(warehouse, "from marts.momentum_triggers order by triggered_date, user_id"),
        )

    built, published = left(""), read_published(warehouse)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(f"update intermediate.int_scoring__scores set fold = {MARK}")
        # A build that published nothing has left another model, which scores nobody.
        connection.execute(
            "update candidate_intermediate.int_uplift__published_models set model_build_id = 'never published'"
        )
    today = built.inputs["as_of_date"].iloc[0].date()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DBT_TARGET_PATH", str(folder / "target"))
        patch.setenv("DBT_LOG_PATH", str(folder / "logs"))
        same = left(score(warehouse, today))
        tomorrow = left(score(warehouse, today + datetime.timedelta(days=1)))
    return Days(warehouse, (published, read_published(warehouse)), built, same, tomorrow)


def test_everybody_active_is_scored_as_by_the_published_model(days):
    """Also accounts of which the campaign knew nobody; the model of the account's fold, which the seed's hash gives."""
    learner = model_store.from_frame(
        read(days.warehouse, "from intermediate.int_uplift__published_models"),
        [column for column in days.built.inputs.columns if column not in ("model_build_id", "features_hash")],
    )
    expected = learner.score(days.built.inputs).rename(columns={"t_lift": "lift", "t_lift_se": "lift_se"})
    assert len(expected) > 5000 and expected["lift"].notna().all()
    columns = list(uplift.LIFT_SCORES)
    pd.testing.assert_frame_equal(days.built.scores[columns], expected[columns], check_exact=True)
    folds = read(days.warehouse, "select account_id, fold from intermediate.int_uplift__inputs group by all")
    of_campaign = days.built.inputs.merge(folds, on="account_id", suffixes=("", "_of_campaign"))
    assert len(of_campaign) > 5000
    assert (of_campaign["fold"] == of_campaign["fold_of_campaign"]).all()


def test_a_second_run_on_a_day_scores_nobody_and_triggers_the_same(days):
    assert (days.same.scores["fold"] == MARK).all()
    assert len(days.same.scores) == len(days.built.scores)
    pd.testing.assert_frame_equal(days.same.triggers, days.built.triggers)
    assert f"{len(days.built.inputs):,} users were active" in days.same.printed


def test_the_day_after_only_those_who_changed_are_scored_and_just_as_if_everybody_was(days):
    ages = ["tenure_days", "days_since_last_active"]
    known = [column for column in days.next.inputs.columns if column not in ("as_of_date", "features_hash", *ages)]
    before, after = (day.inputs.set_index("user_id") for day in (days.built, days.next))
    before = before.reindex(after.index)
    same = (before[known[1:]].fillna(-1) == after[known[1:]].fillna(-1)).all(axis=1)
    same &= after["days_since_last_active"] == before["days_since_last_active"] + 1
    same &= after["tenure_days"] // 7 == before["tenure_days"] // 7
    scores = days.next.scores.set_index("user_id")
    assert set(scores.index) == set(after.index)
    kept = scores["fold"] == MARK
    assert (kept == same.loc[scores.index]).all()
    assert 0.1 < kept.mean() < 0.9

    learner = model_store.from_frame(
        read(days.warehouse, "from intermediate.int_uplift__published_models"),
        [column for column in days.next.inputs.columns if column not in ("model_build_id", "features_hash")],
    )
    all_anew = learner.score_lift(days.next.inputs, "t_learner").set_index("user_id").loc[scores.index]
    columns = list(uplift.LIFT_SCORES)
    pd.testing.assert_frame_equal(scores.loc[~kept, columns], all_anew.loc[~kept, columns], check_exact=True)
    # Of the others a day's tenure is all that is new.
    assert (scores.loc[kept, "lift"] - all_anew.loc[kept, "lift"]).abs().mean() < 0.002
    assert (scores.loc[kept, "as_of_date"] < scores.loc[~kept, "as_of_date"].max()).all()


def test_a_day_stages_only_the_latest_activity_and_leaves_what_staging_all_of_it_leaves(days, tmp_path, monkeypatch):
    """Of the days before, a row that arrives late is not looked at, of those that count it is."""
    warehouse = Path(shutil.copy(days.warehouse, tmp_path / days.warehouse.name))
    tomorrow = days.next.inputs["as_of_date"].iloc[0].date()
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))
    monkeypatch.setenv("DBT_LOG_PATH", str(tmp_path / "logs"))
    tables = ["staging.base_user_activity_exceptions", "intermediate.int_features__prospective_windows"]

    def staged() -> list[pd.DataFrame]:
        return [read(warehouse, f"from {table} order by all") for table in tables]

    by_the_day = staged()
    days_of_exceptions = by_the_day[0]["activity_date"].dt.date
    assert 100 < (days_of_exceptions < tomorrow - datetime.timedelta(31)).sum() < len(days_of_exceptions) - 100
    dbt_command.build(
        warehouse, "--select", *(table.split(".")[1] for table in tables), "--vars", f"scoring_date: {tomorrow}"
    )
    for of_the_day, of_all in zip(by_the_day, staged(), strict=True):
        pd.testing.assert_frame_equal(of_the_day, of_all)

    with duckdb.connect(str(warehouse)) as connection:
        (user_id,) = connection.execute(
            "select min(user_id) from intermediate.int_features__prospective_windows"
        ).fetchone()
        connection.execute(
            """
            insert into raw.user_activity_daily_raw by name
            select $1 as user_id, cast($2 - unnest([1, 30, 31]) as date) as activity_date, -1 as core_action_count
            """,
            [user_id, tomorrow],
        )
    score(warehouse, tomorrow)
    new = (
        staged()[0]
        .merge(by_the_day[0], how="left", indicator=True)
        .query("_merge == 'left_only' and core_action_count == -1")
    )
    assert [(tomorrow - day.date()).days for day in new["activity_date"]] == [30, 1]


def test_triggers_of_the_day_before_stay_and_cool_down(days):
    today = days.built.triggers
    assert not today.empty
    added = days.next.triggers.iloc[len(today) :]
    pd.testing.assert_frame_equal(days.next.triggers.iloc[: len(today)], today)
    assert not added.empty and not set(added["user_id"]) & set(today["user_id"])
    candidates = set(read(days.warehouse, "from intermediate.int_scoring__triggers")["user_id"])
    assert candidates & set(today["user_id"]), "nobody was there to cool down"
    assert set(added["user_id"]) == candidates - set(today["user_id"])


def test_scoring_leaves_the_decisions_and_the_exports_as_they_were(days, tmp_path):
    before, after = days.published
    assert before == after
    assert read(days.warehouse, "from builds.publication")["status"].tolist() == ["published"]
    assert export_lists(days.warehouse, tmp_path / "exports")["target_accounts"] > 0


def test_todays_guardrails_are_those_of_the_campaign(days, built_world):
    """Asked of the campaign's own scores, they decide as published."""
    compiled = (built_world.target / "compiled" / "causalyn" / "models").rglob
    # On what was published in the end, instead of on the candidates.
    evidence, decisions = (
        next(compiled(f"int_scoring__{name}.sql")).read_text().replace('"candidate_', '"')
        for name in ("account_evidence", "account_decisions")
    )
    table = '"causalyn"."intermediate"."int_scoring__{}"'.format
    assert table("users") in evidence and table("account_evidence") in decisions
    users = "(from intermediate.int_policy__users where policy_id = 'precision')"
    evidence = evidence.replace(table("users"), users)
    decisions = decisions.replace(table("account_evidence"), f"({evidence})")
    with duckdb.connect(str(days.warehouse), read_only=True) as connection:
        found = connection.execute(f"select account_id, decision from ({decisions}) order by 1").fetchall()
        expected = connection.execute(
            "select account_id, decision from marts.account_policy where policy_id = 'precision' order by 1"
        ).fetchall()
    assert len({decision for _, decision in found}) >= 4
    assert found == expected


def test_known_rows_are_taken_and_only_the_others_computed():
    schema = pa.schema(
        [("user_id", pa.string()), ("version", pa.string()), ("day", pa.date32()), ("value", pa.float64())]
    )
    asked = []

    def function(frame: pd.DataFrame) -> pd.DataFrame:
        asked.extend(frame["user_id"])
        return frame[["user_id", "version", "day"]].assign(value=frame["x"] * 2)

    with duckdb.connect() as connection:
        connection.execute(
            """
            create table users as
            select unnest(['new', 'known', 'changed']) as user_id, 'b' as version, date '2025-06-02' as day, 1.5::double as x;
            create table known as
            select unnest(['known', 'changed', 'gone']) as user_id, unnest(['b', 'a', 'b']) as version,
                date '2025-06-01' as day, 9.0::double as value
            """
        )
        users = connection.table("users")
        known = engine.previous(users, connection, "known", schema.names)
        scored = engine.map_new_batches(
            users, known, ["user_id", "version"], users.columns, function, schema
        ).read_all()
        rows = {row["user_id"]: (str(row["day"]), row["value"]) for row in scored.to_pylist()}
        assert engine.previous(users, connection, "known", ["user_id"]) is None
        assert engine.previous(users, connection, "absent", schema.names) is None
    assert sorted(asked) == ["changed", "new"]
    assert rows == {"new": ("2025-06-02", 3.0), "known": ("2025-06-01", 9.0), "changed": ("2025-06-02", 3.0)}


def test_nobody_is_scored_without_a_published_model(tmp_path):
    day, warehouse = datetime.date(2025, 6, 1), tmp_path / "causalyn.duckdb"
    with pytest.raises(NotScorableError, match="there is no warehouse"):
        score(warehouse, day)
    duckdb.connect(str(warehouse)).close()
    with pytest.raises(NotScorableError, match="holds no published model"):
        score(warehouse, day)
