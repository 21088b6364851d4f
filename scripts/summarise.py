"""Prints the decision of a built warehouse in plain text: today's accounts, what was suppressed and why, and the backtest."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

from causalyn.engines import spark_files
from causalyn.warehouse import command
from causalyn.warehouse.opening import reason

GENERATED = "This is a generated world: no account in it is real.\n"
FUNNEL = """
    select decision, n_accounts, n_scored_users, coalesce(question, 'Every guardrail was passed.')
    from marts.policy_funnel
    inner join seeds.policy_parameters using (policy_id)
    left join seeds.guardrail_rules using (decision)
    where is_shipped and population = 'today'
    order by policy_funnel.precedence
"""
STRATEGIES = """
    select strategy,
        format('{:,}', n_accounts) as accounts,
        format('{:,}', n_nudged_users) as nudges,
        format('{}${:,.0f}', if(net_value_usd < 0, '-', ''), abs(net_value_usd)) as "net value",
        format('{}${:,.0f}', if(lifetime_net_value_usd < 0, '-', ''), abs(lifetime_net_value_usd)) as "with renewal risk",
        format('{:,}', n_admins_at_risk) as "admins at risk",
        format('{:,.1f}', expected_admins_harmed) as "admins expected harmed",
        format('{:,}', n_sleeping_dogs_nudged) as "Sleeping Dogs nudged"
    from marts.policy_comparison
    inner join seeds.policy_parameters using (policy_id)
    where is_shipped and population = 'today'
    order by lifetime_net_value_usd desc, strategy
"""
SUPPORT = """
    select sum(n_unsupported_users), sum(n_users), sum(n_unsupported_admins), sum(n_admins),
        count(*) filter (where n_unsupported_admins > 0 and decision = 'suppress_unscored')
    from marts.account_policy
    where is_shipped and population = 'today'
"""
# An account counts once for each past campaign.
BACKTEST = """
    select count(*) filter (where decision = 'target'), count(*), count(distinct campaign_id),
        coalesce(sum(net_value_usd) filter (where decision = 'target'), 0)
    from marts.account_policy
    where is_shipped and population = 'campaign'
"""
# By outcomes, weighted so that they speak for users like those nudged, and not by the model's own expectation.
OBSERVED = """
    select gain_usd, gain_usd_lower, gain_usd_upper
    from marts.policy_value
    inner join seeds.policy_parameters using (policy_id)
    where is_shipped and strategy = policy_id and comparator = 'nobody'
"""
EXPLORED = """
    select format('{:,} users may be nudged to learn, at an expected {} of ${:,.0f}. ',
            n_users, if(cost < 0, 'return', 'cost'), abs(cost))
        || format('Expected to cost the conversion of at least {:.2f} admins (budget {}) and {:.2f} users (budget {})',
            harmed_admins, harm_budget_admins, harmed_users, harm_budget_users)
    from (
        select sum(n_explorable_users) as n_users, sum(exploration_cost_usd) as cost,
            sum(expected_admins_harmed) as harmed_admins, sum(expected_users_harmed) as harmed_users
        from marts.campaign_learning
        where grouping_kind = 'guardrail' and n_explorable_users > 0
    )
    cross join seeds.campaign_parameters
    where n_users > 0
"""
LOST = """
    with rejected as (
        select table_name, sum(rows_affected) as n_rejected, max(rows_before) as n_rows,
            string_agg(format('{:,} {}', rows_affected, rule_id), ', ' order by rows_affected desc, rule_id)
                filter (where rows_affected > 0) as reasons
        from marts.data_quality_summary
        where action = 'rejected'
        group by table_name
    )
    select format('{}: {:,} of {:,} rows rejected ({:.1f}%): {}',
        table_name, n_rejected, n_rows, 100 * n_rejected / n_rows, reasons)
    from rejected
    where n_rejected > 0
    order by n_rejected / n_rows desc, table_name
