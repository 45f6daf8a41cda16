"""The monthly export of every system, as SQL over the simulated history: what each would have said on that day."""

from __future__ import annotations

import duckdb
import numpy as np

from simulator import catalogue
from simulator.accounts import Accounts
from simulator.database import load, sql_list
from simulator.life import History
from simulator.settings import NEVER, Calendar, Month, Settings, blanked
from simulator.texts import comment_texts, ticket_texts

ROLE_FROM = 0.35  # share of the months after which `users` gains its column `role`
CHANNEL_UNTIL = 0.75  # share of the months after which `support_tickets` loses its column `channel`


def prepare(session: duckdb.DuckDBPyConnection, settings: Settings, accounts: Accounts, history: History) -> None:
    """Load the history: company, terms, endings, invoices, payments, tickets, survey answers."""
    calendar, stream, count = settings.calendar, settings.stream, len(accounts)
    names = accounts.customer_name.copy()
    shouting = np.flatnonzero(stream("name in capitals").random(count) < 0.02)
    names[shouting] = [name.upper() for name in names[shouting]]
    load(
        session,
        "company",
        {
            "account": np.arange(count),
            "customer_id": accounts.customer_id,
            "customer_name": names,
            "customer_tier": np.array(catalogue.TIERS, dtype=object)[accounts.tier],
            "industry": accounts.industry,
            "country": np.array([row[0] for row in catalogue.COUNTRIES], dtype=object)[accounts.country],
            "csm_owner": accounts.csm_owner,
            "next_owner": accounts.next_owner,
            "owner_change_day": accounts.owner_change_day,
            "website_domain": blanked(accounts.domain, stream("domain missing").random(count) < 0.03),
            "acquisition_channel": np.array([row[0] for row in catalogue.CHANNELS], dtype=object)[accounts.channel],
            "created_day": accounts.created_day,
            "created_at": calendar.timestamps(accounts.created_day, accounts.created_second),
            "is_test": accounts.is_test,
            "is_ghost": accounts.is_ghost,
            "forgets_flag": stream("flag forgotten").random(count) < 0.06,
            "currency": np.array(catalogue.CURRENCIES, dtype=object)[accounts.currency],
        },
    )
    load(session, "term", history.contracts.terms.columns())
    load(session, "ending", history.contracts.endings.columns())
    load(session, "invoice", history.invoices)
    load(session, "payment", history.payments)
    told, answered = (
        ticket_texts(settings, accounts, history.tickets),
        comment_texts(settings, accounts, history.surveys),
    )
    load(session, "ticket", {"ticket": np.arange(len(history.tickets["account"])), **history.tickets, **told})
    load(session, "question", {"question": np.arange(len(history.surveys["account"])), **history.surveys, **answered})
    session.execute(
        "create table answer as select row_number() over (order by question) - 1 as answer, * from question where is_answered"
    )
    session.execute(
        f"""
        create table contract as
        select
            term.subscription, any_value(term.account) as account, min(term.started_day) as started_day,
            coalesce(any_value(ending.notice_day), {NEVER}) as notice_day, coalesce(any_value(ending.end_day), {NEVER}) as end_day,
        from term left join ending using (subscription)
        group by term.subscription
        """
    )
    session.execute(
        "create table account_end as select account, max(end_day) as end_day from contract group by account"
    )


def accounts_query(month: Month) -> str:
    """All accounts as the CRM had them at the end of the month; some forgotten flags, no ghost accounts."""
    last = month.last_day
    return f"""
        with seats as (
            select account, arg_max(quantity, effective_day) as seats, max(effective_day) as changed_day
            from term where effective_day <= {last} group by account
        ),
        gone as (
            select account, max(end_day) filter (where end_day <= {last}) as gone_day,
                bool_and(end_day <= {last}) as is_gone
            from contract where started_day <= {last} group by account
        )
        select
            customer_id, customer_name, customer_tier, industry, country,
            case when owner_change_day <= {last} then next_owner else csm_owner end as csm_owner,
            website_domain, acquisition_channel, seats, created_at,
            coalesce(is_gone, false) and not forgets_flag as is_churned, is_test, false as is_deleted,
            greatest(
                created_at,
                case when changed_day >= created_day then moment(changed_day, 60) end,
                case when gone_day is not null then moment(gone_day, 120) end,
                case when owner_change_day <= {last} then moment(owner_change_day, 180) end
            ) as updated_at,
        from company
        left join seats on company.account = seats.account
        left join gone on company.account = gone.account
        where company.created_day <= {last} and not is_ghost
        order by customer_id
    """


