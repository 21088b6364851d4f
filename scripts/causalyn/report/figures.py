"""The report's figures: data frames of marts in, a title and a matplotlib figure out; every title states what was measured.

Each function returns None where its mart holds nothing to draw. Colours are Okabe and Ito's, which colour-blind readers tell
apart (https://jfly.uni-koeln.de/color/); what they say is also written beside the marks.
"""

from __future__ import annotations

import re
import textwrap
from contextlib import AbstractContextManager
from dataclasses import dataclass
from statistics import NormalDist

import matplotlib.style
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

# How many standard errors a 95% interval extends to either side.
Z_95 = NormalDist().inv_cdf(0.975)
BLUE, ORANGE, INK, GREY, PALE = "#0072B2", "#D55E00", "#16202E", "#55606E", "#DDE2E8"
DIVERGING = LinearSegmentedColormap.from_list("orange_to_blue", [ORANGE, "#F7F7F7", BLUE])
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
    # Without a salt of our own, two runs on the same data would differ in the SVG's ids.
    "svg.hashsalt": "causalyn",
}
FEATURES = {
    "intensity": "actions a minute",
    "feature_diversity_30d": "features used a day",
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
    """A figure without its title, and the title: the finding, for a heading or to be drawn above."""

    title: str
    figure: Figure

    def titled(self) -> Figure:
        """The figure, with the title drawn above it; to be called once, last."""
        lines = textwrap.wrap(self.title, 60)
        width, height = self.figure.get_size_inches()
        self.figure.set_size_inches(width, height + 0.27 * len(lines))
        self.figure.suptitle("\n".join(lines), x=0.02, ha="left", fontsize=12, fontweight="bold")
        return self.figure


def style() -> AbstractContextManager:
    """Draws in the project's style alone, on matplotlib's defaults, whatever settings or other libraries made of those."""
    return matplotlib.style.context(["default", STYLE])


def _axes(n_panels: int = 1, height: float = 4.0, **options: object) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(6.4, height), layout="constrained")
    return figure, list(np.atleast_1d(figure.subplots(n_panels, 1, **options)))


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


def policy_funnel(funnel: pd.DataFrame) -> Drawn | None:
    """Accounts that each step of the decision holds back; rows of `policy_funnel` of one policy."""
    steps = funnel.sort_values("precedence").reset_index(drop=True)
    total = int(steps["n_accounts"].sum())
    if not total:
        return None
    is_target = steps["decision"] == "target"
    n_targets = int(steps.loc[is_target, "n_accounts"].sum())
    held_back = steps[~is_target].sort_values("n_accounts", ascending=False, kind="stable")
    most = held_back.iloc[0]
    title = f"{n_targets:,} of {total:,} accounts pass every guardrail ({n_targets / total:.0%})" + (
        f"; “{label(most['decision']).lower()}” holds back most, {most['n_accounts']:,}" if most["n_accounts"] else ""
    )
    figure, (axes,) = _axes(height=3.6)
    goes_on = (steps["n_accounts_entering"] - steps["n_accounts"]).where(~is_target, 0)
    axes.barh(steps.index, goes_on, color=PALE, height=0.72)
    colours = np.where(is_target, BLUE, ORANGE).tolist()
    axes.barh(steps.index, steps["n_accounts"], left=goes_on, color=colours, height=0.72)
    for place, step in steps.iterrows():
        share = f"{step['n_accounts'] / total:.0%}" if step["n_accounts"] else ""
        written = f"{step['n_accounts']:,}" if not share else f"{step['n_accounts']:,}  ({share})"
        end = step["n_accounts_entering"] if not is_target[place] else step["n_accounts"]
        axes.text(end + total * 0.012, place, written, va="center", fontweight="bold", color=colours[place])
    axes.set_yticks(steps.index, [label(decision) for decision in steps["decision"]], color=INK)
    axes.tick_params(length=0)
    axes.set(xlim=(0, total * 1.19), xticks=[], ylim=(len(steps) - 0.45, -0.55))
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set_xlabel("grey: goes on to the next guardrail · orange: held back · blue: to be nudged", fontsize=9.5)
    return Drawn(title, figure)


