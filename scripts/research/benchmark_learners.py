"""Compares this project's learners with other libraries' on randomised experiments.

Two are public: the MineThatData e-mail challenge (Kevin Hillstrom, 2008), in which customers were sent an e-mail about
women's merchandise, men's, or none; the outcome is a visit within two weeks. Three are simulated: lift is a smooth
function of several features, a step, or only an interaction. Each split trains on half of the users and tests on the
other. Results go to results/study_results.csv, under presets `learners_<experiment>`; the split is the seed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tqdm import tqdm

import study
from causalyn.learner import uplift

try:
    from causalml.inference.meta import BaseDRRegressor, BaseSClassifier, BaseTClassifier, BaseXClassifier
    from econml.dml import CausalForestDML
    from econml.dr import DRLearner
    from econml.metalearners import TLearner, XLearner
    from sklift.metrics import qini_auc_score, uplift_at_k
except ImportError as error:
    sys.exit(f"error: {error.name} is not installed; run `make .venv/.installed-peers` (needs Python 3.11)")

PARAMETERS = study.ROOT / "seeds" / "learner_parameters.csv"
Predict = Callable[[pd.DataFrame, pd.DataFrame, int], dict[str, np.ndarray]]
"""Lift of the customers of the second frame, by learner, from the customers of the first and a seed."""


def hillstrom(path: Path, mail: str) -> pd.DataFrame:
    """Customers sent one of the e-mails or none, in the shape of `int_uplift__inputs`; each is its own account."""
    customers = pd.read_parquet(path).query("segment in (@mail, 'No E-Mail')").sort_values("customer_id")
    dummies = pd.get_dummies(customers[["zip_code", "channel"]], dtype=float)
    features = customers[["recency", "history", "mens", "womens", "newbie"]].astype(float).join(dummies)
    return inputs(features, customers["segment"] == mail, customers["visit"])


def simulated(lift: Callable[[np.ndarray], np.ndarray]) -> pd.DataFrame:
    """20,000 users, half of them treated, with eight features, of which the first four affect the outcome."""
    generator = np.random.default_rng(0)
    features = generator.normal(size=(20_000, 8))
    treated = generator.uniform(size=len(features)) < 0.5
    p_control = 1 / (1 + np.exp(1 - features[:, 0] - 0.5 * features[:, 3] ** 2))
    chance = np.clip(p_control + treated * lift(features), 0, 1)
    columns = [f"feature_{place}" for place in range(features.shape[1])]
    return inputs(pd.DataFrame(features, columns=columns), treated, generator.uniform(size=len(features)) < chance)


def inputs(features: pd.DataFrame, treated: pd.Series | np.ndarray, converted: pd.Series | np.ndarray) -> pd.DataFrame:
    """Users in the shape of `int_uplift__inputs`."""
    user_ids = np.arange(len(features)).astype(str)
    identity = {
        "population": "campaign",
        "campaign_id": "experiment",
        "observation_id": user_ids,
        "user_id": user_ids,
        "account_id": user_ids,
        "as_of_date": pd.Timestamp(2008, 3, 20),
        "account_hash": np.random.default_rng(0).integers(2**60, size=len(features)),
        "is_treated": np.asarray(treated, dtype=int),
        "outcome": np.asarray(converted, dtype=int),
        "assignment_probability": np.mean(treated),
    }
    return pd.concat([pd.DataFrame(identity), features.reset_index(drop=True)], axis=1)


SIMULATED = {
    "smooth": lambda x: 0.06 + 0.06 * np.tanh(x[:, 0]) - 0.05 * np.sin(x[:, 1]) + 0.03 * x[:, 2],
    "step": lambda x: np.where(x[:, 0] > 1, -0.15, np.where(x[:, 1] > 0, 0.12, 0.02)),
    "interaction": lambda x: 0.03 + 0.08 * np.sign(x[:, 1]) * np.tanh(x[:, 2]),
}
"""Lift of users by their features (users x features), by experiment."""


def this_project(training: pd.DataFrame, test: pd.DataFrame, seed: int) -> dict[str, np.ndarray]:
    """This project's learners and response model, as shipped."""
    parameters = uplift.Parameters.from_frame(pd.read_csv(PARAMETERS).assign(seed=seed))
    scores = uplift.fit(training, parameters).score(test, parameters.deciding).set_index("observation_id")
    of_learner = {
        learner: scores[scores["learner_id"] == uplift.LEARNER_IDS[learner]].loc[test["observation_id"]]
        for learner in uplift.MEMBERS
    }
    decided = of_learner[parameters.deciding]
    response = decided["p_control"] + decided["propensity"] * (decided["p_treated"] - decided["p_control"])
    learners = {f"causalyn_{learner}": scored["lift"].to_numpy() for learner, scored in of_learner.items()}
    return learners | {"causalyn_response": response.to_numpy()}


