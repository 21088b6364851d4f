"""Renders the README's tables and its picture from a warehouse, so that no figure in it is typed.

A block stands between `<!-- name -->` and `<!-- /name -->`; its query gives the cells as text, its columns the header. The
picture lies in `docs/`.
"""

from __future__ import annotations

import argparse
import io
import os
import re
from pathlib import Path

import duckdb
import matplotlib as mpl

from causalyn import figures

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
PICTURE = ROOT / "docs" / "decision.svg"

MACROS = """
create temp macro cell(value, unit) as case
    when value is null or isnan(value) then ''
    when unit in ('accounts', 'users') then format('{:,}', cast(round(value) as bigint))
    when unit = 'usd' then if(round(value) < 0, '-$', '$') || format('{:,}', cast(abs(round(value)) as bigint))
    when unit = 'share' then printf('%.1f%%', 100 * value)
    else printf('%.2f', value)
end;
"""

STUDIED = """
from (
    select preset, seed, max(value) filter (where metric = 'accounts_target') as n_targets,
        max(value) filter (where metric = 'true_net_value_usd') as true_net_value_usd,
        max(value) filter (where metric = 'expected_net_value_usd') as expected_net_value_usd,
        max(value) filter (where metric = 'value_share_of_oracle') as value_share_of_oracle,
        max(value) filter (where metric = 'sleeping_dogs_nudged_share') as dogs_nudged_share,
        max(value) filter (where metric = 'persuadables_targeted_share') as persuadables_targeted_share,
        max(value) filter (where metric = 'false_suppression_share') as false_suppression_share,
        max(value) filter (where metric = 'is_published') as is_published,
        max(value) filter (where metric = 'coverage_lift_of_a_user_everybody') as coverage_of_users,
        max(value) filter (where metric = 'coverage_effect_on_a_tenth_everybody') as coverage_of_tenths
    from seeds.study_results
    where preset in ('default', 'hard', 'harm', 'null')
    group by preset, seed
) as studied
"""

