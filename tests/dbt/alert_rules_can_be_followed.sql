-- Wrong if a line of the seed alert_rules watches what metrics.alerts does not know, or would clear where it is still broken.
select
    rule,
    watches,
    comparison,
    threshold,
    clears_at
from {{ ref('alert_rules') }}
where
    watches not in (
        {%- for measure in alert_measures() %}
        '{{ measure.measure }}'{{ ',' if not loop.last }}
        {%- endfor %}
    )
    or (comparison in ('below', 'at_most') and clears_at < threshold)
    or (comparison in ('above', 'at_least') and clears_at > threshold)
    or (clears_at is not null and clears_at = threshold and comparison in ('at_most', 'at_least'))
