"""Topics are found by whole words, in whatever case, and a 'not' takes back what it can take back."""

from __future__ import annotations

import pandas as pd
import pytest

from intelligence.text.cleaning import own_words
from intelligence.text.topics import Topics


def _found(topics: Topics, text: str) -> dict[str, bool]:
    return {mention.topic: mention.is_negated for mention in topics.of_text(own_words(text))}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("The BUG is back", {"bug": False}),
        ("A debugger", {}),
        ("No bugs so far", {"bug": True}),
        ("No bugs so far, but one error today", {"bug": False}),
        ("We won't cancel our contract", {"cancel_intent": True}),
        ("Not today. We will cancel our contract", {"cancel_intent": False}),
        ("We are not happy with the price", {"pricing": False}),
        ("The single-sign-on and the single sign-on", {"access": False}),
        ("It would be great if it was faster", {"feature_request": False}),
        ("We look at tally  wise too", {"competitor": False}),
        ("NORTHGAUGE's offer", {"competitor": False}),
    ],
)
def test_topics_of_a_text(topics: Topics, text: str, expected: dict[str, bool]) -> None:
    assert _found(topics, text) == expected


def test_mentions_say_the_words_and_the_vendors(topics: Topics) -> None:
    (mention,) = topics.of_text("Another vendor, North-Gauge, and METRIKORN, and Metrikorn again")
    assert mention.words == "another vendor; metrikorn; north gauge"
    assert (mention.mentions, mention.competitors) == (4, "Metrikorn; Northgauge")


def test_words_are_data() -> None:
    table = pd.DataFrame({"topic": ["a", "b", "c"], "takes_negation": [True, False, None]})
    words = pd.DataFrame({"topic": ["a", "b", "b"], "words": ["Café (.*)", "cre*me", "*"]})
    none = pd.DataFrame({"competitor_name": [], "alias": []})
    own = Topics(table, words, none)
    assert _found(own, "In the CAFE") == {"a": False}
    assert _found(own, "anything at all (.*)") == {}
    assert _found(Topics(table, words.head(0), none), "cafe") == {}
