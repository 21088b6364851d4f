"""Learners of uplift: cross-fitted, regularised, calibrated, with standard errors clustered by account.

Each bit of a hash of the account id splits the accounts into two halves, a pair. Each half fits its own models, on its own
users alone, in two stages. Stage 1 is the nuisances: P(conversion | arm, features) per treatment arm and P(treated | features,
campaign), each by a forest and by a logistic regression on splines. Stage 2 is the learners in LEARNERS, one class each. The
T-learner is the difference of the arms by their forests, and another by their splines; the X-learner (Kuenzel et al., 2019,
"Metalearners for estimating heterogeneous treatment effects") and the R-learner (Nie and Wager, 2021, "Quasi-oracle estimation
of heterogeneous treatment effects") fit forests to pseudo-outcomes. STACK combines them.

- A user is scored by the halves without the user's account, one per pair, in either population; a user of an account outside
  training, by all. So nobody is scored by a model that saw the account, and one ensemble serves all.
- Lift is the mean over these models: subbagging (Buehlmann and Yu, 2002). They were fitted on random halves of the accounts, so
  their variance estimates the sampling variance of an estimate from all accounts (balanced half-samples, McCarthy, 1969),
  clustered by account. It overstates the randomness of the trees, which averaging reduces.
- An arm is fitted with inverse propensity weights. A leaf then averages over the population's users in it, not over those
  the campaign chose, which would bias lift in coarse leaves.
- A published nuisance is the mean of its two models. Coarse leaves leave confounding in and additive splines miss interactions:
  each makes up for the other.
- The outcome is conversion, or revenue in units of what a conversion brings on average. All that follows is the same for both.
- Out-of-bag nuisances give doubly robust scores of the training users (Robins, Rotnitzky and Zhao, 1994). Every learner's lift is
  calibrated on them by a line (Chernozhukov et al., 2018, "best linear predictor"), and the stack by one weight per learner, none
  negative (Breiman, 1996, "Stacked regressions"): a model without signal shrinks to the average effect. The level is common to
  all; an account's weights come from other accounts than its own.
- Regularised learners are biased, which resampling does not show, but each in its own way. So the stack's variance is that of a
  mixture of its learners, within and between them (Buckland, Burnham and Augustin, 1997, "Model selection: an
  integral part of inference").
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
import pandas as pd
import sklearn
from scipy.optimize import nnls
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeRegressor, ExtraTreeRegressor
from sklearn.tree._tree import Tree
from sklearn.utils.parallel import Parallel, delayed
from threadpoolctl import ThreadpoolController, threadpool_limits

from causalyn.engines import engine

IDENTITY = ("population", "campaign_id", "observation_id", "user_id", "account_id", "as_of_date")
"""Columns of an input frame that tell its rows apart: a user as of a date, in a past campaign or today."""

KEYS = (*IDENTITY, "account_hash", "is_treated", "outcome", "assignment_probability")
"""Columns of an input frame that are not features."""

CONTROL, TREATED, PROPENSITY = 0, 1, 2
"""Arms, and the rows of an array of nuisances (3 x users): P(conversion) by arm, and P(treated)."""

BY_SPLINES = 3
"""Added to the index of a nuisance, the index of its model on splines."""

CALIBRATION_GROUPS = 5
"""Groups of accounts, by hash, each of which is calibrated by weights that come from the others."""

KNOTS = (0.05, 0.275, 0.5, 0.725, 0.95)
"""Quantiles of a feature between which a spline is linear, and beyond which it is constant (Harrell, 2001, section 2.4.6)."""

RAREST = 0.005
"""Least share of users whose values get knots of their own where one value takes all.
Values that fewer have count as unseen: `extreme_share` in macros/features.sql."""

SPLINE_PENALTY = 15.0
"""Ridge penalty of the logistic regressions, on standardised columns."""

DRAWN_SHARE = 0.4
"""Share of the users that a tree with the best thresholds draws: as accurate as a bootstrap sample, and cheaper."""

DECIMALS = 4
"""Decimals of the nuisances that forests learn from: a solver's last bits, which vary with memory, must not decide a split."""

BLOCK_ROWS = 12_500
"""Users that one thread scores at a time."""

T = TypeVar("T")


class LearnerError(ValueError):
    """The input cannot support an estimate of lift; the message says which rows are missing and what to do."""


@dataclass(frozen=True)
class Parameters:
    """How the learner is fitted; each value is a column of the seed `learner_parameters`.

    account_pairs: pairs of account halves. trees: trees per forest.
    min_leaf_share: smallest leaf as a share of the forest's rows. feature_share: features tried at a split.
    propensity_floor: estimated propensities are clipped to [floor, 1 - floor] in weights and doubly robust scores.
    min_accounts, min_arm_users: least training data. max_training_rows: most rows to train on. seed: of every random draw.
    deciding_learner: the learner whose lift decides. interval_level, outcome_measure: nominal coverage of intervals, and what the
    outcome is, used only in SQL.
    """

    account_pairs: int
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
    outcome_measure: str

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> Parameters:
        """Parameters from the one row of the seed, integers as integers."""
        row = frame.iloc[0]
        kinds = {"int": int, "float": float, "str": str}
        return cls(**{name: kinds[kind](row[name]) for name, kind in cls.__annotations__.items()})

    @property
    def deciding(self) -> str:
        """The deciding learner, by its name in LEARNERS."""
        return self.deciding_learner.removesuffix("_learner")


