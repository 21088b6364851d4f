-- A test that can't fail protects nothing. Each case feeds rows (id, value) to a generic test and states how many violations it
-- must find. Fails if a count differs, or if a generic test has no case that it must fail.
{%- set key = {'columns': ['id', 'value']} -%}
{%- set unit_interval = {'column_name': 'value', 'min_value': 0, 'max_value': 1} -%}
{%- set against_a_b = {'other_model': "(select * from (values ('a'), ('b')) as others (id))", 'columns': ['id']} -%}

{%- set cases = [
    ('primary_key', 'unique pairs', key, "('a', 1), ('a', 2), ('b', 1)", 0),
    ('primary_key', 'a pair three times', key, "('a', 1), ('a', 1), ('a', 1)", 1),
    ('primary_key', 'null in the first column', key, "(null, 1), ('b', 1)", 1),
    ('primary_key', 'null in the last column', key, "('a', 1), ('b', null)", 1),

    ('is_finite', 'numbers', {'column_name': 'value'}, "('a', -1.7e308), ('b', 0), ('c', 1.7e308)", 0),
    ('is_finite', 'null', {'column_name': 'value'}, "('a', 1), ('b', null)", 1),
    ('is_finite', 'NaN', {'column_name': 'value'}, "('a', '1'), ('b', 'nan')", 1),
    ('is_finite', 'both infinities', {'column_name': 'value'}, "('a', 'inf'), ('b', '-inf')", 2),

    ('is_between', 'both limits and null', unit_interval, "('a', 0), ('b', 1), ('c', null)", 0),
    ('is_between', 'just below', unit_interval, "('a', -0.001), ('b', 0)", 1),
    ('is_between', 'just above', unit_interval, "('a', 1.001), ('b', 1)", 1),
    ('is_between', 'no upper limit', {'column_name': 'value', 'min_value': 0}, "('a', -1), ('b', 1.7e308)", 1),
    ('is_between', 'no lower limit', {'column_name': 'value', 'max_value': 1}, "('a', -1.7e308), ('b', 2)", 1),
    ('is_between', 'NaN and infinity above', {'column_name': 'value', 'min_value': 0}, "('a', 'nan'), ('b', 'inf')", 2),
    ('is_between', 'infinity below', {'column_name': 'value', 'max_value': 1}, "('a', '-inf'), ('b', '1')", 1),

    ('expression_is_true', 'true', {'expression': 'value > 0'}, "('a', 1), ('b', 2)", 0),
    ('expression_is_true', 'false', {'expression': 'value > 0'}, "('a', 1), ('b', 0)", 1),
    ('expression_is_true', 'null', {'expression': 'value > 0'}, "('a', 1), ('b', null)", 1),
    ('expression_is_true', 'an or', {'expression': 'value > 0 or id = \'b\''}, "('a', 1), ('b', 0)", 0),

    ('is_disjoint_from', 'no shared key', against_a_b, "('c', 1), ('d', 1)", 0),
    ('is_disjoint_from', 'a shared key', against_a_b, "('b', 1), ('c', 1)", 1),

    ('has_every_key_of', 'all and one more', against_a_b, "('a', 1), ('b', 1), ('c', 1)", 0),
    ('has_every_key_of', 'one missing', against_a_b, "('a', 1), ('a', 2)", 1),
] %}

{%- set proven = cases | selectattr(4) | map(attribute=0) | list %}

with case_results as (
    {%- for generic_test, case_name, arguments, rows, expected in cases %}
    {%- set model = '(select id, cast(value as double) as value from (values ' ~ rows ~ ') as cases (id, value))' %}
    {%- if not loop.first %}
    union all
    {%- endif %}
    select
        '{{ generic_test }}: {{ case_name }}' as case_name,
        {{ expected }} as expected_violations,
        count(*) as found_violations
    from ({{ context['test_' ~ generic_test](model, **arguments) }}) as violations
    {%- endfor %}
    {%- for macro_name in context[project_name] if macro_name.startswith('test_') and macro_name[5:] not in proven %}
    union all
    select '{{ macro_name[5:] }}: no case that it must fail', 1, 0
    {%- endfor %}
)

select * from case_results
where found_violations <> expected_violations
