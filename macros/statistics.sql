{#- Statistics that engines lack. -#}

{#-
    A `select` of the mean of `value` over `relation`, grouped by `by`: those columns, n_rows, n_accounts, mean, standard_error (clustered by
    account), and the plain means of the columns `beside`. Values are summed in billionths, independent of the order of addition.
-#}
{% macro clustered_means(relation, value, by=[], beside=[]) -%}
    {%- set keys = by | join(', ') -%}
    with by_account as (
        select
            {{ keys ~ ',' if by }}
            account_id,
            count(*) as n_rows,
            {% for column in beside %}
            {{ sum_int(billionths(column)) }} as {{ column }}_billionths,
            {% endfor %}
            {{ sum_int(billionths(value)) }} as billionths
        from {{ relation }}
        group by {{ keys ~ ',' if by }} account_id
    ),

    centred as (
        select
            *,
            sum(billionths) over ({{ 'partition by ' ~ keys if by }}) / 1e9 / sum(n_rows) over ({{ 'partition by ' ~ keys if by }}) as mean
        from by_account
    )

    select
        {{ keys ~ ',' if by }}
        {{ sum_int('n_rows') }} as n_rows,
        count(*) as n_accounts,
        max(mean) as mean,
        {{ clustered_error('billionths / 1e9 - n_rows * mean') }} / sum(n_rows) as standard_error
        {%- for column in beside %},
        {{ sum_int(column ~ '_billionths') }} / 1e9 / sum(n_rows) as {{ column }}
        {%- endfor %}
    from centred
    {{ 'group by ' ~ keys if by }}
{%- endmacro %}

{#-
    A one-row `select` of the least-squares line of `y` on `x` over `relation`: n_rows, n_accounts, mean_x, mean_y, mean_y_se, slope and
    slope_se, clustered by account. No row without data.
-#}
{% macro clustered_line(relation, y, x) -%}
    with level as (
        {{ clustered_means(relation, y, beside=[x]) }}
    ),

    centred as (
        select
            points.account_id,
            points.{{ x }} - level.{{ x }} as x,
            points.{{ y }} - level.mean as y
        from {{ relation }} as points
        cross join level
    ),

    line as (
        select
            {{ exact_sum('x * x') }} as spread,
            {{ safe_divide(exact_sum('x * y'), exact_sum('x * x')) }} as slope
        from centred
    ),

    influences as (
        select
            centred.account_id,
            {{ exact_sum('centred.x * (centred.y - line.slope * centred.x)') }} as influence
        from centred
        cross join line
        group by 1
    ),

    slope_error as (
        select {{ clustered_error('influence') }} as norm
        from influences
    )

    select
        level.n_rows,
        level.n_accounts,
        level.{{ x }} as mean_x,
        level.mean as mean_y,
        level.standard_error as mean_y_se,
        line.slope,
        {{ safe_divide('slope_error.norm', 'line.spread') }} as slope_se
    from level
    cross join line
    cross join slope_error
{%- endmacro %}

{#-
    The standard error of an estimate from each account's influence on it, one row per account (null if it takes no part), with the
    small-sample factor G / (G - 1) (Liang and Zeger, 1986), so a single account has none.
-#}
{% macro clustered_error(influence) -%}
    sqrt({{ safe_divide('count(' ~ influence ~ ')', 'count(' ~ influence ~ ') - 1') }} * sum(power({{ influence }}, 2)))
{%- endmacro %}

{#- The same for a sum of the accounts' values. -#}
{% macro clustered_error_of_sum(value) -%}
    sqrt(count(*) * var_samp({{ value }}))
{%- endmacro %}

{#- Whether a clustered standard error rests on enough accounts: that of fewer is too small. -#}
{% macro has_enough_accounts(n_accounts) -%}
    {{ n_accounts }} >= 20
{%- endmacro %}

{#- The half-width of a 95% interval (or of another level). -#}
{% macro margin(standard_error, level=0.95) -%}
    {{ {0.95: 1.959963985, 0.99: 2.575829304, 0.999: 3.290526731}[level] }} * {{ standard_error }}
{%- endmacro %}

{#-
    By how much an estimate surely differs from 0: the end of its 99.9% interval nearer to 0, or 0 if the interval spans it; null if
    either is unknown or no sampling error explains the estimate. Among millions of users every deviation is significant, so a check that
    judged by z would block any large company. For the largest of many estimates the interval is wide enough: by Bonferroni, chance alone
    takes any of 32 beyond 0 in at most 3.2% of samples.
-#}
{% macro beyond_chance(estimate, standard_error) -%}
    case
        when abs({{ estimate }}) >= 0 and ({{ standard_error }} > 0 or {{ standard_error }} = 0 and {{ estimate }} = 0)
            then greatest(abs({{ estimate }}) - {{ margin(standard_error, level=0.999) }}, 0)
    end
{%- endmacro %}

{#- An estimate with its standard error and 95% interval, rounded, as the columns name, name_se, name_lower and name_upper. -#}
{% macro with_interval(name, estimate, standard_error, digits) -%}
    round({{ estimate }}, {{ digits }}) as {{ name }},
        round({{ standard_error }}, {{ digits }}) as {{ name }}_se,
        round({{ estimate }} - {{ margin(standard_error) }}, {{ digits }}) as {{ name }}_lower,
        round({{ estimate }} + {{ margin(standard_error) }}, {{ digits }}) as {{ name }}_upper
{%- endmacro %}

{#- The quantile of the standard normal distribution, exactly 0 at 1/2; relative error below 2e-9 (Acklam, 2003). -#}
{% macro normal_quantile(p) -%}
    case
        when {{ p }} < 0.02425 then {{ normal_quantile_of_tail('sqrt(-2 * ln(' ~ p ~ '))') }}
        when {{ p }} > 0.97575 then -({{ normal_quantile_of_tail('sqrt(-2 * ln(1 - ' ~ p ~ '))') }})
        else
            ({{ p }} - 0.5) * {{ polynomial(
                [-39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239],
                'power(' ~ p ~ ' - 0.5, 2)'
            ) }} / {{ polynomial(
                [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1],
                'power(' ~ p ~ ' - 0.5, 2)'
            ) }}
    end
{%- endmacro %}

{% macro normal_quantile_of_tail(q) -%}
    {{ polynomial(
        [-0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783], q
    ) }} / {{ polynomial([0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1], q) }}
{%- endmacro %}

{#- The distribution function of the standard normal distribution; absolute error below 8e-8 (Zelen and Severo, 1964). -#}
{% macro normal_cdf(z) -%}
    case
        when {{ z }} < 0 then {{ normal_tail('(-(' ~ z ~ '))') }}
        else 1 - {{ normal_tail('(' ~ z ~ ')') }}
    end
{%- endmacro %}

{% macro normal_tail(z) -%}
    0.3989422804014327 * exp(-{{ z }} * {{ z }} / 2) / (1 + 0.2316419 * {{ z }}) * {{ polynomial(
        [1.330274429, -1.821255978, 1.781477937, -0.356563782, 0.31938153], '(1 / (1 + 0.2316419 * ' ~ z ~ '))'
    ) }}
{%- endmacro %}

{#- The mean of the negative part of a normal distribution, E[max(0, -x)]: null where its standard deviation is 0 or unknown. -#}
{% macro expected_loss(mean, sd) -%}
    {{ sd }} * exp(-power({{ mean }} / nullif({{ sd }}, 0), 2) / 2) / 2.506628274631
    - {{ mean }} * {{ normal_cdf('(-' ~ mean ~ ' / nullif(' ~ sd ~ ', 0))') }}
{%- endmacro %}

{#- A polynomial by Horner's rule, the highest power first; doubles, since decimals would be rounded. -#}
{% macro polynomial(coefficients, x) -%}
    {%- set sum = namespace(sql='cast(' ~ coefficients[0] ~ ' as double)') -%}
    {%- for coefficient in coefficients[1:] -%}
        {%- set sum.sql = '(' ~ sum.sql ~ ' * ' ~ x ~ ' + cast(' ~ coefficient ~ ' as double))' -%}
    {%- endfor -%}
    {{ sum.sql }}
{%- endmacro %}

{#- The doubly robust score of a user with is_treated, outcome, p_treated and p_control (Robins, Rotnitzky and Zhao, 1994). -#}
{% macro doubly_robust_score(propensity) -%}
    p_treated - p_control
    + is_treated * (outcome - p_treated) / {{ propensity }}
    - (1 - is_treated) * (outcome - p_control) / (1 - {{ propensity }})
{%- endmacro %}

{#- The inverse propensity weight of a user. -#}
{% macro inverse_propensity_weight(is_treated, clipped_propensity) -%}
    1 / case when {{ is_treated }} = 1 then {{ clipped_propensity }} else 1 - {{ clipped_propensity }} end
{%- endmacro %}

{#- Effective sample size (Kish, 1965). -#}
{% macro effective_n(weight) -%}
    {{ safe_divide('power(sum(' ~ weight ~ '), 2)', 'sum(power(' ~ weight ~ ', 2))') }}
{%- endmacro %}

{#-
    The robustness value (Cinelli and Hazlett, 2020; Chernozhukov et al., 2022, "Long story short"): the share of the
    remaining variation of both outcome and treatment that an unobserved confounder must explain to account for the whole effect.
    `spread` is the root of E[residual^2] E[weight^2].
-#}
{% macro robustness_value(effect, spread) -%}
    (
        sqrt(power({{ safe_divide(effect, spread) }}, 4) + 4 * power({{ safe_divide(effect, spread) }}, 2))
        - power({{ safe_divide(effect, spread) }}, 2)
    ) / 2
{%- endmacro %}

{#-
    The half-width of a confidence sequence in standard errors: it covers at all n at once with probability 1 - alpha in the limit, and
    is narrowest near n = n_planned (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, 2024,
    "Time-uniform central limit theory and asymptotic confidence sequences", equations 11 and 12).
-#}
{% macro confidence_sequence_width(n, n_planned, alpha) -%}
    {%- set growth -%}
    (({{ n }}) * (-2 * ln({{ alpha }}) + ln(1 - 2 * ln({{ alpha }}))) / ({{ n_planned }}))
    {%- endset -%}
    sqrt(2 * ({{ growth }} + 1) / {{ growth }} * ln(sqrt({{ growth }} + 1) / {{ alpha }}))
{%- endmacro %}
