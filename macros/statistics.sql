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
