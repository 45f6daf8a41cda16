"""Reads texts: tone and topics of each, the same text once."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass

import pandas as pd

from intelligence.text.cleaning import own_words, plain, words_of
from intelligence.text.language import judge_language
from intelligence.text.sentiment import Tone, label_of
from intelligence.text.topics import Topics

#: Goes up when the same text would be read otherwise than before; all texts are then read anew.
VERSION = 1
READING = ("content_hash", "words", "language", "sentiment", "sentiment_label", "no_sentiment_reason")
MENTION = ("content_hash", "topic", "words", "mentions", "competitors", "is_negated")


@dataclass(frozen=True)
class Vocabulary:
    """What texts are read with, as people keep it.

    Attributes:
        topics: topic, takes_negation; one row per topic.
        words: topic, words; one row per phrase.
        competitors: competitor_name, alias; one row per name and alias.
        tone_words: word, worth (-4 to 4); one row per word whose worth is not VADER's.
    """

    topics: pd.DataFrame
    words: pd.DataFrame
    competitors: pd.DataFrame
    tone_words: pd.DataFrame

    def mark(self) -> str:
        """Changes with every entry and with VERSION."""
        entries = [
            table.sort_values(list(table.columns)).to_csv(index=False)
            for table in (self.topics, self.words, self.competitors, self.tone_words)
        ]
        return hashlib.md5("\n".join([str(VERSION), *entries]).encode()).hexdigest()


def read_texts(texts: pd.DataFrame, vocabulary: Vocabulary) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tone and the topics of texts.

    Args:
        texts: content_hash, content (may be null); one row per different text.
        vocabulary: the words.

    Returns:
        READING, one row per text: sentiment from -1 to 1, null with no_sentiment_reason where the text is not plausibly English.
        MENTION, one row per text and topic. Never raises for what a text holds.
    """
    worth = vocabulary.tone_words.dropna(subset=["word", "worth"])
    tone = Tone(dict(zip(worth["word"].str.lower(), worth["worth"].astype(float), strict=True)))
    topics = Topics(vocabulary.topics, vocabulary.words, vocabulary.competitors)
    cleaned = texts["content"].map(own_words)
    judged = cleaned.map(lambda text: judge_language(text, tone.lexicon))
    reasons = judged.map(lambda judgement: judgement.reason)
    sentiment = cleaned.where(reasons.isna()).map(tone.of_text, na_action="ignore").astype("float64")
    readings = pd.DataFrame(
        {
            "content_hash": texts["content_hash"],
            "words": cleaned.map(lambda text: len(words_of(plain(text)))).astype("int64"),
            "language": judged.map(lambda judgement: judgement.language).astype(object),
            "sentiment": sentiment,
            "sentiment_label": sentiment.map(label_of, na_action="ignore").astype(object),
            "no_sentiment_reason": reasons.astype(object),
        },
        columns=list(READING),
    )
    mentioned = cleaned.map(topics.of_text)
    found = pd.DataFrame({"content_hash": texts["content_hash"], "mention": mentioned}).explode("mention").dropna()
    mentions = pd.DataFrame([asdict(mention) for mention in found["mention"]], columns=list(MENTION[1:]))
    mentions.insert(0, "content_hash", found["content_hash"].to_numpy())
    return readings, mentions
