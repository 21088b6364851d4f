"""Successive campaigns: the next build learns from each one's log."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from conftest import ENVIRONMENT

from causalyn.simulation import world
from causalyn.simulation.rounds_world import ROUND_DAYS, Rounds
from causalyn.simulation.world_physics import PRESETS
from causalyn.simulation.world_store import write_world

DEFAULT = PRESETS["default"]
ACCOUNTS, SEED = 150, 3


@pytest.fixture(scope="module")
def played(copy_project, tmp_path_factory):
    """A small world after two campaigns with exploration, and the rest of the log for a third; nothing is published."""
    folder = tmp_path_factory.mktemp("rounds")
    project = copy_project(folder / "project")
    seed = project / "seeds" / "campaign_parameters.csv"
    parameters = pd.read_csv(seed, dtype=str)
    parameters["exploration_share"] = "0.1"
    parameters.to_csv(seed, index=False)
    warehouse = folder / "w.duckdb"
    write_world(warehouse, world.chunks(DEFAULT, ACCOUNTS, SEED), ACCOUNTS)
    rounds = Rounds(warehouse, DEFAULT, ACCOUNTS, SEED)
    figures = []
    for campaign in ("first", "second", "third"):
        command = [Path(sys.executable).with_name("dbt"), "--quiet", "build", "--vars", "deliveries: ignore"]
        command += ["--select", "+int_campaign__judged_users", "+int_campaign__user_assignments"]
        command += ["--exclude-resource-type", "unit_test", "test"]
        environment = ENVIRONMENT | {"CAUSALYN_WAREHOUSE": str(warehouse), "CAUSALYN_CAMPAIGN": campaign}
        environment |= {"CAUSALYN_SCORING_DATE": str(rounds.today)}
        subprocess.run(command, cwd=project, env=environment, check=True)
        if campaign != "third":
            figures.append(rounds.play(campaign))
    return warehouse, rounds, figures


def test_what_campaigns_log_is_learned_from_with_its_probabilities(played):
    warehouse, _, figures = played
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        logged = connection.execute(
            """
            select campaign_id, count(*) filter (where is_treated), count(*) filter (where is_treated and not is_sent),
                count(*) filter (where is_eligible and assignment_probability is null), count(distinct assignment_probability)
            from staging.stg_interventions where campaign_id in ('first', 'second', 'third') group by 1 order by 1
            """
        ).fetchall()
        trained = connection.execute(
            "select campaign_id, count(assignment_probability) > 0 from intermediate.int_uplift__training_users "
            "group by 1 order by 1"
        ).fetchall()
    assert [(campaign, treated - unsent) for campaign, treated, unsent, *_ in logged] == [
        (figure["campaign_id"], figure["n_nudged"]) for figure in figures
    ]
    assert all(unsent > 0 and undeclared == 0 and kinds >= 2 for _, _, unsent, undeclared, kinds in logged)
    assert trained == [("campaign-1", False), ("first", True), ("second", True)]


def test_earlier_nudges_are_counted_up_to_the_day(played):
    warehouse, _, figures = played
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        (counted,) = connection.execute(
            "select sum(n_earlier_nudges) from intermediate.int_features__nudges where population = 'today'"
        ).fetchone()
        (sent,) = connection.execute("select count(*) from staging.stg_interventions where is_sent").fetchone()
        above = connection.execute(
            "select count(*) from intermediate.int_features__nudges where days_since_last_nudge <= 0 or n_nudges_90d > 3"
        ).fetchone()
    assert counted == sent > sum(figure["n_nudged"] for figure in figures)
    assert above == (0,)


def test_the_world_lives_on_for_the_days_of_a_round_and_nudges_wear_out():
    (chunk,) = world.chunks(DEFAULT, 60, 1)
    n = len(chunk.state.users["user"])
    start = world.export_day(DEFAULT)
    physics = type(DEFAULT)(**{**vars(DEFAULT), "fatigue": 0.5})
    nudges = np.arange(n) % 3
    reaction = np.ones(n, dtype=np.float32)
    rng = np.random.default_rng(1)
    _, activity, truth = world.live_on(physics, chunk.state, range(start, start + ROUND_DAYS), nudges, reaction, rng)
    true_days = activity["activity_day"][activity["activity_day"] < start + world.FUTURE_DAYS]
    assert (true_days.min(), true_days.max()) == (start, start + ROUND_DAYS - 1)
    before = chunk.truth["p_treated"] - chunk.truth["p_control"]
    after = truth["p_treated"] - truth["p_control"]
    np.testing.assert_allclose(after, np.where(before > 0, before * 0.5**nudges, before))


@pytest.mark.long
def test_two_campaigns_with_exploration_are_played_published_and_shown(copy_project, run, tmp_path):
    """As `make campaign ROUNDS=2` does it: terminal and page show both campaigns, and what exploring costs and teaches."""
    project, warehouse = copy_project(tmp_path / "project"), tmp_path / "w.duckdb"
    seed = project / "seeds" / "campaign_parameters.csv"
    pd.read_csv(seed, dtype=str).assign(exploration_share="0.2").to_csv(seed, index=False)

    def succeed(script: str, *options: str | Path) -> str:
        done = run(sys.executable, project / "scripts" / script, "--warehouse", warehouse, *options)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    succeed("build.py", "--accounts", "600", "--seed", str(SEED))
    printed = succeed("play_campaign.py", "--seed", str(SEED), "--rounds", "2")
    assert "round-1" in printed and "round-2" in printed
    for figure in ("effect", "true_value_usd", "n_explored"):
        assert figure in printed
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        campaigns = [
            name for (name,) in connection.execute("select campaign_id from marts.campaign_effects").fetchall()
        ]
        (explored,) = connection.execute(
            "select count(*) from marts.campaign_user_assignments where experiment = 'exploration'"
        ).fetchone()
    assert {"round-1", "round-2"} <= set(campaigns)
    assert explored > 0
    succeed("render_report.py", "--directory", tmp_path / "report")
    page = (tmp_path / "report" / "index.html").read_text()
    assert all(
        name in page for name in ("Campaigns side by side", "round-1", "round-2", "What this campaign will teach")
    )
    assert "harm budget" in page
    assert "Exploration: " in succeed("summarise.py")
