"""Tables and files of person records: customers, customer_identifiers, and the truth beside them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa  # type: ignore[import-untyped, unused-ignore]

from simulator.contacts import Contacts
from simulator.database import load
from simulator.files import Landing, write_query
from simulator.households import Persons
from simulator.identifiers import draw_identifiers
from simulator.places import PLACES, Stream
from simulator.record_systems import COLUMNS, NAMES
from simulator.records import Records
from simulator.settings import NEVER, Array, Calendar, Month, blanked
from simulator.sheets import Sheet, make_sheet
from simulator.trouble import KINDS, WRITING

_BLOCK = 100_000
_OF_THE_ROW = {"source_record_id", "origin_system", "customer_id", "is_deleted", "is_test", "created_at", "updated_at"}
_WRITTEN = tuple(name for name in COLUMNS if name not in _OF_THE_ROW)


def _moments(day: Array, second: Array) -> Array:
    return day.astype("datetime64[D]").astype("datetime64[us]") + second.astype("int64") * np.timedelta64(1_000_000, "us")  # fmt: skip


class PersonFiles:
    """Person records of one simulation in a DuckDB session: tables `person_version`, `person_identifier`, `person_record`."""

    def __init__(
        self, session: duckdb.DuckDBPyConnection, stream: Stream, persons: Persons, contacts: Contacts, records: Records, noise: float
    ) -> None:  # fmt: skip
        self.session, self.stream, self.noise = session, stream, noise
        self.persons, self.contacts, self.records = persons, contacts, records
        self.tally: dict[str, list[int]] = {}

    def load(self, tell: Callable[[str], None], customer_id: Array | None = None) -> None:
        """Write all versions into the session, block by block. `customer_id`: the account of each record (None: none)."""
        count = len(self.records)
        marks = np.zeros(count, dtype="int64")
        for number, first in enumerate(range(0, count, _BLOCK)):
            last = min(first + _BLOCK, count)
            sheet = make_sheet(
                lambda name, number=number: self.stream(f"{name} block {number}"),  # type: ignore[misc]
                self.persons, self.contacts, self.records, first, last, self.noise,
            )  # fmt: skip
            np.bitwise_or.at(marks, sheet.versions.record, sheet.marks)
            for kind, (possible, planted) in sheet.tally.items():
                counts = self.tally.setdefault(kind, [0, 0])
                counts[0] += possible
                counts[1] += planted
            self._append(sheet, customer_id, number)
            tell(f"{last} of {count} records of persons")
        self._load_records(marks)
        self._load_identifiers()

    def _append(self, sheet: Sheet, customer_id: Array | None, number: int) -> None:
        versions, records = sheet.versions, self.records
        record = versions.record
        size = len(records)
        end = np.concatenate([record[1:] != record[:-1], [True]])
        deleted = (self.stream("record deleted").random(size) < 0.01)[record] & end & (versions.number > 0)
        test = (self.stream("record test").random(size) < 0.002)[record]
        columns: dict[str, Array] = {"record": record}
        for name in _WRITTEN:
            columns[name] = blanked(sheet.fields[name], sheet.fields[name] == "")
        columns["customer_id"] = (
            np.full(len(record), None, dtype=object) if customer_id is None else customer_id[record]
        )
        columns["is_deleted"], columns["is_test"] = deleted, test
        columns["created_at"] = _moments(records.created_day[record], records.created_second[record])
        columns["updated_at"] = _moments(versions.day, versions.second)
        columns["updated_at"] = np.maximum(columns["updated_at"], columns["created_at"])
        columns["shuffled"] = self.stream(f"row order {number}").random(len(record))
        table = pa.table(
            {
                name: pa.array(values, pa.string()) if values.dtype == object else pa.array(values)
                for name, values in columns.items()
            }
        )
        self.session.register("arriving", table)
        how = "create table person_version as" if number == 0 else "insert into person_version"
        self.session.execute(f"{how} select * from arriving")
        self.session.unregister("arriving")

    def _load_records(self, marks: Array) -> None:
        persons, records = self.persons, self.records
        load(
            self.session,
            "person_record",
            {
                "record": np.arange(len(records)),
                "source_system": np.array(NAMES, dtype=object)[records.system],
                "source_record_id": records.record_id,
                "person": records.person,
                "household": persons.household[records.person],
                "is_twin": persons.is_twin[records.person],
                "marks": marks,
            },
        )

    def _load_identifiers(self) -> None:
        columns = draw_identifiers(self.stream, self.persons, self.contacts, self.records)
        day, size = columns.pop("day"), len(columns["record"])
        columns["is_verified"] = blanked(columns["is_verified"], columns["is_verified"] == "")
        columns["valid_from"] = _moments(day, self.stream("identifier second").integers(0, 86_400, size))
        columns["shuffled"] = self.stream("identifier order").random(size)
        load(self.session, "person_identifier", columns)

    def write_month(self, landing: Landing, month: Month, calendar: Calendar) -> None:
        """Files of one month; that of the first month holds everything before as well."""
        begin = calendar.start + timedelta(days=month.first_day)
        end = calendar.start + timedelta(days=month.last_day + 1)

        def within(column: str) -> str:
            start = "" if month.number == 0 else f"{column} >= timestamp '{begin} 00:00:00' and "
            return f"{start}{column} < timestamp '{end} 00:00:00'"

        names = ", ".join({"origin_system": "source_system as origin_system"}.get(name, name) for name in COLUMNS)
        landing.write(
            "customers", f"customers_{month.label}.csv",
            f"""select {names} from person_version inner join person_record using (record)
            where {within("updated_at")} order by shuffled, record""",
            month,
        )  # fmt: skip
        landing.write(
            "customer_identifiers", f"customer_identifiers_{month.label}.csv",
            f"""select source_record_id, source_system as origin_system, identifier_type, identifier_value, is_verified,
                valid_from, null::timestamp as valid_to, valid_from as updated_at
            from person_identifier inner join person_record using (record)
            where {within("valid_from")} order by shuffled, record, identifier_type, identifier_value""",
            month,
        )  # fmt: skip

    def write_truth(self, folder: Path) -> None:
        """Write who is who into `folder`.

        person_records: a source record a row, with the person, the household and the kinds of trouble planted in any of
            its versions. people: the persons behind them as they are at the end. households: who lived together.
        trouble: of each kind, its share, how many rows could have had it and how many got it before later versions.
        """
        persons, contacts = self.persons, self.contacts
        kinds = ", ".join(f"case when marks & {1 << place} <> 0 then '{kind}' end" for place, kind in enumerate(KINDS))
        self._parquet(
            folder, "person_records",
            f"""select source_system, source_record_id, printf('per-%07d', person + 1) as person_id,
                printf('hh-%07d', household + 1) as household_id, is_twin,
                list_filter([{kinds}], lambda kind: kind is not null) as trouble
            from person_record order by source_system, source_record_id""",
        )  # fmt: skip
        address, homes = persons.address, persons.addresses
        never = persons.name_day == NEVER
        load(self.session, "person", {
            "person": np.arange(len(persons)), "household": persons.household,
            "given_name": persons.given, "middle_name": blanked(persons.middle, persons.middle == ""),
            "family_name": persons.family, "former_family_name": blanked(persons.former_family, never | (persons.former_family == persons.family)),
            "birth_date": persons.birth_day.astype("datetime64[D]"), "gender": np.array(["female", "male"], dtype=object)[persons.sex],
            "email": contacts.private_mail, "mobile_phone": contacts.mobile, "national_id": contacts.national_id,
            "street": homes.street[address], "house_number": homes.number[address], "city": homes.city[address],
            "postcode": homes.postcode[address], "country": np.array([land.code for land in PLACES], dtype=object)[homes.place[address]],
            "is_twin": persons.is_twin, "partner": persons.partner, "home": address, "former_home": persons.former_address,
        })  # fmt: skip
        used = "where person in (select person from person_record)"
        self._parquet(
            folder, "people",
            f"""select printf('per-%07d', person + 1) as person_id, printf('hh-%07d', household + 1) as household_id,
                * exclude (person, household, partner, home, former_home),
                case when partner >= 0 then printf('per-%07d', partner + 1) end as partner_id
            from person {used} order by person_id""",
        )  # fmt: skip
        self._parquet(
            folder, "households",
            f"""select printf('hh-%07d', household + 1) as household_id, printf('per-%07d', person + 1) as person_id,
                home <> former_home as has_moved, printf('home-%07d', home + 1) as home_id
            from person {used} order by household_id, person_id""",
        )  # fmt: skip
        load(self.session, "planted", {
            "kind": np.array(sorted(self.tally), dtype=object),
            "share": np.array([WRITING[kind][0] for kind in sorted(self.tally)]),
            "possible": np.array([self.tally[kind][0] for kind in sorted(self.tally)]),
            "planted": np.array([self.tally[kind][1] for kind in sorted(self.tally)]),
        })  # fmt: skip
        self._parquet(folder, "trouble", "select * from planted order by kind")

    def _parquet(self, folder: Path, name: str, query: str) -> None:
        write_query(self.session, query, folder / f"{name}.parquet", "parquet")
