"""Draws the figures of a built warehouse and writes the report page, from its marts alone."""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import pandas as pd

from causalyn.engines import spark_files
from causalyn.report import figures, policy_tree, report_page, what_if
from causalyn.warehouse import command, list_exports
from causalyn.warehouse.opening import reason
from causalyn.warehouse.publication import EditedListsError, refuse_edited, standing, warehouse_mark
from causalyn.warehouse.sql_text import literal

POLICY = [
    "value_per_conversion_usd", "cost_per_account_usd", "cost_per_nudge_usd", "sleeping_dog_lift_threshold",
    "harm_confidence", "toxic_user_share_limit", "min_toxic_users", "min_scored_users",
]  # fmt: skip
TODAY, CAMPAIGN = "population = 'today'", "population = 'campaign'"
INSTEAD = {
    "suppress_unscored": "Left alone until every user has a score, and every admin one with support.",
    "suppress_toxic_admin": "Tagged “do not disturb” for the CRM.",
    "suppress_toxic_users": "Handed to customer success for a health check.",
    "suppress_too_small": "Reached through a cheaper channel, where lift is positive.",
}
GROUPS = {
    "model": "Does the model know whom to nudge?",
    "identification": "Is it the nudge that made the difference?",
    "data": "Are the past campaigns enough to learn from?",
    "delivery": "Are today's data sound?",
}
# Larger lists would make the page too large to mail; `make export` writes them all.
MAX_DOWNLOAD_CHARACTERS = 4_000_000
DOWNLOADS = {
    "target_accounts": ("Targets", "accounts"),
    "campaign_nudge_list": ("Nudge list", "users"),
    "do_not_disturb_accounts": ("Do not disturb", "accounts"),
    "customer_success_handover": ("Hand-over to customer success", "accounts"),
    "low_cost_channel_accounts": ("Low-cost channel", "accounts"),
}
# The prices that the project ships with are placeholders: a company that has not changed them has not set its prices.
SHIPPED_PRICES = {"seeds/plan_values.csv": "86b89bf6", "seeds/policy_parameters.csv": "d71f9869"}
PRICES = {
    "seeds/plan_values.csv": "from seeds.plan_values order by plan_tier",
    "seeds/policy_parameters.csv": """
        select value_per_conversion_usd, cost_per_account_usd, cost_per_nudge_usd from seeds.policy_parameters where is_shipped
    """,
}
# Targets as the policy nudges them, then everybody in the other accounts, at the prices of the first policy with renewal risk.
PROFIT = """
    select
        shipped.decision = 'target' as is_target,
        case when is_target then priced.net_value_usd else priced.net_value_of_everybody_usd end as net_value_usd
    from marts.account_policy as shipped
    inner join marts.account_policy as priced using (population, account_id)
    where shipped.is_shipped and population = 'today' and priced.policy_id = (
        select policy_id from seeds.policy_parameters
        where value_per_conversion_usd is null
        order by is_shipped desc, policy_id limit 1
    )
    order by account_id
"""
SEGMENTS = """
    select scores.dr_score, scores.account_id, users.role_type as role, accounts.plan_tier as plan
    from marts.doubly_robust_scores as scores
    inner join marts.account_users as users using (user_id)
    inner join marts.account_policy as accounts on scores.account_id = accounts.account_id
    where accounts.is_shipped and accounts.population = 'today' and scores.dr_score is not null
    order by scores.intervention_id
"""


UNFINISHED, ABANDONED_SECONDS = ".unfinished-", 3600
# Users as they were when the list was made: a sample that does not depend on their order. Features are not published, so these
# belong to the list only if the last build published it.
FEATURES = """
    select
        inputs.* exclude (
            population, campaign_id, observation_id, user_id, account_id, as_of_date, account_hash, is_treated, outcome,
            assignment_probability
        ),
        users.is_nudged
    from intermediate.int_uplift__inputs as inputs
    inner join marts.account_users as users using (user_id)
    where inputs.population = 'today'
    order by md5(user_id)
    limit 50000
"""


