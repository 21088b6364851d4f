"""A list in words: a shallow decision tree's groups of users, with the share of each that the list nudges."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeClassifier

from causalyn.report import figures, report_page

DEPTH = 3
LEVELS = {
    "role_rank": {0: "basic users", 1: "power users", 2: "admins"},
    "plan_rank": {0: "plan starter", 1: "plan growth", 2: "plan enterprise"},
    "prev_nudge_response_rank": {
        -1: "put off by an earlier nudge",
        0: "ignored an earlier nudge",
        1: "took up an earlier nudge",
    },
}


def groups(users: pd.DataFrame) -> list[dict[str, Any]]:
    """The tree's leaves, most nudged first; none if all users are treated the same. `users`: one row each, with is_nudged.
    A leaf has `words`, `n_users`, `share` (nudged) and `n_right` (users that the leaf's majority predicts right)."""
    features = users.drop(columns="is_nudged").astype(np.float32)
    if users["is_nudged"].nunique() < 2:
        return []
    tree = DecisionTreeClassifier(max_depth=DEPTH, min_samples_leaf=0.02, ccp_alpha=0.001, random_state=0)
    asked = tree.fit(features, users["is_nudged"]).tree_
    found = []

    def walk(node: int, limits: dict[str, tuple[float, float, bool]]) -> None:
        if asked.children_left[node] == -1:
            n_users = int(asked.n_node_samples[node])
            share = float(asked.value[node][0][1] / asked.value[node][0].sum())
            words = "; ".join(_words(features[feature], *limit) for feature, limit in limits.items())
            right = n_users * max(share, 1 - share)
            found.append({"words": words or "all users", "n_users": n_users, "share": share, "n_right": right})
            return
        feature = features.columns[asked.feature[node]]
        low, high, is_known = limits.get(feature, (-math.inf, math.inf, not features[feature].isna().any()))
        goes_left = bool(asked.missing_go_to_left[node])
        threshold = float(asked.threshold[node])
        walk(asked.children_left[node], limits | {feature: (low, min(high, threshold), is_known or not goes_left)})
        walk(asked.children_right[node], limits | {feature: (max(low, threshold), high, is_known or goes_left)})

    walk(0, {})
    return sorted(found, key=lambda group: (-group["share"], group["words"]))


def _words(feature: pd.Series, low: float, high: float, is_known: bool) -> str:
    """A feature between two limits, in words."""
    if levels := LEVELS.get(str(feature.name)):
        said = " or ".join(name for level, name in levels.items() if low < level <= high) or "no value"
    else:
        is_whole = bool((feature.dropna() % 1 == 0).all())
        limits = (
            ("at least" if is_whole else "above", math.floor(low) + 1 if is_whole and math.isfinite(low) else low),
            ("at most", math.floor(high) if is_whole and math.isfinite(high) else high),
        )
        asked = [f"{word} {report_page.number(limit)}" for word, limit in limits if math.isfinite(limit)]
        said = f"{figures.feature_label(str(feature.name))} {' and '.join(asked)}"
    return said if is_known else f"{said}, or unknown"
