"""Candidates and links brought up to date in parts are those of a rebuild, whatever comes in, changes, or is taken back."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import duckdb
import pytest

from tests.python.identity.conftest import PROJECT, PROJECT_DIR, Workbench

pytestmark = pytest.mark.slow

MODELS = (
    *(
        "source_records",
        "record_identifiers",
        "identifier_values",
        "crowded_blocks",
        "identity_candidates",
        "deterministic_links",
    ),
    *(
        "identity_stated_links",
        "identity_links",
        "identity_components",
        "identity_conflicts",
        "identity_clusters",
        "identity_changes",
        "identity_map",
        "identity_open_pairs",
    ),
)
GOLDEN = ("golden_fields", "golden_customers")
#: what is compared with a rebuild
COMPARED = (
    "record_identifiers",
    "identifier_values",
    "crowded_blocks",
    "identity_candidates",
    "deterministic_links",
    "identity_links",
    "identity_open_pairs",
)
#: those that hold no number of a build
UNNUMBERED = ("crowded_blocks", "deterministic_links", "identity_links", "identity_open_pairs")
TEXTS = (
    *(
        "record_key",
        "record_type",
        "source_system",
        "source_record_id",
        "user_id",
        "title",
        "given_name",
        "middle_name",
        "family_name",
    ),
    *(
        "name_suffix",
        "full_name",
        "given_name_key",
        "middle_name_key",
        "family_name_key",
        "former_family_names",
        "name_suffix_key",
        "birth_digits",
        "gender",
        "gender_key",
        "email",
        "email_key",
    ),
    *(
        "phone",
        "mobile_phone",
        "national_id_key",
        "house_number_key",
        "street_key",
        "address_line_2_key",
        "city_key",
        "postcode_key",
    ),
    *(
        "region_key",
        "country",
        "house_number",
        "street_address",
        "address_line_2",
        "city",
        "postcode",
        "region",
        "language",
    ),
    *("company_name", "job_title", "source_file", "account_system", "source_customer_id", "content_hash"),
)
GIVEN = {
    "silver__record_versions": ", ".join(f"{name} varchar" for name in TEXTS)
    + ", is_email_verified boolean, is_phone_verified boolean, is_deleted boolean, is_test boolean, is_internal boolean, "
    "created_at timestamp, updated_at timestamp, birth_date date, source_line bigint, load_id bigint",
    "silver__record_arrivals": "record_key varchar, first_load_id bigint",
    "silver__account_map": "source_system varchar, source_customer_id varchar, customer_id varchar",
    "bronze__customer_identifiers": (
        "source_system varchar, origin_system varchar, source_record_id varchar, identifier_type varchar, identifier_value varchar, "
        "is_verified boolean, updated_at timestamp, load_id bigint"
    ),
    "silver__as_of": "as_of timestamp",
    "mail_providers": "domain varchar, ignores_dots boolean, canonical_domain varchar",
    "nicknames": "nickname varchar, given_name varchar",
    "source_systems": "source_system varchar, trust_rank integer, holds_duplicates boolean",
    "identifier_types": "identifier_type varchar, links boolean, is_personal boolean, max_records bigint, max_people bigint",
    "placeholders": "kind varchar, value varchar",
    "identity_rules": (
        "rule varchar, identifiers bigint, personal_identifiers bigint, places bigint, given_name varchar, family_name varchar, "
        "birth_date varchar, probability double"
    ),
    "silver__identity_decided_pairs": (
        "record_key_a varchar, record_key_b varchar, decision varchar, decided_by varchar, decided_at timestamp, reason varchar"
    ),
}
SETTINGS = (
    "vars: {as_of: null, default_country: null, identity_automatic_probability: 0.99, identity_review_probability: 0.5, "
    "identity_cluster_weight: 1}"
)
SOURCES = """
version: 2
sources: [{name: identity, tables: [{name: probabilistic_links}]}]
"""


class RecordBench(Workbench):
    """The workbench with the models from source records on, over versions that a test writes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.warehouse = root / "bench.duckdb"
        self.load_id = 0
        (root / "models").mkdir(parents=True)
        shutil.copytree(PROJECT_DIR / "macros", root / "macros")
        for name in MODELS:
            shutil.copy(PROJECT_DIR / f"models/silver/identity/silver__{name}.sql", root / "models")
        for name in GOLDEN:
            shutil.copy(PROJECT_DIR / f"models/silver/golden/silver__{name}.sql", root / "models")
        (root / "models/sources.yml").write_text(SOURCES)
        hooks = 'on-run-start: ["create schema if not exists identity", "{{ prepare_steps() }}"]'
        (root / "dbt_project.yml").write_text(
            re.sub(r"vars: .*", SETTINGS, re.sub(r"on-run-start: .*", hooks, PROJECT))
        )
        (root / "profiles.yml").write_text(
            f"bench: {{target: dev, outputs: {{dev: {{type: duckdb, path: '{self.warehouse}', threads: 1, plugins: [{{module: ingestion.dbt_plugin}}]}}}}}}\n"
        )
        for name in (*GIVEN, "survivorship_fields", "survivorship_rules"):
            (root / "models" / f"{name}.sql").write_text(f"select * from given.{name}")
        self.clear()

    def clear(self) -> None:
        self.warehouse.unlink(missing_ok=True)
        self.load_id = 0
        with duckdb.connect(str(self.warehouse)) as con:
            con.execute("create schema given")
            for name, columns in GIVEN.items():
                con.execute(f"create table given.{name} ({columns})")
            for name in ("survivorship_fields", "survivorship_rules"):
                con.execute(f"create table given.{name} as from read_csv('{PROJECT_DIR}/seeds/{name}.csv')")
            con.execute("insert into given.silver__as_of values ('2026-01-01')")
            con.execute(
                "insert into given.identifier_types values ('email', true, true, 4, 3), ('phone', true, false, 4, 2)"
            )
            con.execute(
                "insert into given.identity_rules values ('witness', 1, 0, 0, 'similar', 'similar', 'unknown', 0.995), "
                "('named', 0, 0, 1, 'same', 'same', 'same', 0.991)"
            )

    def load(
        self, versions: Iterable[dict[str, str]], replaced: Iterable[str] = (), stated: Iterable[tuple[str, str]] = ()
    ) -> None:
        """A load: versions of records, of which some take the place of all that were known of theirs, and identifiers stated apart."""
        self.load_id += 1
        number = self.load_id
        with duckdb.connect(str(self.warehouse)) as con:
            con.execute(
                "delete from given.silver__record_versions where record_key in (select unnest(?::varchar[]))",
                [list(replaced)],
            )
            for version in versions:
                row = {
                    **version,
                    "record_key": f"s|{version['id']}",
                    "record_type": "customer",
                    "source_system": "s",
                    "source_record_id": version["id"],
                    "source_file": f"{number}",
                    "content_hash": "|".join(f"{name}={value}" for name, value in sorted(version.items())),
                }
                row.pop("id")
                row |= {
                    name: row[f"{name}_key"]
                    for name in ("given_name", "family_name", "email", "postcode")
                    if f"{name}_key" in row
                }
                con.execute(
                    f"insert into given.silver__record_versions by name select {', '.join(f'? as {name}' for name in row)}, "
                    f"1 as source_line, {number} as load_id, timestamp '2025-01-01' + interval {number} hour as updated_at, "
                    "false as is_deleted, false as is_test, false as is_internal",
                    list(row.values()),
                )
            con.execute(
                f"insert into given.silver__record_arrivals select distinct record_key, {number} from given.silver__record_versions "
                "where record_key not in (select record_key from given.silver__record_arrivals)"
            )
            for record, value in stated:
                con.execute(
                    f"insert into given.bronze__customer_identifiers values ('s', 's', ?, 'email', ?, true, null, {number})",
                    [record, value],
                )

    def state(self) -> dict[str, list[tuple[object, ...]]]:
        """What is compared: all rows without the numbers of builds, and the partition."""
        found = {
            name: self.query(f"select * exclude ({left_out}) from silver.{name} order by all")
            for name in COMPARED
            for left_out in ["build_number, load_id" if name == "record_identifiers" else "build_number"]
            if name not in UNNUMBERED
        }
        for name in (*UNNUMBERED, *GOLDEN):
            found[name] = self.query(f"select * from silver.{name} order by all")
        found["partition"] = sorted(tuple(sorted(cluster)) for cluster in self.clusters())
        return found


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> RecordBench:
    return RecordBench(tmp_path_factory.mktemp("records"))


