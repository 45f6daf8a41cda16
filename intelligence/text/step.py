"""The text step on a warehouse, whoever starts it: the command line or Dagster. It reads what is new or changed since the last time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb

from intelligence.text.reading import Vocabulary, read_texts
from intelligence.text.tables import SCHEMA, TABLES
from intelligence.warehouse import Step, StepReport

TICKETS, ANSWERS, ENGAGEMENTS = "bronze.support_tickets", "bronze.survey_responses", "bronze.engagements"
TOPICS, WORDS = "reference.text_topics", "reference.text_topic_words"
COMPETITORS, TONE_WORDS = "reference.competitors", "reference.text_tone_words"

#: The texts there are, with a mark that changes with the text and with the vocabulary ($mark).
_TEXTS = f"""
    with texts as (
        select source_system, 'ticket' as record_type, ticket_id as record_id, concat_ws(chr(10), subject, body) as content from {TICKETS}
        union all
        select source_system, 'survey_answer', response_id, comment from {ANSWERS}
        union all
        select source_system, 'engagement', engagement_id, concat_ws(chr(10), subject, notes) from {ENGAGEMENTS}
    )
    select *, md5($mark || content) as content_hash from texts where regexp_matches(content, '\\S')
"""


def _read(con: duckdb.DuckDBPyConnection, data_dir: Path, retrain: bool, tell: Callable[[str], None]) -> StepReport:
    """Bring the readings of a warehouse up to date with its texts; `retrain` reads all of them anew."""
    vocabulary = Vocabulary(
        con.execute(f"select topic, takes_negation from {TOPICS}").df(),
        con.execute(f"select topic, words from {WORDS}").df(),
        con.execute(f"select competitor_name, alias from {COMPETITORS}").df(),
        con.execute(f"select word, cast(worth as double) as worth from {TONE_WORDS}").df(),
    )
    con.execute(f"create or replace temp table text_now as {_TEXTS}", {"mark": vocabulary.mark()})
    known = (
        "false"
        if retrain
        else f"exists (select 1 from {SCHEMA}.readings as old where old.content_hash = text_now.content_hash)"
    )
    fresh = con.execute(
        f"select content_hash, any_value(content) as content from text_now where not {known} group by content_hash order by content_hash"
    ).df()
    tell(f"reading {len(fresh):,} texts")
    readings, mentions = read_texts(fresh, vocabulary)
    con.register("fresh_readings", readings)
    con.register("fresh_mentions", mentions)
    con.execute("begin")
    # What was read before stands under the same mark, whichever record had the text then.
    con.execute(f"""
        create or replace temp table reading_of as
        select * from fresh_readings
        union all
        select distinct content_hash, words, language, sentiment, sentiment_label, no_sentiment_reason from {SCHEMA}.readings
        where content_hash not in (select content_hash from fresh_readings);
        create or replace temp table mentions_of as
        select * from fresh_mentions
        union all
        select distinct readings.content_hash, topic, mentions.words, mentions, competitors, is_negated
        from {SCHEMA}.mentions inner join {SCHEMA}.readings using (source_system, record_type, record_id)
        where readings.content_hash not in (select content_hash from fresh_readings);
        delete from {SCHEMA}.readings;
        delete from {SCHEMA}.mentions;
        insert into {SCHEMA}.readings by name
        select source_system, record_type, record_id, reading_of.* from text_now inner join reading_of using (content_hash) order by all;
        insert into {SCHEMA}.mentions by name
        select source_system, record_type, record_id, mentions_of.* exclude (content_hash)
        from text_now inner join mentions_of using (content_hash) order by all
    """)
    con.execute("commit")
    con.unregister("fresh_readings")
    con.unregister("fresh_mentions")
    counted = con.execute(f"select count(*), count(sentiment) from {SCHEMA}.readings").fetchall()[0]
    topics = con.execute(f"select count(*) from {SCHEMA}.mentions").fetchall()[0][0]
    return StepReport(
        sentence=f"read {len(fresh):,} new of {counted[0]:,} texts: {counted[1]:,} with a tone, {topics:,} mentions of topics"
        if counted[0]
        else "",
        figures={"texts": counted[0], "read now": len(fresh), "with sentiment": counted[1], "mentions": topics},
    )


STEP = Step(
    name="text",
    asset="read_texts",
    description="Reads tickets, survey comments and notes of talks: tone by an offline lexicon, topics by the words of a seed.",
    purpose="read texts",
    reads=(TICKETS, ANSWERS, ENGAGEMENTS, TOPICS, WORDS, COMPETITORS, TONE_WORDS),
    schema=SCHEMA,
    tables=TABLES,
    work=_read,
)
