"""Company features: declared in one seed, known as of the day, and used wherever features are used."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import duckdb
import pytest

# The nudge helps users of satisfied accounts, who convert less without it, and puts others off; only this feature shows
# it. Satisfaction is known ten days before the intervention; values dated on it or the scoring date are false.
SATISFACTION = "hash(account_id) % 11"
TRUE_LIFT = f"case when {SATISFACTION} > 5 then 0.25 else -0.15 end"
OWN_WORLD = f"""
    create temp table past as
        select
            intervention_id,
            user_id,
            min(intervention_date) over (partition by user_id) as day,
            {SATISFACTION} as satisfaction,
            case when {SATISFACTION} > 5 then 0.2 else 0.5 end + treatment_flag * {TRUE_LIFT} as p_converted
        from raw.interventions_raw;
    insert into raw.user_features_raw
        select distinct user_id, 'NPS score', satisfaction, day - 10 from past
        union all select distinct user_id, 'NPS score', -999, day from past
        union all select distinct user_id, 'NPS score', satisfaction, day + 1 from past
        union all select distinct user_id, 'NPS score', -999, (select max(scoring_date) from staging.stg_scoring_date) from past
        union all select distinct user_id, 'tickets', hash(user_id, 'tickets') % 4, day - 40 from past;
    update raw.outcomes_raw as outcomes set
        activation_date = null,
        negative_reaction_flag = 0,
        collab_activated_flag = cast(hash(past.intervention_id, 'outcome') % 1000 < 1000 * past.p_converted as integer)
    from past
    where outcomes.intervention_id = past.intervention_id and outcomes.collab_activated_flag is not null;
"""
DECLARED = 'feature,description\n"nps score",Answer to the last survey\nTickets,Open tickets\n'
LEARN = ("--exclude-resource-type", "unit_test", "--vars", "deliveries: accept", "--select", "+int_uplift__user_scores")


@pytest.fixture(scope="module")
def world(built_world, tmp_path_factory) -> Path:
    """The built world with company features, and outcomes in which lift depends on one of them."""
    warehouse = Path(shutil.copy(built_world.warehouse, tmp_path_factory.mktemp("own")))
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(OWN_WORLD)
    return warehouse


@pytest.fixture(scope="module")
def published(world, copy_project, run_dbt) -> tuple[Path, Path]:
    """The same world, built and published by a project that declares its features; and the project."""
    project = copy_project(world.parent / "project")
    (project / "seeds" / "mapping" / "user_features.csv").write_text(DECLARED)
    build = run_dbt("build", *LEARN[:4], warehouse=world, project=project)
    assert build.returncode == 0, build.stdout[-5000:]
    assert "Published" in build.stdout
    return world, project


def test_declared_features_reach_all_that_uses_a_feature(published):
    with duckdb.connect(str(published[0]), read_only=True) as connection:

        def features(table: str, column: str = "feature") -> set[str]:
            return {name for (name,) in connection.sql(f"select distinct {column} from {table}").fetchall()}

        own = {"own_nps_score", "own_tickets"}
        assert own <= features("marts.feature_importance")
        assert own <= features("marts.covariate_balance")
        assert own <= features("marts.population_drift", "quantity")
        assert own <= features("marts.training_bins", "quantity")
        assert "own_nps_score" in features("marts.account_explanations")
        ((first,),) = connection.sql(
            "select feature from marts.feature_importance where importance_rank = 1"
        ).fetchall()
    assert first == "own_nps_score"


def test_what_holds_from_the_day_itself_is_not_known(published):
    with duckdb.connect(str(published[0]), read_only=True) as connection:
        wrong = connection.sql(
            f"select count(*) from intermediate.int_uplift__inputs where own_nps_score is distinct from {SATISFACTION}"
            " and user_id in (select user_id from raw.interventions_raw)"
        ).fetchall()
    assert wrong == [(0,)]


def test_lift_that_hangs_on_such_a_feature_alone_is_found(published):
    """Without the feature the error would be at least the lift's variation, since no other column reveals it."""
    with duckdb.connect(str(published[0]), read_only=True) as connection:
        ((rmse, variation),) = connection.sql(
            f"select sqrt(avg(power(lift - {TRUE_LIFT}, 2))), stddev_pop({TRUE_LIFT})"
            " from intermediate.int_uplift__user_scores where population = 'campaign'"
        ).fetchall()
    assert rmse < 2 / 3 * variation


