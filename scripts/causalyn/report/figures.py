"""The report's figures: mart data frames in, a title and a matplotlib figure out; every title states a finding.

Each function returns None if its mart has nothing to draw. Colours are Okabe and Ito's, safe for colour-blind readers
(https://jfly.uni-koeln.de/color/); their meaning is also written beside the marks.
"""

from __future__ import annotations

import itertools
import re
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import matplotlib.style
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

# Standard errors on either side of the estimate in a 95% interval.
Z_95 = NormalDist().inv_cdf(0.975)
Z_999 = NormalDist().inv_cdf(0.9995)
BLUE, ORANGE, INK, GREY, PALE = "#0072B2", "#D55E00", "#16202E", "#55606E", "#DDE2E8"
SHADES = LinearSegmentedColormap.from_list("white_to_blue", ["#FFFFFF", BLUE])
STYLE = {
    "font.size": 11,
    "text.color": INK,
    "axes.labelcolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "savefig.bbox": "tight",
    # Without a fixed salt, ids in the SVG would differ between two runs on the same data.
    "svg.hashsalt": "causalyn",
    # Dollars, not formulas.
    "text.parse_math": False,
}
DOTS: dict[str, Any] = {"fmt": "o", "color": BLUE, "elinewidth": 1.8, "markersize": 7}
"""Estimates with their intervals."""
ABOVE: dict[str, Any] = {"frameon": False, "loc": "lower right", "bbox_to_anchor": (1, 1), "ncols": 2}
"""A legend above the axes, where it covers nothing."""
TIP = "tip:"
FEATURES = {
    "intensity": "actions per minute",
    "feature_diversity_30d": "features used per day",
    "days_observed_30d": "active days in 30",
    "tenure_days": "days as a user",
    "seat_count": "seats",
    "role_rank": "role",
    "plan_rank": "plan",
}
GROUPS = {
    "persuadable": "Persuadables",
    "sure_thing": "Sure Things",
    "lost_cause": "Lost Causes",
    "sleeping_dog": "Sleeping Dogs",
}


@dataclass(frozen=True)
class Drawn:
    """A figure without its title, and the title: the finding, used as a heading or drawn above."""

    title: str
    figure: Figure

    def titled(self) -> Figure:
        """The figure with the title above it; call once, last."""
        self.figure.draw_without_rendering()  # The layout stays as it is now.
        self.figure.set_layout_engine("none")
        title = "\n".join(textwrap.wrap(self.title, 60))
        self.figure.suptitle(title, x=0.02, y=1.02, ha="left", va="bottom", fontsize=12, fontweight="bold")
        return self.figure


def style() -> AbstractContextManager[None]:
    """Draws in the project's style on matplotlib's defaults, regardless of user settings or other libraries."""
    return matplotlib.style.context(["default", STYLE])


def _axes(height: float = 4.0) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(5.4, height), layout="constrained")
    return figure, figure.subplots()


def _tips(axes: Axes, x: Iterable[Any], y: Iterable[Any], texts: Iterable[str]) -> None:
    """Invisible discs around marks, with a text for the pointer: the page makes a tooltip of an id that begins so."""
    for place in zip(x, y, texts, strict=True):
        axes.plot(*place[:2], "o", alpha=0, markersize=18, gid=f"{TIP}{place[2]}")


def _whole() -> MaxNLocator:
    """Ticks at whole numbers, so that none is rounded."""
    return MaxNLocator(nbins="auto", steps=[1, 2, 5, 10], integer=True, min_n_ticks=1)


def _dollars_on_y(axes: Axes) -> None:
    axes.yaxis.set_major_locator(_whole())
    axes.yaxis.set_major_formatter(lambda value, _: dollars(value))


def _rows(mart: pd.DataFrame) -> Iterator[Any]:
    """Rows with an attribute per column, whose types are those of the mart."""
    return iter(mart.itertuples())