BLOCKS = {
    "decision": """
        select
            '`' || decision || '`' as decision,
            cell(max(n_accounts) filter (where policy_id = 'precision'), 'accounts') as "accounts, `precision`",
            cell(max(n_accounts) filter (where policy_id = 'ltv'), 'accounts') as "accounts, `ltv`",
            cell(max(n_accounts) filter (where policy_id = 'reference'), 'accounts') as "accounts, `reference`"
        from marts.policy_funnel
        group by precedence, policy_funnel.decision
        order by precedence
    """,
    "comparison": """
        select
            '`' || strategy || '`' as strategy,
            cell(n_accounts, 'accounts') as accounts,
            cell(n_nudged_users, 'users') as nudges,
            cell(net_value_usd, 'usd') as "expected net value",
            cell(n_admins_at_risk, 'users') as "admins at risk",
            cell(n_sleeping_dogs_nudged, 'users') as "Sleeping Dogs nudged"
        from marts.policy_comparison
        inner join seeds.policy_parameters using (policy_id)
        where is_shipped
        order by net_value_usd desc, policy_comparison.strategy
    """,
    "allocation": """
        select
            '`' || scenario_id || '`' as scenario,
            '`' || policy_id || '`' as policy,
            cell(max(n_accounts) filter (where rule = 'greedy'), 'accounts') as "greedy: accounts",
            cell(max(net_value_usd) filter (where rule = 'greedy'), 'usd') as "net value",
            cell(max(n_accounts) filter (where rule = 'optimum'), 'accounts') as "optimum: accounts",
            cell(max(net_value_usd) filter (where rule = 'optimum'), 'usd') as "net value ",
            cell(max(upper_bound_usd), 'usd') as "at most"
        from marts.allocation_comparison
        where policy_id in ('precision', 'ltv')
        group by scenario_id, policy_id
        order by scenario_id, policy_id
    """,
    "bandit": """
        select
            cast(round_number as varchar) as "until round",
            cell(avg(oracle_usd), 'usd') as oracle,
            cell(avg(oracle_usd - bandit_usd), 'usd') || ' ± ' || cell(stddev_samp(oracle_usd - bandit_usd), 'usd')
                as "regret of the bandit",
            cell(avg(oracle_usd - static_usd), 'usd') as "of in-app for all",
            cell(avg(oracle_usd - best_by_segment_usd), 'usd') as "of the best arm a segment",
            cell(max(n_nudges_held_back), 'users') as "nudges held back by guardrails"
        from seeds.bandit_study
        group by round_number
        order by bandit_study.round_number
    """,
    "claims": """
        select
            claims.claim,
            cell(claims.published, claims.unit) as published,
            '± ' || cell(claims.tolerance, claims.unit) as tolerance,
            cell(claims.measured, claims.unit) as "this build",
            cell(avg(value), claims.unit) as "mean of the study",
            cell(stddev_samp(value), claims.unit) as "sd",
            case
                when avg(value) is null then ''
                when abs(avg(value) - claims.published) <= claims.tolerance + 1e-9 then 'holds'
                else '**differs**'
            end as "mean against published"
        from audit.claims
        inner join seeds.published_claims using (claim_id)
        left join seeds.study_results on metric = claim_id and preset = 'default'
        group by claim_order, claims.claim, claims.unit, claims.published, claims.tolerance, claims.measured
        order by claim_order
    """,
    "findings": """
        select
            finding,
            printf('%.3f', estimate) as estimate,
            printf('%.3f to %.3f', lower_95, upper_95) as "95% interval",
            cell(focus_n, 'users') as n
        from marts.findings
        order by finding_id
    """,
    "study": f"""
        select
            '`' || studied.preset || '`' as preset,
            count(*)::varchar as worlds,
            sum(is_published)::int::varchar as published,
            cell(avg(n_targets), 'accounts') as "accounts targeted",
            coalesce(format('{{:,}} to {{:,}}', min(n_targets)::bigint, max(n_targets)::bigint), '') as "min to max",
            cell(avg(expected_net_value_usd), 'usd') as "expected net value",
            cell(avg(true_net_value_usd), 'usd') as "true net value",
            cell(avg(value_share_of_oracle), 'share') as "of what the truth would earn",
            coalesce(printf('%.2f%% (%.2f%%)', 100 * avg(dogs_nudged_share), 100 * max(dogs_nudged_share)), '')
                as "Sleeping Dogs nudged (most)",
            cell(avg(persuadables_targeted_share), 'share') as "Persuadables targeted",
            cell(avg(false_suppression_share), 'share') as "falsely suppressed",
            cell(avg(coverage_of_users), 'share') as "90% intervals of users that hold the truth",
            cell(avg(coverage_of_tenths), 'share') as "95% intervals of tenths that do"
        {STUDIED}
        group by studied.preset
        order by studied.preset
    """,
    "importance": """
        select
            '`' || feature || '`' as feature,
            printf('%.3f', lift_change) as "lift moves by",
            printf('%.4f', risk_increase) as "error grows by",
            printf('%.4f to %.4f', risk_increase_lower, risk_increase_upper) as "95% interval"
        from marts.feature_importance
        where importance_rank <= 6
        order by importance_rank
    """,
    "coverage": """
        select
            interval_id || case when user_group = 'everybody' then '' else ', of a ' || replace(user_group, '_', ' ') end
                as interval,
            cell(n_intervals, 'users') as intervals,
            cell(nominal_share, 'share') as "should hold the truth",
            cell(covered_share, 'share') as "hold it"
        from audit.interval_coverage
        order by user_group <> 'everybody', interval_coverage.interval_id, user_group
    """,
    "alike": """
        select
            'accounts of ' || users || ' users, intra-class correlation ' || correlation as "simulated experiments",
            cell(max(value) filter (where metric = 'experiments'), 'users') as experiments,
            cell(max(value) filter (where metric = 'rejected_share_clustered'), 'share') as "rejected, clustered by account",
            cell(max(value) filter (where metric = 'rejected_share_naive'), 'share') as "rejected, users taken for independent"
        from (values ('a_a_8_users', 8, 0.15), ('a_a_25_users', 25, 0.40)) as cases (preset, users, correlation)
        left join seeds.study_results using (preset)
        group by users, correlation
        order by users
    """,
    "hillstrom": """
        select
            name as learner,
            count(qini)::varchar as splits,
            printf('%.3f ± %.3f', avg(qini), stddev_samp(qini)) as "Qini",
            printf('%.3f', avg(uplift)) as "uplift at 30%",
            printf('%.2f', avg(believed) / avg(realised)) as "believed / realised, top 20%"
        from (
            values
                (1, 'causalyn_t', 'this project, T-learner (decides)'),
                (2, 'causalyn_x', 'this project, X-learner'),
                (3, 'causalyn_dr', 'this project, DR-learner'),
                (4, 'causalml_t', 'causalml, T-learner'),
                (5, 'causalml_s', 'causalml, S-learner'),
                (6, 'causalml_x', 'causalml, X-learner'),
                (7, 'causalml_dr', 'causalml, DR-learner'),
                (8, 'causalml_t_logistic', 'causalml, T-learner on logistic regression'),
                (9, 'causalml_t_unregularised', 'causalml, T-learner on boosting as it comes'),
                (10, 'econml_t', 'EconML, T-learner'),
                (11, 'econml_x', 'EconML, X-learner'),
                (12, 'econml_dr', 'EconML, DR-learner'),
                (13, 'econml_causal_forest', 'EconML, CausalForestDML'),
                (14, 'causalyn_response', 'a response model: who visits anyway')
        ) as learners (learner_order, learner, name)
        left join (
            select
                regexp_extract(metric, '(.*)_(qini|uplift_at_30|believed_at_20|realised_at_20)$', 1) as learner,
                seed,
                max(value) filter (where metric like '%_qini') as qini,
                max(value) filter (where metric like '%_uplift_at_30') as uplift,
                max(value) filter (where metric like '%_believed_at_20') as believed,
                max(value) filter (where metric like '%_realised_at_20') as realised
            from seeds.study_results
            where preset = 'hillstrom'
            group by 1, 2
        ) as splits using (learner)
        group by learner_order, name
        order by learner_order
    """,
    "foreign": """
        select
            figure,
            cell(published, unit) as "published by its authors",
            cell(value, unit) as "this project"
        from (
            values
                (1, 'Accounts targeted', 'accounts', 964, 'accounts_target'),
                (2, 'Accounts suppressed for a toxic admin', 'accounts', 281, 'accounts_suppress_toxic_admin'),
                (3, 'Accounts suppressed for toxic users', 'accounts', 937, 'accounts_suppress_toxic_users'),
                (4, 'Accounts suppressed as too small', 'accounts', 220, 'accounts_suppress_too_small'),
                (5, 'Sleeping Dog users in targeted accounts', 'share', 0.0828, 'sleeping_dog_targeted_share'),
                (6, 'Sleeping Dog users nudged', 'share', 0.0828, 'sleeping_dog_nudged_share'),
                (7, 'Persuadable users in targeted accounts', 'share', 0.4085, 'persuadable_targeted_share'),
                (8, 'True net value of all users of the targets', 'usd', 36732, 'true_net_value_usd'),
                (9, 'True net value of the nudges sent', 'usd', 36732, 'true_net_value_of_nudges_usd')
        ) as published (figure_order, figure, unit, published, metric)
        left join seeds.study_results on study_results.metric = published.metric and preset = 'seed_world'
        order by figure_order
    """,
}