def peers(training: pd.DataFrame, test: pd.DataFrame, seed: int) -> dict[str, np.ndarray]:
    """causalml's and EconML's learners, regularised equally; one T-learner with default boosting, one logistic."""
    features = [column for column in training.columns if column not in uplift.KEYS]
    x, treated = training[features].to_numpy(), training["is_treated"].to_numpy()
    converted, unseen = training["outcome"].to_numpy(), test[features].to_numpy()
    shrunk = {
        "learning_rate": 0.05,
        "max_iter": 100,
        "max_leaf_nodes": 8,
        "min_samples_leaf": 200,
        "random_state": seed,
    }

    def classifier() -> HistGradientBoostingClassifier:
        return HistGradientBoostingClassifier(**shrunk)

    def regressor() -> HistGradientBoostingRegressor:
        return HistGradientBoostingRegressor(**shrunk)

    propensity = np.full(len(treated), treated.mean())
    of_causalml = {
        "causalml_t_unregularised": BaseTClassifier(HistGradientBoostingClassifier(random_state=seed)),
        "causalml_t_logistic": BaseTClassifier(make_pipeline(StandardScaler(), LogisticRegression())),
        "causalml_t": BaseTClassifier(classifier()),
        "causalml_s": BaseSClassifier(classifier()),
        "causalml_x": BaseXClassifier(outcome_learner=classifier(), effect_learner=regressor()),
        "causalml_dr": BaseDRRegressor(learner=regressor()),
    }
    lift = {}
    for name, learner in of_causalml.items():
        known = {} if name.startswith(("causalml_t", "causalml_s")) else {"p": propensity}
        learner.fit(x, treated, converted, **known)
        known = {"p": np.full(len(unseen), treated.mean())} if name == "causalml_x" else {}
        lift[name] = learner.predict(unseen, **known).ravel()
    of_econml = {
        "econml_t": TLearner(models=regressor()),
        "econml_x": XLearner(models=regressor(), propensity_model=classifier()),
        "econml_dr": DRLearner(
            model_propensity=classifier(), model_regression=regressor(), model_final=regressor(), random_state=seed
        ),
        "econml_causal_forest": CausalForestDML(
            model_y=regressor(), model_t=classifier(), discrete_treatment=True, n_estimators=200, n_jobs=1,
            min_samples_leaf=50, random_state=seed,
        ),
    }  # fmt: skip
    for name, learner in of_econml.items():
        learner.fit(converted, treated, X=x)
        lift[name] = learner.effect(unseen).ravel()
    return lift


def nuisances(training: pd.DataFrame, test: pd.DataFrame, seed: int) -> np.ndarray:
    """P(conversion) of the users of `test`, control and treated (2 x users), by a model that no learner uses."""
    features = [column for column in training.columns if column not in uplift.KEYS]
    model = {"max_iter": 60, "max_leaf_nodes": 8, "min_samples_leaf": 100, "random_state": seed}
    arms = [training[training["is_treated"] == arm] for arm in (uplift.CONTROL, uplift.TREATED)]
    fitted = [HistGradientBoostingClassifier(**model).fit(arm[features], arm["outcome"]) for arm in arms]
    return np.stack([arm.predict_proba(test[features])[:, 1] for arm in fitted])


def judged(lift: np.ndarray, test: pd.DataFrame, dr_score: np.ndarray) -> dict[str, float]:
    """scikit-uplift's Qini and uplift at 30%, doubly robust loss, and the top fifth's predicted and observed lift.

    The loss is relative to the constant effect's: below 0 is better than treating all users the same.
    """
    truth = {"y_true": test["outcome"], "uplift": lift, "treatment": test["is_treated"]}
    top = np.argsort(-lift, kind="stable")[: len(lift) // 5]
    return {
        "qini": qini_auc_score(**truth),
        "uplift_at_30": uplift_at_k(**truth, strategy="overall", k=0.3),
        "dr_loss": np.mean((dr_score - lift) ** 2) - np.var(dr_score),
        "predicted_at_20": lift[top].mean(),
        "observed_at_20": dr_score[top].mean(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hillstrom", type=Path, help="Parquet file of that experiment, one row per customer")
    parser.add_argument("--splits", type=int, default=10)
    options = parser.parse_args()
    experiments = {name: simulated(lift) for name, lift in SIMULATED.items()}
    if options.hillstrom:
        for name in ("Womens", "Mens"):
            experiments[f"hillstrom_{name.lower()}"] = hillstrom(options.hillstrom, f"{name} E-Mail")
    for name, users in experiments.items():
        rows = []
        for split in tqdm(range(1, options.splits + 1), desc=name, unit="split", disable=None):
            drawn = np.random.default_rng(split).permutation(len(users))
            training, test = (users.iloc[half] for half in np.array_split(drawn, 2))
            treated, converted = (test[column].to_numpy() for column in ("is_treated", "outcome"))
            chance = np.full(len(test), users["is_treated"].mean())
            dr_score = uplift.doubly_robust_lift(treated, converted, *nuisances(training, test, split), chance)
            for predict in (this_project, peers):
                for learner, lift in predict(training, test, split).items():
                    judgement = judged(lift, test, dr_score)
                    rows += [
                        (f"learners_{name}", split, f"{learner}_{metric}", value) for metric, value in judgement.items()
                    ]
        study.store(rows)
    print(f"{options.splits} splits of {', '.join(experiments)}; results in {study.RESULTS.relative_to(study.ROOT)}")


if __name__ == "__main__":
    main()
