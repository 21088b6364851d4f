"""Compares this project's learners with other libraries' on a randomised experiment of somebody else's: Hillstrom's e-mails.

The MineThatData e-mail challenge (Kevin Hillstrom, 2008): customers were sent a mail about women's merchandise, or none, at
random; the outcome is a visit within two weeks. Each split trains on one half of the customers and judges on the other, with
scikit-uplift's metrics. The results land in results/study_results.csv under the preset `hillstrom`; the split is the seed.
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


def load(path: Path) -> pd.DataFrame:
    """Customers in the shape of `int_uplift__inputs`: each is an account of its own."""
    customers = pd.read_parquet(path).query("segment in ('Womens E-Mail', 'No E-Mail')").sort_values("customer_id")
    dummies = pd.get_dummies(customers[["zip_code", "channel"]], dtype=float)
    frame = customers[["recency", "history", "mens", "womens", "newbie"]].astype(float).join(dummies)
    customer_ids = customers["customer_id"].astype(str)
    identity = {
        "population": "campaign",
        "campaign_id": "hillstrom",
        "observation_id": customer_ids,
        "user_id": customer_ids,
        "account_id": customer_ids,
        "as_of_date": pd.Timestamp(2008, 3, 20),
        "account_hash": np.random.default_rng(0).integers(2**60, size=len(customers)),
        "is_treated": (customers["segment"] == "Womens E-Mail").astype(int),
        "is_converted": customers["visit"].astype(int),
    }
    return pd.concat([pd.DataFrame(identity), frame], axis=1).reset_index(drop=True)


def this_project(training: pd.DataFrame, test: pd.DataFrame, seed: int) -> dict[str, np.ndarray]:
    """Every learner of this project and its response model, as shipped."""
    parameters = uplift.Parameters.from_frame(pd.read_csv(PARAMETERS).assign(seed=seed))
    scores = uplift.fit(training, parameters).score(test, parameters.deciding).set_index("observation_id")
    of_learner = {
        learner: scores[scores["learner_id"] == uplift.LEARNER_IDS[learner]].loc[test["observation_id"]]
        for learner in uplift.LEARNERS
    }
    decided = of_learner[parameters.deciding]
    response = decided["p_control"] + decided["propensity"] * (decided["p_treated"] - decided["p_control"])
    learners = {f"causalyn_{learner}": scored["lift"].to_numpy() for learner, scored in of_learner.items()}
    return learners | {"causalyn_response": response.to_numpy()}


def peers(training: pd.DataFrame, test: pd.DataFrame, seed: int) -> dict[str, np.ndarray]:
    """Learners of causalml and EconML on gradient boosting, regularised alike; one T-learner as boosting comes, one logistic."""
    features = [column for column in training.columns if column not in uplift.KEYS]
    x, treated = training[features].to_numpy(), training["is_treated"].to_numpy()
    converted, unseen = training["is_converted"].to_numpy(), test[features].to_numpy()
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


def judged(lift: np.ndarray, test: pd.DataFrame) -> dict[str, float]:
    """Qini and uplift at 30% as scikit-uplift has them, and the lift of the top fifth as believed and as realised."""
    truth = {"y_true": test["is_converted"], "uplift": lift, "treatment": test["is_treated"]}
    top = np.argsort(-lift, kind="stable")[: len(lift) // 5]
    return {
        "qini": qini_auc_score(**truth),
        "uplift_at_30": uplift_at_k(**truth, strategy="overall", k=0.3),
        "believed_at_20": lift[top].mean(),
        "realised_at_20": uplift_at_k(**truth, strategy="overall", k=0.2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="Parquet file of the experiment, one row per customer")
    parser.add_argument("--splits", type=int, default=10)
    options = parser.parse_args()
    customers = load(options.data)
    rows = []
    for split in tqdm(range(1, options.splits + 1), unit="split", disable=None):
        drawn = np.random.default_rng(split).permutation(len(customers))
        training, test = (customers.iloc[half] for half in np.array_split(drawn, 2))
        for predict in (this_project, peers):
            for learner, lift in predict(training, test, split).items():
                judgement = judged(lift, test)
                rows += [("hillstrom", split, f"{learner}_{metric}", value) for metric, value in judgement.items()]
    study.store(rows)
    print(
        f"{options.splits} splits of {len(customers):,} customers; results in {study.RESULTS.relative_to(study.ROOT)}"
    )


if __name__ == "__main__":
    main()
