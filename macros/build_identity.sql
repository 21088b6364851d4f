{#- Identifies a build by content alone: no clock, no row order, and the same on every engine. -#}

{#-
    A `select` of an order-independent md5 of a relation, or of the rows that meet a condition. Row hashes are summed in
    four lanes of 32 bits, which fewer than 2 billion rows can't overflow.
-#}
{% macro fingerprint(relation, condition=none) -%}
    select
        md5(concat_ws(
            ' ', cast(count(*) as string)
            {%- for start in [1, 9, 17, 25] -%}
            , cast({{ sum_int(hex_to_int('substr(row_hash, ' ~ start ~ ', 8)')) }} as string)
            {%- endfor -%}
        )) as fingerprint
    from (select md5({{ row_text(relation) }}) as row_hash from {{ relation }}{{ ' where ' ~ condition if condition }}) as hashed_rows
{%- endmacro %}

{#-
    A row's columns as one text, sorted by name. Doubles become decimals, which all engines write the same way. Quotes tell texts from
    nulls and from each other.
-#}
{% macro row_text(relation) -%}
    {%- set texts = [] -%}
    {%- for column in (adapter.get_columns_in_relation(relation) if execute else []) | sort(attribute='name') -%}
        {%- set value = 'try_cast(' ~ column.name ~ ' as decimal(38, 6))' if column.dtype | lower == 'double' else column.name -%}
        {%- if column.dtype | lower in ['varchar', 'string'] -%}
            {%- set value = "'\"' || replace(" ~ column.name ~ ", '\"', '\"\"') || '\"'" -%}
        {%- endif -%}
        {%- do texts.append("coalesce(cast(" ~ value ~ " as string), '')") -%}
    {%- endfor -%}
    concat_ws(',', {{ texts | join(', ') or "''" }})
{%- endmacro %}

{#- An md5 of the project's models and macros, and of its seeds except those named, whose rows have fingerprints. -#}
{% macro code_version(fingerprinted_seeds) -%}
    {%- set parts = [] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() if node.resource_type in ['model', 'seed'] -%}
            {%- if node.name not in fingerprinted_seeds -%}
                {%- do parts.append(node.unique_id ~ ' ' ~ node.checksum.checksum) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- for name, macro in context[project_name].items() -%}
            {%- do parts.append(name ~ ' ' ~ macro.macro.macro_sql) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(local_md5(parts | sort | join('\n'))) }}
{%- endmacro %}
