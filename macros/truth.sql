{#-
    Hidden truth lives in a database file of its own beside the warehouse. Only the audit folder attaches it, as its
    pre-hook; where the file is absent an empty table of the same shape stands in, so that the audit says "unknown".
-#}
{% macro truth_path() -%}
    {{ modules.re.sub('\.duckdb$', '', target.path) ~ '.truth.duckdb' }}
{%- endmacro %}

{% macro attach_truth() -%}
    {%- if execute -%}
        {%- set path = truth_path() | trim | replace("'", "''") -%}
        {%- set found = run_query("select count(*) from glob('" ~ path ~ "')").columns[0].values()[0] -%}
        {%- if found -%}
            attach if not exists '{{ path }}' as truth (read_only)
        {%- else -%}
            attach if not exists ':memory:' as truth;
            create table if not exists truth.main.latent_uplift_groups_hidden (
                user_id varchar, latent_uplift_group varchar, p_control double, p_treated double, true_lift double
            )
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
