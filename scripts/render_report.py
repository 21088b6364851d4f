"""Draws the figures of a built warehouse and writes the report page, from its marts alone."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import pandas as pd

from causalyn.engines import spark_files
from causalyn.report import figures, report_page, what_if
from causalyn.warehouse import command
from causalyn.warehouse.publication import EditedListsError, refuse_edited
from causalyn.warehouse.sql_text import literal

POLICY = [
    "value_per_conversion_usd", "cost_per_account_usd", "cost_per_nudge_usd", "sleeping_dog_lift_threshold",
    "harm_confidence", "toxic_user_share_limit", "min_toxic_users", "min_scored_users", "unsupported_share_limit",
]  # fmt: skip
TODAY, CAMPAIGN = "population = 'today'", "population = 'campaign'"
INSTEAD = {
    "suppress_unscored": "Left alone until every user has a score, and every admin one with support.",
    "suppress_toxic_admin": "Tagged “do not disturb” for the CRM.",
    "suppress_toxic_users": "Handed to customer success for a health check.",
    "suppress_too_small": "Reached through a cheaper channel, where lift is positive.",
}


class Marts:
    """The tables of a warehouse: a frame for each query, empty where its table was not built."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        rows = connection.execute("select table_schema || '.' || table_name from information_schema.tables").fetchall()
        self.tables = {name for (name,) in rows}

    def read(self, table: str, clause: str = "") -> pd.DataFrame:
        if table not in self.tables:
            return pd.DataFrame()
        return self.connection.execute(f"select * from {table} {clause}").df()

    def records(self, table: str, clause: str = "") -> list[dict]:
        """The rows as dictionaries, with None where there is no value."""
        frame = self.read(table, clause)
        return frame.astype(object).where(frame.notna(), None).to_dict("records")


def draw(marts: Marts, policy: dict, decisions: list[str]) -> dict[str, figures.Drawn | None]:
    """Every figure by name; None where its mart is not there or holds nothing to draw.

    Decisions are today's; what judges the model and the policy looks at the past campaigns, where outcomes are known.
    """
    shipped = f"where policy_id = {literal(policy['policy_id'])}"
    scores = marts.connection.execute(
        """
        select scores.lift, policies.decision = 'target' as is_target
        from marts.user_uplift_scores as scores
        inner join marts.account_policy as policies
            on scores.campaign_id = policies.campaign_id and scores.account_id = policies.account_id and policies.is_shipped
        where scores.population = 'today'
        """
    ).df()
    leaderboard = marts.read("marts.learner_leaderboard")
    truth = marts.read("audit.safety_frontier_truth", f"where {CAMPAIGN}")
    matrix = marts.read("audit.failure_matrix", f"{shipped} and level = 'user'")
    matrices = dict(list(matrix.groupby("population"))) if len(matrix) else {}
    return {
        "policy_funnel": figures.policy_funnel(marts.read("marts.policy_funnel", f"{shipped} and {TODAY}")),
        "blind_against_policy": figures.blind_against_policy(
            marts.read("marts.policy_comparison", f"{shipped} and {TODAY}")
        ),
        "budget_efficiency": figures.budget_efficiency(marts.read("marts.budget_curve")),
        "lift_of_targets": figures.lift_of_targets(scores, float(policy["sleeping_dog_lift_threshold"])),
        "audit_matrix": figures.audit_matrix(matrices.get("today", pd.DataFrame()), decisions, "Today"),
        "audit_matrix_of_the_past": figures.audit_matrix(
            matrices.get("campaign", pd.DataFrame()), decisions, "In past campaigns"
        ),
        "true_safety_frontier": figures.safety_frontier(
            truth, "n_sleeping_dog_admins_in_targets", "persuadables_reached_share", figures.TRUE_FRONTIER
        ),
        "lift_calibration": figures.lift_calibration(
            marts.read("marts.lift_calibration"), marts.read("marts.calibration_line")
        ),
        "qini": figures.qini(marts.read("marts.uplift_curve"), leaderboard),
        "feature_importance": figures.feature_importance(marts.read("marts.feature_importance")),
        "lift_dependence": figures.lift_dependence(marts.read("marts.lift_dependence")),
        "safety_frontier": figures.safety_frontier(
            marts.read("marts.safety_frontier"), "expected_harm", "net_value_usd", figures.ESTIMATED_FRONTIER
        ),
    }


def save(drawn: figures.Drawn, name: str, directory: Path) -> dict[str, str]:
    """Writes the figure as PNG and SVG, and returns title and image for the page."""
    on_page = {"title": drawn.title, "image": report_page.image(drawn)}
    titled = drawn.titled()
    titled.savefig(directory / f"{name}.svg", metadata={"Date": None})
    titled.savefig(directory / f"{name}.png", dpi=150, metadata={"Software": None})
    return on_page


def summarised(marts: Marts, policy_id: str, steps: list[dict]) -> dict:
    """The decision in a few figures; None where a mart does not tell."""
    strategies = {
        row["strategy"]: row
        for row in marts.records("marts.policy_comparison", f"where {TODAY}")
        if row["policy_id"] == policy_id
    }
    target, own, blind = steps[-1], strategies.get(policy_id, {}), strategies.get("everybody", {})
    gains = [
        row
        for row in marts.records("marts.policy_value")
        if (row["policy_id"], row["strategy"], row["comparator"]) == (policy_id, policy_id, "nobody")
    ]
    return {
        "n_accounts": sum(step["n_accounts"] for step in steps),
        "n_targets": target["n_accounts"],
        "net_value_usd": target["net_value_usd"],
        "n_nudges": own.get("n_nudged_users"),
        "admins": own.get("n_admins_at_risk"),
        "admins_harmed": own.get("expected_admins_harmed"),
        "blind_net_value_usd": blind.get("net_value_usd"),
        "blind_admins": blind.get("n_admins_at_risk"),
        "gain": gains[0] if gains else None,
        "support": support(marts),
    }


