"""Sends what the release says somebody should be told, and reports, each once over each channel; what a channel does not take waits for the next run.

A message is written down before it goes out and marked afterwards. A process that is killed between the two sends it again, with the same id: as
`Idempotency-Key` (webhooks), `Message-ID` (mail) and `message_id` (the file, which is looked into before, so nothing stands in it twice).
"""

from __future__ import annotations

import fcntl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from alerting.channels import Channel, ChannelError, open_channel
from alerting.messages import Alert, ReportMail
from alerting.settings import AlertSettings, ChannelSettings, MailSettings, SettingsError, read_settings, require_rules
from alerting.state import AlertState, Standing, StateError
from publishing.reading import NoReleaseError, OpenRelease, open_release

#: Times that a message is tried in one run, where trying again makes sense.
TRIES = 3
#: How long a run waits for another that sends over the same channel, and takes along what is new there (seconds).
LOCK_PATIENCE = 5.0
#: The longest that a run heeds a server's wish to be left alone; what asks for more is tried in the next run (seconds).
MOST_PATIENCE = 15.0
READS = ("metrics.alerts", "reference.alert_rules")
_BACKOFF = wait_exponential_jitter(multiplier=0.3, max=3, jitter=0.3)


class AlertError(Exception):
    """Nothing was taken in and nothing sent; the message says why and what to do. What waits goes on waiting."""


@dataclass
class AlertReport:
    """What a call did.

    Attributes:
        began: alerts that began with this release.
        cleared: alerts that ended with it.
        open: alerts that are open.
        unrouted: of those, which go over no channel.
        sent: messages sent, by channel.
        waiting: messages that wait, by channel, with why.
        refused: recipients whom their server refuses for good, with what it says, by channel.
    """

    began: int = 0
    cleared: int = 0
    open: int = 0
    unrouted: int = 0
    sent: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, tuple[int, str | None]] = field(default_factory=dict)
    refused: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """What came of it, in a line for whoever watches."""
        parts = [f"alerts: {self.began:,} began, {self.cleared:,} cleared, {self.open:,} open"]
        told = ", ".join(f"{count:,} to {channel}" for channel, count in self.sent.items() if count)
        parts.append(f"sent {told}" if told else "nothing to send" if not self.waiting else "sent nothing")
        parts += [
            f"{count:,} wait for {channel}{f' ({why})' if why else ''}"
            for channel, (count, why) in self.waiting.items()
        ]
        parts += unreached(self.refused)
        if self.unrouted:
            parts.append(f"{self.unrouted:,} go over no channel")
        return "; ".join(parts)

    @property
    def figures(self) -> dict[str, int | float | str]:
        """The same in figures, by name."""
        return {
            "began": self.began,
            "cleared": self.cleared,
            "open": self.open,
            "unrouted": self.unrouted,
            "sent": sum(self.sent.values()),
            "waiting": sum(count for count, _ in self.waiting.values()),
        }


def send_alerts(data_dir: Path) -> AlertReport:
    """Compare the release that is out with what was told before, and tell what is new, over every channel of the settings.

    A channel that does not answer delays the others by nothing and this call by `run_seconds` at most; what it did not take is sent by a later
    call, in order.
    Raises AlertError if there is no release, the settings are wrong, or what was told cannot be kept.
    """
    try:
        settings = read_settings(data_dir)
        if not (data_dir / "published").exists():
            raise NoReleaseError(f"There is no release in {data_dir}; run `customer-analytics run` first.")
        with AlertState(data_dir) as state:
            compared = state.compare(lambda: read_standing(data_dir, settings), settings.channels)
        sent, why = _deliver(data_dir, settings.channels, settings.run_seconds)
        with AlertState(data_dir) as state:
            state.prune(settings.keep_days, [channel.name for channel in settings.channels])
            waiting = {
                channel: (count, why.get(channel) or reason) for channel, (count, reason) in state.waiting().items()
            }
            refused = refused_recipients(state, settings)
    except (SettingsError, StateError, NoReleaseError) as error:
        raise AlertError(str(error)) from error
    return AlertReport(compared.began, compared.cleared, compared.open, compared.unrouted, sent, waiting, refused)


def unreached(refused: dict[str, dict[str, str]]) -> list[str]:
    """What is said of recipients whom their server refuses for good."""
    return [
        f"{channel} reaches nobody at {one} ({said}): mend that recipient in the settings"
        for channel, ones in refused.items()
        for one, said in ones.items()
    ]


