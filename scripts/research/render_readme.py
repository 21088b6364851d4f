"""Renders the tables in README and docs, and the README's picture, so that no number in them is typed by hand.

A block stands between `<!-- name -->` and `<!-- /name -->` in the README or a page of docs. Its query returns cells as
text; column names are the header. Queries read a built warehouse and the studies' results, as tables named by file.
"""

from __future__ import annotations

import argparse
import io
import os
import re
from pathlib import Path

import duckdb

from causalyn.report import figures
from causalyn.warehouse.sql_text import identifier, literal

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
PICTURE = ROOT / "docs" / "decision.svg"
RESULTS = ROOT / "scripts" / "research" / "results"
NO_RESULTS = "This has not been measured yet."

MACROS = """
create temp macro cell(value, unit) as case
    when value is null or isnan(value) then ''
    when unit in ('accounts', 'users') then format('{:,}', cast(round(value) as bigint))
    when unit = 'usd' then if(round(value) < 0, '-$', '$') || format('{:,}', cast(abs(round(value)) as bigint))
    when unit = 'share' then printf('%.1f%%', 100 * value)
    when unit = 'time' then if(value < 10, printf('%.2f', value), format('{:,}', cast(round(value) as bigint)))
    when unit = 'gb' then printf('%.1f', value)
    else printf('%.2f', value)
end;
create temp macro growth(ratio, span) as case when span > 1 and ratio > 0 then printf('%.2f', ln(ratio) / ln(span)) else '' end;
"""

# One row per world and population; whether a world was published is stored once.
STUDIED = """
from (
    select preset, seed, population, max(value) filter (where metric = 'accounts_target') as n_targets,
        max(value) filter (where metric = 'true_net_value_usd') as true_net_value_usd,
        max(value) filter (where metric = 'expected_net_value_usd') as expected_net_value_usd,
        max(value) filter (where metric = 'value_share_of_oracle') as value_share_of_oracle,
        max(value) filter (where metric = 'sleeping_dog_nudged_share') as dogs_nudged_share,
        max(value) filter (where metric = 'targets_with_sleeping_dog_admin_share') as dog_admin_share,
        max(value) filter (where metric = 'persuadable_targeted_share') as persuadables_targeted_share,
        max(value) filter (where metric = 'false_suppression_share') as false_suppression_share,
        max(value) filter (where metric = 'is_published') as is_published,
        max(value) filter (where metric = 'coverage_lift_of_a_user_everybody') as coverage_of_users,
        max(value) filter (where metric = 'coverage_effect_on_a_decile_everybody') as coverage_of_deciles
    from (
        select preset, seed, if(starts_with(metric, 'today_'), 'today', 'backtest') as population,
            regexp_replace(metric, '^today_', '') as metric, value
        from study_results
        where preset in ('default', 'hard', 'harm', 'null', 'smooth', 'drift', 'three_campaigns')
    )
    group by preset, seed, population
) as studied
"""

LEARNERS = """
with splits as (
    select
        regexp_extract(preset, 'learners_(.*)', 1) as experiment,
        seed,
        regexp_extract(metric, '(.*)_(qini|uplift_at_30|dr_loss|predicted_at_20|observed_at_20)$', 1) as learner,
        max(value) filter (where metric like '%_qini') as qini,
        max(value) filter (where metric like '%_uplift_at_30') as uplift,
        max(value) filter (where metric like '%_dr_loss') as dr_loss,
        max(value) filter (where metric like '%_predicted_at_20') as predicted,
        max(value) filter (where metric like '%_observed_at_20') as observed
    from study_results
    where preset like 'learners_%'
    group by all
)
"""

QINI_BY_EXPERIMENT = ", ".join(
    f"printf('%.3f', avg(qini) filter (where experiment = '{experiment}')) as \"{experiment.replace('_', ', ')}\""
    for experiment in ("hillstrom_womens", "hillstrom_mens", "smooth", "step", "interaction")
)


def marked(text: str, is_missed: str) -> str:
    """SQL of a text, in bold where a goal is missed."""
    return f"case when {is_missed} then '**' || {text} || '**' else {text} end"


def ahead(difference: str, digits: int) -> str:
    """SQL of a difference's mean and standard deviation over splits; the goal is not to be behind by more than the latter."""
    text = f"printf('%+.{digits}f ± %.{digits}f', avg({difference}), stddev_samp({difference}))"
    return marked(text, f"avg({difference}) < -stddev_samp({difference})")


