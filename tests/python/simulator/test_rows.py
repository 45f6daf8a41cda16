"""The rows: keys that meet, money that adds up, times inside the window; broken rows where the list says."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest


def test_keys_meet(sound_company: Any) -> None:
    c = sound_company
    ghosts = f"(select customer_id from '{c.truth('accounts_truth')}' where is_missing_in_accounts)"
    known = f"(select customer_id from {c.read('accounts/*.csv')} union {ghosts})"
    users = f"(select user_id from {c.read('users/*.csv')})"
    assert c.query(f"select count(*) from {ghosts}")[0][0] >= 1
    for files in (
        "users/*.csv", "subscriptions/*.csv", "invoices/*.csv", "payments/*.jsonl.gz", "support_tickets/*.csv", "survey_responses/*.csv", "survey_invitations/*.csv",
        "engagements/*.csv", "goals/*.csv", "interventions/*.csv", "devices/*.csv", "customer_activity_log/*.jsonl.gz",
        "customer_events/*.parquet", "customer_events/*.csv.gz", "customer_events/*.jsonl.gz",
    ):  # fmt: skip
        source = c.read(files)
        assert (
            c.query(
                f"select distinct customer_id from {source} where customer_id not in (select customer_id from {known})"
            )
            == []
        )
        if files.split("/")[0] in ("support_tickets", "survey_responses", "customer_activity_log", "customer_events"):
            assert c.query(f"select distinct user_id from {source} where user_id not in {users}") == []
    assert (
        c.query(
            f"select invoice_id from {c.read('payments/*.jsonl.gz')} where invoice_id not in"
            f" (select invoice_id from {c.read('invoices/*.csv')})"
        )
        == []
    )


def test_event_ids_are_unique_and_times_inside_the_window(sound_company: Any) -> None:
    c = sound_company
    total = 0
    for files in ("*.parquet", "*.csv.gz", "*.jsonl.gz"):
        rows, ids, first, last, early = c.query(
            f"select count(*), count(distinct event_id), min(occurred_at::timestamp)::date::varchar,"
            f" max(occurred_at::timestamp)::date::varchar, count(*) filter (where received_at::timestamp < occurred_at::timestamp)"
            f" from {c.read('customer_events/' + files)}"
        )[0]
        assert rows == ids and early == 0
        assert "2026-04-15" <= first <= last <= "2026-10-31"
        total += rows
    assert total == c.summary.rows["customer_events"]


def test_money_adds_up(sound_company: Any) -> None:
    c = sound_company
    latest = f"(select * from {c.read('invoices/*.csv')} qualify row_number() over (partition by invoice_id order by updated_at desc) = 1)"
    paid, collected, odd = c.query(
        f"""
        with got as (
            select invoice_id, sum(amount) as amount, count(*) as times from (
                select distinct payment_id, invoice_id, amount from {c.read("payments/*.jsonl.gz")} where status <> 'failed'
            ) group by invoice_id
        )
        select count(*) filter (where status = 'paid'), count(*) filter (where got.times = 1),
            count(*) filter (where (status = 'paid') <> (got.times is not null) or abs(amount_paid - coalesce(got.amount, 0)) > 0.001)
        from {latest} as invoice left join got using (invoice_id)
        """
    )[0]
    assert paid == collected > 50 and odd == 0
    statuses = {row[0] for row in c.query(f"select distinct status from {latest}")}
    assert {"paid", "open"} <= statuses


def test_subscriptions_tell_no_future(sound_company: Any) -> None:
    c = sound_company
    files = c.landing("subscriptions/*.csv")
    read = f"read_csv('{files}', filename = true)"
    assert c.query(f"select count(*) from {read} where effective_at < started_at or ended_at < started_at")[0][0] == 0
    assert (
        c.query(
            f"select count(*) from {read} where strftime(updated_at, '%Y-%m') > right(parse_filename(filename, true), 7)"
        )[0][0]
        == 0
    )
    assert c.query(f"select count(*) from {read} where canceled_at > updated_at")[0][0] == 0
    assert c.query(f"select count(*) from {read} where status = 'trialing' and not is_trial")[0][0] == 0
    changed = c.query(
        f"select count(*) from (select subscription_id from {read} group by 1 having count(distinct effective_at) > 1)"
    )[0][0]
    assert changed > 5


def test_snapshots_repeat_accounts_and_change_them(sound_company: Any) -> None:
    c = sound_company
    repeated, changed = c.query(
        f"select count(*), count(*) filter (where versions > 1) from (select customer_id, count(distinct updated_at) as versions"
        f" from {c.read('accounts/*.csv')} group by 1 having count(*) > 1)"
    )[0]
    assert repeated > 50 and changed > 5


def line_at(company: Any, file: str, number: int) -> bytes:
    path = company.out / "landing" / "files" / file
    raw = gzip.decompress(path.read_bytes()) if file.endswith(".gz") else path.read_bytes()
    lines: list[bytes] = raw.split(b"\n")
    return lines[number - 1]


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def test_broken_rows_are_where_the_list_says(company: Any) -> None:
    rows = company.query(
        f"select file, line, kind, should_be, row_id from '{company.truth('broken_rows')}' order by all"
    )
    kinds = {row[2] for row in rows}
    assert kinds >= {
        "exact_duplicate", "delivered_twice", "wrong_number_of_fields", "not_utf8", "unreadable_timestamp", "negative_amount",
        "unknown_billing_interval", "missing_required_key", "dated_2099", "cut_off_json", "late_delivery",
    }  # fmt: skip
    assert len(rows) < 250
    for file, number, kind, _, row_id in rows:
        if file.endswith(".parquet"):
            path = company.landing(file)
            found = company.query(
                f"select event_id from read_parquet('{path}', file_row_number = true) where file_row_number = {number - 1}"
            )
            assert found == [(row_id,)]
            continue
        line = line_at(company, file, number)
        assert row_id.encode() in line
        separators = line.count(b",") - line_at(company, file, 1).count(b",")
        expected = {
            "wrong_number_of_fields": separators == 2,
            "not_utf8": b"M\xfcnchner" in line,
            "negative_amount": b",-250.00," in line,
            "negative_number": b",-5," in line,
            "unknown_account": b",acc-99999999," in line,
            "unknown_billing_interval": b",fortnight," in line,
            "dated_2099": b"2099-01-01" in line,
            "cut_off_json": not _is_json(line),
            "missing_required_key": line.startswith(b",") or b",," in line,
        }
        assert expected.get(kind, True), (file, number, kind, line)


def test_sound_rows_survive_beside_the_broken_ones(company: Any, sound_company: Any) -> None:
    """Whoever drops what the list calls rejected or duplicate has the sound export again."""
    drops = company.query(
        f"select split_part(file, '/', 1), count(*) from '{company.truth('broken_rows')}'"
        " where (should_be <> 'kept' or kind = 'unknown_account') and kind <> 'not_utf8' group by 1"
    )
    for contract, count in drops:
        assert company.summary.rows[contract] - count == sound_company.summary.rows[contract], contract
    assert sound_company.query(f"select count(*) from '{sound_company.truth('broken_rows')}'") == [(0,)]


def test_late_rows_arrive_a_month_later(company: Any) -> None:
    late = company.query(
        f"select file, row_id from '{company.truth('broken_rows')}' where kind = 'late_delivery' and file like '%.parquet'"
    )
    assert late
    for file, row_id in late:
        days = company.query(
            f"select date_diff('day', occurred_at, received_at) from '{company.landing(file)}' where event_id = '{row_id}'"
        )
        assert len(days) == 1 and 26 <= days[0][0] <= 33


def test_one_person_behind_several_ids(company: Any) -> None:
    truth = company.truth("person_truth")
    logins = company.query(
        f"select max(n) from (select count(distinct customer_id) as n from '{truth}' where user_id is not null group by person_id)"
    )
    devices = company.query(
        f"select count(*) from (select person_id from '{truth}' group by 1 having count(distinct visitor_id) > 1)"
    )
    strangers = company.query(f"select count(*) from '{truth}' where user_id is null")
    assert logins[0][0] >= 2 and devices[0][0] > 20 and strangers[0][0] > 500
    unknown = company.query(
        f"select count(*) from '{company.landing('customer_events/*.parquet')}' where visitor_id not in (select visitor_id from '{truth}')"
    )
    assert unknown == [(0,)]


def test_incidents_show_as_errors(company: Any) -> None:
    shares = company.query(
        f"""
        with used as (
            select feature_name, occurred_at::date as day, avg((event_name = 'error')::integer) as share, count(*) as uses
            from '{company.landing("customer_events/*.parquet")}' where feature_name is not null group by all
        )
        select incident.feature_name is not null as is_broken, sum(share * uses) / sum(uses)
        from used left join '{company.truth("incidents")}' as incident
            on used.feature_name = incident.feature_name and day between first_day and last_day
        group by 1 order by 1
        """
    )
    usual, broken = (row[1] for row in shares)
    assert usual < 0.01 and broken == pytest.approx(0.57, abs=0.33)


def test_every_answer_was_asked_for(sound_company: Any) -> None:
    c = sound_company
    asked, answered, unasked = c.query(
        f"""
        with questions as (select *, row_number() over (partition by user_id, survey_type order by sent_at) as n
            from {c.read("survey_invitations/*.csv")}),
        answers as (select * from {c.read("survey_responses/*.csv")})
        select (select count(*) from questions), (select count(*) from answers), count(*)
        from answers where not exists (
            select 1 from questions where questions.user_id = answers.user_id and questions.survey_type = answers.survey_type
            and questions.sent_at::timestamp <= answers.responded_at::timestamp
            and questions.sent_at::timestamp >= answers.responded_at::timestamp - interval 72 hours - interval 1 minute)
        """
    )[0]
    assert unasked == 0
    assert 0.15 < answered / asked < 0.4
