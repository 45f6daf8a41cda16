-- Wrong if a rule recommends a dashboard, query or feature that the portal does not have.
select
    rules.rule_id,
    rules.item
from {{ ref('recommendation_rules') }} as rules
left join {{ ref('portal_items') }} as items
    on rules.item_type = items.item_type and rules.item = items.item
where rules.item_type <> 'learning' and items.item is null