"""
# Two checks whose values are shares of users.
UNOBSERVED = """
    select format('{}: {:.1f}%',
        if(check_id = 'activity_coverage', 'Users without activity in the 30 days before', 'Interventions without outcome'),
        100 - 100 * value)
    from marts.verdicts
    where check_id in ('activity_coverage', 'outcome_observed_share') and value < 1
    order by check_id
"""


def summarise(warehouse: Path) -> str:
    """The summary of the shipped policy in `warehouse`, a DuckDB file or Spark's directory with the marts."""
    with spark_files.connect(warehouse) as connection:
        policy_id, scoring_date, data_origin, accepted, why_nobody = connection.execute(
            "select shipped_policy_id, scoring_date, data_origin, accepted_checks, why_nobody from marts.build_info"
        ).fetchone()
        funnel, observed, explored, *losses = (
            connection.execute(query).fetchall() for query in (FUNNEL, OBSERVED, EXPLORED, LOST, UNOBSERVED)
        )
        compared = connection.execute(STRATEGIES)
        columns, strategies = [column[0] for column in compared.description], compared.fetchall()
        support, backtest = (connection.execute(query).fetchone() for query in (SUPPORT, BACKTEST))
    n_accounts = sum(row[1] for row in funnel)
    decided, earned = "  {:<24}{:>10}{:>8}{:>10}  {}".format, "  {:<18}{:>9}{:>8}{:>11}{:>18}{:>16}{:>24}{:>22}".format
    lines = [GENERATED] if data_origin == "generated" else []
    lines += [f"Decision of the policy '{policy_id}' on {n_accounts:,} accounts as of {scoring_date:%Y-%m-%d}", ""]
    lines += [decided("decision", "accounts", "share", "users", "question, asked in this order")]
    lines += [
        decided(decision, f"{accounts:,}", f"{accounts / max(n_accounts, 1):.1%}", f"{users:,}", question)
        for decision, accounts, users, question in funnel
    ]
    lines += ["", "Expected value and risk of each strategy", ""]
    lines += [earned(*row) for row in (columns, *strategies)]
    users, n_users, admins, n_admins, held_back = (int(n or 0) for n in support)
    lines += [
        "",
        f"Support:  past campaigns say too little about {users:,} of {n_users:,} users and {admins:,} of {n_admins:,} admins; "
        f"none is nudged, and {held_back:,} {'account is' if held_back == 1 else 'accounts are'} left alone for such an admin.",
    ]
    targets, decided_then, campaigns, value = backtest
    judged = "".join(
        f", by their outcomes ${gain:,.0f} (95% interval ${lower:,.0f} to ${upper:,.0f})"
        for gain, lower, upper in observed
    )
    lines += [
        f"Backtest: in the past {'campaign' if campaigns == 1 else f'{campaigns} campaigns'} the policy would have targeted "
        f"{targets:,} of {decided_then:,} accounts, with an expected value of ${value:,.0f}{judged}.",
    ]
    lines += [f"Exploration: {line}." for (line,) in explored]
    lost = [line for rows in losses for (line,) in rows]
    lines += (
        ["", "Data that could not be used (rows in marts.rejected_rows)", "", *(f"  {line}" for line in lost)]
        if lost
        else []
    )
    lines += [f"Nobody is to be nudged. {why_nobody}."] if why_nobody else []
    lines += [f"Accepted: {accepted}"] if accepted else []
    lines += ["", f"Warehouse: {warehouse}", "Start with: select * from marts.target_accounts order by value_rank"]
    return "\n".join(lines)


def main() -> None:
    parser = command.parser(__doc__, "DuckDB file, or Spark's directory")
    warehouse = parser.parse_args().warehouse
    try:
        print(summarise(warehouse))
    except duckdb.Error as error:
        sys.exit(f"Nothing was summarised. {warehouse} cannot be read: {reason(error)}")


if __name__ == "__main__":
    main()