def support(marts: Marts) -> dict[str, float]:
    """Today's users and admins who are unlike anybody in the past campaigns, and the accounts left alone for such admins."""
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


def facts_of_the_run(marts: Marts, policy: dict) -> dict:
    """What was decided on, by which policy and model: named facts in words."""
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
            "Cost of an account, of a nudge",
            f"${policy['cost_per_account_usd']:,.2f}, ${policy['cost_per_nudge_usd']:,.2f}",
        ),
        (
            "A user is a Sleeping Dog",
            f"below a lift of {figures.points(policy['sleeping_dog_lift_threshold'])} points, "
            f"with a confidence of {policy['harm_confidence']:.0%}",
        ),
        (
            "Sleeping Dogs allowed",
            f"up to {policy['toxic_user_share_limit']:.0%} of an account's users; fewer than "
            f"{policy['min_toxic_users']:.0f} are always allowed",
        ),
        ("Scored users needed", f"{policy['min_scored_users']:.0f} an account"),
    ]
    for row in marts.records("seeds.learner_parameters"):
        facts.append(
            (
                "Model",
                f"{figures.label(row['deciding_learner']).replace(' ', '-')}, {row['account_pairs']} pairs of account halves, "
                f"{row['trees']} trees per forest, seed {row['seed']}",
            )
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
        "is_generated": any(row.get("data_origin") == "generated" for row in builds),
        "scoring_date": str(scoring_date),
        "learnt_from": str(first),
        "learnt_to": str(last),
        "facts": facts,
    }


def page_data(marts: Marts, policy: dict, steps: list[dict]) -> dict:
    """What the page needs to decide every account again."""
    thresholds = marts.read("marts.account_safety_frontier")
    grid = thresholds["sleeping_dog_lift_threshold"] if len(thresholds) else [policy["sleeping_dog_lift_threshold"]]
    decisions = [step["decision"] for step in steps]
    return {
        "policy": {name: policy[name] for name in POLICY},
        "decisions": [{"id": decision, "label": figures.label(decision)} for decision in decisions],
        "thresholds": sorted({float(threshold) for threshold in grid}, reverse=True),
        "rows": what_if.rows(marts.connection, decisions),
    }


def render(warehouse: Path, directory: Path) -> Path:
    """Writes the report on `warehouse` into `directory` and returns the page."""
    directory.mkdir(parents=True, exist_ok=True)
    opened = spark_files.connect(warehouse) if warehouse.is_dir() else duckdb.connect(str(warehouse), read_only=True)
    with opened as connection:
        refuse_edited(connection)
        marts = Marts(connection)
        policies = marts.records("marts.account_policy", f"where is_shipped and {TODAY} order by account_id limit 1")
        if not policies:
            raise SystemExit(f"error: {warehouse} holds no published decision; run `make build` first")
        policy = policies[0]
        n_values = connection.execute(
            f"select count(distinct value_per_conversion_usd) from marts.account_policy where is_shipped and {TODAY}"
        ).fetchone()[0]
        if n_values > 1:
            policy["value_per_conversion_usd"] = None
        questions = {row["decision"]: row["question"] for row in marts.records("seeds.guardrail_rules")}
        steps = [
            row
            | {"question": questions.get(row["decision"], ""), "instead": INSTEAD.get(row["decision"], "Left alone.")}
            for row in marts.records("marts.policy_funnel", f"where {TODAY} order by precedence")
            if row["policy_id"] == policy["policy_id"]
        ]
        with figures.style():
            drawn = draw(marts, policy, [step["decision"] for step in steps])
            images = {name: save(one, name, directory) if one else None for name, one in drawn.items()}
        written = report_page.page(
            summary=summarised(marts, policy["policy_id"], steps),
            steps=steps,
            figures=images,
            verdicts=marts.records(
                "marts.verdicts", "where check_group in ('identification', 'model') order by is_blocking desc, check_id"
            ),
            findings=marts.records("marts.findings"),
            claims=marts.records("audit.claims"),
            readiness=marts.records("marts.verdicts", "where check_group = 'data' order by is_blocking desc, check_id"),
            drift=marts.records(
                "marts.verdicts", "where check_group = 'delivery' and verdict <> 'pass' order by check_id, subject"
            ),
            quality=marts.records(
                "marts.data_quality_summary", "where rows_affected > 0 order by table_name, rule_order"
            ),
            run=facts_of_the_run(marts, policy),
            data=report_page.script_data(page_data(marts, policy, steps)),
        )
    for name, one in drawn.items():
        if one is None:
            for suffix in ("svg", "png"):
                (directory / f"{name}.{suffix}").unlink(missing_ok=True)
    page = directory / "index.html"
    partial = page.with_suffix(".partial")
    partial.write_text(written, encoding="utf-8")
    return partial.replace(page)


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
        sys.exit(f"Nothing was drawn. {options.warehouse} cannot be read: {str(error).splitlines()[0]}")


if __name__ == "__main__":
    main()
