-- Grain: one row per person and moment at which they gave a sign of life: a contact that came from them, or a product they took.
select
    signs.golden_customer_id,
    signs.happened_at,
    min(signs.source_row) as source_row
from (
    select
        golden_customer_id,
        occurred_at as happened_at,
        'interaction ' || interaction_key as source_row
    from {{ ref('silver__interactions') }}
    where golden_customer_id is not null and is_sign_of_life
    union all
    select
        golden_customer_id,
        opened_at,
        'product holding ' || source_system || '|' || ownership_id
    from {{ ref('silver__product_holdings') }}
    where golden_customer_id is not null
) as signs
group by signs.golden_customer_id, signs.happened_at