PREDICTED = "avg(stack.predicted) / avg(stack.observed)"
CALIBRATED = marked(f"printf('%.2f', {PREDICTED})", f"{PREDICTED} not between 0.9 and 1.1")


BENCHMARKED = """
with sizes as (
    select accounts, any_value(users) as users, any_value(activity_rows) as activity_rows,
        sum(seconds) filter (where name = 'generation') as generation,
        sum(cpu_seconds) filter (where name = 'generation') as generation_cpu,
        sum(seconds) filter (where name = 'build') as build,
        sum(cpu_seconds) filter (where name = 'build') as build_cpu,
        sum(seconds) filter (where kind = 'sql_model') as sql,
        sum(cpu_seconds) filter (where kind = 'sql_model') as sql_cpu,
        sum(seconds) filter (where kind = 'python_model') as python,
        sum(cpu_seconds) filter (where kind = 'python_model') as python_cpu,
        sum(sklearn_seconds) filter (where kind = 'python_model') as sklearn_cpu,
        sum(seconds) filter (where kind = 'test') as tests,
        sum(cpu_seconds) filter (where kind = 'test') as tests_cpu,
        sum(seconds) filter (where name in ('summary', 'report', 'export')) as publication,
        sum(cpu_seconds) filter (where name in ('summary', 'report', 'export')) as publication_cpu,
        sum(seconds) filter (where name = 'day') as day,
        sum(cpu_seconds) filter (where name = 'day') as day_cpu,
        max(peak_memory_mb) filter (where kind not in ('limit', 'rival', 'engine')) / 1024 as memory_gb,
        sum(database_mb) filter (where name = 'build') / 1024 as database_gb,
        sum(cpu_seconds) filter (where name = 'group_by_user') as limit_cpu,
        sum(seconds) filter (where name = 'raw_to_nudges') as steps,
        sum(cpu_seconds) filter (where name = 'raw_to_nudges') as steps_cpu,
        sum(seconds) filter (where name = 'pandas') as pandas,
        sum(cpu_seconds) filter (where name = 'pandas') as pandas_cpu,
        sum(cpu_seconds) filter (where name = 'row_loop') as row_loop_cpu,
        max(peak_memory_mb) filter (where name = 'raw_to_nudges') / 1024 as steps_gb,
        max(peak_memory_mb) filter (where name = 'pandas') / 1024 as pandas_gb
    from benchmark_results
    group by accounts
)
"""

# Cost per node in the largest benchmarked world, and the factor that scales it to 100 million users.
NODES = """
with largest as (
    select * from benchmark_results where accounts = (select max(accounts) from benchmark_results)
),

nodes as (
    select largest.*, smaller.cpu_seconds as smaller_cpu_seconds,
        if(largest.scales_with = 'users', 100e6 / largest.users, 10e9 / largest.activity_rows) as times
    from largest
    left join benchmark_results as smaller
        on largest.kind = smaller.kind and largest.name = smaller.name and largest.scales_with = smaller.scales_with
            and smaller.accounts = 24000
    where largest.kind in ('sql_model', 'python_model', 'test')
)
"""

LOOP = """
        with campaigns as (
            pivot study_loop_results on metric using any_value(value) group by seed, way, campaign_id
        )
"""
WAYS = ("frozen", "retrained", "exploring")
OF_WAYS = ", ".join(
    f"""
            cell(avg({figure}) filter (where way = '{way}'), '{unit}') as "{way}{name}\""""
    for figure, unit, name in (
        ("true_value_usd / oracle_value_usd", "share", ""),
        ("n_dogs_nudged / n_dogs", "share", ": Sleeping Dogs nudged"),
        ("n_admins_lost", "users", ": admins lost"),
        ("coverage", "share", ": coverage"),
    )
    for way in WAYS
)

