"""Events in any split, order, duplication and lateness: what is built in loads is what one full build makes, and sessions are what a plain
reading of the rules says. Boundaries by name, case by case.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.python.scenarios.event_bench import EventBench, Landed

pytestmark = pytest.mark.slow

TIMEOUT = timedelta(minutes=30)
LATE = timedelta(days=3)
Row = dict[str, str | None]

#: Every example is a few builds: what was drawn is shown as it is, and not made smaller.
SEQUENCES = settings(
    max_examples=2,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.fixture(scope="module")
def by_pause(tmp_path_factory: pytest.TempPathFactory) -> EventBench:
    """Sessions by inactivity, the default; a device is a kiosk from the third login on."""
    return EventBench(
        tmp_path_factory.mktemp("events") / "by_pause", visitor_max_logins=2, attribution_lookback_days=10
    )


@pytest.fixture(scope="module")
def by_tracker(tmp_path_factory: pytest.TempPathFactory) -> EventBench:
    """Sessions by the tracker's own id."""
    return EventBench(tmp_path_factory.mktemp("events") / "by_tracker", session_by="tracker")


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat(sep=" ") if moment else None


# What hypothesis draws: few ids of everything, and times that lie at and around the limits.

MOMENTS = st.builds(
    lambda day, minute, second: datetime(2026, 3, 1) + timedelta(days=day, minutes=minute, seconds=second),
    st.sampled_from([0, 0, 1, 2, 12]),
    st.sampled_from([0, 10, 29, 30, 59, 60, 90, 23 * 60 + 50, 24 * 60 + 10]),
    st.sampled_from([0, 0, 0, 59]),
)
DELAYS = st.sampled_from(
    [timedelta(0), timedelta(0), timedelta(seconds=5), timedelta(hours=7), LATE, LATE + timedelta(seconds=1)]
)
NAMES = ["page_view", "page_view", "page_ping", "login", "purchase", "sign_up", "feature_used"]
TOUCHES = ["ad_impression", "ad_click", "email_open", "email_click", "call", "email_sent"]


def _often_none(values: list[str]) -> st.SearchStrategy[str | None]:
    return st.one_of(st.none(), st.none(), st.sampled_from(values))


@st.composite
def events(draw: st.DrawFn) -> Row:
    """An event; its id may come twice with other contents, its device may have a clock of its own."""
    occurred = draw(MOMENTS)
    received = draw(st.one_of(st.just(occurred + draw(DELAYS)), st.none()))
    name = draw(st.sampled_from(NAMES))
    sent = None
    if draw(st.integers(0, 4)) == 0:
        wrong = timedelta(hours=draw(st.sampled_from([-30, -5, 0, 5])))
        occurred += wrong
        sent = occurred + draw(
            st.sampled_from([timedelta(0), timedelta(minutes=3), timedelta(days=4), -timedelta(seconds=1)])
        )
    return {
        "event_id": f"e{draw(st.integers(1, 30)):02}",
        "event_name": name,
        "occurred_at": _text(occurred),
        "received_at": _text(received),
        "sent_at": _text(sent),
        "visitor_id": draw(st.sampled_from(["v1", "v1", "v2", "v2", "v3", None])),
        "user_id": "u1" if name == "login" else draw(_often_none(["u1", "u2", "u3", "unknown", "staff"])),
        "tracker_session_id": draw(_often_none(["t1", "t2"])),
        "page_url": draw(_often_none(["https://shop.example/pricing", "https://shop.example/?utm_source=x"])),
        "page_view_id": draw(_often_none(["p1", "p2"])),
        "referrer_url": draw(_often_none(["https://www.google.com/", "https://shop.example/"])),
        "utm_source": draw(_often_none(["newsletter"])),
        "utm_medium": draw(_often_none(["email", "cpc"])),
        "user_agent": draw(_often_none(["Mozilla/5.0 (compatible; Googlebot/2.1)"])),
        "is_bot": "true" if draw(st.integers(0, 11)) == 0 else None,
        "is_heartbeat": "true" if name == "page_ping" else None,
        "heartbeat_seconds": "10" if name == "page_ping" else None,
        "event_value": draw(st.sampled_from([None, "0.1", "19.99"])) if name == "purchase" else None,
        "currency": draw(st.sampled_from([None, "EUR", "XXX"])) if name == "purchase" else None,
    }


