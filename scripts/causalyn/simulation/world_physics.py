"""The constants of the generated world: each hidden group's behaviour and response, and everything else.

The default physics reproduces the published claims; a preset replaces part of it. Units stand beside the constants:
shares and probabilities lie between 0 and 1, and a pair holds the bounds of a uniform distribution.

Source: the project's design, section 5 ("physics").
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

GROUPS = ("persuadable", "sleeping_dog", "sure_thing", "lost_cause")
PERSUADABLE, SLEEPING_DOG, SURE_THING, LOST_CAUSE = range(len(GROUPS))

RESPONSES = ("positive", "ignored", "negative", "none")
PLEASED, IGNORED, ANNOYED = range(3)


@dataclass(frozen=True)
class Group:
    """A hidden group's behaviour and its response to a nudge."""

    days_per_week: tuple[float, float]
    actions_per_day: float  # median over users, on an active day
    actions_spread: float  # standard deviation of its logarithm
    weekly_growth: tuple[float, float]  # change in activity from week to week
    actions_per_minute: tuple[float, float]
    collab_share: float  # of actions
    feature_diversity: float  # mean distinct features on an active day
    admin_weight: float  # odds of holding one of the account's admin roles, relative to a lost cause
    power_user_share: float  # of those who are not admins
    responses: tuple[float, float, float, float]  # to the previous nudge, in the order of RESPONSES
    p_control: tuple[float, float]  # P(conversion) without a nudge, of a user not annoyed by an earlier nudge
    lift: tuple[float, float]  # what the nudge adds to P(conversion)
    negative_reaction_share: float  # of nudged users


@dataclass(frozen=True)
class Dirt:
    """Shares of wrong raw rows. Wrong activity rows are added to the true ones."""

    duplicate_activity: float = 0.004
    partial_activity: float = 0.004  # of the same day, written before it ended
    negative_minutes: float = 0.002
    impossible_minutes: float = 0.002  # more than a day has
    future_date: float = 0.002
    orphan: float = 0.004  # of a user that does not exist
    duplicate_user: float = 0.004
    upper_case_role: float = 0.005
    padded_role: float = 0.005
    missing_role: float = 0.001  # rare, because an unknown role counts as an admin


# Behaviour of the default physics' groups, in the order of GROUPS.
TRAITS = {
    "days_per_week": ((2.7, 4.3), (4.0, 5.6), (3.1, 5.1), (0.5, 2.2)),
    "actions_per_day": (15.2, 20.8, 19.5, 5.0),
    "actions_spread": (0.35, 0.22, 0.35, 0.5),
    "weekly_growth": ((-0.20, -0.10), (0.22, 0.34), (-0.03, 0.03), (-0.03, 0.03)),
    "actions_per_minute": ((0.30, 0.70), (1.50, 2.40), (0.30, 0.70), (0.20, 0.60)),
    "collab_share": (0.25, 0.15, 0.45, 0.10),
    "feature_diversity": (4.0, 2.2, 7.0, 2.0),
    "admin_weight": (1.2, 1.2, 5.5, 1.0),
    "power_user_share": (0.30, 0.45, 0.15, 0.10),
    "responses": (
        (0.15, 0.35, 0.20, 0.30),
        (0.03, 0.22, 0.50, 0.25),
        (0.60, 0.15, 0.05, 0.20),
        (0.03, 0.45, 0.20, 0.32),
    ),
    "p_control": ((0.20, 0.30), (0.45, 0.55), (0.62, 0.72), (0.02, 0.08)),
    "lift": ((0.175, 0.295), (-0.32, -0.21), (0.03, 0.07), (0.006, 0.022)),
    "negative_reaction_share": (0.01, 0.40, 0.01, 0.02),
}
DEFAULT_GROUPS = [Group(**dict(zip(TRAITS, traits, strict=True))) for traits in zip(*TRAITS.values(), strict=True)]