@dataclass(frozen=True)
class Forest:
    """The trees of a fitted forest as arrays: enough to predict, and nothing executable.

    nodes: the nodes of all trees, concatenated, in scikit-learn's layout. values: the prediction of each node. sizes: nodes per
    tree. n_features: columns of the features.
    """

    nodes: np.ndarray
    values: np.ndarray
    sizes: np.ndarray
    n_features: int

    @classmethod
    def of(cls, fitted: Sequence[DecisionTreeRegressor]) -> Forest:
        """The arrays of fitted trees."""
        trees = [tree.tree_ for tree in fitted]
        return cls(
            nodes=np.concatenate([tree.__getstate__()["nodes"] for tree in trees]),
            values=np.concatenate([tree.value[:, 0, 0] for tree in trees]),
            sizes=np.array([tree.node_count for tree in trees]),
            n_features=trees[0].n_features,
        )

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Predictions, averaged over trees (users), from features (users x features)."""
        return self.predict_trees(features).mean(axis=0)

    def predict_trees(self, features: np.ndarray) -> np.ndarray:
        """Predictions of every tree (trees x users), from features (users x features)."""
        return np.stack([values.take(leaves) for _, values, leaves in self._leaves(features)])

    def contributions(self, features: np.ndarray) -> np.ndarray:
        """Each feature's contribution to every user's prediction (features x users); they sum to prediction minus mean.

        Each split on a user's path changes the mean, which counts for the feature it splits on (Palczewska et al., 2013,
        "Interpreting random forest models using a feature contribution method").
        """
        total = np.zeros(features.shape)
        for nodes, values, leaves in self._leaves(features):
            of_node = np.zeros((len(nodes), features.shape[1]))
            # A node's children come after it.
            for node in np.flatnonzero(nodes["left_child"] >= 0):
                for child in (nodes["left_child"][node], nodes["right_child"][node]):
                    of_node[child] = of_node[node]
                    of_node[child, nodes["feature"][node]] += values[child] - values[node]
            total += of_node.take(leaves, axis=0)
        return total.T / len(self.sizes)

    def is_sound(self) -> bool:
        """Whether every branch stays within its tree and splits on a known feature; else predicting reads foreign memory."""
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


@dataclass(frozen=True)
class SplineBasis:
    """The features of users as columns that are linear between knots: by feature, one per knot and one for an unknown value.

    knots: features x KNOTS. columns: users x (features x (KNOTS + 1)), standardised. mean, scale: of each column before that.
    """

    knots: np.ndarray
    columns: np.ndarray
    mean: np.ndarray
    scale: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray) -> SplineBasis:
        """The basis of features (users x features)."""
        known = np.isfinite(features).any(axis=0)
        knots = np.zeros((features.shape[1], len(KNOTS)))
        knots[known] = np.nanquantile(features[:, known], KNOTS, axis=0).T
        # A value that nearly everybody has, such as 0 of a rare flag, takes every knot; all but one go to the other values.
        for feature in np.flatnonzero(known & (knots[:, 0] == knots[:, -1])):
            column, common = features[:, feature], knots[feature, 0]
            others = column[np.isfinite(column) & (column != common)]
            if others.size >= RAREST * len(column):
                knots[feature] = np.sort([common, *np.quantile(others, KNOTS[:-1])])
        kinds = np.eye(len(KNOTS) + 1)
        columns = np.stack(
            [
                _interpolated(column, of, kind[:-1], kind[-1])
                for column, of in zip(features.T, knots, strict=True)
                for kind in kinds
            ],
            axis=1,
        )
        mean, scale = columns.mean(axis=0), columns.std(axis=0)
        scale[scale == 0] = np.inf
        return cls(knots, (columns - mean) / scale, mean, scale)


@dataclass(frozen=True)
class Splines:
    """A fitted logistic regression on piecewise linear splines: log odds are a sum over features.

    knots, values: each feature's knots, and its log odds there (features x KNOTS). of_unknown: log odds of an unknown value
    (features). intercept: of the log odds, so that every feature's mean is 0. most: the target where the probability is 1.
    """

    knots: np.ndarray
    values: np.ndarray
    of_unknown: np.ndarray
    intercept: np.ndarray
    most: np.ndarray

    @classmethod
    def fit(cls, basis: SplineBasis, rows: np.ndarray, target: np.ndarray, weight: np.ndarray) -> Splines:
        """A model of a target by features, from some rows (mask by user) of a basis; target and weight are by row.

        A target beyond 0 and 1 is taken as a share of its greatest value: a fractional logit (Papke and Wooldridge, 1996), in
        which each user counts as a conversion by that share, and as none by the rest. Shares say less, so the penalty shrinks.
        """
        most = max(target.max(), 1.0)
        target = target / most
        # A row of each kind that has any weight, by user.
        user, label = np.nonzero(np.stack([target < 1, target > 0], axis=1))
        weight_of_label = weight[user] * np.where(label, target[user], 1 - target[user])
        share = np.average(target, weights=weight)
        if not 0 < share < 1:
            coefficients, intercept = np.zeros(len(basis.scale)), logit(np.clip(share, 1e-3, 1 - 1e-3))
        else:
            regression = LogisticRegression(C=most / SPLINE_PENALTY, solver="newton-cholesky")
            regression.fit(basis.columns[np.flatnonzero(rows)[user]], label, weight_of_label / weight.mean())
            coefficients, intercept = regression.coef_[0] / basis.scale, regression.intercept_[0]
        # By feature, the log odds at each knot and where unknown; their mean goes to the intercept.
        log_odds = coefficients.reshape(-1, len(KNOTS) + 1)
        log_odds -= (log_odds * basis.mean.reshape(log_odds.shape)).sum(axis=1, keepdims=True)
        return cls(basis.knots, log_odds[:, :-1], log_odds[:, -1], np.array(intercept), np.array(most))

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Predictions (users), from features (users x features)."""
        return self.most * expit(self.intercept + self._log_odds(features).sum(axis=0))

    def predict_trees(self, features: np.ndarray) -> np.ndarray:
        """As a forest of one tree (1 x users)."""
        return self.predict(features)[None]

    def contributions(self, features: np.ndarray) -> np.ndarray:
        """Each feature's contribution to every user's prediction (features x users).

        They sum to the prediction minus that at mean log odds, split in proportion to the contributions to the log odds.
        """
        log_odds = self._log_odds(features)
        total = log_odds.sum(axis=0)
        at_mean = expit(self.intercept)
        near = np.abs(total) < 1e-9
        per_log_odds = (expit(self.intercept + total) - at_mean) / np.where(near, 1, total)
        return self.most * log_odds * np.where(near, at_mean * (1 - at_mean), per_log_odds)

    def is_sound(self, n_features: int) -> bool:
        """Whether the arrays fit this number of features."""
        of_features = (n_features, len(KNOTS))
        shapes = tuple(array.shape for array in (self.knots, self.values, self.of_unknown, self.intercept, self.most))
        return shapes == (of_features, of_features, (n_features,), (), ())

    def _log_odds(self, features: np.ndarray) -> np.ndarray:
        """Each feature's contribution to every user's log odds (features x users)."""
        return np.stack(list(map(_interpolated, features.T, self.knots, self.values, self.of_unknown)))