def render(name: str, connection: duckdb.DuckDBPyConnection) -> str:
    """The Markdown table of a block; columns after the first are right-aligned."""
    result = connection.sql(BLOCKS[name])
    rows = [result.columns, ["---", *["--:"] * (len(result.columns) - 1)], *result.fetchall()]
    return "\n".join("| " + " | ".join("" if cell is None else cell for cell in row) + " |" for row in rows)


def rendered_readme(text: str, warehouse: Path) -> str:
    """`text` with every block that it has rendered anew from `warehouse`."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute(MACROS)
        for name in BLOCKS:
            marked = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
            block = render(name, connection)
            text = marked.sub(lambda match, block=block: f"{match[1]}\n{block}\n\n{match[2]}", text)
    return text


def rendered_picture(warehouse: Path) -> bytes:
    """The funnel of the shipped policy, as SVG."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        funnel = connection.sql(
            "select * from marts.policy_funnel where policy_id = (select policy_id from seeds.policy_parameters where is_shipped)"
        ).df()
    buffer = io.BytesIO()
    with mpl.rc_context(figures.STYLE):
        figures.policy_funnel(funnel).titled().savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.environ.get("CAUSALYN_WAREHOUSE", ROOT / "warehouse" / "causalyn.duckdb")
    parser.add_argument("--warehouse", type=Path, default=Path(default))
    options = parser.parse_args()
    README.write_text(rendered_readme(README.read_text(), options.warehouse))
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_bytes(rendered_picture(options.warehouse))


if __name__ == "__main__":
    main()
