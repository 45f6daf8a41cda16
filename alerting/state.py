"""What was told to whom: the alerts that are open, and the messages that wait, in DATA_DIR/alerts/state.sqlite.

An *occurrence* is one alert from the release in which it begins to the one in which it is gone. A *message* is what goes over a channel once: it
is written down here before it is sent, and marked afterwards. A *delivery* says which message stands for an occurrence on a channel, so that no
occurrence gets two.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alerting.messages import Alert, Message, cleared_message, digest_of, message_of
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
"""


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


class AlertState:
    """The state of a data folder. One object per thread; any number of processes."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / "alerts" / "state.sqlite"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._con = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
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

    def next_message(self, channel: str) -> Waiting | None:
        """The first message that waits for a channel: those behind it wait for it, so that none overtakes another."""
        found = self._con.execute(
            "select message, attempts, not_before from messages where channel = ? and state = 'waiting' order by place limit 1",
            [channel],
        ).fetchone()
        if found is None:
            return None
        message, attempts, not_before = found
        return Waiting(
            Message(**json.loads(message)), attempts, datetime.fromisoformat(not_before) if not_before else None
        )

    def note_attempt(self, message_id: str) -> None:
        """Before a message goes out: whoever finds it waiting after a kill knows that it may be there already."""
        with self._writing() as con:
            con.execute("update messages set attempts = attempts + 1 where message_id = ?", [message_id])

    def note_sent(self, message_id: str) -> None:
        """After a message was taken."""
        with self._writing() as con:
            con.execute(
                "update messages set state = 'sent', done_at = ?, last_error = null, not_before = null where message_id = ?",
                [_now(), message_id],
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
            "select firsts.channel, waits.count, firsts.last_error from messages as firsts inner join ("
            "select channel, min(place) as place, count(*) as count from messages where state = 'waiting' group by channel"
            ") as waits on firsts.place = waits.place order by firsts.channel"
        )
        return {channel: (count, reason) for channel, count, reason in found}

    def delivery_states(self) -> dict[str, dict[str, str]]:
        """How the message of each open alert stands: alert_key -> channel -> `sent …`, `waiting`, `waiting: why` or `refused: why`."""
        states: dict[str, dict[str, str]] = {}
        for key, channel, state, done_at, error in self._con.execute(
            "select alert_key, messages.channel, state, done_at, last_error from occurrences "
            "inner join deliveries using (occurrence_id) inner join messages using (message_id) "
            "where cleared_at is null and deliveries.kind = 'began' order by alert_key, messages.channel"
        ):
            words = {
                "sent": f"sent {str(done_at)[:16].replace('T', ' ')}",
                "waiting": "waiting" + (f": {error}" if error else ""),
                "set_aside": f"refused: {error}",
            }
            states.setdefault(key, {})[channel] = words[state]
        return states

    def open_keys(self) -> set[str]:
        """Keys of the alerts that are open."""
        return {key for (key,) in self._con.execute("select alert_key from occurrences where cleared_at is null")}

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
                "delete from messages where state != 'waiting' and message_id not in (select message_id from deliveries)"
            )
            return gone.rowcount


def goes_over(channel: ChannelSettings, alert: Alert) -> bool:
    """Whether an alert is told on a channel."""
    return (
        alert.severity in channel.severities
        and (channel.owners is None or alert.owner in channel.owners)
        and (channel.rules is None or alert.rule in channel.rules)
    )


def _unusable(path: Path, error: Exception) -> str:
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return f"Another process has kept {path} busy for {BUSY_SECONDS} s: end it and send again."
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
        return f"{path} cannot be read ({error}): move it away; every alert that is open is told once more then."
    return f"{path} cannot be kept: {error}. Make room or give the right to write, and send again; nothing is lost."


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
