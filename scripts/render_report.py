"""Draws the figures of a built warehouse and writes the report page, from its marts alone."""

from __future__ import annotations

import argparse
import io
import os
from pathlib import Path

import duckdb
import matplotlib as mpl
import pandas as pd

from causalyn import figures, report_page, spark_files

ROOT = Path(__file__).resolve().parent.parent
PARAMETERS = [
    "value_per_conversion_usd", "cost_per_account_usd", "cost_per_nudge_usd", "sleeping_dog_lift_threshold",
    "harm_confidence", "toxic_user_share_limit", "min_toxic_users", "min_scored_users",
]  # fmt: skip
EVIDENCE = ["account_id", "decision", "n_users", "n_scored_users", "sum_lift"]
# A page of this many accounts stays under 20 MB.
MAX_ACCOUNTS = 250_000


class Marts:
    """The marts of a warehouse: a frame for each query, empty where its table was not built."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        rows = connection.execute("select table_schema || '.' || table_name from information_schema.tables").fetchall()
        self.tables = {name for (name,) in rows}

    def read(self, table: str, clause: str = "") -> pd.DataFrame:
        if table not in self.tables:
            return pd.DataFrame()
        return self.connection.execute(f"select * from {table} {clause}").df()


def frontier(marts: Marts, accounts: pd.DataFrame) -> tuple[list[float], list[list[int]], list[list[int]]]:
    """Thresholds, the most cautious first, and each account's Sleeping Dogs and admins among them, without trailing zeros."""
    grid = marts.read("marts.account_safety_frontier", "order by sleeping_dog_lift_threshold desc")
    if grid.empty:
        counts = accounts[["n_sleeping_dogs", "n_sleeping_dog_admins"]].T.to_numpy()
        return accounts["sleeping_dog_lift_threshold"].head(1).tolist(), *counts[:, :, None].tolist()
    counts = []
    for column in ("n_sleeping_dogs", "n_sleeping_dog_admins"):
        wide = grid.pivot_table(column, "account_id", "sleeping_dog_lift_threshold")
        wide = wide.reindex(accounts["account_id"]).sort_index(axis=1, ascending=False).fillna(0).astype(int)
        filled = (wide.to_numpy()[:, ::-1].cumsum(axis=1)[:, ::-1] > 0).sum(axis=1)
        counts.append([row[:end] for row, end in zip(wide.to_numpy().tolist(), filled.tolist(), strict=True)])
    return sorted(grid["sleeping_dog_lift_threshold"].unique().tolist(), reverse=True), *counts


def draw(marts: Marts, policy_id: str, decisions: list[str]) -> dict[str, figures.Figure | None]:
    """Every figure by name; None where its mart is not there or holds nothing to draw."""
    policy = f"where policy_id = '{policy_id.replace(chr(39), chr(39) * 2)}'"
    learner = marts.read("marts.calibration_line")
    scores = marts.connection.execute(
        """
        select scores.lift, policies.decision = 'target' as is_target
        from marts.user_uplift_scores as scores
        inner join marts.account_policy as policies on scores.account_id = policies.account_id and policies.is_shipped
        """
    ).df()
    drawn = {
        "policy_funnel": figures.policy_funnel(marts.read("marts.policy_funnel", policy)),
        "blind_against_policy": figures.blind_against_policy(marts.read("marts.policy_comparison", policy)),
        "budget_efficiency": figures.budget_efficiency(marts.read("marts.budget_curve")),
        "lift_of_targets": figures.lift_of_targets(scores),
        "audit_matrix": figures.audit_matrix(
            marts.read("audit.failure_matrix", f"{policy} and level = 'user'"), decisions
        ),
    }
    calibration, curve = marts.read("marts.lift_calibration"), marts.read("marts.uplift_curve")
    if len(calibration):
        drawn["lift_calibration"] = figures.lift_calibration(calibration)
    if len(curve) and len(learner):
        drawn["ranking"] = figures.ranking(curve, learner["learner_id"].iloc[0])
    return drawn