def test_a_refresh_knows_what_has_become_known_and_refuses_another_list_of_features(published, run_dbt, tmp_path):
    warehouse, project = Path(shutil.copy(published[0], tmp_path)), published[1]
    with duckdb.connect(str(warehouse)) as connection:
        ((day, user),) = connection.sql(
            "select (select max(scoring_date) + 1 from staging.stg_scoring_date), min(user_id)"
            " from intermediate.int_uplift__inputs where population = 'campaign'"
        ).fetchall()
    refresh = (
        "build",
        *LEARN[:2],
        "--exclude-resource-type",
        "test",
        "--select",
        "tag:daily,+int_uplift__inputs",
        "--vars",
        "{refresh: true, deliveries: ignore}",
    )
    done = run_dbt(*refresh, warehouse=warehouse, project=project, CAUSALYN_SCORING_DATE=str(day))
    assert done.returncode == 0, done.stdout[-5000:]
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        rows = connection.sql(
            "select population, own_nps_score = -999 from intermediate.int_uplift__inputs"
            f" where user_id = '{user}' order by population"
        ).fetchall()
    assert rows == [("campaign", False), ("today", True)]

    other = shutil.copytree(project, tmp_path / "other")
    (other / "seeds" / "mapping" / "user_features.csv").write_text(f"{DECLARED}seats booked,Another one\n")
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("insert into raw.user_features_raw values (?, 'Seats booked', 1, '2025-01-01')", [user])
    refused = run_dbt(*refresh, warehouse=warehouse, project=other)
    assert refused.returncode != 0
    assert "own_seats_booked" in refused.stdout


@pytest.mark.fault("a feature that the company has not declared, or not described", "stops")
def test_a_feature_that_nobody_declared_stops_the_build(world, run_dbt, copy_project, tmp_path, seen, listed):
    warehouse = Path(shutil.copy(world, tmp_path))
    project = copy_project(tmp_path / "project")
    for lines in ("feature,description\n", "feature,description\nnps score,?\ntickets,\n"):
        (project / "seeds" / "mapping" / "user_features.csv").write_text(lines)
        build = run_dbt(
            "build", "--select", "user_features", "base_user_features", warehouse=warehouse, project=project
        )
        said = re.search(r"Nothing was decided: some words of the export.*?\"tickets\",\?", build.stdout, flags=re.S)
        assert said, build.stdout[-3000:]
        message = " ".join(said[0].split())
        assert "user_features_raw.feature has words" in message
        assert message.endswith('with what it is in place of each question mark: "nps score",? "tickets",?')
        listed(message)
    seen(message)


@pytest.mark.fault("a feature that is declared, and that the export lacks or never fills", "stops, one line names it")
def test_a_declared_feature_that_is_not_delivered_stops_the_build(world, run_dbt, copy_project, tmp_path, seen, listed):
    warehouse = Path(shutil.copy(world, tmp_path))
    project = copy_project(tmp_path / "project")
    (project / "seeds" / "mapping" / "user_features.csv").write_text(f"{DECLARED}Seats,Booked\nhealth,Of the account\n")
    part = ("build", "--select", "user_features", "base_user_features", "--exclude-resource-type", "unit_test")
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("insert into raw.user_features_raw values ('u', 'health', null, '2025-01-01')")
    for without, missing in (("false", "health, seats"), ("true", "health, nps score, seats, tickets")):
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute(f"delete from raw.user_features_raw where {without}")
        build = run_dbt(*part, warehouse=warehouse, project=project)
        said = re.search(r"Nothing was decided: declared features.*?user_features\.csv", build.stdout, flags=re.S)
        assert said, build.stdout[-3000:]
        message = " ".join(said[0].split())
        seen(message)
        listed(message)
        assert f"no value of {missing}. " in message


@pytest.mark.fault("two features whose names become one column", "stops")
def test_two_features_of_one_column_stop_the_build(built_world, run_dbt, project_copy, tmp_path, seen, listed):
    warehouse = Path(shutil.copy(built_world.warehouse, tmp_path))
    (project_copy / "seeds" / "mapping" / "user_features.csv").write_text(
        "feature,description\nnps-score,One\nNPS score,The other\n"
    )
    build = run_dbt(
        "build", "--select", "user_features", "int_uplift__inputs", warehouse=warehouse, project=project_copy
    )
    said = re.search(r"The features '.*?in the export\.", build.stdout, flags=re.S)
    assert said, build.stdout[-3000:]
    message = " ".join(said[0].split())
    seen(message)
    listed(message)
