-- Wrong if an account is scored on a day on which it was no customer, or on a day that its history does not have.
select
    daily.customer_id,
    daily.date_day,
    daily.is_customer,
    scores.score
from {{ ref('fct_scores') }} as scores
left join {{ ref('silver__account_daily') }} as daily
    on scores.customer_id = daily.customer_id and scores.date_day = daily.date_day
where not coalesce(daily.is_customer, false)
