"""Tables and files of person records: customers, customer_identifiers, and the truth beside them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import duckdb
import numpy as np
import pyarrow as pa  # type: ignore[import-untyped, unused-ignore]

from simulator.contacts import Contacts
from simulator.database import load
from simulator.files import Landing
from simulator.households import Persons
from simulator.identifiers import draw_identifiers
from simulator.places import Stream
from simulator.record_systems import COLUMNS, NAMES
from simulator.records import Records
from simulator.settings import Array, Calendar, Month, blanked
from simulator.sheets import Sheet, make_sheet

_BLOCK = 100_000
_OF_THE_ROW = {"source_record_id", "origin_system", "customer_id", "is_deleted", "is_test", "created_at", "updated_at"}
_WRITTEN = tuple(name for name in COLUMNS if name not in _OF_THE_ROW)


def _moments(day: Array, second: Array) -> Array:
    return day.astype("datetime64[D]").astype("datetime64[us]") + second.astype("int64") * np.timedelta64(1_000_000, "us")  # fmt: skip


class PersonFiles:
    """Person records of one simulation in a DuckDB session: tables `person_version`, `person_identifier`, `person_record`."""

    def __init__(
        self, session: duckdb.DuckDBPyConnection, stream: Stream, persons: Persons, contacts: Contacts, records: Records, noise: float,
        person_ids: Array | None = None,
    ) -> None:  # fmt: skip
        """`person_ids`: the name of each person in the truth (made up when not given)."""
        self.session, self.stream, self.noise = session, stream, noise
        self.persons, self.contacts, self.records = persons, contacts, records
        self.tally: dict[str, list[int]] = {}
        made_up = np.char.add("per-", np.char.zfill((np.arange(len(persons)) + 1).astype("U8"), 7)).astype(object)
        self.person_ids = made_up if person_ids is None else person_ids
        self.logins: tuple[Array, Array] = (np.zeros(0, dtype=object), np.zeros(0, dtype="int64"))  # user ids, persons

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
