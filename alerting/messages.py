"""What is said of alerts: the words of a message, the same on every channel; and reports as mails."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from alerting.settings import SEVERITIES

#: Alerts that a summary names.
DIGEST_TOP = 10


@dataclass(frozen=True)
class Alert:
    """What a message says of an alert: a row of metrics.alerts, as text and numbers."""

    alert_key: str
    rule: str
    title: str
    severity: str
    cause_kind: str
    cause_id: str
    customer_id: str | None
    customer_name: str | None
    owner: str | None
    monthly_recurring_revenue: float | None
    measured_value: float
    threshold: float
    unit: str
    holds_since: str | None
    explanation: str
    action: str

    @property
    def subject_of(self) -> str:
        """Whom it is about."""
        return one_line(self.customer_name or self.customer_id or self.cause_id.replace("|", " "))

    @property
    def order(self) -> tuple[int, float, str]:
        """The worst first, and what pays most within that."""
        return (SEVERITIES.index(self.severity), -(self.monthly_recurring_revenue or 0), self.alert_key)


@dataclass(frozen=True)
class Message:
    """What goes over a channel once.

    Attributes:
        message_id: the same whenever it is tried, so that a receiver can tell that it has it.
        kind: `alert`, `cleared`, a summary of many (`digest`, `cleared_digest`), or `report`.
        subject: one line.
        text: plain text.
        release_id: release it was found in.
        as_of: the moment it speaks for.
        count: alerts it stands for.
        alerts: those that it names.
    """

    message_id: str
    kind: str
    subject: str
    text: str
    release_id: str
    as_of: str
    count: int
    alerts: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class ReportMail(Message):
    """A report that is mailed. It carries its files itself, since what lies in a folder may be gone when a server takes the mail at last."""

    files: tuple[tuple[str, bytes], ...] = ()


def message_of(alert: Alert, message_id: str, release_id: str, as_of: str) -> Message:
    """The message that an alert begins."""
    return Message(
        message_id,
        "alert",
        f"[{alert.severity}] {one_line(alert.title)}: {alert.subject_of}",
        "\n".join(_lines(alert)),
        release_id,
        as_of,
        1,
        (asdict(alert),),
    )


def cleared_message(alert: Alert, message_id: str, release_id: str, as_of: str) -> Message:
    """The message that an alert has ended; `alert` is as it was when it began."""
    text = f"This does not hold any more as of {as_of} UTC. Nothing is left to do."
    subject = f"[cleared] {one_line(alert.title)}: {alert.subject_of}"
    return Message(message_id, "cleared", subject, text, release_id, as_of, 1, (asdict(alert),))


def digest_of(alerts: Sequence[Alert], kind: str, message_id: str, release_id: str, as_of: str) -> Message:
    """One message for many alerts that began (kind `digest`) or ended (`cleared_digest`) at once."""
    worst = sorted(alerts, key=lambda alert: alert.order)[:DIGEST_TOP]
    severities = Counter(alert.severity for alert in alerts)
    rules = Counter(alert.title for alert in alerts)
    counts = ", ".join(f"{severities[severity]:,} {severity}" for severity in SEVERITIES if severities[severity])
    began = kind == "digest"
    lines = [f"{one_line(title)}: {count:,}" for title, count in rules.most_common()]
    lines += [
        "",
        f"The first {len(worst)} of {len(alerts):,}:" if began else f"Among them, {len(worst)} of {len(alerts):,}:",
    ]
    for place, alert in enumerate(worst, start=1):
        lines.append(f"{place}. [{alert.severity}] {alert.subject_of}: {one_line(alert.explanation)}")
    if began:
        lines += ["", "`customer-analytics alerts` lists all of them with what to do."]
    subject = f"{len(alerts):,} alerts {'began' if began else 'cleared'} at once ({counts})"
    return Message(
        message_id, kind, subject, "\n".join(lines), release_id, as_of, len(alerts), tuple(map(asdict, worst))
    )


def one_line(text: str) -> str:
    """Text without line breaks and control characters, which have a meaning in the head of a mail."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029]", " ", text).split())


def _lines(alert: Alert) -> list[str]:
    revenue = alert.monthly_recurring_revenue
    facts = [
        *([f"account {alert.customer_id}"] if alert.customer_id else []),
        *([f"{revenue:,.0f} US dollars a month"] if revenue else []),
        f"owner {one_line(alert.owner)}" if alert.owner else "no owner",
        *([f"since {alert.holds_since}"] if alert.holds_since else []),
    ]
    return [one_line(alert.explanation), "; ".join(facts), f"To do: {one_line(alert.action)}"]