def users_query(month: Month, months: int) -> str:
    """All logins as the application had them at the end of the month; `role` comes in later files only."""
    last = month.last_day
    role = "role, " if month.number >= months * ROLE_FROM else ""
    return f"""
        with gone as (
            select account, max(end_day) as gone_day from contract where started_day <= {last}
            group by account having bool_and(end_day <= {last})
        ),
        login as (
            select person_user.*, company.customer_id, last_login.login_at as last_login_at, gone.gone_day,
                moment(person_user.created_day, person_user.created_second) as created_at,
            from person_user
            inner join company on person_user.account = company.account
            inner join account_end on person_user.account = account_end.account
            left join gone on person_user.account = gone.account
            left join last_login on person_user.user_no = last_login.user_no
            where person_user.created_day <= {last} and person_user.created_day < account_end.end_day
        )
        select
            user_id, customer_id, email, full_name, {role}created_at, last_login_at,
            not (left_day <= {last} or gone_day is not null) as is_active,
            is_internal,
            greatest(
                created_at, last_login_at,
                case when left_day <= {last} then moment(left_day, 3600) end,
                case when gone_day is not null then moment(gone_day, 3600) end
            ) as updated_at,
        from login
        order by user_id
    """


def subscriptions_query(month: Month, calendar: Calendar) -> str:
    """Terms of subscriptions that began or changed in the month (in the first file: all there are), as known then."""
    last = month.last_day
    start = calendar.start.isoformat()
    return f"""
        with known as (
            select
                term.*, contract.notice_day, contract.end_day,
                lead(effective_day) over (partition by subscription order by effective_day) is null as is_latest,
                ({sql_list(list(catalogue.INTERVALS))})[interval + 1] as billing_interval,
                ([1, 3, 12])[interval + 1] as months,
                date '{start}' + paid_day::integer as paid_date,
                date '{start}' + {last} as today,
            from term inner join contract using (subscription)
            where effective_day <= {last}
        ),
        dated as (
            select
                known.*,
                greatest(0, (date_diff('month', paid_date, today) - (day(today) < day(paid_date))::integer) // months) as periods,
                today < paid_date as is_before_payment,
            from known
        ),
        stated as (
            select
                dated.*,
                case when is_before_payment then paid_date
                    else (paid_date + to_months((periods * months)::integer))::date end as period_start,
                case when is_before_payment then paid_date
                    else (paid_date + to_months(((periods + 1) * months)::integer))::date end as period_end,
                notice_day <= {last} and is_latest as has_notice,
                end_day <= {last} and is_latest as has_ended,
            from dated
        ),
        final as (
            select
                stated.*,
                greatest(
                    moment(effective_day, 0),
                    case when is_latest and not is_before_payment and not has_ended and not is_trial then period_start::timestamp end,
                    case when has_notice then moment(notice_day, 36000) end,
                    case when has_ended then moment(end_day, 0) end
                ) as updated_at,
            from stated
        )
        select
            printf('sub-%06d', subscription + 1) as subscription_id, customer_id,
            moment(effective_day, 0) as effective_at, moment(started_day, 0) as started_at,
            case when has_notice then moment(end_day, 0) end as ended_at,
            case when has_notice then moment(notice_day, case when is_trial then 0 else 36000 end) end as canceled_at,
            case when trial_days > 0 then moment(started_day + trial_days, 0) end as trial_ends_at,
            is_trial or is_before_payment as is_trial,
            ({sql_list(list(catalogue.PLANS))})[plan + 1] as plan_name,
            case when not is_latest then 'superseded' when has_ended then 'canceled'
                when is_before_payment then 'trialing' else 'active' end as status,
            quantity, round(price * quantity * months, 2)::decimal(18, 2) as amount, currency,
            billing_interval, 1 as billing_interval_count, not has_notice as is_auto_renewing,
            period_end::timestamp as current_period_ends_at, is_test, updated_at,
        from final inner join company on final.account = company.account
        where updated_at < moment({last + 1}, 0) and ({month.number} = 0 or updated_at >= moment({month.first_day}, 0))
        order by subscription_id, effective_at
    """


def invoices_query(month: Month) -> str:
    """Invoices issued, paid or given up in the month, as they stood at its end."""
    begin, end = f"moment({month.first_day}, 0)", f"moment({month.last_day + 1}, 0)"
    return f"""
        select
            printf('inv-%07d', invoice + 1) as invoice_id, customer_id, printf('sub-%06d', subscription + 1) as subscription_id,
            issued_at, due_at, case when paid_at < {end} then paid_at end as paid_at,
            case when paid_at < {end} then 'paid' when closed_at < {end} then 'uncollectible' else 'open' end as status,
            total::decimal(18, 2) as total,
            case when paid_at < {end} then total else 0 end::decimal(18, 2) as amount_paid, currency, is_test,
            greatest(issued_at, case when paid_at < {end} then paid_at end, case when closed_at < {end} then closed_at end) as updated_at,
        from invoice inner join company on invoice.account = company.account
        where updated_at >= {begin} and updated_at < {end}
        order by updated_at, invoice_id
    """