class Marts:
    """The tables of a warehouse: a frame for each query, empty where its table was not built."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        rows = connection.execute("select table_schema || '.' || table_name from information_schema.tables").fetchall()
        self.tables = {name for (name,) in rows}

    def read(self, table: str, clause: str = "") -> pd.DataFrame:
        if not table.startswith("(") and table not in self.tables:
            return pd.DataFrame()
        return self.connection.execute(f"select * from {table} {clause}").df()

    def records(self, table: str, clause: str = "") -> list[dict]:
        """The rows as dictionaries, with None where there is no value."""
        frame = self.read(table, clause)
        return frame.astype(object).where(frame.notna(), None).to_dict("records")


def draw(marts: Marts, policy: dict, decisions: list[str]) -> dict[str, figures.Drawn | None]:
    """Every figure by name; None if its mart is missing or has nothing to draw.

    Decisions are today's; model and policy are judged on past campaigns, whose outcomes are known.
    """
    shipped = f"where policy_id = {literal(policy['policy_id'])}"
    matrix = marts.read("audit.failure_matrix", f"{shipped} and level = 'user' and {TODAY}")
    return {
        "policy_funnel": figures.policy_funnel(marts.read("marts.policy_funnel", f"{shipped} and {TODAY}")),
        "profit_curve": figures.profit_curve(marts.connection.execute(PROFIT).df()),
        "uplift_by_decile": figures.uplift_by_decile(
            marts.read("marts.lift_calibration"), marts.read("marts.calibration_line")
        ),
        "love_plot": figures.love_plot(marts.read("marts.covariate_balance")),
        "propensity_overlap": figures.propensity_overlap(marts.read("marts.doubly_robust_scores")),
        "lift_by_segment": figures.lift_by_segment(marts.connection.execute(SEGMENTS).df()),
        "campaign_effect": figures.campaign_effect(
            marts.read("marts.experiment_readout", "where experiment = 'rollout' and metric = 'revenue_usd'")
        ),
        "bandit_arms": figures.bandit_arms(bandit_rounds(marts)),
        "audit_matrix": figures.audit_matrix(matrix, decisions, "Today"),
    }


def save(drawn: figures.Drawn, name: str, directory: Path) -> dict[str, str]:
    """Writes the figure as PNG and SVG, and returns title and image for the page."""
    on_page = {"title": drawn.title, "image": report_page.image(drawn)}
    titled = drawn.titled()
    titled.savefig(directory / f"{name}.svg", metadata={"Date": None})
    titled.savefig(directory / f"{name}.png", dpi=150, metadata={"Software": None})
    return on_page


def nudged_groups(marts: Marts) -> list[dict]:
    """The users the list nudges, described in words; empty if the features behind the decision are not available."""
    if unpublished(marts) or "intermediate.int_uplift__inputs" not in marts.tables:
        return []
    return policy_tree.groups(marts.connection.execute(FEATURES).df())


def summarised(marts: Marts, policy: dict, steps: list[dict]) -> dict:
    """The decision in a few figures; None where a mart has no value."""
    policy_id = policy["policy_id"]
    strategies = {
        (row["policy_id"], row["strategy"]): row for row in marts.records("marts.policy_comparison", f"where {TODAY}")
    }
    own, blind = (strategies.get((policy_id, strategy), {}) for strategy in (policy_id, "everybody"))
    gains = [
        row
        for row in marts.records("marts.policy_value")
        if (row["policy_id"], row["strategy"], row["comparator"]) == (policy_id, policy_id, "nobody")
    ]
    return {
        "n_accounts": sum(step["n_accounts"] for step in steps),
        "n_targets": steps[-1]["n_accounts"],
        "net_value_usd": own.get("net_value_usd"),
        "n_nudges": own.get("n_nudged_users"),
        "admins": own.get("n_admins_at_risk"),
        "admins_harmed": own.get("expected_admins_harmed"),
        "blind_net_value_usd": blind.get("net_value_usd"),
        "blind_admins": blind.get("n_admins_at_risk"),
        "blind_admins_harmed": blind.get("expected_admins_harmed"),
        "risk": priced_with_risk(marts, strategies, policy_id),
        "placeholders": placeholders(marts),
        "gain": gains[0] if gains else None,
        "support": support(marts),
    }


def priced_with_risk(marts: Marts, strategies: dict[tuple, dict], shipped_id: str) -> dict | None:
    """Value of the shipped list and of nudging everybody at lifetime prices; None where no policy decides by them."""
    rows = marts.connection.execute(
        """
        select policy_id
        from seeds.policy_parameters
        where value_per_conversion_usd is null
        order by is_shipped desc, policy_id
        """
    ).fetchall()
    if not rows or (rows[0][0], rows[0][0]) not in strategies:
        return None
    policy_id = rows[0][0]
    own, everybody = (strategies[shipped_id, name].get("lifetime_net_value_usd") for name in (shipped_id, "everybody"))
    if own is None:  # published before this price was recorded
        return None
    return {
        "policy_id": policy_id,
        "list_usd": own,
        "everybody_usd": everybody,
        "spared_usd": own - everybody,
        "by_risk": None if policy_id == shipped_id else strategies[policy_id, policy_id] | {"policy_id": policy_id},
    }


def price_fingerprint(marts: Marts, seed: str) -> str:
    """A short hash of a seed's prices."""
    return hashlib.sha256(repr(marts.connection.execute(PRICES[seed]).fetchall()).encode()).hexdigest()[:8]


