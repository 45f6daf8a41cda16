"""Every channel rule and boundary, case by case, through the compiled models and the seeds as they are."""

from __future__ import annotations

import csv
from typing import NamedTuple

import pytest

from tests.python.channels.conftest import PROJECT_DIR, Workbench

pytestmark = pytest.mark.slow

HOME = "https://www.northbeam.example/"


class Case(NamedTuple):
    """What a session shows, and what is to be made of it. UTM values stand in the columns, unless they stand in `landing`."""

    name: str
    expected: tuple[str, str | None, str | None]  # channel, source, medium
    utm: tuple[str | None, str | None, str | None] = (None, None, None)
    referrer: str | None = None
    landing: str | None = HOME


def query(text: str) -> str:
    return f"{HOME}pricing?{text}"


DIRECT = ("Direct", "(direct)", "(none)")
GOOGLE = ("Organic Search", "google", "organic")

CASES = [
    # Direct, by saying nothing and by saying so
    Case("nothing at all", DIRECT),
    Case("nothing at all, no page either", DIRECT, landing=None),
    Case("direct said with none", DIRECT, ("(direct)", "(none)", None)),
    Case("direct said with not set", ("Direct", "(direct)", "(not set)"), ("(direct)", "(not set)", None)),
    Case("direct said without a medium", ("Direct", "(direct)", None), ("(direct)", None, None)),
    Case("direct said with another medium", ("Unassigned", "(direct)", "carrier pigeon"), ("(direct)", "carrier pigeon", None)),
    Case("blanks are nothing", DIRECT, ("", " ", ""), "", query("utm_source=&utm_medium=%20")),
    # Paid
    Case("cross-network campaign", ("Cross-network", "google", "cpc"), ("google", "cpc", "EU Cross-network 7")),
    Case("paid shopping by site", ("Paid Shopping", "amazon", "cpc"), ("amazon", "cpc", None)),
    Case("paid shopping by campaign", ("Paid Shopping", "google", "cpc"), ("google", "cpc", "spring_shopping")),
    Case("shop at the start of a campaign", ("Paid Shopping", "google", "cpc"), ("google", "cpc", "shop-de")),
    Case("workshop is no shop, as in GA4", ("Paid Search", "google", "cpc"), ("google", "cpc", "workshop")),
    Case("eshop is one, as in GA4", ("Paid Shopping", "google", "cpc"), ("google", "cpc", "eshop")),
    Case("google cpc", ("Paid Search", "google", "cpc"), ("google", "cpc", "spring")),
    Case("ppc", ("Paid Search", "bing", "ppc"), ("bing", "ppc", None)),
    Case("retargeting", ("Paid Search", "bing", "retargeting"), ("bing", "retargeting", None)),
    Case("retargeting only as a whole", ("Organic Search", "bing", "retargeting-x"), ("bing", "retargeting-x", None)),
    Case("paid with something behind", ("Paid Search", "yahoo", "paidsearch"), ("yahoo", "paidsearch", None)),
    Case("prepaid does not begin with paid", ("Organic Search", "yahoo", "prepaid"), ("yahoo", "prepaid", None)),
    Case("cpm of a search engine is search", ("Paid Search", "google", "cpm"), ("google", "cpm", None)),
    Case("facebook cpc", ("Paid Social", "facebook", "cpc"), ("facebook", "cpc", "spring")),
    Case("short names of sites", ("Paid Social", "ig", "paid_social"), ("ig", "paid_social", None)),
    Case("a host as source", ("Paid Social", "m.facebook.com", "cpc"), ("m.facebook.com", "cpc", None)),
    Case("utm in capitals", ("Paid Social", "facebook", "cpc"), ("Facebook", "CPC", "SPRING")),
    Case("paid video", ("Paid Video", "youtube", "cpv-paid-cpc"), ("youtube", "cpv-paid-cpc", None)),
    *(
        Case(f"display by {medium}", ("Display", "adnet", medium), ("adnet", medium, None))
        for medium in ("display", "banner", "expandable", "interstitial", "cpm")
    ),
    Case("paid by somebody unknown", ("Paid Other", "taboola", "cpc"), ("taboola", "cpc", None)),
    Case("no source, paid", ("Paid Other", None, "cpc"), (None, "cpc", None)),
    # Unpaid
    Case("organic shopping by site", ("Organic Shopping", "amazon.co.uk", "referral"), referrer="https://www.amazon.co.uk/dp/1"),
    Case("organic shopping by campaign", ("Organic Shopping", "partner", "link"), ("partner", "link", "Shopping")),
    Case("organic social by referrer", ("Organic Social", "l.facebook.com", "referral"), referrer="https://l.facebook.com/l.php?u=x"),
    Case("a shortener of a social network", ("Organic Social", "t.co", "referral"), referrer="https://t.co/abc"),
    *(
        Case(f"organic social by {medium}", ("Organic Social", "someone", medium), ("someone", medium, None))
        for medium in ("social", "social-network", "social-media", "sm", "social network", "social media")
    ),
    Case("organic video by site", ("Organic Video", "youtube.com", "referral"), referrer="https://www.youtube.com/watch?v=1"),
    Case("organic video by medium", ("Organic Video", "x-tube", "inline-video-7"), ("x-tube", "inline-video-7", None)),
    Case("google", GOOGLE, referrer="https://www.google.com/"),
    Case("google by country domain", GOOGLE, referrer="https://www.google.de/search?q=dbt"),
    Case("google by country domain of two labels", GOOGLE, referrer="https://www.google.co.uk/"),
    Case("google by com and country", GOOGLE, referrer="http://google.com.br/url?sa=t"),
    Case("google in capitals", GOOGLE, referrer="HTTPS://WWW.GOOGLE.COM/"),
    Case("a name that ends like google", ("Referral", "notgoogle.com", "referral"), referrer="https://notgoogle.com/"),
    Case("google under a domain of somebody else", ("Referral", "google.com.evil.example", "referral"), referrer="https://google.com.evil.example/"),
    Case("google under a suffix that is no country", ("Referral", "google.zip", "referral"), referrer="https://google.zip/"),
    Case("google as a customer of a host", ("Referral", "google.github.io", "referral"), referrer="https://google.github.io/"),
    Case("documents of google are no search", ("Referral", "docs.google.com", "referral"), referrer="https://docs.google.com/document/d/1"),
    Case("medium organic", ("Organic Search", "petal", "organic"), ("petal", "organic", None)),
    Case("yahoo search by country", ("Organic Search", "yahoo", "organic"), referrer="https://de.search.yahoo.com/search"),
    Case("google with medium email, as in GA4", ("Organic Search", "google", "email"), ("google", "email", None)),
    # Assistants
    Case("chatgpt by referrer", ("AI Assistant", "chatgpt.com", "ai-assistant"), referrer="https://chatgpt.com/"),
    Case("chatgpt by its own tag", ("AI Assistant", "chatgpt.com", None), landing=query("utm_source=chatgpt.com")),
    Case("perplexity", ("AI Assistant", "perplexity.ai", "ai-assistant"), referrer="https://www.perplexity.ai/search/1"),
    Case("gemini is no google search", ("AI Assistant", "gemini.google.com", "ai-assistant"), referrer="https://gemini.google.com/app"),
    Case("copilot", ("AI Assistant", "copilot.microsoft.com", "ai-assistant"), referrer="https://copilot.microsoft.com/"),
    Case("medium of assistants", ("AI Assistant", "someone", "ai-assistant"), ("someone", "ai-assistant", None)),
    # Referral, mail, and the rest
    Case("a link on another site", ("Referral", "trade-review.example", "referral"), referrer="https://www.trade-review.example/top?x=1#y"),
    *(Case(f"medium {medium}", ("Referral", "partner", medium), ("partner", medium, None)) for medium in ("referral", "app", "link")),
    *(
        Case(f"newsletter by {medium}", ("Email", "newsletter", medium), ("newsletter", medium, "march"))
        for medium in ("email", "e-mail", "e_mail", "e mail")
    ),
    Case("email as source", ("Email", "email", "newsletter"), ("email", "newsletter", None)),
    Case("emailing is another word", ("Unassigned", "news", "emailing"), ("news", "emailing", None)),
    Case("webmail", ("Email", "mail.google.com", "referral"), referrer="https://mail.google.com/mail/u/0/"),
    Case("mail of yahoo by country", ("Email", "mail.yahoo.co.jp", "referral"), referrer="https://mail.yahoo.co.jp/u/pc"),
    Case("affiliate", ("Affiliates", "awin", "affiliate"), ("awin", "affiliate", None)),
    Case("audio", ("Audio", "spotify", "audio"), ("spotify", "audio", None)),
    Case("sms as medium", ("SMS", "crm", "sms"), ("crm", "sms", None)),
    Case("sms as source", ("SMS", "sms", "text"), ("sms", "text", None)),
    Case("push at the end", ("Mobile Push Notifications", "crm", "webpush"), ("crm", "webpush", None)),
    Case("push elsewhere", ("Unassigned", "crm", "pushed"), ("crm", "pushed", None)),
    Case("mobile in a medium", ("Mobile Push Notifications", "crm", "in-mobile-x"), ("crm", "in-mobile-x", None)),
    Case("notification in a medium", ("Mobile Push Notifications", "crm", "notification"), ("crm", "notification", None)),
    Case("firebase", ("Mobile Push Notifications", "firebase", "fcm"), ("firebase", "fcm", None)),
    Case("a medium nobody knows", ("Unassigned", "flyer", "print"), ("flyer", "print", None)),
    Case("a source without a medium", ("Unassigned", "flyer", None), ("flyer", None, None)),
    # Click ids
    Case("gclid without utm", ("Paid Search", "google", "cpc"), referrer="https://www.google.com/", landing=query("gclid=Cj0KCQ")),
    Case("gclid in the middle and in capitals", ("Paid Search", "google", "cpc"), landing=query("a=1&GCLID=x&b=2")),
    Case("gclid without a value", DIRECT, landing=query("gclid=&x=1")),
    Case("a parameter that ends like gclid", DIRECT, landing=query("xgclid=1")),
    Case("utm before gclid", ("Email", "crm", "email"), landing=query("utm_source=crm&utm_medium=email&gclid=1")),
    Case("gclid gives the medium that utm leaves out", ("Paid Search", "google", "cpc"), landing=query("utm_source=google&gclid=1")),
    Case("wbraid", ("Paid Search", "google", "cpc"), landing=query("wbraid=1")),
    Case("gbraid", ("Paid Search", "google", "cpc"), landing=query("gbraid=1")),
    Case("dclid", ("Display", "dv360", "cpm"), landing=query("dclid=1")),
    Case("msclkid", ("Paid Search", "bing", "cpc"), landing=query("msclkid=1")),
    Case("ttclid", ("Paid Social", "tiktok", "cpc"), landing=query("ttclid=1")),
    Case("li_fat_id", ("Paid Social", "linkedin", "cpc"), landing=query("li_fat_id=1")),
    Case("twclid", ("Paid Social", "x", "cpc"), landing=query("twclid=1")),
    Case("fbclid is on unpaid links too", ("Organic Social", "facebook", "referral"), landing=query("fbclid=1")),
    Case(
        "fbclid comes after the referrer",
        ("Organic Social", "l.instagram.com", "referral"),
        referrer="https://l.instagram.com/",
        landing=query("fbclid=1"),
    ),
    Case("two click ids", ("Paid Search", "google", "cpc"), landing=query("fbclid=1&gclid=2")),
    # Tags in the address
    Case("utm in the address", ("Paid Social", "facebook", "cpc"), landing=query("utm_source=facebook&utm_medium=cpc")),
    Case("names of parameters in capitals", ("Paid Social", "facebook", "cpc"), landing=query("UTM_Source=facebook&UTM_MEDIUM=cpc")),
    Case("encoded, with plus", ("Organic Social", "café münchen", "social media"), landing=query("utm_source=caf%C3%A9+m%c3%bcnchen&utm_medium=social%20media")),
    Case("badly encoded", ("Email", "a%zz", "email"), landing=query("utm_source=a%zz&utm_medium=email")),
    Case("encoded in no encoding", ("Email", "%ff", "email"), landing=query("utm_source=%ff&utm_medium=email")),
    Case("twice, the first blank", ("Email", "b", "email"), landing=query("utm_source=&utm_source=b&utm_medium=email&utm_medium=cpc")),
    Case("twice, the first wins", ("Email", "a", "email"), landing=query("utm_source=a&utm_source=b&utm_medium=email")),
    Case("written as HTML", ("Email", "a", "email"), landing=query("x=1&amp;utm_source=a&amp;utm_medium=email")),
    Case("behind a second question mark", ("Email", "a", "email"), landing=query("x=1?utm_source=a&utm_medium=email")),
    Case("behind the hash it is no tag", DIRECT, landing=HOME + "#?utm_source=a&utm_medium=email"),
    Case("a parameter that ends like one", DIRECT, landing=query("my_utm_source=a&my_utm_medium=email")),
    Case("the address fills the columns", ("Paid Social", "facebook", "cpc"), ("facebook", None, None), landing=query("utm_source=Facebook&utm_medium=cpc")),
    Case("two sources are not mixed", ("Unassigned", "flyer", None), ("flyer", None, None), landing=query("utm_source=google&utm_medium=cpc")),
    Case("tags on a relative address", ("Email", "a", "email"), landing="/pricing?utm_source=a&utm_medium=email"),
    Case("utm before the referrer", ("Email", "crm", "email"), ("crm", "email", None), "https://www.google.com/"),
    Case("a campaign alone does not hide the referrer", GOOGLE, (None, None, "spring"), "https://www.google.com/"),
    # Ourselves, and who only sends people back
    Case("own site", DIRECT, referrer=HOME + "blog"),
    Case("own site on another port", DIRECT, referrer="http://www.northbeam.example:8080/"),
    Case("own subdomain", DIRECT, referrer="https://app.northbeam.example/login"),
    Case("own parent", DIRECT, referrer="https://northbeam.example"),
    Case("own domain by the variable", DIRECT, referrer="https://de.northbeam-shop.example/"),
    Case("a domain that ends like an own one", ("Referral", "my-northbeam-shop.example", "referral"), referrer="https://my-northbeam-shop.example/"),
    Case("neighbours under a country's suffix", ("Referral", "other.co.uk", "referral"), referrer="https://other.co.uk/", landing="https://shop.co.uk/"),
    Case("neighbours at a host", ("Referral", "b.github.io", "referral"), referrer="https://b.github.io/", landing="https://a.github.io/"),
    Case("tag on an own link", ("Unassigned", "home", "teaser"), ("home", "teaser", None), HOME),
    Case("payment provider", DIRECT, referrer="https://www.paypal.com/checkoutnow"),
    Case("payment page of stripe", DIRECT, referrer="https://checkout.stripe.com/c/pay/1"),
    Case("stripe's own site is a referral", ("Referral", "stripe.com", "referral"), referrer="https://stripe.com/customers"),
    Case("sign-in page", DIRECT, referrer="https://accounts.google.com/o/oauth2"),
    Case("payment provider that was tagged", ("Email", "crm", "email"), ("crm", "email", None), "https://www.paypal.com/"),
    # Addresses of all kinds
    Case("android app of google", GOOGLE, referrer="android-app://com.google.android.googlequicksearchbox/https/www.google.com"),
    Case("android app of gmail", ("Email", "com.google.android.gm", "referral"), referrer="android-app://com.google.android.gm/"),
    Case("android app nobody knows", ("Referral", "com.news.reader", "referral"), referrer="android-app://com.news.reader"),
    Case("localhost from localhost", DIRECT, referrer="http://localhost:3000/a", landing="http://localhost:8080/"),
    Case("localhost from outside", ("Referral", "localhost", "referral"), referrer="http://localhost:3000/"),
    Case("address in numbers", ("Referral", "192.168.0.1", "referral"), referrer="http://192.168.0.1:81/x", landing="http://10.9.0.1/"),
    Case("address in version 6", ("Referral", "[2001:db8::1]", "referral"), referrer="http://[2001:DB8::1]:80/"),
    Case("punycode", ("Referral", "xn--mnchen-3ya.example", "referral"), referrer="https://xn--mnchen-3ya.example/"),
    Case("letters of other alphabets", ("Referral", "münchen.example", "referral"), referrer="https://MÜNCHEN.example/"),
    Case("login in the address", GOOGLE, referrer="https://me:secret@www.google.com/"),
    Case("dot at the end of the host", GOOGLE, referrer="https://www.google.com./"),
    Case("no scheme but slashes", GOOGLE, referrer="//www.google.com/"),
    Case("query right behind the host", GOOGLE, referrer="https://www.google.com?q=1"),
    *(
        Case(f"broken: {broken!r}", DIRECT, referrer=broken)
        for broken in ("http://", "://", "not a url", "http:///path", "https://exa mple.com/", "about:blank", "http://..", "%%%", "/relative", "data:text/html,<a/b/c>")
    ),
    Case("broken entry page", GOOGLE, referrer="https://www.google.com/", landing="http://[::%?utm_source"),
]  # fmt: skip


