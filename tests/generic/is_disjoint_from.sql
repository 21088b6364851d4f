{#- Two models that share no key. The columns have the same names in both. -#}
{% test is_disjoint_from(model, other_model, columns) %}

select {{ columns | join(', ') }} from {{ model }}
intersect
select {{ columns | join(', ') }} from {{ other_model }}

{% endtest %}
