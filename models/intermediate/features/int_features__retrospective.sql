with windows as (
    select * from {{ ref('int_features__retrospective_windows') }}
),

context as (
    select * from {{ ref('int_features__context') }}
),

caps as (
    select * from {{ ref('int_features__winsor_caps') }}
),

{{ behaviour() }},

{{ user_features(caps='caps') }}

select * from final
