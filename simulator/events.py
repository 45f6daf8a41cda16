"""Product events: sessions of users in the application, one month at a time, set-based in DuckDB."""

from __future__ import annotations

import duckdb
import numpy as np

from simulator import catalogue
from simulator.accounts import Accounts
from simulator.database import load, sql_list
from simulator.life import History
from simulator.people import People
from simulator.settings import Calendar, Month, Settings

EVENT_COLUMNS = (
    "event_id", "event_name", "occurred_at", "received_at", "visitor_id", "user_id", "customer_id", "tracker_session_id",
    "platform", "feature_name", "page_url", "page_title", "referrer_url", "utm_source", "utm_medium", "utm_campaign",
    "device_type", "country", "is_bot", "is_heartbeat", "heartbeat_seconds", "properties",
    "event_value", "currency",
)  # fmt: skip
APP = "https://app.northbeam.example"


def prepare(
    session: duckdb.DuckDBPyConnection, settings: Settings, accounts: Accounts, people: People, history: History
) -> None:
    """Load what the months need: accounts, users, devices, visits, weights of days, incidents by day."""
    number = np.arange(len(accounts))
    load(
        session,
        "account",
        {
            "account": number,
            "customer_id": accounts.customer_id,
            "country": np.array([row[0] for row in catalogue.COUNTRIES], dtype=object)[accounts.country],
            "utc_offset": np.array([row[2] for row in catalogue.COUNTRIES])[accounts.country],
            "channel": accounts.channel,
            "is_silent": accounts.is_silent,
            "adopted": accounts.features_adopted,
            "feature_step": accounts.feature_step,
            "feature_shift": accounts.feature_shift,
        },
    )
    is_first = np.r_[True, people.account[1:] != people.account[:-1]]
    second = np.where(
        is_first,
        accounts.created_second[people.account],
        settings.stream("user second").integers(0, 86_400, len(people)),
    )
    load(
        session,
        "person_user",
        {
            "user_no": np.arange(len(people)),
            "account": people.account,
            "user_id": people.user_id,
            "person_id": people.person_id,
            "full_name": people.full_name,
            "email": people.email,
            "role": people.role,
            "created_day": people.created_day,
            "created_second": second,
            "left_day": people.left_day,
            "is_internal": people.is_internal,
            "is_first": is_first,
            "devices": np.bincount(people.device_user, minlength=len(people)),
        },
    )
    load(
        session,
        "device",
        {
            "user_no": people.device_user,
            "device_number": people.device_number,
            "visitor_id": people.visitor_id,
            "device_type": people.device_type,
        },
    )
    load(session, "opening", history.openings)
    load(session, "day_weight", {"day": np.arange(settings.days), "weight": settings.calendar.day_weights})
    broken = [
        (item.first_day + day, item.feature, item.severity)
        for item in history.incidents
        for day in range(item.days)
        if item.first_day + day < settings.days
    ]
    session.execute("create table broken_day (day bigint, feature bigint, severity double)")
    if broken:
        session.executemany("insert into broken_day values (?, ?, ?)", broken)
    session.execute("create table last_login (user_no bigint, login_at timestamp)")
    session.execute("create table identified (user_no bigint, visitor_id varchar)")


def sessions_of_month(session: duckdb.DuckDBPyConnection, month: Month) -> None:
    """Table `visit_app`: who opens the application when, on which device, for how many pages."""
    session.execute(
        f"""
        create or replace temp table visit_app as
        with opened as (
            select
                person_user.user_no, person_user.user_id, person_user.devices, account.*,
                person_user.created_day, person_user.created_second,
                opening.day,
                mix(mix(mix(first_key(), opening.user), opening.day + 2000), opening.slot) as session_key,
                opening.slot,
            from opening
            inner join person_user on opening.user = person_user.user_no
            inner join account on person_user.account = account.account
            where opening.day between {month.first_day} and {month.last_day}
        )
        select
            opened.* exclude (slot, devices),
            case
                when draw(session_key, 'device') < 0.6 then 0
                else least(devices - 1, floor(draw(session_key, 'other device') * devices))
            end::bigint as device_number,
            1 + least(floor(-ln(1 - draw(session_key, 'pages')) * 0.7), 30)::bigint as pages,
            35 + 100 * draw(session_key, 'pace') as page_seconds,
            draw(session_key, 'pause') < 0.05 as has_pause,
            draw(session_key, 'login') < 0.7 as has_login,
            greatest(600, 3600 * (
                13 - utc_offset + slot * 3
                + 3 * (draw(session_key, 't1') + draw(session_key, 't2') + draw(session_key, 't3') - 1.5)
            )) % 86400 as start_second,
        from opened
        where not (day = created_day and start_second <= created_second)
        """
    )