@dataclass(frozen=True)
class Assignment:
    """Models of P(treated), one per campaign, since each campaign nudges by a rule of its own.

    rules: by campaign, in the order of UpliftModel.campaigns. If all campaigns declare theirs, there is one, of everybody.
    """

    rules: tuple[Forest | Splines, ...]

    def predict(self, features: np.ndarray, membership: np.ndarray) -> np.ndarray:
        """P(treated) by the rule of each user's campaign, or the mean over rules (users).

        Args:
            features: users x features. membership: users x campaigns, as for `fit_nuisances`.
        """
        chance = np.empty(len(features))
        members = [(rows, (rule,)) for rows, rule in zip(membership.T, self.rules, strict=False)]
        for rows, rules in (*members, (~membership.any(axis=1), self.rules)):
            if rows.any():
                chance[rows] = np.mean([rule.predict(features[rows]) for rule in rules], axis=0)
        return chance


Nuisance = Forest | Splines | Assignment
"""A fitted nuisance."""

Ask = Callable[[Forest | Splines, np.ndarray], np.ndarray]
"""What is asked of a model about users by their features: `predict`, `predict_trees` or `contributions`."""

PREDICT, PREDICT_TREES, CONTRIBUTIONS = (
    lambda model, features, name=name: getattr(model, name)(features)
    for name in ("predict", "predict_trees", "contributions")
)
"""The questions that can be asked."""

Nuisances = Mapping[int, np.ndarray]
"""What models of nuisances say of users: by CONTROL, TREATED and PROPENSITY the forests, and by these + BY_SPLINES the others."""

FitForest = Callable[..., Forest]
"""`_fit_forest` with parameters and random draws."""


class Lift(Protocol):
    """A fitted learner. It is linear in the models' predictions, except the propensity."""

    needs: ClassVar[tuple[int, ...]]
    """The nuisances that it looks at."""

    def __call__(self, features: np.ndarray, nuisances: Nuisances, ask: Ask) -> np.ndarray:
        """Lift of users from features (users x features) and the nuisance predictions it needs."""


@dataclass(frozen=True)
class HalfSample:
    """Training users of one half of the accounts, with the nuisances predicted by the half's own models (3 x users).

    In-sample, but the leaves are so coarse that it hardly matters; any other nuisances would have seen the accounts to score.
    chance: P(treated) of `chance_of_treatment`.
    """

    features: np.ndarray
    treated: np.ndarray
    outcome: np.ndarray
    nuisances: np.ndarray
    chance: np.ndarray


@dataclass(frozen=True)
class TLearner:
    """The difference of the arms' outcome models; no second stage."""

    needs: ClassVar[tuple[int, ...]] = (CONTROL, TREATED)

    @classmethod
    def fit(cls, sample: HalfSample, fit_forest: FitForest) -> TLearner:
        return cls()

    def __call__(self, features: np.ndarray, nuisances: Nuisances, ask: Ask) -> np.ndarray:
        control, treated = self.needs
        return nuisances[treated] - nuisances[control]


class SplineTLearner(TLearner):
    """The same by the outcome models on splines."""

    needs: ClassVar[tuple[int, ...]] = (CONTROL + BY_SPLINES, TREATED + BY_SPLINES)


@dataclass(frozen=True)
class XLearner:
    """A forest per arm of the effects imputed by the other arm's outcome model, averaged by propensity (Kuenzel et al., 2019)."""

    needs: ClassVar[tuple[int, ...]] = (PROPENSITY,)

    of_control: Forest
    of_treated: Forest

    @classmethod
    def fit(cls, sample: HalfSample, fit_forest: FitForest) -> XLearner:
        treated = sample.treated == TREATED
        imputed = np.where(
            treated, sample.outcome - sample.nuisances[CONTROL], sample.nuisances[TREATED] - sample.outcome
        )
        # Where noise dwarfs signal, as in pseudo-outcomes, random thresholds are cheap and as good.
        return cls(
            of_control=fit_forest(ExtraTreeRegressor, sample.features[~treated], imputed[~treated]),
            of_treated=fit_forest(ExtraTreeRegressor, sample.features[treated], imputed[treated]),
        )

    def __call__(self, features: np.ndarray, nuisances: Nuisances, ask: Ask) -> np.ndarray:
        propensity = nuisances[PROPENSITY]
        return propensity * ask(self.of_control, features) + (1 - propensity) * ask(self.of_treated, features)


@dataclass(frozen=True)
class RLearner:
    """A forest of the outcome's residual per residual of treatment, weighted by the latter squared (Nie and Wager, 2021).

    Its thresholds are the best ones, not random, so that it finds interactions that the X-learner misses.
    """

    needs: ClassVar[tuple[int, ...]] = ()

    forest: Forest

    @classmethod
    def fit(cls, sample: HalfSample, fit_forest: FitForest) -> RLearner:
        control, treated = sample.nuisances[CONTROL], sample.nuisances[TREATED]
        residual = sample.outcome - control - sample.chance * (treated - control)
        treatment = sample.treated - sample.chance
        # A user that a design treats for certain says nothing about lift.
        effect = np.divide(residual, treatment, out=np.zeros(len(residual)), where=treatment != 0)
        return cls(fit_forest(DecisionTreeRegressor, sample.features, effect, treatment**2))

    def __call__(self, features: np.ndarray, nuisances: Nuisances, ask: Ask) -> np.ndarray:
        return ask(self.forest, features)


