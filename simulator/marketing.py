"""Visits of the marketing site: prospects before they sign up, and visitors who never say who they are."""

from __future__ import annotations

import duckdb

from simulator import catalogue
from simulator.database import sql_list
from simulator.settings import Month, Settings

SITE = "https://www.northbeam.example"
VISITORS_AN_ACCOUNT_AND_DAY = 0.1


def visits_of_month(session: duckdb.DuckDBPyConnection, settings: Settings, month: Month) -> None:
    """Table `visit_site`: visits of a month. Adds the anonymous visitors to table `stranger` (visitor_id, person_id).

    A person who signs up comes to the site before, on the device used later (first users of an account mostly, with
    the account's channel half of the time). One anonymous visitor in ten is a person seen under another id already.
    """
    count = max(1, round(settings.accounts * month.days * VISITORS_AN_ACCOUNT_AND_DAY))
    shares = [row[1] for row in catalogue.CHANNELS]
    edges = [round(sum(shares[: place + 1]), 6) for place in range(len(shares) - 1)]
    channel = "case " + " ".join(f"when channel_draw < {edge} then {place}" for place, edge in enumerate(edges))
    channel += f" else {len(shares) - 1} end"
    session.execute("create table if not exists stranger (visitor_id varchar, person_id varchar, month integer)")
    session.execute(
        f"""
        create or replace temp table stranger_now as
        select
            mix(mix(first_key(), 900000000 + {month.number}), visitor_no) as visitor_key,
            to_hex(mix(visitor_key, 7)) as visitor_id,
            visitor_no - case when visitor_no > 0 and draw(visitor_key, 'seen before') < 0.1 then 1 else 0 end as person_no,
            draw(visitor_key, 'bot') < 0.03 as is_robot,
        from range({count}) as visitors (visitor_no)
        """
    )
    session.execute(
        f"""
        insert into stranger
        select visitor_id, case when not is_robot then 'per-s' || '{month.label}-' || person_no end, {month.number}
        from stranger_now
        """
    )
    # Materialized: DuckDB 2.0.0 breaks off at some data ("dict-surviving cache") where the texts of a join go straight into an unnest.
    session.execute(
        f"""
        create or replace temp table visit_site as
        with prospect as materialized (
            select
                person_user.*, account.channel, account.country, account.utc_offset, account.customer_id,
                mix(mix(first_key(), person_user.user_no), 800000000) as user_key,
                case
                    when is_first then 1 + least(floor(-ln(1 - draw(user_key, 'visits')) * 2.2), 9)
                    when draw(user_key, 'visits') < 0.2 then 1
                    else 0
                end::bigint as visits,
            from person_user
            inner join account on person_user.account = account.account
            where person_user.created_day between {month.first_day} and {month.last_day + 40} and not account.is_silent
        ),
        prospect_visit as (
            select
                prospect.*, unnest(range(visits)) as visit_number, mix(user_key, visit_number) as session_key,
                case when visit_number = 0 and is_first then created_day
                    else created_day - 1 - floor(38 * pow(draw(session_key, 'days before'), 1.6)) end::bigint as day,
            from prospect
        ),
        stranger_visit as (
            select
                stranger_now.*,
                unnest(range(1 + least(floor(-ln(1 - draw(visitor_key, 'visits')) * 0.55), 5)::bigint)) as visit_number,
                mix(visitor_key, visit_number + 20) as session_key,
                {month.first_day} + floor({month.days} * draw(session_key, 'day'))::bigint as day,
            from stranger_now
        ),
        visit as (
            select
                session_key, day, device.visitor_id, device.device_type, country, false as is_robot,
                case when draw(session_key, 'own channel') < 0.5 then channel end as known_channel,
                case when visit_number = 0 and is_first then user_id end as signs_up_as,
                customer_id, created_second, utc_offset,
            from prospect_visit
            inner join device on prospect_visit.user_no = device.user_no and device.device_number = 0
            where day between {month.first_day} and {month.last_day}
            union all
            select
                session_key, stranger_visit.day, visitor_id,
                case when draw(visitor_key, 'device') < 0.6 then 'desktop'
                    when draw(visitor_key, 'device') < 0.95 then 'mobile' else 'tablet' end,
                ({sql_list([row[0] for row in catalogue.COUNTRIES])})
                    [1 + floor({len(catalogue.COUNTRIES)} * pow(draw(visitor_key, 'country'), 2.2))::bigint],
                is_robot, null, null, null, null, -3,
            from stranger_visit
            inner join day_weight on stranger_visit.day = day_weight.day
            where draw(session_key, 'comes') < 0.25 + 0.6 * day_weight.weight
        )
        select
            visit.*,
            draw(session_key, 'channel') as channel_draw,
            coalesce(known_channel, {channel})::bigint as channel,
            1 + least(floor(-ln(1 - draw(session_key, 'pages')) * case when is_robot then 9 else 1.5 end), 40)::bigint as pages,
            case when is_robot then 1.2 else 25 + 90 * draw(session_key, 'pace') end as page_seconds,
            case when signs_up_as is not null then created_second - 20 - pages * page_seconds
                else 3600 * ((12 - utc_offset + 8 * (draw(session_key, 't1') + draw(session_key, 't2') - 1) + 24) % 24) end as start_second,
        from visit
        """
    )


