"""The report's figures: data frames of marts in, matplotlib figures out; every title states what was measured.

Each function returns None where its mart holds nothing to draw. Colours are Okabe and Ito's, which colour-blind readers tell
apart (https://jfly.uni-koeln.de/color/).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

BLUE, ORANGE, GREY, PALE = "#0072B2", "#D55E00", "#6B7280", "#D1D5DB"
STYLE = {
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "savefig.bbox": "tight",
    # Without a salt of our own, two runs on the same data would differ in the SVG's ids.
    "svg.hashsalt": "causalyn",
}


def _axes(title: str, n_panels: int = 1, height: float = 4.2) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(8, height), layout="constrained")
    figure.suptitle(title, x=0.02, ha="left", fontsize=13, fontweight="bold", wrap=True)
    return figure, list(np.atleast_1d(figure.subplots(1, n_panels)))


def label(identifier: str) -> str:
    """An identifier as a reader would write it: `suppress_toxic_admin` becomes `toxic admin`."""
    return identifier.removeprefix("suppress_").replace("_", " ")


def policy_funnel(funnel: pd.DataFrame) -> Figure | None:
    """Accounts that each step of the decision holds back; rows of `policy_funnel` of one policy."""
    steps = funnel.sort_values("precedence")
    total = int(steps["n_accounts"].sum())
    if not total:
        return None
    targeted = int(steps.loc[steps["decision"] == "target", "n_accounts"].sum())
    figure, (axes,) = _axes(
        f"{targeted:,} of {total:,} accounts are targeted; guardrails hold back {total - targeted:,}"
    )
    names = [label(decision) for decision in steps["decision"]]
    stays = steps["n_accounts_entering"] - steps["n_accounts"]
    is_target = (steps["decision"] == "target").to_numpy()
    axes.barh(names, stays.where(~is_target, 0), color=PALE)
    axes.barh(
        names, steps["n_accounts"], left=stays.where(~is_target, 0), color=np.where(is_target, BLUE, ORANGE).tolist()
    )
    for position, (count, entering) in enumerate(zip(steps["n_accounts"], steps["n_accounts_entering"], strict=True)):
        axes.text(entering + total * 0.01, position, f"{count:,}", va="center")
    axes.invert_yaxis()
    axes.set_xlabel("accounts (grey goes on to the next question)")
    return figure


def blind_against_policy(comparison: pd.DataFrame) -> Figure | None:
    """Expected value and admins at risk of nudging everybody and of the policy; `policy_comparison` of one policy."""
    by_strategy = comparison.set_index("strategy")
    policy_id = str(comparison["policy_id"].iloc[0]) if len(comparison) else ""
    if not {"everybody", policy_id} <= set(by_strategy.index):
        return None
    blind, policy = by_strategy.loc["everybody"], by_strategy.loc[policy_id]
    dollars = [float(blind["net_value_usd"]), float(policy["net_value_usd"])]
    admins = [int(blind["n_admins_at_risk"]), int(policy["n_admins_at_risk"])]
    kept = f"keeps {dollars[1] / dollars[0]:.0%} of the value" if dollars[0] > 0 else f"is worth ${dollars[1]:,.0f}"
    title = f"The {policy_id} policy {kept} of nudging everybody,\nwith {admins[1]:,} instead of {admins[0]:,} admins at risk"
    figure, panels = _axes(title, n_panels=2, height=3.8)
    names = ["everybody", policy_id]
    for axes, values, written, heading in zip(
        panels,
        (dollars, admins),
        ("${:,.0f}", "{:,}"),
        ("expected net value", "admins predicted to be put off"),
        strict=True,
    ):
        bars = axes.bar(names, values, color=[ORANGE, BLUE], width=0.6)
        axes.bar_label(bars, [written.format(value) for value in values], padding=3)
        axes.set_title(heading, loc="left", fontsize=11, color=GREY)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.margins(y=0.12)
    return figure


def budget_efficiency(curve: pd.DataFrame) -> Figure | None:
    """Share of value by share of targets reached, best first, against a random order; rows of `budget_curve`."""
    point = curve[curve["is_eighty_percent_point"]]
    if point.empty:
        return None
    share = float(point["share_of_accounts"].iloc[0])
    figure, (axes,) = _axes(f"{share:.0%} of the targeted accounts hold 80% of the expected value")
    ranked = curve.sort_values("value_rank")
    axes.plot([0, *ranked["share_of_accounts"]], [0, *ranked["share_of_value"]], color=BLUE, linewidth=2.5)
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--")
    axes.plot([share, share, 0], [0, 0.8, 0.8], color=ORANGE, linewidth=1)
    axes.plot(share, 0.8, "o", color=ORANGE)
    axes.annotate(
        f"80% of value\nat {share:.0%} of accounts",
        (share, 0.8),
        (-8, 8),
        ha="right",
        textcoords="offset points",
        color=ORANGE,
    )
    axes.text(0.2, 0.43, "best first", color=BLUE, ha="right")
    axes.text(0.42, 0.36, "in random order", color=GREY)
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="targeted accounts reached", ylabel="expected net value earned")
    return figure


def lift_of_targets(scores: pd.DataFrame) -> Figure | None:
    """Distribution of lift (a difference of probabilities) by `is_target`, one row a scored user."""
    scored = scores.dropna(subset=["lift"])
    sides = [scored.loc[scored["is_target"], "lift"], scored.loc[~scored["is_target"], "lift"]]
    if min(len(side) for side in sides) == 0:
        return None
    means = [100 * float(side.mean()) for side in sides]
    title = (
        f"A nudge is expected to lift users of targeted accounts by {means[0]:+.1f} points,\n"
        f"those of suppressed ones by {means[1]:+.1f}"
    )
    figure, (axes,) = _axes(title)
    bins = np.linspace(100 * scored["lift"].min(), 100 * scored["lift"].max() + 1e-9, 41)
    for side, mean, colour, name, height in zip(
        sides, means, (BLUE, ORANGE), ("targeted", "suppressed"), (1.08, 1.01), strict=True
    ):
        axes.hist(
            100 * side, bins, weights=np.full(len(side), 1 / len(side)), histtype="step", color=colour, linewidth=2
        )
        axes.axvline(mean, color=colour, linestyle=":")
        text = f"{name}: {len(side):,} users, mean {mean:+.1f}"
        axes.text(mean, height, text, color=colour, transform=axes.get_xaxis_transform(), ha="center")
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.set(xlabel="expected lift of the user, in percentage points", ylabel="share of the side's users")
    return figure


def audit_matrix(matrix: pd.DataFrame, decisions: list[str]) -> Figure | None:
    """True group by decision, as shares of the group's users; rows of `failure_matrix` of one policy at user level."""
    if matrix.empty:
        return None
    shares = matrix.pivot_table("share_of_group", "true_group", "decision", fill_value=0.0)
    shares = shares.reindex(columns=decisions, fill_value=0.0)
    nudged = matrix.groupby("true_group")["nudged_share_of_group"].sum()
    dogs, persuadables = nudged.get("sleeping_dog", 0.0), nudged.get("persuadable", 0.0)
    title = f"Audit: {dogs:.1%} of the true Sleeping Dogs are nudged, {persuadables:.1%} of the Persuadables"
    figure, (axes,) = _axes(title)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), share in np.ndenumerate(shares.to_numpy()):
        axes.text(column, row, f"{share:.1%}", ha="center", va="center", color="white" if share > 0.5 else "black")
    axes.set_xticks(range(shares.shape[1]), [label(name).replace(" ", "\n") for name in shares.columns])
    axes.set_yticks(range(shares.shape[0]), [label(name) for name in shares.index])
    axes.tick_params(length=0)
    axes.set_xlabel("decision about the user's account; each row adds up to 100%")
    return figure