@st.composite
def touchpoints(draw: st.DrawFn) -> Row:
    """A touchpoint, of a visitor or of a login."""
    occurred = draw(MOMENTS)
    return {
        "touchpoint_id": f"t{draw(st.integers(1, 8))}",
        "touchpoint_type": draw(st.sampled_from(TOUCHES)),
        "occurred_at": _text(occurred),
        "received_at": _text(occurred + draw(DELAYS)),
        "visitor_id": draw(st.sampled_from(["v1", "v2", "v3", None])),
        "user_id": draw(_often_none(["u1", "u2"])),
        "channel": draw(_often_none(["Email", "Display"])),
        "utm_source": draw(_often_none(["newsletter"])),
        "utm_medium": draw(_often_none(["email"])),
        "cost": draw(_often_none(["0.5"])),
    }


@st.composite
def deliveries(draw: st.DrawFn) -> list[Landed]:
    """A log, and the load with which each of its rows comes."""
    loads = draw(st.integers(2, 4))
    rows = [("customer_events", it) for it in draw(st.lists(events(), min_size=25, max_size=45))]
    rows += [("touchpoints", it) for it in draw(st.lists(touchpoints(), min_size=4, max_size=10))]
    return [
        Landed(contract, f"{contract}_{place:02}.csv", draw(st.integers(1, loads)), row)
        for place, (contract, row) in enumerate(rows)
    ]


# A plain reading of the rules.


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _happened_at(row: Mapping[str, str | None]) -> datetime:
    """By the device's clock, put right by how long before sending it was."""
    occurred, received, sent = (_moment(row.get(name)) for name in ("occurred_at", "received_at", "sent_at"))
    assert occurred
    if sent is None or received is None:
        return occurred
    return received - (sent - occurred)


def sessions_of(landed: Iterable[Landed], by_tracker: bool) -> set[tuple[Any, ...]]:
    """Visitor, start, end, events, page views and login of every session, read row by row."""
    elected: dict[str, tuple[tuple[Any, ...], Mapping[str, str | None]]] = {}
    for it in landed:
        if it.contract != "customer_events":
            continue
        happened, received = _happened_at(it.columns), _moment(it.columns.get("received_at"))
        if received and received > happened + LATE:
            continue
        event_id = it.columns["event_id"]
        assert event_id
        rank = (received or datetime.max, happened, it.file)
        if event_id not in elected or rank < elected[event_id][0]:
            elected[event_id] = (rank, it.columns)
    by_visitor = defaultdict(list)
    for event_id, ((_, happened, _), row) in elected.items():
        visitor = row.get("visitor_id") or row.get("user_id")
        if visitor and row.get("is_bot") != "true":
            by_visitor[visitor, row.get("tracker_session_id") if by_tracker else None].append((happened, event_id, row))
    found = set()
    for (visitor, tracked), log in by_visitor.items():
        log.sort(key=lambda event: event[:2])
        session: list[tuple[datetime, str, Mapping[str, str | None]]] = []
        for event in [*log, None]:
            if session and (event is None or (tracked is None and event[0] - session[-1][0] >= TIMEOUT)):
                shown = {
                    row.get("page_view_id") or event_id
                    for _, event_id, row in session
                    if row["event_name"] == "page_view"
                }
                logins = [row["user_id"] for _, _, row in session if row.get("user_id")]
                found.add(
                    (visitor, session[0][0], session[-1][0], len(session), len(shown), logins[-1] if logins else None)
                )
                session = []
            if event is not None:
                session.append(event)
    return found


def _check_sequence(bench: EventBench, landed: list[Landed], by_tracker: bool) -> None:
    bench.clear()
    bench.land(Landed(it.contract, it.file, 1, it.columns) for it in landed)
    bench.build()
    expected = bench.tables()
    found = bench.query("select visitor_id, started_at, ended_at, events, page_views, user_id from silver.sessions")
    assert set(found) == sessions_of(landed, by_tracker)
    bench.clear()
    for load_id in sorted({it.load_id for it in landed}):
        bench.land(it for it in landed if it.load_id == load_id)
        bench.build_what_is_kept()
    bench.build()
    for table, rows in bench.tables().items():
        assert rows == expected[table], table


