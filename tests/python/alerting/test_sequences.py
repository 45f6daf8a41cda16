"""Whatever conditions come and go, channels fail and runs are killed: in the end every channel has been told of each occurrence once, in order."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from alerting.channels import ChannelError, Settled
from alerting.delivery import empty_outbox
from alerting.messages import Message
from alerting.settings import FileSettings
from alerting.state import AlertState, Standing
from tests.python.alerting.conftest import an_alert

KEYS = ("a", "b", "c", "d")
CHANNELS = (
    FileSettings(name="each", kind="file", tells_cleared=True, digest_above=None),
    FileSettings(name="few", kind="file", tells_cleared=False, digest_above=2),
)


class KilledError(BaseException):
    """Ends a run in the middle."""


class Told:
    """A channel that takes messages as it is told: `works`, `down`, `killed_before` or `killed_after` taking one."""

    def __init__(self) -> None:
        self.mode = "works"
        self.taken: list[Message] = []

    def deliver(self, message: Message, was_tried: bool, settled: Settled) -> None:
        if self.mode == "down":
            raise ChannelError("down")
        if self.mode == "killed_before":
            raise KilledError
        if message.message_id in [one.message_id for one in self.taken]:
            # Only what may have been sent before a kill is ever sent again.
            assert was_tried
        self.taken.append(message)
        if self.mode == "killed_after":
            raise KilledError

    def distinct(self) -> list[Message]:
        """What a receiver that knows ids has."""
        return list({message.message_id: message for message in self.taken}.values())


class Sequences(RuleBasedStateMachine):
    """Conditions of four accounts, two channels, and runs."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.condition = dict.fromkeys(KEYS, "good")
        self.open: set[str] = set()
        #: What each channel has to be told in the end: (began or cleared, key), in the order of the runs.
        self.due: dict[str, list[tuple[int, str, str]]] = {"each": [], "few": []}
        self.channels = {"each": Told(), "few": Told()}
        self.runs = 0

    @rule(key=st.sampled_from(KEYS), condition=st.sampled_from(["good", "between", "bad"]))
    def turn(self, key: str, condition: str) -> None:
        self.condition[key] = condition

    @rule(conditions=st.fixed_dictionaries({key: st.sampled_from(["good", "between", "bad"]) for key in KEYS}))
    def turn_all(self, conditions: dict[str, str]) -> None:
        self.condition = dict(conditions)

    @rule(name=st.sampled_from(["each", "few"]), mode=st.sampled_from(["works", "down", "killed_before", "killed_after"]))  # fmt: skip
    def change(self, name: str, mode: str) -> None:
        self.channels[name].mode = mode

    @rule()
    def run(self) -> None:
        self.runs += 1
        bad = [key for key in KEYS if self.condition[key] == "bad"]
        between = frozenset(key for key in KEYS if self.condition[key] == "between")
        standing = Standing(
            f"r{self.runs}", "2026-10-31", [an_alert(key) for key in bad], between, frozenset({"low_health"})
        )
        begun = sorted(set(bad) - self.open)
        ended = sorted(self.open - set(bad) - between)
        for name in self.due:
            self.due[name] += [(self.runs, "alert", key) for key in begun]
        self.due["each"] += [(self.runs, "cleared", key) for key in ended]
        self.open = (self.open | set(bad)) - set(ended)
        with AlertState(self.folder) as state:
            compared = state.compare(lambda: standing, CHANNELS)
            assert (compared.began, compared.cleared, compared.open) == (len(begun), len(ended), len(self.open))
            for name, channel in self.channels.items():
                try:
                    empty_outbox(state, name, channel, time.monotonic() + 60, {name: 0})
                except KilledError:
                    # The next run finds what this one wrote down.
                    channel.mode = "works"

    @invariant()
    def no_channel_was_told_what_is_not_so(self) -> None:
        for name, channel in self.channels.items():
            self._compare(name, channel, len(channel.distinct()))

    def _compare(self, name: str, channel: Told, messages: int) -> None:
        told: list[tuple[int, str, str]] = []
        for message in channel.distinct()[:messages]:
            kind = {"digest": "alert"}.get(message.kind, message.kind)
            told += [(int(message.release_id[1:]), kind, alert["alert_key"]) for alert in message.alerts]
            assert message.count == len(message.alerts)
            assert (message.count > 2) == (message.kind == "digest")
        # In the order of the runs, each once, and nothing left out on the way.
        assert told == self.due[name][: len(told)]

    def teardown(self) -> None:
        for channel in self.channels.values():
            channel.mode = "works"
        self.run()
        for name, channel in self.channels.items():
            told = sum(message.count for message in channel.distinct())
            assert told == len(self.due[name])
            self._compare(name, channel, len(channel.distinct()))
        shutil.rmtree(self.folder)


TestSequences = Sequences.TestCase
TestSequences.settings = hypothesis_settings(max_examples=20, stateful_step_count=20, deadline=None)
