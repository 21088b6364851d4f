"""Prints the decision of a built warehouse in plain text: the funnel, its value, and what was suppressed and why."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import duckdb

from causalyn.engines import spark_files

ROOT = Path(__file__).resolve().parent.parent


def summarise(warehouse: Path) -> str:
    """The summary of the shipped policy in `warehouse`, a DuckDB file or Spark's directory with the marts."""
    with (
        spark_files.connect(warehouse)
        if warehouse.is_dir()
        else duckdb.connect(str(warehouse), read_only=True) as connection
    ):
        funnel = connection.execute(
            """
            select decision, n_accounts, n_scored_users, coalesce(question, 'Every guardrail was passed.')
            from marts.policy_funnel
            inner join seeds.policy_parameters using (policy_id)
            left join seeds.guardrail_rules using (decision)
            where is_shipped
            order by policy_funnel.precedence
            """
        ).fetchall()
        strategies = connection.execute(
            """
            select strategy, n_accounts, n_nudged_users, net_value_usd, n_admins_at_risk, n_sleeping_dogs_nudged
            from marts.policy_comparison
            inner join seeds.policy_parameters using (policy_id)
            where is_shipped
            order by net_value_usd desc, strategy
            """
        ).fetchall()
        policy_id = connection.execute("select policy_id from seeds.policy_parameters where is_shipped").fetchone()[0]
    n_accounts = sum(row[1] for row in funnel)
    decided, earned = "  {:<24}{:>10}{:>8}{:>10}  {}".format, "  {:<24}{:>10}{:>10}{:>12}{:>16}{:>13}".format
    lines = [f"Decision of the policy '{policy_id}' on {n_accounts:,} accounts", ""]
    lines += [decided("decision", "accounts", "share", "users", "asked of each account, in this order")]
    lines += [
        decided(decision, f"{accounts:,}", f"{accounts / max(n_accounts, 1):.1%}", f"{users:,}", question)
        for decision, accounts, users, question in funnel
    ]
    lines += ["", "What each strategy is expected to earn, and whom it puts at risk", ""]
    lines += [earned("strategy", "accounts", "nudges", "net value", "admins at risk", "dogs nudged")]
    lines += [
        earned(strategy, f"{accounts:,}", f"{nudges:,}", f"${net:,.0f}", f"{admins:,}", f"{dogs:,}")
        for strategy, accounts, nudges, net, admins, dogs in strategies
    ]
    lines += ["", f"Warehouse: {warehouse}", "Start with: select * from marts.target_accounts order by value_rank"]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    default = os.environ.get("CAUSALYN_WAREHOUSE") or ROOT / "warehouse" / "causalyn.duckdb"
    parser.add_argument("--warehouse", type=Path, default=Path(default), help="DuckDB file, or Spark's directory")
    warehouse = parser.parse_args().warehouse
    try:
        print(summarise(warehouse))
    except duckdb.Error as error:
        sys.exit(f"Nothing was summarised. {warehouse} cannot be read: {str(error).splitlines()[0]}")


if __name__ == "__main__":
    main()
