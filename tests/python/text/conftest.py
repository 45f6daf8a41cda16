"""The vocabulary as the seeds have it."""

from __future__ import annotations

import pandas as pd
import pytest

from ingestion.contracts import PROJECT_DIR
from intelligence.text.reading import Vocabulary
from intelligence.text.sentiment import Tone
from intelligence.text.topics import Topics


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    names = ("text_topics", "text_topic_words", "competitors", "text_tone_words")
    tables = [pd.read_csv(PROJECT_DIR / "seeds" / f"{name}.csv") for name in names]
    return Vocabulary(*tables)


@pytest.fixture(scope="session")
def topics(vocabulary: Vocabulary) -> Topics:
    return Topics(vocabulary.topics, vocabulary.words, vocabulary.competitors)


@pytest.fixture(scope="session")
def tone(vocabulary: Vocabulary) -> Tone:
    return Tone(dict(zip(vocabulary.tone_words["word"], vocabulary.tone_words["worth"], strict=True)))