def person(chance: random.Random, number: int | str, **stated: str) -> dict[str, str]:
    """A record of one of few people, so that most records meet others."""
    who = chance.randrange(80)
    given = {
        "id": f"r{number}",
        "given_name_key": f"{'abcdefgh'[who % 8] * 5}{who % 7}",
        "family_name_key": f"family{who % 9}",
        "birth_digits": f"19800{1 + who % 9}{10 + who % 11}",
        "postcode_key": f"p{chance.randrange(9)}",
        "street_key": f"street{chance.randrange(9)}",
        "email_key": f"mail{who}.{chance.randrange(3)}@x.example",
        "phone": f"+44{chance.randrange(200)}",
        **stated,
    }
    return {name: value for name, value in given.items() if name == "id" or name in stated or chance.random() < 0.85}


CROWD = {"birth_digits": "19700101", "postcode_key": "crowd"}


def test_any_loads_end_where_a_rebuild_does(records: RecordBench) -> None:
    chance = random.Random(5)
    base = [person(chance, number) for number in range(300)]
    base += [person(chance, f"crowd{number}", **CROWD) for number in range(49)]
    shared = {"email_key": "shared@x.example"}
    base += [
        person(
            chance, f"shared{number}", given_name_key="anna", family_name_key="berg", birth_digits="19900202", **shared
        )
        for number in range(4)
    ]
    records.clear()
    records.load(base)
    records.run()
    assert records.query(
        "select is_linking from silver.identifier_values where identifier_value = 'shared@x.example'"
    ) == [(True,)]
    for number in range(4):
        more = [person(chance, f"new{number}.{place}") for place in range(8)]
        # changed: a later version; taken back: a version in the place of all earlier ones
        more += [person(chance, chance.randrange(300)) for _ in range(8)]
        gone = [f"r{chance.randrange(300)}" for _ in range(4)]
        more += [person(chance, key[1:]) for key in gone]
        if number == 0:
            # too many share the block, and the address
            more += [person(chance, f"crowd{place}", **CROWD) for place in range(49, 52)]
            more += [person(chance, "shared4", **shared)]
        if number == 2:
            # and too few again
            more += [
                person(chance, f"crowd{place}", birth_digits="19700101", postcode_key="elsewhere") for place in range(3)
            ]
            more += [person(chance, "shared4", email_key="other@x.example")]
            gone += ["rshared4"]
        stated = [(f"r{chance.randrange(300)}", f"mail{chance.randrange(80)}.0@x.example") for _ in range(4)]
        stated += [("rlate", "late@x.example")] if number == 1 else []
        more += [person(chance, "late")] if number == 3 else []
        records.load(list({version["id"]: version for version in more}.values()), [f"s|{key}" for key in gone], stated)
        pairs = [tuple(sorted(chance.sample(range(300), 2), key=lambda place: f"s|r{place}")) for _ in range(10)]
        records.execute(
            "insert into identity.match_runs select coalesce(max(match_number), 0) + 1, false from identity.match_runs",
            "create or replace table given.rematched as select record_key_a, record_key_b from identity.probabilistic_links where random() < 0.3",
            *(f"insert into given.rematched values ('s|r{a}', 's|r{b}')" for a, b in pairs),
            "insert into identity.rematched_records select (select max(match_number) from identity.match_runs), unnest([record_key_a, record_key_b]) "
            "from given.rematched",
            "delete from identity.probabilistic_links where (record_key_a, record_key_b) in (from given.rematched)",
            *(f"insert into identity.probabilistic_links values ('s|r{a}', 's|r{b}', {chance.choice([0.7, 0.995])}, 9, '', 'm{number}', 0, 0)" for a, b in pairs),
        )  # fmt: skip
        records.run()
        assert records.query("select count(*) from identity.builds where upstream = '' and anew_number != 1") == [(0,)]
        crowded, linking = number in (0, 1), number >= 2
        assert bool(records.query("select 1 from silver.crowded_blocks where block_key like '%crowd%'")) == crowded
        assert records.query(
            "select is_linking from silver.identifier_values where identifier_value = 'shared@x.example'"
        ) == [(linking,)]
        if number in (0, 3):
            built = records.state()
            kept = records.root / "kept.duckdb"
            shutil.copy(records.warehouse, kept)
            records.run("--full-refresh")
            rebuilt = records.state()
            for name, rows in rebuilt.items():
                assert built[name] == rows, name
            shutil.move(kept, records.warehouse)


def test_a_changed_seed_and_a_missed_build_make_everything_anew(records: RecordBench) -> None:
    chance = random.Random(6)
    records.clear()
    records.load([person(chance, number) for number in range(60)])
    records.run()
    records.load([person(chance, "one")])
    records.run("--select", "silver__source_records", "silver__record_identifiers")
    records.load([person(chance, "two")])
    records.execute(
        "insert into given.nicknames values ('aaaaa0', 'bbbbb1')", "update given.identifier_types set max_records = 2"
    )
    records.run()
    built = records.state()
    assert records.query("select model from identity.builds where upstream = '' and anew_number > 1 order by 1") == [
        ("deterministic_links",), ("identifier_values",), ("identity_candidates",)
    ]  # fmt: skip
    records.run("--full-refresh")
    assert built == records.state()
