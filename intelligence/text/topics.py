"""Which topics a text speaks of, by words and phrases that people keep in a table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from vaderSentiment.vaderSentiment import NEGATE

from intelligence.text.cleaning import plain, words_of

#: The topic that names of other vendors speak of.
COMPETITOR = "competitor"
#: So many words before a phrase are looked through for a negation, as VADER does.
_REACH = 3
_CLAUSE_END = re.compile(r"[.,;:!?()\n]|\bbut\b")
_NEGATIONS = frozenset(str(word) for word in NEGATE) | {"no", "not", "stopped", "zero"}


@dataclass(frozen=True)
class Mention:
    """A topic in a text: the words that were found, between '; ', how often, the vendors named, and whether every one of them is negated."""

    topic: str
    words: str
    mentions: int
    competitors: str | None
    is_negated: bool


class Topics:
    """The topics to look for.

    Args:
        topics: topic, takes_negation (whether 'not' just before takes the mention back); one row per topic.
        words: topic, words (a word or phrase; `*` at the end of a word stands for any ending); one row per phrase.
        competitors: competitor_name, alias (another way to write it, or empty); one row per name and alias.
    """

    def __init__(self, topics: pd.DataFrame, words: pd.DataFrame, competitors: pd.DataFrame) -> None:
        named = [
            (str(name), str(alias))
            for name, alias in zip(competitors["competitor_name"], competitors["alias"], strict=True)
            if isinstance(alias, str)
        ]
        named += [(str(name), str(name)) for name in competitors["competitor_name"].dropna().unique()]
        self._vendor_by_name = {" ".join(words_of(plain(alias))): name for name, alias in named}
        self._vendors = _pattern(list(self._vendor_by_name))
        takes = dict(zip(topics["topic"], topics["takes_negation"].fillna(False).astype(bool), strict=True))
        phrases = words.dropna(subset=["topic", "words"]).groupby("topic", sort=True)["words"]
        listed = {str(topic): [str(phrase) for phrase in of_topic] for topic, of_topic in phrases}
        self._takes_negation = {str(topic): bool(takes[topic]) for topic in sorted(takes)}
        self._patterns = {topic: _pattern(listed.get(topic, [])) for topic in self._takes_negation}

    def of_text(self, text: str) -> list[Mention]:
        """The topics of a text (what `own_words` gives), in order of their names. A topic is negated if it is wherever it is spoken of.

        Words inside a longer phrase of another topic belong to that alone: 'would be great if' asks for something and praises nothing.
        """
        shown = plain(text)
        hits = {topic: list(pattern.finditer(shown)) for topic, pattern in self._patterns.items() if pattern}
        of_vendors = list(self._vendors.finditer(shown)) if self._vendors and COMPETITOR in self._takes_negation else []
        if of_vendors:
            hits[COMPETITOR] = [*hits.get(COMPETITOR, []), *of_vendors]
        longest = _longest_at([hit.span() for of_topic in hits.values() for hit in of_topic])
        vendors = sorted({self._vendor_by_name[_words(hit)] for hit in of_vendors})
        found = []
        for topic in sorted(hits):
            own = [hit for hit in hits[topic] if hit.span() in longest]
            if own:
                negated = self._takes_negation[topic] and all(_is_negated(shown, hit.start()) for hit in own)
                words = "; ".join(sorted({_words(hit) for hit in own}))
                named = "; ".join(vendors) or None if topic == COMPETITOR else None
                found.append(Mention(topic, words, len(own), named, negated))
        return found


def _words(hit: re.Match[str]) -> str:
    return " ".join(words_of(hit.group()))


def _longest_at(spans: list[tuple[int, int]]) -> set[tuple[int, int]]:
    """The spans that do not lie inside a longer one."""
    kept, reach = set(), (-1, -1)
    for begin, end in sorted(set(spans), key=lambda span: (span[0], -span[1])):
        if end > reach[1]:
            kept.add((begin, end))
            reach = (begin, end)
    return kept


def _pattern(phrases: Sequence[str]) -> re.Pattern[str] | None:
    """What matches any of the phrases as whole words, the longest first; None if there is none."""
    written = sorted({_written(phrase) for phrase in phrases} - {""}, key=lambda form: (-len(form), form))
    return re.compile(rf"(?<!\w)(?:{'|'.join(written)})(?!\w)") if written else None


def _written(phrase: str) -> str:
    """The regular expression of a phrase; empty if there is no word in it."""
    forms = [
        r"[\s_/-]+".join(map(re.escape, words_of(part))) + (r"\w*" if part.endswith("*") else "")
        for part in plain(phrase).split()
    ]
    return r"[\s_/-]+".join(form for form in forms if form not in ("", r"\w*"))


def _is_negated(shown: str, start: int) -> bool:
    before = _CLAUSE_END.split(shown[max(0, start - 80) : start])[-1]
    return any(word in _NEGATIONS or word.endswith("n't") for word in words_of(before)[-_REACH:])
