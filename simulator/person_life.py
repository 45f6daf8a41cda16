"""What happens with the customers a company knows in person: consent, contacts, segments, value, products, complaints."""

from __future__ import annotations

from datetime import timedelta

import duckdb

from simulator.files import Landing
from simulator.settings import Calendar, Month, Settings

_ID = "source_record_id, source_system as origin_system"


def prepare(session: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Make the tables that the monthly files are cut from; needs `person_record` and `person_version`.

    Table `holder`: a record a row, with the key of its draws and the time it began. What happens later than the window
    is drawn too and left out month by month.
    """
    end = f"timestamp '{settings.end + timedelta(days=1)} 00:00:00'"
    start = f"timestamp '{settings.start} 00:00:00'"
    run = session.execute
    run("create or replace macro one_of(words, k, name) as words[1 + floor(len(words) * draw(k, name))::integer]")
    run("create or replace macro days(number) as to_seconds((86400 * number)::bigint)")
    run(f"""
        create table holder as
        select person_record.*, hash(hash(source_system || '|' || source_record_id)) as key, began_at,
            greatest(began_at, {start}) as seen_from,
            greatest(1, date_diff('day', began_at, {end})) as days_known,
            draw(hash(person), 'activity') as activity, draw(hash(household), 'wealth') as wealth
        from person_record
        inner join (select record, min(created_at) as began_at from person_version group by record) using (record)
    """)
    later = "began_at + days(days_known * draw({key}, '{name}'))"
    run(f"""
        create table consent_change as
        with asked as (
            select holder.*, wish.channel, mix(key, wish.number) as wish_key
            from holder cross join (values ('email', 1), ('sms', 2), ('phone', 3), ('post', 4)) as wish (channel, number)
            where source_system in ('crm', 'shop', 'loyalty', 'app')
                and draw(wish_key, 'asked') < (case channel when 'email' then 0.8 when 'sms' then 0.35 else 0.15 end)
        )
        select *, case when draw(wish_key, 'yes') < 0.62 then 'granted' else 'denied' end as status, began_at as changed_at from asked
        union all
        select *, case when draw(wish_key, 'yes') < 0.62 then case when draw(wish_key, 'runs out') < 0.15 then 'expired' else 'withdrawn' end
            else 'granted' end, {later.format(key="wish_key", name="change day")} + interval 1 minute
        from asked where draw(wish_key, 'changes') < 0.17
    """)
    run(f"""
        create table contact_moment as
        select holder.*, mix(mix(key, month_no), slot) as moment_key,
            moment((month_no * 30.4 + 30.4 * draw(moment_key, 'day'))::bigint, floor(25200 + 50400 * draw(moment_key, 'second'))) as occurred_at
        from holder, range(0, 244) as months (month_no), range(0, 2) as slots (slot)
        where month_no * 30.4 < {settings.days}
            and draw(mix(mix(key, month_no), slot), 'happens') < 0.24 * activity * activity
                * (case source_system when 'support' then 1.6 when 'billing' then 0.7 else 1 end)
    """)
    run(f"""
        create table life_event as
        select holder.*, 1 as number, 'registered' as event_type, null as reason, began_at as occurred_at from holder
        where source_system in ('shop', 'loyalty', 'app')
        union all
        select holder.*, 2, 'first_purchase', null, began_at + days(30 * draw(key, 'first purchase')) from holder
        where source_system in ('shop', 'loyalty') and draw(key, 'buys') < 0.7
        union all
        select holder.*, 3, 'lapsed', null, {later.format(key="key", name="lapse day")} + interval 60 day from holder
        where source_system in ('shop', 'loyalty') and draw(key, 'lapses') < 0.2
        union all
        select holder.*, 4, 'reactivated', 'campaign', {later.format(key="key", name="lapse day")} + interval 130 day from holder
        where source_system in ('shop', 'loyalty') and draw(key, 'lapses') < 0.07
        union all
        select holder.*, 5, 'closed', one_of(['moved_abroad', 'price', 'service', 'deceased', 'unknown'], key, 'why'),
            {later.format(key="key", name="close day")} from holder where source_system = 'billing' and draw(key, 'closes') < 0.05
    """)
    run(f"""
        create table segment_move as
        with first_turn as (
            select holder.*, scheme, mix(key, length(scheme)) as segment_key, 0 as turn
            from holder, (values ('value'), ('lifestyle')) as schemes (scheme)
            where source_system in ('loyalty', 'crm') and (scheme = 'value' or draw(key, 'has lifestyle') < 0.5)
        ),
        turns as (
            select *, began_at as assigned_at from first_turn
            union all by name
            select * replace (1 as turn), {later.format(key="segment_key", name="again")} as assigned_at
            from first_turn where draw(segment_key, 'moves') < 0.35
        )
        select *, lead(assigned_at) over (partition by record, scheme order by assigned_at, turn) as ended_at,
            case scheme when 'value' then (['bronze', 'silver', 'gold', 'platinum'])[1
                    + floor(4 * least(0.999, 0.7 * activity * wealth + 0.5 * draw(segment_key, 'value' || turn)))::integer]
                else one_of(['families', 'young_urban', 'best_agers', 'price_hunters', 'explorers'], segment_key, 'style' || turn)
            end as segment_name
        from turns
    """)
    run(f"""
        create table holding as
        select holder.*, number, mix(key, number) as holding_key,
            case when number = 1 then began_at else {later.format(key="mix(key, number)", name="opened")} end as opened_at,
            case when draw(holding_key, 'closes') < 0.18 then opened_at + days(40 + 900 * draw(holding_key, 'held for')) end as closed_at,
            1 + floor(6 * draw(holding_key, 'product'))::integer as product
        from holder, (values (1), (2), (3)) as numbers (number)
        where source_system = 'billing' and (number = 1 or draw(mix(key, number), 'owns') < 0.45 * (0.5 + wealth))
    """)
    run("""
        create table opinion as
        select holder.*, mix(key, 900 + slot) as opinion_key,
            began_at + days(days_known * draw(opinion_key, 'day')) as opened_at,
            one_of(['complaint', 'complaint', 'complaint', 'compliment', 'suggestion', 'review'], opinion_key, 'type') as feedback_type,
            case when feedback_type in ('complaint', 'suggestion') and draw(opinion_key, 'answered') < 0.85
                then opened_at + to_seconds((3600 * (2 + 400 * draw(opinion_key, 'resolved') ** 3))::bigint) end as resolved_at
        from holder, (values (0), (1)) as slots (slot)
        where source_system in ('support', 'crm', 'shop')
            and draw(opinion_key, 'says') < (case source_system when 'support' then 0.22 else 0.05 end)
    """)
    _relationships(session)


def _relationships(session: duckdb.DuckDBPyConnection) -> None:
    """Ties that a system knows of: between two records of one household that stand in the same system."""
    session.execute("""
        create table tie as
        select a.source_system, a.source_record_id as from_record_id, b.source_record_id as to_record_id,
            greatest(a.began_at, b.began_at) as started_at, hash(xor(a.key, b.key)) as key,
            case when one.partner = other.person then
                case when a.source_system = 'billing' and draw(hash(xor(a.key, b.key)), 'joint') < 0.4 then 'joint_account' else 'spouse' end
                when one.form = 4 then 'household_member'
                when one.member = 2 and other.member = 2 then 'sibling'
                when one.member < 2 and other.member = 2 then
                case when draw(hash(xor(a.key, b.key)), 'guardian') < 0.1 then 'guardian' else 'parent' end
                when one.member = 2 then 'child' else 'household_member' end as relationship_type
        from holder as a
        inner join holder as b on a.household = b.household and a.source_system = b.source_system and a.person <> b.person
        inner join person as one on a.person = one.person
        inner join person as other on b.person = other.person
        where a.source_system in ('crm', 'billing', 'loyalty') and draw(hash(xor(a.key, b.key)), 'known') < 0.4
            and (a.record < b.record) = (draw(hash(xor(a.key, b.key)), 'direction') < 0.5)
    """)


def write_month(session: duckdb.DuckDBPyConnection, landing: Landing, month: Month, calendar: Calendar) -> None:
    """The files of one month; those of the first month hold everything before as well."""
    begin = calendar.start + timedelta(days=month.first_day)
    stop = f"timestamp '{calendar.start + timedelta(days=month.last_day + 1)} 00:00:00'"

    def within(column: str) -> str:
        start = "" if month.number == 0 else f"{column} >= timestamp '{begin} 00:00:00' and "
        return f"{start}{column} < {stop}"

    def seen(column: str) -> str:
        return f"case when {column} < {stop} then {column} end"

    for contract, query in {
        "customer_relationships": f"""select printf('rel-%016x', key) as relationship_id, source_system as origin_system,
                from_record_id, to_record_id,
                relationship_type, started_at, null::timestamp as ended_at, started_at as updated_at
            from tie where {within("started_at")} order by key, from_record_id, to_record_id""",
        "customer_preferences_consent": f"""select {_ID}, channel, 'marketing' as purpose, status, changed_at,
                case when status = 'granted' and draw(wish_key, 'until') < 0.3 then changed_at + interval 730 day end as valid_until,
                'consent' as legal_basis, one_of(['web_form', 'call_centre', 'branch', 'app'], wish_key, 'by') as captured_by,
                'v' || (year(changed_at) - 2019) as policy_version
            from consent_change where {within("changed_at")} order by wish_key, changed_at""",
        "customer_interactions": f"""select printf('int-%016x', moment_key) as interaction_id, {_ID}, occurred_at,
                one_of(['email', 'email', 'phone', 'chat', 'branch', 'web', 'app', 'social', 'post'],
                    moment_key, 'channel') as channel,
                case when draw(moment_key, 'direction') < 0.55 then 'inbound' else 'outbound' end as direction,
                one_of(['question', 'order', 'complaint', 'offer', 'service', 'advice'], moment_key, 'type') as interaction_type,
                case when channel in ('phone', 'chat', 'branch')
                    then round(40 + 1200 * draw(moment_key, 'length') ** 2)::integer end as duration_seconds,
                case when draw(moment_key, 'has outcome') < 0.7 then
                    one_of(['solved', 'open', 'sold', 'no_answer', 'forwarded'], moment_key, 'outcome') end as outcome,
                case when channel in ('phone', 'chat', 'branch')
                    then 'agent-' || (1 + floor(40 * draw(moment_key, 'agent'))::integer) end as agent_id,
                case when direction = 'outbound' and draw(moment_key, 'campaign') < 0.5
                    then 'cmp-' || strftime(occurred_at, '%Y%m') end as campaign_id,
                case when draw(moment_key, 'rates') < 0.12
                    then least(5, 1 + floor(2 + 3.4 * draw(moment_key, 'stars')))::integer end as satisfaction_rating
            from contact_moment where occurred_at > began_at and {within("occurred_at")} order by occurred_at, moment_key""",
        "lifecycle_events": f"""select printf('pl-%016x', mix(key, number)) as lifecycle_event_id, {_ID}, event_type, occurred_at,
                reason, occurred_at as updated_at
            from life_event where {within("occurred_at")} order by occurred_at, key, number""",
        "segment_assignments": f"""select {_ID}, scheme as segment_scheme, segment_name, assigned_at, {seen("ended_at")} as ended_at,
                'scoring' as assigned_by, coalesce({seen("ended_at")}, assigned_at) as updated_at
            from segment_move where {within(f"coalesce({seen('ended_at')}, assigned_at)")} order by key, scheme, assigned_at""",
        "value_metrics": _value_query(calendar, month, stop),
        "product_ownership": f"""select printf('own-%016x', holding_key) as ownership_id, {_ID}, 'prd-' || product as product_id,
                (['Current account', 'Savings account', 'Credit card', 'Home insurance', 'Mobile contract',
                    'Consumer loan'])[product] as product_name,
                (['account', 'savings', 'card', 'insurance', 'contract', 'loan'])[product] as product_category,
                opened_at, {seen("closed_at")} as closed_at, case when closed_at < {stop} then 'closed' else 'active' end as status,
                case when product in (1, 2, 6)
                    then round((case product when 6 then -1 else 1 end) * 9000 * wealth * draw(holding_key, 'balance'), 2) end as balance,
                case when product in (3, 4, 5) then round(4 + 40 * draw(holding_key, 'price'), 2) end as monthly_price, 'EUR' as currency,
                draw(holding_key, 'primary') < 0.9 as is_primary_holder, coalesce({seen("closed_at")}, opened_at) as updated_at
            from holding where {within(f"coalesce({seen('closed_at')}, opened_at)")} order by holding_key""",
        "complaints_feedback": f"""select printf('fb-%016x', opinion_key) as feedback_id, {_ID}, feedback_type,
                one_of(['phone', 'email', 'web', 'branch', 'social'], opinion_key, 'channel') as channel,
                one_of(['delivery', 'price', 'service', 'quality', 'billing', 'app'], opinion_key, 'topic') as topic,
                case when feedback_type = 'complaint'
                    then one_of(['low', 'medium', 'medium', 'high', 'critical'], opinion_key, 'severity') end as severity,
                case when feedback_type = 'review' then 1 + floor(5 * draw(opinion_key, 'stars'))::integer end as rating,
                opened_at, {seen("resolved_at")} as resolved_at,
                case when resolved_at < {stop}
                    then one_of(['refund', 'apology', 'explained', 'replaced'], opinion_key, 'how') end as resolution,
                feedback_type = 'complaint' and draw(opinion_key, 'escalated') < 0.12 as is_escalated,
                coalesce({seen("resolved_at")}, opened_at) as updated_at
            from opinion where {within(f"coalesce({seen('resolved_at')}, opened_at)")} order by opened_at, opinion_key""",
    }.items():  # fmt: skip
        landing.write(contract, f"{contract}_{month.label}.csv", query, month)


def _value_query(calendar: Calendar, month: Month, stop: str) -> str:
    """Value of the month just over, for records that the shop or the bank had before it began."""
    period = (calendar.start + timedelta(days=month.first_day)).replace(day=1)
    return f"""
        with active as (
            select *, mix(key, {month.calendar_month}) as value_key,
                round(exp(2.2 + 2.2 * wealth + 1.4 * activity + 0.8 * draw(value_key, 'revenue')), 2) as revenue
            from holder
            where source_system in ('shop', 'billing') and began_at < timestamp '{period} 00:00:00'
                and draw(value_key, 'spends') < (case source_system when 'billing' then 0.85 else 0.3 * (0.3 + activity) end)
        )
        select {_ID}, timestamp '{period} 00:00:00' as period_start, revenue,
            round(revenue * (0.3 + 0.5 * draw(value_key, 'cost')), 2) as cost_to_serve,
            round(revenue - cost_to_serve, 2) as margin, 'EUR' as currency,
            case when source_system = 'billing' then round(revenue / (0.2 + 0.7 * draw(key, 'share of wallet')), 2) end as wallet_estimate,
            {stop} - interval 1 hour as updated_at
        from active order by key
    """