BLOCKS = {
    "decision": """
        select
            '`' || decision || '`' as decision,
            cell(max(n_accounts) filter (where population = 'today' and policy_id = 'precision'), 'accounts')
                as "today, `precision`",
            cell(max(n_accounts) filter (where population = 'today' and policy_id = 'ltv'), 'accounts') as "today, `ltv`",
            cell(max(n_accounts) filter (where population = 'today' and policy_id = 'reference'), 'accounts')
                as "today, `reference`",
            cell(max(n_accounts) filter (where population = 'campaign' and policy_id = 'precision'), 'accounts')
                as "backtest, `precision`",
            cell(max(n_accounts) filter (where population = 'campaign' and policy_id = 'reference'), 'accounts')
                as "backtest, `reference`"
        from marts.policy_funnel
        group by precedence, policy_funnel.decision
        order by precedence
    """,
    "comparison": """
        select
            '`' || strategy || '`' as strategy,
            cell(n_accounts, 'accounts') as accounts,
            cell(n_nudged_users, 'users') as nudges,
            cell(net_value_usd, 'usd') as "net value",
            cell(lifetime_net_value_usd, 'usd') as "with renewal risk",
            cell(n_admins_at_risk, 'users') as "admins at risk",
            cell(n_sleeping_dogs_nudged, 'users') as "Sleeping Dogs nudged"
        from marts.policy_comparison
        inner join seeds.policy_parameters using (policy_id)
        where is_shipped and population = 'today'
        order by lifetime_net_value_usd desc, policy_comparison.strategy
    """,
    "allocation": """
        select
            '`' || scenario_id || '`' as scenario,
            '`' || policy_id || '`' as policy,
            cell(max(n_accounts) filter (where rule = 'greedy'), 'accounts') as "greedy: accounts",
            cell(max(net_value_usd) filter (where rule = 'greedy'), 'usd') as "greedy: net value",
            cell(max(n_accounts) filter (where rule = 'optimum'), 'accounts') as "optimum: accounts",
            cell(max(net_value_usd) filter (where rule = 'optimum'), 'usd') as "optimum: net value",
            cell(max(upper_bound_usd), 'usd') as "upper bound"
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
            cell(avg(oracle_usd - static_usd), 'usd') as "regret of in-app for all",
            cell(avg(oracle_usd - best_by_segment_usd), 'usd') as "regret of the best arm per segment",
            cell(max(n_nudges_held_back), 'users') as "nudges held back by guardrails"
        from bandit_study
        group by round_number
        order by bandit_study.round_number
    """,
    "loop": f"""
        {LOOP}
        select
            replace(campaign_id, 'round-', '') as campaign,
            {OF_WAYS}
        from campaigns
        group by campaign_id
        order by campaigns.campaign_id
    """,
    "loop_totals": f"""
        {LOOP},

        worlds as (
            select
                way,
                seed,
                sum(true_value_usd) as listed_usd,
                sum(exploration_value_usd) as explored_usd,
                sum(n_explored) as n_explored,
                sum(n_admins_lost) as n_admins_lost
            from campaigns
            group by all
        )

        select
            way as "six campaigns",
            cell(count(*), 'users') as worlds,
            cell(avg(listed_usd), 'usd') || coalesce(' ± ' || nullif(cell(stddev_samp(listed_usd), 'usd'), ''), '')
                as "true value of the lists",
            cell(avg(n_explored), 'users') as "users explored",
            cell(avg(explored_usd), 'usd') as "true value of exploring them",
            cell(avg(n_admins_lost), 'users') as "admins lost"
        from worlds
        group by way
        order by list_position({list(WAYS)}, way)
    """,
    "loop_differences": f"""
        {LOOP},

        of_ways as (
            select
                seed,
                way,
                sum(true_value_usd + exploration_value_usd) as value_usd,
                sum(n_admins_lost) as n_admins_lost,
                max(true_value_usd / oracle_value_usd) filter (where campaign_id = 'round-6') as last_share
            from campaigns
            group by all
        ),

        differences as (
            select
                later.way || ', less ' || earlier.way as ways,
                later.last_share - earlier.last_share as share,
                later.value_usd - earlier.value_usd as value_usd,
                cast(later.n_admins_lost - earlier.n_admins_lost as double) as n_admins_lost
            from of_ways as later
            inner join of_ways as earlier using (seed)
            where (later.way, earlier.way) in (('retrained', 'frozen'), ('exploring', 'retrained'))
        )

        select
            ways as "difference, mean ± standard error",
            printf('%+.1f ± %.1f points', 100 * avg(share), 100 * stddev_samp(share) / sqrt(count(*)))
                as "sixth campaign's share of the oracle's value",
            cell(avg(value_usd), 'usd') || ' ± ' || cell(stddev_samp(value_usd) / sqrt(count(*)), 'usd')
                as "true value of six campaigns, exploration included",
            printf('%+.1f ± %.1f', avg(n_admins_lost), stddev_samp(n_admins_lost) / sqrt(count(*))) as "admins lost"
        from differences
        group by ways
        order by differences.ways desc
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
        left join study_results on metric = claim_id and preset = 'default'
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
            '`' || studied.preset || '`, ' || studied.population as preset,
            count(*)::varchar as worlds,
            coalesce(sum(is_published)::int::varchar, '') as published,
            cell(avg(n_targets), 'accounts') as "accounts targeted",
            coalesce(format('{{:,}} to {{:,}}', min(n_targets)::bigint, max(n_targets)::bigint), '') as "min to max",
            cell(avg(expected_net_value_usd), 'usd') as "expected net value",
            cell(avg(true_net_value_usd), 'usd') as "true net value",
            cell(avg(value_share_of_oracle), 'share') as "share of the oracle's value",
            coalesce(printf('%.2f%% (%.2f%%)', 100 * avg(dogs_nudged_share), 100 * max(dogs_nudged_share)), '')
                as "Sleeping Dogs nudged (max)",
            coalesce(printf('%.2f%% (%.2f%%)', 100 * avg(dog_admin_share), 100 * max(dog_admin_share)), '')
                as "targets with a Sleeping Dog admin (max)",
            cell(avg(persuadables_targeted_share), 'share') as "Persuadables targeted",
            cell(avg(false_suppression_share), 'share') as "falsely suppressed",
            cell(avg(coverage_of_users), 'share') as "coverage of 90% intervals of users",
            cell(avg(coverage_of_deciles), 'share') as "coverage of 95% intervals of deciles"
        {STUDIED}
        group by studied.preset, studied.population
        order by studied.preset, studied.population
    """,
    "effects": """
        select
            '`' || preset || '`' as worlds,
            count(*)::varchar as n,
            printf('%.4f', avg(true_effect)) as "true average effect",
            printf('%.4f', avg(effect)) as "estimated",
            printf('%.4f', avg(standard_error)) as "standard error",
            count(*) filter (where abs(effect - true_effect) <= 2 * standard_error)::varchar as "within two standard errors"
        from (
            select
                preset,
                seed,
                max(value) filter (where metric = 'average_effect') as effect,
                max(value) filter (where metric = 'true_average_effect') as true_effect,
                max(value) filter (where metric = 'average_effect_se') as standard_error
            from study_results
            group by preset, seed
        )
        where effect is not null
        group by preset
        order by preset
    """,
    "support": """
        select
            floor as "`nudge_support_floor`",
            printf('%.2f%%', 100 * avg(dogs) filter (where preset = 'default')) as "`default`: Sleeping Dogs nudged",
            cell(avg(lift / most) filter (where preset = 'default'), 'share') as "`default`: value kept",
            printf('%.2f%%', 100 * avg(dogs) filter (where preset = 'hard')) as "`hard`: Sleeping Dogs nudged",
            cell(avg(lift / most) filter (where preset = 'hard'), 'share') as "`hard`: value kept",
            printf('%.2f%%', 100 * avg(dogs) filter (where preset = 'drift')) as "`drift`: Sleeping Dogs nudged",
            cell(avg(lift / most) filter (where preset = 'drift'), 'share') as "`drift`: value kept"
        from (
            select *, max(lift) over (partition by preset, seed) as most
            from (
                select
                    preset,
                    seed,
                    regexp_extract(metric, 'support_floor_([0-9.]+)_', 1) as floor,
                    max(value) filter (where metric like '%_nudged_share') as dogs,
                    max(value) filter (where metric like '%_true_lift') as lift
                from study_results
                where metric like 'today_support_floor_%'
                group by 1, 2, 3
            )
        )
        group by floor
        order by floor::double
    """,
    "importance": """
        select
            '`' || feature || '`' as feature,
            printf('%.3f', lift_change) as "lift changes by",
            printf('%.4f', risk_increase) as "error increases by",
            printf('%.4f to %.4f', risk_increase_lower, risk_increase_upper) as "95% interval"
        from marts.feature_importance
        where importance_rank <= 6
        order by importance_rank
    """,
    "coverage": """
        select
            interval_id || case when user_group = 'everybody' then '' else ', ' || replace(user_group, '_', ' ') end
                as interval,
            if(population = 'today', 'today', 'backtest') as population,
            cell(n_intervals, 'users') as intervals,
            cell(nominal_share, 'share') as "nominal coverage",
            cell(covered_share, 'share') as "coverage in the default world",
            studied.described as "coverage in the study: mean (min to max)"
        from audit.interval_coverage
        left join (
            select
                metric,
                concat(cell(avg(value), 'share'), ' (', cell(min(value), 'share'), ' to ', cell(max(value), 'share'), ')')
                    as described
            from study_results
            where preset = 'default'
            group by metric
        ) as studied
            on studied.metric
            = if(population = 'today', 'today_', '') || 'coverage_' || replace(interval_id, ' ', '_') || '_' || user_group
        order by user_group <> 'everybody', interval_coverage.interval_id, user_group, population
    """,
    "a_a_tests": """
        select
            'accounts of ' || users || ' users, intra-class correlation ' || correlation as "simulated experiments",
            cell(max(value) filter (where metric = 'experiments'), 'users') as experiments,
            cell(max(value) filter (where metric = 'rejected_share_clustered'), 'share') as "rejected, clustered by account",
            cell(max(value) filter (where metric = 'rejected_share_naive'), 'share') as "rejected, users treated as independent"
        from (values ('a_a_8_users', 8, 0.15), ('a_a_25_users', 25, 0.40)) as cases (preset, users, correlation)
        left join study_results using (preset)
        group by users, correlation
        order by users
    """,
    "learners": f"""
        {LEARNERS}
        select
            name as learner,
            {QINI_BY_EXPERIMENT}
        from (
            values
                (1, 'causalyn_stack', 'this project, stack (decides)'),
                (2, 'causalyn_t', 'this project, T-learner'),
                (3, 'causalyn_spline_t', 'this project, T-learner on splines'),
                (4, 'causalyn_x', 'this project, X-learner'),
                (5, 'causalyn_r', 'this project, R-learner'),
                (6, 'causalml_t', 'causalml, T-learner'),
                (7, 'causalml_s', 'causalml, S-learner'),
                (8, 'causalml_x', 'causalml, X-learner'),
                (9, 'causalml_dr', 'causalml, DR-learner'),
                (10, 'causalml_t_logistic', 'causalml, T-learner on logistic regression'),
                (11, 'causalml_t_unregularised', 'causalml, T-learner on unregularised boosting'),
                (12, 'econml_t', 'EconML, T-learner'),
                (13, 'econml_x', 'EconML, X-learner'),
                (14, 'econml_dr', 'EconML, DR-learner'),
                (15, 'econml_causal_forest', 'EconML, CausalForestDML'),
                (16, 'causalyn_response', 'a response model')
        ) as learners (learner_order, learner, name)
        inner join splits using (learner)
        group by learner_order, name
        order by learner_order
    """,
    "best_peers": f"""
        {LEARNERS}, means as (
            select experiment, learner, avg(qini) as qini, avg(-dr_loss) as dr_loss, avg(uplift) as uplift
            from splits
            where learner not like 'causalyn%'
            group by all
        ),
        best as (
            select
                experiment,
                arg_max(learner, qini) as qini,
                arg_max(learner, dr_loss) as dr_loss,
                arg_max(learner, uplift) as uplift
            from means
            group by experiment
        )
        select
            replace(stack.experiment, '_', ', ') as experiment,
            count(*)::varchar as splits,
            {ahead("stack.qini - by_qini.qini", 3)} as "Qini",
            {ahead("1e4 * (by_loss.dr_loss - stack.dr_loss)", 1)} as "doubly robust loss, x 10,000",
            {ahead("stack.uplift - by_uplift.uplift", 3)} as "uplift at 30%",
            {CALIBRATED} as "predicted / observed, top 20%"
        from splits as stack
        inner join best using (experiment)
        inner join splits as by_qini
            on stack.experiment = by_qini.experiment and stack.seed = by_qini.seed and best.qini = by_qini.learner
        inner join splits as by_loss
            on stack.experiment = by_loss.experiment and stack.seed = by_loss.seed and best.dr_loss = by_loss.learner
        inner join splits as by_uplift
            on stack.experiment = by_uplift.experiment and stack.seed = by_uplift.seed and best.uplift = by_uplift.learner
        where stack.learner = 'causalyn_stack'
        group by stack.experiment
        order by stack.experiment
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
                (8, 'True net value of the nudges sent, to everybody in the targets', 'usd', 36732, 'true_net_value_usd')
        ) as published (figure_order, figure, unit, published, metric)
        left join study_results on study_results.metric = published.metric and preset = 'seed_world'
        order by figure_order
    """,
    "benchmark": f"""
        {BENCHMARKED}
        select accounts, users, "activity rows", "generation, s", "build, s", "SQL models, s", "Python models, s",
            "tests, s", "summary, report, export, s", "deciding a new day, s", "peak memory, GB", "database, GB"
        from (
            select accounts as place, cell(accounts, 'accounts') as accounts, cell(users, 'users') as users,
                cell(activity_rows, 'users') as "activity rows", cell(generation, 'time') as "generation, s",
                cell(build, 'time') as "build, s", cell(sql, 'time') as "SQL models, s",
                cell(python, 'time') as "Python models, s", cell(tests, 'time') as "tests, s",
                cell(publication, 'time') as "summary, report, export, s",
                cell(day, 'time') as "deciding a new day, s", cell(memory_gb, 'gb') as "peak memory, GB",
                printf('%.2f', database_gb) as "database, GB"
            from sizes
            union all
            select 1e12, 'growth exponent', '', '', growth(large.generation_cpu / small.generation_cpu, span),
                growth(large.build_cpu / small.build_cpu, span), growth(large.sql_cpu / small.sql_cpu, span),
                growth(large.python_cpu / small.python_cpu, span), growth(large.tests_cpu / small.tests_cpu, span),
                growth(large.publication_cpu / small.publication_cpu, span), growth(large.day_cpu / small.day_cpu, span), '',
                growth(large.database_gb / small.database_gb, span)
            from sizes as large, sizes as small, (select max(accounts) / 24000 as span from sizes)
            where large.accounts = 24000 * span and small.accounts = 24000 and span > 1
        )
        order by place
    """,
    "benchmark_ratios": f"""
        {BENCHMARKED}
        select
            cell(accounts, 'accounts') as accounts,
            cell(sql_cpu / limit_cpu, 'ratio') as "SQL models / one bare pass",
            cell(python_cpu / sklearn_cpu, 'ratio') as "Python models / scikit-learn",
            cell(steps, 'time') as "raw tables to nudges, s",
            cell(pandas_cpu / steps_cpu, 'ratio') as "pandas / same steps",
            cell(pandas / steps, 'ratio') as "pandas / same steps, wall time",
            cell(row_loop_cpu / steps_cpu, 'ratio') as "row loop / same steps",
            cell(day_cpu / build_cpu, 'share') as "a new day / a build",
            cell(pandas_gb, 'gb') as "memory of pandas, GB",
            cell(steps_gb, 'gb') as "memory of the same steps, GB"
        from sizes
        order by sizes.accounts
    """,
    "engines": """
        select
            cell(accounts, 'accounts') as accounts,
            cell(any_value(users), 'users') as users,
            cell(any_value(activity_rows), 'users') as "activity rows",
            cell(sum(seconds) filter (where name = 'duckdb'), 'time') as "DuckDB, s",
            cell(sum(seconds) filter (where name = 'spark'), 'time') as "Spark, s",
            cell(sum(seconds) filter (where name = 'spark') / sum(seconds) filter (where name = 'duckdb'), 'ratio')
                as "Spark / DuckDB",
            cell(sum(cpu_seconds) filter (where name = 'spark') / sum(cpu_seconds) filter (where name = 'duckdb'), 'ratio')
                as "Spark / DuckDB, processor time",
            cell(max(peak_memory_mb) filter (where name = 'duckdb') / 1024, 'gb') as "memory of DuckDB's build, GB",
            cell(max(peak_memory_mb) filter (where name = 'spark') / 1024, 'gb') as "memory of Spark's largest process, GB"
        from benchmark_results
        where kind = 'engine'
        group by accounts
        order by benchmark_results.accounts
    """,
    "benchmark_nodes": f"""
        {NODES}
        select
            '`' || name || '`' as node,
            cell(cpu_seconds / activity_rows * 1e6, 'time') as "CPU s per million activity rows",
            cell(cpu_seconds / users * 1e6, 'time') as "CPU s per million users",
            growth(cpu_seconds / smaller_cpu_seconds, accounts / 24000) as "growth exponent",
            cell(peak_memory_mb / 1024, 'gb') as "peak memory, GB",
            cell(nullif(database_mb, 0) / users * 1e6, 'users') as "MB per million users"
        from nodes
        where name <> 'others'
        order by cpu_seconds desc, node
        limit 12
    """,
    "benchmark_prediction": f"""
        {NODES},

        predicted as (
            select replace(kind, '_', ' ') || 's that grow with ' || replace(scales_with, '_', ' ') as nodes,
                sum(cpu_seconds) as cpu_seconds, sum(cpu_seconds * times) / 3600 as cpu_hours,
                sum(nullif(database_mb, 0) * times) / 1024 as tables_gb
            from nodes
            group by kind, scales_with
            union all
            select 'raw tables', null, null, database_mb * 10e9 / activity_rows / 1024
            from largest
            where name = 'generation'
        )

        select
            nodes,
            cell(cpu_seconds, 'time') as "CPU s, measured",
            cell(cpu_hours, 'time') as "CPU hours, predicted",
            cell(tables_gb, 'users') as "GB of tables, predicted"
        from predicted
        order by cpu_hours desc nulls last, nodes
    """,
    "benchmark_machines": f"""
        {NODES},

        engines as (
            select name, cpu_seconds / seconds as busy_cores,
                cpu_seconds / max(cpu_seconds) filter (where name = 'duckdb') over () as times_duckdb
            from benchmark_results
            where kind = 'engine' and accounts = (select max(accounts) from benchmark_results where kind = 'engine')
        ),

        hours as (
            select name, busy_cores, times_duckdb * (select sum(cpu_seconds * times) / 3600 from nodes) as cpu_hours
            from engines
        )

        select
            if(name = 'duckdb', 'DuckDB, one machine', 'Spark, a cluster') as engine,
            cell(cpu_hours, 'time') as "CPU hours, predicted",
            cell(ceil(cpu_hours / 8), 'users') as "cores for a night of eight hours",
            cell(ceil(cpu_hours), 'users') as "cores for an hour",
            cell(busy_cores, 'ratio') as "cores kept busy, of two, measured"
        from hours
        order by name
    """,
}


