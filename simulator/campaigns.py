"""Campaigns and what they do: touchpoints of people and anonymous visitors, a hidden intent, and purchases with a known cause.

Purchases come from two places, and every one has exactly one cause. The base: in each week a person buys with probability
`1 - exp(-BASE * intent)`, whoever touched them. The touches: each has its own even draw, and where that lies below the
effect of its kind, one purchase follows after a while. Without the touch that purchase would not be there, and every other one
would: rates add up (Aalen's additive hazards), so the planted effect of a channel is the number of purchases its touches caused.

The hidden intent of a person and week is `exp(s * pull - s * s / 2)` with mean 1 and pull ~ N(0, 1): half of its variance is the
person's own, half wanders over three weeks. s is `intent_strength`. Channels that go by behaviour (search ads, retargeting)
reach people in proportion to a power of it: the more they mean to buy, the more they are touched. At s = 0 nothing is confounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from simulator import catalogue, deliveries
from simulator.database import sql_list
from simulator.files import Landing, write_query
from simulator.marketing import SITE
from simulator.settings import Month

#: base purchases a person and week at the mean of the intent
BASE = 0.02
#: in the simulated company everything happens so many times as often: its people are customers already
PACE_OF_COMPANY = 2.5
#: share of clicks whose purchase follows in the same visit; days to the others (mean, most)
AT_ONCE, LAG_DAYS, LONGEST_LAG_DAYS = 0.5, 3.0, 25.0
#: share of purchases for which people sign in, once they have
SIGNS_IN = 0.7


@dataclass(frozen=True)
class Step:
    """One kind of touch of a channel.

    Attributes:
        touchpoint_type: as the contract touchpoints names it; `session` is a visit of the site and no touchpoint of its own.
        share: of the touches of the step before that lead to it; of the first step, touches a person and week.
        intent: power of the hidden intent that the share goes with.
        effect: probability that it brings a purchase which would not have been made otherwise.
        cost: US dollars each.
        delay: mean time after the step before, in seconds.
    """

    touchpoint_type: str
    share: float
    intent: float
    effect: float
    cost: float
    delay: float = 0.0


@dataclass(frozen=True)
class Channel:
    """A channel with its steps, each led to by the one before; `is_personal`: it reaches known people only."""

    name: str
    steps: tuple[Step, ...]
    source: str | None = None
    medium: str | None = None
    referrer: str | None = None
    is_personal: bool = False


CHANNELS: tuple[Channel, ...] = (
    Channel("paid_search", (Step("ad_click", 0.04, 1.6, 0.03, 1.8),), "searchads", "cpc", "https://search.example/"),
    Channel(
        "display",
        (Step("ad_impression", 0.12, 1.2, 0.003, 0.004), Step("ad_click", 0.05, 0.4, 0.03, 0.4, 15.0)),
        "adnet", "display", "https://news.example/",
    ),
    Channel(
        "paid_social",
        (Step("ad_impression", 0.12, 0.2, 0.018, 0.008), Step("ad_click", 0.06, 0.2, 0.09, 0.6, 15.0)),
        "worknet", "paid_social", "https://worknet.example/feed",
    ),
    Channel(
        "email",
        (
            Step("email_sent", 0.2, 0.0, 0.004, 0.002), Step("email_open", 0.35, 0.2, 0.012, 0.0, 14_400.0),
            Step("email_click", 0.2, 0.4, 0.08, 0.0, 60.0),
        ),
        "newsletter", "email", None, True,
    ),
    Channel("sms", (Step("sms", 0.01, 0.0, 0.03, 0.05),), is_personal=True),
    Channel("call", (Step("call", 0.01, 0.4, 0.13, 6.0),), is_personal=True),
    Channel("branch", (Step("branch_visit", 0.006, 1.0, 0.09, 9.0),), is_personal=True),
    Channel("direct_mail", (Step("direct_mail", 0.015, 0.0, 0.02, 0.9),), is_personal=True),
    Channel("organic_search", (Step("session", 0.05, 1.0, 0.0, 0.0),), referrer="https://search.example/"),
    Channel("direct", (Step("session", 0.05, 1.0, 0.0, 0.0),)),
)  # fmt: skip
_CLICKS = "('ad_click', 'email_click', 'session')"
_BY_RECORD = "('call', 'branch_visit', 'direct_mail', 'sms')"

#: columns of table `shopper`: who can be touched and buy. Days are day numbers of the window, to_day is the first without.
#: sign_in_day: from then on the visitor may be signed in (null: never); record_from: since when the record is known.
SHOPPER_COLUMNS = (
    "shopper", "shopper_key", "person_id", "visitor_id", "user_id", "customer_id", "user_no", "origin_system", "source_record_id",
    "record_from", "device_type", "country", "from_day", "to_day", "sign_in_day", "is_personal", "is_own_device",
)  # fmt: skip


def shoppers_of_company(session: duckdb.DuckDBPyConnection, accounts: int, days: int) -> None:
    """Table `shopper` of a company: three logins in four, and strangers who never say who they are.

    Of the logins, two thirds shop on the device that they use the application with. The others have a browser of their own for it, in
    which nobody knows them until they sign in there: weeks after its first visit, or never.
    """
    strangers = max(2, round(accounts * 2))
    session.execute(
        f"""
        create table shopper as
        with login as (
            select
                person_user.*, account.customer_id, account.country, device.visitor_id, device.device_type,
                mix(mix(first_key(), person_user.user_no), 770000000) as shopper_key,
                least(person_user.left_day, account_end.end_day, {days}) as last_day,
            from person_user
            inner join account on person_user.account = account.account
            inner join account_end on person_user.account = account_end.account
            inner join device on person_user.user_no = device.user_no and device.device_number = 0
            where not account.is_silent and not person_user.is_internal
        ),
        record as (
            select person_login.user_id, arg_min(holder.source_system, (holder.source_system <> 'crm', holder.record)) as origin_system,
                arg_min(holder.source_record_id, (holder.source_system <> 'crm', holder.record)) as source_record_id,
                arg_min(holder.began_at, (holder.source_system <> 'crm', holder.record)) as record_from,
            from person_login inner join holder on person_login.person = holder.person
            where holder.source_system in ('crm', 'billing')
            group by person_login.user_id
        ),
        reached as (
            select login.*, draw(shopper_key, 'own browser') >= 0.33 as is_own_device, greatest(created_day, 0) as from_day
            from login
            where draw(shopper_key, 'shops') < 0.75 and greatest(created_day, 0) < last_day
        )
        select
            user_no as shopper, shopper_key, person_id,
            case when is_own_device then visitor_id else to_hex(mix(shopper_key, 7)) end as visitor_id,
            reached.user_id, customer_id, user_no, origin_system, source_record_id, record_from,
            case when is_own_device or draw(shopper_key, 'private device') < 0.4 then device_type else 'mobile' end as device_type,
            country, from_day, last_day as to_day,
            case when is_own_device then from_day
                when draw(shopper_key, 'says who') < 0.7
                then from_day + 14 + floor(90 * draw(shopper_key, 'says when'))::bigint end as sign_in_day,
            draw(shopper_key, 'has mail') < 0.85 as is_personal,
            is_own_device,
        from reached left join record on reached.user_id = record.user_id
        union all
        select
            1000000000 + number, mix(mix(first_key(), number), 780000000) as stranger_key, 'per-c' || number,
            to_hex(mix(stranger_key, 7)), null, null, null, null, null, null,
            case when draw(stranger_key, 'device') < 0.5 then 'desktop' else 'mobile' end,
            ({sql_list([row[0] for row in catalogue.COUNTRIES])})
                [1 + floor({len(catalogue.COUNTRIES)} * pow(draw(stranger_key, 'country'), 2.2))::bigint],
            floor(-60 + ({days} + 60) * draw(stranger_key, 'from'))::bigint as began_day,
            least(began_day + 120, {days}), null, false, false,
        from range({strangers}) as numbers (number)
        """
    )


def shoppers_alone(session: duckdb.DuckDBPyConnection, people: int, days: int) -> None:
    """Table `shopper` without a company: one visitor each; half of them have a login, which they use from some day on, or never."""
    session.execute(
        f"""
        create table shopper as
        select
            number as shopper, mix(mix(first_key(), number), 770000000) as shopper_key,
            'per-' || lpad((number + 1)::varchar, 8, '0') as person_id, to_hex(mix(shopper_key, 7)) as visitor_id,
            case when draw(shopper_key, 'has mail') < 0.5 then 'usr-' || lpad((number + 1)::varchar, 8, '0') end as user_id,
            null::varchar as customer_id, number as user_no, null::varchar as origin_system, null::varchar as source_record_id,
            null::timestamp as record_from,
            case when draw(shopper_key, 'device') < 0.5 then 'desktop' else 'mobile' end as device_type,
            ({sql_list([row[0] for row in catalogue.COUNTRIES])})
                [1 + floor({len(catalogue.COUNTRIES)} * pow(draw(shopper_key, 'country'), 2.2))::bigint] as country,
            0::bigint as from_day, {days}::bigint as to_day,
            case when draw(shopper_key, 'has mail') < 0.5 and draw(shopper_key, 'says who') < 0.8
                then floor({days} * pow(draw(shopper_key, 'says when'), 2))::bigint end as sign_in_day,
            draw(shopper_key, 'has mail') < 0.5 as is_personal,
            false as is_own_device,
        from range({people}) as numbers (number)
        """
    )


def _load_steps(session: duckdb.DuckDBPyConnection, without: Sequence[str]) -> None:
    rows = [
        (
            number, step_number, channel.name, channel.source, channel.medium, channel.referrer, channel.is_personal,
            step.touchpoint_type, step.share, step.intent, step.effect, step.cost, step.delay,
        )
        for number, channel in enumerate(CHANNELS)
        for step_number, step in enumerate(channel.steps)
        if channel.name not in without
    ]  # fmt: skip
    session.execute(
        """create table channel_step (channel_no bigint, step bigint, channel varchar, utm_source varchar, utm_medium varchar,
        referrer varchar, is_personal boolean, touchpoint_type varchar, share double, intent double, effect double, cost double,
        delay double)"""
    )
    if rows:
        session.executemany(f"insert into channel_step values ({', '.join('?' * 13)})", rows)


def live(
    session: duckdb.DuckDBPyConnection,
    days: int,
    intent_strength: float,
    without: Sequence[str] = (),
    pace: float = 1.0,
) -> None:
    """Let all shoppers be touched and buy: tables `touch` and `conversion`; needs `shopper`.

    Draws hang on person, week and channel alone: with other channels, or without one, all others do the same.

    Args:
        days: length of the window.
        intent_strength: s of the module's text.
        without: channels that do nothing, for a comparison.
        pace: factor on the touches and base purchases of a week.

    Raises:
        ValueError: `without` names a channel that is not in `CHANNELS`.
    """
    known = [channel.name for channel in CHANNELS]
    for name in without:
        if name not in known:
            raise ValueError(f"without names {name!r}; allowed are {', '.join(known)}.")
    _load_steps(session, without)
    run, s = session.execute, float(intent_strength)
    run("create macro normal(k, name) as sqrt(-2 * ln(1 - draw(k, name))) * cos(2 * pi() * draw(k, name || ' angle'))")
    run(f"create macro intent(pull, power) as exp({s} * power * pull - {s * s} * power * power / 2)")
    run("create macro daytime(k) as 3600 * (7 + 7 * draw(k, 'hour one') + 8 * draw(k, 'hour two'))")
    run(
        f"""
        create table shopper_week as
        select
            shopper, shopper_key, week, mix(shopper_key, 5000 + week) as week_key, from_day, to_day, is_personal,
            sqrt(0.5) * normal(shopper_key, 'own pull') + sqrt(0.5 / 3) * (
                normal(week_key, 'pull') + normal(mix(shopper_key, 4999 + week), 'pull') + normal(mix(shopper_key, 4998 + week), 'pull')
            ) as pull,
        from shopper cross join range({(days + 6) // 7}) as weeks (week)
        where week * 7 < to_day and week * 7 + 7 > from_day
        """
    )
    run(
        f"""
        create table touch as
        with reached as (
            select
                mix(week_key, channel_no) as touch_key, shopper, channel_no, step, pull, from_day, to_day,
                week * 7 + floor(7 * draw(touch_key, 'day'))::bigint as day,
            from shopper_week inner join channel_step on not channel_step.is_personal or shopper_week.is_personal
            where step = 0 and draw(mix(week_key, channel_no), 'touched') < least(0.95, {pace} * share * intent(pull, intent))
        )
        select touch_key, shopper, channel_no, step, pull, from_day, to_day, moment(day, daytime(touch_key)) as occurred_at
        from reached where day >= from_day and day < to_day and day >= 0 and day < {days}
        """
    )
    for step in range(1, max(len(channel.steps) for channel in CHANNELS)):
        run(
            f"""
            insert into touch
            with led as (
                select mix(touch_key, {step}) as next_key, touch.*, channel_step.share, channel_step.intent, channel_step.delay
                from touch inner join channel_step on touch.channel_no = channel_step.channel_no and channel_step.step = {step}
                where touch.step = {step - 1}
            )
            select
                next_key, shopper, channel_no, {step}, pull, from_day, to_day,
                occurred_at + to_seconds(1 + floor(-ln(1 - draw(next_key, 'delay')) * delay)) as next_at,
            from led
            where draw(next_key, 'goes on') < least(0.95, share * intent(pull, intent)) and next_at < moment(to_day, 0)
            """
        )
    run(
        f"""
        create table conversion as
        with base as (
            select
                mix(week_key, 900) as conversion_key, shopper, null::ubigint as touch_key, null::bigint as channel_no, pull,
                from_day, to_day, moment(week * 7 + floor(7 * draw(conversion_key, 'day'))::bigint, daytime(conversion_key)) as occurred_at,
                false as is_at_once,
            from shopper_week
            where draw(mix(week_key, 900), 'buys') < 1 - exp(-{pace * BASE} * intent(pull, 1))
        ),
        worked as (
            select touch.*, mix(touch_key, 901) as conversion_key,
                touchpoint_type in {_CLICKS} and draw(touch_key, 'at once') < {AT_ONCE} as is_at_once,
            from touch inner join channel_step on touch.channel_no = channel_step.channel_no and touch.step = channel_step.step
            where draw(touch_key, 'works') < effect
        ),
        caused as (
            select conversion_key, shopper, touch_key, channel_no, pull, from_day, to_day,
                occurred_at + to_seconds(case when is_at_once then 120 + floor(600 * draw(conversion_key, 'lag'))
                    else 3600 + floor(86400 * least({LONGEST_LAG_DAYS}, -ln(1 - draw(conversion_key, 'lag')) * {LAG_DAYS})) end) as occurred_at,
                is_at_once,
            from worked
        )
        select conversion_key, shopper, touch_key, channel_no, pull, occurred_at, is_at_once,
            round(exp(4.0 + 0.7 * normal(conversion_key, 'value')), 2) as value,
        from (select * from base union all select * from caused)
        where occurred_at >= moment(greatest(from_day, 0), 0) and occurred_at < moment(to_day, 0)
        """
    )
    run("drop table shopper_week")


_EVENT_ID = "to_hex({0}) || to_hex(hash(hash({0})))"


def prepare_events(session: duckdb.DuckDBPyConnection) -> None:
    """Table `campaign_event`: what clicks, visits, purchases and late sign-ins leave on the site."""
    currency = " ".join(f"when '{row[0]}' then '{row[4]}'" for row in catalogue.COUNTRIES)
    session.execute(
        f"""
        create table campaign_event as
        with clicked as (
            select
                touch_key as visit_key, shopper, touch.occurred_at, channel, utm_source, utm_medium, referrer, true as is_landing,
                1 + least(5, floor(-ln(1 - draw(touch_key, 'pages')) * 1.2))::bigint as pages, null::timestamp as bought_at,
                null::ubigint as conversion_key, null::double as value, false as signs_in,
            from touch inner join channel_step on touch.channel_no = channel_step.channel_no and touch.step = channel_step.step
            where touchpoint_type in {_CLICKS}
        ),
        bought as (
            select
                case when is_at_once then touch_key else conversion_key end as visit_key, shopper, occurred_at - interval 55 second,
                'direct', null, null, null, not is_at_once, 2::bigint, occurred_at, conversion_key, value, false,
            from conversion
        ),
        signed_in as (
            select mix(shopper_key, 902) as login_key, shopper, moment(sign_in_day, daytime(login_key)), 'direct', null, null, null, true, 1::bigint,
                null::timestamp, null::ubigint, null::double, true,
            from shopper where not is_own_device and sign_in_day < to_day
        ),
        visit as materialized (
            select * from clicked union all select * from bought union all select * from signed_in
        ),
        step as materialized (
            select visit.*, unnest(range(pages + (bought_at is not null or signs_in)::bigint)) as number from visit
        ),
        named as (
            select
                step.*, shopper.* exclude (shopper),
                case when number < pages then mix(mix(visit_key, 910 + (conversion_key is not null)::bigint), number)
                    else coalesce(conversion_key, mix(visit_key, 920)) end as event_key,
                case when number < pages then 'page_view' when signs_in then 'login' else 'purchase' end as event_name,
                case when number < pages then step.occurred_at + to_seconds(floor(number * (15 + 40 * draw(visit_key, 'pace'))))
                    else coalesce(bought_at, step.occurred_at + interval 25 second) end as happened_at,
                case when conversion_key is not null then (['/pricing', '/checkout'])[number + 1]
                    when signs_in then '/login'
                    else ({sql_list([row[0] for row in catalogue.MARKETING_PAGES])})
                        [1 + floor({len(catalogue.MARKETING_PAGES)} * pow(draw(event_key, 'which page'), 1.6))::bigint] end as page,
                case country {currency} end as currency,
                is_landing and number = 0 as is_entry,
            from step inner join shopper on step.shopper = shopper.shopper
        ),
        known as (
            select named.*, channel || '_' || strftime(happened_at, '%Y%m') as campaign,
                event_name = 'login' or (event_name = 'purchase' and draw(event_key, 'signed in') < {SIGNS_IN}
                    and happened_at >= moment(sign_in_day, daytime(mix(shopper_key, 902)))) as is_known,
            from named
        )
        select
            {_EVENT_ID.format("event_key")} as event_id, event_name, happened_at as occurred_at,
            happened_at + to_microseconds((1e5 + 2e6 * draw(event_key, 'delay'))::bigint) as received_at,
            visitor_id,
            case when is_known then user_id end as user_id,
            case when is_known then customer_id end as customer_id,
            substr(to_hex(hash(hash(visit_key))), 1, 12) as tracker_session_id,
            'web' as platform,
            '{SITE}' || coalesce(page, '/checkout/thanks') || case when is_entry and utm_source is not null
                then '?utm_source=' || utm_source || '&utm_medium=' || utm_medium || '&utm_campaign=' || campaign else '' end as page_url,
            case when is_entry then referrer when event_name = 'page_view' then '{SITE}/' end as referrer_url,
            case when is_entry then utm_source end as utm_source,
            case when is_entry then utm_medium end as utm_medium,
            case when is_entry and utm_source is not null then campaign end as utm_campaign,
            device_type, country,
            case when event_name = 'purchase' then '{{"order_id": "ord-' || to_hex(event_key) || '"}}' end as properties,
            case when is_known then user_no end as user_no,
            event_key, case when event_name = 'purchase' then value end as event_value,
            case when event_name = 'purchase' then currency end as currency,
        from known
        """
    )


def add_events(session: duckdb.DuckDBPyConnection, month: Month) -> None:
    """Append the month's part of `campaign_event` to table `event`, which gains event_value and currency."""
    session.execute("alter table event add column event_value double")
    session.execute("alter table event add column currency varchar")
    session.execute(
        f"""
        insert into event by name
        select *, false as is_bot, false as is_heartbeat
        from campaign_event
        where occurred_at >= moment({month.first_day}, 0) and occurred_at < moment({month.last_day + 1}, 0)
        """
    )


def events_query(month: Month) -> str:
    """The month's part of `campaign_event` in the shape of the contract customer_events, for files without a company."""
    return f"""
        select
            event_id, event_name, occurred_at, received_at, visitor_id, user_id, customer_id, tracker_session_id, platform, page_url,
            referrer_url, utm_source, utm_medium, utm_campaign, device_type, country, false as is_bot, false as is_heartbeat, properties,
            event_value, currency, {deliveries.sent_columns("false")}
        from campaign_event as outgoing
        where occurred_at >= moment({month.first_day}, 0) and occurred_at < moment({month.last_day + 1}, 0)
        order by received_at, event_id
    """


def touchpoints_query(month: Month) -> str:
    """The touchpoints of a month, as the systems of the channels know the people: by visitor, login or record."""
    return f"""
        with told as (
            select
                touch.*, shopper.* exclude (shopper, from_day, to_day),
                channel_step.* exclude (channel_no, step, intent, share, effect, delay, is_personal),
                touchpoint_type in {_BY_RECORD} and coalesce(record_from <= occurred_at, false) as is_by_record,
                touchpoint_type not in ('ad_impression', 'ad_click') as is_by_name,
                channel || '_' || strftime(occurred_at, '%Y%m') as campaign,
            from touch
            inner join channel_step on touch.channel_no = channel_step.channel_no and touch.step = channel_step.step
            inner join shopper on touch.shopper = shopper.shopper
            where touchpoint_type <> 'session'
                and occurred_at >= moment({month.first_day}, 0) and occurred_at < moment({month.last_day + 1}, 0)
        )
        select
            printf('tch-%016x', touch_key) as touchpoint_id, touchpoint_type, occurred_at,
            occurred_at + to_microseconds((1e6 + 5e7 * draw(touch_key, 'delay'))::bigint) as received_at,
            channel, utm_source, utm_medium, case when utm_source is not null then campaign end as utm_campaign,
            'cmp-' || campaign as campaign_id,
            case when not is_by_name or touchpoint_type = 'email_click' then visitor_id end as visitor_id,
            case when is_by_name and not is_by_record then user_id end as user_id,
            case when is_by_name and not is_by_record then customer_id end as customer_id,
            case when is_by_record then origin_system end as origin_system,
            case when is_by_record then source_record_id end as source_record_id,
            cost, case when cost > 0 then 'USD' end as currency,
        from told
        order by received_at, touchpoint_id
    """


def write_month(landing: Landing, month: Month, form: str = "csv") -> None:
    """Write the touchpoints of a month as `touchpoints/touchpoints_<month>.<form>`."""
    landing.write("touchpoints", f"touchpoints_{month.label}.{form}", touchpoints_query(month), month)


def write_campaign_truth(session: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write what the campaigns did into `folder`.

    conversions: a purchase a row (event_id of its event), with person, true time, value, its cause (channel and touchpoint; null: the
        base) and the hidden pull of the moment. touchpoint_truth: a touch a row, visits of the site included (touchpoint_type
        session), with person, hidden pull and the purchase it caused. shoppers: who can be touched; which visitor and login is whom.
    campaign_effects.csv: a channel a row: touches, purchases expected of them (sum of effects) and caused by them (the planted
        incremental ones), its share of all that touches caused, their value, and spend in US dollars.
    """
    conversion_id = _EVENT_ID.format("conversion_key")
    for name, query in {
        "conversions": f"""
            select {conversion_id} as event_id, person_id, conversion.occurred_at, value, channel_name.channel as caused_by_channel,
                case when touch_key is not null then printf('tch-%016x', touch_key) end as caused_by_touchpoint_id,
                pull as hidden_pull
            from conversion inner join shopper using (shopper)
            left join (select channel_no, channel from channel_step where step = 0) as channel_name using (channel_no)
            order by occurred_at, event_id""",
        "touchpoint_truth": f"""
            select printf('tch-%016x', touch.touch_key) as touchpoint_id, person_id, channel, touchpoint_type, touch.occurred_at,
                effect, cost, touch.pull as hidden_pull,
                case when conversion_key is not null then {conversion_id} end as caused_event_id
            from touch inner join channel_step using (channel_no, step) inner join shopper using (shopper)
            left join conversion on touch.touch_key = conversion.touch_key
            order by touch.occurred_at, touchpoint_id""",
        "shoppers": """
            select person_id, visitor_id, user_id, customer_id, moment(greatest(from_day, 0), 0) as reached_from,
                moment(to_day, 0) as reached_until,
                case when not is_own_device and sign_in_day < to_day then moment(sign_in_day, daytime(mix(shopper_key, 902))) end as signs_in_at
            from shopper where to_day > 0 order by person_id, visitor_id""",
    }.items():  # fmt: skip
        write_query(session, query, folder / f"{name}.parquet", "parquet")
    write_query(
        session,
        """
        with touched as (
            select channel, count(*) as touches, round(sum(effect), 6) as expected_conversions, round(sum(cost), 2) as spend,
                count(conversion_key) as incremental_conversions, round(coalesce(sum(value), 0), 2) as incremental_value,
            from touch inner join channel_step using (channel_no, step)
            left join conversion on touch.touch_key = conversion.touch_key
            group by channel
        )
        select channel, touches, expected_conversions, incremental_conversions,
            round(incremental_conversions / nullif(sum(incremental_conversions) over (), 0), 6) as share_of_incremental,
            incremental_value, spend, 'USD' as currency,
        from touched order by channel
        """,
        folder / "campaign_effects.csv",
        "csv",
    )
