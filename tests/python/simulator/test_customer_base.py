"""The persons a simulated company knows: contacts with logins, private customers, and what happens with them."""

from __future__ import annotations

from typing import Any

import pytest

OF_RECORDS = (
    "customer_identifiers", "customer_preferences_consent", "customer_interactions", "segment_assignments", "value_metrics",
    "product_ownership", "complaints_feedback",
)  # fmt: skip


def records(c: Any) -> str:
    return f"(select source_system as origin_system, source_record_id, person_id from '{c.truth('person_records')}')"


def test_logins_and_contacts_are_one_person(sound_company: Any) -> None:
    c = sound_company
    users, known, wrong = c.query(
        f"""
        select count(*), count(r.person_id), count(*) filter (where r.person_id <> p.person_id)
        from (select distinct user_id, person_id from '{c.truth("person_truth")}' where user_id is not null) as p
        left join {records(c)} as r on r.source_record_id = 'user:' || p.user_id and r.origin_system = 'files'
        """
    )[0]
    assert users == known > 300 and wrong == 0
    contacts, with_login = c.query(
        f"""
        select count(distinct source_record_id), count(distinct source_record_id) filter (where person_id in
            (select person_id from {records(c)} where origin_system = 'files'))
        from {c.read("customers/*.csv")} inner join {records(c)} using (origin_system, source_record_id) where customer_id is not null
        """
    )[0]
    assert contacts == with_login > 100
    same = c.query(
        f"""
        select avg((contact.email = login.email)::int) from {c.read("customers/*.csv")} as contact
        inner join {records(c)} as r using (origin_system, source_record_id)
        inner join {records(c)} as l on l.person_id = r.person_id and l.origin_system = 'files'
        inner join (select distinct user_id, email from {c.read("users/*.csv")}) as login on l.source_record_id = 'user:' || login.user_id
        where contact.email is not null
        """
    )[0][0]
    assert 0.5 < same < 0.95


@pytest.mark.parametrize("contract", OF_RECORDS)
def test_rows_of_persons_meet_their_records(sound_company: Any, contract: str) -> None:
    c = sound_company
    rows, lost = c.query(
        f"select count(*), count(*) filter (where r.person_id is null)"
        f" from (select origin_system, source_record_id::varchar as source_record_id from {c.read(contract + '/*.csv')})"
        f" left join {records(c)} as r using (origin_system, source_record_id)"
    )[0]
    assert rows > 100 and lost == 0


def test_ties_of_the_exports_are_true(sound_company: Any) -> None:
    c = sound_company
    rows, known, right = c.query(
        f"""
        select count(*), count(t.relationship_type), count(*) filter (where t.relationship_type = tie.relationship_type
            or (tie.relationship_type = 'joint_account' and t.relationship_type = 'spouse')
            or (tie.relationship_type = 'guardian' and t.relationship_type = 'parent'))
        from {c.read("customer_relationships/*.csv")} as tie
        inner join {records(c)} as a on tie.origin_system = a.origin_system and tie.from_record_id = a.source_record_id
        inner join {records(c)} as b on tie.origin_system = b.origin_system and tie.to_record_id = b.source_record_id
        left join '{c.truth("relationships")}' as t on t.person_id = a.person_id and t.other_person_id = b.person_id
        """
    )[0]
    assert rows == known == right > 20


def test_files_tell_no_future(sound_company: Any) -> None:
    c = sound_company
    for contract, column in (
        ("customers", "updated_at"), ("customer_identifiers", "updated_at"), ("customer_preferences_consent", "changed_at"),
        ("customer_interactions", "occurred_at"), ("segment_assignments", "updated_at"), ("product_ownership", "updated_at"),
        ("complaints_feedback", "updated_at"), ("value_metrics", "updated_at"), ("lifecycle_events", "occurred_at"),
    ):  # fmt: skip
        late = c.query(
            f"select count(*) from read_csv('{c.landing(f'{contract}/*.csv')}', union_by_name = true, filename = true)"
            f" where strftime({column}, '%Y-%m') > right(parse_filename(filename, true), 7)"
        )[0][0]
        assert late == 0, contract


def test_money_of_persons_adds_up(sound_company: Any) -> None:
    c = sound_company
    assert c.query(
        f"select count(*) from {c.read('value_metrics/*.csv')} where abs(revenue - cost_to_serve - margin) > 0.005"
    ) == [(0,)]
    assert c.query(f"select count(*) from {c.read('value_metrics/*.csv')} where wallet_estimate < revenue") == [(0,)]
