"""What is expected, how much of it, and how severe it is where it is not so: `expectations.yml`, checked before anything is judged."""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ingestion.contracts import ConfigurationError

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
SETTINGS_FILE = Path(__file__).with_name("expectations.yml")
SEVERITIES = ("blocking", "warning", "off")
Severity = Literal["blocking", "warning", "off"]
#: The limits of each expectation, with what each may be (from, to).
SHARE, FACTOR, COUNT = (0.0, 1.0), (1.0, 1e6), (0.0, 1e9)
LANDING: dict[str, dict[str, tuple[float, float]]] = {
    "key_columns_there": {},
    "columns_kept": {},
    "file_readable": {},
    "rows_readable": {"share": SHARE},
    "rows_readable_as_usual": {"more_than_usual": SHARE},
    "rows_not_collapsed": {"share_of_smallest": SHARE},
    "rows_as_usual": {"factor": FACTOR, "deviations": COUNT},
    "required_filled": {"share": SHARE},
    "filled_as_usual": {"more_than_usual": SHARE},
    "values_usable": {"share": SHARE},
    "values_usable_as_usual": {"more_than_usual": SHARE},
    "times_in_the_past": {"share": SHARE},
    "categories_known": {"share": SHARE},
    "keys_differ": {"share_of_smallest": SHARE},
    "column_varies": {"distinct_before": COUNT},
    "content_is_new": {},
    "newest_row_is_new": {"days": COUNT},
    "table_keeps_up": {"times": FACTOR, "days": COUNT},
}
MARTS: dict[str, dict[str, tuple[float, float]]] = {
    "table_there": {},
    "values_in_range": {},
    "column_filled": {},
    "band_not_everything": {"share": SHARE, "rows_at_least": COUNT},
    "numbers_agree": {},
    "rows_not_collapsed": {"share": SHARE, "rows_at_least": COUNT},
    "rows_as_released": {"change": (0.0, 1e6), "rows_at_least": COUNT},
    "mrr_not_collapsed": {"change": SHARE},
    "mrr_as_released": {"change": (0.0, 1e6)},
    "mean_as_released": {"points": (0.0, 100.0), "rows_at_least": COUNT},
    "bands_as_released": {"psi": (0.0, 100.0), "rows_at_least": COUNT},
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class History(_Strict):
    """How much of the past is needed, looked at and kept."""

    needed: int = Field(ge=1)
    considered: int = Field(ge=1, le=1000)
    rows_at_least: int = Field(ge=1)
    days_kept: int = Field(ge=1)

    @model_validator(mode="after")
    def _can_be_enough(self) -> History:
        if self.considered < self.needed:
            raise ValueError(f"`considered` is {self.considered}; it must be at least `needed`, {self.needed}")
        return self


class OneTable(BaseModel):
    """What holds for a single table: another severity, other limits."""

    model_config = ConfigDict(extra="allow")
    severity: Severity | None = None


class Rule(BaseModel):
    """What an expectation means, its severity, its limits, and what differs for single tables."""

    model_config = ConfigDict(extra="allow")
    means: str
    severity: Severity
    tables: dict[str, OneTable] = Field(default_factory=dict)


class MeasuredColumn(_Strict):
    """A published column, the range of its values, and which share of it is filled."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    column: str = Field(pattern=r"^\w+\.\w+\.\w+$")
    lowest: float | None = Field(default=None, alias="from", allow_inf_nan=False)
    highest: float | None = Field(default=None, alias="to", allow_inf_nan=False)
    filled: float | None = Field(default=None, ge=0, le=1)

    @model_validator(mode="after")
    def _says_something(self) -> MeasuredColumn:
        if self.lowest is None and self.highest is None and self.filled is None:
            raise ValueError("say `from`, `to` or `filled`")
        if self.lowest is not None and self.highest is not None and self.lowest > self.highest:
            raise ValueError(
                f"{self.column} goes from {self.lowest:g} to {self.highest:g}; `from` must not be greater than `to`"
            )
        return self


class Measured(_Strict):
    """Which published tables, columns and bands are measured."""

    tables: list[str]
    columns: list[MeasuredColumn]
    bands: list[str]

    @model_validator(mode="after")
    def _named_fully(self) -> Measured:
        for pattern, names in ((r"\w+\.\w+", self.tables), (r"\w+\.\w+\.\w+", self.bands)):
            for name in names:
                if not re.fullmatch(pattern, name):
                    raise ValueError(
                        f"'{name}' must be named as schema.table{'.column' if names is self.bands else ''}"
                    )
        return self


class _File(_Strict):
    history: History
    landing: dict[str, Rule]
    categories: dict[str, list[str]]
    marts: dict[str, Rule]
    measured: Measured


@dataclass(frozen=True)
class Settings:
    """The file as it was read; `digest` changes with it."""

    history: History
    rules: dict[str, dict[str, Rule]]
    categories: dict[str, list[str]]
    measured: Measured
    digest: str

    def severity(self, boundary: str, expectation: str, table: str) -> str:
        """blocking, warning or off, for a table."""
        rule = self.rules[boundary][expectation]
        exception = rule.tables.get(table)
        return (exception.severity if exception else None) or rule.severity

    def limit(self, boundary: str, expectation: str, name: str, tables: pd.Series) -> pd.Series:
        """The limit of an expectation for each of `tables`."""
        rule = self.rules[boundary][expectation]
        usual = float((rule.model_extra or {})[name])
        other = {
            table: float(exception.model_extra[name])
            for table, exception in rule.tables.items()
            if exception.model_extra and name in exception.model_extra
        }
        return tables.map(lambda table: other.get(table, usual)).astype("float64")


def read_settings(path: Path = SETTINGS_FILE) -> Settings:
    """The expectations' settings.

    Raises ConfigurationError with what is wrong, and what may stand there.
    """
    try:
        text = path.read_text(encoding="utf-8")
        given = _File.model_validate(yaml.load(text, Loader=_Loader) or {})
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        faults = [f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors()[:5]]
        raise ConfigurationError(f"{path}: {'; '.join(faults)}.") from error
    for boundary, rules, known in (("landing", given.landing, LANDING), ("marts", given.marts, MARTS)):
        _check_rules(path, boundary, rules, known)
    return Settings(
        given.history,
        {"landing": given.landing, "marts": given.marts},
        given.categories,
        given.measured,
        hashlib.sha256(text.encode()).hexdigest(),
    )


def _check_rules(
    path: Path, boundary: str, rules: dict[str, Rule], known: dict[str, dict[str, tuple[float, float]]]
) -> None:
    for name in [name for name in rules if name not in known]:
        raise ConfigurationError(f"{path}: {boundary}.{name} is no expectation; they are {', '.join(known)}.")
    for name, limits in known.items():
        if name not in rules:
            raise ConfigurationError(f"{path}: {boundary}.{name} is missing; to switch it off, write `severity: off`.")
        _check_limits(path, f"{boundary}.{name}", rules[name].model_extra or {}, limits, whole=True)
        for table, exception in rules[name].tables.items():
            _check_limits(path, f"{boundary}.{name}.tables.{table}", exception.model_extra or {}, limits, whole=False)


def _check_limits(
    path: Path, place: str, given: dict[str, Any], limits: dict[str, tuple[float, float]], whole: bool
) -> None:
    for name in given:
        if name not in limits:
            may = f"its limits are {', '.join(limits)}" if limits else "it has no limits"
            raise ConfigurationError(f"{path}: {place} has no limit '{name}'; {may}.")
    for name, (lowest, highest) in limits.items():
        if name not in given and not whole:
            continue
        value = given.get(name)
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not is_number or not lowest <= float(value or 0) <= highest:
            raise ConfigurationError(
                f"{path}: {place}.{name} is {value!r}; it must be a number from {lowest:g} to {highest:g}."
            )
