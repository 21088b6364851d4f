-- The population stability index, a symmetric Kullback-Leibler divergence (Siddiqi, 2006, "Credit Risk Scorecards"): the sum over
-- bins of the difference in share times the difference in its logarithm. An empty bin counts as one user in ten thousand.
with bins as (
    select * from {{ ref('int_uplift__training_bins') }}
),

drift_values as (
    {{ followed_quantities(ref('int_uplift__inputs'), 'today', ref('int_uplift__user_scores')) }}
),

-- Many users share a value, which makes it quicker to find its bin.
counted as (
    select
        quantity,
        quantity_value,
        count(*) as n_users
    from drift_values
    group by 1, 2
),

binned as (
    select
        bins.quantity,
        bins.lower_edge,
        bins.upper_edge,
        bins.is_unknown,
        cast(bins.n_users as double) as n_training,
        cast(coalesce(sum(counted.n_users), 0) as double) as n_scored
    from bins
    left join counted on {{ is_in_bin('counted', 'bins') }}
    group by 1, 2, 3, 4, 5
),

shares as (
    select
        *,
        sum(n_training) over (partition by quantity) as n_training_users,
        sum(n_scored) over (partition by quantity) as n_scored_users,
        greatest({{ safe_divide('n_training', 'sum(n_training) over (partition by quantity)') }}, 0.0001) as training_share,
        greatest({{ safe_divide('n_scored', 'sum(n_scored) over (partition by quantity)') }}, 0.0001) as scored_share
    from binned
),

final as (
    select
        quantity,
        cast(max(n_training_users) as bigint) as n_training_users,
        cast(max(n_scored_users) as bigint) as n_scored_users,
        round(sum(
            case when n_training + n_scored > 0 then (scored_share - training_share) * ln(scored_share / training_share) end
        ), 9) as psi
    from shares
    group by 1
)

select * from final
