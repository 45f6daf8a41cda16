"""What is read of a text is what its author wrote, whatever it comes in."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intelligence.text.cleaning import MOST_CHARACTERS, own_words, plain, words_of


@pytest.mark.parametrize(
    ("text", "own"),
    [
        (None, ""),
        (float("nan"), ""),
        ("  \n ", ""),
        ("<p>It is <b>slow</b> &amp; old</p><p>Why?</p>", "It is slow & old\nWhy?"),
        ("We <3 it and 2 < 3 > 1", "We <3 it and 2 < 3 > 1"),
        ("Thanks<style>p {color: red}</style><script>alert('bad')</script>", "Thanks"),
        ("Still broken<blockquote>We love it</blockquote>", "Still broken"),
        ("Still broken<blockquote>never closed", "Still broken"),
        ("No.\n\nOn Mon, Jan 3, 2026 at 9:00, Bob <bob@x.example> wrote:\n> Great?", "No."),
        ("Nein.\r\nAm 3. Januar 2026 um 9:00 schrieb Bob:\r\n> Gut?", "Nein."),
        ("See below\n-----Original Message-----\nFrom: x\nI hate it", "See below"),
        ("See below\nFrom: Ann\nSent: Monday\nI hate it", "See below"),
        ("> I hate it\nI do not agree", "I do not agree"),
        ("Fine\n-- \nAnn, Love & Hate Ltd", "Fine"),
        ("Look at https://hate.example/bad?x=1 or mail love@x.example please", "Look at or mail please"),
        ("Don’t", "Don't"),
    ],
)
def test_what_the_author_wrote(text: str | None, own: str) -> None:
    assert own_words(text) == own


def test_words_are_compared_without_case_and_accents() -> None:
    assert words_of(plain("L'Été, CAN’T stop — naïve_user")) == ["l'ete", "can't", "stop", "naive", "user"]


@pytest.mark.parametrize(
    "piece", ["x", "<", "<style", "<a ", "a@", "a@b.", "\n>", "On x ", "-- \n", "&amp", "😀", "From: a\n", "<!--"]
)
def test_a_text_of_100_kb_takes_no_time(piece: str) -> None:
    began = time.perf_counter()
    assert len(own_words(piece * (100_000 // len(piece)))) <= MOST_CHARACTERS
    assert time.perf_counter() - began < 2


@given(st.text(alphabet=st.characters(codec=None), max_size=300))
@settings(max_examples=200, deadline=None)
def test_reading_twice_changes_nothing_but_markup(text: str) -> None:
    own = own_words(text)
    assert "\r" not in own and "\n\n" not in own
    assert own == own.strip()
