"""Broken rows on purpose: few, and every one written down with its file and line."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from simulator.settings import Month, Settings

#: what a loader is expected to do with the row
DUPLICATE, REJECTED, KEPT = "duplicate", "rejected", "kept"

#: contract -> (kind, column, value, how many); planted in one file of the contract, see `_month_of`
_PLANS: dict[str, tuple[tuple[str, str, str, int], ...]] = {
    "accounts": (("not_utf8", "customer_name", "", 1),),
    "users": (("exact_duplicate", "", "", 2), ("wrong_number_of_fields", "", "", 1)),
    "subscriptions": (
        ("negative_amount", "amount", "-250.00", 1),
        ("unknown_billing_interval", "billing_interval", "fortnight", 1),
        ("missing_required_key", "customer_id", "", 1),
    ),
    "invoices": (
        ("missing_required_key", "invoice_id", "", 1),
        ("unreadable_timestamp", "issued_at", "2026-13-45 99:00:00", 1),
    ),
    "payments": (("cut_off_json", "", "", 1), ("exact_duplicate", "", "", 2)),
    "support_tickets": (("exact_duplicate", "", "", 2), ("unreadable_timestamp", "opened_at", "last Tuesday", 1)),
    "survey_responses": (("score_out_of_range", "score", "57", 1),),
    "customers": (
        ("exact_duplicate", "", "", 2),
        ("wrong_number_of_fields", "", "", 1),
        ("unreadable_timestamp", "created_at", "some time ago", 1),
        ("missing_required_key", "source_record_id", "", 1),
    ),
    "customer_identifiers": (("exact_duplicate", "", "", 1),),
    "customer_preferences_consent": (("unknown_status", "status", "perhaps", 1),),
    "customer_interactions": (
        ("exact_duplicate", "", "", 2),
        ("missing_required_key", "interaction_id", "", 1),
        ("unreadable_timestamp", "occurred_at", "soon", 1),
    ),
    "touchpoints": (
        ("exact_duplicate", "", "", 2),
        ("missing_required_key", "touchpoint_id", "", 1),
        ("unreadable_timestamp", "occurred_at", "soon", 1),
    ),
    "product_ownership": (("negative_amount", "monthly_price", "-250.00", 1),),
    "engagements": (
        ("exact_duplicate", "", "", 2),
        ("unreadable_timestamp", "occurred_at", "after lunch", 1),
        ("negative_number", "duration_minutes", "-5", 1),
        ("unknown_account", "customer_id", "acc-99999999", 1),
    ),
    "goals": (("exact_duplicate", "", "", 1), ("unreadable_timestamp", "created_at", "soon", 1)),
    "interventions": (("exact_duplicate", "", "", 1), ("missing_required_key", "customer_id", "", 1)),
    "devices": (
        ("negative_amount", "monthly_revenue", "-250.00", 1),
        ("unknown_account", "customer_id", "acc-99999999", 1),
    ),
    "device_telemetry": (
        ("exact_duplicate", "", "", 2),
        ("unreadable_timestamp", "recorded_at", "at noon", 1),
        ("negative_number", "errors", "-5", 1),
    ),
    "customer_activity_log": (("exact_duplicate", "", "", 2), ("cut_off_json", "", "", 1)),
    "customer_events": (
        ("exact_duplicate", "", "", 3),
        ("wrong_number_of_fields", "", "", 1),
        ("unreadable_timestamp", "occurred_at", "soon", 2),
        ("missing_required_key", "event_id", "", 1),
        ("dated_2099", "occurred_at", "2099-01-01 00:00:00", 1),
        ("cut_off_json", "", "", 1),
    ),
}
#: contracts that came later: their draws come from streams of their own, so that those of the others stay as they are
_OWN_STREAM = {
    "engagements", "goals", "interventions", "devices", "device_telemetry", "customer_activity_log",
}  # fmt: skip


class Defects:
    """Plants defects into text files and keeps the list of them.

    `records` holds (file, line, kind, should_be, row_id): file relative to landing/files; line counted from 1, the
    header of a CSV file being line 1; in Parquet files the number of the row.
    """

    def __init__(self, settings: Settings) -> None:
        self.is_on = settings.broken
        self._settings = settings
        self._shared = settings.stream("defects")
        self._months = len(settings.calendar.months)
        self.records: list[tuple[str, int, str, str, str]] = []
        self._inserted: dict[str, list[int]] = {}

    def _month_of(self, contract: str) -> set[int]:
        last = self._months - 1
        if contract == "customer_events":
            return {last, max(last - 1, 0)}
        return {max(last - 2, 0)} if contract in ("accounts", "users") else {max(last - 1, 0)}

    def plant(self, lines: list[bytes], contract: str, file_name: str, month: Month) -> list[bytes]:
        """The lines with the defects planned for this contract and month.

        Defective rows are additional rows, made from a sound one (`not_utf8` alone changes a row in place), so that
        every sound row stays in the export. Line numbers are those of the returned lines.
        """
        if not self.is_on or month.number not in self._month_of(contract) or len(lines) < 3:
            return lines
        rng = self._settings.stream(f"defects {contract}") if contract in _OWN_STREAM else self._shared
        is_json = ".jsonl" in file_name
        header = [] if is_json else lines[0].decode().rstrip("\r\n").split(",")
        first_row = 0 if is_json else 1
        sound = [place for place in range(first_row, len(lines)) if is_json or b'"' not in lines[place]]
        extra: list[tuple[int, bytes, str, str, str]] = []  # goes before this place, line, kind, should_be, id
        lines = list(lines)
        changed: list[tuple[int, str, str, str]] = []
        for kind, column, value, count in _PLANS.get(contract, ()):
            if (kind == "cut_off_json") != is_json and kind != "exact_duplicate":
                continue
            for place in rng.choice(sound, size=min(count, len(sound)), replace=False).tolist():
                line = lines[place]
                row_id = self._id_of(line, is_json)
                if kind == "not_utf8":
                    lines[place] = _with_field(line, header.index(column), b"M\xfcnchner Werke")
                    changed.append((place, kind, REJECTED, row_id))
                    continue
                where = int(rng.integers(place + 1, len(lines) + 1))
                if kind == "exact_duplicate":
                    extra.append((where, line, kind, DUPLICATE, row_id))
                    continue
                row_id = self._other_id(rng, row_id)
                if kind == "cut_off_json":
                    line = line[: int(len(line) * 0.6)] + b"\n"
                    extra.append((where, line, kind, REJECTED, ""))
                    continue
                line = _with_field(line, 0, row_id.encode())
                if kind == "wrong_number_of_fields":
                    line = line.rstrip(b"\r\n") + b",surplus,fields\n"
                else:
                    line = _with_field(line, header.index(column), value.encode())
                    row_id = "" if header.index(column) == 0 else row_id
                extra.append((where, line, kind, KEPT if kind == "unknown_account" else REJECTED, row_id))
        extra.sort(key=lambda item: item[0])
        file = f"{contract}/{file_name}"
        self._inserted[file] = [where for where, *_ in extra]
        for place, kind, should_be, row_id in changed:
            self.records.append((file, self.line_of(file, place), kind, should_be, row_id))
        for number, (where, line, kind, should_be, row_id) in enumerate(extra):
            lines.insert(where + number, line)
            self.records.append((file, where + number + 1, kind, should_be, row_id))
        return lines

    def line_of(self, file: str, place: int) -> int:
        """Line (from 1) of the row that stood at `place` (from 0, header included) before defects went in."""
        return place + 1 + sum(1 for where in self._inserted.get(file, ()) if where <= place)

    def note_rows(self, file: str, rows: Sequence[tuple[int, str, str]]) -> None:
        """Write down rows that are broken by where they stand: (number of the row from 1, kind, id)."""
        header = 1 if ".csv" in file else 0
        for number, kind, row_id in rows:
            should_be = KEPT if kind == "late_delivery" else DUPLICATE
            self.records.append((file, self.line_of(file, number - 1 + header), kind, should_be, row_id))

    @staticmethod
    def _id_of(line: bytes, is_json: bool) -> str:
        if is_json:
            return str(next(iter(json.loads(line).values())))
        return line.split(b",", 1)[0].decode()

    @staticmethod
    def _other_id(rng: np.random.Generator, row_id: str) -> str:
        number = int(rng.integers(10**6, 10**7))
        if row_id[3:4] == "-":
            return f"{row_id[:4]}9{number}"
        return f"{number:08x}" + row_id[8:]


def _with_field(line: bytes, place: int, value: bytes) -> bytes:
    fields = line.rstrip(b"\r\n").split(b",")
    fields[place] = value
    return b",".join(fields) + b"\n"
