"""The bandit: its permissions, its memory, and the evaluation of other policies on its log."""

from __future__ import annotations

import csv
import shutil

import duckdb
import numpy as np
import pandas as pd
import pytest

from causalyn.decision import bandit
from causalyn.simulation import bandit_world
from causalyn.simulation.world_physics import GROUPS, PRESETS

pytest.importorskip("mabwiser", reason="make .venv/.installed-dev installs it")
from play_bandit import NotPlayableError, play_bandit, read_world

ARMS = pd.DataFrame({"arm": ["none", "email", "in_app", "call"], "cost_usd": [0.0, 0.1, 0.5, 6.0]})
PARAMETERS = pd.Series({"reward_sd_usd": 25.0, "min_propensity": 0.02, "reaction_cost_usd": 20.0})
NOTHING = bandit_world.remembered(
    pd.DataFrame(columns=["segment", "arm", "reward_usd"]).astype({"reward_usd": float}), ARMS
)


def chances(state: pd.DataFrame, seed: int = 1) -> pd.DataFrame:
    return bandit.propensities(state, ARMS["arm"].tolist(), 25.0, 0.02, seed)


def test_at_first_every_arm_is_as_probable():
    assert (chances(NOTHING) == 0.25).all(axis=None)


def test_what_earns_most_becomes_probable_and_nothing_impossible():
    state = NOTHING.assign(n_decisions=500, sum_reward_usd=5000.0)
    best = (state["segment"] == "high_lift") & (state["arm"] == "call")
    state.loc[best, "sum_reward_usd"] = 10_000.0
    found = chances(state)
    assert found.loc["high_lift", "call"] == pytest.approx(0.94)
    assert found.loc["low_lift"].to_numpy() == pytest.approx(0.25, abs=0.08), (
        "arms that earned the same are as probable"
    )
    assert found.min(axis=None) >= 0.02
    assert found.sum(axis=1).to_numpy() == pytest.approx(1)
    pd.testing.assert_frame_equal(found, chances(state.sample(frac=1, random_state=0)))


def test_arms_are_drawn_with_the_logged_probability():
    users = pd.DataFrame({"segment": ["low_lift", "high_lift"] * 20_000})
    probabilities = chances(NOTHING).assign(none=0.4, email=0.3, in_app=0.2, call=0.1)
    drawn = bandit.draw(users, probabilities, np.random.default_rng(0))
    shares = drawn["arm"].value_counts(normalize=True)
    assert shares[ARMS["arm"]].to_numpy() == pytest.approx([0.4, 0.3, 0.2, 0.1], abs=0.01)
    assert (drawn["propensity"] == drawn["arm"].map(probabilities.iloc[0])).all()


def test_nothing_is_drawn_for_users_who_are_held_back():
    with pytest.raises(ValueError, match="held_back"):
        bandit.draw(pd.DataFrame({"segment": ["held_back"]}), chances(NOTHING), np.random.default_rng(0))


def test_every_arm_harms_sleeping_dogs_and_a_call_moves_most():
    users = pd.DataFrame({"latent_uplift_group": GROUPS, "p_control": 0.5, "p_treated": [0.7, 0.2, 0.55, 0.51]})
    converts, reacts = bandit_world.chances(users, ARMS, PRESETS["default"])
    assert (np.diff(converts[0]) > 0).all()
    assert (np.diff(converts[1]) < 0).all() and (np.diff(reacts[1]) > 0).all()


@pytest.fixture(scope="module")
def played(built_world, tmp_path_factory):
    """Two rounds in a copy of the built world: its warehouse, its users, and the same rounds without a warehouse."""
    folder = tmp_path_factory.mktemp("bandit")
    for file in built_world.warehouse.parent.glob("*.duckdb"):
        shutil.copy(file, folder / file.name)
    warehouse = folder / built_world.warehouse.name
    users, arms, parameters = read_world(warehouse)
    expected, _ = bandit_world.simulate(users[users["round_number"] <= 2], arms, parameters, PRESETS["default"], seed=7)
    play_bandit(warehouse, PRESETS["default"], seed=7, rounds=2)
    return warehouse, arms, expected


def test_the_warehouse_remembers_what_the_library_does(played):
    warehouse, arms, expected = played
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        log = connection.execute("from raw.bandit_log_raw order by round_number, user_id").df()
        state = connection.execute("from intermediate.int_campaign__bandit_state order by segment, arm").df()
    pd.testing.assert_frame_equal(log, expected, check_dtype=False)
    remembered = bandit_world.remembered(expected, arms).sort_values(["segment", "arm"], ignore_index=True)
    pd.testing.assert_frame_equal(state, remembered, check_dtype=False)


def test_nobody_is_nudged_whom_the_guardrails_hold_back(played):
    warehouse, *_ = played
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        rounds = connection.execute(
            "select sum(n_decisions) filter (where arm <> 'none'), sum(n_nudges_held_back), min(min_propensity),"
            " sum(decision_share) from marts.bandit_rounds group by round_number"
        ).fetchall()
        unlisted = connection.execute(
            "select count(*) from raw.bandit_log_raw "
            "where arm <> 'none' and user_id not in (select user_id from marts.nudge_list)"
        ).fetchone()
    assert len(rounds) == 2 and unlisted == (0,)
    for n_nudges, held_back, least, share in rounds:
        assert n_nudges > 0 and held_back == 0 and least >= 0.02 and share == pytest.approx(1)


