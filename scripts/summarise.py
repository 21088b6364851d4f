"""Prints the decision of a built warehouse in plain text: the funnel, its value, and what was suppressed and why."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parent.parent


def summarise(warehouse: Path) -> str:
    """The summary of the shipped policy in `warehouse`, a DuckDB file with the marts."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        funnel = connection.sql(
            """
            select decision, n_accounts, n_scored_users, coalesce(question, 'Every guardrail was passed.')
            from marts.policy_funnel
            inner join seeds.policy_parameters using (policy_id)
            left join seeds.guardrail_rules using (decision)
            where is_shipped
            order by policy_funnel.precedence
            """
        ).fetchall()
        strategies = connection.sql(
            """
            select strategy, n_accounts, n_nudged_users, net_value_usd, n_admins_at_risk, n_sleeping_dogs_nudged
            from marts.policy_comparison
            inner join seeds.policy_parameters using (policy_id)
            where is_shipped
            order by net_value_usd desc, strategy
            """
        ).fetchall()
        policy_id = connection.sql("select policy_id from seeds.policy_parameters where is_shipped").fetchone()[0]
    n_accounts = sum(row[1] for row in funnel)
    lines = [f"Decision of the policy '{policy_id}' on {n_accounts:,} accounts", ""]
    lines += [f"  {'decision':<24}{'accounts':>10}{'share':>8}{'users':>10}  asked of each account, in this order"]
    lines += [
        f"  {decision:<24}{accounts:>10,}{accounts / max(n_accounts, 1):>8.1%}{users:>10,}  {question}"
        for decision, accounts, users, question in funnel
    ]
    lines += ["", "What each strategy is expected to earn, and whom it puts at risk", ""]
    lines += [f"  {'strategy':<24}{'accounts':>10}{'nudges':>10}{'net value':>12}{'admins at risk':>16}{'dogs nudged':>13}"]
    lines += [
        f"  {strategy:<24}{accounts:>10,}{nudges:>10,}{f'${net:,.0f}':>12}{admins:>16,}{dogs:>13,}"
        for strategy, accounts, nudges, net, admins, dogs in strategies
    ]
    lines += ["", f"Warehouse: {warehouse}", "Start with: select * from marts.target_accounts order by value_rank"]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    default = os.environ.get("CAUSALYN_WAREHOUSE", ROOT / "warehouse" / "causalyn.duckdb")
    parser.add_argument("--warehouse", type=Path, default=Path(default))
    print(summarise(parser.parse_args().warehouse))


if __name__ == "__main__":
    main()
