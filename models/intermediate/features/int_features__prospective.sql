with windows as (
    select * from {{ ref('int_features__prospective_windows') }}
),

context as (
    select * from {{ ref('int_features__context') }}
),

{{ behaviour() }},

-- Today's users need no caps, and may not depend on those of a build that was not published: no split of a tree lies above the
-- largest value that it was fitted on, so a value beyond a cap is scored as the cap.
{{ user_features() }}

select * from final
