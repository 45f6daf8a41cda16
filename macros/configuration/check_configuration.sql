{# What can be told to be wrong before anything is loaded: the variables and the seeds. `customer-analytics run` begins with it. #}
{% macro check_settings() -%}
    {{ check_configuration() }}
    {{ check_seeds() }}
{%- endmacro %}

{# Stops the run before its first model if variables are unknown or hold something they may not: says of each what it is and what it may be. #}
{% macro check_configuration() -%}
    {% if execute and flags.WHICH in ['run', 'build', 'test', 'snapshot', 'run-operation'] %}
        {% set rules = variable_rules() %}
        {% set problems = [] %}
        {% for name in (invocation_args_dict.get('vars') or {}).keys() if name not in rules %}
            {% do problems.append("Variable '" ~ name ~ "' does not exist. Variables are: " ~ rules.keys() | sort | join(', ') ~ ".") %}
        {% endfor %}
        {% for name, rule in rules.items() %}
            {% set value = var(name) %}
            {% if value is not none %}
                {% do problems.extend(problems_of_variable(name, value, rule)) %}
            {% elif not rule.optional %}
                {% do problems.append("Variable '" ~ name ~ "' is empty; it needs " ~ allowed_values(rule) ~ ".") %}
            {% endif %}
        {% endfor %}
        {% if problems == [] and var('business_hours_to') <= var('business_hours_from') %}
            {% do problems.append("Variable 'business_hours_to' is " ~ var('business_hours_to') ~ "; it must be later than business_hours_from, which is " ~ var('business_hours_from') ~ ".") %}
        {% endif %}
        {% if problems %}
            {{ stop(problems | join(' ')) }}
        {% endif %}
    {% endif %}
{%- endmacro %}

{# What is wrong with the value of a variable, as a list of at most one sentence. #}
{% macro problems_of_variable(name, value, rule) -%}
    {% set problem = false %}
    {% if rule.kind in ['number', 'whole number'] %}
        {# Not a number is neither below nor above anything. #}
        {% set problem = value is not number or value is boolean or not (value >= rule.min and value <= rule.max)
            or (rule.kind == 'whole number' and value is not integer) %}
    {% elif rule.kind == 'choice' %}
        {% set problem = value not in rule.allowed %}
    {% elif rule.kind == 'mapping' %}
        {% set problem = value is not mapping %}
    {% elif rule.kind == 'list' %}
        {% set problem = value is string or value is not iterable or value | length == 0
            or value | reject('in', rule.allowed) | list | length > 0 %}
    {% elif rule.kind == 'domains' %}
        {% set is_list = value is iterable and value is not string and value is not mapping %}
        {% set wrong = [] %}
        {% for domain in (value if is_list else []) %}
            {% if not modules.re.match('^[A-Za-z0-9-]+([.][A-Za-z0-9-]+)*$', domain | string) %}{% do wrong.append(domain) %}{% endif %}
        {% endfor %}
        {% set problem = not is_list or wrong | length > 0 %}
    {% elif rule.kind == 'country' %}
        {% set problem = not modules.re.match('^[A-Z][A-Z]$', value | string) %}
    {% elif rule.kind == 'timestamp' %}
        {% set shaped = modules.re.match('^[12][0-9]{3}-[01][0-9]-[0-3][0-9]([ T][0-2][0-9]:[0-5][0-9](:[0-5][0-9])?)?$', value | string) %}
        {% set problem = not shaped or run_query("select try_cast('" ~ value ~ "' as timestamp) is null").columns[0].values()[0] %}
    {% endif %}
    {{ return(["Variable '" ~ name ~ "' is " ~ (value | string if value is float else value | tojson) ~ "; it must be " ~ allowed_values(rule) ~ "."] if problem else []) }}
{%- endmacro %}

{% macro allowed_values(rule) -%}
    {%- if rule.kind in ['number', 'whole number'] -%} a {{ rule.kind }} from {{ rule.min }} to {{ rule.max }}
    {%- elif rule.kind == 'choice' -%} one of {{ rule.allowed | join(', ') }}
    {%- elif rule.kind == 'list' -%} a list of at least one of {{ rule.allowed | join(', ') }}
    {%- elif rule.kind == 'domains' -%} a list of domains like ['shop.example', 'shop-example.de'], no addresses
    {%- elif rule.kind == 'timestamp' -%} a time in UTC like '2026-10-31' or '2026-10-31 23:59:59'
    {%- elif rule.kind == 'country' -%} a country code of two capital letters like 'DE'
    {%- else -%} a mapping
    {%- endif -%}
{%- endmacro %}

{% macro stop(message) -%}
    {{ exceptions.raise_compiler_error(message) }}
{%- endmacro %}