def placeholders(marts: Marts) -> list[str]:
    """The seeds whose prices are still those that the project ships with."""
    return [seed for seed, shipped in SHIPPED_PRICES.items() if price_fingerprint(marts, seed) == shipped]


def judged(marts: Marts) -> list[dict]:
    """The verdicts in groups, those that did not pass first."""
    order = ["fail", "unknown", "warn", "pass"]
    verdicts = sorted(
        marts.records("marts.verdicts"), key=lambda row: (order.index(row["verdict"]), row["check_id"], row["subject"])
    )
    grouped = {group: [] for group in GROUPS}
    for row in verdicts:
        grouped["delivery" if row["check_group"] == "today" else row["check_group"]].append(row)
    return [{"id": group, "title": title, "rows": grouped[group]} for group, title in GROUPS.items() if grouped[group]]


def unpublished(marts: Marts) -> str:
    """Why the lists are older than the last build, in words; empty if they are its own."""
    statuses = marts.records("builds.publication")
    status = statuses[0]["status"] if statuses else "published"
    if status == "published":
        return ""
    return "The last build did not finish." if status == "running" else f"The last build published nothing: {status}."


def exported(warehouse: Path) -> tuple[list[dict], str]:
    """The lists as `make export` writes them, or why there are none. Needs a warehouse that this process does not have open."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            n_rows = list_exports.export_lists(warehouse, Path(folder) / "lists")
        except list_exports.ExportRefusedError as error:
            return [], f"No list can be taken along: {error}."
        why = list_exports.why_fewer(warehouse, n_rows)
        texts = {name: (Path(folder) / "lists" / f"{name}.csv").read_text(encoding="utf-8") for name in DOWNLOADS}
    return [
        {
            "name": name, "title": title, "unit": unit, "n_rows": n_rows[name], "why": why[name], "text": texts[name],
            "fits": len(texts[name]) <= MAX_DOWNLOAD_CHARACTERS,
        }
        for name, (title, unit) in DOWNLOADS.items()
    ], ""  # fmt: skip


def campaign(marts: Marts) -> dict:
    """How the running campaign is going, beside those before; the looks of each experiment by day and metric."""
    looks: dict[str, dict[str, dict[str, dict]]] = {}
    for row in marts.records(
        "marts.experiment_readout",
        "where metric <> 'past_actions' order by experiment <> 'rollout', experiment, look_date",
    ):
        looks.setdefault(row["experiment"], {}).setdefault(f"{row['look_date']:%Y-%m-%d}", {})[row["metric"]] = row
    plans = marts.records("marts.experiment_plan", "where experiment = 'rollout' and metric = 'revenue_usd'")
    return {
        "looks": looks,
        "plan": plans[0] if plans else None,
        "waves": marts.records("marts.rollout_status", "order by wave"),
        "effects": marts.records("marts.campaign_effects", "order by campaign_number"),
        "budget": marts.records("seeds.campaign_parameters")[0],
        "fading": marts.records("marts.campaign_fading", "order by question desc"),
        "learning": marts.records(
            "marts.campaign_learning", "order by grouping_kind desc, length(user_group), user_group"
        ),
    }


def bandit_rounds(marts: Marts) -> pd.DataFrame:
    """The bandit's rounds by arm; none if an earlier version built them without arms."""
    rounds = marts.read("marts.bandit_rounds")
    return rounds if "arm" in rounds else rounds.iloc[:0]


