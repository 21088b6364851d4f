{#- A number within limits, both inclusive and either optional. Null passes (unknown); NaN and infinity fail. -#}
{% test is_between(model, column_name, min_value=none, max_value=none) %}

select {{ column_name }}
from {{ model }}
where
    {{ column_name }} <= cast('-inf' as double)
    or {{ column_name }} >= cast('inf' as double)
    {% if min_value is not none %}or {{ column_name }} < {{ min_value }}{% endif %}
    {% if max_value is not none %}or {{ column_name }} > {{ max_value }}{% endif %}

{% endtest %}
