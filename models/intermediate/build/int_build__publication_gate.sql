-- Every published policy table reads this row. It refuses to come about where a blocking check of the model or of the raw tables
-- did not pass: every published table then stays as the last good build left it. Decisions that are made anew are those of
-- another build, also where only a part of the project is built.
with fingerprints as (
    select * from {{ ref('int_build__fingerprints') }}
),

-- In a refresh the model is that of an earlier build and has its version with it.
serving_model as (
    select
        max(library_version) as library_version,
        {{ 'max(model_version)' if var('refresh') else 'cast(null as string)' }} as model_version
    from {{ source('published', 'lift_models') if var('refresh') else ref('int_uplift__models') }}
),

shipped as (
    select max(policy_id) as shipped_policy_id
    from {{ ref('int_policy__policies') }}
    where is_shipped
),

scoring as (
    select * from {{ ref('stg_scoring_date') }}
),

as_of as (
    select
        min(as_of_date) as first_as_of_date,
        max(as_of_date) as last_as_of_date
    from {{ ref('int_features__spine') }}
    where population = 'campaign'
),

objections as (
    select * from {{ ref('int_build__objections') }}
),

remarks as (
    select * from {{ ref('int_build__remarks') }}
),

failed as (
    select
        count(*) as n_failed,
        {{ join_rows('objection', '; ', 'check_id') }} as reasons,
        max(case when check_group = 'model' then 1 else 0 end) = 1 as is_unranked
    from objections
    where check_group <> 'delivery'
),

drifted as (
    select
        count(*) as n_drifted,
        {{ join_rows('objection', '; ', "check_id || ' of ' || subject") }} as reasons
    from objections
    where check_group = 'delivery'
),

parts as (
    select
        part,
        md5({{ join_rows("table_name || ' ' || fingerprint", ' ', 'table_name') }}) as version
    from fingerprints
    group by 1
),

versions as (
    select
        max(parts.version) filter (where parts.part = 'data') as data_fingerprint,
        max(parts.version) filter (where parts.part = 'policy') as policy_version,
        coalesce(
            max(serving_model.model_version),
            md5(concat_ws(' ', max(parts.version) filter (where parts.part = 'model'), max(serving_model.library_version)))
        ) as model_version,
        '{{ code_version([
            'policy_parameters', 'guardrail_rules', 'checks', 'accepted_checks', 'campaign_parameters', 'momentum_parameters', 'plan_values',
            'learner_parameters',
        ]) }}' as code_version
    from parts
    cross join serving_model
),

final as (
    select
        substr(md5(concat_ws(
            ' ', versions.data_fingerprint, versions.policy_version, versions.model_version, versions.code_version,
            cast(scoring.scoring_date as string)
        )), 1, 16) as build_id,
        versions.data_fingerprint,
        versions.policy_version,
        versions.model_version,
        versions.code_version,
        shipped.shipped_policy_id,
        as_of.first_as_of_date,
        as_of.last_as_of_date,
        scoring.scoring_date,
        remarks.accepted_checks,
        remarks.why_nobody,
        '{{ data_origin() }}' as data_origin
    from versions
    cross join shipped
    cross join as_of
    cross join scoring
    cross join remarks
    cross join failed
    cross join drifted
    where
        case
            when failed.n_failed = 0 and drifted.n_drifted = 0 then true
            else {{ raise_error("'Nothing was published, and the lists of the last good build stay as they were'
                || coalesce(', since the data changed too much: ' || drifted.reasons || '. What to do about it: select subject, '
                || 'remedy from candidate_marts.verdicts where verdict = ''fail''; if the change is meant, build with '
                || 'ACCEPT_CHANGES=1 (dbt: --vars ''deliveries: accept'')', '')
                || coalesce(', since data or model may not be trusted: ' || failed.reasons || case when failed.is_unranked then '. '
                || remarks.what_is_known else '' end || '. What to do about it: select '
                || 'check_id, remedy from candidate_marts.verdicts where verdict <> ''pass''', '')") }}
        end
)

select * from final
