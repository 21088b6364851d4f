-- New decisions belong to a new build, even if only part of the project is built.
with fingerprints as (
    select * from {{ ref('int_build__fingerprints') }}
),

-- A refresh uses an earlier build's model, and its version.
serving_model as (
    select
        max(library_version) as library_version,
        {{ 'max(model_version)' if var('refresh') else 'cast(null as string)' }} as model_version
    from {{ source('published', 'lift_models') if var('refresh') else ref('int_uplift__models') }}
),

shipped as (
    select policy_id as shipped_policy_id from {{ ref('policy_parameters') }}
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
            cast(scoring.scoring_date as string), '{{ env_var("CAUSALYN_CAMPAIGN", "") }}'
        )), 1, 16) as build_id,
        versions.data_fingerprint,
        versions.policy_version,
        versions.model_version,
        versions.code_version,
        shipped.shipped_policy_id,
        as_of.first_as_of_date,
        as_of.last_as_of_date,
        scoring.scoring_date,
        '{{ data_origin() }}' as data_origin
    from versions
    cross join shipped
    cross join as_of
    cross join scoring
)

select * from final