def bandit(marts: Marts) -> dict:
    """What the bandit has earned, and what other policies would have earned by its log; empty if it has not begun."""
    rounds = bandit_rounds(marts)
    if rounds.empty:
        return {}
    n_decisions, earned = int(rounds["n_decisions"].sum()), rounds["reward_usd"].sum()
    others = marts.records("marts.off_policy_evaluation", "where estimator = 'dr' order by estimate desc")
    best = next((row for row in others if row["evaluated_policy"] == "best_by_segment"), None)
    return {
        "n_decisions": n_decisions,
        "n_rounds": rounds["round_number"].nunique(),
        "reward_usd": earned,
        "mean_usd": earned / n_decisions,
        "others": others,
        "best": best,
    }


def changed(marts: Marts) -> dict:
    """What the shipped policy decides differently from the previous publication, and what caused it."""
    shipped = marts.records("marts.publication_changes", "where is_shipped")
    totals = shipped[0] if shipped else {"from_build_id": None}
    versions = {
        "data_fingerprint": "data",
        "model_version": "model",
        "policy_version": "policy",
        "code_version": "code",
    }
    return {
        "changes": totals,
        "moved": [name for key, name in versions.items() if totals.get(f"from_{key}") != totals.get(f"to_{key}")],
        "flips": [
            row | {"flipping_guardrail": row["flipping_guardrail"] or "came_or_went"}
            for row in marts.records(
                "marts.policy_diff",
                "where is_shipped and comparison = 'publications' order by abs(value_moved_usd) desc, account_id",
            )
        ],
    }


def support(marts: Marts) -> dict[str, float]:
    """Today's users and admins about whom past campaigns say too little, and the accounts left alone for such admins."""
    (row,) = marts.connection.execute(
        """
        select
            sum(n_unsupported_users) as n_users,
            sum(n_unsupported_users) / nullif(sum(n_users), 0) as share_of_users,
            sum(n_unsupported_admins) as n_admins,
            sum(n_unsupported_admins) / nullif(sum(n_admins), 0) as share_of_admins,
            count(*) filter (where n_unsupported_admins > 0 and decision = 'suppress_unscored') as n_accounts
        from marts.account_policy
        where is_shipped and population = 'today'
        """
    ).df().to_dict("records")  # fmt: skip
    return row


def in_revenue(marts: Marts) -> bool:
    """Whether the published model's outcome is revenue."""
    return any(row.get("value_per_conversion_usd") is not None for row in marts.records("marts.lift_models"))


