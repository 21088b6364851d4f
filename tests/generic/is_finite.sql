{#- A finite number: null, NaN and infinity fail. Engines sort NaN above infinity. -#}
{% test is_finite(model, column_name) %}

select {{ column_name }}
from {{ model }}
where
    {{ column_name }} is null
    or {{ column_name }} <= cast('-inf' as double)
    or {{ column_name }} >= cast('inf' as double)

{% endtest %}