@dataclass(frozen=True)
class Physics:
    """Every constant of a world."""

    persuadable: Group = DEFAULT_GROUPS[PERSUADABLE]
    sleeping_dog: Group = DEFAULT_GROUPS[SLEEPING_DOG]
    sure_thing: Group = DEFAULT_GROUPS[SURE_THING]
    lost_cause: Group = DEFAULT_GROUPS[LOST_CAUSE]

    # Accounts. A latent culture between calm (0) and intense (1) correlates an account's users: it sets the shares of
    # the groups among them, and each group's count is within one of its expectation.
    culture_slope: float = 5.0  # how sharply a normal draw splits accounts into calm and intense ones
    culture_centre: float = -0.355
    culture_size: float = 0.6  # correlation of intensity with the logarithm of the account's size
    sleeping_dog_share_intense: float = 0.146  # calm accounts have no Sleeping Dogs or Sure Things
    sure_thing_share_intense: float = 0.21
    # Persuadables among the rest, drawn per account; the others are Lost Causes.
    persuadable_share_of_rest: tuple[float, float] = (0.22, 0.80)
    culture_on_activity: float = 0.4  # more actions per day in an intense account
    culture_on_lift: float = 0.55  # weight of the account, against the user, in the place within the lift range
    # Dormant accounts: small, with Lost Causes only.
    dormant_share: float = 0.11
    dormant_eligible_max: int = 7
    # Users the campaign could nudge (eligible), and the others.
    eligible_mean: float = 7.6
    eligible_spread: float = 0.32  # standard deviation of the logarithm
    others_per_eligible: float = 0.71
    invited_share: float = 0.6  # share of users invited by an earlier one; an account's first user never is
    further_admins: float = 2.0  # mean number of admins in addition to the first
    other_group_shares: tuple[float, float, float, float] = (0.25, 0.03, 0.10, 0.62)
    other_activity: float = 0.5  # share of an eligible user's active days per week
    ineligible_in_campaign: float = 0.08  # share of ineligible users who have an intervention row anyway

    # Activity.
    weekend_reluctance: float = 0.7  # relative to a weekday, on the scale of the uniform number that orders days
    style_spread: float = 0.1  # standard deviation of users' log collaboration and log feature diversity
    daily_noise: float = 0.13  # standard deviation of a day's actions relative to their expectation
    skipped_days: float = 0.01  # of a user's habitual days
    intensity_noise: float = 0.10  # standard deviation of a day's minutes relative to their expectation
    converted_activity: float = 1.3  # factor on activity after a conversion
    annoyed_activity: float = 0.5  # factor on activity after a negative reaction
    spontaneous_reaction: float = 0.003  # share of users who react negatively without a nudge

    # Behaviour changes: the share of users who have drawn a new group since the last outcome window.
    moved_share: float = 0.0
    # Lift is a smooth function of behaviour (`smooth_outcomes` in world.py), not of the hidden group.
    has_smooth_lift: bool = False

    # Past campaigns targeted annoyed, declining and quiet users: the log-odds of a nudge.
    nudge_base: float = -1.35
    nudge_annoyed: float = 2.0
    nudge_ignored_again: float = 1.2  # for a user who ignored the last nudge, in every campaign but the first
    nudge_declining: float = 0.2  # at a momentum of `declining_momentum`, relative to a stable user's
    nudge_quiet: float = 1.45  # for a user without activity, fading out at `quiet_actions`
    stable_momentum: float = 0.93  # four weeks in 30 days
    declining_momentum: float = 0.70  # 15% less a week
    quiet_actions: float = 250.0  # in 30 days
    propensity_bounds: tuple[float, float] = (0.08, 0.92)
    annoyed_conversion: float = 0.7  # factor on the baseline of users who reacted negatively before
    converters_leave: float = 0.85  # share of a campaign's converters who take no part in later ones
    # Some outcomes were not followed up, more often for quiet users; never because of the outcome itself.
    unobserved_outcome: float = 0.05
    unobserved_outcome_quiet: float = 0.02  # additional share for a user without activity, fading out as above

    declares_probability: bool = False  # whether the export gives each user's assignment probability

    # Faults that make a campaign unfit to learn from, each on its own (FAULTS).
    exports_latest_only: bool = False  # exports only each user's last intervention
    logged_late_days: int = 0  # days by which intervention dates are logged too late
    trait_on_account_pick: float = 0.0  # whole accounts are nudged, by the log-odds of a trait that no table shows
    trait_on_conversion: float = 0.0  # added to both conversion probabilities, per standard deviation of that trait
    treated_lost: float = 0.0  # share of nudged users who did not convert and are missing from the export
    converted_before: float = 0.0  # share of users who had already converted and count as converted after the nudge
    spill_over: float = 0.0  # added to a control's P(conversion) if all other eligible users of the account are nudged

    # The running campaign (campaign_world.py).
    fatigue: float = 0.0  # share of a helpful nudge's lift lost with each earlier nudge
    unsent_share: float = 0.03  # share of users assigned to a nudge in a round of campaigns who can't be reached
    conversion_revenue_usd: tuple[float, float] = (30.0, 80.0)  # its mean is the shipped policy's value of a conversion
    admin_churn: float = 0.01  # of admins within an outcome window
    admin_churn_annoyed: float = 0.30  # of admins who reacted negatively

    # The arms of the bandit (bandit_world.py): how much of the nudge's effect each has, good or bad.
    email_strength: float = 0.5
    in_app_strength: float = 1.0
    call_strength: float = 2.0

    dirt: Dirt = field(default_factory=Dirt)

    @property
    def groups(self) -> tuple[Group, ...]:
        """The groups in the order of GROUPS."""
        return self.persuadable, self.sleeping_dog, self.sure_thing, self.lost_cause

    @property
    def arm_strength(self) -> dict[str, float]:
        """The factor by which each arm of the bandit scales the nudge's effect."""
        return {"none": 0.0, "email": self.email_strength, "in_app": self.in_app_strength, "call": self.call_strength}

    def by_group(self, name: str) -> np.ndarray:
        """One constant of each group: shape (4,), or (4, n) for constants with n values."""
        return np.array([getattr(group, name) for group in self.groups])