def events_of_sessions(session: duckdb.DuckDBPyConnection) -> None:
    """Table `event`: the events of `visit_app` (page views, heartbeats, feature use, errors, logins).

    A failing feature turns uses into `error` events with the probability of the incident.
    """
    core = catalogue.CORE_FEATURES
    others = len(catalogue.FEATURES) - core
    session.execute(
        f"""
        create or replace temp table event as
        with page as (
            select visit_app.*, unnest(range(pages)) as page_number, mix(session_key, page_number + 1) as page_key
            from visit_app
        ),
        placed as (
            select
                page.*,
                floor(adopted * pow(draw(page_key, 'feature'), 1.7))::bigint as place,
                case when draw(page_key, 'reads') < 0.45 then 0
                    else least(floor(-ln(1 - draw(page_key, 'attention')) * 2.2), 3 + page_seconds / 14)::bigint end as pings,
                draw(page_key, 'acts') < 0.62 as acts,
                page_number * page_seconds + 6 * draw(page_key, 'late')
                + case when has_pause and page_number * 2 >= pages then 2400 + 3000 * draw(session_key, 'pause length') else 0 end
                as page_second,
            from page
        ),
        used as (
            select
                placed.*,
                case when place < {core} then place
                    else {core} + ((place - {core}) * feature_step + feature_shift) % {others} end as feature,
            from placed
        ),
        failing as (
            select used.*, coalesce(broken.severity, 0) as severity
            from used
            left join (select day, feature, max(severity) as severity from broken_day group by all) as broken
                on used.day = broken.day and used.feature = broken.feature
        ),
        step as (
            select
                failing.*,
                unnest(range(case when page_number = 0 and has_login then -1 else 0 end, 1 + pings + acts::bigint)) as step_number,
            from failing
        ),
        named as (
            select
                step.*,
                mix(page_key, step_number + 2) as event_key,
                case
                    when step_number = -1 then 'login'
                    when step_number = 0 then 'page_view'
                    when step_number <= pings then 'page_ping'
                    when draw(page_key, 'fails') < greatest(severity, 0.004) then 'error'
                    else 'feature_used'
                end as event_name,
                moment(day, start_second + page_second + case
                    when step_number = -1 then 2.5
                    when step_number <= pings then 10.0 * step_number
                    else 10.0 * pings + 3 + 4 * draw(page_key, 'act after')
                end) as occurred_at,
            from step
        )
        select
            to_hex(event_key) || to_hex(hash(hash(event_key))) as event_id,
            event_name,
            occurred_at,
            occurred_at + to_microseconds((case
                when device.device_type = 'mobile' and draw(session_key, 'offline') < 0.02 then 3.6e9 * 20 * draw(session_key, 'offline for')
                else 1e5 + 2e6 * draw(event_key, 'delay') end)::bigint) as received_at,
            case when platform = 'server' then null else device.visitor_id end as visitor_id,
            case when not is_unknown then user_id end as user_id,
            case when not is_unknown and draw(session_key, 'no account') >= 0.08 then customer_id end as customer_id,
            case when platform = 'web' then substr(to_hex(hash(hash(session_key))), 1, 12) end as tracker_session_id,
            platform,
            case when event_name in ('feature_used', 'error') then feature_name end as feature_name,
            case when platform = 'web' then '{APP}/' ||
                case when event_name = 'login' then 'login' else feature_name end end as page_url,
            case when platform = 'web' and event_name = 'page_view' then upper(feature_name[1]) || replace(feature_name[2:], '_', ' ') end
                as page_title,
            null::varchar as referrer_url,
            null::varchar as utm_source,
            null::varchar as utm_medium,
            null::varchar as utm_campaign,
            case when platform = 'server' then null else device.device_type end as device_type,
            country,
            false as is_bot,
            event_name = 'page_ping' as is_heartbeat,
            case when event_name = 'page_ping' then 10.0 end::double as heartbeat_seconds,
            case
                when event_name = 'error' then '{{"code": "E' || (500 + floor(4 * draw(event_key, 'code')))::bigint || '"}}'
                when event_name = 'feature_used' and draw(event_key, 'rows') < 0.4
                    then '{{"rows": ' || floor(exp(1 + 7 * draw(event_key, 'row count')))::bigint || '}}'
            end as properties,
            user_no,
            event_key,
        from (
            select
                named.*,
                ({sql_list(list(catalogue.FEATURES))})[feature + 1] as feature_name,
                page_number = 0 and step_number = 0 and has_login and draw(session_key, 'unknown') < 0.6 as is_unknown,
                case
                    when event_name in ('feature_used', 'error') and feature = {catalogue.FEATURES.index("api_access")} then 'server'
                    when device_number > 0 then 'mobile'
                    else 'web'
                end as platform,
            from named
        ) as named
        inner join device using (user_no, device_number)
        """
    )


def remember_logins(session: duckdb.DuckDBPyConnection) -> None:
    """Keep the last login of every user so far (`last_login`) and which devices told who they are (`identified`)."""
    session.execute(
        """
        create or replace table last_login as
        select user_no, max(login_at) as login_at
        from (
            select user_no, login_at from last_login
            union all
            select user_no, occurred_at as login_at from event where event_name = 'login'
        )
        group by user_no
        """
    )
    session.execute(
        """
        create or replace table identified as
        select user_no, visitor_id from identified
        union
        select user_no, visitor_id from event where user_id is not null and visitor_id is not null and user_no is not null
        """
    )


def end_of_window(calendar: Calendar) -> str:
    """The first moment after the window, as an SQL literal."""
    return f"timestamp '{calendar.timestamps(np.array(calendar.days))}'"