def payments_query(month: Month) -> str:
    """Attempts of the month, and refunds of the month as a later version of their attempt (JSON: times as ISO text)."""
    begin, end = f"moment({month.first_day}, 0)", f"moment({month.last_day + 1}, 0)"
    return f"""
        with version as (
            select payment.*, case when refunded_at < {end} then refunded_at end as given_back_at,
                greatest(attempted_at, given_back_at) as changed_at,
                row_number() over (order by invoice, attempted_at) as payment_no,
            from payment
        )
        select
            printf('pay-%07d', payment_no) as payment_id, customer_id,
            printf('inv-%07d', invoice + 1) as invoice_id, {iso("attempted_at")} as attempted_at,
            case when given_back_at is not null then 'refunded' when worked then 'succeeded' else 'failed' end as status,
            amount::decimal(18, 2) as amount,
            case when given_back_at is not null then amount else 0 end::decimal(18, 2) as amount_refunded,
            currency, failure_code, is_test, {iso("changed_at")} as updated_at,
        from version inner join company on version.account = company.account
        where changed_at >= {begin} and changed_at < {end}
        order by changed_at, payment_id
    """


def tickets_query(month: Month, months: int) -> str:
    """Tickets opened, answered or solved in the month, as they stood at its end; later files lack `channel`."""
    begin, end = f"moment({month.first_day}, 0)", f"moment({month.last_day + 1}, 0)"
    channel = "(['email', 'web', 'chat'])[channel + 1] as channel, " if month.number < months * CHANNEL_UNTIL else ""
    return f"""
        with first_user as (
            select account, min(user_no) as first_user_no, count(*) as users from person_user group by account
        ),
        version as (
            select
                ticket.*, first_user_no + floor(user_draw * users)::bigint as user_no,
                case when responded_at < {end} then responded_at end as answered_at,
                case when resolved_at < {end} then resolved_at end as solved_at,
                greatest(opened_at, answered_at, solved_at) as updated_at,
            from ticket inner join first_user using (account)
        )
        select
            printf('tic-%06d', ticket + 1) as ticket_id,
            case when draw(hash(ticket), 'no account') >= 0.03 then company.customer_id end as customer_id,
            case when person_user.created_day <= date_diff('day', moment(0, 0), opened_at)
                and person_user.left_day > date_diff('day', moment(0, 0), opened_at) then person_user.user_id end as user_id,
            opened_at, answered_at as first_responded_at, solved_at as resolved_at,
            case when solved_at < {end} - interval 5 day then 'closed' when solved_at is not null then 'solved'
                when answered_at is not null then 'pending' else 'open' end as status,
            ({sql_list(list(catalogue.TICKET_PRIORITIES))})[priority + 1] as priority,
            is_escalated and (solved_at is not null or opened_at < {end} - interval 2 day) as is_escalated,
            case when score > 0 and solved_at is not null then score end as satisfaction_score, 5 as satisfaction_scale,
            {channel}({sql_list(list(catalogue.TICKET_CATEGORIES))})[category + 1] as category, subject, body, is_test, updated_at,
        from version
        inner join company on version.account = company.account
        inner join person_user on version.user_no = person_user.user_no
        where updated_at >= {begin} and updated_at < {end}
        order by updated_at, ticket_id
    """


def surveys_query(month: Month) -> str:
    """Answers of the month."""
    return f"""
        select
            printf('srv-%06d', answer + 1) as response_id, customer_id, user_id,
            (['nps', 'csat', 'ces'])[kind + 1] as survey_type, score::integer as score, responded_at, comment,
        from answer
        inner join company on answer.account = company.account
        inner join person_user on answer."user" = person_user.user_no
        where responded_at >= moment({month.first_day}, 0) and responded_at < moment({month.last_day + 1}, 0)
        order by responded_at, response_id
    """


def questions_query(month: Month) -> str:
    """Questions sent in the month; those from before the window were sent when it began."""
    return f"""
        select
            printf('ask-%06d', question + 1) as invitation_id, customer_id, user_id,
            (['nps', 'csat', 'ces'])[kind + 1] as survey_type, greatest(sent_at, moment(0, 0)) as sent_at,
        from question
        inner join company on question.account = company.account
        inner join person_user on question."user" = person_user.user_no
        where greatest(sent_at, moment(0, 0)) >= moment({month.first_day}, 0) and sent_at < moment({month.last_day + 1}, 0)
        order by sent_at, invitation_id
    """


def features_query(settings: Settings) -> str:
    """The catalogue of features, as planned when the window began: two come out inside it."""
    names, days = catalogue.FEATURES, settings.days
    before = settings.stream("feature released").integers(200, 1200, len(names)).tolist()
    released = [
        int(days * catalogue.RELEASED_INSIDE[name]) if name in catalogue.RELEASED_INSIDE else -ago
        for name, ago in zip(names, before, strict=True)
    ]
    return f"""
        select
            ({sql_list(list(names))})[place] as feature_name,
            ({sql_list(list(catalogue.FEATURE_CATEGORIES))})[place] as feature_category,
            moment(({released})[place], 0) as released_at, place <= {catalogue.CORE_FEATURES} as is_core,
            ({sql_list([catalogue.FEATURE_PLANS.get(name) for name in names])})[place] as plan_names,
        from range(1, {len(names) + 1}) as places (place)
        order by place
    """


def iso(column: str) -> str:
    """SQL that writes a timestamp as ISO 8601 text with milliseconds, UTC."""
    return f"strftime({column}, '%Y-%m-%dT%H:%M:%S.%gZ')"