def test_a_bandit_that_has_begun_is_not_played_again(played):
    with pytest.raises(NotPlayableError, match="has started"):
        play_bandit(played[0], PRESETS["default"], seed=7)


def test_in_the_study_no_guardrail_breaks_and_the_bandit_beats_the_static_policy(project_root):
    with (project_root / "scripts" / "research" / "results" / "bandit_study.csv").open() as file:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    last = [row for row in rows if row["round_number"] == 30]
    assert len(last) == 10
    assert all(row["n_nudges_held_back"] == 0 for row in rows)
    assert all(row["static_usd"] < row["bandit_usd"] < row["oracle_usd"] for row in last)


@pytest.fixture(scope="module")
def evaluate(built_world):
    """The project's off-policy evaluation of any log, by the SQL that dbt ran."""
    (path,) = (built_world.target / "compiled").rglob("off_policy_evaluation.sql")
    sql = path.read_text()

    def evaluate(evaluations: pd.DataFrame) -> pd.DataFrame:
        with duckdb.connect() as connection:
            connection.execute("attach ':memory:' as causalyn; create schema causalyn.intermediate")
            connection.execute(
                "create table causalyn.intermediate.int_campaign__bandit_evaluations as select * from evaluations"
            )
            return connection.execute(sql).df().set_index(["evaluated_policy", "estimator"])

    return evaluate


def coin_log(n_clusters: int, seed: int) -> tuple[pd.DataFrame, float]:
    """A log of two arms with rewards correlated within accounts, and the true value of always choosing the second."""
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(n_clusters), 8)
    good = rng.random(n_clusters)[cluster]
    propensity = np.where(good > 0.5, 0.7, 0.2)
    chosen = rng.random(len(cluster)) < propensity
    reward = 2.0 * good + chosen + rng.normal(0, 1, len(cluster))
    return pd.DataFrame(
        {
            "evaluated_policy": "always",
            "cluster_id": cluster,
            "propensity": np.where(chosen, propensity, 1 - propensity),
            "reward": reward,
            "evaluation_probability": chosen.astype(float),
            "predicted_reward_of_decision": 1.0 + chosen,
            "predicted_reward_of_policy": 2.0,
        }
    ), 2.0


def test_intervals_hold_the_truth_although_users_cluster(evaluate):
    covered = {"ips": 0, "snips": 0, "dr": 0}
    for seed in range(100):
        log, truth = coin_log(100, seed)
        found = evaluate(log).loc["always"]
        for estimator in covered:
            covered[estimator] += found.loc[estimator, "lower_95"] <= truth <= found.loc[estimator, "upper_95"]
    assert all(88 <= n <= 100 for n in covered.values()), covered


def test_the_thompson_policy_is_estimated_from_a_random_log_as_its_own_log_says(evaluate, shared_dir):
    """Open Bandit Dataset (Saito et al., 2021): clicks under Thompson sampling, estimated from a uniformly random log.

    The policy's probabilities are its own log's shares of items by position; clicks are predicted by item, each half
    of the random log from the other.
    """
    random, own = (
        pd.read_parquet(shared_dir / "benchmarks" / f"open_bandit_{log}_men.parquet") for log in ("random", "bts")
    )
    keys = ["position", "item_id"]
    shares = own.groupby(keys).size() / own.groupby("position").size()
    fold = pd.Series(np.arange(len(random)) % 2)
    clicks = random["click"].groupby([1 - fold, random["item_id"]]).mean()

    def predicted(folds: pd.Series, items: pd.Series) -> np.ndarray:
        return clicks.reindex(pd.MultiIndex.from_arrays([folds, items]), fill_value=0.0).to_numpy()

    log = pd.DataFrame(
        {
            "evaluated_policy": "thompson",
            "cluster_id": np.arange(len(random)),
            "propensity": random["propensity_score"],
            "reward": random["click"].astype(float),
            "evaluation_probability": shares.reindex(pd.MultiIndex.from_frame(random[keys]), fill_value=0).to_numpy(),
            "predicted_reward_of_decision": predicted(fold, random["item_id"]),
        }
    )
    items = shares.index.get_level_values("item_id")
    expected = [(shares * predicted(pd.Series(half, shares.index), items)).groupby("position").sum() for half in (0, 1)]
    log["predicted_reward_of_policy"] = np.where(
        fold == 0, random["position"].map(expected[0]), random["position"].map(expected[1])
    )
    found = evaluate(log).loc["thompson"]
    rate = own["click"].mean()
    rate_se = own["click"].std() / np.sqrt(len(own))
    for estimator in ("ips", "snips", "dr"):
        z = (found.loc[estimator, "estimate"] - rate) / np.hypot(found.loc[estimator, "standard_error"], rate_se)
        print(f"{estimator}: {found.loc[estimator, 'estimate']:.5f} against {rate:.5f}, z = {z:.2f}")
        assert abs(z) < 1.96
