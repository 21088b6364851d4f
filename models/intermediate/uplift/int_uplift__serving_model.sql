-- A refresh scores by the model that the published lists were made with, whatever was fitted since.
{% if var('refresh') %}
with final as (
    select * from {{ source('published', 'lift_models') }}
)
{% else %}
with models as (
    select * from {{ ref('int_uplift__models') }}
),

final as (
    select
        models.*,
        cast(null as string) as model_version
    from models
)
{% endif %}

select * from final
