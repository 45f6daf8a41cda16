"""Texts of tickets and comments: what was meant is written down for each, and rows stay on one line without quotes."""

from __future__ import annotations

from tests.python.simulator.conftest import Company


def test_every_text_has_its_truth(sound_company: Company) -> None:
    told = sound_company.query(
        f"""
        with exported as (
            select distinct ticket_id as record_id, subject is not null and body is not null as has_text
            from {sound_company.read("support_tickets/*.csv")}
            union all
            select distinct response_id, true from {sound_company.read("survey_responses/*.csv")} where comment is not null
        )
        select count(*), count(truth.record_id), count(*) filter (where has_text <> (truth.language is not null)), count(distinct truth.tone)
        from exported left join '{sound_company.truth("texts")}' as truth using (record_id)
        """
    )
    ((exported, known, wrong, tones),) = told
    assert exported == known > 300
    assert (wrong, tones) == (0, 2)


def test_texts_of_tickets_need_no_quotes(company: Company) -> None:
    for path in sorted((company.out / "landing" / "files" / "support_tickets").glob("*.csv")):
        assert b'"' not in path.read_bytes()
