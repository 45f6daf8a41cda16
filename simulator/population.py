"""Records of persons in many systems at any scale, with the truth of who is who: what the matching of identities is judged on."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from simulator import catalogue
from simulator.company import SimulationSummary
from simulator.contacts import draw_contacts
from simulator.database import open_session
from simulator.defects import Defects
from simulator.files import Landing, put_in_place
from simulator.households import draw_persons
from simulator.person_files import PersonFiles
from simulator.person_truth import load_people, write_person_truth
from simulator.places import Stream
from simulator.records import draw_records
from simulator.settings import Calendar, Settings

#: households that hold a thousand records, with a margin
_HOUSEHOLDS_A_THOUSAND = 260
_MONTHS_DAYS = 365


@dataclass(frozen=True)
class PeopleSettings:
    """What the caller asked for, checked.

    Raises:
        ValueError: naming the setting, its value and what is allowed.
    """

    records: int
    seed: int
    end: date
    noise: float

    def __post_init__(self) -> None:
        for name, low, high in (("records", 1, 20_000_000), ("seed", 0, 2**63 - 1)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                raise ValueError(f"{name} is {value!r}; allowed is a whole number from {low} to {high}.")
        if type(self.end) is not date or not date(2000, 1, 1) <= self.end <= date(2090, 12, 31):
            raise ValueError(f"end is {self.end!r}; allowed is a date from 2000-01-01 to 2090-12-31.")
        if isinstance(self.noise, bool) or not isinstance(self.noise, (int, float)) or not 0 <= self.noise <= 5:
            raise ValueError(f"noise is {self.noise!r}; allowed is a number from 0 to 5.")

    def stream(self, name: str) -> np.random.Generator:
        """A random generator for one attribute; streams of different names are independent."""
        return np.random.default_rng(np.random.SeedSequence([self.seed, zlib.crc32(name.encode()), len(name)]))


def company_names(stream: Stream, count: int) -> list[tuple[str, str]]:
    """Names and domains of companies that employ people."""
    rng = stream("employers")
    pools = (catalogue.NAME_COLOURS, catalogue.NAME_THINGS, catalogue.NAME_ENDINGS)
    result: dict[str, str] = {}
    while len(result) < min(count, 3000):
        words = [pool[int(rng.integers(0, len(pool)))] for pool in pools]
        result.setdefault(" ".join(words), f"{words[0]}{words[1]}-{words[2]}.example".lower())
    return list(result.items())


def simulate_people(
    *,
    records: int,
    seed: int = 7,
    out: Path,
    end: date = date(2026, 10, 31),
    noise: float = 1.0,
    progress: Callable[[str], None] | None = None,
) -> SimulationSummary:
    """Write records of private persons, and nothing else, to `out`/landing/files, and who is who to `out`/truth.

    landing/files: `customers` (a row for each version of a record) and `customer_identifiers`, a file a month of the
    last year, the first one with everything before. truth: `person_records`, `people`, `households`, `trouble`.

    Args:
        records: number of source records, 1 to 20,000,000; there are some 1.3 rows a record.
        seed: whole number from 0 on; the same settings give the same files, byte for byte.
        out: folder to write into; an earlier output of the simulator is replaced, other files are never touched.
        end: last day, inclusive.
        noise: factor on every share of `trouble.WRITING` (0: nothing is miswritten; what happens to people stays).
        progress: called with one line of text a step.

    Raises:
        ValueError: a setting is out of range; the message names it, its value and what is allowed.
        FileExistsError: `out` holds files in landing/files or truth that the simulator did not write.
    """
    settings = PeopleSettings(records=records, seed=seed, end=end, noise=noise)
    tell = progress or (lambda text: None)
    began = time.perf_counter()
    described = {"records": records, "seed": seed, "end": end.isoformat(), "noise": noise}
    with put_in_place(Path(out), described) as folder:
        last_day = int(np.datetime64(end, "D").astype("int64"))
        households = records * _HOUSEHOLDS_A_THOUSAND // 1000 + 60
        persons = draw_persons(settings.stream, households, last_day)
        tell(f"{len(persons)} persons in {households} households")
        contacts = draw_contacts(settings.stream, persons, company_names(settings.stream, max(20, records // 100)))
        drawn = draw_records(settings.stream, persons, records, noise)
        plain = Settings(accounts=1, days=_MONTHS_DAYS, seed=seed, end=end, broken=False)
        calendar: Calendar = plain.calendar
        with open_session(plain, folder / "spill") as session:
            files = PersonFiles(session, settings.stream, persons, contacts, drawn, noise)
            files.load(tell)
            landing = Landing(session, folder / "landing" / "files", Defects(plain))
            for month in calendar.months:
                files.write_month(landing, month, calendar)
                tell(f"{month.label}: {landing.rows.get('customers', 0)} rows")
            load_people(files)
            write_person_truth(files, folder / "truth")
        (folder / "truth" / "settings.json").write_text(json.dumps(described, indent=1) + "\n", "utf-8")
    rows = dict(sorted(landing.rows.items()))
    return SimulationSummary(rows=rows, files=landing.files, seconds=time.perf_counter() - began)
