"""Snowplow's contexts as tables of their own: they say who is a robot and on what device, whenever they come, and multiply nothing."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.thorough]

EVENTS = "event_id,event_name,derived_tstamp,collector_tstamp,domain_userid,dvce_type\n" + "".join(
    f"e{number},page_view,2026-03-01 10:00:0{number},2026-03-01 10:00:0{number},v{number},{device}\n"
    for number, device in enumerate(["", "", "", "", "Computer", ""])
)
SELECTED = ("--select", "+load_ledger", "+fct_events", "+fct_sessions")


def _seen(tools: Any, site: Any) -> list[tuple[Any, ...]]:
    found = tools.query(
        site.data,
        "select event_id, is_robot, device_type from gold.fct_events where source_system = 'snowplow' order by 1",
    )
    return [tuple(row) for row in found]


def _sessions(tools: Any, site: Any) -> list[str]:
    return [row[0] for row in tools.query(site.data, "select visitor_id from gold.fct_sessions order by 1")]


def test_contexts_tell_robots_and_devices(site: Any, tools: Any) -> None:
    site.clear()
    site.put("snowplow/snowplow_web_events.csv", EVENTS)
    # Without any context nothing is known, and everything is built.
    site.build(*SELECTED)
    nothing = [(f"e{number}", False, "computer" if number == 4 else None) for number in range(6)]
    assert _seen(tools, site) == nothing
    # Two rows of one event, of which one says robot; a context of an event that never came.
    site.put(
        "snowplow/snowplow_web_spider_context.csv",
        "root_id,category,spiderOrRobot\ne0,BROWSER,false\ne1,BROWSER,false\ne1,SPIDER,true\ngone,BROWSER,false\n",
    )
    site.put(
        "snowplow/snowplow_web_yauaa_context.csv",
        "root_id,agentClass,deviceClass\ne0,Browser,Phone\ne2,Robot,Robot Mobile\ne4,Browser,Tablet\ne5,Browser,Unknown\n",
    )
    site.put("snowplow/snowplow_web_ua_context.csv", "root_id,deviceFamily\ne0,Pixel 9\ne3,Spider\n")
    site.build(*SELECTED)
    late = _seen(tools, site)
    assert late == [
        ("e0", False, "mobile"),
        ("e1", True, None),
        ("e2", True, None),
        ("e3", True, None),
        ("e4", False, "computer"),
        ("e5", False, None),
    ]
    assert _sessions(tools, site) == ["v0", "v4", "v5"]
    ledger = tools.query(
        site.data,
        "select source_table, rows_landed, rows_in_bronze, rows_attached, rows_quarantined, rows_lost from gold.load_ledger order by 1",
    )
    assert ledger == [
        ("events", 6, 6, 0, 0, 0),
        ("spider_context", 4, 3, 3, 1, 0),
        ("ua_parser_context", 2, 2, 2, 0, 0),
        ("yauaa_context", 4, 4, 4, 0, 0),
    ]
    assert tools.query(site.data, "select source_line, reason from quarantine.unattached_rows") == [
        (5, "no row of events with event_id gone")
    ]
    # What came late ends where a full build does.
    kept = tools.query(site.data, "select * from bronze.customer_events order by all")
    site.build(*SELECTED, "--full-refresh")
    assert tools.query(site.data, "select * from bronze.customer_events order by all") == kept
    assert _seen(tools, site) == late