@SEQUENCES
@given(landed=deliveries())
def test_any_sequence_of_loads_ends_where_one_build_does(by_pause: EventBench, landed: list[Landed]) -> None:
    _check_sequence(by_pause, landed, by_tracker=False)


@pytest.mark.thorough
@settings(SEQUENCES)
@given(landed=deliveries())
def test_any_sequence_of_tracker_sessions_ends_where_one_build_does(
    by_tracker: EventBench, landed: list[Landed]
) -> None:
    _check_sequence(by_tracker, landed, by_tracker=True)


# Cases by name, in two loads: each a visitor called as it is.

PAGE = "https://shop.example/"
#: case -> its events as (occurred_at, columns); all come with the first load
CASES: dict[str, list[tuple[str, Row]]] = {
    "pause of the timeout": [
        ("2026-03-01 10:00:00", {}),
        ("2026-03-01 10:29:59.999", {}),
        ("2026-03-01 10:59:59.999", {}),
    ],
    "midnight": [("2026-03-01 23:45:00", {}), ("2026-03-02 00:14:59", {})],
    "clocks go forward": [("2026-03-29T01:59:59+01:00", {}), ("2026-03-29T03:00:00+02:00", {})],
    "clocks go back": [
        ("2026-10-25T02:50:00+02:00", {}),
        ("2026-10-25T02:10:00+01:00", {}),
        ("2026-10-25T02:50:00+01:00", {}),
    ],
    "leap day": [
        ("2028-02-28 23:59:59", {"received_at": "2028-03-02 23:59:59"}),
        ("2028-02-29 00:00:00", {}),
        ("2028-02-29 23:59:59", {}),
        ("2028-03-01 00:00:10", {}),
    ],
    "same instant": [
        ("2026-03-01 10:00:00", {"page_url": PAGE + "first"}),
        ("2026-03-01 10:00:00", {"page_url": PAGE + "second"}),
    ],
    "late sign-in": [
        ("2026-03-01 10:00:00", {}),
        ("2026-03-09 10:00:00", {"event_name": "purchase", "event_value": "80"}),
    ],
    "two logins": [
        ("2026-03-01 08:00:00", {}),
        ("2026-03-01 10:00:00", {"event_name": "login", "user_id": "u1"}),
        ("2026-03-01 12:00:00", {}),
        ("2026-03-01 14:00:00", {"event_name": "login", "user_id": "u2"}),
        ("2026-03-01 16:00:00", {}),
    ],
    "kiosk": [
        ("2026-03-01 08:00:00", {}),
        ("2026-03-01 10:00:00", {"event_name": "login", "user_id": "u1"}),
        ("2026-03-01 12:00:00", {"event_name": "login", "user_id": "u2"}),
        ("2026-03-01 14:00:00", {"event_name": "login", "user_id": "u3"}),
        ("2026-03-01 16:00:00", {}),
    ],
    "late event": [
        ("2026-03-01 10:00:00", {"received_at": "2026-03-04 10:00:00"}),
        ("2026-03-01 10:05:00", {"received_at": "2026-03-04 10:05:00.001"}),
        ("2026-03-01 10:10:00", {}),
    ],
    "clock five hours fast": [
        ("2026-03-01 15:00:00", {"sent_at": "2026-03-01 15:00:30", "received_at": "2026-03-01 10:00:30"}),
        ("2026-03-01 10:10:00", {"sent_at": "2026-03-01 10:10:00", "received_at": "2026-03-01 10:10:01"}),
    ],
    "clock years slow": [
        ("2021-01-01 00:00:00", {"sent_at": "2021-01-01 00:01:00", "received_at": "2026-03-01 10:00:00"}),
    ],
    "kept two days on the device": [
        ("2026-02-27 03:00:00", {"sent_at": "2026-03-01 03:00:00", "received_at": "2026-03-01 10:00:00"}),
    ],
    "bounce: one page view": [("2026-03-01 10:00:00", {})],
    "bounce: too few heartbeats": [
        ("2026-03-01 10:00:00", {}),
        ("2026-03-01 10:05:00", {"event_name": "page_ping", "is_heartbeat": "true", "heartbeat_seconds": "9.999"}),
    ],
    "engaged: just enough heartbeats": [
        ("2026-03-01 10:00:00", {}),
        ("2026-03-01 10:00:05", {"event_name": "page_ping", "is_heartbeat": "true", "heartbeat_seconds": "5"}),
        ("2026-03-01 10:00:06", {"event_name": "page_ping", "is_heartbeat": "true", "heartbeat_seconds": "5"}),
    ],
    "bounce: too short, without heartbeats": [("2026-03-01 10:00:00", {}), ("2026-03-01 10:00:09.999", {"event_name": "click"})],
    "engaged: just long enough, without heartbeats": [("2026-03-01 10:00:00", {}), ("2026-03-01 10:00:10", {"event_name": "click"})],
    "engaged: two page views": [("2026-03-01 10:00:00", {"page_view_id": "p1"}), ("2026-03-01 10:00:01", {"page_view_id": "p2"})],
    "bounce: one showing, delivered twice": [
        ("2026-03-01 10:00:00", {"page_view_id": "p1"}),
        ("2026-03-01 10:00:01", {"page_view_id": "p1"}),
    ],
    "engaged: a conversion": [("2026-03-01 10:00:00", {"event_name": "sign_up"})],
    "staff before the login": [
        ("2026-03-01 10:00:00", {"event_name": "purchase", "event_value": "77"}),
        ("2026-03-02 10:00:00", {"event_name": "login", "user_id": "staff"}),
    ],
    "as much as there is": [
        ("2026-03-01 10:00:00", {"event_name": "purchase", "event_value": "1000000000000", "currency": "GBP"}),
        ("2026-03-02 10:00:00", {"event_name": "purchase", "event_value": "1000000000000.01", "currency": "GBP"}),
        ("294247-01-09 00:00:00", {"received_at": "2026-03-01 10:00:00"}),
    ],
    "clock of 1900": [("2026-06-01 10:00:00", {"sent_at": "1900-01-02 00:00:00", "received_at": "2026-06-01 10:00:00"})],
    "sale by the back end": [
        ("2026-03-01 10:00:00", {"utm_source": "newsletter", "utm_medium": "email"}),
        ("2026-03-02 10:00:00", {"event_name": "purchase", "platform": "server"}),
    ],
}  # fmt: skip
#: what the second load brings
LATER: dict[str, list[tuple[str, Row]]] = {
    "late sign-in": [("2026-04-20 10:00:00", {"event_name": "login", "user_id": "u1"})],
}
TRACKED: dict[str, list[tuple[str, Row]]] = {
    "overlap": [
        ("2026-03-01 10:00:00", {"tracker_session_id": "t1"}),
        ("2026-03-01 10:30:00", {"tracker_session_id": "t2"}),
        ("2026-03-01 10:31:00", {"tracker_session_id": "t1", "event_name": "purchase"}),
        ("2026-03-01 10:45:00", {"tracker_session_id": "t2"}),
        ("2026-03-01 11:00:00", {"tracker_session_id": "t1"}),
    ],
    "over midnight": [("2026-03-01 22:00:00", {"tracker_session_id": "t1"}), ("2026-03-02 02:00:00", {"tracker_session_id": "t1"})],
    "without an id": [("2026-03-01 10:00:00", {}), ("2026-03-01 10:29:00", {}), ("2026-03-01 10:59:00", {})],
    "an earlier event later": [("2026-03-01 10:00:00", {"tracker_session_id": "t1"})],
}  # fmt: skip
TRACKED_LATER: dict[str, list[tuple[str, Row]]] = {
    "an earlier event later": [("2026-03-01 09:00:00", {"tracker_session_id": "t1"})],
}


