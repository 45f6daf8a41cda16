"""What customers write in tickets and survey comments, with the topics and the tone that were meant.

Everything is drawn from streams of its own, after the history is there: nothing else moves by it. For the same reason no text that is written
here has a comma, a quotation mark or a line break: rows that need quotes in a CSV file are passed over when rows are broken on purpose.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from simulator.accounts import Accounts
from simulator.billing import Columns
from simulator.catalogue import COMMENTS_FAIR, COMMENTS_GOOD, COMMENTS_POOR, FEATURES, TICKET_CATEGORIES
from simulator.settings import Array, Settings

#: Other vendors; invented, and listed in seeds/competitors.csv.
VENDORS = ("Metrikorn", "Northgauge", "Tally Wise")
#: Share of the tickets without any text, in other languages, written as HTML, and with an older mail below.
NO_TEXT, FOREIGN, AS_HTML, WITH_OLDER_MAIL = 0.04, 0.05, 0.15, 0.1
#: Log-odds that a ticket or comment speaks of other vendors (and more by their pull), of the price (by price sensitivity) and of short
#: budgets (by payment trouble).
ASIDES = {"competitor": (-4.6, 3.0), "pricing": (-4.6, 1.6), "budget": (-4.9, 5.0)}
NEGATIVE, NEUTRAL, POSITIVE = -1, 0, 1

#: By category of the ticket: subject, what is told, and the topics meant. {feature} stands for one of the product's.
_TOLD: dict[str, tuple[tuple[str, str, str], ...]] = {
    "how_to": (
        ("Question about the {feature}", "How do I change the columns of the {feature}?", "how_to"),
        ("{feature}", "Where can I find the settings of the {feature} for our team?", "how_to"),
        ("Getting started", "We are setting up the {feature} for two regions. Is it possible to copy the settings?", "how_to;onboarding"),
        ("Training for colleagues", "Three colleagues joined last week and would like a training on the {feature}.", "onboarding"),
        ("Calendar weeks", "Our weeks begin on Sunday. Which setting changes that?", "how_to"),
    ),
    "bug": (
        ("{feature} shows an error", "Since this morning the {feature} shows an error when we open it.", "bug"),
        ("Wrong totals", "The {feature} has wrong totals for last month. It is the same for all of us.", "bug"),
        ("{feature} stopped working", "The {feature} stopped working after the weekend. Nobody here has changed anything.", "bug"),
        ("Problem with {feature}", "It crashed twice while I saved my work in the {feature}.", "bug"),
        ("Not there", "The {feature} is down since 9:00 and none of us can work.", "outage"),
        ("Numbers look odd", "The sums of the {feature} do not agree with our books, by a lot.", "bug"),
    ),
    "billing": (
        ("Invoice of last month", "The invoice of last month names our old address. Could you send a new one?", "billing"),
        ("Charged twice", "We were charged twice this month and ask for a refund.", "billing"),
        ("Payment method", "We would like to change the payment method to a bank transfer.", "billing"),
        ("Purchase order", "Our accounting needs the purchase order on every bill.", "billing"),
    ),
    "access": (
        ("Cannot log in", "One of our users cannot log in since yesterday.", "access"),
        ("Permissions", "Which permissions does somebody need for the {feature}?", "access"),
        ("Locked out", "I am locked out after changing my password.", "access"),
        ("New colleague", "A new colleague should see the {feature} but the page stays empty for her.", "access"),
    ),
    "performance": (
        ("{feature} is slow", "The {feature} is very slow on Mondays, it takes minutes to load.", "performance"),
        ("Timeouts", "We get timeouts when we open the {feature} with more than a year.", "performance"),
        ("Loading", "Every click in the {feature} hangs for a long time.", "performance"),
    ),
    "feature_request": (
        ("Idea for the {feature}", "It would be great if the {feature} could be sent by mail every week.", "feature_request"),
        ("Missing feature", "We are looking for a forecast by region. Is there a plan to add it?", "feature_request"),
        ("{feature}", "Could you add a filter by country to the {feature}?", "feature_request"),
        ("Wish", "Our controllers ask for a second currency in the {feature}.", "feature_request"),
    ),
}  # fmt: skip
_ASIDE = {
    "competitor": (
        "{vendor} has shown us how they do this.", "Our purchasing department is comparing you with {vendor}.",
        "We also have an offer from another vendor.",
        "Some of us want to go to {vendor} for this.",
    ),
    "pricing": (
        "For the price we pay we had expected more.", "After the price increase this is too expensive for what it does.",
        "Is there a discount for a longer term?",
        "You have become quite costly for us.",
    ),
    "budget": (
        "Our budget was cut this year, so we have to look at every tool.",
        "There is a spending freeze here until summer.", "The budget is tight this year.",
        "We have less money for tools than last year.",
    ),
}  # fmt: skip
_TONE = {
    NEGATIVE: (
        "This is very frustrating.", "We are really disappointed.", "This is a terrible experience for our users.", "My boss is angry about it.",
        "It is annoying and costs us a lot of time.", "That is not good at all.",
    ),
    NEUTRAL: ("It concerns all of our regions.", "We use the latest version of the browser.", "It can be answered by mail."),
    POSITIVE: (
        "Apart from that we are very happy with the product.", "Thanks a lot, your team is always so friendly!", "We enjoy working with it.",
        "Otherwise everything is going really well, thank you!",
    ),
}  # fmt: skip
#: Chance of a negative, neutral and positive tone, by whether the category is one of trouble.
_TONES = {True: (0.6, 0.3, 0.1), False: (0.1, 0.55, 0.35)}
_TROUBLE = ("bug", "performance")
#: Language, subject, text and topics (vendors' names are the same in all languages).
_FOREIGN_TICKETS = (
    ("de", "Frage zum Bericht", "Wir können den Bericht nicht mehr öffnen und haben schon alles versucht. Was ist zu tun?", ""),
    ("de", "Rechnung", "Die letzte Rechnung ist leider falsch, bitte schicken Sie uns eine neue. Das ist sehr ärgerlich.", ""),
    ("fr", "Problème", "Nous ne pouvons pas ouvrir le tableau depuis lundi, c'est très pénible pour notre équipe.", ""),
    ("fr", "Comparaison", "Notre direction regarde aussi ce que fait Northgauge pour les mêmes besoins.", "competitor"),
    ("es", "Informe", "El informe no se abre desde ayer y nuestro equipo no puede trabajar. Muchas gracias por su ayuda.", ""),
)  # fmt: skip
_OLDER_MAIL = (
    "<br>On Tuesday 10:12 Sam of the support team wrote:"
    "<blockquote>Great to hear that! We love to help. Our price list is attached.</blockquote>"
)

#: Comments on surveys by tone, with their topics.
_COMMENTS: dict[int, tuple[tuple[str, str], ...]] = {
    NEGATIVE: (
        (COMMENTS_POOR[0], "performance"), (COMMENTS_POOR[1], "support_experience"), (COMMENTS_POOR[2], "pricing"), (COMMENTS_POOR[3], "bug"),
        ("Terrible support and nobody replied for a week", "support_experience"), ("It crashes all the time and I hate it", "bug"),
        ("Slow and confusing", "performance"), ("Bad value for money and we are disappointed", "pricing"),
        ("We will not renew because of too many problems", "cancel_intent"), ("Not good. The numbers are wrong too often", "bug"),
    ),
    NEUTRAL: (
        (COMMENTS_FAIR[0], "pricing"), (COMMENTS_FAIR[1], "feature_request"), (COMMENTS_FAIR[2], "how_to"), (COMMENTS_FAIR[3], "onboarding"),
        ("We use it once a month", ""), ("It would be nice if there was an app", "feature_request"), ("The same as last year", ""),
    ),
    POSITIVE: (
        (COMMENTS_GOOD[0], "praise"), (COMMENTS_GOOD[1], "praise"), (COMMENTS_GOOD[2], "praise"), (COMMENTS_GOOD[3], ""),
        (COMMENTS_GOOD[4], "praise"),
        ("Excellent product and no errors in a year", "praise"), ("I love the new dashboard!", "praise"),
        ("Very helpful people and we are happy", ""),
        ("Not bad at all and setup was easy", "onboarding"), ("Best decision of the year 😀", ""),
    ),
}  # fmt: skip
#: Comments that are hopeful or plain although the mark was fair: how they sound is not said, and nothing is planted about it.
_NO_TONE = frozenset(
    {COMMENTS_FAIR[0], COMMENTS_FAIR[1], COMMENTS_FAIR[2], COMMENTS_FAIR[3], COMMENTS_GOOD[2], COMMENTS_GOOD[3], COMMENTS_POOR[0], COMMENTS_POOR[1]}
)  # fmt: skip


def ticket_texts(settings: Settings, accounts: Accounts, tickets: Columns) -> Columns:
    """Subject and body of every ticket, and what was meant.

    Returns:
        one row a ticket, in the order of `tickets`: subject, body (None: without), topics (between ';', sorted), tone (-1, 0, 1; None: it
        cannot be told), language (None: no text).
    """
    rng = settings.stream("ticket texts")
    who, total = tickets["account"], len(tickets["account"])
    asides = _asides(rng, accounts, who)
    draws = rng.random((total, 8))
    rows = [
        _ticket(TICKET_CATEGORIES[category], draws[row], [topic for topic in ASIDES if asides[topic][row]])
        for row, category in enumerate(tickets["category"])
    ]
    return _columns(rows, ("subject", "body", "topics", "tone", "language"))


def comment_texts(settings: Settings, accounts: Accounts, surveys: Columns) -> Columns:
    """Comments in the place of those drawn with the answers, as content as these, and what was meant; the columns as in `ticket_texts`."""
    rng = settings.stream("comment texts")
    total = len(surveys["account"])
    asides = _asides(rng, accounts, surveys["account"])
    draws = rng.random((total, 3))
    levels = {
        text: level
        for level, pool in zip((-1, 0, 1), (COMMENTS_POOR, COMMENTS_FAIR, COMMENTS_GOOD), strict=True)
        for text in pool
    }
    rows = [
        _comment(text, levels[text], draws[row], [topic for topic in ASIDES if asides[topic][row]])
        if text
        else (None, "", None, None)
        for row, text in enumerate(surveys["comment"])
    ]
    return _columns(rows, ("comment", "topics", "tone", "language"))


def _asides(rng: np.random.Generator, accounts: Accounts, who: Array) -> dict[str, Array]:
    by = {"competitor": accounts.hidden_pull, "pricing": accounts.price_sensitivity, "budget": accounts.payment_trouble}
    return {
        topic: rng.random(len(who)) < 1 / (1 + np.exp(-(usual + more * by[topic][who].astype(float))))
        for topic, (usual, more) in ASIDES.items()
    }


def _unquoted(text: str) -> str:
    return text.translate({ord(","): None, ord('"'): None, ord("\n"): " "})


def _pick(pool: Sequence[Any], draw: float) -> Any:
    return pool[int(draw * len(pool))]


def _ticket(category: str, draw: Array, asides: list[str]) -> tuple:
    if draw[0] < NO_TEXT:
        return None, None, "", None, None
    if draw[0] < NO_TEXT + FOREIGN:
        language, subject, text, topics = _pick(_FOREIGN_TICKETS, draw[1])
        return _unquoted(subject), _unquoted(text), topics, None, language
    subject, text, topics = _pick(_TOLD[category], draw[1])
    feature = str(_pick(FEATURES, draw[2])).replace("_", " ")
    vendor = str(_pick(VENDORS, draw[3]))
    chances = np.cumsum(_TONES[category in _TROUBLE])
    tone = int((draw[4] > chances[:2]).sum()) - 1
    said = [str(_pick(_ASIDE[topic], draw[5])).format(vendor=vendor) for topic in asides]
    parts = ["Dear support team.", text.format(feature=feature), *said, str(_pick(_TONE[tone], draw[6]))]
    meant = sorted({*topics.split(";"), *asides, *(["praise"] if tone == POSITIVE else [])})
    # What is told of trouble is bad news in itself, and what is asked is not: without a word of feeling the tone is open.
    planted = tone if tone == NEGATIVE or (tone == POSITIVE and category not in _TROUBLE and not asides) else None
    if draw[7] < AS_HTML:
        shown = (
            "<div>"
            + "".join(f"<p>{part}</p>" for part in parts)
            + "<p>Kind regards &amp; thanks</p><style>p {color: red}</style></div>"
        )
    else:
        shown = " ".join(parts) + " Kind regards"
        if draw[7] > 1 - WITH_OLDER_MAIL:
            shown += _OLDER_MAIL
    return _unquoted(subject.format(feature=feature)), _unquoted(shown), ";".join(meant), planted, "en"


def _comment(drawn: str, level: int, draw: Array, asides: list[str]) -> tuple:
    if drawn != _unquoted(drawn):
        text, topics, asides = drawn, next(topics for text, topics in _COMMENTS[level] if text == drawn), []
    else:
        text, topics = _pick([row for row in _COMMENTS[level] if row[0] == _unquoted(row[0])], draw[0])
    vendor = str(_pick(VENDORS, draw[1]))
    said = [str(_pick(_ASIDE[topic], draw[2])).format(vendor=vendor) for topic in asides]
    meant = sorted({*(topics.split(";") if topics else []), *asides})
    planted = None if text in _NO_TONE or level == NEUTRAL or (asides and level == POSITIVE) else level
    return _unquoted(". ".join([text, *said])) if said else text, ";".join(meant), planted, "en"


def _columns(rows: list[tuple], names: tuple[str, ...]) -> Columns:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return {name: _objects(column) for name, column in zip(names, columns, strict=True)}


def _objects(values: tuple) -> Array:
    result = np.empty(len(values), dtype=object)
    result[:] = values
    return result
