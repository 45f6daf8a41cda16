"""The settings of one simulated company and the calendar they span."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

WEEKDAY_WEIGHTS = (1.05, 1.15, 1.1, 1.0, 0.85, 0.16, 0.13)
MONTH_WEIGHTS = (0.98, 1.0, 1.04, 1.0, 0.98, 1.0, 0.9, 0.8, 1.06, 1.08, 1.06, 0.92)
CHRISTMAS_WEIGHT = 0.35
#: Days of calendar kept on either side of the simulated window (contracts reach out of it).
DAYS_BEFORE = 1600
DAYS_AFTER = 900
#: A day that never comes inside the calendar: "has not happened".
NEVER = 1_000_000


def blanked(values: Array, is_blank: Array) -> Array:
    """The values (as objects) with None where `is_blank`."""
    result = values.astype(object)
    result[is_blank] = None
    return result


@dataclass(frozen=True)
class Settings:
    """What the caller asked for, checked.

    Args:
        accounts: number of accounts, at least 1.
        days: length of the simulated window in days, at least 1 and at most 7,300.
        seed: any integer from 0 on; the same settings give the same files, byte for byte.
        end: last day of the window (inclusive), between 2000-01-01 and 2090-12-31.
        broken: whether a few deliberately broken rows are planted.
        intent_strength: how much a hidden intent drives both being touched and buying, 0 to 2.

    Raises:
        ValueError: naming the setting, its value and what is allowed.
    """

    accounts: int
    days: int
    seed: int
    end: date
    broken: bool = True
    intent_strength: float = 1.0

    def __post_init__(self) -> None:
        whole_numbers = (("accounts", 1, 1_000_000), ("days", 1, 7_300), ("seed", 0, 2**63 - 1))
        for name, low, high in whole_numbers:
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                raise ValueError(f"{name} is {value!r}; allowed is a whole number from {low} to {high}.")
        if type(self.end) is not date or not date(2000, 1, 1) <= self.end <= date(2090, 12, 31):
            raise ValueError(f"end is {self.end!r}; allowed is a date from 2000-01-01 to 2090-12-31.")
        if self.broken not in (True, False):
            raise ValueError(f"broken is {self.broken!r}; allowed is True or False.")
        strength = self.intent_strength
        if isinstance(strength, bool) or not isinstance(strength, (int, float)) or not 0 <= strength <= 2:
            raise ValueError(f"intent_strength is {strength!r}; allowed is a number from 0 to 2.")

    @property
    def start(self) -> date:
        """First day of the window."""
        return self.end - timedelta(days=self.days - 1)

    @cached_property
    def calendar(self) -> Calendar:
        """The calendar of the window."""
        return Calendar(self.start, self.days)

    def stream(self, name: str) -> np.random.Generator:
        """A random generator for one attribute; streams of different names are independent."""
        return np.random.default_rng(np.random.SeedSequence([self.seed, zlib.crc32(name.encode()), len(name)]))

    def as_json(self) -> dict[str, Any]:
        """The settings as plain JSON values."""
        return {
            "accounts": self.accounts,
            "days": self.days,
            "seed": self.seed,
            "end": self.end.isoformat(),
            "broken": self.broken,
            "intent_strength": self.intent_strength,
        }


@dataclass(frozen=True)
class Month:
    """The part of one calendar month inside the window; days count from the window's first day (0)."""

    number: int
    calendar_month: int
    first_day: int
    last_day: int
    label: str
    end_date: date

    @property
    def days(self) -> int:
        """Days of the month inside the window."""
        return self.last_day - self.first_day + 1


class Calendar:
    """Day numbers (0 = first day of the window), calendar months (year * 12 + month - 1) and the weights of days."""

    def __init__(self, start: date, days: int) -> None:
        self.start = start
        self.days = days
        self._zero = DAYS_BEFORE
        dates = np.datetime64(start, "D") + np.arange(-DAYS_BEFORE, days + DAYS_AFTER)
        months = dates.astype("datetime64[M]")
        self._months = months.astype("int64") + 1970 * 12
        self._days_of_month = (dates - months.astype("datetime64[D]")).astype("int64") + 1
        self._weekdays = (dates.astype("int64") + 3) % 7

    def month_of(self, day: Array) -> Array:
        """Calendar month of each day number."""
        months: Array = self._months[np.clip(day + self._zero, 0, len(self._months) - 1)]
        return months

    def day_of_month(self, day: Array) -> Array:
        """Day of the month (1-31) of each day number."""
        days: Array = self._days_of_month[np.clip(day + self._zero, 0, len(self._months) - 1)]
        return days

    def day_number(self, calendar_month: Array, day_of_month: Array) -> Array:
        """Day number of a day of a calendar month."""
        firsts = (calendar_month - 1970 * 12).astype("datetime64[M]").astype("datetime64[D]")
        return (firsts - np.datetime64(self.start, "D")).astype("int64") + day_of_month - 1

    def timestamps(self, day: Array, seconds: Array | float = 0.0) -> Array:
        """Timestamps (datetime64[us]) of day numbers and seconds after midnight; NEVER becomes not-a-time."""
        micros = np.asarray(np.round(np.asarray(seconds, dtype=float) * 1e6), dtype="int64")
        result = np.datetime64(self.start, "us") + np.asarray(day, dtype="int64") * np.timedelta64(86_400_000_000, "us")
        result = result + micros.astype("timedelta64[us]")
        return np.where(np.asarray(day) >= NEVER, np.datetime64("NaT", "us"), result)

    @cached_property
    def day_weights(self) -> Array:
        """Relative amount of business on each day of the window: weekday, season, turn of the year."""
        window = slice(self._zero, self._zero + self.days)
        month_number = self._months[window] % 12
        day = self._days_of_month[window]
        weights = np.array(WEEKDAY_WEIGHTS)[self._weekdays[window]] * np.array(MONTH_WEIGHTS)[month_number]
        holidays = ((month_number == 11) & (day >= 23)) | ((month_number == 0) & (day <= 2))
        relative: Array = np.where(holidays, weights * CHRISTMAS_WEIGHT, weights)
        return relative

    @cached_property
    def months(self) -> list[Month]:
        """The months of the window, oldest first."""
        inside = self._months[self._zero : self._zero + self.days]
        result = []
        for number, value in enumerate(np.unique(inside)):
            found = np.flatnonzero(inside == value)
            last = int(found[-1])
            result.append(
                Month(
                    number=number,
                    calendar_month=int(value),
                    first_day=int(found[0]),
                    last_day=last,
                    label=f"{int(value) // 12:04d}-{int(value) % 12 + 1:02d}",
                    end_date=self.start + timedelta(days=last),
                )
            )
        return result