def lift_calibration(tenths: pd.DataFrame) -> Figure | None:
    """Believed against realised lift by tenth of users, with 95% intervals; rows of `lift_calibration`."""
    known = tenths.dropna(subset=["believed_lift", "realised_lift"])
    if known.empty:
        return None
    n_held = int(known["believed_lift"].between(known["realised_lift_lower"], known["realised_lift_upper"]).sum())
    figure, (axes,) = _axes(
        f"In {n_held} of {len(known)} tenths of users the believed lift lies in the interval of the realised"
    )
    believed, realised = 100 * known["believed_lift"], 100 * known["realised_lift"]
    errors = [realised - 100 * known["realised_lift_lower"], 100 * known["realised_lift_upper"] - realised]
    axes.axline((0, 0), slope=1, color=GREY, linestyle="--")
    axes.errorbar(believed, realised, errors, fmt="o", color=BLUE, capsize=3)
    axes.set(xlabel="believed lift, percentage points", ylabel="realised lift, points (95% interval)")
    return figure


def ranking(curve: pd.DataFrame, learner_id: str) -> Figure | None:
    """Realised lift of the best-ranked share of users, learner against response model; rows of `uplift_curve`."""
    learner = curve[curve["learner_id"] == learner_id].sort_values("population_share")
    response = curve[curve["learner_id"] == "response_model"].sort_values("population_share")
    if learner.empty or response.empty:
        return None
    gains = [100 * frame["mean_lift"].iloc[0] for frame in (learner, response)]
    share = learner["population_share"].iloc[0]
    title = f"The {share:.0%} of users ranked best gain {gains[0]:.1f} points, {gains[1]:.1f} if ranked by response"
    figure, (axes,) = _axes(title)
    for frame, colour, name in ((learner, BLUE, label(learner_id)), (response, ORANGE, "response model")):
        share = frame["population_share"]
        axes.plot(share, 100 * frame["mean_lift"], color=colour, linewidth=2)
        axes.fill_between(
            share, 100 * frame["mean_lift_lower"], 100 * frame["mean_lift_upper"], color=colour, alpha=0.15
        )
        axes.text(share.iloc[0], 100 * frame["mean_lift_upper"].iloc[0] + 0.5, name, color=colour)
    axes.axhline(0, color=GREY, linewidth=0.8)
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.set(xlabel="share of users nudged, best first", ylabel="realised mean lift, points (95% interval)")
    return figure