def facts_of_the_run(marts: Marts, policy: dict) -> dict:
    """What the decision is based on, with which policy and model: named facts in words."""
    first, last, scoring_date = marts.connection.execute(
        f"""
        select
            min(as_of_date) filter (where {CAMPAIGN}),
            max(as_of_date) filter (where {CAMPAIGN}),
            max(as_of_date) filter (where {TODAY})
        from marts.user_uplift_scores
        """
    ).fetchone()
    value = policy["value_per_conversion_usd"]
    facts = [
        ("Scoring date", f"{scoring_date}"),
        ("Policy", policy["policy_id"]),
        ("Past campaigns, as-of dates", f"{first} to {last}" if first != last else f"{first}"),
        ("Value of a conversion", "by account" if value is None else f"${value:,.2f}"),
        (
            "Cost per account, per nudge",
            f"${policy['cost_per_account_usd']:,.2f}, ${policy['cost_per_nudge_usd']:,.2f}",
        ),
        (
            "A user is a Sleeping Dog",
            f"below a lift of {figures.points(policy['sleeping_dog_lift_threshold'])} points, "
            f"with a confidence of {policy['harm_confidence']:.0%}",
        ),
        (
            "Sleeping Dogs allowed",
            f"up to {policy['toxic_user_share_limit']:.0%} of an account's users"
            + (f"; fewer than {least:.0f} are always allowed" if (least := policy["min_toxic_users"]) > 1 else ""),
        ),
        ("Scored users needed", f"{policy['min_scored_users']:.0f} per account"),
    ]
    for row in marts.records("seeds.learner_parameters"):
        facts.append(
            (
                "Model",
                f"{figures.label(row['deciding_learner']).replace(' ', '-')}, {row['account_pairs']} pairs of account halves, "
                f"{row['trees']} trees per forest, seed {row['seed']}",
            )
        )
    is_in_revenue = in_revenue(marts)
    facts.append(
        ("Lift", "in revenue; a point is 1% of what a conversion brings" if is_in_revenue else "in conversions")
    )
    counts = marts.read("marts.schema_manifest")
    if len(counts):
        rows = counts.groupby("table_name")["n_rows"].max()
        written = ", ".join(f"{name.removesuffix('_raw').replace('_', ' ')} {n:,}" for name, n in rows.items() if n)
        facts.append(("Raw rows", written))
    builds = marts.records("marts.build_info")
    for row in builds:
        facts += [
            ("Build", row["build_id"]),
            ("Fingerprint of the data", row["data_fingerprint"]),
            ("Version of the policy", row["policy_version"]),
            ("Version of the model", row["model_version"]),
            ("Version of the code", row["code_version"]),
        ]
    return {
        "policy_id": policy["policy_id"],
        "is_priced_without_risk": value is not None,
        "is_in_revenue": is_in_revenue,
        "is_generated": any(row.get("data_origin") == "generated" for row in builds),
        "scoring_date": str(scoring_date),
        "learnt_from": str(first),
        "learnt_to": str(last),
        "facts": facts,
    }


def page_data(marts: Marts, policy: dict, steps: list[dict], risk: dict | None) -> dict:
    """What the page needs to decide every account again."""
    thresholds = marts.read("marts.account_safety_frontier")
    grid = thresholds["sleeping_dog_lift_threshold"] if len(thresholds) else [policy["sleeping_dog_lift_threshold"]]
    decisions = [step["decision"] for step in steps]
    rows = what_if.rows(marts.connection, decisions)
    return {
        "policy": {name: policy[name] for name in POLICY},
        "decisions": [{"id": decision, "label": figures.label(decision)} for decision in decisions],
        "thresholds": sorted({float(threshold) for threshold in grid}, reverse=True),
        "rows": rows,
        "users": what_if.users(marts.connection, rows["account_id"]),
        "choices": what_if.choices(marts.connection, rows["account_id"][: what_if.MAX_DETAILED])
        if "n_accounts" not in rows and len(rows["account_id"]) <= what_if.MAX_DETAILED
        else [],
        "usual": {
            figures.feature_label(row["feature"]): float(f"{row['usual_value']:.3g}")
            for row in marts.records("(select distinct feature, usual_value from marts.account_explanations)")
            if not row["feature"].endswith("_rank") and row["usual_value"] is not None
        },
        "seed": marts.records("seeds.policy_parameters", "where is_shipped")[0],
        "is_in_revenue": in_revenue(marts),
        "policy_id": policy["policy_id"],
        "risk_policy_id": risk["policy_id"] if risk else None,
        "build_id": policy["build_id"],
    }