def _rows(cases: Mapping[str, list[tuple[str, Row]]], prefix: str) -> list[Row]:
    return [
        {
            "event_id": f"{prefix} {case} {place}",
            "event_name": "page_view",
            "occurred_at": at,
            "visitor_id": case,
            **columns,
        }
        for case, log in cases.items()
        for place, (at, columns) in enumerate(log)
    ]


def _landed(rows: Iterable[Row], load_id: int) -> list[Landed]:
    return [Landed("customer_events", f"{load_id}_{place}.csv", load_id, row) for place, row in enumerate(rows)]


class Built:
    """The cases after the first load and after the second."""

    def __init__(self, bench: EventBench, first: list[Row], second: list[Row]) -> None:
        self._bench = bench
        bench.clear()
        bench.land(_landed(first, load_id=1))
        bench.build()
        self._before = bench.keep("before")
        bench.land(_landed(second, load_id=2))
        bench.build()
        self._after = bench.keep("after")

    def query(self, sql: str, before: bool = False) -> list[tuple[Any, ...]]:
        """Rows as they are after the second load, or as they were before it."""
        return self._bench.query(sql, self._before if before else self._after)

    def sessions(self, case: str, columns: str, before: bool = False) -> list[tuple[Any, ...]]:
        """Columns of the sessions of a case, in order."""
        return self.query(
            f"select {columns} from silver.account_sessions where visitor_id = '{case}' order by started_at", before
        )


