{#-
    Refuses a seed with columns other than those described, since one misspelt or left over from an earlier version
    would have no effect, and one with numbers that are not finite or not of the column's type: NaN and infinity would
    pass range tests without an upper limit, and models would later fail on them, or decide by them.
-#}
{% macro refuse_malformed_seed() -%}
    {%- set found = [] -%}
    {%- if execute -%}
        {%- set table = load_agate_table() -%}
        {%- set unknown = table.column_names | reject('in', model.columns) | list -%}
        {%- set missing = model.columns | reject('in', table.column_names) | list -%}
        {%- if unknown or missing -%}
            {%- do exceptions.raise_compiler_error(
                'Nothing was decided: a seed has other columns than its description. In ' ~ model.original_file_path ~ ', unknown are '
                ~ (unknown | join(', ') or 'none') ~ '; missing are ' ~ (missing | join(', ') or 'none') ~ '. Correct its first line'
            ) -%}
        {%- endif -%}
        {%- for name, type in (model.config.column_types or {}).items() if type in ['int', 'bigint', 'double'] and name in table.column_names -%}
            {%- for text in table.columns[name] if text is not none -%}
                {%- set number = text | float('no number') -%}
                {#- Neither infinity nor NaN minus itself is zero. -#}
                {%- if number is string or number - number != 0 or (type != 'double' and number != number | int) -%}
                    {%- do found.append(name ~ ' ' ~ text ~ ' in line ' ~ (loop.index + 1)) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if found -%}
        {%- do exceptions.raise_compiler_error(
            'Nothing was decided: a seed has invalid numbers. ' ~ model.original_file_path ~ ' holds ' ~ found | join(', ')
            ~ '. Correct them there'
        ) -%}
    {%- endif -%}
{%- endmacro %}