def label(identifier: str) -> str:
    """An identifier as a reader would write it: `suppress_toxic_admin` becomes `Toxic admin`."""
    return identifier.removeprefix("suppress_").replace("_", " ").capitalize()


def feature_label(feature: str) -> str:
    """A feature in words: `core_actions_30d` becomes `core actions in 30 days`."""
    words = re.sub(
        r"_(\d+)d$", r" in \1 days", feature.removeprefix("own_").removesuffix("_rank").replace("prev_", "previous_")
    )
    return FEATURES.get(feature, words.replace("_", " "))


def dollars(value: float) -> str:
    """Whole dollars, with the sign before the currency."""
    return f"{'−' if round(value) < 0 else ''}${abs(round(value)):,}"


def points(share: float, signed: bool = True) -> str:
    """A difference of probabilities in percentage points, with a minus that is as wide as a plus."""
    written = f"{100 * share:{'+' if signed else ''}.1f}"
    return "0.0" if written in ("+0.0", "-0.0") else written.replace("-", "−")


def rounded_share(share: float, decimals: int = 0) -> str:
    """A share in percent. Rounding makes none of a few and all of almost all, so these are bounds."""
    written, least = f"{share:.{decimals}%}", 10.0 ** -(decimals + 2)
    if 0 < share < 1 and written == f"{0:.{decimals}%}":
        return f"<{least:.{decimals}%}"
    if 0 < share < 1 and written == f"{1:.{decimals}%}":
        return f">{1 - least:.{decimals}%}"
    return written


def policy_funnel(funnel: pd.DataFrame) -> Drawn | None:
    """Accounts held back at each step of the decision; rows of `policy_funnel` of one policy."""
    steps = funnel.sort_values("precedence").reset_index(drop=True)
    total = int(steps["n_accounts"].sum())
    if not total:
        return None
    is_target = steps["decision"] == "target"
    n_targets = int(steps.loc[is_target, "n_accounts"].sum())
    held_back = steps[~is_target].sort_values("n_accounts", ascending=False, kind="stable")
    most = held_back.iloc[0]
    title = f"{n_targets:,} of {total:,} accounts pass every guardrail ({rounded_share(n_targets / total)})" + (
        f"; “{label(most['decision']).lower()}” holds back most, {most['n_accounts']:,}" if most["n_accounts"] else ""
    )
    figure, axes = _axes(height=3.6)
    goes_on = (steps["n_accounts_entering"] - steps["n_accounts"]).where(~is_target, 0)
    axes.barh(steps.index, goes_on, color=PALE, height=0.72)
    colours = np.where(is_target, BLUE, ORANGE).tolist()
    axes.barh(steps.index, steps["n_accounts"], left=goes_on, color=colours, height=0.72)
    for place, step in enumerate(_rows(steps)):
        share = rounded_share(step.n_accounts / total) if step.n_accounts else ""
        written = f"{step.n_accounts:,}" if not share else f"{step.n_accounts:,}  ({share})"
        end = step.n_accounts_entering if not is_target[place] else step.n_accounts
        axes.text(end + total * 0.012, place, written, va="center", fontweight="bold", color=colours[place])
    axes.set_yticks(steps.index, [label(decision) for decision in steps["decision"]], color=INK)
    axes.tick_params(length=0)
    axes.set(xlim=(0, total * 1.19), xticks=[], ylim=(len(steps) - 0.45, -0.55))
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set_xlabel("grey: goes on to the next guardrail · orange: held back · blue: to be nudged", fontsize=9.5)
    return Drawn(title, figure)


