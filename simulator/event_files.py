"""The event export: one file a month in the order of receipt; older months Parquet, the newest ones text."""

from __future__ import annotations

import duckdb

from simulator import deliveries
from simulator.database import count_rows
from simulator.defects import Defects
from simulator.events import EVENT_COLUMNS
from simulator.exports import iso
from simulator.files import Landing
from simulator.settings import Month

LATE_A_MONTH = 8
TWICE_A_MONTH = 3


def form_of(month: Month, months: int) -> str:
    """File ending of a month: the newest JSON Lines, the two before CSV, all others Parquet."""
    age = months - 1 - month.number
    return "jsonl.gz" if age == 0 and months > 1 else "csv.gz" if age <= 2 else "parquet"


def hold_back(session: duckdb.DuckDBPyConnection, month: Month, months: int, defects: Defects) -> None:
    """Move a few events of the month to table `held`, to come a month late; copy a few to come a second time."""
    if not defects.is_on or month.number == months - 1:
        return
    session.execute(
        f"""
        create or replace temp table chosen as
        select event_key, row_number() over (order by luck, event_key) as place
        from (
            select event_key, draw(event_key, 'held') as luck from event
            where clock_error(visitor_id) = 0
            order by luck, event_key limit {LATE_A_MONTH + TWICE_A_MONTH}
        )
        """
    )
    session.execute(
        f"""
        insert into held
        select event.* replace (received_at + to_days(27 + (place % 4)::integer) as received_at),
            case when place <= {LATE_A_MONTH} then 'late_delivery' else 'delivered_twice' end
        from event inner join chosen using (event_key)
        """
    )
    session.execute(
        f"delete from event where event_key in (select event_key from chosen where place <= {LATE_A_MONTH})"
    )


def write_month(
    session: duckdb.DuckDBPyConnection, landing: Landing, defects: Defects, month: Month, months: int, end_moment: str
) -> int:
    """Write table `event`, and what was held back a month before, as the file of the month; returns its events."""
    if month.number in (0, months - 1):
        session.execute(f"delete from event where occurred_at >= {end_moment} or occurred_at < moment(0, 0)")
    session.execute("create table if not exists held as select *, ''::varchar as kind from event limit 0")
    session.execute("create or replace temp table due as select * from held")
    session.execute("delete from held")
    hold_back(session, month, months, defects)
    if defects.is_on:
        deliveries.note_clocks(session)
        deliveries.delay(session, month, month.number == months - 1)
    columns = ", ".join(EVENT_COLUMNS)
    session.execute(
        f"""
        create or replace temp table outgoing as
        select
            outgoing.* replace (
                outgoing.occurred_at + to_seconds(clock_error(outgoing.visitor_id)) as occurred_at,
                case when kind <> 'slow' then kind end as kind
            ),
            {deliveries.sent_columns("robot.visitor_id is not null")}
        from (select {columns}, null as kind from event union all select {columns}, kind from due) as outgoing
        left join (select distinct visitor_id from stranger where person_id is null) as robot on outgoing.visitor_id = robot.visitor_id
        order by received_at, event_id, kind nulls first
        """
    )
    form = form_of(month, months)
    times = (
        f"replace ({iso('occurred_at')} as occurred_at, {iso('received_at')} as received_at, {iso('sent_at')} as sent_at)"
        if form == "jsonl.gz"
        else ""
    )
    name = f"customer_events_{month.label}.{form}"
    landing.write("customer_events", name, f"select * exclude (kind) {times} from outgoing", month)
    held_rows = session.execute(
        """
        select rowid + 1 as place, kind, event_id from outgoing where kind is not null order by place
        """
    ).fetchall()
    defects.note_rows(
        f"customer_events/{name}", [(int(place), str(kind), str(event_id)) for place, kind, event_id in held_rows]
    )
    return count_rows(session, "outgoing")
