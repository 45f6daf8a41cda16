"""The tone of English texts by VADER (Hutto and Gilbert 2014), sentence by sentence, with words of one's own trade."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

#: VADER's own bounds: from here on a text is positive, or negative below.
POSITIVE, NEGATIVE = 0.05, -0.05

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_WORDS_OF_A_SENTENCE = 200
#: What is said out of politeness and says nothing of the mood: how letters end, and how wishes are put.
_COURTESY = re.compile(
    r"\b(?:(?:with )?(?:kind(?:est)?|best|warm(?:est)?) (?:regards|wishes)(?: (?:&|and) thanks)?|yours (?:sincerely|faithfully|truly)|sincerely"
    r"|(?:many )?thanks (?:and|&) (?:kind |best )?regards|(?:many thanks|thanks|thank you)(?: very much| so much)? in advance"
    r"|would be (?:really |very |so )?(?:great|nice|good|lovely|helpful|awesome|perfect|fantastic|useful)"
    r"|(?:good|nice) (?:morning|afternoon|evening|day|weekend))\b",
    re.IGNORECASE,
)


class Tone:
    """VADER with some words of its lexicon given another worth.

    Args:
        words: worth (-4 to 4) by word, lower case; 0 takes a word out, such as 'support', which praises elsewhere and here names a department.
    """

    def __init__(self, words: Mapping[str, float] | None = None) -> None:
        self._analyzer = SentimentIntensityAnalyzer()
        for word, worth in (words or {}).items():
            self._analyzer.lexicon.pop(word, None)
            if worth:
                self._analyzer.lexicon[word] = float(worth)
        self.lexicon = frozenset(word for word in self._analyzer.lexicon if word.isalpha())

    def of_sentence(self, sentence: str) -> float:
        """VADER's compound, -1 (negative) to 1 (positive); 0 if nothing in it has a tone."""
        return float(self._analyzer.polarity_scores(sentence)["compound"])

    def of_text(self, text: str) -> float:
        """Mean compound of the sentences that have a tone, -1 to 1; 0 if none has.

        The compound of a whole text runs to -1 or 1 with its length; the mean does not.
        """
        sentences = (part for part in _SENTENCE_END.split(_COURTESY.sub(" ", text)) if part.strip())
        found = [self.of_sentence(" ".join(part.split()[:_WORDS_OF_A_SENTENCE])) for part in sentences]
        toned = [value for value in found if value]
        return float(np.mean(toned)) if toned else 0.0


def label_of(sentiment: float) -> str:
    """positive, neutral or negative."""
    return "positive" if sentiment >= POSITIVE else "negative" if sentiment <= NEGATIVE else "neutral"
