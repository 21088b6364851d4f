{#- A condition that every row meets. Null counts as a failure: a promise that can't be checked is not kept. -#}
{% test expression_is_true(model, expression) %}

select *
from {{ model }}
where ({{ expression }}) is not true

{% endtest %}
