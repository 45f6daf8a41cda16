"""The step reads what is new or changed, and ends where reading all anew ends."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pytest

from intelligence.text.reading import Vocabulary
from intelligence.text.step import STEP
from intelligence.warehouse import StepError


@pytest.fixture
def warehouse(tmp_path: Path, vocabulary: Vocabulary) -> Path:
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("create schema bronze; create schema reference")
        con.execute(
            "create table bronze.support_tickets (source_system varchar, ticket_id varchar, subject varchar, body varchar)"
        )
        con.execute(
            "create table bronze.survey_responses (source_system varchar, response_id varchar, comment varchar)"
        )
        con.execute(
            "create table bronze.engagements (source_system varchar, engagement_id varchar, subject varchar, notes varchar)"
        )
        for name, seed in (
            ("text_topics", vocabulary.topics),
            ("text_topic_words", vocabulary.words),
            ("competitors", vocabulary.competitors),
            ("text_tone_words", vocabulary.tone_words),
        ):
            con.register("seed", seed)
            con.execute(f"create table reference.{name} as select * from seed")
            con.unregister("seed")
        con.execute("alter table reference.competitors alter alias type varchar")
    return path


def _do(warehouse: Path, sql: str) -> None:
    with duckdb.connect(str(warehouse)) as con:
        con.execute(sql)


def _tables(warehouse: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    with duckdb.connect(str(warehouse)) as con:
        return con.execute("from texts.readings order by all").df(), con.execute(
            "from texts.mentions order by all"
        ).df()


def _agrees_with_reading_anew(warehouse: Path) -> None:
    before = _tables(warehouse)
    STEP.run(warehouse, retrain=True)
    for table, anew in zip(before, _tables(warehouse), strict=True):
        pd.testing.assert_frame_equal(table, anew)


def test_no_texts_and_only_empty_ones(warehouse: Path) -> None:
    assert STEP.run(warehouse).sentence == ""
    _do(warehouse, "insert into bronze.support_tickets values ('zendesk', '1', null, null), ('zendesk', '2', ' ', '')")
    assert STEP.run(warehouse).figures["texts"] == 0
    _do(warehouse, "insert into bronze.survey_responses values ('files', '1', 'Das ist nicht gut')")
    assert STEP.run(warehouse).figures == {"texts": 1, "read now": 1, "with sentiment": 0, "mentions": 0}
    readings, _ = _tables(warehouse)
    assert readings["no_sentiment_reason"].tolist() == ["not_english"]


def test_only_new_and_changed_texts_are_read(warehouse: Path) -> None:
    _do(
        warehouse,
        """
        insert into bronze.support_tickets values
            ('zendesk', '1', 'Slow', 'The export is slow'), ('zendesk', '2', null, 'Great, thank you!'), ('files', '1', 'Slow', 'The export is slow');
        insert into bronze.engagements values ('files', '1', 'Review', 'Compares us with Metrikorn, finds it expensive')
        """,
    )
    first = STEP.run(warehouse)
    assert first.figures == {"texts": 4, "read now": 3, "with sentiment": 4, "mentions": 5}
    assert STEP.run(warehouse).figures["read now"] == 0
    # One text changes, one moves to another record, one goes, one comes.
    _do(
        warehouse,
        """
        update bronze.support_tickets set body = 'The export has an error' where ticket_id = '1' and source_system = 'files';
        update bronze.support_tickets set subject = 'Slow', body = 'The export is slow' where ticket_id = '2';
        delete from bronze.engagements;
        insert into bronze.survey_responses values ('files', '7', 'No errors, but the price!')
        """,
    )
    assert STEP.run(warehouse).figures["read now"] == 2
    _, mentions = _tables(warehouse)
    assert set(zip(mentions["record_type"], mentions["record_id"], mentions["topic"], mentions["is_negated"], strict=True)) == {
        ("ticket", "1", "performance", False), ("ticket", "1", "bug", False), ("ticket", "2", "performance", False),
        ("survey_answer", "7", "bug", True), ("survey_answer", "7", "pricing", False),
    }  # fmt: skip
    _agrees_with_reading_anew(warehouse)


def test_other_words_read_all_anew(warehouse: Path) -> None:
    _do(
        warehouse,
        "insert into bronze.survey_responses values ('files', '1', 'We like the blue one of Acme'), ('files', '2', 'It is blue')",
    )
    STEP.run(warehouse)
    _do(
        warehouse,
        "insert into reference.competitors values ('Acme', null); insert into reference.text_tone_words values ('blue', -3)",
    )
    assert STEP.run(warehouse).figures["read now"] == 2
    readings, mentions = _tables(warehouse)
    assert (readings["sentiment"] < 0).all()
    assert mentions["competitors"].tolist() == ["Acme"]
    _agrees_with_reading_anew(warehouse)


def test_a_step_that_fails_leaves_its_results(warehouse: Path) -> None:
    _do(warehouse, "insert into bronze.survey_responses values ('files', '1', 'Good')")
    STEP.run(warehouse)
    before = _tables(warehouse)
    _do(
        warehouse,
        "insert into bronze.survey_responses values ('files', '2', 'Bad'); alter table reference.text_tone_words rename worth to weight",
    )
    with pytest.raises(StepError, match="The text step failed"):
        STEP.run(warehouse)
    for table, after in zip(before, _tables(warehouse), strict=True):
        pd.testing.assert_frame_equal(table, after)