def blind_against_policy(comparison: pd.DataFrame) -> Drawn | None:
    """Expected value and admins at risk of nudging everybody and of the policy; `policy_comparison` of one policy."""
    by_strategy = comparison.set_index("strategy")
    policy_id = str(comparison["policy_id"].iloc[0]) if len(comparison) else ""
    if not {"everybody", policy_id} <= set(by_strategy.index):
        return None
    strategies = [by_strategy.loc["everybody"], by_strategy.loc[policy_id]]
    values = [float(row["net_value_usd"]) for row in strategies]
    admins = [int(row["n_admins_at_risk"]) for row in strategies]
    if values[0] > 0:
        worth = f"keeps {values[1] / values[0]:.0%} of what nudging everybody is expected to earn"
    else:
        worth = f"is expected to earn {dollars(values[1])}, where nudging everybody earns {dollars(values[0])}"
    title = f"The policy {worth}, and puts {admins[1]:,} instead of {admins[0]:,} admins at risk"
    figure, panels = _axes(2, height=3.6)
    names = ["Everybody", f"Policy “{policy_id}”"]
    for axes, measures, written, heading in (
        (panels[0], values, [dollars(value) for value in values], "Expected net value"),
        (panels[1], admins, [f"{count:,}" for count in admins], "Admins whom a nudge is predicted to put off"),
    ):
        axes.barh(names, measures, color=[GREY, BLUE], height=0.68)
        reach = max(max(measures), 0) - min(*measures, 0) or 1
        for place, (measure, text) in enumerate(zip(measures, written, strict=True)):
            axes.text(max(measure, 0) + 0.015 * reach, place, text, va="center", fontweight="bold")
        axes.set(xlim=(min(*measures, 0), max(*measures, 0) + 0.2 * reach), xticks=[])
        axes.set_title(heading, loc="left", fontsize=10.5, color=GREY)
        axes.invert_yaxis()
        axes.tick_params(length=0, labelcolor=INK)
        axes.spines[["left", "bottom"]].set_visible(False)
        axes.axvline(0, color=GREY, linewidth=0.8)
    return Drawn(title, figure)


def budget_efficiency(curve: pd.DataFrame) -> Drawn | None:
    """Share of value by share of targets reached, best first, against a random order; rows of `budget_curve`."""
    point = curve[curve["is_eighty_percent_point"]]
    if point.empty:
        return None
    share = float(point["share_of_accounts"].iloc[0])
    figure, (axes,) = _axes()
    ranked = curve.sort_values("value_rank")
    reached, earned = [0, *ranked["share_of_accounts"]], [0, *ranked["share_of_value"]]
    axes.fill_between(reached, earned, reached, color=BLUE, alpha=0.08, linewidth=0)
    axes.plot(reached, earned, color=BLUE, linewidth=2.5)
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1.2)
    axes.plot([share, share, 0], [0, 0.8, 0.8], color=ORANGE, linewidth=1.2)
    axes.plot(share, 0.8, "o", color=ORANGE, markersize=8)
    axes.annotate(
        f"80% of the value\nfrom {share:.0%} of the accounts",
        (share, 0.8), (-12, 8), ha="right", textcoords="offset points", color=ORANGE, fontweight="bold",
    )  # fmt: skip
    axes.annotate("best first", (0.2, np.interp(0.2, reached, earned)), (-8, 6), textcoords="offset points",
                  ha="right", color=BLUE, fontweight="bold")  # fmt: skip
    axes.annotate("in random order", (0.72, 0.72), (8, -14), textcoords="offset points", color=GREY)
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.set(xlim=(0, 1), ylim=(0, 1.03), xlabel="targeted accounts nudged", ylabel="expected net value earned")
    return Drawn(f"{share:.0%} of the targeted accounts hold 80% of the expected value", figure)


