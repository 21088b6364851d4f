{#- A number within limits, both inclusive and either optional. Null passes (unknown); NaN and infinity fail, since a
    limit that is left out is the largest finite double and engines sort NaN above infinity. -#}
{% test is_between(model, column_name, min_value=-1.7976931348623157e308, max_value=1.7976931348623157e308) %}

select {{ column_name }}
from {{ model }}
where {{ column_name }} not between {{ min_value }} and {{ max_value }}

{% endtest %}
