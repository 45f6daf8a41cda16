"""The tone is VADER's, as its authors publish it, with the words of the trade put right."""

from __future__ import annotations

import pytest

from intelligence.text.cleaning import own_words
from intelligence.text.sentiment import Tone, label_of

#: Sentences and compounds of the README of vaderSentiment.
PUBLISHED = (
    ("VADER is smart, handsome, and funny.", 0.8316),
    ("VADER is smart, handsome, and funny!", 0.8439),
    ("VADER is very smart, handsome, and funny.", 0.8545),
    ("VADER is VERY SMART, handsome, and FUNNY.", 0.9227),
    ("VADER is VERY SMART, handsome, and FUNNY!!!", 0.9342),
    ("VADER is VERY SMART, uber handsome, and FRIGGIN FUNNY!!!", 0.9469),
    ("VADER is not smart, handsome, nor funny.", -0.7424),
    ("The book was good.", 0.4404),
    ("At least it isn't a horrible book.", 0.431),
    ("The book was only kind of good.", 0.3832),
    ("The plot was good, but the characters are uncompelling and the dialog is not great.", -0.7042),
    ("Today SUX!", -0.5461),
    ("Today only kinda sux! But I'll get by, lol", 0.5249),
    ("Make sure you :) or :D today!", 0.8633),
    ("Not bad at all", 0.431),
)


@pytest.mark.parametrize(("sentence", "compound"), PUBLISHED)
def test_published_examples(sentence: str, compound: float) -> None:
    assert Tone().of_sentence(sentence) == pytest.approx(compound, abs=1e-4)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Dear support team, please help. Kind regards", "neutral"),
        ("It would be great if reports could be sent by mail.", "neutral"),
        ("Dear support team, this bug is very annoying! Kind regards and thanks in advance", "negative"),
        ("The export is slow and unreliable.", "negative"),
        ("Support was not helpful.", "negative"),
        ("No errors in a year, well done!", "positive"),
    ],
)
def test_politeness_and_words_of_the_trade(tone: Tone, text: str, label: str) -> None:
    assert label_of(tone.of_text(text)) == label


def test_words_of_ones_own_change_that_tone_only() -> None:
    assert Tone({"good": 0}).of_text("The book was good.") == 0
    assert Tone({"blue": -3}).of_text("It is blue.") < -0.4
    assert Tone().of_text("The book was good.") == pytest.approx(0.4404, abs=1e-4)


def test_a_long_text_is_not_more_extreme_than_its_sentences(tone: Tone) -> None:
    assert tone.of_text("It is good. " * 500) == pytest.approx(tone.of_text("It is good."))
    assert -1 <= tone.of_text(own_words("bad, but good " * 7_000)) <= 1