def lift_of_targets(scores: pd.DataFrame, threshold: float) -> Drawn | None:
    """Distribution of lift (a difference of probabilities) by `is_target`, one row a scored user, and who is a Sleeping Dog."""
    scored = scores.dropna(subset=["lift"])
    sides = {
        "targeted": scored.loc[scored["is_target"], "lift"],
        "suppressed": scored.loc[~scored["is_target"], "lift"],
    }
    if min(len(side) for side in sides.values()) == 0:
        return None
    means = [float(side.mean()) for side in sides.values()]
    title = (
        f"A nudge is expected to change the chance to convert by {points(means[0])} points in targeted accounts, "
        f"by {points(means[1])} in suppressed ones"
    )
    figure, panels = _axes(2, height=4.2, sharex=True, sharey=True)
    bins = np.linspace(100 * scored["lift"].min(), 100 * scored["lift"].max() + 1e-9, 51)
    for axes, (name, side), mean, colour in zip(panels, sides.items(), means, (BLUE, ORANGE), strict=True):
        weights = np.full(len(side), 1 / len(side))
        axes.hist(100 * side, bins, weights=weights, color=colour, alpha=0.85)
        axes.axvline(0, color=GREY, linewidth=0.8)
        axes.axvline(100 * threshold, color=INK, linewidth=1, linestyle=":")
        heading = f"{len(side):,} users of {name} accounts, mean {points(mean)}"
        axes.set_title(heading, loc="left", fontsize=10.5, color=colour, fontweight="bold")
        below = float((side < threshold).mean())
        axes.annotate(
            f"{below:.1%} below {points(threshold)}:\npredicted Sleeping Dogs",
            (100 * threshold, 0.97), (-6, 0), xycoords=("data", "axes fraction"), textcoords="offset points",
            ha="right", va="top", fontsize=9.5,
        )  # fmt: skip
        axes.plot(100 * mean, 0, "^", color=INK, markersize=8, clip_on=False, zorder=5)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
    panels[-1].set_xlabel("expected lift of a user, percentage points")
    return Drawn(title, figure)


def audit_matrix(matrix: pd.DataFrame, decisions: list[str], when: str) -> Drawn | None:
    """True group by decision, as shares of the group's users; rows of `failure_matrix` of one population and policy, by user."""
    if matrix.empty:
        return None
    groups = [group for group in GROUPS if group in set(matrix["true_group"])]
    shares = matrix.pivot_table("share_of_group", "true_group", "decision", fill_value=0.0)
    shares = shares.reindex(index=groups, columns=decisions, fill_value=0.0)
    nudged = matrix.groupby("true_group")["nudged_share_of_group"].sum().reindex(groups).fillna(0.0)
    dogs, persuadables = nudged.get("sleeping_dog", 0.0), nudged.get("persuadable", 0.0)
    title = f"{when}, {dogs:.2%} of the true Sleeping Dogs and {persuadables:.1%} of the Persuadables are nudged"
    figure, (axes,) = _axes(height=3.6)
    columns = np.column_stack([shares.to_numpy(), np.full(len(groups), np.nan), nudged.to_numpy()])
    axes.imshow(columns, cmap=SHADES, vmin=0, vmax=1.1, aspect="auto")
    for (row, column), share in np.ndenumerate(columns):
        if not np.isnan(share):
            colour = "white" if share > 0.55 else INK if share >= 0.0005 else GREY
            axes.text(column, row, f"{share:.1%}", ha="center", va="center", color=colour, fontsize=10.5)
    names = [textwrap.fill(label(name), 8, break_long_words=False) for name in decisions]
    places = [*range(len(decisions)), len(decisions) + 1]
    axes.set_xticks(places, [*names, "users\nnudged"], fontsize=9)
    axes.set_yticks(range(len(groups)), [GROUPS[group] for group in groups], color=INK)
    axes.set_xticks(np.arange(len(decisions) + 2) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(groups) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=2)
    axes.tick_params(which="both", length=0)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set_xlabel("decision about the user's account, share of the group's users", fontsize=9.5)
    return Drawn(title, figure)


