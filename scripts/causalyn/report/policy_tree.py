"""Whom a list nudges, in words: the few groups into which a shallow tree of questions divides the users."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeClassifier

from causalyn.report import figures, report_page

DEPTH = 3
LEVELS = {
    "role_rank": {0: "basic users", 1: "power users", 2: "admins"},
    "plan_rank": {0: "plan starter", 1: "plan growth", 2: "plan enterprise"},
    "prev_nudge_response_rank": {-1: "put off by an earlier nudge", 0: "ignored an earlier nudge", 1: "took up an earlier nudge"},
}


def groups(users: pd.DataFrame) -> list[dict]:
    """Groups of `users`, a row per user of features and is_nudged, the group nudged most first: what they are, as `words`,
    `n_users`, and `share`, how many of them are nudged. None where all users are treated alike."""
    features = users.drop(columns="is_nudged").astype(np.float32)
    if users["is_nudged"].nunique() < 2:
        return []
    tree = DecisionTreeClassifier(max_depth=DEPTH, min_samples_leaf=0.02, ccp_alpha=0.001, random_state=0)
    asked = tree.fit(features, users["is_nudged"]).tree_
    found = []

    def walk(node: int, limits: dict[str, tuple[float, float, bool]]) -> None:
        if asked.children_left[node] == -1:
            share = float(asked.value[node][0][1] / asked.value[node][0].sum())
            words = [_words(feature, *limit) for feature, limit in limits.items()]
            found.append({"words": "; ".join(words) or "all users", "n_users": int(asked.n_node_samples[node]), "share": share})
            return
        feature = features.columns[asked.feature[node]]
        low, high, is_known = limits.get(feature, (-math.inf, math.inf, not features[feature].isna().any()))
        goes_left = bool(asked.missing_go_to_left[node])
        threshold = float(asked.threshold[node])
        walk(asked.children_left[node], limits | {feature: (low, min(high, threshold), is_known or not goes_left)})
        walk(asked.children_right[node], limits | {feature: (max(low, threshold), high, is_known or goes_left)})

    walk(0, {})
    return sorted(found, key=lambda group: (-group["share"], group["words"]))


def _words(feature: str, low: float, high: float, is_known: bool) -> str:
    """A feature between two limits, in words."""
    if feature in LEVELS:
        said = " or ".join(name for level, name in LEVELS[feature].items() if low < level <= high) or "no value"
    else:
        name = figures.feature_label(feature)
        limits = [f"{word} {report_page.number(limit)}" for word, limit in (("above", low), ("up to", high)) if math.isfinite(limit)]
        said = f"{name} {' and '.join(limits)}"
    return said if is_known else f"{said}, or unknown"
