{% set versions = ['data_fingerprint', 'model_version', 'policy_version', 'code_version'] -%}

with entries as (
    select * from {{ ref('int_build__compared_entries') }}
),

after as (
    select * from entries
    where is_this_build
),

before as (
    select * from entries
    where not is_this_build
),

compared as (
    select
        {% for side, name in [('after', 'to'), ('before', 'from')] %}
        {% for column in ['build_id', 'decision', 'net_value_usd', 'n_sleeping_dogs'] + versions %}
        {{ side }}.{{ column }} as {{ name }}_{{ column }},
        {% endfor %}
        {{ side }}.decision = 'target' as {{ name }}_is_target,
        {% endfor %}
        after.is_shipped,
        coalesce(after.policy_id, before.policy_id) as policy_id
    from after
    full outer join before on after.policy_id = before.policy_id and after.account_id = before.account_id
),

final as (
    select
        policy_id,
        max(from_build_id) as from_build_id,
        max(to_build_id) as to_build_id,
        {% for version in versions %}
        max(from_{{ version }}) as from_{{ version }},
        max(to_{{ version }}) as to_{{ version }},
        {% endfor %}
        count(*) filter (where from_decision <> to_decision) as n_flips,
        count(*) filter (where from_decision is null) as n_new_accounts,
        count(*) filter (where to_decision is null) as n_gone_accounts,
        {% for side in ['from', 'to'] %}
        count(*) filter (where {{ side }}_is_target) as {{ side }}_n_targets,
        coalesce({{ exact_sum_usd(side ~ '_net_value_usd', filter=side ~ '_is_target') }}, 0.0) as {{ side }}_value_usd,
        coalesce({{ sum_int(side ~ '_n_sleeping_dogs', filter=side ~ '_is_target') }}, 0) as {{ side }}_n_sleeping_dogs,
        {% endfor %}
        max(cast(is_shipped as int)) = 1 as is_shipped
    from compared
    group by policy_id
    having max(to_build_id) is not null
)

select * from final