def lift_calibration(tenths: pd.DataFrame, line: pd.DataFrame) -> Drawn | None:
    """Believed against realised lift by tenth of users, with 95% intervals; rows of `lift_calibration`, `calibration_line`."""
    known = tenths.dropna(subset=["believed_lift", "realised_lift"])
    if known.empty or line.empty or pd.isna(line["slope"].iloc[0]):
        return None
    slope, lower, upper = (float(line[name].iloc[0]) for name in ("slope", "slope_lower", "slope_upper"))
    verdict = "as believed" if lower <= 1 <= upper else "smaller than believed" if upper < 1 else "larger than believed"
    title = (
        f"Differences in lift come true {verdict}: {slope:.2f} for each 1.00 (95% interval {lower:.2f} to {upper:.2f})"
    )
    figure, (axes,) = _axes()
    believed, realised = 100 * known["believed_lift"], 100 * known["realised_lift"]
    errors = [realised - 100 * known["realised_lift_lower"], 100 * known["realised_lift_upper"] - realised]
    axes.axhline(0, color=PALE, linewidth=1, zorder=0)
    axes.axvline(0, color=PALE, linewidth=1, zorder=0)
    axes.axline((0, 0), slope=1, color=GREY, linestyle="--", linewidth=1.2)
    axes.errorbar(believed, realised, errors, fmt="o", color=BLUE, capsize=0, elinewidth=1.8, markersize=7)
    ordered = np.sort(believed)
    gap = int(np.argmax(np.diff(ordered))) if len(ordered) > 1 else 0
    middle = ordered[gap : gap + 2].mean()
    axes.annotate(
        "as believed", (middle, middle), (6, -4), textcoords="offset points", color=GREY, fontsize=9.5, va="top"
    )
    n_held = int(known["believed_lift"].between(known["realised_lift_lower"], known["realised_lift_upper"]).sum())
    axes.text(0.02, 0.97, f"Each dot is a tenth of the users;\n{n_held} of {len(known)} intervals hold what was believed.",
              transform=axes.transAxes, va="top", fontsize=9.5)  # fmt: skip
    axes.set(xlabel="believed lift, percentage points", ylabel="realised lift, points (95% interval)")
    return Drawn(title, figure)


def qini(curve: pd.DataFrame, leaderboard: pd.DataFrame) -> Drawn | None:
    """Conversions gained by share of users nudged, best first, with 95% intervals; `uplift_curve`, `learner_leaderboard`."""
    deciding = leaderboard[leaderboard["is_deciding"]] if len(leaderboard) else leaderboard
    if deciding.empty or curve.empty:
        return None
    names = {str(deciding["learner_id"].iloc[0]): (BLUE, "the model"), "response_model": (ORANGE, "response model")}
    measured = leaderboard.set_index("learner_id")
    first = deciding.iloc[0]
    lower, upper = (100 * (first["qini"] + side * Z_95 * first["qini_se"]) for side in (-1, 1))
    title = f"Ranking by lift beats a random order by a Qini of {100 * first['qini']:.1f} points ({lower:.1f} to {upper:.1f})"
    if lower <= 0:
        title = (
            f"Ranking by lift does not beat a random order: Qini {100 * first['qini']:.1f} ({lower:.1f} to {upper:.1f})"
        )
    if "response_model" in measured.index:
        title += f", ranking by response {100 * measured.loc['response_model', 'qini']:.1f}"
    figure, (axes,) = _axes()
    everybody = 0.0
    for learner, (colour, name) in names.items():
        rows = curve[curve["learner_id"] == learner].sort_values("population_share")
        if rows.empty:
            continue
        share = np.array([0, *rows["population_share"]])
        gain, low, high = (
            100 * np.array([0, *(rows["population_share"] * rows[column])])
            for column in ("mean_lift", "mean_lift_lower", "mean_lift_upper")
        )
        everybody = gain[-1]
        axes.fill_between(share, low, high, color=colour, alpha=0.14, linewidth=0)
        axes.plot(share, gain, color=colour, linewidth=2.5)
        place = int(np.argmax(gain[:-1])) if learner != "response_model" else len(share) // 3
        side = 1 if learner != "response_model" else -1
        axes.annotate(name, (share[place], high[place] if side > 0 else low[place]), (0, 5 * side), color=colour,
                      textcoords="offset points", ha="center", va="bottom" if side > 0 else "top", fontweight="bold")  # fmt: skip
    axes.plot([0, 1], [0, everybody], color=GREY, linestyle="--", linewidth=1.2)
    axes.annotate("random order", (0.7, 0.7 * everybody), (6, -6), textcoords="offset points", va="top", color=GREY)
    axes.axhline(0, color=PALE, linewidth=1, zorder=0)
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.set(xlim=(0, 1), xlabel="users nudged, best first", ylabel="conversions gained\nper 100 users (95% interval)")
    return Drawn(title, figure)


