with measures as (
    select * from {{ ref('int_campaign__account_measures') }}
),

-- As doubles: squares of revenue may be too large for whole billionths.
by_day as (
    select
        experiment,
        metric,
        closed_date,
        arm,
        count(*) as n,
        sum(measure) as sum_y,
        sum(measure * measure) as sum_yy,
        sum(covariate) as sum_x,
        sum(covariate * covariate) as sum_xx,
        sum(covariate * measure) as sum_xy
    from measures
    group by 1, 2, 3, 4
),

looks as (
    select distinct
        experiment,
        metric,
        closed_date as look_date
    from by_day
),

so_far as (
    select
        looks.experiment,
        looks.metric,
        looks.look_date,
        by_day.arm,
        {{ sum_int('by_day.n') }} as n,
        sum(by_day.sum_y) as sum_y,
        sum(by_day.sum_yy) as sum_yy,
        sum(by_day.sum_x) as sum_x,
        sum(by_day.sum_xx) as sum_xx,
        sum(by_day.sum_xy) as sum_xy
    from looks
    inner join by_day
        on
            looks.experiment = by_day.experiment
            and looks.metric = by_day.metric
            and looks.look_date >= by_day.closed_date
    group by 1, 2, 3, 4
),

pooled as (
    select
        experiment,
        metric,
        look_date,
        sum(sum_x) / sum(n) as mean_x,
        {{ safe_divide('sum(sum_xy) - sum(sum_x) * sum(sum_y) / sum(n)', 'sum(sum_xx) - sum(sum_x) * sum(sum_x) / sum(n)') }}
            as slope
    from so_far
    group by 1, 2, 3
),

arms as (
    select
        *,
        sum_y / n as mean_y,
        sum_x / n as mean_x,
        {{ safe_divide('sum_yy - sum_y * sum_y / n', 'n - 1') }} as var_y,
        {{ safe_divide('sum_xx - sum_x * sum_x / n', 'n - 1') }} as var_x,
        {{ safe_divide('sum_xy - sum_x * sum_y / n', 'n - 1') }} as cov_xy
    from so_far
),

-- CUPED (Deng, Xu, Kohavi and Walker, 2013): the part explained by past activity is removed from both arms.
final as (
    select
        arms.experiment,
        arms.metric,
        arms.look_date,
        arms.arm,
        arms.n,
        arms.mean_y as mean,
        arms.var_y as variance,
        coalesce(arms.mean_y - pooled.slope * (arms.mean_x - pooled.mean_x), arms.mean_y) as adjusted_mean,
        coalesce(
            arms.var_y - 2 * pooled.slope * arms.cov_xy + pooled.slope * pooled.slope * arms.var_x, arms.var_y
        ) as adjusted_variance
    from arms
    inner join pooled using (experiment, metric, look_date)
)

select * from final