def refused_recipients(state: AlertState, settings: AlertSettings) -> dict[str, dict[str, str]]:
    """Recipients of the settings whom their server refused for good when they were tried last, with what it said, by channel."""
    told = state.refused_recipients()
    found = {
        channel.name: {one: said for one, said in told.get(channel.name, {}).items() if one in channel.recipients}
        for channel in settings.channels
        if isinstance(channel, MailSettings)
    }
    return {channel: ones for channel, ones in found.items() if ones}


@dataclass
class ReportDelivery:
    """Which channels a report went over.

    Attributes:
        name: its name.
        sent: channels that have taken it now.
        had: those that have had it of this day before.
        waiting: those that have not taken it, or not for all recipients, with why; it waits for them.
        refused: recipients whom their server refuses for good, with what it says, by channel.
    """

    name: str
    sent: list[str] = field(default_factory=list)
    had: list[str] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)
    refused: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """What came of it, in a line for whoever watches."""
        parts = [f"mailed over {', '.join(self.sent)}"] if self.sent else []
        parts += [f"mailed before over {', '.join(self.had)} (--again mails it once more)"] if self.had else []
        parts += [f"not taken by {channel} ({why})" for channel, why in self.waiting.items()]
        parts += unreached(self.refused)
        parts += (
            ["what waits goes out with the next alerts or report, or by `customer-analytics alerts --send`"]
            if self.waiting
            else []
        )
        return f"The report {self.name}: {'; '.join(parts) or 'goes over no channel'}."


def send_report(data_dir: Path, name: str, day: str, mail: ReportMail, again: bool = False) -> ReportDelivery:
    """Mail a report over every channel of the settings whose `reports` name it, once for each day of as_of and channel.

    What else waits for channels that take reports is tried as well. A channel that does not answer delays the others by nothing and this call by
    `run_seconds` at most; what it did not take is sent by a later call, of this or of send_alerts.

    Args:
        data_dir: data folder.
        name: name of the report.
        day: day of as_of.
        mail: what is mailed; each channel gives it an id of its own.
        again: mail it also to those that have it.

    Raises:
        AlertError: if the settings are wrong or what was sent cannot be kept; nothing was mailed.
    """
    try:
        settings = read_settings(data_dir)
        mailing = [one for one in settings.channels if isinstance(one, MailSettings) and one.reports]
        takers = [channel.name for channel in mailing if name in channel.reports]
        if not takers:
            return ReportDelivery(name)
        with AlertState(data_dir) as state:
            due = [channel for channel in takers if state.queue_report(channel, name, day, mail, again)]
        _, why = _deliver(data_dir, mailing, settings.run_seconds)
        with AlertState(data_dir) as state:
            left, first = state.reports_not_sent(name, day), state.waiting()
            refused = refused_recipients(state, settings)
    except (SettingsError, StateError) as error:
        raise AlertError(str(error)) from error
    return ReportDelivery(
        name,
        sent=[channel for channel in due if channel not in left],
        had=[channel for channel in takers if channel not in due],
        # One that is behind others waits for what they wait for.
        waiting={
            channel: why.get(channel)
            or left[channel]
            or first.get(channel, (0, None))[1]
            or f"not sent within {settings.run_seconds:g} s"
            for channel in due
            if channel in left
        },
        refused={channel: ones for channel, ones in refused.items() if channel in takers},
    )


def read_standing(data_dir: Path, settings: AlertSettings) -> Standing:
    """What the release that is out says of alerts.

    Raises NoReleaseError if there is none, or none with alerts; SettingsError if the settings name a rule that it does not have.
    """
    with open_release(data_dir) as release:
        release.require(READS)
        try:
            alerts = read_alerts(release, "holds")
            uncleared = release.con.execute("select alert_key from metrics.alerts where not holds").fetchall()
            rules = read_rules(release)
        except duckdb.Error as error:
            raise NoReleaseError(f"The alerts of the release cannot be read: {str(error).splitlines()[0]}") from error
        require_rules(settings, rules, data_dir)
        return Standing(
            release.release_id,
            f"{release.as_of:%Y-%m-%d %H:%M}",
            alerts,
            frozenset(key for (key,) in uncleared),
            frozenset(rule for rule, is_on in rules.items() if is_on),
        )


def read_rules(release: OpenRelease) -> dict[str, bool]:
    """The rules of the release, with whether they count."""
    return dict(release.con.execute("select rule, is_on from reference.alert_rules").fetchall())


def read_alerts(release: OpenRelease, where: str = "true") -> list[Alert]:
    """Rows of metrics.alerts, the worst first."""
    rows = release.con.execute(
        "select alert_key, rule, title, severity, cause_kind, cause_id, customer_id, customer_name, csm_owner as owner, "
        "cast(monthly_recurring_revenue as double) as monthly_recurring_revenue, measured_value, threshold, unit, "
        f"cast(holds_since as varchar) as holds_since, explanation, action from metrics.alerts where {where}"
    ).fetchall()
    return sorted((Alert(*row) for row in rows), key=lambda alert: alert.order)


