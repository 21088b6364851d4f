with rejected as (
    {{ rejected_rows() }}
),

final as (
    select
        table_name,
        row_key,
        rule_id,
        count(*) as n_rows
    from rejected
    group by 1, 2, 3
)

select * from final