def audit_matrix(matrix: pd.DataFrame, decisions: list[str], when: str) -> Drawn | None:
    """True group by decision, as shares of the group's users; rows of `failure_matrix` of one population and policy, by user."""
    if matrix.empty:
        return None
    groups = [group for group in GROUPS if group in set(matrix["true_group"])]
    shares = matrix.pivot_table("share_of_group", "true_group", "decision", fill_value=0.0)
    shares = shares.reindex(index=groups, columns=decisions, fill_value=0.0)
    nudged = matrix.groupby("true_group")["nudged_share_of_group"].sum().reindex(groups).fillna(0.0)
    shares_of = (("sleeping_dog", 2, "true Sleeping Dogs"), ("persuadable", 1, "Persuadables"))
    told = [
        f"{rounded_share(nudged[group], digits)} of the {name}" for group, digits, name in shares_of if group in groups
    ]
    title = f"{when}, {' and '.join(told) or 'no Sleeping Dog and no Persuadable'} {'are' if told else 'is'} nudged"
    figure, axes = _axes(height=3.6)
    columns = np.column_stack([shares.to_numpy(), np.full(len(groups), np.nan), nudged.to_numpy()])
    axes.imshow(columns, cmap=SHADES, vmin=0, vmax=1.1, aspect="auto")
    for (row, column), share in np.ndenumerate(columns):
        if not np.isnan(share):
            colour = "white" if share > 0.75 else INK if share >= 0.0005 else GREY
            axes.text(column, row, f"{share:.1%}", ha="center", va="center", color=colour, fontsize=10.5)
    names = [textwrap.fill(label(name), 7, break_long_words=False) for name in decisions]
    places = [*range(len(decisions)), len(decisions) + 1]
    axes.set_xticks(places, [*names, "users\nnudged"], fontsize=7)
    axes.set_yticks(range(len(groups)), [GROUPS[group] for group in groups], color=INK)
    axes.set_xticks(np.arange(len(decisions) + 2) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(groups) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=2)
    axes.tick_params(which="both", length=0)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set_xlabel("decision about the user's account, share of the group's users", fontsize=9.5)
    return Drawn(title, figure)


def uplift_by_decile(deciles: pd.DataFrame, line: pd.DataFrame) -> Drawn | None:
    """Predicted against observed lift by decile of users, with 95% intervals; rows of `lift_calibration`, `calibration_line`."""
    known = deciles.dropna(subset=["predicted_lift", "observed_lift"]).sort_values("decile")
    if known.empty or line.empty or pd.isna(line["slope"].iloc[0]):
        return None
    slope, lower, upper = (float(line[name].iloc[0]) for name in ("slope", "slope_lower", "slope_upper"))
    if lower <= 0 and upper >= 1:
        verdict = "too uncertain to tell"
    elif upper < 0:
        verdict = "opposite to the prediction"
    else:
        verdict = "smaller than predicted" if upper < 1 else "as predicted" if lower <= 1 else "larger than predicted"
    interval = f"slope {slope:.2f}, {lower:.2f} to {upper:.2f}".replace("-", "−")
    title = (
        f"The decile predicted to gain most gained {points(known['observed_lift'].iloc[0])} points, the bottom decile "
        f"{points(known['observed_lift'].iloc[-1])}: observed differences are {verdict} "
        f"({interval})"
    )
    figure, axes = _axes()
    observed = 100 * known["observed_lift"]
    errors = [observed - 100 * known["observed_lift_lower"], 100 * known["observed_lift_upper"] - observed]
    axes.axhline(0, color=PALE, linewidth=1, zorder=0)
    axes.errorbar(known["decile"], observed, errors, label="observed, 95% interval", **DOTS)
    dashes: dict[str, Any] = {"color": ORANGE, "markersize": 16, "markeredgewidth": 2.5}
    axes.plot(known["decile"], 100 * known["predicted_lift"], "_", label="predicted", **dashes)
    axes.legend(**ABOVE)
    _tips(
        axes,
        known["decile"],
        observed,
        (
            f"Decile {row.decile}: predicted {points(row.predicted_lift)} points, observed {points(row.observed_lift)} "
            f"({points(row.observed_lift_lower)} to {points(row.observed_lift_upper)})"
            for row in _rows(known)
        ),
    )
    axes.set(
        xlabel="decile of users, highest predicted lift first", ylabel="lift, percentage points", xticks=known["decile"]
    )
    return Drawn(title, figure)