def _deliver(
    data_dir: Path, channels: Sequence[ChannelSettings], seconds: float
) -> tuple[dict[str, int], dict[str, str]]:
    """Every channel in a thread of its own, so that none waits for another; gives how many messages each took, and why one was not emptied."""
    until = time.monotonic() + seconds
    sent = {channel.name: 0 for channel in channels}
    why: dict[str, str] = {}
    # A thread that hangs beyond the time of the run is left behind: what it was sending counts as not sent.
    threads = {
        channel.name: threading.Thread(
            target=_deliver_over, args=(data_dir, channel, until, sent, why), daemon=True, name=f"alerts-{channel.name}"
        )
        for channel in channels
    }
    for thread in threads.values():
        thread.start()
    for thread in threads.values():
        thread.join(max(0.0, until - time.monotonic()))
    told, left_behind = dict(sent), [name for name, thread in threads.items() if thread.is_alive()]
    if left_behind:
        with AlertState(data_dir) as state:
            for name in left_behind:
                # One that took something is slow and not silent.
                reason = "not all of it was sent" if told[name] else "no answer"
                why.setdefault(name, f"{reason} within {seconds:g} s")
                state.note_hanging(name, why[name])
    return told, dict(why)


def _deliver_over(
    data_dir: Path, settings: ChannelSettings, until: float, sent: dict[str, int], why: dict[str, str]
) -> None:
    try:
        channel = open_channel(settings, data_dir)
        with AlertState(data_dir) as state, _alone(data_dir, settings.name, until) as is_alone:
            if is_alone:
                empty_outbox(state, settings.name, channel, until, sent)
            else:
                why[settings.name] = "another process is sending over it"
    except (StateError, OSError) as error:
        # The messages wait; the state tells how many.
        why[settings.name] = str(error)


def empty_outbox(state: AlertState, name: str, channel: Channel, until: float, sent: dict[str, int]) -> None:
    """Send what waits for a channel, in order, until it is empty, does not take one, or the time (of time.monotonic) is over."""
    apart: set[str] = set()
    while time.monotonic() < until and (waiting := state.next_message(name, apart)) is not None:
        message = waiting.message
        if waiting.not_before is not None and waiting.not_before > datetime.now(UTC):
            return
        state.note_attempt(message.message_id)
        try:
            for attempt in _tries(until):
                with attempt:
                    was_tried = waiting.attempts > 0 or attempt.retry_state.attempt_number > 1
                    try:
                        channel.deliver(message, was_tried, waiting.settled)
                    finally:
                        # At once: nobody who has it gets it again, whatever becomes of the others.
                        if waiting.settled:
                            state.note_settled(message.message_id, waiting.settled)
        except ChannelError as error:
            is_set_aside = state.note_failure(message.message_id, str(error), error.refused, error.wait_seconds)
            if error.partly:
                apart.add(message.message_id)
            elif not is_set_aside:
                return
        except Exception as error:
            # What a channel cannot even write down is as good as refused, and must not hold up what is behind it for ever.
            reason = f"{type(error).__name__}: {error}"
            if not state.note_failure(message.message_id, reason, refused=True, wait_seconds=0):
                return
        else:
            state.note_sent(message.message_id)
            sent[name] += 1


def _tries(until: float) -> Retrying:
    def wait(call: RetryCallState) -> float:
        error = call.outcome.exception() if call.outcome else None
        asked = error.wait_seconds if isinstance(error, ChannelError) else 0.0
        return max(asked, _BACKOFF(call))

    def again(error: BaseException) -> bool:
        left = min(MOST_PATIENCE, until - time.monotonic())
        return isinstance(error, ChannelError) and error.passing and error.wait_seconds < left

    return Retrying(stop=stop_after_attempt(TRIES), wait=wait, retry=retry_if_exception(again), reraise=True)


@contextmanager
def _alone(data_dir: Path, channel: str, until: float) -> Iterator[bool]:
    """Whether this process alone sends over a channel; waits for another that does. The system lets go of the lock of a process that was killed."""
    path = data_dir / "alerts" / f".{channel}.lock"
    # A little before the run is over, so that it can still say so.
    until = min(time.monotonic() + LOCK_PATIENCE, until - 0.1)
    with path.open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= until:
                    yield False
                    return
                time.sleep(0.05)
            else:
                yield True
                return
