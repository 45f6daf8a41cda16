"""What was told to whom: the alerts that are open, the reports that were mailed, and the messages that wait, in DATA_DIR/alerts/state.sqlite.

An *occurrence* is one alert from the release in which it begins to the one in which it is gone. A *message* is what goes over a channel once: it
is written down here before it is sent, and marked afterwards. A *delivery* says which message stands for an occurrence on a channel, so that no
occurrence gets two; a row of *reports* says the same of a report and a day, and *files* holds what is attached for as long as the message waits.
*Recipients* of a message are those who have it or whom their server refused for good; whoever is not among them is still to get it.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random

from alerting.messages import Alert, Message, ReportMail, cleared_message, digest_of, message_of
from alerting.settings import ChannelSettings

#: Seconds that a process waits for another that writes here; each does so for milliseconds.
BUSY_SECONDS = 30
#: Times that a message is offered to a channel that says it will not take it, before the next one has its turn.
MOST_REFUSALS = 5

_SCHEMA = """
create table if not exists occurrences (
    occurrence_id text primary key, alert_key text not null, alert text not null, began_release text not null, began_as_of text not null,
    began_at text not null, cleared_release text, cleared_as_of text, cleared_at text, cleared_because text
);
create unique index if not exists one_open_occurrence on occurrences (alert_key) where cleared_at is null;
create table if not exists messages (
    place integer primary key autoincrement, message_id text not null unique, channel text not null, message text not null, queued_at text not null,
    state text not null default 'waiting' check (state in ('waiting', 'sent', 'set_aside')), attempts integer not null default 0,
    refusals integer not null default 0, not_before text, last_error text, done_at text
);
create index if not exists messages_by_channel on messages (channel, state, place);
create table if not exists deliveries (
    channel text not null, occurrence_id text not null references occurrences, kind text not null, message_id text not null,
    primary key (channel, occurrence_id, kind)
) without rowid;
create index if not exists deliveries_by_message on deliveries (message_id);
create table if not exists reports (
    channel text not null, report text not null, day text not null, message_id text not null, primary key (channel, report, day)
) without rowid;
create index if not exists reports_by_message on reports (message_id);
create table if not exists files (
    message_id text not null, place integer not null, name text not null, content blob not null, primary key (message_id, place)
);
create table if not exists recipients (
    message_id text not null, recipient text not null, refusal text, primary key (message_id, recipient)
) without rowid;
"""
#: Whether a row of messages is a report.
_IS_REPORT = "message_id in (select message_id from reports)"


class StateError(Exception):
    """What was told cannot be read or kept; the message says why and what to do."""


@dataclass(frozen=True)
class Standing:
    """What a release says: the alerts that hold, the keys of those not yet cleared, and the rules that count."""

    release_id: str
    as_of: str
    alerts: Sequence[Alert]
    uncleared: frozenset[str]
    rules: frozenset[str]


@dataclass(frozen=True)
class Compared:
    """What a comparison came to: how many alerts began, ended, are open, and go over no channel."""

    began: int
    cleared: int
    open: int
    unrouted: int


@dataclass(frozen=True)
class Waiting:
    """The message of a channel whose turn it is."""

    message: Message
    attempts: int
    not_before: datetime | None
    settled: dict[str, str | None]


class AlertState:
    """The state of a data folder. One object per thread; any number of processes."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / "alerts" / "state.sqlite"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._con = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
            # Two processes that lay the file out at once may meet, and SQLite does not wait for one that changes the kind of journal.
            for attempt in Retrying(
                stop=stop_after_delay(BUSY_SECONDS),
                wait=wait_random(0.01, 0.1),
                retry=retry_if_exception(_is_busy),
                reraise=True,
            ):
                with attempt:
                    self._con.execute("pragma journal_mode = wal")
                    self._con.execute("pragma synchronous = full")
                    self._con.execute("pragma foreign_keys = on")
                    self._con.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise StateError(_unusable(self.path, error)) from error

    def close(self) -> None:
        """Close the file."""
        self._con.close()

    def __enter__(self) -> AlertState:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        self.close()
        if isinstance(error, sqlite3.Error):
            raise StateError(_unusable(self.path, error)) from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it is kept, or nothing."""
        try:
            self._con.execute("begin immediate")
            try:
                yield self._con
            except BaseException:
                self._con.execute("rollback")
                raise
            self._con.execute("commit")
        except sqlite3.Error as error:
            raise StateError(_unusable(self.path, error)) from error

    def compare(self, read: Callable[[], Standing], channels: Sequence[ChannelSettings]) -> Compared:
        """Take in what the release says, and queue what is to be told of it, in one step.

        `read` gives the release that is out. It is called when no other process compares, so an older release never follows a newer one.
        """
        with self._writing() as con:
            standing = read()
            open_before = {
                key: (occurrence_id, alert)
                for occurrence_id, key, alert in con.execute(
                    "select occurrence_id, alert_key, alert from occurrences where cleared_at is null"
                )
            }
            now = _now()
            begun = [alert for alert in standing.alerts if alert.alert_key not in open_before]
            con.executemany(
                "insert into occurrences (occurrence_id, alert_key, alert, began_release, began_as_of, began_at) values (?, ?, ?, ?, ?, ?)",
                [
                    (
                        str(uuid.uuid4()),
                        one.alert_key,
                        json.dumps(asdict(one)),
                        standing.release_id,
                        standing.as_of,
                        now,
                    )
                    for one in begun
                ],
            )
            still = {alert.alert_key for alert in standing.alerts} | standing.uncleared
            ended = {
                occurrence_id: Alert(**json.loads(alert))
                for key, (occurrence_id, alert) in open_before.items()
                if key not in still
            }
            con.executemany(
                "update occurrences set cleared_release = ?, cleared_as_of = ?, cleared_at = ?, cleared_because = ? where occurrence_id = ?",
                [
                    (
                        *(standing.release_id, standing.as_of, now),
                        "it does not hold any more"
                        if alert.rule in standing.rules
                        else "its rule does not count any more",
                        occurrence_id,
                    )
                    for occurrence_id, alert in ended.items()
                ],
            )
            open_now = {
                occurrence_id: Alert(**json.loads(alert))
                for occurrence_id, alert in con.execute(
                    "select occurrence_id, alert from occurrences where cleared_at is null"
                )
            }
            for channel in channels:
                self._queue(channel, open_now, "began", standing)
                if channel.tells_cleared:
                    told = self._told(channel.name, "began")
                    worth_telling = {
                        occurrence_id: alert
                        for occurrence_id, alert in ended.items()
                        if occurrence_id in told and alert.rule in standing.rules
                    }
                    self._queue(channel, worth_telling, "cleared", standing)
            routed = [alert for alert in open_now.values() if any(goes_over(channel, alert) for channel in channels)]
            return Compared(len(begun), len(ended), len(open_now), len(open_now) - len(routed))

    def _queue(self, channel: ChannelSettings, occurrences: dict[str, Alert], kind: str, standing: Standing) -> None:
        """Write down the messages of those occurrences that the channel takes and has none for."""
        told = self._told(channel.name, kind)
        due = sorted(
            ((one, alert) for one, alert in occurrences.items() if one not in told and goes_over(channel, alert)),
            key=lambda pair: pair[1].order,
        )
        if channel.digest_above is not None and len(due) > channel.digest_above:
            name = "digest" if kind == "began" else "cleared_digest"
            message = digest_of(
                [alert for _, alert in due], name, str(uuid.uuid4()), standing.release_id, standing.as_of
            )
            pairs = [(message, [one for one, _ in due])]
        else:
            make = message_of if kind == "began" else cleared_message
            pairs = [(make(alert, str(uuid.uuid4()), standing.release_id, standing.as_of), [one]) for one, alert in due]
        now = _now()
        self._con.executemany(
            "insert into messages (message_id, channel, message, queued_at) values (?, ?, ?, ?)",
            [
                (message.message_id, channel.name, json.dumps(asdict(message), ensure_ascii=False), now)
                for message, _ in pairs
            ],
        )
        self._con.executemany(
            "insert into deliveries (channel, occurrence_id, kind, message_id) values (?, ?, ?, ?)",
            [(channel.name, one, kind, message.message_id) for message, ones in pairs for one in ones],
        )

    def _told(self, channel: str, kind: str) -> set[str]:
        found = self._con.execute(
            "select occurrence_id from deliveries where channel = ? and kind = ?", [channel, kind]
        )
        return {occurrence_id for (occurrence_id,) in found}

    def queue_report(self, channel: str, report: str, day: str, mail: ReportMail, again: bool) -> bool:
        """Write down a report that a channel is to get. Returns whether it waits now; it does not if the channel has that of this day already.

        One that waits, or was set aside, is brought up to date and keeps its id, since somebody may have it. `again` queues one with another id
        in its place, for all recipients.
        """
        with self._writing() as con:
            found = con.execute(
                "select message_id, state from reports inner join messages using (message_id) "
                "where reports.channel = ? and report = ? and day = ?",
                [channel, report, day],
            ).fetchone()
            before, state = found or (None, None)
            if state == "sent" and not again:
                return False
            if before is None or again:
                con.execute("delete from messages where message_id = ? and state = 'waiting'", [before])
                con.execute("delete from files where message_id = ?", [before])
                what = f"customer-analytics/{report}/{mail.release_id}/{mail.as_of}/{channel}"
                message_id = str(uuid.uuid5(uuid.NAMESPACE_URL, what) if before is None else uuid.uuid4())
                con.execute(
                    "insert into messages (message_id, channel, message, queued_at) values (?, ?, '', ?)",
                    [message_id, channel, _now()],
                )
                con.execute("insert or replace into reports values (?, ?, ?, ?)", [channel, report, day, message_id])
            else:
                message_id = before
            words = {**{field.name: getattr(mail, field.name) for field in fields(Message)}, "message_id": message_id}
            con.execute(
                "update messages set message = ?, state = 'waiting', refusals = 0, done_at = null where message_id = ?",
                [json.dumps(words, ensure_ascii=False), message_id],
            )
            con.execute("delete from files where message_id = ?", [message_id])
            con.executemany(
                "insert into files values (?, ?, ?, ?)",
                [(message_id, place, name, content) for place, (name, content) in enumerate(mail.files)],
            )
            return True

    def reports_not_sent(self, report: str, day: str) -> dict[str, str | None]:
        """Channels that have not got a report of a day which is theirs, with why if it is known."""
        found = self._con.execute(
            "select reports.channel, last_error from reports inner join messages using (message_id) "
            "where report = ? and day = ? and state != 'sent' order by reports.channel",
            [report, day],
        )
        return dict(found.fetchall())

    def next_message(self, channel: str, apart: Collection[str] = ()) -> Waiting | None:
        """The first message that waits for a channel: those behind it wait for it, so that none overtakes another.

        Only those whose ids are `apart` are passed by. Reports are behind all alerts: one that is too big for its server keeps no alert from anybody.
        """
        found = self._con.execute(
            "select message, attempts, not_before from messages where channel = ? and state = 'waiting' "
            f"and message_id not in (select value from json_each(?)) order by {_IS_REPORT}, place limit 1",
            [channel, json.dumps(list(apart))],
        ).fetchone()
        if found is None:
            return None
        words, attempts, not_before = found
        message = self._message(json.loads(words))
        settled = self._con.execute(
            "select recipient, refusal from recipients where message_id = ?", [message.message_id]
        )
        return Waiting(
            message, attempts, datetime.fromisoformat(not_before) if not_before else None, dict(settled.fetchall())
        )

    def _message(self, words: dict[str, Any]) -> Message:
        if words["kind"] != "report":
            return Message(**words)
        files = self._con.execute(
            "select name, content from files where message_id = ? order by place", [words["message_id"]]
        )
        return ReportMail(**words, files=tuple(files.fetchall()))

    def note_attempt(self, message_id: str) -> None:
        """Before a message goes out: whoever finds it waiting after a kill knows that it may be there already."""
        with self._writing() as con:
            con.execute("update messages set attempts = attempts + 1 where message_id = ?", [message_id])

    def note_settled(self, message_id: str, settled: dict[str, str | None]) -> None:
        """After an attempt: with whom a message is done, who has it (None) or will never take it (why)."""
        with self._writing() as con:
            con.executemany(
                "insert or replace into recipients values (?, ?, ?)",
                [(message_id, recipient, refusal) for recipient, refusal in settled.items()],
            )

    def note_sent(self, message_id: str) -> None:
        """After a message was taken."""
        with self._writing() as con:
            con.execute(
                "update messages set state = 'sent', done_at = ?, last_error = null, not_before = null where message_id = ?",
                [_now(), message_id],
            )
            con.execute("delete from files where message_id = ?", [message_id])

    def note_hanging(self, channel: str, reason: str) -> None:
        """Why the message whose turn it is was not taken, where whoever sends it was left behind in the middle."""
        with self._writing() as con:
            con.execute(
                "update messages set last_error = ? where place = ("
                f"select place from messages where channel = ? and state = 'waiting' order by {_IS_REPORT}, place limit 1)",
                [reason, channel],
            )

    def note_failure(self, message_id: str, reason: str, refused: bool, wait_seconds: float) -> bool:
        """After a message was not taken. Returns whether it was set aside: its channel refused it too often, and the next has its turn."""
        until = datetime.now(UTC) + timedelta(seconds=min(wait_seconds, 86_400))
        with self._writing() as con:
            con.execute(
                "update messages set last_error = ?, refusals = refusals + ?, not_before = ? where message_id = ?",
                [reason, int(refused), until.isoformat() if wait_seconds else None, message_id],
            )
            changed = con.execute(
                "update messages set state = 'set_aside', done_at = ? where message_id = ? and refusals >= ?",
                [_now(), message_id, MOST_REFUSALS],
            )
            return changed.rowcount > 0

    def waiting(self) -> dict[str, tuple[int, str | None]]:
        """Messages that wait, by channel, with why the first of them was not taken."""
        found = self._con.execute(
            "select channel, count, last_error from (select channel, last_error, count(*) over (partition by channel) as count, "
            f"row_number() over (partition by channel order by {_IS_REPORT}, place) as turn from messages where state = 'waiting') "
            "where turn = 1 order by channel"
        )
        return {channel: (count, reason) for channel, count, reason in found}

    def delivery_states(self) -> dict[str, dict[str, str]]:
        """How the message of each open alert stands: alert_key -> channel -> `sent …`, `waiting`, `waiting: why` or `refused: why`."""
        states: dict[str, dict[str, str]] = {}
        for key, channel, state, done_at, error, not_for in self._con.execute(
            "select alert_key, messages.channel, state, done_at, last_error, (select group_concat(recipient, ', ') from recipients "
            "where recipients.message_id = messages.message_id and refusal is not null) from occurrences "
            "inner join deliveries using (occurrence_id) inner join messages using (message_id) "
            "where cleared_at is null and deliveries.kind = 'began' order by alert_key, messages.channel"
        ):
            words = {
                "sent": f"sent {str(done_at)[:16].replace('T', ' ')}",
                "waiting": "waiting" + (f": {error}" if error else ""),
                "set_aside": f"refused: {error}",
            }
            states.setdefault(key, {})[channel] = words[state] + (f", but not for {not_for}" if not_for else "")
        return states

    def open_keys(self) -> set[str]:
        """Keys of the alerts that are open."""
        return {key for (key,) in self._con.execute("select alert_key from occurrences where cleared_at is null")}

    def refused_recipients(self) -> dict[str, dict[str, str]]:
        """Recipients whom their server refused for good when a channel tried last, with what it said, by channel."""
        refused: dict[str, dict[str, str]] = {}
        for channel, recipient, refusal in self._con.execute(
            "select channel, recipient, refusal from (select channel, recipient, refusal, "
            "row_number() over (partition by channel, recipient order by place desc) as turn "
            "from recipients inner join messages using (message_id)) where turn = 1 and refusal is not null order by channel, recipient"
        ):
            refused.setdefault(channel, {})[recipient] = refusal
        return refused

    def set_aside(self) -> int:
        """Messages that a channel refused for good."""
        return int(self._con.execute("select count(*) from messages where state = 'set_aside'").fetchone()[0])

    def prune(self, keep_days: int, channels: Iterable[str]) -> int:
        """Forget what ended, and was told, more than so many days ago; returns how many alerts.

        An open alert is kept whatever its age, and so is a message that waits for a channel of the settings.
        """
        before = (datetime.now(UTC) - timedelta(days=keep_days)).isoformat(timespec="seconds")
        known = list(channels)
        places = ", ".join("?" * len(known))
        with self._writing() as con:
            con.execute(
                f"update messages set state = 'set_aside', done_at = queued_at, last_error = 'its channel is gone' "
                f"where state = 'waiting' and queued_at < ? and channel not in ({places})",
                [before, *known],
            )
            old = (
                "select occurrence_id from occurrences where cleared_at < ? and not exists ("
                "select 1 from deliveries inner join messages using (message_id) "
                "where deliveries.occurrence_id = occurrences.occurrence_id and (messages.state = 'waiting' or messages.done_at >= ?))"
            )
            con.execute(f"delete from deliveries where occurrence_id in ({old})", [before, before])
            gone = con.execute(
                "delete from occurrences where cleared_at < ? and occurrence_id not in (select occurrence_id from deliveries)",
                [before],
            )
            con.execute(
                "delete from reports where message_id in (select message_id from messages where state != 'waiting' and done_at < ?)",
                [before],
            )
            con.execute(
                "delete from messages where state != 'waiting' and message_id not in (select message_id from deliveries) "
                "and message_id not in (select message_id from reports)"
            )
            con.execute(
                "delete from files where message_id not in (select message_id from messages where state = 'waiting')"
            )
            con.execute("delete from recipients where message_id not in (select message_id from messages)")
            return gone.rowcount


def goes_over(channel: ChannelSettings, alert: Alert) -> bool:
    """Whether an alert is told on a channel."""
    return (
        alert.severity in channel.severities
        and (channel.owners is None or alert.owner in channel.owners)
        and (channel.rules is None or alert.rule in channel.rules)
    )


def _is_busy(error: BaseException) -> bool:
    return isinstance(error, sqlite3.OperationalError) and "locked" in str(error)


def _unusable(path: Path, error: Exception) -> str:
    if _is_busy(error):
        return f"Another process has kept {path} busy for {BUSY_SECONDS} s: end it and send again."
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
        return f"{path} cannot be read ({error}): move it away; every alert that is open is told once more then."
    return f"{path} cannot be kept: {error}. Make room or give the right to write, and send again; nothing is lost."


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