@pytest.fixture(scope="module")
def decided(bench: Workbench) -> dict[str, tuple[str, str | None, str | None, int]]:
    """Channel, source, medium and rule of every case."""
    bench.give("sessions", [(case.name, *case.utm, case.referrer, case.landing) for case in CASES])
    bench.give("user_agents", [("",)])
    bench.build()
    rows = bench.query("select session_id, channel_group, source, medium, rule_priority from silver.session_channels")
    return {name: row for name, *row in rows}  # type: ignore[misc]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_session_has_its_channel(decided: dict[str, tuple[str, str | None, str | None, int]], case: Case) -> None:
    assert tuple(decided[case.name][:3]) == case.expected


def test_every_rule_decides_a_case(decided: dict[str, tuple[str, str | None, str | None, int]]) -> None:
    with (PROJECT_DIR / "seeds/channel_rules.csv").open(newline="") as file:
        rules = {int(row["priority"]): row["channel_group"] for row in csv.DictReader(file)}
    assert {(priority, channel) for channel, _, _, priority in decided.values()} == set(rules.items())
    assert len({case.name for case in CASES}) == len(CASES)


def test_sessions_that_differ_in_what_decides_nothing_share_a_row(bench: Workbench) -> None:
    bench.give(
        "sessions",
        [
            ("a", None, "", None, "https://www.google.com/search?q=1", HOME + "a"),
            ("b", None, None, None, "https://www.google.com/search?q=2#x", HOME + "b#c"),
            ("c", "x", None, None, None, HOME),
            ("d", None, "x", None, None, HOME),
        ],
    )
    bench.build("--select", "silver__sessions+")
    rows = dict(bench.query("select session_id, traffic_source_id from silver.session_channels"))
    assert rows["a"] == rows["b"]
    assert len(set(rows.values())) == 3
    assert bench.query("select count(*) from silver.traffic_sources") == [(3,)]
