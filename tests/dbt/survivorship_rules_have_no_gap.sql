-- Wrong if the rules of a group are not numbered 1, 2, 3 …: a gap would look like a rule that was lost.
select field_group
from {{ ref('survivorship_rules') }}
group by field_group
having min(rule_order) != 1 or max(rule_order) != count(*)