def love_plot(balance: pd.DataFrame, limit: float = 0.1) -> Drawn | None:
    """Standardised difference of the arms per feature, before and after weighting; rows of `covariate_balance`."""
    values = balance[balance["measure"] == "value"] if len(balance) else balance
    if values.empty:
        return None
    shown = values.reindex(values["raw_smd"].abs().sort_values(kind="stable").index)
    before, after = shown["raw_smd"].abs(), shown["weighted_smd"].abs()
    # Chance alone makes some feature differ in a small campaign.
    error = shown["weighted_smd_se"].fillna(np.inf) if "weighted_smd_se" in shown else 0.0
    far = int((after - Z_999 * error > limit).sum())
    title = f"The arms differed by up to {before.max():.2f} standard deviations in a feature. After weighting, " + (
        f"{far} of {len(shown)} features {'differs' if far == 1 else 'differ'} by more than {limit} beyond chance"
        if far
        else f"none differs by more than {limit} beyond chance"
    )
    figure, axes = _axes(height=4.6)
    names = [feature_label(feature) for feature in shown["feature"]]
    axes.hlines(names, after, before, color=PALE, linewidth=2, zorder=0)
    axes.plot(before, names, "o", color=ORANGE, label="unweighted")
    axes.plot(after, names, "o", color=BLUE, label="weighted")
    for marks, when in ((before, "before weighting"), (after, "weighted")):
        _tips(axes, marks, names, (f"{name}, {when}: {value:.3f}" for name, value in zip(names, marks, strict=True)))
    axes.axvline(limit, color=GREY, linestyle="--", linewidth=1)
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.legend(frameon=False, loc="lower right")
    axes.set(xlim=(0, None), xlabel="absolute standardised mean difference")
    return Drawn(title, figure)


def propensity_overlap(scores: pd.DataFrame) -> Drawn | None:
    """Distribution of the propensity in each arm; rows of `doubly_robust_scores`."""
    known = scores.dropna(subset=["propensity"]) if len(scores) else scores
    arms = [known.loc[known["is_treated"] == arm, "propensity"] for arm in (1, 0)] if len(known) else []
    if not arms or min(len(arm) for arm in arms) == 0:
        return None
    low, high = max(arm.min() for arm in arms), min(arm.max() for arm in arms)
    outside = float((~known["propensity"].between(low, high)).mean())
    title = f"{1 - outside:.1%} of the users lie in the propensity range that both arms share"
    figure, axes = _axes(height=3.4)
    bins = np.linspace(0, 1, 41)
    for arm, side, colour, name in zip(arms, (1, -1), (BLUE, ORANGE), ("nudged", "left alone"), strict=True):
        counts, _ = np.histogram(arm, bins)
        height = side * counts / len(arm)
        axes.bar(bins[:-1], height, np.diff(bins), align="edge", color=colour, label=f"{name}: {len(arm):,}")
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.legend(frameon=False)
    axes.set(yticks=[], xlim=(0, 1), xlabel="propensity: chance of being nudged, given the features")
    axes.spines["left"].set_visible(False)
    return Drawn(title, figure)