def render(warehouse: Path, directory: Path) -> Path:
    """Writes the report on `warehouse` into `directory` and returns the page."""
    directory.mkdir(parents=True, exist_ok=True)
    files, why_none = exported(warehouse)
    opened = spark_files.connect(warehouse)
    for left_over in directory.glob(f"{UNFINISHED}*"):
        if time.time() - left_over.stat().st_mtime > ABANDONED_SECONDS:  # another report may be under way
            shutil.rmtree(left_over)
    # Files replace those of the last report together, once all are drawn.
    with opened as connection, tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=directory) as unfinished:
        if not files:  # otherwise the export has checked
            refuse_edited(connection)
        marts = Marts(connection)
        policies = marts.records("marts.account_policy", f"where is_shipped and {TODAY} order by account_id limit 1")
        if not policies:
            raise SystemExit(
                f"error: {warehouse} holds no published decision. {unpublished(marts) or 'Run `make build` first.'}"
            )
        policy = policies[0]
        n_values = connection.execute(
            f"select count(distinct value_per_conversion_usd) from marts.account_policy where is_shipped and {TODAY}"
        ).fetchone()[0]
        if n_values > 1:
            policy["value_per_conversion_usd"] = None
        questions = {row["decision"]: row["question"] for row in marts.records("seeds.guardrail_rules")}
        nudged = dict(
            connection.execute(
                f"select decision, sum(n_nudged_users) from marts.account_policy where is_shipped and {TODAY} group by 1"
            ).fetchall()
        )
        steps = [
            row
            | {
                "question": questions.get(row["decision"], ""),
                "instead": INSTEAD.get(row["decision"], "Left alone."),
                "n_nudged_users": nudged.get(row["decision"], 0),
            }
            for row in marts.records("marts.policy_funnel", f"where {TODAY} order by precedence")
            if row["policy_id"] == policy["policy_id"]
        ]
        with figures.style():
            drawn = draw(marts, policy, [step["decision"] for step in steps])
            images = {name: save(one, name, Path(unfinished)) if one else None for name, one in drawn.items()}
        summary = summarised(marts, policy, steps)
        written = report_page.page(
            summary=summary,
            steps=steps,
            figures=images,
            tree=nudged_groups(marts),
            campaign=campaign(marts),
            bandit=bandit(marts),
            **changed(marts),
            groups=judged(marts),
            banner=f"{unpublished(marts)} {standing(warehouse)}" if unpublished(marts) else "",
            downloads=files,
            why_no_downloads=why_none,
            files=report_page.script_data({file["name"]: file["text"] for file in files if file["fits"]}),
            findings=marts.records("marts.findings"),
            coverage=marts.records(
                "audit.interval_coverage", f"where {TODAY} and user_group = 'everybody' order by interval_id"
            ),
            quality=marts.records(
                "marts.data_quality_summary", "where rows_affected > 0 order by table_name, rule_order"
            ),
            run=facts_of_the_run(marts, policy) | {"warehouse_mark": warehouse_mark(warehouse)},
            data=report_page.script_data(page_data(marts, policy, steps, summary["risk"])),
        )
        new_page = Path(unfinished) / "index.html"
        new_page.write_text(written, encoding="utf-8")
        for name, one in drawn.items():
            for suffix in ("svg", "png"):
                if one is None:
                    (directory / f"{name}.{suffix}").unlink(missing_ok=True)
                else:
                    (Path(unfinished) / f"{name}.{suffix}").replace(directory / f"{name}.{suffix}")
        return new_page.replace(directory / "index.html")


def main() -> None:
    parser = command.parser(__doc__, "DuckDB file, or Spark's directory")
    parser.add_argument(
        "--directory", type=Path, default=command.ROOT / "target" / "report", help="where the report goes"
    )
    options = parser.parse_args()
    try:
        print(f"Report: {render(options.warehouse, options.directory)}")
    except EditedListsError as error:
        sys.exit(f"Nothing was drawn: {error}.")
    except duckdb.IOException as error:
        sys.exit(f"Nothing was drawn. {options.warehouse} cannot be read: {reason(error)}")
    except OSError as error:
        sys.exit(f"Nothing was drawn. {options.directory} cannot be written: {error}")


if __name__ == "__main__":
    main()