@pytest.fixture(scope="module")
def cases(by_pause: EventBench) -> Built:
    """The cases of sessions by inactivity."""
    return Built(by_pause, _rows(CASES, "1"), _rows(LATER, "2"))


@pytest.fixture(scope="module")
def tracked(by_tracker: EventBench) -> Built:
    """The cases of sessions by the tracker's id."""
    return Built(by_tracker, _rows(TRACKED, "1"), _rows(TRACKED_LATER, "2"))


SPAN = "strftime(started_at, '%m-%d %H:%M:%S'), strftime(ended_at, '%m-%d %H:%M:%S'), events"


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("pause of the timeout", [("03-01 10:00:00", "03-01 10:29:59", 2), ("03-01 10:59:59", "03-01 10:59:59", 1)]),
        ("midnight", [("03-01 23:45:00", "03-02 00:14:59", 2)]),
        ("clocks go forward", [("03-29 00:59:59", "03-29 01:00:00", 2)]),
        ("clocks go back", [("10-25 00:50:00", "10-25 01:10:00", 2), ("10-25 01:50:00", "10-25 01:50:00", 1)]),
        ("leap day", [("02-28 23:59:59", "02-29 00:00:00", 2), ("02-29 23:59:59", "03-01 00:00:10", 2)]),
        ("same instant", [("03-01 10:00:00", "03-01 10:00:00", 2)]),
        ("late event", [("03-01 10:00:00", "03-01 10:10:00", 2)]),
        ("clock five hours fast", [("03-01 10:00:00", "03-01 10:10:01", 2)]),
        ("clock years slow", [("03-01 09:59:00", "03-01 09:59:00", 1)]),
        ("kept two days on the device", [("02-27 10:00:00", "02-27 10:00:00", 1)]),
    ],
)
def test_where_a_session_begins_and_ends(cases: Built, case: str, expected: list[tuple[str, str, int]]) -> None:
    assert cases.sessions(case, SPAN) == expected


def test_a_second_load_touches_the_sessions_of_its_events_only(cases: Built) -> None:
    assert cases.query(
        "select build_number, anew_number from identity.builds where model = 'sessions' and upstream = ''"
    ) == [(2, 1)]


def test_the_same_instant_has_an_order(cases: Built) -> None:
    assert cases.sessions("same instant", "entry_page_url, exit_page_url, page_views, duration_seconds") == [
        (PAGE + "first", PAGE + "second", 2, 0)
    ]


def test_what_cannot_be_is_set_aside_with_its_reason(cases: Built) -> None:
    found = dict(
        cases.query("select json_extract_string(landed_record, '$.event_id'), reason from quarantine.customer_events")
    )
    assert found.pop("1 late event 1") == "received_at is more than 3 days after occurred_at: 2026-03-04 10:05:00.001"
    assert found.pop("1 as much as there is 1") == "event_value is more money than 1,000,000,000,000: 1000000000000.01"
    assert "occurred_at lies in the future of the load: 294247-01-09" in found.pop("1 as much as there is 2")
    # Its clock was more than a century slow: what is said is the time that was made of it.
    assert found.pop("1 clock of 1900 0").startswith("occurred_at lies in the future of the load: 2152-")
    assert found == {}
    ((value,),) = cases.query("select value_usd from silver.conversions where visitor_id = 'as much as there is'")
    assert value > 1_000_000_000_000