def lift_by_segment(users: pd.DataFrame, min_users: int = 50) -> Drawn | None:
    """Lift by plan and role, with 95% intervals clustered by account; rows of dr_score, account_id, plan, role."""
    rows = []
    for kind in ("plan", "role"):
        for name, group in users.groupby(kind) if len(users) else []:
            mean = group["dr_score"].mean()
            by_account = (group["dr_score"] - mean).groupby(group["account_id"]).sum()
            n = len(by_account)
            if len(group) >= min_users and n > 1:
                rows.append(
                    (f"{name}, {len(group):,} users", mean, np.sqrt((by_account**2).sum() * n / (n - 1)) / len(group))
                )
    if not rows:
        return None
    names, means, errors = zip(*rows, strict=True)
    best, worst = int(np.argmax(means)), int(np.argmin(means))
    names_of = [name.split(",")[0].replace("_", " ") for name in names]
    if len(rows) == 1:
        title = f"The nudge's effect on {names_of[0].removesuffix(' user')} users was {points(means[0])} points"
    elif means[best] - Z_95 * errors[best] > means[worst] + Z_95 * errors[worst]:
        title = (
            f"The nudge did most for {names_of[best].removesuffix(' user')} users ({points(means[best])} points), "
            f"least for {names_of[worst].removesuffix(' user')} users ({points(means[worst])})"
        )
    else:
        title = (
            f"No plan or role stands out: {points(means[worst])} to {points(means[best])} points, and intervals overlap"
        )
    figure, axes = _axes(height=3.4)
    places = range(len(rows))
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.errorbar(100 * np.array(means), places, xerr=100 * Z_95 * np.array(errors), **DOTS)
    for place, mean in zip(places, means, strict=True):
        axes.annotate(
            points(mean), (100 * mean, place), (0, 7), textcoords="offset points", ha="center", fontweight="bold"
        )
    _tips(
        axes,
        100 * np.array(means),
        places,
        (
            f"{name}: {points(mean)} points ({points(mean - Z_95 * error)} to {points(mean + Z_95 * error)})"
            for name, mean, error in rows
        ),
    )
    axes.set_yticks(places, [name.replace("_", " ") for name in names], color=INK)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set(ylim=(len(rows) - 0.4, -0.8), xlabel="lift in the past campaigns, percentage points (95% interval)")
    return Drawn(title, figure)


def profit_curve(accounts: pd.DataFrame) -> Drawn | None:
    """Cumulative net value of nudging accounts, best first; one row of net_value_usd and is_target per account."""
    ranked = accounts.dropna(subset=["net_value_usd"]).sort_values(
        ["is_target", "net_value_usd"], ascending=False, kind="stable"
    )
    if ranked.empty:
        return None
    earned = np.array([0, *ranked["net_value_usd"].cumsum()])
    n_targets = int(ranked["is_target"].sum())
    beyond, n_others = earned[-1] - earned[n_targets], len(ranked) - n_targets
    amount = dollars(abs(earned[n_targets]))
    title = "Priced with the risk to renewals, " + (
        "no account is a target"
        if not n_targets
        else f"the {n_targets:,} targets {'earn' if earned[n_targets] >= 0 else 'lose'} {amount}"
        if n_targets > 1
        else f"the only target {'earns' if earned[n_targets] >= 0 else 'loses'} {amount}"
    )
    if n_others:
        others = ("other " if n_targets else "") + (f"{n_others:,} accounts" if n_others > 1 else "account")
        title += f"; nudging everybody in the {others} {'adds' if beyond >= 0 else 'loses'} {dollars(abs(beyond))}"
    figure, axes = _axes()
    axes.axhline(0, color=PALE, linewidth=1, zorder=0)
    axes.plot(range(n_targets + 1), earned[: n_targets + 1], color=BLUE, linewidth=2.5)
    axes.plot(range(n_targets, len(earned)), earned[n_targets:], color=ORANGE, linewidth=2.5)
    axes.plot(n_targets, earned[n_targets], "o", color=INK, markersize=8, clip_on=False)
    is_long = n_targets > 0.4 * len(ranked)
    axes.annotate(
        "the list ends here",
        (n_targets, earned[n_targets]),
        (-8, -8) if is_long else (8, 6),
        textcoords="offset points",
        ha="right" if is_long else "left",
        va="top" if is_long else "baseline",
        fontweight="bold",
    ).set_in_layout(False)
    shown = np.unique(np.linspace(0, len(ranked), 41).astype(int))
    _tips(axes, shown, earned[shown], (f"{n:,} accounts: {dollars(earned[n])}" for n in shown))
    axes.xaxis.set_major_locator(_whole())
    axes.xaxis.set_major_formatter("{x:,.0f}")
    _dollars_on_y(axes)
    axes.set(
        xlabel="accounts nudged: targets, then everybody in the other accounts",
        xlim=(0, len(ranked)),
        ylabel="expected net value",
    )
    axes.margins(y=0.12)
    return Drawn(title, figure)