def render(name: str, connection: duckdb.DuckDBPyConnection) -> str:
    """The Markdown table of a block; columns after the first are right-aligned, columns without values left out."""
    result = connection.sql(BLOCKS[name])
    found = result.fetchall()
    filled = [place for place in range(len(result.columns)) if any(row[place] for row in found)]
    if len(filled) < 2:
        return NO_RESULTS
    rows = [[row[place] or "" for place in filled] for row in (result.columns, *found)]
    rows.insert(1, ["---", *["--:"] * (len(filled) - 1)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def rendered(text: str, warehouse: Path) -> str:
    """`text` with all of its blocks rendered again from `warehouse`."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute(MACROS)
        for file in RESULTS.glob("*.csv"):
            connection.execute(f"create temp view {identifier(file.stem)} as from read_csv({literal(file)})")
        for name in BLOCKS:
            marked = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
            if marked.search(text):
                block = render(name, connection)
                text = marked.sub(lambda match, block=block: f"{match[1]}{block}\n{match[2]}", text)
    return text


def rendered_picture(warehouse: Path) -> bytes:
    """Today's funnel of the shipped policy as SVG."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        funnel = connection.sql(
            "select * from marts.policy_funnel where population = 'today' "
            "and policy_id = (select policy_id from seeds.policy_parameters where is_shipped)"
        ).df()
    buffer = io.BytesIO()
    with figures.style():
        figures.policy_funnel(funnel).titled().savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.environ.get("CAUSALYN_WAREHOUSE", ROOT / "warehouse" / "causalyn.duckdb")
    parser.add_argument("--warehouse", type=Path, default=Path(default))
    options = parser.parse_args()
    for document in DOCUMENTS:
        document.write_text(rendered(document.read_text(), options.warehouse))
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_bytes(rendered_picture(options.warehouse))


if __name__ == "__main__":
    main()