_DEFAULT = Physics()
# For every group in a smooth world, so that these two traits have no clusters.
_ANY_PACE = {"weekly_growth": (-0.22, 0.26), "actions_per_minute": (0.30, 1.80)}
_NO_EFFECT = {"lift": (0.0, 0.0), "negative_reaction_share": _DEFAULT.spontaneous_reaction}

PRESETS: dict[str, Physics] = {
    "default": _DEFAULT,
    # The groups overlap: neither intensity nor momentum separates them.
    "hard": replace(
        _DEFAULT,
        persuadable=replace(_DEFAULT.persuadable, weekly_growth=(-0.18, 0.0)),
        sleeping_dog=replace(_DEFAULT.sleeping_dog, actions_per_minute=(0.55, 1.20), weekly_growth=(-0.05, 0.15)),
        lost_cause=replace(_DEFAULT.lost_cause, weekly_growth=(-0.10, 0.08)),
        daily_noise=0.40,
        skipped_days=0.15,
        intensity_noise=0.35,
    ),
    # The nudge does nothing to anyone.
    "null": replace(_DEFAULT, **{name: replace(getattr(_DEFAULT, name), **_NO_EFFECT) for name in GROUPS}),
    # The nudge harms everyone; baselines leave room for it.
    "harm": replace(
        _DEFAULT,
        persuadable=replace(_DEFAULT.persuadable, p_control=(0.35, 0.45), lift=(-0.20, -0.08)),
        sleeping_dog=replace(_DEFAULT.sleeping_dog, p_control=(0.45, 0.55), lift=(-0.35, -0.25)),
        sure_thing=replace(_DEFAULT.sure_thing, lift=(-0.25, -0.10)),
        lost_cause=replace(_DEFAULT.lost_cause, p_control=(0.18, 0.25), lift=(-0.12, -0.05)),
        annoyed_conversion=0.75,
    ),
    # A quarter of the users have changed since the campaign: past lift differs from today's.
    "drift": replace(_DEFAULT, moved_share=0.25),
    # No groups and no thresholds: lift changes gradually with momentum, intensity, variety and tenure, and follows
    # behaviour after the campaign.
    "smooth": replace(
        _DEFAULT,
        has_smooth_lift=True,
        moved_share=0.25,
        **{name: replace(getattr(_DEFAULT, name), **_ANY_PACE) for name in GROUPS},
    ),
}

# Faults and peculiarities of a campaign: changes to the physics of any preset.
FAULTS: dict[str, dict[str, object]] = {
    # Of several campaigns (--campaigns), only each user's latest intervention is exported; earlier outcomes select it.
    "converters_leave": {"exports_latest_only": True},
    # Features include behaviour after the nudge.
    "dates_late": {"logged_late_days": 5},
    # Whole accounts are nudged, by a hidden trait that also makes their users convert.
    "unseen_accounts": {"trait_on_account_pick": 2.0, "trait_on_conversion": 0.06},
    # The export lacks some of the nudged users who did not convert, as if those who opened the nudge were all.
    "treated_lost": {"treated_lost": 0.4},
    # Some users had converted before they were nudged or left alone.
    "converted_before": {"converted_before": 0.05},
    # Controls convert less the more colleagues are nudged.
    "spill_over": {"spill_over": -0.30},
    # Randomised: 2% are nudged, or 5% left alone.
    "tiny_arm": {"propensity_bounds": (0.02, 0.02)},
    "tiny_control": {"propensity_bounds": (0.95, 0.95)},
    # Randomised, with the same effect on every user.
    "randomised_constant": {
        "propensity_bounds": (0.5, 0.5),
        "annoyed_conversion": 1.0,
        **{name: replace(getattr(_DEFAULT, name), lift=(0.06, 0.06)) for name in GROUPS},
    },
}
