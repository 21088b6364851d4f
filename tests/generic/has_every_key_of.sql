{#- Every key of the other model has a row here. The columns have the same names in both. -#}
{% test has_every_key_of(model, other_model, columns) %}

select {{ columns | join(', ') }} from {{ other_model }}
except
select {{ columns | join(', ') }} from {{ model }}

{% endtest %}
