"""How events reach the collector: days late, twice, by clocks that are wrong, and from programs that are no people.

`event_files.hold_back` keeps a few events for a month or sends them twice; this adds what trackers see every day. Table `delivery`
writes down what was done: the exports show times by the clock of the device, the truth keeps the true one.
"""

from __future__ import annotations

import duckdb

from simulator.database import sql_list
from simulator.settings import Month

#: shares of events that come 1 to 3 days late, 3 to 9 days late, and once more
LATE, VERY_LATE, AGAIN = 0.002, 0.0006, 0.0005
#: share of visitors whose device has a wrong clock: half by hours, a third by days or weeks behind, the others by days ahead
WRONG_CLOCK = 0.012
#: share of robots that say what they are
HONEST_ROBOTS = 0.75

_FIREFOX = "Gecko/20100101 Firefox/131.0"
_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36"
_DESKTOP = (
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME}",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) {_FIREFOX}",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:131.0) {_FIREFOX}",
    f"Mozilla/5.0 (X11; Linux x86_64; rv:131.0) {_FIREFOX}",
)
_MOBILE = ("Mozilla/5.0 (Android 14; Mobile; rv:131.0) Gecko/131.0 Firefox/131.0", "NorthbeamApp/3.2 (Android 14)")
_TABLET = ("Mozilla/5.0 (Android 14; Tablet; rv:131.0) Gecko/131.0 Firefox/131.0",)
_ROBOT = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "python-requests/2.32.3",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/129.0.0.0 Safari/537.36",
)


def prepare(session: duckdb.DuckDBPyConnection, is_on: bool) -> None:
    """Make the macros clock_error(visitor_id), in seconds (+: ahead), and user_agent(visitor_id, device_type, is_robot).

    Args:
        session: the session; needs the draw macros.
        is_on: whether clocks go wrong at all.
    """
    error = f"""case when v is null or draw(hash(v), 'wrong clock') >= {WRONG_CLOCK} then 0
        when draw(hash(v), 'kind of error') < 0.5
            then (case when draw(hash(v), 'sign') < 0.5 then -1 else 1 end) * (3600 + 39600 * draw(hash(v), 'error'))
        when draw(hash(v), 'kind of error') < 0.85 then -86400 * (1 + 40 * draw(hash(v), 'error'))
        else 86400 * (1 + 2 * draw(hash(v), 'error')) end"""
    session.execute(f"create macro clock_error(v) as floor({error if is_on else 0})::bigint")

    def one_of(words: tuple[str, ...]) -> str:
        return f"({sql_list(words)})[1 + floor({len(words)} * pow(draw(hash(v), 'agent'), 1.5))::bigint]"

    session.execute(
        f"""create macro user_agent(v, kind, is_robot) as
        case when is_robot and draw(hash(v), 'honest') < {HONEST_ROBOTS} then {one_of(_ROBOT)}
            when kind = 'desktop' then {one_of(_DESKTOP)} when kind = 'tablet' then {one_of(_TABLET)}
            when kind = 'mobile' then {one_of(_MOBILE)} end"""
    )
    session.execute(
        """create table delivery (event_id varchar, visitor_id varchar, kind varchar, true_at timestamp, occurred_at timestamp,
        received_at timestamp)"""
    )


def sent_columns(is_robot: str) -> str:
    """SQL of the columns sent_at and user_agent of a relation `outgoing`; `is_robot` is SQL too.

    sent_at is the device's clock at the moment of sending; servers send without one.
    """
    return f"""
        case when outgoing.visitor_id is not null then received_at + to_seconds(clock_error(outgoing.visitor_id))
            - to_microseconds((2e4 + 7e4 * draw(hash(event_id), 'transit'))::bigint) end as sent_at,
        case when outgoing.visitor_id is not null then user_agent(outgoing.visitor_id, device_type, {is_robot}) end as user_agent"""


def delay(session: duckdb.DuckDBPyConnection, month: Month, is_last: bool) -> None:
    """Let some events of table `event` come late and some once more; what comes after the month goes to table `held`.

    Of the last month nothing comes after its end.
    """
    end = f"moment({month.last_day + 1}, 0)"
    session.execute(
        f"""
        create or replace temp table slow as
        select event_key,
            received_at + to_seconds(floor(86400 * case when luck < {VERY_LATE} then 3 + 6 * draw(event_key, 'days late')
                else 1 + 2 * draw(event_key, 'days late') end)) as comes_at
        from (select event_key, received_at, draw(event_key, 'delivered late') as luck from event)
        where luck < {LATE + VERY_LATE}
        """
    )
    if is_last:
        session.execute(f"delete from slow where comes_at >= {end}")
    session.execute(
        """
        insert into delivery
        select event_id, visitor_id, 'late', occurred_at, occurred_at + to_seconds(clock_error(visitor_id)), comes_at
        from event inner join slow using (event_key)
        """
    )
    if not is_last:
        # JSON files hold milliseconds: what comes once more in one must not seem the earlier of the two.
        session.execute(
            f"""
            update event set occurred_at = date_trunc('millisecond', occurred_at), received_at = date_trunc('millisecond', received_at)
            where draw(event_key, 'delivered again') < {AGAIN}
            """
        )
        session.execute(
            f"""
            create or replace temp table again as
            select event.* replace (received_at + to_seconds(case when draw(event_key, 'same receipt') < 0.5 then 0
                else floor(600 + 200000 * draw(event_key, 'again after')) end) as received_at)
            from event
            where draw(event_key, 'delivered again') < {AGAIN} and event_key not in (select event_key from slow)
            """
        )
        session.execute("insert into held select *, 'delivered_again' from again")
        session.execute(
            """insert into delivery
            select event_id, visitor_id, 'again', occurred_at, occurred_at + to_seconds(clock_error(visitor_id)), received_at from again"""
        )
        session.execute(
            f"""
            insert into held select event.* replace (comes_at as received_at), 'slow'
            from event inner join slow using (event_key) where comes_at >= {end}
            """
        )
        session.execute(f"delete from event where event_key in (select event_key from slow where comes_at >= {end})")
    session.execute("update event set received_at = slow.comes_at from slow where event.event_key = slow.event_key")


def note_clocks(session: duckdb.DuckDBPyConnection) -> None:
    """Write down the events of table `event` whose device has a wrong clock."""
    session.execute(
        """
        insert into delivery
        select event_id, visitor_id, 'wrong_clock', occurred_at, occurred_at + to_seconds(clock_error(visitor_id)), received_at
        from event where clock_error(visitor_id) <> 0
        """
    )
