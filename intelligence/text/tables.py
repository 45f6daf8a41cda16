"""The tables of the text step. They are made before the first model, by a process that need not load what texts are read with."""

SCHEMA = "texts"
TABLES = {
    "readings": (
        "source_system varchar, record_type varchar, record_id varchar, content_hash varchar, words bigint, language varchar, "
        "sentiment double, sentiment_label varchar, no_sentiment_reason varchar"
    ),
    "mentions": (
        "source_system varchar, record_type varchar, record_id varchar, topic varchar, words varchar, mentions bigint, "
        "competitors varchar, is_negated boolean"
    ),
}
