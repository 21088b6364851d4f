{#- A condition that every row meets. Null fails, since it can't be checked. -#}
{% test expression_is_true(model, expression) %}

select *
from {{ model }}
where ({{ expression }}) is not true

{% endtest %}
