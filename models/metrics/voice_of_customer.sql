-- Grain: one row per month and topic from the first month in which anybody wrote to that of as_of.
-- Only what customers wrote themselves: tickets and survey comments. Notes of talks are our own words about theirs.
with texts as (
    select
        *,
        cast(date_trunc('month', written_at) as date) as month
    from {{ ref('fct_texts') }}
    where is_written_by_customer
),

mentions as (
    select
        cast(date_trunc('month', written_at) as date) as month,
        topic,
        count(*) as texts,
        count(distinct customer_id) as accounts,
        count(sentiment) as texts_with_sentiment,
        cast(avg(sentiment) as double) as mean_sentiment
    from {{ ref('fct_text_mentions') }}
    where is_written_by_customer and not is_negated
    group by cast(date_trunc('month', written_at) as date), topic
),

months as (
    select
        month,
        count(*) as all_texts,
        cast(avg(sentiment) as double) as mean_sentiment_of_all
    from texts
    group by month
),

filled as (
    select
        months.month,
        topics.topic,
        topics.topic_name,
        topics.is_risk,
        coalesce(mentions.texts, 0) as texts,
        coalesce(mentions.accounts, 0) as accounts,
        months.all_texts,
        cast(coalesce(mentions.texts, 0) as double) / nullif(months.all_texts, 0) as share_of_texts,
        coalesce(mentions.texts_with_sentiment, 0) as texts_with_sentiment,
        mentions.mean_sentiment,
        months.mean_sentiment_of_all
    from months
    cross join {{ ref('text_topics') }} as topics
    left join mentions
        on months.month = mentions.month and topics.topic = mentions.topic
)

select
    filled.month,
    filled.topic,
    filled.topic_name,
    filled.is_risk,
    filled.texts,
    filled.accounts,
    filled.all_texts,
    filled.share_of_texts,
    filled.share_of_texts - before.share_of_texts as change_of_share,
    filled.texts_with_sentiment,
    filled.mean_sentiment,
    filled.mean_sentiment - before.mean_sentiment as change_of_sentiment,
    filled.mean_sentiment_of_all
from filled
left join filled as before
    on
        filled.topic = before.topic
        and cast({{ dbt.dateadd('month', -1, 'filled.month') }} as date) = before.month