LEARNERS: dict[str, type[TLearner | XLearner | RLearner]] = {
    "t": TLearner,
    "spline_t": SplineTLearner,
    "x": XLearner,
    "r": RLearner,
}
"""Learners by their short names."""

STACK = "stack"
"""The learner that combines those in LEARNERS."""

MEMBERS = {**{name: (name,) for name in LEARNERS}, STACK: tuple(LEARNERS)}
"""Learners of which a calibrated lift is made, by its name."""

SCORES = ("p_control", "p_treated", "propensity", "lift", "lift_se", "lift_spread", "stack_weight")
"""Columns that a fitted model adds to a user and learner, as doubles in units of probability; NaN where it does not say.

lift_spread: how far the trees and learners disagree about the user. stack_weight: what the stack multiplies the learner by.
"""

RAW_TREES = "raw_trees"
"""The learner that stands for a model without any care: one fully grown tree per arm."""

LEARNER_IDS = {**{name: f"{name}_learner" for name in LEARNERS}, STACK: STACK, RAW_TREES: RAW_TREES}
"""Names of the learners in tables, by their short names."""

SCORE_COLUMNS = [*IDENTITY, "learner_id", *SCORES, "scoring_halves"]
"""Columns of scored users."""


@dataclass(frozen=True)
class Calibration:
    """Turns the learners' lifts into calibrated lift: the average effect, and weights by group of accounts.

    The last group is accounts that no model saw; its weights come from all accounts. learners: those with any weight. centers:
    their mean lift. level: the average effect. weights: joint (groups x learners). slopes: of each alone (groups x learners).
    covariance: of the level and of the slope of the whole, by group, clustered by account (groups x 2 x 2). limit: the greatest
    outcome, which no lift exceeds.
    """

    learners: np.ndarray
    centers: np.ndarray
    level: float
    weights: np.ndarray
    slopes: np.ndarray
    covariance: np.ndarray
    limit: float

    @classmethod
    def fit(
        cls,
        lifts: Mapping[str, np.ndarray],
        scores: np.ndarray,
        account: np.ndarray,
        group: np.ndarray,
        limit: float,
    ) -> Calibration:
        """Best linear predictor of doubly robust scores from lifts, with non-negative weights.

        All arrays are by user; accounts are integers from 0. A learner that ranks users no better than chance gets no weight; if
        all do, everybody gets the average effect.
        """
        # Rounded, lest rounding errors rank users of whom a learner says the same.
        matrix = np.stack(list(lifts.values()), axis=1).round(12)
        centers, level = matrix.mean(axis=0), float(scores.mean())
        position, beyond = matrix - centers, scores - level
        weights, slopes, covariance = [], [], []
        for left_out in range(CALIBRATION_GROUPS + 1):
            rows = group != left_out
            weights.append(nnls(position[rows], beyond[rows])[0])
            slopes.append([nnls(position[rows][:, [one]], beyond[rows])[0][0] for one in range(len(lifts))])
            covariance.append(_line_covariance(position[rows] @ weights[-1], beyond[rows], account[rows]))
        joint = np.array(weights)
        used = joint.any(axis=0)
        return cls(
            np.array(list(lifts))[used], centers[used], level, joint[:, used], np.array(slopes)[:, used],
            np.array(covariance), limit,
        )  # fmt: skip

    def calibrate(
        self, lift: np.ndarray, sampling_variance: np.ndarray, tree_variance: np.ndarray, group: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Calibrated lift of users, its standard error and its spread over trees, as columns of SCORES.

        Args:
            lift, sampling_variance: mean and variance over models of the learners' lifts (learners x users); tree_variance:
                within a model, over its trees. group: of each user.
        """
        position, weights, slopes = lift - self.centers[:, None], self.weights[group].T, self.slopes[group].T
        total = weights.sum(axis=0)
        share = weights / np.where(total == 0, 1, total)
        beyond = (weights * position).sum(axis=0)
        between = (share * (slopes * position - beyond) ** 2).sum(axis=0)
        line = np.stack([np.ones_like(beyond), beyond])
        line_variance = np.einsum("ir,rij,jr->r", line, self.covariance[group], line)
        within, over_trees = (
            (share * slopes**2 * variance).sum(axis=0) for variance in (sampling_variance, tree_variance)
        )
        return {
            "lift": np.clip(self.level + beyond, -self.limit, self.limit),
            "lift_se": np.sqrt(within + between + line_variance),
            "lift_spread": np.sqrt(over_trees + between),
        }


@dataclass(frozen=True)
class HalfModel:
    """The models of one half of the accounts: the six of `fit_nuisances`, and a fitted Lift per learner.

    levels: each learner's mean lift of the half's own users. A half in which the effect happens to be large lacks in the other,
    whose users it scores, so levels would rank accounts against the truth; calibration gives all the same one.
    """

    nuisances: tuple[Nuisance, ...]
    lifts: Mapping[str, Lift]
    levels: np.ndarray

    def contributions(self, features: np.ndarray, weights: Mapping[str, np.ndarray]) -> np.ndarray:
        """Each feature's contribution to the weighted sum of lifts (features x users), from weights of users by learner."""
        needs = {need for learner in weights for need in self.lifts[learner].needs}
        asked = ask_nuisances(self.nuisances, needs, features, np.zeros((len(features), 0), dtype=bool), CONTRIBUTIONS)
        return sum(weight * self.lifts[learner](features, asked, CONTRIBUTIONS) for learner, weight in weights.items())

    def predict(
        self, features: np.ndarray, membership: np.ndarray, nuisances: Sequence[int], learners: Sequence[str]
    ) -> np.ndarray:
        """The named nuisances of users, then each learner's lift beyond its level, then its variance over trees (these x users).

        Trees agree on users like those they saw. For an unseen combination of features, each tree follows a different feature and
        they disagree: the user's lift has little support.
        """
        needs = {need + kind for need in nuisances for kind in (0, BY_SPLINES)}
        needs |= {need for learner in learners for need in self.lifts[learner].needs}
        asked = ask_nuisances(self.nuisances, sorted(needs), features, membership, PREDICT_TREES)
        rows = [
            sum(np.atleast_2d(asked[need + kind]).mean(axis=0) for kind in (0, BY_SPLINES)) / 2 for need in nuisances
        ]
        trees = [self.lifts[learner](features, asked, PREDICT_TREES) for learner in learners]
        level = dict(zip(self.lifts, self.levels, strict=True))
        beyond = [of.mean(axis=0) - level[learner] for learner, of in zip(learners, trees, strict=True)]
        said = [*rows, *beyond, *(of.var(axis=0) for of in trees)]
        # Without nuisances, a stack in which no learner has any weight asks nothing.
        return np.stack(said) if said else np.empty((0, len(features)))


@dataclass(frozen=True)
class UpliftModel:
    """Fitted learners. Without halves, nobody is scored.

    campaigns: those whose P(treated) was learned. halves: by pair, the models of the accounts whose bit is 0 and of those
    whose bit is 1. calibrations: by learner, the stack included. raw_trees: by the halves of the first pair, a tree per arm.
    account_hashes: of the training accounts, ascending.
    """

    features: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()
    halves: tuple[tuple[HalfModel, HalfModel], ...] = ()
    calibrations: Mapping[str, Calibration] = field(default_factory=dict)
    raw_trees: tuple[tuple[Forest, Forest], ...] = ()
    account_hashes: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def score(self, frame: pd.DataFrame, deciding: str) -> pd.DataFrame:
        """Scores every row of `frame` (IDENTITY, `account_hash` and the features).

        Users of a past campaign get a row per learner and one of RAW_TREES; today's users get one, of the deciding learner,
        by its name in MEMBERS. `scoring_halves` identifies the models that scored a user, see `_over_models`. Returns
        SCORE_COLUMNS, IDENTITY as given.
        """
        matrix, hashes = self.matrix(frame), frame["account_hash"].to_numpy(dtype=np.int64)
        membership = members_of(frame, self.campaigns)
        is_today = frame["population"].to_numpy() == "today"
        campaign = partial(self._score, nuisances=(CONTROL, TREATED, PROPENSITY), learners=tuple(MEMBERS))
        today = partial(self._score, nuisances=(CONTROL,), learners=(deciding,))
        parts = [pd.DataFrame(columns=SCORE_COLUMNS)]
        for rows, score in ((np.flatnonzero(~is_today), campaign), (np.flatnonzero(is_today), today)):
            if not (rows.size and self.halves):
                continue
            scores = in_blocks(score, matrix[rows], hashes[rows], membership[rows])
            if score is campaign:
                scores[RAW_TREES] = {"lift": self._raw_lift(matrix[rows], hashes[rows])}
            identity = frame[list(IDENTITY)].iloc[rows]
            parts += [
                identity.assign(
                    learner_id=LEARNER_IDS[name],
                    **{score: scores[name].get(score, np.nan) for score in SCORES},
                    scoring_halves=scores[deciding]["scoring_halves"],
                )
                for name in scores
            ]
        return pd.concat(parts[1:] or parts, ignore_index=True)

    def matrix(self, frame: pd.DataFrame) -> np.ndarray:
        """The features of users in single precision, to which every forest would otherwise copy them again."""
        return frame[list(self.features)].to_numpy(dtype=np.float32)

    def lift(self, features: np.ndarray, account_hash: np.ndarray, learner: str) -> tuple[np.ndarray, np.ndarray]:
        """Calibrated lift of users by one learner, and its standard error."""
        nowhere = np.zeros((len(features), 0), dtype=bool)
        scores = self._score(features, account_hash, nowhere, (), (learner,))[learner]
        return scores["lift"], scores["lift_se"]

    def contributions(self, features: np.ndarray, account_hash: np.ndarray, learner: str) -> np.ndarray:
        """Each feature's contribution to calibrated lift (features x users)."""
        calibration = self.calibrations[learner]
        if not calibration.learners.size:
            return np.zeros((len(self.features), len(features)))
        weights = dict(zip(calibration.learners, calibration.weights[self._group(account_hash)].T, strict=True))
        saw, total = self._saw(account_hash), np.zeros((len(self.features), len(features)))
        for model, rows in self._models_of(account_hash, saw):
            of_rows = {learner: weight[rows] for learner, weight in weights.items()}
            total[:, rows] += model.contributions(features[rows], of_rows)
        return total / self._n_models(saw)

    def out_of_bag(
        self, features: np.ndarray, account_hash: np.ndarray, membership: np.ndarray
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Nuisances (3 x users), and lift before calibration by learner (users)."""
        answer = partial(HalfModel.predict, nuisances=(CONTROL, TREATED, PROPENSITY), learners=tuple(LEARNERS))
        mean, _, _ = self._over_models(features, account_hash, membership, answer)
        return mean[:3], dict(zip(LEARNERS, mean[3:], strict=False))

    def _score(
        self,
        features: np.ndarray,
        account_hash: np.ndarray,
        membership: np.ndarray,
        nuisances: Sequence[int],
        learners: Sequence[str],
    ) -> dict[str, dict[str, np.ndarray]]:
        """Scores of users by learner, the stack included, and column."""
        asked = [name for name in LEARNERS if any(name in self.calibrations[learner].learners for learner in learners)]
        answer = partial(HalfModel.predict, nuisances=nuisances, learners=asked)
        mean, variance, scoring_halves = self._over_models(features, account_hash, membership, answer)
        common = dict(zip([SCORES[nuisance] for nuisance in nuisances], mean, strict=False))
        common["scoring_halves"] = scoring_halves
        (lift, tree_variance), (sampling_variance, _) = (
            answers[len(nuisances) :].reshape(2, len(asked), len(features)) for answers in (mean, variance)
        )
        group, scores = self._group(account_hash), {}
        for learner in learners:
            calibration = self.calibrations[learner]
            rows = [asked.index(name) for name in calibration.learners]
            of_learner = calibration.calibrate(lift[rows], sampling_variance[rows], tree_variance[rows], group)
            scores[learner] = common | of_learner
        if STACK in learners:
            stack = self.calibrations[STACK]
            for learner, weight in zip(stack.learners, stack.weights[group].T, strict=True):
                if learner in scores:
                    scores[learner]["stack_weight"] = weight
        return scores

    def _over_models(
        self,
        features: np.ndarray,
        account_hash: np.ndarray,
        membership: np.ndarray,
        answer: Callable[[HalfModel, np.ndarray, np.ndarray], np.ndarray],
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Mean and variance of predictions (... x users) over the models that scored each user, and which did (users).

        Which: bit k is the half of pair k; NaN if all halves did.
        """
        saw, total = self._saw(account_hash), np.empty(0)
        squares, scoring_halves = total, np.zeros(len(features), dtype=np.int64)
        for place, (model, rows) in enumerate(self._models_of(account_hash, saw)):
            pair, half = divmod(place, 2)
            scoring_halves[rows] |= half << pair
            said = answer(model, features[rows], membership[rows])
            if not total.size:
                total, squares = np.zeros((2, *said.shape[:-1], len(features)))
            total[..., rows] += said
            squares[..., rows] += said**2
        n_models = self._n_models(saw)
        mean = total / n_models
        with np.errstate(invalid="ignore"):  # a single model has no known variance
            variance = np.maximum(squares - n_models * mean**2, 0) / (n_models - 1)
        return mean, variance, np.where(saw, scoring_halves, np.nan)

    def _models_of(self, account_hash: np.ndarray, saw: np.ndarray) -> Iterator[tuple[HalfModel, np.ndarray]]:
        """Every model and the users that it may score: those of the other half, and those whose account no model saw."""
        for pair, halves in enumerate(self.halves):
            for half, model in enumerate(halves):
                yield model, np.flatnonzero(~saw | (account_hash >> pair & 1 != half))

    def _n_models(self, saw: np.ndarray) -> np.ndarray:
        """How many models score each user."""
        return np.where(saw, len(self.halves), 2 * len(self.halves))

    def _raw_lift(self, features: np.ndarray, account_hash: np.ndarray) -> np.ndarray:
        """Lift of users by the raw trees of the half without their account."""
        by_half = [treated.predict(features) - control.predict(features) for control, treated in self.raw_trees]
        return np.where(account_hash & 1, *by_half)

    def _saw(self, account_hash: np.ndarray) -> np.ndarray:
        """Whether some model saw the account of each user."""
        return np.isin(account_hash, self.account_hashes)

    def _group(self, account_hash: np.ndarray) -> np.ndarray:
        """Each user's slope."""
        return np.where(self._saw(account_hash), calibration_group(account_hash), CALIBRATION_GROUPS)


def calibration_group(account_hash: np.ndarray) -> np.ndarray:
    """Each user's group of accounts, from bits of the hash not used by the pairs."""
    return (account_hash >> 32) % CALIBRATION_GROUPS


_pinning = threading.Lock()
_limits: list[threadpool_limits] = []
_n_pinned = 0


@contextmanager
def pinned() -> Iterator[None]:
    """Libraries use one thread each: results don't depend on their number, and our own threads don't compete for cores.

    dbt runs several Python models in one process, which has one number of BLAS threads: the last model to end restores it.
    """
    global _n_pinned
    with _pinning:
        _n_pinned += 1
        if _n_pinned == 1:
            _in_a_thread_that_ends(lambda: _limits.append(threadpool_limits(limits=1, user_api="blas")))
    try:
        with ThreadpoolController().select(user_api="openmp").limit(limits=1):
            yield
    finally:
        with _pinning:
            _n_pinned -= 1
            if _n_pinned == 0:
                _in_a_thread_that_ends(_limits.pop().restore_original_limits)


def _in_a_thread_that_ends(act: Callable[[], None]) -> None:
    """threadpoolctl lets the thread that was first set OpenBLAS's number for as long as it lives, and ignores the others."""
    thread = threading.Thread(target=act)
    thread.start()
    thread.join()


def in_blocks(function: Callable[..., T], *by_user: np.ndarray) -> T:
    """Applies a function to blocks of users in threads; it returns arrays by user, in tuples or dicts.

    No user's result depends on the block.
    """
    n_blocks = max(1, -(-len(by_user[0]) // BLOCK_ROWS))
    blocks = zip(*(np.array_split(array, n_blocks) for array in by_user), strict=True)
    with pinned():
        return _joined(Parallel(n_jobs=-1, prefer="threads")(delayed(function)(*block) for block in blocks))


def training_users(relation: Any) -> pd.DataFrame:
    """The users of the relation `int_uplift__training_users`, in their order, on which the random draws of `fit` depend."""
    return engine.to_pandas(relation).sort_values("place", ignore_index=True).drop(columns="place")


def fit(training: pd.DataFrame, parameters: Parameters) -> UpliftModel:
    """Fits the learners on users with an observed outcome.

    Args:
        training: one row per user: KEYS and, in every other column, a numeric feature (NaN: unknown). `is_treated` is 0 or 1;
            `outcome` is 0 or 1 or, if revenue, any number from 0; `assignment_probability` is the declared P(treated), NaN if
            unknown; bits of `account_hash`, an integer, split the accounts into halves. The random draws depend on the row order,
            so the caller orders the rows.
        parameters: see Parameters.

    Raises:
        LearnerError: an arm, an outcome, accounts or a feature cannot support the fit. A constant feature is harmless
            (no split uses it); an unknown value is a value of its own to the forests.
    """
    features = tuple(column for column in training.columns if column not in KEYS)
    check(training, features, parameters)
    matrix = training[list(features)].to_numpy(dtype=np.float32)
    treated = training["is_treated"].to_numpy(dtype=int)
    outcome = training["outcome"].to_numpy(dtype=float)
    assigned = training["assignment_probability"].to_numpy(dtype=float)
    hashes = training["account_hash"].to_numpy(dtype=np.int64)
    campaigns = undeclared_campaigns(training)
    membership = members_of(training, campaigns)

    def fit_one(pair: int, half: int) -> HalfModel:
        rows = hashes >> pair & 1 == half
        generator = np.random.default_rng([parameters.seed, pair, half])
        return _fit_half(
            matrix[rows], treated[rows], outcome[rows], assigned[rows], membership[rows], parameters, generator
        )

    def fit_raw_tree(half: int, arm: int) -> Forest:
        rows = (hashes & 1 == half) & (treated == arm)
        return Forest.of([DecisionTreeRegressor(random_state=parameters.seed).fit(matrix[rows], outcome[rows])])

    # scikit-learn's checks of its own arguments take as long as a small tree.
    with pinned(), sklearn.config_context(skip_parameter_validation=True, assume_finite=True):
        # Threads, since forests release the interpreter lock; their number is irrelevant, since each half has its seed.
        fitted = Parallel(n_jobs=-1, prefer="threads")(
            delayed(fit_one)(pair, half) for pair in range(parameters.account_pairs) for half in (0, 1)
        )
    model = UpliftModel(
        features,
        campaigns,
        halves=tuple(zip(fitted[0::2], fitted[1::2], strict=True)),
        raw_trees=tuple((fit_raw_tree(half, CONTROL), fit_raw_tree(half, TREATED)) for half in (0, 1)),
        account_hashes=np.unique(hashes),
    )
    nuisances, lifts = in_blocks(model.out_of_bag, matrix, hashes, membership)
    chance = chance_of_treatment(nuisances[PROPENSITY], assigned, parameters)
    scores = doubly_robust_lift(treated, outcome, nuisances[CONTROL], nuisances[TREATED], chance)
    account, group = pd.factorize(training["account_id"])[0], calibration_group(hashes)
    calibrations = {
        name: Calibration.fit({member: lifts[member] for member in members}, scores, account, group, outcome.max())
        for name, members in MEMBERS.items()
    }
    return replace(model, calibrations=calibrations)


def fit_nuisances(
    features: np.ndarray,
    treated: np.ndarray,
    outcome: np.ndarray,
    assigned: np.ndarray,
    membership: np.ndarray,
    parameters: Parameters,
    generator: np.random.Generator,
) -> tuple[Nuisance, ...]:
    """Models of P(conversion) in control and when treated, and of P(treated), from users of one half of the accounts.

    The forests come first, then the logistic regressions on splines.

    Args:
        features: users x features. treated: 0 or 1 by user. outcome: 0 or more by user. assigned: declared P(treated) by user,
            NaN if unknown. membership: users x campaigns, whether the user is in the campaign, of those that declare nothing.

    Raises:
        LearnerError: the half holds no user of one arm.
    """
    fit_forest = partial(_fit_forest, parameters, generator, DecisionTreeRegressor)
    basis = SplineBasis.of(features)
    # Declared probabilities followed another rule, from which those of other campaigns can't be learnt.
    undeclared = np.isnan(assigned) if np.isnan(assigned).any() else np.full(len(assigned), True)
    by_campaign = [undeclared & rows for rows in membership.T]
    rules: list[tuple[Forest, Splines]] = []
    for rows in by_campaign or [undeclared]:
        known, known_basis, smaller_arm = features, basis, min(np.bincount(treated[rows], minlength=2))
        # So few users show no rule, only a share.
        if smaller_arm < parameters.min_arm_users / 2:
            known = np.zeros_like(features)
            known_basis = SplineBasis.of(known)
        of_rows = rows if rows.any() else undeclared
        by_splines = Splines.fit(known_basis, of_rows, treated[of_rows], np.ones(of_rows.sum()))
        rules.append((fit_forest(known[of_rows], treated[of_rows]), by_splines))
    of_treatment = [Assignment(of_kind) for of_kind in zip(*rules, strict=True)]
    propensity = np.mean([model.predict(features, membership) for model in of_treatment], axis=0).round(DECIMALS)
    weight = inverse_propensity(treated, chance_of_treatment(propensity, assigned, parameters))
    forests, splines = [], []
    for arm, name in ((CONTROL, "control"), (TREATED, "treated")):
        rows = treated == arm
        if not rows.any():
            raise LearnerError(
                f"int_uplift__inputs.is_treated: a random half of the accounts ({len(treated):,} users) holds no "
                f"{name} user. Load more accounts of the smaller arm."
            )
        forests.append(fit_forest(features[rows], outcome[rows], weight[rows]))
        splines.append(Splines.fit(basis, rows, outcome[rows], weight[rows]))
    return *forests, of_treatment[0], *splines, of_treatment[1]


def predict_nuisances(models: Sequence[Nuisance], features: np.ndarray, membership: np.ndarray) -> np.ndarray:
    """The nuisances of users (3 x users) by the models of `fit_nuisances`."""
    return _mean_of_kinds(ask_nuisances(models, range(len(models)), features, membership, PREDICT))


def ask_nuisances(
    models: Sequence[Nuisance], needs: Iterable[int], features: np.ndarray, membership: np.ndarray, ask: Ask
) -> dict[int, np.ndarray]:
    """Some of the nuisances: arms by the function given; the propensity, in which no learner is linear, always predicted."""
    return {
        need: model.predict(features, membership) if isinstance(model, Assignment) else ask(model, features)
        for need, model in ((need, models[need]) for need in needs)
    }


def undeclared_campaigns(training: pd.DataFrame) -> tuple[str, ...]:
    """Campaigns of users whose P(treated) is unknown."""
    return tuple(sorted(training.loc[training["assignment_probability"].isna(), "campaign_id"].unique()))


def members_of(frame: pd.DataFrame, campaigns: Sequence[str]) -> np.ndarray:
    """Whether each user is in each campaign (users x campaigns)."""
    return frame["campaign_id"].to_numpy()[:, None] == np.array(campaigns, dtype=object)[None]


def _fit_half(
    features: np.ndarray,
    treated: np.ndarray,
    outcome: np.ndarray,
    assigned: np.ndarray,
    membership: np.ndarray,
    parameters: Parameters,
    generator: np.random.Generator,
) -> HalfModel:
    """Nuisances and learners, as for `fit_nuisances`."""
    models = fit_nuisances(features, treated, outcome, assigned, membership, parameters, generator)
    said = ask_nuisances(models, range(len(models)), features, membership, PREDICT)
    nuisances = _mean_of_kinds(said).round(DECIMALS)
    chance = chance_of_treatment(nuisances[PROPENSITY], assigned, parameters)
    sample = HalfSample(features, treated, outcome, nuisances, chance)
    # Each learner draws from its own generator, so that adding one moves no other.
    generators = generator.spawn(len(LEARNERS))
    lifts = {
        name: learner.fit(sample, partial(_fit_forest, parameters, own))
        for (name, learner), own in zip(LEARNERS.items(), generators, strict=True)
    }
    levels = np.array([lift(features, said, PREDICT).mean() for lift in lifts.values()])
    return HalfModel(models, lifts, levels)


def chance_of_treatment(propensity: np.ndarray, assigned: np.ndarray, parameters: Parameters) -> np.ndarray:
    """P(treated) of users: as declared, unclipped, or else (NaN) as estimated, clipped to [floor, 1 - floor]."""
    floor = parameters.propensity_floor
    return np.where(np.isnan(assigned), np.clip(propensity, floor, 1 - floor), assigned)


def inverse_propensity(treated: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Inverse propensity weight of each user; arrays by user."""
    return np.where(treated == TREATED, 1 / chance, 1 / (1 - chance))


def doubly_robust_lift(
    treated: np.ndarray, outcome: np.ndarray, p_control: np.ndarray, p_treated: np.ndarray, chance: np.ndarray
) -> np.ndarray:
    """Doubly robust (AIPW) score of each user's lift; arrays of one shape."""
    residual = np.where(treated == TREATED, outcome - p_treated, p_control - outcome)
    return p_treated - p_control + residual * inverse_propensity(treated, chance)


def check(training: pd.DataFrame, features: Sequence[str], parameters: Parameters) -> None:
    """Refuses training data that cannot support an estimate; messages name table, column, rows and remedy."""
    table = "int_uplift__inputs"
    accounts = training["account_id"].nunique()
    if accounts < parameters.min_accounts:
        raise LearnerError(
            f"{table}: {accounts:,} accounts have users with an observed outcome; two halves of them need "
            f"{parameters.min_accounts:,}. Add accounts, or lower min_accounts in learner_parameters."
        )
    for arm, name in ((CONTROL, "control"), (TREATED, "treated")):
        users = int((training["is_treated"] == arm).sum())
        if users < parameters.min_arm_users:
            raise LearnerError(
                f"{table}.is_treated: {users:,} {name} users have an observed outcome, of {len(training):,} in all; "
                f"lift needs {parameters.min_arm_users:,} in each arm. Load a campaign that left some eligible users "
                "alone."
            )
    if training["outcome"].nunique() < 2:
        raise LearnerError(
            f"{table}.outcome: all {len(training):,} observed outcomes are equal, so lift can't be estimated. "
            "Check outcomes_raw.collab_activated_flag."
        )
    for feature in features:
        infinite = int(np.isinf(training[feature].to_numpy(dtype=float)).sum())
        if infinite:
            raise LearnerError(
                f"{table}.{feature}: {infinite:,} of {len(training):,} rows are infinite. Divide by nullif(..., 0)."
            )


def _fit_forest(
    parameters: Parameters,
    generator: np.random.Generator,
    kind: type[DecisionTreeRegressor],
    features: np.ndarray,
    target: np.ndarray,
    weight: np.ndarray | None = None,
) -> Forest:
    """A regularised forest for the mean of a target (users) by features (users x features); a leaf's size is a share of all.

    A tree with the best thresholds draws its users. Trees with random thresholds differ without that.
    """
    n_users = len(features)
    n_drawn = n_users if kind is ExtraTreeRegressor else math.ceil(DRAWN_SHARE * n_users)
    weight = np.ones(n_users) if weight is None else weight
    trees = []
    for _ in range(parameters.trees):
        drawn = generator.permutation(n_users)[:n_drawn]
        tree = kind(
            min_samples_leaf=math.ceil(parameters.min_leaf_share * n_users),
            max_features=parameters.feature_share,
            random_state=int(generator.integers(2**31 - 1)),
        )
        trees.append(tree.fit(features[drawn], target[drawn], weight[drawn]))
    return Forest.of(trees)


def _mean_of_kinds(said: Nuisances) -> np.ndarray:
    """The nuisances of users (3 x users), each the mean of its forest and its splines."""
    return np.stack([(said[need] + said[need + BY_SPLINES]) / 2 for need in (CONTROL, TREATED, PROPENSITY)])


def _line_covariance(lift: np.ndarray, scores: np.ndarray, account: np.ndarray) -> np.ndarray:
    """Covariance of level and slope of the line from lift to scores, both centred, clustered by account (2 x 2)."""
    design = np.column_stack([np.ones_like(lift), lift])
    bread = np.linalg.pinv(design.T @ design)
    residual = scores - design @ (bread @ design.T @ scores)
    clustered = np.zeros((account.max() + 1, 2))
    np.add.at(clustered, account, design * residual[:, None])
    return bread @ (clustered.T @ clustered) @ bread


def _interpolated(column: np.ndarray, knots: np.ndarray, values: np.ndarray, of_unknown: float) -> np.ndarray:
    """A line through values at knots, constant beyond them, at each value of a column."""
    return np.where(np.isnan(column), of_unknown, np.interp(column, knots, values))


def _joined(answers: Sequence[Any]) -> Any:
    """Concatenates results of blocks of users: arrays along their last axis, within tuples and dicts."""
    first = answers[0]
    if isinstance(first, dict):
        return {name: _joined([answer[name] for answer in answers]) for name in first}
    if isinstance(first, tuple):
        return tuple(_joined(parts) for parts in zip(*answers, strict=True))
    return np.concatenate(answers, axis=-1)
