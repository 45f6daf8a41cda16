"""Who is a robot by its user agent, by the seed as it is."""

from __future__ import annotations

import csv
import re

import pytest

from tests.python.channels.conftest import PROJECT_DIR, Workbench

pytestmark = pytest.mark.slow

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
)
ROBOTS = [
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2)",
    "Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)",
    "Mozilla/5.0 (compatible; Baiduspider/2.0)",
    "facebookexternalhit/1.1",
    CHROME.replace("Chrome", "HeadlessChrome"),
    "Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/538.1 (KHTML, like Gecko) PhantomJS/2.1.1 Safari/538.1",
    CHROME + " Chrome-Lighthouse",
    "Pingdom.com_bot_version_1.4",
    "python-requests/2.32.3",
    "curl/8.5.0",
    "Wget/1.21",
    "CUBOT X19 and Googlebot/2.1",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0)",
    "bot/1.0",
    "DigitalBot",
    "Botify",
    "Mozilla/5.0 (compatible; SomeFetcher; +https://fetcher.example/bots)",
    "Mozilla/5.0 (compatible; YandexMetrika/2.0)",
    "Mozilla/5.0 (compatible; Google-Site-Verification/1.0)",
    "Chrome Privacy Preserving Prefetch Proxy",
    "HubSpot Connect 2.0 (http://dev.hubspot.com/)",
]
PEOPLE = [
    CHROME,
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0",
    "Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/21A329 [FBAN/FBIOS;FBAV/440.0]",
    "Mozilla/5.0 (Linux; Android 13; Abbott Device) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 9; CUBOT_X18_Plus) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 BOTIM/3.1",
    "Talbots/5.2 CFNetwork/1474 Darwin/23.0.0",
    "Bottega/1.0 CFNetwork/1474 Darwin/23.0.0",
    "okhttp/4.12.0",
    "",
]


def test_robots_are_told_from_people(bench: Workbench) -> None:
    bench.give("user_agents", [(agent,) for agent in [*ROBOTS, *PEOPLE, None]])
    bench.build("--select", "robots", "robot_agents")
    seen = dict(bench.query("select user_agent, is_robot from silver.robots"))
    assert seen == {**dict.fromkeys(ROBOTS, True), **dict.fromkeys(PEOPLE, False), None: None}


def test_without_patterns_nobody_is_a_robot(bench: Workbench) -> None:
    bench.give("user_agents", [("Googlebot",)])
    seed = bench.root / "seeds" / "robot_agents.csv"
    text = seed.read_text()
    try:
        seed.write_text(text.splitlines()[0] + "\n")
        bench.build("--select", "robots", "robot_agents")
        assert bench.query("select is_robot from silver.robots") == [(False,)]
    finally:
        seed.write_text(text)


@pytest.mark.parametrize(
    ("seed", "columns"),
    [("robot_agents", ["pattern"]), ("channel_rules", ["source_pattern", "medium_pattern", "campaign_pattern"])],
)
def test_patterns_can_be_read_and_hold_no_backslash(seed: str, columns: list[str]) -> None:
    with (PROJECT_DIR / f"seeds/{seed}.csv").open(newline="") as file:
        patterns = [row[column] for row in csv.DictReader(file) for column in columns if row[column]]
    assert len(patterns) > 15
    for pattern in patterns:
        re.compile(pattern)
        assert "\\" not in pattern
        assert pattern == pattern.lower()
