"""Learners of uplift: cross-fitted, regularised, calibrated, with standard errors clustered by account.

Stage 1 are the nuisances: a forest a treatment arm estimates P(conversion | arm, features), and one P(treated | features).
Stage 2 are the learners in LEARNERS, each a class. The T-learner is the difference of the arms; the X-learner (Kuenzel et
al., 2019, "Metalearners for estimating heterogeneous treatment effects") and the DR-learner (Kennedy, 2023, "Towards optimal
doubly robust estimation of heterogeneous causal effects") fit forests of pseudo-outcomes that the nuisances make of every
training user, from models that saw nobody of the user's account. Around these stand the parts that make them fit for decisions:

- Folds are whole accounts, so that no user is scored by a model that saw anybody of its account.
- Within a fold's training accounts the forests are fitted on random halves of the accounts, in complementary pairs.
  Averaging the halves is subbagging (Buehlmann and Yu, 2002); the disagreement within a pair estimates the sampling
  variance of their mean (balanced half-samples, McCarthy, 1969), clustered by account since halves are.
- An arm is fitted with inverse propensity weights, the propensity coming from the other half. A leaf then averages
  over the population's users in it, not over those whom the campaign chose, which biases lift where leaves are coarse.
- Each half predicts the accounts that it left out. From these predictions come doubly robust scores of the training
  users (Robins, Rotnitzky and Zhao, 1994), and each learner's lift is calibrated on them by a line (Chernozhukov et al., 2018,
  "best linear predictor"): a model without signal shrinks to the average effect. The fold that is scored has no part in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
import pandas as pd
import sklearn
from sklearn.ensemble import ExtraTreesRegressor, RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier
from sklearn.tree._tree import Tree
from sklearn.utils.parallel import Parallel, delayed
from threadpoolctl import threadpool_limits

from causalyn.engines import engine

IDENTITY = ("population", "campaign_id", "observation_id", "user_id", "account_id", "as_of_date")
"""Columns of an input frame that tell its rows apart: a user as of a date, in a past campaign or today."""

KEYS = (*IDENTITY, "fold", "is_treated", "is_converted")
"""Columns of an input frame that are not features."""

CONTROL, TREATED, PROPENSITY = 0, 1, 2
"""Arms, and the rows of an array of nuisances (3 x users): P(conversion) by arm, and P(treated)."""


class LearnerError(ValueError):
    """The input cannot support an estimate of lift; the message says which rows are missing and what to do."""


@dataclass(frozen=True)
class Parameters:
    """How the learner is fitted; each value is a column of the seed `learner_parameters`.

    folds: cross-fitting folds. half_sample_pairs: pairs of account halves a fold. trees: trees a forest.
    min_leaf_share: smallest leaf as a share of the forest's rows. feature_share: features tried at a split.
    propensity_floor: propensities are clipped to [floor, 1 - floor] in weights and doubly robust scores.
    min_accounts, min_arm_users: least training data. max_training_rows: most rows to train on. seed: of every random draw.
    deciding_learner: whose lift decides. interval_level: coverage that intervals of lift promise, asked in SQL only.
    """

    folds: int
    half_sample_pairs: int
    trees: int
    min_leaf_share: float
    feature_share: float
    propensity_floor: float
    min_accounts: int
    min_arm_users: int
    max_training_rows: int
    seed: int
    deciding_learner: str
    interval_level: float

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> Parameters:
        """Parameters from the one row of the seed, integers as integers."""
        row = frame.iloc[0]
        kinds = {"int": int, "float": float, "str": str}
        return cls(**{name: kinds[kind](row[name]) for name, kind in cls.__annotations__.items()})

    @property
    def deciding(self) -> str:
        """The learner that decides, by its name in LEARNERS."""
        return self.deciding_learner.removesuffix("_learner")


@dataclass(frozen=True)
class Forest:
    """The trees of a fitted forest as arrays: all that it takes to predict, and nothing that could run when it is loaded.

    nodes: the nodes of all trees, one tree after the other, as scikit-learn's trees lay them out. values: what each node says of
    a user who ends there. sizes: nodes of each tree. n_features: columns of what it predicts from.
    """

    nodes: np.ndarray
    values: np.ndarray
    sizes: np.ndarray
    n_features: int

    @classmethod
    def of(cls, fitted: RandomForestClassifier | ExtraTreesRegressor | DecisionTreeClassifier) -> Forest:
        """The arrays of a fitted estimator: P(target = 1) in a classifier's nodes, else the mean of the target."""
        trees = [estimator.tree_ for estimator in getattr(fitted, "estimators_", [fitted])]
        values = np.concatenate([tree.value[:, 0, -1] for tree in trees])
        classes = getattr(fitted, "classes_", ())
        if len(classes) == 1:
            # Where the fit saw one class only, that class is certain.
            values = np.full(len(values), float(classes[0]))
        nodes = np.concatenate([tree.__getstate__()["nodes"] for tree in trees])
        return cls(nodes, values, np.array([tree.node_count for tree in trees]), int(fitted.n_features_in_))

    def predict(self, features: np.ndarray) -> np.ndarray:
        """The mean over the trees of what the leaves say of users (users), by their features (users x features)."""
        return self.predict_trees(features).mean(axis=0)

    def predict_trees(self, features: np.ndarray) -> np.ndarray:
        """What the leaf of every tree says of users (trees x users), by their features (users x features)."""
        return np.stack([values[leaves] for _, values, leaves in self._leaves(features)])

    def contributions(self, features: np.ndarray) -> np.ndarray:
        """What each feature adds to the prediction of every user (features x users): the sum is prediction less mean.

        On its way down a tree a user passes from mean to mean; each step counts for the feature that was asked (Palczewska et
        al., 2013, "Interpreting random forest models using a feature contribution method").
        """
        total = np.zeros(features.shape)
        for nodes, values, leaves in self._leaves(features):
            of_node = np.zeros((len(nodes), features.shape[1]))
            # A node's children come after it.
            for node in np.flatnonzero(nodes["left_child"] >= 0):
                for child in (nodes["left_child"][node], nodes["right_child"][node]):
                    of_node[child] = of_node[node]
                    of_node[child, nodes["feature"][node]] += values[child] - values[node]
            total += of_node[leaves]
        return total.T / len(self.sizes)

    def is_sound(self) -> bool:
        """Whether every branch leads on within its own tree and by a known feature: else predicting reads foreign memory."""
        if self.sizes.sum() != len(self.nodes) or len(self.values) != len(self.nodes) or (self.sizes < 1).any():
            return False
        place = np.arange(len(self.nodes)) - np.repeat(np.cumsum(self.sizes) - self.sizes, self.sizes)
        children = np.stack([self.nodes["left_child"], self.nodes["right_child"]])
        inside = (children > place) & (children < np.repeat(self.sizes, self.sizes))
        by_feature = (self.nodes["feature"] >= 0) & (self.nodes["feature"] < self.n_features)
        is_leaf = self.nodes["left_child"] == -1
        return bool((is_leaf | (inside.all(axis=0) & by_feature)).all())

    def _leaves(self, features: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Each tree's nodes and values, and the leaf of every user."""
        features = np.ascontiguousarray(features, dtype=np.float32)
        for end, size in zip(np.cumsum(self.sizes), self.sizes, strict=True):
            nodes, values = self.nodes[end - size : end], self.values[end - size : end]
            tree = Tree(self.n_features, np.array([1]), 1)
            state = {"max_depth": 0, "node_count": int(size), "nodes": nodes, "values": values.reshape(-1, 1, 1)}
            tree.__setstate__(state)
            yield nodes, values, tree.apply(features)


Ask = Callable[[Forest, np.ndarray], np.ndarray]
"""What is asked of a forest about users by their features: `Forest.predict`, `Forest.predict_trees` or `Forest.contributions`."""

Nuisances = np.ndarray | Mapping[int, np.ndarray]
"""What the nuisance forests say of users, by CONTROL, TREATED and PROPENSITY: 3 x users, or some of the three."""

FitForest = Callable[[np.ndarray, np.ndarray], Forest]
"""A forest fitted to features (users x features) and a target (users)."""


class Lift(Protocol):
    """A fitted learner. It is linear in what is asked of forests, the propensity apart."""

    needs: ClassVar[tuple[int, ...]]
    """The nuisances that it looks at."""

    def __call__(self, features: np.ndarray, nuisances: Nuisances, ask: Ask) -> np.ndarray:
        """Lift of users by their features (users x features) and what the nuisance forests that it needs say of them."""


@dataclass(frozen=True)
class HalfSample:
    """Training users of one half of the accounts; their nuisances come from models that did not see their accounts."""

    features: np.ndarray
    treated: np.ndarray
    converted: np.ndarray
    nuisances: np.ndarray
    dr_score: np.ndarray


@dataclass(frozen=True)
class TLearner:
    """The difference of the arms' outcome models; no second stage."""

    needs: ClassVar = (CONTROL, TREATED)

    @classmethod
    def fit(cls, sample: HalfSample, fit_forest: FitForest) -> TLearner:
        return cls()

    def __call__(self, features: np.ndarray, nuisances: Nuisances, ask: Ask) -> np.ndarray:
        return nuisances[TREATED] - nuisances[CONTROL]


@dataclass(frozen=True)
class XLearner:
    """A forest an arm of the effects imputed by the other arm's outcome model, averaged by propensity (Kuenzel et al., 2019)."""

    needs: ClassVar = (PROPENSITY,)

    of_control: Forest
    of_treated: Forest

    @classmethod
    def fit(cls, sample: HalfSample, fit_forest: FitForest) -> XLearner:
        treated = sample.treated == TREATED
        imputed = np.where(
            treated, sample.converted - sample.nuisances[CONTROL], sample.nuisances[TREATED] - sample.converted
        )
        return cls(
            of_control=fit_forest(sample.features[~treated], imputed[~treated]),
            of_treated=fit_forest(sample.features[treated], imputed[treated]),
        )

    def __call__(self, features: np.ndarray, nuisances: Nuisances, ask: Ask) -> np.ndarray:
        propensity = nuisances[PROPENSITY]
        return propensity * ask(self.of_control, features) + (1 - propensity) * ask(self.of_treated, features)


@dataclass(frozen=True)
class DRLearner:
    """A forest of the doubly robust scores (Kennedy, 2023)."""

    needs: ClassVar = ()

    forest: Forest

    @classmethod
    def fit(cls, sample: HalfSample, fit_forest: FitForest) -> DRLearner:
        return cls(fit_forest(sample.features, sample.dr_score))

    def __call__(self, features: np.ndarray, nuisances: Nuisances, ask: Ask) -> np.ndarray:
        return ask(self.forest, features)


LEARNERS = {"t": TLearner, "x": XLearner, "dr": DRLearner}
"""Learners by the prefix of their columns: each gives `<prefix>_lift` and `<prefix>_lift_se`."""

SCORES = ("p_control", "p_treated", "propensity", "lift", "lift_se", "lift_spread")
"""Columns that a fitted model adds to a user and learner, as doubles in units of probability; NaN where it does not say."""

RAW_TREES = "raw_trees"
"""The learner that stands for a model without any care: one fully grown tree an arm."""

LEARNER_IDS = {**{name: f"{name}_learner" for name in LEARNERS}, RAW_TREES: RAW_TREES}
"""Names of the learners in tables, by their names in LEARNERS."""

SCORE_COLUMNS = [*IDENTITY, "learner_id", *SCORES]
"""Columns of scored users."""


@dataclass(frozen=True)
class CalibrationLine:
    """The line that calibrates a learner's lift: level and slope around `center`, and their clustered covariance."""

    center: float
    coefficients: np.ndarray
    covariance: np.ndarray

    def calibrate(self, half_lift: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Calibrated lift of users and its standard error, from the lift by each half-sample (halves x users)."""
        position = half_lift.mean(axis=0) - self.center
        lift = np.clip(self.coefficients[0] + self.coefficients[1] * position, -1.0, 1.0)
        sampling_variance = (((half_lift[0::2] - half_lift[1::2]) / 2) ** 2).mean(axis=0)
        line = np.stack([np.ones_like(position), position])
        line_variance = np.einsum("ir,ij,jr->r", line, self.covariance, line)
        return lift, np.sqrt(self.coefficients[1] ** 2 * sampling_variance + line_variance)


@dataclass(frozen=True)
class FoldModel:
    """What scores one fold: nuisance forests and learners by half-sample, the raw trees, and a line a learner."""

    forests: tuple[tuple[Forest, ...], ...]
    lifts: dict[str, tuple[Lift, ...]]
    lines: dict[str, CalibrationLine]
    raw_trees: tuple[Forest, Forest]

    def predict(self, features: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
        """Scores of users by their `features` (users x features): by learner, float arrays by column name."""
        features = np.ascontiguousarray(features, dtype=np.float32)  # as trees compare them, once for all forests
        by_half = [
            _needed(models, (CONTROL, TREATED, PROPENSITY), features, Forest.predict_trees) for models in self.forests
        ]
        nuisances = {
            name: np.mean([np.atleast_2d(own[need]).mean(axis=0) for own in by_half], axis=0)
            for need, name in enumerate(("p_control", "p_treated", "propensity"))
        }
        scores = {name: nuisances | self._lift(features, name, by_half) for name in self.lifts}
        raw = [tree.predict(features) for tree in self.raw_trees]
        return scores | {RAW_TREES: {"lift": raw[TREATED] - raw[CONTROL]}}

    def predict_today(self, features: np.ndarray, learner: str) -> dict[str, dict[str, np.ndarray]]:
        """As `predict`, by one learner alone and for what it asks of half the forests or fewer."""
        features = np.ascontiguousarray(features, dtype=np.float32)
        needs = {CONTROL, *self.lifts[learner][0].needs}
        by_half = [_needed(models, needs, features, Forest.predict_trees) for models in self.forests]
        p_control = np.mean([own[CONTROL].mean(axis=0) for own in by_half], axis=0)
        return {learner: {"p_control": p_control} | self._lift(features, learner, by_half)}

    def _lift(self, features: np.ndarray, learner: str, by_half: Sequence[Nuisances]) -> dict[str, np.ndarray]:
        """Calibrated lift of users, its standard error, and its standard deviation over the trees of a forest.

        Trees that saw alike users disagree little. Where a user combines features as nobody did whom they saw, some go by one
        feature and some by another, and they disagree much: the lift of such a user has little support.
        """
        trees = np.stack(
            [lift(features, own, Forest.predict_trees) for lift, own in zip(self.lifts[learner], by_half, strict=True)]
        )
        line = self.lines[learner]
        lift, lift_se = line.calibrate(trees.mean(axis=1))
        return {
            "lift": lift,
            "lift_se": lift_se,
            "lift_spread": line.coefficients[1] * np.sqrt(trees.var(axis=1).mean(axis=0)),
        }

    def half_lift(self, features: np.ndarray, learner: str) -> np.ndarray:
        """Lift by one learner before calibration, from each half-sample (halves x users)."""
        return np.stack(list(self._ask_halves(features, learner, Forest.predict)))

    def contributions(self, features: np.ndarray, learner: str) -> np.ndarray:
        """What each feature adds to the calibrated lift of users (features x users)."""
        total = sum(self._ask_halves(features, learner, Forest.contributions))
        return self.lines[learner].coefficients[1] * total / len(self.forests)

    def _ask_halves(self, features: np.ndarray, learner: str, ask: Ask) -> Iterator[np.ndarray]:
        """What each half-sample's learner answers, asked as `ask` asks a forest."""
        features = np.ascontiguousarray(features, dtype=np.float32)
        for lift, models in zip(self.lifts[learner], self.forests, strict=True):
            yield lift(features, _needed(models, lift.needs, features, ask), ask)


Predict = Callable[[FoldModel, np.ndarray], dict[str, dict[str, np.ndarray]]]
"""Scores by learner and column name of users by their features (users x features)."""


@dataclass(frozen=True)
class UpliftModel:
    """Fitted learners: one model per fold, each fitted on the accounts of all other folds. Without a model, nobody is scored."""

    features: tuple[str, ...]
    folds: dict[int, FoldModel]

    def score(self, frame: pd.DataFrame, deciding: str) -> pd.DataFrame:
        """Scores every row of `frame` (IDENTITY, `fold` and the features) by its fold's model.

        Users of a past campaign get a row per learner and one of RAW_TREES; today's users get one, of the learner that decides,
        by its name in LEARNERS. Returns SCORE_COLUMNS, IDENTITY as given.
        """
        # The forests compare single precision: any other is copied to it, for each of them anew.
        matrix = frame[list(self.features)].to_numpy(dtype=np.float32)
        is_today = frame["population"].to_numpy() == "today"
        fold_of_row = frame["fold"].to_numpy()

        def score_part(fold: int, today: bool, predict: Predict) -> pd.DataFrame:
            rows = np.flatnonzero((fold_of_row == fold) & (is_today == today))
            predicted = predict(self.folds[fold], matrix[rows]) if rows.size else {}
            identity = frame[list(IDENTITY)].iloc[rows]
            parts = [
                identity.assign(learner_id=LEARNER_IDS[name], **{score: scores.get(score, np.nan) for score in SCORES})
                for name, scores in predicted.items()
            ]
            return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=SCORE_COLUMNS)

        predictions = [(False, FoldModel.predict), (True, partial(FoldModel.predict_today, learner=deciding))]
        with threadpool_limits(limits=1):
            scored = Parallel(n_jobs=-1, prefer="threads")(
                delayed(score_part)(fold, today, predict) for fold in self.folds for today, predict in predictions
            )
        scored = [part for part in scored if len(part)]
        return pd.concat(scored, ignore_index=True) if scored else pd.DataFrame(columns=SCORE_COLUMNS)


def training_users(relation: Any) -> pd.DataFrame:
    """The users of the relation `int_uplift__training_users`, in their order; to the random draws of `fit` it matters."""
    return engine.to_pandas(relation).sort_values("place", ignore_index=True).drop(columns="place")


def fit(training: pd.DataFrame, parameters: Parameters) -> UpliftModel:
    """Fits the learners on users with an observed outcome.

    Args:
        training: one row a user: KEYS and, in every other column, a numeric feature (NaN: unknown). `is_treated` and
            `is_converted` are 0 or 1, `fold` in 0..folds-1 with whole accounts in one fold. The row order matters to
            the random draws, so the caller orders the rows.
        parameters: see Parameters.

    Raises:
        LearnerError: an arm, an outcome, accounts or a feature cannot support the fit. A constant feature is harmless
            (no split uses it); an unknown value is a value of its own to the forests.
    """
    features = tuple(column for column in training.columns if column not in KEYS)
    check(training, features, parameters)
    matrix = training[list(features)].to_numpy(dtype=float)
    treated = training["is_treated"].to_numpy(dtype=int)
    converted = training["is_converted"].to_numpy(dtype=int)
    account = pd.factorize(training["account_id"])[0]
    fold_of_row = training["fold"].to_numpy(dtype=int)

    def fit_one(fold: int) -> FoldModel:
        rows = np.flatnonzero(fold_of_row != fold)
        seed = np.random.SeedSequence([parameters.seed, fold])
        return _fit_fold(matrix[rows], treated[rows], converted[rows], account[rows], parameters, seed)

    with threadpool_limits(limits=1):
        # Threads, since forests release the interpreter lock; their number is irrelevant, since each fold has its seed.
        models = Parallel(n_jobs=-1, prefer="threads")(delayed(fit_one)(fold) for fold in range(parameters.folds))
    return UpliftModel(features, dict(enumerate(models)))


def doubly_robust_lift(
    treated: np.ndarray,
    converted: np.ndarray,
    p_control: np.ndarray,
    p_treated: np.ndarray,
    propensity: np.ndarray,
    propensity_floor: float,
) -> np.ndarray:
    """Doubly robust (AIPW) score of each user's lift; arrays of one shape, propensity clipped to [floor, 1 - floor]."""
    chance = np.clip(propensity, propensity_floor, 1 - propensity_floor)
    correction = np.where(treated == 1, (converted - p_treated) / chance, -(converted - p_control) / (1 - chance))
    return p_treated - p_control + correction


def check(training: pd.DataFrame, features: Sequence[str], parameters: Parameters) -> None:
    """Refuses training data that cannot support an estimate; messages name table, column, rows and remedy."""
    table = "int_uplift__inputs"
    accounts = training["account_id"].nunique()
    if accounts < parameters.min_accounts:
        raise LearnerError(
            f"{table}: {accounts:,} accounts have users with an observed outcome; cross-fitting over "
            f"{parameters.folds} folds needs {parameters.min_accounts:,}. Add accounts, or lower min_accounts in "
            "learner_parameters."
        )
    for arm, name in ((CONTROL, "control"), (TREATED, "treated")):
        users = int((training["is_treated"] == arm).sum())
        if users < parameters.min_arm_users:
            raise LearnerError(
                f"{table}.is_treated: {users:,} {name} users have an observed outcome, of {len(training):,} in all; "
                f"lift needs {parameters.min_arm_users:,} in each arm. Load a campaign that left some eligible users "
                "alone."
            )
    if training["is_converted"].nunique() < 2:
        raise LearnerError(
            f"{table}.is_converted: all {len(training):,} observed outcomes are equal, so no lift can be estimated. "
            "Check outcomes_raw.collab_activated_flag."
        )
    for feature in features:
        infinite = int(np.isinf(training[feature].to_numpy(dtype=float)).sum())
        if infinite:
            raise LearnerError(
                f"{table}.{feature}: {infinite:,} of {len(training):,} rows are infinite. Divide by nullif(..., 0)."
            )


def library_version() -> pd.DataFrame:
    """One row, `version`: an md5 of the code that fits and scores, and of the release of scikit-learn."""
    code = [Path(module).read_text(encoding="utf-8") for module in (engine.__file__, __file__)]
    text = "\n".join([f"scikit-learn {sklearn.__version__}", *code])
    return pd.DataFrame({"version": [hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()]})


def _fit_fold(
    features: np.ndarray,
    treated: np.ndarray,
    converted: np.ndarray,
    account: np.ndarray,
    parameters: Parameters,
    seed: np.random.SeedSequence,
) -> FoldModel:
    """Fits one fold's nuisances and learners on halves of its accounts, and their calibration on what each half left out."""
    generator = np.random.default_rng(seed)
    halves, forests = [], []
    for _ in range(parameters.half_sample_pairs):
        pair, models = fit_pair(features, treated, converted, account, parameters, generator)
        halves += pair
        forests += models

    left_out = predict_left_out(features, halves, forests)
    nuisances = left_out_mean(left_out, halves)
    dr_score = doubly_robust_lift(treated, converted, *nuisances, parameters.propensity_floor)

    lifts, lines = {}, {}
    # Each learner draws from its own generator, so that adding one moves no other.
    for (name, learner), own_seed in zip(LEARNERS.items(), seed.spawn(len(LEARNERS)), strict=True):
        fit_forest = partial(_fit_regression_forest, parameters=parameters, generator=np.random.default_rng(own_seed))
        lifts[name] = tuple(
            learner.fit(
                HalfSample(features[half], treated[half], converted[half], nuisances[:, half], dr_score[half]),
                fit_forest,
            )
            for half in halves
        )
        predicted = [
            lift(features[~half], own, Forest.predict)
            for lift, half, own in zip(lifts[name], halves, left_out, strict=True)
        ]
        lines[name] = _calibration_line(left_out_mean(predicted, halves), dr_score, account)

    raw_trees = tuple(
        Forest.of(
            DecisionTreeClassifier(random_state=_draw(generator)).fit(
                features[treated == arm], converted[treated == arm]
            )
        )
        for arm in (CONTROL, TREATED)
    )
    return FoldModel(tuple(forests), lifts, lines, raw_trees)


def fit_pair(
    features: np.ndarray,
    treated: np.ndarray,
    converted: np.ndarray,
    account: np.ndarray,
    parameters: Parameters,
    generator: np.random.Generator,
) -> tuple[list[np.ndarray], list[tuple[Forest, ...]]]:
    """Fits nuisances on two complementary random halves of the accounts.

    Args:
        features: rows x features; treated, converted: 0 or 1 a row; account: an integer a row.

    Returns:
        The halves, each a mask of the rows, and the forests fitted on each (control, treated, propensity).

    Raises:
        LearnerError: a half holds no user of one arm.
    """
    accounts = np.unique(account)
    first_half = np.isin(account, generator.choice(accounts, size=len(accounts) // 2, replace=False))
    pair = [first_half, ~first_half]
    propensity_models = [_fit_forest(features[half], treated[half], parameters, generator) for half in pair]
    chance = np.empty(len(account))
    for half, model in zip(pair, propensity_models, strict=True):
        chance[~half] = model.predict(features[~half])
    chance = np.clip(chance, parameters.propensity_floor, 1 - parameters.propensity_floor)
    weight = np.where(treated == TREATED, 1 / chance, 1 / (1 - chance))
    forests = [
        (*_fit_arms(features, treated, converted, weight, half, parameters, generator), propensity_model)
        for half, propensity_model in zip(pair, propensity_models, strict=True)
    ]
    return pair, forests


def predict_left_out(
    features: np.ndarray, halves: Sequence[np.ndarray], forests: Sequence[tuple[Forest, ...]]
) -> list[np.ndarray]:
    """Nuisances (3 x rows left out) that each half's forests predict of the rows that the half left out."""
    return [_nuisances(models, features[~half]) for models, half in zip(forests, halves, strict=True)]


def left_out_mean(predictions: Sequence[np.ndarray], halves: Sequence[np.ndarray]) -> np.ndarray:
    """Mean prediction of every user (last axis) by the halves that left it out, from each half's predictions of those."""
    total = np.zeros((*predictions[0].shape[:-1], len(halves[0])))
    for prediction, half in zip(predictions, halves, strict=True):
        total[..., ~half] += prediction
    return total / np.sum([~half for half in halves], axis=0)


def _fit_arms(
    features: np.ndarray,
    treated: np.ndarray,
    converted: np.ndarray,
    weight: np.ndarray,
    half: np.ndarray,
    parameters: Parameters,
    generator: np.random.Generator,
) -> list[Forest]:
    """Forests of one half of the accounts: conversion in control, conversion when treated."""
    arms = []
    for arm, name in ((CONTROL, "control"), (TREATED, "treated")):
        rows = half & (treated == arm)
        if not rows.any():
            raise LearnerError(
                f"int_uplift__inputs.is_treated: a random half of the accounts ({int(half.sum()):,} users) holds no "
                f"{name} user. Load more accounts of the smaller arm."
            )
        arms.append(_fit_forest(features[rows], converted[rows], parameters, generator, weight[rows]))
    return arms


def _fit_forest(
    features: np.ndarray,
    target: np.ndarray,
    parameters: Parameters,
    generator: np.random.Generator,
    weight: np.ndarray | None = None,
) -> Forest:
    """A regularised forest of the probability of a binary target."""
    forest = RandomForestClassifier(
        n_estimators=parameters.trees,
        min_samples_leaf=parameters.min_leaf_share,
        max_features=parameters.feature_share,
        random_state=_draw(generator),
    )
    return Forest.of(forest.fit(features, target, sample_weight=weight))


def _fit_regression_forest(
    features: np.ndarray, target: np.ndarray, parameters: Parameters, generator: np.random.Generator
) -> Forest:
    """A regularised forest of a pseudo-outcome; thresholds are random: cheap, and as good where noise dwarfs signal."""
    forest = ExtraTreesRegressor(
        n_estimators=parameters.trees,
        min_samples_leaf=parameters.min_leaf_share,
        max_features=parameters.feature_share,
        random_state=_draw(generator),
    )
    return Forest.of(forest.fit(features, target))


def _calibration_line(lift: np.ndarray, scores: np.ndarray, account: np.ndarray) -> CalibrationLine:
    """Best linear predictor of doubly robust scores by lift, its covariance clustered by account.

    A negative slope means that the model ranks users no better than chance: everybody then gets the average effect.
    """
    center = float(lift.mean())
    design = np.column_stack([np.ones_like(lift), lift - center])
    bread = np.linalg.pinv(design.T @ design)
    coefficients = bread @ design.T @ scores
    residual = scores - design @ coefficients
    clustered = np.zeros((account.max() + 1, 2))
    np.add.at(clustered, account, design * residual[:, None])
    covariance = bread @ (clustered.T @ clustered) @ bread
    if coefficients[1] <= 0:
        coefficients = np.array([scores.mean(), 0.0])
        covariance = np.diag([covariance[0, 0], 0.0])
    return CalibrationLine(center, coefficients, covariance)


def _nuisances(models: Sequence[Forest], features: np.ndarray) -> np.ndarray:
    """Nuisances (3 x users) of users by their features, from the forests of one half."""
    return np.stack([model.predict(features) for model in models])


def _needed(models: Sequence[Forest], needs: Iterable[int], features: np.ndarray, ask: Ask) -> dict[int, np.ndarray]:
    """Some of the nuisances of users: the arms as asked, and the propensity, in which no learner is linear, predicted."""
    return {need: (Forest.predict if need == PROPENSITY else ask)(models[need], features) for need in needs}


def _draw(generator: np.random.Generator) -> int:
    """A seed for scikit-learn."""
    return int(generator.integers(2**31 - 1))