def test_a_sign_in_weeks_later_tells_whose_the_earlier_visits_were(cases: Built) -> None:
    case = "late sign-in"
    before = cases.sessions(case, "session_id, user_id, golden_customer_id, is_stitched", before=True)
    after = cases.sessions(case, "session_id, user_id, golden_customer_id, is_stitched")
    assert [row[1:] for row in before] == [(None, None, False)] * 2
    assert [row[1:] for row in after] == [("u1", "g1", True)] * 2 + [("u1", "g1", False)]
    assert [row[0] for row in after[:2]] == [row[0] for row in before]
    sold = f"select conversion_id, person_key from silver.conversions where visitor_id = '{case}'"
    ((conversion, nobody),) = cases.query(sold, before=True)
    assert nobody == f"visitor:{case}"
    assert cases.query(sold) == [(conversion, "g1")]
    # Only those are touched whose visitor came in.
    others = f"select * from silver.sessions where visitor_id != '{case}' order by all"
    assert cases.query(others) == cases.query(others, before=True)


def test_what_staff_buy_before_they_log_in_is_no_conversion(cases: Built) -> None:
    bought = "select count(*) from {} where visitor_id = 'staff before the login'"
    assert cases.query(bought.format("bronze.customer_events")) == [(2,)]
    assert cases.query(bought.format("silver.conversions")) == [(0,)]
    assert cases.query(bought.format("silver.journey_events")) == [(0,)]


def test_a_sale_that_the_back_end_reports_is_no_visit(cases: Built) -> None:
    person = "visitor:sale by the back end"
    assert cases.query(
        f"select channel_group, last_touch_credit from silver.touchpoints_attributed where person_key = '{person}'"
    ) == [("Email", 1)]


def test_two_logins_on_one_device(cases: Built) -> None:
    logins = cases.sessions("two logins", "user_id, is_stitched")
    assert logins == [("u1", True), ("u1", False), ("u2", True), ("u2", False), ("u2", True)]


def test_a_kiosk_does_not_say_who_was_there(cases: Built) -> None:
    assert [user for (user,) in cases.sessions("kiosk", "user_id")] == [None, "u1", "u2", "u3", None]


@pytest.mark.parametrize("case", [case for case in CASES if case.startswith(("bounce", "engaged"))])
def test_bounce_or_engaged(cases: Built, case: str) -> None:
    assert cases.sessions(case, "is_bounce") == [(case.startswith("bounce"),)]


def test_sessions_of_a_tracker_overlap(tracked: Built) -> None:
    assert tracked.sessions("overlap", SPAN) == [
        ("03-01 10:00:00", "03-01 11:00:00", 3),
        ("03-01 10:30:00", "03-01 10:45:00", 2),
    ]
    assert tracked.sessions("overlap", "conversions") == [(1,), (0,)]


def test_a_session_of_a_tracker_goes_on_over_midnight_and_a_long_pause(tracked: Built) -> None:
    assert tracked.sessions("over midnight", SPAN) == [("03-01 22:00:00", "03-02 02:00:00", 2)]


def test_a_tracker_that_gives_no_id_is_read_by_its_pauses(tracked: Built) -> None:
    assert tracked.sessions("without an id", SPAN) == [
        ("03-01 10:00:00", "03-01 10:29:00", 2),
        ("03-01 10:59:00", "03-01 10:59:00", 1),
    ]


def test_a_session_of_a_tracker_keeps_its_id_when_an_earlier_event_comes_in(tracked: Built) -> None:
    case = "an earlier event later"
    before = tracked.sessions(case, "session_id, strftime(started_at, '%H:%M')", before=True)
    after = tracked.sessions(case, "session_id, strftime(started_at, '%H:%M')")
    assert [before[0][1], after[0][1]] == ["10:00", "09:00"]
    assert [row[0] for row in after] == [row[0] for row in before]
