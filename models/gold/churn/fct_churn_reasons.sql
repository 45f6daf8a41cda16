-- Grain: one row per account at risk, horizon and feature, at as_of: what it adds to the log-odds that the account leaves.
-- What the churn risk by rule adds is told by the signals that it is made of, each by its share in the risk: who asks why wants to hear of the
-- missed meetings, not of another score.
with risk_rows as (
    select
        contributions.customer_id,
        contributions.signal,
        cast(contributions.raw_value as {{ dbt.type_string() }}) as raw_value,
        contributions.contribution / nullif(sum(contributions.contribution) over (partition by contributions.customer_id), 0) as share_of_risk
    from {{ ref('fct_score_contributions') }} as contributions
    cross join {{ ref('silver__as_of') }} as build
    where
        contributions.score = 'churn_risk'
        and contributions.date_day = cast(build.as_of as date)
        and contributions.contribution > 0
),

told as (
    select
        reasons.model_id,
        reasons.horizon_days,
        reasons.customer_id,
        reasons.feature,
        reasons.raw_value,
        reasons.contribution,
        reasons.contribution - reasons.contribution_7d_ago as change_7d
    from {{ source('churn', 'reasons') }} as reasons
),

parts as (
    select
        told.model_id,
        told.horizon_days,
        told.customer_id,
        coalesce(risk_rows.signal, told.feature) as feature,
        coalesce(risk_rows.raw_value, told.raw_value) as raw_value,
        told.contribution * coalesce(risk_rows.share_of_risk, 1) as contribution,
        told.change_7d * coalesce(risk_rows.share_of_risk, 1) as change_7d
    from told
    left join risk_rows
        on told.feature = 'churn_risk_score' and told.contribution > 0 and told.customer_id = risk_rows.customer_id
),

summed as (
    select
        model_id,
        horizon_days,
        customer_id,
        feature,
        max(raw_value) as raw_value,
        sum(contribution) as contribution,
        sum(change_7d) as change_7d
    from parts
    group by model_id, horizon_days, customer_id, feature
),

-- A signal may be in several scores; the words of the churn risk come first.
signal_words as (
    select
        signal as feature,
        unit,
        sentence,
        row_number() over (
            partition by signal
            order by case score when 'churn_risk' then 1 when 'health' then 2 else 3 end nulls last, score nulls last
        ) as place
    from {{ ref('score_signals') }}
    where score in ('churn_risk', 'health', 'success')
),

words as (
    select feature, unit, sentence
    from signal_words
    where place = 1
    union all
    select feature, unit, sentence
    from {{ ref('churn_features') }}
),

spoken as (
    select
        summed.*,
        words.unit,
        words.sentence,
        {{ dbt.safe_cast('summed.raw_value', 'double') }} as raw_number
    from summed
    left join words
        on summed.feature = words.feature
)

select
    spoken.model_id,
    spoken.horizon_days,
    spoken.customer_id,
    spoken.feature,
    spoken.raw_value,
    spoken.unit,
    spoken.contribution,
    spoken.change_7d,
    -- What the probability would be less without it: percentage points.
    100 * (predictions.probability - 1 / nullif(1 + exp(spoken.contribution - predictions.log_odds), 0)) as points,
    case
        when spoken.raw_value is null then replace(spoken.sentence, '{value}', 'not known')
        when spoken.unit = 'text' then replace(spoken.sentence, '{value}', spoken.raw_value)
        else replace(spoken.sentence, '{value}', {{ spoken_value('spoken.raw_number', 'spoken.unit') }})
    end as sentence,
    row_number() over (
        partition by spoken.horizon_days, spoken.customer_id
        order by cast(spoken.contribution as decimal(18, 9)) desc nulls last, spoken.feature nulls last
    ) as reason_rank
from spoken
inner join {{ source('churn', 'predictions') }} as predictions
    on spoken.customer_id = predictions.customer_id and spoken.horizon_days = predictions.horizon_days