def campaign_effect(looks: pd.DataFrame) -> Drawn | None:
    """The running campaign's effect at each look against the forecast; rows of `experiment_readout` for revenue."""
    known = looks.dropna(subset=["sequential_lower"]).sort_values("look_date")
    if known.empty:
        return None
    last = known.iloc[-1]
    lower, upper, forecast = last["sequential_lower"], last["sequential_upper"], last["expected_effect"]
    has_forecast = not pd.isna(forecast)
    verdict = "pays" if lower > 0 else "does not pay" if upper < 0 else "has not been shown to pay or to cost"
    title = (
        f"So far nudging {verdict}: {dollars(last['effect'])} per account ({dollars(lower)} to {dollars(upper)})"
        f"{f', against a forecast of {dollars(forecast)}' if has_forecast else ''}"
    )
    figure, axes = _axes(height=3.6)
    places = range(len(known))
    effect = known["effect"]
    errors = [effect - known["sequential_lower"], known["sequential_upper"] - effect]
    axes.axhline(0, color=PALE, linewidth=1, zorder=0)
    if has_forecast:
        axes.axhline(forecast, color=ORANGE, linestyle="--", linewidth=1.5, label="forecast")
    axes.errorbar(places, effect, errors, label="effect", **DOTS)
    _tips(
        axes,
        places,
        effect,
        (
            f"{row.look_date:%d %B}: {dollars(row.effect)} ({dollars(row.sequential_lower)} to {dollars(row.sequential_upper)}), "
            f"{row.n_treatment:,} accounts nudged, {row.n_control:,} held out"
            for row in _rows(known)
        ),
    )
    axes.legend(**ABOVE)
    _dollars_on_y(axes)
    shown = [*range(len(known) - 1, -1, -max(1, len(known) // 5))]
    axes.set_xticks(shown, [f"{known['look_date'].iloc[place]:%d %b}" for place in shown])
    axes.set(xlabel="looks, with intervals valid at every look", ylabel="revenue per account")
    return Drawn(title, figure)


def bandit_arms(rounds: pd.DataFrame) -> Drawn | None:
    """What the bandit gave users, round by round; rows of `bandit_rounds`."""
    if rounds.empty:
        return None
    shares = rounds.pivot_table(index="round_number", columns="arm", values="decision_share").fillna(0).sort_index()
    shares = shares[shares.iloc[-1].sort_values(ascending=False, kind="stable").index]
    last, most_given = shares.index[-1], label(shares.columns[0]).lower()
    share = points(shares.to_numpy()[-1, 0], signed=False)
    title = f"The most frequent arm in round {last} was “{most_given}”, chosen for {share}% of users"
    figure, axes = _axes(height=3.6)
    for arm, color in zip(shares.columns, itertools.cycle((BLUE, ORANGE, INK, GREY))):
        name = label(arm).lower()
        axes.plot(shares.index, shares[arm], color=color, linewidth=1.8, marker="o", markersize=4, label=name)
        told = (
            f"round {number}: {name} for {points(share, signed=False)}% of users"
            for number, share in shares[arm].items()
        )
        _tips(axes, shares.index, shares[arm], told)
    axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=len(shares.columns))
    axes.xaxis.set_major_locator(_whole())
    axes.set_xlim(shares.index[0] - 0.5, last + 0.5)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.set(xlabel="round", ylabel="share of decisions", ylim=(0, None))
    return Drawn(title, figure)