def add_site_events(session: duckdb.DuckDBPyConnection) -> None:
    """Append the events of `visit_site` to table `event`: page views, heartbeats and the sign-up."""
    pages = len(catalogue.MARKETING_PAGES)
    session.execute(
        f"""
        insert into event
        with page as (
            select visit_site.*, unnest(range(pages)) as page_number, mix(session_key, page_number + 1) as page_key
            from visit_site
        ),
        read as (
            select
                page.*,
                case when is_robot or draw(page_key, 'reads') < 0.4 then 0
                    else least(floor(-ln(1 - draw(page_key, 'attention')) * 1.8), 2 + page_seconds / 14)::bigint end as pings,
                least({pages} - 1, floor({pages} * pow(draw(page_key, 'which page'), 1.6)))::bigint as target,
                signs_up_as is not null and page_number = pages - 1 as is_last,
            from page
        ),
        step as (
            select read.*, unnest(range(1 + pings + is_last::bigint)) as step_number from read
        ),
        named as (
            select
                step.*, mix(page_key, step_number + 2) as event_key,
                case when step_number = 0 then 'page_view' when step_number <= pings then 'page_ping' else 'sign_up' end as event_name,
                case when step_number > pings then moment(day, created_second)
                    else moment(day, start_second + page_number * page_seconds + 10.0 * step_number) end as occurred_at,
                ({sql_list([row[2] for row in catalogue.CHANNELS])})[channel + 1] as source,
                ({sql_list([row[3] for row in catalogue.CHANNELS])})[channel + 1] as medium,
                ({sql_list([row[4] for row in catalogue.CHANNELS])})[channel + 1] as referrer,
                ({sql_list(list(catalogue.CAMPAIGNS))})
                    [1 + floor({len(catalogue.CAMPAIGNS)} * draw(session_key, 'campaign'))::bigint] as campaign,
                page_number = 0 as is_landing,
            from step
        )
        select
            to_hex(event_key) || to_hex(hash(hash(event_key))), event_name, occurred_at,
            occurred_at + to_microseconds((1e5 + 2e6 * draw(event_key, 'delay'))::bigint),
            visitor_id,
            case when event_name = 'sign_up' then signs_up_as end,
            case when event_name = 'sign_up' then customer_id end,
            substr(to_hex(hash(hash(session_key))), 1, 12), 'web', null,
            '{SITE}' || ({sql_list([row[0] for row in catalogue.MARKETING_PAGES])})[target + 1]
            || case when is_landing and source is not null
                then '?utm_source=' || source || '&utm_medium=' || medium || '&utm_campaign=' || campaign else '' end,
            case when event_name = 'page_view' then ({sql_list([row[1] for row in catalogue.MARKETING_PAGES])})[target + 1] end,
            case when is_landing then referrer else '{SITE}/' end,
            case when is_landing then source end,
            case when is_landing and source is not null then medium end,
            case when is_landing and source is not null then campaign end,
            device_type,
            country,
            is_robot and draw(session_key, 'bot seen') < 0.6,
            event_name = 'page_ping',
            case when event_name = 'page_ping' then 10.0 end,
            null,
            null,
            event_key,
        from named
        """
    )
