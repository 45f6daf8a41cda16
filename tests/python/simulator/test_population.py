"""Persons at scale: each planted kind of trouble occurs, at about its rate, and the truth fits the files."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import duckdb
import phonenumbers
import pytest

from simulator.population import simulate_people
from simulator.record_systems import COLUMNS, SYSTEMS
from simulator.trouble import KINDS, LIFE, WRITING

RECORDS = 12_000


class People:
    def __init__(self, out: Path, **settings: Any) -> None:
        self.out = out
        self.summary = simulate_people(out=out, **settings)
        self.session = duckdb.connect()
        files = out / "landing" / "files"
        for name in ("customers", "customer_identifiers"):
            self.session.execute(
                f"create view {name} as select * from read_csv('{files / name}/*.csv', all_varchar = true)"
            )
        for path in (out / "truth").glob("*.parquet"):
            self.session.execute(f"create view {path.stem} as select * from '{path}'")
        self.session.execute(
            "create view known as select * from customers inner join person_records"
            " on origin_system = source_system and customers.source_record_id = person_records.source_record_id"
        )

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        return self.session.execute(sql).fetchall()

    def one(self, sql: str) -> Any:
        return self.query(sql)[0][0]


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> People:
    return People(tmp_path_factory.mktemp("people"), records=RECORDS, seed=3)


@pytest.fixture(scope="module")
def tidy(tmp_path_factory: pytest.TempPathFactory) -> People:
    return People(tmp_path_factory.mktemp("tidy"), records=3_000, seed=3, noise=0.0)


def test_as_many_records_as_asked_for(people: People) -> None:
    assert people.one("select count(*) from person_records") == RECORDS
    assert people.one("select count(distinct (origin_system, source_record_id)) from customers") == RECORDS
    assert people.one("select count(*) from known") == people.summary.rows["customers"]
    assert {row[0] for row in people.query("select distinct origin_system from customers")} == {s.name for s in SYSTEMS}


def test_columns_and_versions(people: People) -> None:
    assert tuple(row[0] for row in people.query("describe customers")) == COLUMNS
    assert (
        people.one(
            "select count(*) from (select 1 from customers group by origin_system, source_record_id, updated_at having count(*) > 1)"
        )
        == 0
    )
    assert people.one("select count(*) from customers where updated_at < created_at or updated_at >= '2026-11-01'") == 0
    assert 1.15 < people.summary.rows["customers"] / RECORDS < 1.6
    assert (
        people.one(
            "select count(*) from (select 1 from customer_identifiers group by origin_system, source_record_id, identifier_type, identifier_value having count(*) > 1)"
        )
        == 0
    )
    assert (
        people.one(
            "select count(*) from customer_identifiers i anti join person_records r on i.origin_system = r.source_system and i.source_record_id = r.source_record_id"
        )
        == 0
    )


def test_every_kind_occurs_at_about_its_rate(people: People) -> None:
    planted = {row[0]: row[1:] for row in people.query("select kind, share, possible, planted from trouble")}
    seen = {row[0] for row in people.query("select distinct unnest(trouble) from person_records")}
    assert set(KINDS) - seen <= {"national_id_digit", "placeholder_national_id"}, set(KINDS) - seen
    for kind, (share, possible, count) in planted.items():
        expected = share * possible
        assert 0.4 * expected - 4 <= count <= 1.5 * expected + 6, (kind, share, count / possible)
    noted_elsewhere = {"stale_address", "former_name", "copied_when_stale", "hardly_anything", "shared_device"}
    assert set(WRITING) == set(planted) | noted_elsewhere
    bare = people.one("select avg(list_contains(trouble, 'hardly_anything')::int) from person_records")
    assert 0.6 < bare / WRITING["hardly_anything"][0] < 1.5


def test_life_happens_at_about_its_rate(people: People) -> None:
    share = {kind: share for kind, (share, _) in LIFE.items()}
    twins = people.one(
        "select count(distinct a.household_id) from people a join people b using (household_id, birth_date)"
        " where a.person_id < b.person_id and a.is_twin and b.is_twin"
    )
    assert twins >= 250 * share["twins"]
    assert (
        people.one(
            "select count(*) from people a join people b using (household_id, given_name, gender)"
            " where a.person_id < b.person_id and a.family_name = b.family_name and abs(date_diff('year', a.birth_date, b.birth_date)) > 15"
        )
        >= 250 * share["parent_and_child_namesakes"]
    )
    assert (
        people.one(
            "select count(*) from people a join people b using (given_name, family_name, birth_date) where a.household_id < b.household_id and a.city <> b.city"
        )
        >= 1250 * share["namesakes_born_alike"]
    )
    couples = people.one("select count(*) from people where partner_id is not null")
    shared = people.one(
        "select count(*) from people a join people b on a.partner_id = b.person_id where a.email = b.email"
    )
    assert 0.44 < shared / couples / (share["couple_mailbox"] + share["family_mailbox"]) < 1.4
    moved = people.one("select avg(has_moved::int) from households")
    assert share["moved"] < moved < share["moved"] + 0.3
    assert people.one("select count(*) from people where former_family_name is not null") > 40
    names = people.one("select max(n) from (select count(*) n from people group by given_name, family_name)")
    assert names >= 3


def test_hundreds_share_a_kiosk(people: People) -> None:
    most = people.one(
        "select max(n) from (select count(*) n from customer_identifiers where identifier_type = 'device_id' group by identifier_value)"
    )
    assert most > 80


def test_some_systems_never_fill_a_field_or_hold_a_person_twice(people: People) -> None:
    assert (
        people.one(
            "select count(birth_date) + count(title) + count(gender) from customers where origin_system = 'shop'"
        )
        == 0
    )
    assert (
        people.one(
            "select count(given_name) + count(family_name) + count(street_address) from customers where origin_system in ('support', 'app')"
        )
        == 0
    )
    twice = dict(
        people.query("select source_system, count(*) - count(distinct person_id) from person_records group by 1")
    )
    assert twice["loyalty"] == twice["billing"] == 0
    assert twice["crm"] > 50 and twice["shop"] > 200


def test_ids_tell_nothing(people: People) -> None:
    near = people.one(
        "select corr(source_record_id::double, right(person_id, 7)::double) from person_records where source_system = 'shop'"
    )
    assert abs(near) < 0.06
    assert (
        people.one(
            "select count(*) from (select source_record_id from person_records group by 1 having count(distinct source_system) > 1)"
        )
        > 20
    )


def test_records_have_a_name_and_something_more(people: People) -> None:
    assert people.one("select count(*) from customers where coalesce(given_name, family_name, full_name) is null") == 0
    empty = people.one(
        "select count(*) from known where coalesce(email, phone, mobile_phone, birth_date, street_address, national_id) is null"
        " and not list_contains(trouble, 'hardly_anything')"
    )
    assert empty == 0


def test_nobody_is_miswritten_without_noise(tidy: People) -> None:
    of_life = {"moved", "name_changed", "twin", "namesake_at_home", "namesake_elsewhere", "shared_mailbox", "recycled_phone",
               "former_mail", "work_mail", "second_record_in_system"}  # fmt: skip
    assert {row[0] for row in tidy.query("select distinct unnest(trouble) from person_records")} <= of_life
    wrong = tidy.query(
        "select given_name, p.given_name, family_name from known k join people p using (person_id)"
        " where k.given_name <> p.given_name or (k.birth_date is not null and origin_system = 'crm' and k.birth_date <> p.birth_date::varchar)".replace(
            "family_name from", "k.family_name from"
        ).replace("select given_name", "select k.given_name")
    )
    assert wrong == []


def test_mail_and_telephone_are_invented_but_possible(tidy: People) -> None:
    domains = {
        row[0] for row in tidy.query("select distinct split_part(email, '@', 2) from customers where email is not null")
    }
    assert all(
        domain.endswith(".example") or domain in ("example.com", "example.org", "example.net") for domain in domains
    )
    numbers = [row[0] for row in tidy.query("select mobile_phone from people limit 1500")]
    valid = [phonenumbers.is_valid_number(phonenumbers.parse(number)) for number in numbers]
    assert sum(valid) / len(valid) > 0.97


def test_many_countries_and_letters(people: People) -> None:
    assert people.one("select count(distinct country) from people") >= 9
    assert people.one("select avg((strip_accents(family_name) <> family_name)::int) from people") > 0.05
    common = people.one("select max(n) / sum(n) from (select count(*) n from people group by family_name)")
    assert 0.005 < common < 0.05


def test_same_settings_same_bytes(tmp_path: Path) -> None:
    def digest(name: str, seed: int) -> str:
        simulate_people(records=400, seed=seed, out=tmp_path / name)
        found = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        return hashlib.sha256(b"".join(path.read_bytes() for path in found)).hexdigest()

    assert digest("one", 5) == digest("two", 5) != digest("three", 6)
    assert json.loads((tmp_path / "one" / "truth" / "settings.json").read_text())["records"] == 400


@pytest.mark.parametrize(
    ("setting", "value"),
    [("records", 0), ("records", 1.5), ("seed", -1), ("noise", 9), ("noise", "much"), ("end", "now")],
)
def test_settings_out_of_range_are_named(tmp_path: Path, setting: str, value: object) -> None:
    settings: dict[str, Any] = {"records": 10, "out": tmp_path / "out", setting: value}
    with pytest.raises(ValueError, match=rf"{setting} is {value!r}; allowed"):
        simulate_people(**settings)


@pytest.mark.parametrize("records", [1, 2, 37])
def test_tiny_populations_work(tmp_path: Path, records: int) -> None:
    assert simulate_people(records=records, out=tmp_path, seed=1).rows["customers"] >= records