def save(figure: figures.Figure, name: str, directory: Path) -> str:
    """Writes the figure as PNG and SVG and returns it as HTML."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    (directory / f"{name}.svg").write_bytes(buffer.getvalue())
    figure.savefig(directory / f"{name}.png", dpi=150, metadata={"Software": None})
    return report_page.image(buffer.getvalue(), " ".join(figure.get_suptitle().split()))


def render(warehouse: Path, directory: Path) -> Path:
    """Writes the report on `warehouse` into `directory` and returns the page."""
    directory.mkdir(parents=True, exist_ok=True)
    opened = spark_files.connect(warehouse) if warehouse.is_dir() else duckdb.connect(str(warehouse), read_only=True)
    with opened as connection:
        marts = Marts(connection)
        accounts = marts.read("marts.account_policy", "where is_shipped order by account_id")
        if accounts.empty:
            raise SystemExit(f"error: {warehouse} holds no published decision; run `make build` first")
        policy_id = str(accounts["policy_id"].iloc[0])
        funnel = marts.read("marts.policy_funnel", "order by precedence").query("policy_id == @policy_id")
        decisions = funnel["decision"].tolist()
        with mpl.rc_context(figures.STYLE):
            drawn = draw(marts, policy_id, decisions)
            absent = {name: f"<p>{figures.label(name).capitalize()}: nothing to draw.</p>" for name in drawn}
            images = {name: save(f, name, directory) if f else absent[name] for name, f in drawn.items()}
        thresholds, dogs, dog_admins = frontier(marts, accounts)
        claims, verdicts = marts.read("audit.claims"), marts.read("marts.model_verdicts", "order by verdict_id")
        as_of = connection.execute("select min(as_of_date), max(as_of_date) from marts.user_uplift_scores").fetchone()
        n_targets = int((accounts["decision"] == "target").sum())
        value = accounts.loc[accounts["decision"] == "target", "net_value_usd"].sum()
        no_truth = "<p>The audit needs hidden truth, which only a generated world has: it can't be shown.</p>"
        main_images = ("policy_funnel", "blind_against_policy", "budget_efficiency", "lift_of_targets")
        parameters = (
            accounts[["policy_id", *PARAMETERS]].head(1).assign(scored_from=str(as_of[0]), scored_to=str(as_of[1]))
        )
        parts = {
            "summary": f"<p><strong>Nudge {n_targets:,} of {len(accounts):,} accounts: "
            f"expected net value ${value:,.0f}.</strong></p>",
            "decision": "".join(images[name] for name in main_images)
            + report_page.table(funnel[["decision", "n_accounts", "n_scored_users", "net_value_usd"]]),
            "verdicts": report_page.table(verdicts),
            "trust": images.get("lift_calibration", "") + images.get("ranking", ""),
            "findings": report_page.table(marts.read("marts.findings")),
            "audit": (images["audit_matrix"] + report_page.table(claims)) if drawn["audit_matrix"] else no_truth,
            "quality": report_page.table(marts.read("marts.data_quality_summary", "where rows_affected > 0")),
            "run": report_page.table(parameters),
        }
    if len(accounts) > MAX_ACCOUNTS:
        note = f"<p>The account table and the what-if hold the first {MAX_ACCOUNTS:,} accounts only.</p>"
        parts["summary"] += note
    rows = accounts.head(MAX_ACCOUNTS)
    rows = rows[EVIDENCE].astype(object).where(rows[EVIDENCE].notna(), None)
    data = {
        "policy": {name: accounts[name].iloc[0].item() for name in PARAMETERS},
        "decisions": decisions,
        "thresholds": thresholds,
        "accounts": {
            **{name: rows[name].tolist() for name in EVIDENCE if name != "decision"},
            "published": rows["decision"].map(decisions.index).tolist(),
            "dogs": dogs[:MAX_ACCOUNTS],
            "dog_admins": dog_admins[:MAX_ACCOUNTS],
        },
    }
    page = directory / "index.html"
    partial = page.with_suffix(".partial")
    partial.write_text(report_page.page(parts, data), encoding="utf-8")
    return partial.replace(page)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    default = os.environ.get("CAUSALYN_WAREHOUSE") or ROOT / "warehouse" / "causalyn.duckdb"
    parser.add_argument("--warehouse", type=Path, default=Path(default), help="DuckDB file, or Spark's directory")
    parser.add_argument("--directory", type=Path, default=ROOT / "target" / "report", help="where the report goes")
    options = parser.parse_args()
    print(f"Report: {render(options.warehouse, options.directory)}")


if __name__ == "__main__":
    main()