def lift_dependence(cells: pd.DataFrame, min_users: int = 30) -> Drawn | None:
    """What the nudge did to users by momentum and intensity; rows of `lift_dependence`, most tenths in pairs to steady the means.

    The two highest tenths stay apart, since what drives users away happens among the most active. Cells of fewer than `min_users`
    get a dot: their means say nothing.
    """
    inner = cells[(cells["momentum_tenth"] > 0) & (cells["intensity_tenth"] > 0)] if len(cells) else cells
    known = inner.dropna(subset=["realised_lift"]) if len(inner) else inner
    if known.empty:
        return None
    bands, names = {}, {}
    for side, digits in (("momentum", 1), ("intensity", 2)):
        tenth = inner[f"{side}_tenth"]
        bands[side] = tenth.where(tenth > 8, (tenth + 1) // 2 * 2)
        ends = inner.groupby(bands[side])[side].agg(["min", "max"])
        same = ends["min"].round(digits) == ends["max"].round(digits)
        low, high = (ends[end].map(f"{{:.{digits}f}}".format) for end in ("min", "max"))
        names[side] = high.where(same, low + "–" + high)
    n_users = known.groupby([bands["momentum"], bands["intensity"]])["n_users"].sum()
    total = (known["realised_lift"] * known["n_users"]).groupby([bands["momentum"], bands["intensity"]]).sum()
    mean = (total / n_users).where(n_users >= min_users)
    if mean.isna().all():
        return None
    lift = (
        mean.reset_index(name="lift")
        .pivot_table("lift", "momentum_tenth", "intensity_tenth")
        .reindex(index=names["momentum"].index, columns=names["intensity"].index)
    )
    (best, best_at), (worst, worst_at) = ((mean.max(), mean.idxmax()), (mean.min(), mean.idxmin()))
    words = ("helped most" if best > 0 else "harmed least", "helped least" if worst > 0 else "harmed most")
    title = (
        f"The nudge {words[0]} at a momentum of {names['momentum'][best_at[0]]} ({points(best)} points) "
        f"and {words[1]} at an intensity of {names['intensity'][worst_at[1]]} ({points(worst)})"
    )
    figure, (axes,) = _axes(height=4.2)
    limit = float(np.nanmax(np.abs(lift.to_numpy()))) or 1.0
    axes.imshow(lift, cmap=DIVERGING, vmin=-limit, vmax=limit, aspect="auto", origin="lower")
    for (row, column), value in np.ndenumerate(lift.to_numpy()):
        if np.isnan(value):
            axes.text(column, row, "·", ha="center", va="center", color=GREY)
        else:
            colour = "white" if abs(value) > 0.6 * limit else INK
            axes.text(column, row, points(value), ha="center", va="center", color=colour, fontsize=10.5)
    axes.set_xticks(range(lift.shape[1]), names["intensity"], fontsize=9.5)
    axes.set_yticks(range(lift.shape[0]), names["momentum"], fontsize=9.5)
    axes.set_xticks(np.arange(lift.shape[1] + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(lift.shape[0] + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=2)
    axes.tick_params(which="both", length=0)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set(
        xlabel="intensity: actions a minute (a dot: hardly anybody is here)",
        ylabel="momentum: last week against\nthe month's average week",
    )
    return Drawn(title, figure)


def feature_importance(features: pd.DataFrame, n_shown: int = 8) -> Drawn | None:
    """How much lift hangs on each feature, the most important first; rows of `feature_importance`."""
    known = features.dropna(subset=["lift_change"]) if len(features) else features
    if known.empty:
        return None
    shown = known.sort_values("importance_rank").head(n_shown)
    names = [feature_label(feature) for feature in shown["feature"]]
    changes = 100 * shown["lift_change"]
    figure, (axes,) = _axes(height=3.6)
    axes.barh(names, changes, color=BLUE, height=0.68)
    for place, change in enumerate(changes):
        axes.text(change + 0.015 * changes.max(), place, f"{change:.1f}", va="center", fontweight="bold")
    axes.invert_yaxis()
    axes.set(xlim=(0, 1.1 * changes.max() or 1), xticks=[])
    axes.tick_params(length=0, labelcolor=INK)
    axes.spines["bottom"].set_visible(False)
    axes.set_xlabel("points by which lift changes if the feature is shuffled among users", fontsize=9.5)
    title = f"Lift hangs most on {names[0]}: shuffled among users, it changes by {changes.iloc[0]:.1f} points"
    return Drawn(title, figure)


ESTIMATED_FRONTIER = {
    "harm": "users nudged who may be Sleeping Dogs, by the doubt in their lift",
    "gain": "expected net value",
    "format": "${x:,.0f}",
    "title": "In past campaigns the policy at {threshold} points is worth ${gain:,.0f} with {harm:.0f} nudged users in doubt; "
    "the most daring setting ${most_gain:,.0f} with {most_harm:.0f}",
}
TRUE_FRONTIER = {
    "harm": "true Sleeping Dog admins in targeted accounts",
    "gain": "true Persuadables nudged",
    "format": "{x:.0%}",
    "title": "In past campaigns the policy nudges {gain:.1%} of the true Persuadables with {harm:.0f} Sleeping Dog admins in "
    "targeted accounts; the most daring setting {most_gain:.1%} with {most_harm:.0f}",
}


def safety_frontier(points_of_grid: pd.DataFrame, harm: str, gain: str, texts: dict[str, str]) -> Drawn | None:
    """What each threshold and confidence would gain and risk, the shipped one marked; rows of a safety frontier.

    `harm` and `gain` name the columns of the axes, `texts` their labels (`harm`, `gain`), the format of `gain` (`format`) and
    the title (`title`), which names the figures of the shipped point as `{harm}` and `{gain}`, those of the most daring
    one as `{most_harm}` and `{most_gain}`. A row without threshold is the oracle.
    """
    if points_of_grid.empty or not points_of_grid["is_shipped"].any():
        return None
    shipped = points_of_grid[points_of_grid["is_shipped"]].iloc[0]
    figure, (axes,) = _axes()
    known = points_of_grid.dropna(subset=["sleeping_dog_lift_threshold"])
    confidences = sorted(known["harm_confidence"].unique())
    for place, (confidence, colour, marker) in enumerate(
        zip(confidences, (BLUE, GREY, ORANGE, INK), "osDv", strict=False)
    ):
        line = known[known["harm_confidence"] == confidence].sort_values("sleeping_dog_lift_threshold", ascending=False)
        axes.plot(line[harm], line[gain], color=colour, marker=marker, markersize=5, linewidth=1.6, alpha=0.9)
        last = line.iloc[-1]
        text = f"{confidence:.0%} sure, {points(last['sleeping_dog_lift_threshold'])}"
        axes.annotate(text, (last[harm], last[gain]), (7, 11 * (place - 1)), va="center", color=colour, fontsize=9.5,
                      textcoords="offset points")  # fmt: skip
    oracle = points_of_grid[points_of_grid["sleeping_dog_lift_threshold"].isna()]
    if len(oracle):
        axes.plot(oracle[harm], oracle[gain], "*", color=INK, markersize=14)
        is_low = oracle[gain].iloc[0] < known[gain].min()
        axes.annotate("who knows\nthe truth", (oracle[harm].iloc[0], oracle[gain].iloc[0]), (10, 2 if is_low else -8),
                      va="bottom" if is_low else "top", textcoords="offset points", fontsize=9.5)  # fmt: skip
    axes.plot(
        shipped[harm], shipped[gain], "o", markersize=13, markerfacecolor="none", markeredgecolor=INK, markeredgewidth=2
    )
    # The corner where much is gained at no risk is always free.
    axes.annotate(
        f"shipped: {points(shipped['sleeping_dog_lift_threshold'])}", (shipped[harm], shipped[gain]), (0.03, 0.93),
        textcoords="axes fraction", fontweight="bold", arrowprops={"arrowstyle": "-", "color": INK, "shrinkB": 7},
    )  # fmt: skip
    axes.margins(x=0.2, y=0.12)
    axes.yaxis.set_major_formatter(texts["format"])
    axes.set(xlabel=texts["harm"], ylabel=texts["gain"])
    daring = known.sort_values(harm).iloc[-1]
    title = texts["title"].format(
        threshold=points(shipped["sleeping_dog_lift_threshold"]),
        harm=shipped[harm], gain=shipped[gain], most_harm=daring[harm], most_gain=daring[gain],
    )  # fmt: skip
    return Drawn(title, figure)
