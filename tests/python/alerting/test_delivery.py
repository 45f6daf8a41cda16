"""Alerts reach people once each, over real servers on 127.0.0.1, whatever dies in between."""

from __future__ import annotations

import json
import sqlite3
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from alerting.delivery import AlertError, send_alerts
from alerting.state import MOST_REFUSALS, AlertState
from tests.python.alerting.conftest import Hook, Mailbox, Released, an_alert, free_port

Written = Callable[[], list[dict[str, Any]]]
HOOK = {"name": "team", "kind": "webhook", "url_env": "HOOK_URL", "timeout_seconds": 20}
FILE = {"name": "file", "kind": "file"}
A, B, C = (an_alert(key) for key in "abc")


def test_an_alert_is_told_once_until_it_clears_and_again_when_it_comes_back(
    tmp_path: Path, released: Released, written: Written
) -> None:
    released(A, B)
    assert send_alerts(tmp_path).figures == {
        "began": 2,
        "cleared": 0,
        "open": 2,
        "unrouted": 0,
        "sent": 2,
        "waiting": 0,
    }
    assert send_alerts(tmp_path).figures["sent"] == 0
    # Between threshold and clearing, what was told stays open and nothing new begins.
    released(A, between=[B, C])
    assert send_alerts(tmp_path).figures == {
        "began": 0,
        "cleared": 0,
        "open": 2,
        "unrouted": 0,
        "sent": 0,
        "waiting": 0,
    }
    released(A, C)
    assert send_alerts(tmp_path).sentence == "alerts: 1 began, 1 cleared, 2 open; sent 2 to file"
    released(A, B, C)
    send_alerts(tmp_path)
    told = [(line["kind"], line["alerts"][0]["cause_id"], line["release_id"]) for line in written()]
    assert told == [
        ("alert", "a", "r1"), ("alert", "b", "r1"), ("alert", "c", "r3"), ("cleared", "b", "r3"), ("alert", "b", "r4"),
    ]  # fmt: skip
    assert len({line["message_id"] for line in written()}) == 5
    assert written()[0]["alerts"][0]["action"] == "Call them"


def test_a_rule_that_is_switched_off_ends_its_alerts_without_a_word(
    tmp_path: Path, released: Released, written: Written
) -> None:
    released(A)
    send_alerts(tmp_path)
    released(rules=[])
    assert send_alerts(tmp_path).figures["cleared"] == 1
    assert len(written()) == 1


def test_routes(tmp_path: Path, released: Released, settings: Callable[..., None]) -> None:
    settings(
        {**FILE, "name": "worst", "path": "worst.jsonl", "severities": ["critical"]},
        {**FILE, "name": "kim", "path": "kim.jsonl", "owners": ["Kim"], "rules": ["low_health"]},
    )
    released(
        an_alert("critical", severity="critical", owner=None),
        an_alert("hers"),
        an_alert("his", owner="Lee"),
        an_alert("other_rule", rule="no_login"),
        rules=["low_health", "no_login"],
    )
    report = send_alerts(tmp_path)
    assert report.sent == {"worst": 1, "kim": 1}
    assert report.unrouted == 2
    for name, key in (("worst", "critical"), ("kim", "hers")):
        (line,) = (tmp_path / "alerts" / f"{name}.jsonl").read_text().splitlines()
        assert json.loads(line)["alerts"][0]["alert_key"] == key


def test_a_rule_that_the_release_does_not_have_is_refused_before_anything_is_told(
    tmp_path: Path, released: Released, settings: Callable[..., None], written: Written
) -> None:
    # One of the company's own is as good as those that come with the project.
    released(A, rules=["low_health", "our_own"])
    settings(FILE, {**FILE, "name": "few", "path": "few.jsonl", "rules": ["our_own", "low_helth"]})
    with pytest.raises(AlertError) as caught:
        send_alerts(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path / 'alerts.yml'}: channels[1].rules[1] is 'low_helth'; it may be a rule of the release: low_health, our_own."
    )
    assert written() == []
    settings({**FILE, "rules": ["our_own", "low_health"]})
    assert send_alerts(tmp_path).sent == {"file": 1}


def test_many_at_once_are_one_message_on_a_webhook_and_each_in_the_file(
    tmp_path: Path, released: Released, settings: Callable[..., None], hook: Hook, written: Written
) -> None:
    settings(HOOK, FILE)
    many = [an_alert(f"{n:03}", monthly_recurring_revenue=float(n)) for n in range(120)]
    released(*many)
    began = time.monotonic()
    assert send_alerts(tmp_path).sent == {"team": 1, "file": 120}
    assert time.monotonic() - began < 20
    (head,) = hook.texts()
    assert head == "120 alerts began at once (120 high)"
    # The biggest of equally bad ones are named.
    assert "Firm 119" in hook.taken[0]["blocks"][1]["text"]["text"]
    assert "Firm 020" not in hook.taken[0]["blocks"][1]["text"]["text"]
    assert len(written()) == 120
    released(*many, an_alert("one_more"))
    send_alerts(tmp_path)
    assert hook.texts()[1:] == ["[high] Health score below 40: Firm one_more"]


def test_a_channel_that_hangs_delays_nobody_and_loses_nothing(
    tmp_path: Path, released: Released, settings: Callable[..., None], hook: Hook, written: Written
) -> None:
    settings({**HOOK, "timeout_seconds": 0.5}, FILE)
    hook.answers = [10.0]
    released(A, B)
    began = time.monotonic()
    report = send_alerts(tmp_path)
    assert time.monotonic() - began < 9
    assert report.sent == {"team": 0, "file": 2}
    assert report.waiting == {"team": (2, "no answer within 0.5 s")}
    released(A, B, C)
    settings(HOOK, FILE)
    assert send_alerts(tmp_path).sent == {"team": 3, "file": 1}
    # In the order in which they came about.
    assert [head[-1] for head in hook.texts()] == ["a", "b", "c"]
    assert len(set(hook.ids)) == 3
    assert len(written()) == 3


def test_a_run_does_not_wait_for_a_channel_beyond_its_time(
    tmp_path: Path, released: Released, settings: Callable[..., None], hook: Hook
) -> None:
    settings({**HOOK, "timeout_seconds": 30}, FILE, run_seconds=0.7)
    hook.answers = [10.0]
    released(A)
    began = time.monotonic()
    assert send_alerts(tmp_path).sent["team"] == 0
    assert time.monotonic() - began < 9


def test_a_channel_that_drips_is_said_to_have_given_no_answer(
    tmp_path: Path,
    released: Released,
    settings: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    hook: Hook,
    dripping: int,
) -> None:
    monkeypatch.setenv("DRIP_URL", f"http://127.0.0.1:{dripping}/")
    settings({**HOOK, "name": "drip", "url_env": "DRIP_URL"}, HOOK, run_seconds=1.5)
    released(A, B)
    report = send_alerts(tmp_path)
    assert report.sent == {"drip": 0, "team": 2}
    assert report.waiting == {"drip": (2, "no answer within 1.5 s")}
    # Whoever looks later is told as well.
    with AlertState(tmp_path) as state:
        assert state.waiting() == report.waiting


def test_server_errors_are_tried_again_and_retry_after_is_heeded(
    tmp_path: Path, released: Released, settings: Callable[..., None], hook: Hook
) -> None:
    settings(HOOK)
    hook.answers = [500, (429, {"Retry-After": "1"}, "slow down")]
    released(A)
    began = time.monotonic()
    assert send_alerts(tmp_path).sent == {"team": 1}
    assert time.monotonic() - began > 1.2
    assert (hook.asked, len(hook.taken)) == (3, 1)
    # One that wants to be left alone for longer is left alone, in this run and the next.
    hook.answers = [(429, {"Retry-After": "3600"}, "slow down")]
    released(A, B)
    assert send_alerts(tmp_path).waiting == {"team": (1, "HTTP 429")}
    assert send_alerts(tmp_path).waiting == {"team": (1, "HTTP 429")}
    assert hook.asked == 4


def test_a_message_that_is_refused_for_good_is_set_aside_and_the_next_has_its_turn(
    tmp_path: Path, released: Released, settings: Callable[..., None], hook: Hook
) -> None:
    settings(HOOK)
    hook.answers = [(400, {}, "invalid_payload")] * MOST_REFUSALS
    released(A, B)
    for _ in range(MOST_REFUSALS - 1):
        assert send_alerts(tmp_path).waiting == {"team": (2, "HTTP 400 (invalid_payload)")}
    assert send_alerts(tmp_path).sent == {"team": 1}
    assert hook.texts() == ["[high] Health score below 40: Firm b"]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((404, {}, "no_service"), "HTTP 404 (no_service)"),
        ((200, {}, "<!DOCTYPE html><p>log in"), "web page"),
    ],
)
def test_a_channel_that_is_set_up_wrongly_keeps_its_messages(
    tmp_path: Path, released: Released, settings: Callable[..., None], hook: Hook, answer: object, why: str
) -> None:
    settings(HOOK)
    hook.answers = [answer] * (MOST_REFUSALS + 2)
    released(A)
    for _ in range(MOST_REFUSALS + 2):
        assert why in str(send_alerts(tmp_path).waiting["team"][1])
    assert send_alerts(tmp_path).sent == {"team": 1}


def test_a_secret_that_is_not_set_is_named_and_the_others_go_on(
    tmp_path: Path, released: Released, settings: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(HOOK, FILE)
    monkeypatch.delenv("HOOK_URL", raising=False)
    released(A)
    report = send_alerts(tmp_path)
    assert report.sent == {"team": 0, "file": 1}
    assert "environment variable HOOK_URL, which is not set" in report.sentence


def test_names_cannot_call_everybody_nor_break_a_mail(
    tmp_path: Path, released: Released, settings: Callable[..., None], hook: Hook, mailbox: Mailbox
) -> None:
    mail = {"name": "mail", "kind": "mail", "host": "127.0.0.1", "port": mailbox.port, "security": "none", "sender": "a@firm.test", "recipients": ["b@firm.test", "c@firm.test"]}  # fmt: skip
    settings(HOOK, mail)
    released(
        an_alert("x", customer_name="<!channel> & Söhne\r\nBcc: evil@x.test", explanation="<" * 4000, owner="😀\x00")
    )
    report = send_alerts(tmp_path)
    assert report.sent == {"team": 1, "mail": 1}, report.sentence
    text = json.dumps(hook.taken[0], ensure_ascii=False)
    assert "&lt;!channel&gt; &amp; Söhne Bcc" in text
    assert "<!channel>" not in text
    assert all(len(block["text"]["text"]) <= 3000 for block in hook.taken[0]["blocks"][:2])
    (envelope,) = mailbox.mails
    sent = message_from_bytes(envelope.content, policy=policy.default)
    assert sent["Bcc"] is None
    assert sent["Subject"] == "[high] Health score below 40: <!channel> & Söhne Bcc: evil@x.test"
    assert envelope.rcpt_tos == ["b@firm.test", "c@firm.test"]
    assert "To do: Call them" in sent.get_content()
    assert "release r1" in sent.get_content()


def test_mail_that_is_not_taken_waits(
    tmp_path: Path, released: Released, settings: Callable[..., None], mailbox: Mailbox
) -> None:
    settings({"name": "mail", "kind": "mail", "host": "127.0.0.1", "port": mailbox.port, "security": "none", "sender": "a@firm.test", "recipients": ["b@firm.test"]})  # fmt: skip
    mailbox.answer = "554 no"
    released(A)
    assert send_alerts(tmp_path).waiting == {"mail": (1, "SMTP 554 no")}
    mailbox.answer = "250 taken"
    assert send_alerts(tmp_path).sent == {"mail": 1}
    assert len(mailbox.mails) == 1


def test_whoever_is_put_off_gets_it_later_alone_and_whoever_is_refused_is_named(
    tmp_path: Path, released: Released, settings: Callable[..., None], mailbox: Mailbox
) -> None:
    good, grey, gone = (f"{name}@firm.test" for name in ("good", "grey", "gone"))
    settings({"name": "mail", "kind": "mail", "host": "127.0.0.1", "port": mailbox.port, "security": "none", "sender": "a@firm.test", "recipients": [grey, good, gone]})  # fmt: skip
    mailbox.refusals = {grey: "450 later", gone: "550 nobody here"}
    released(A, B)
    report = send_alerts(tmp_path)
    # Nobody waits for somebody else's box, and one that puts off is asked once a run.
    assert [envelope.rcpt_tos for envelope in mailbox.mails] == [[good], [good]]
    assert mailbox.asked.count(grey) == 1
    assert report.waiting == {"mail": (2, f"SMTP 450 later, for {grey}")}
    assert f"mail reaches nobody at {gone} (SMTP 550 nobody here)" in report.sentence
    mailbox.refusals.pop(grey)
    assert send_alerts(tmp_path).sent == {"mail": 2}
    assert [envelope.rcpt_tos for envelope in mailbox.mails[2:]] == [[grey], [grey]]
    ids = [message_from_bytes(envelope.content)["Message-ID"] for envelope in mailbox.mails]
    assert ids[:2] == ids[2:]
    with AlertState(tmp_path) as state:
        assert state.delivery_states()["a"]["mail"].endswith(f"but not for {gone}")
    # What is set right is not told any more.
    mailbox.refusals.clear()
    released(A, B, C)
    assert send_alerts(tmp_path).refused == {}
    assert mailbox.mails[4].rcpt_tos == [grey, good, gone]


def test_a_mail_that_nobody_may_get_waits_for_better_settings(
    tmp_path: Path, released: Released, settings: Callable[..., None], mailbox: Mailbox
) -> None:
    mail = {
        "name": "mail",
        "kind": "mail",
        "host": "127.0.0.1",
        "port": mailbox.port,
        "security": "none",
        "sender": "a@firm.test",
    }
    mailbox.refusals = {"gone@firm.test": "550 nobody here"}
    settings({**mail, "recipients": ["gone@firm.test"]})
    released(A)
    for _ in range(MOST_REFUSALS + 1):
        assert send_alerts(tmp_path).waiting == {"mail": (1, "SMTP 550 nobody here, for every recipient")}
    mailbox.refusals["grey@firm.test"] = "450 later"
    settings({**mail, "recipients": ["gone@firm.test", "grey@firm.test"]})
    both = "SMTP 550 nobody here, for gone@firm.test; SMTP 450 later, for grey@firm.test"
    assert send_alerts(tmp_path).waiting == {"mail": (1, both)}
    settings({**mail, "recipients": ["here@firm.test"]})
    assert send_alerts(tmp_path).sent == {"mail": 1}


def test_a_mail_server_without_encryption_gets_nothing_unless_it_is_allowed(
    tmp_path: Path, released: Released, settings: Callable[..., None], mailbox: Mailbox
) -> None:
    settings({"name": "mail", "kind": "mail", "host": "127.0.0.1", "port": mailbox.port, "sender": "a@firm.test", "recipients": ["b@firm.test"]})  # fmt: skip
    released(A)
    assert "STARTTLS" in send_alerts(tmp_path).sentence
    assert mailbox.mails == []


KILLED = """
import os, signal, sys
from pathlib import Path
from alerting import channels, delivery, state

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def after(owner, name):
    real = getattr(owner, name)
    def both(*arguments, **named):
        real(*arguments, **named)
        die()
    setattr(owner, name, both)

step = sys.argv[2]
if step == "compared":
    after(state.AlertState, "compare")
elif step == "sent":
    after(channels.FileChannel, "deliver")
    after(channels.WebhookChannel, "deliver")
elif step == "half a line":
    def half(self, message, was_tried, settled):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            file.write(b'{"message_id": "' + message.message_id.encode()[:7])
        die()
    channels.FileChannel.deliver = half
elif step == "in the comparison":
    state.AlertState._queue = die
delivery.send_alerts(Path(sys.argv[1]))
"""


@pytest.mark.parametrize("step", ["in the comparison", "compared", "half a line", "sent"])
def test_a_kill_loses_nothing_and_the_file_holds_each_once(
    tmp_path: Path, released: Released, settings: Callable[..., None], hook: Hook, written: Written, step: str
) -> None:
    settings(*([FILE] if step == "half a line" else [HOOK, FILE]))
    released(A, B)
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), step], check=False)
    assert killed.returncode == -9
    send_alerts(tmp_path)
    assert [line["alerts"][0]["cause_id"] for line in written()] == ["a", "b"]
    if step != "half a line":
        # What went out before the kill goes out again at most once, and can be told by its id.
        assert list(dict.fromkeys(head[-1] for head in hook.texts())) == ["a", "b"]
        assert len(set(hook.ids)) == 2
        assert len(hook.ids) <= 3
    assert send_alerts(tmp_path).figures["sent"] == 0


def test_processes_at_once_send_each_once(
    tmp_path: Path, released: Released, settings: Callable[..., None], hook: Hook, written: Written
) -> None:
    settings({**HOOK, "digest_above": None, "timeout_seconds": 20}, FILE)
    released(*(an_alert(f"{n:02}") for n in range(24)))
    script = "import sys; from pathlib import Path; from alerting.delivery import send_alerts; send_alerts(Path(sys.argv[1]))"
    running = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path)]) for _ in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert sorted(hook.texts()) == hook.texts()
    assert len(hook.ids) == len(set(hook.ids)) == len(written()) == 24


def test_what_is_old_is_forgotten_and_what_is_open_or_waits_is_not(
    tmp_path: Path, released: Released, settings: Callable[..., None], hook: Hook
) -> None:
    settings(HOOK, {**FILE, "tells_cleared": False})
    hook.answers = [(404, {}, "")]
    released(A, B)
    send_alerts(tmp_path)
    hook.answers = [(404, {}, "")]
    released(B)
    send_alerts(tmp_path)
    with sqlite3.connect(tmp_path / "alerts" / "state.sqlite") as con:
        for table, column in (
            ("occurrences", "began_at"),
            ("occurrences", "cleared_at"),
            ("messages", "queued_at"),
            ("messages", "done_at"),
        ):
            con.execute(f"update {table} set {column} = '2020-01-01T00:00:00+00:00' where {column} is not null")
    con.close()

    def kept() -> list[int]:
        with sqlite3.connect(tmp_path / "alerts" / "state.sqlite") as con:
            counts = [
                con.execute(f"select count(*) from {table}").fetchone()[0]
                for table in ("occurrences", "deliveries", "messages")
            ]
        con.close()
        return counts

    hook.answers = [(404, {}, "")]
    send_alerts(tmp_path)
    assert kept() == [2, 4, 4]
    # The webhook takes them; a, which has ended, was told long enough ago a day later.
    send_alerts(tmp_path)
    assert len(hook.taken) == 2
    with sqlite3.connect(tmp_path / "alerts" / "state.sqlite") as con:
        con.execute("update messages set done_at = '2020-01-01T00:00:00+00:00'")
    con.close()
    assert send_alerts(tmp_path).figures["open"] == 1
    assert kept() == [1, 2, 2]


def test_what_cannot_be_done_says_what_to_do(tmp_path: Path, released: Released) -> None:
    with pytest.raises(AlertError, match="There is no release"):
        send_alerts(tmp_path)
    released(A)
    (tmp_path / "alerts").mkdir(exist_ok=True)
    (tmp_path / "alerts" / "state.sqlite").write_text("no database" * 100)
    with pytest.raises(AlertError, match="move it away"):
        send_alerts(tmp_path)


def test_mail_goes_over_starttls_with_a_login_from_the_environment(
    tmp_path: Path, released: Released, settings: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, box = trustme.CA(), Mailbox()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)

    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(handled=False, success=(data.login, data.password) == (b"bot", b"hunter2"))

    controller = Controller(
        box, hostname="localhost", port=free_port(), tls_context=context, require_starttls=True, auth_required=True, authenticator=check
    )  # fmt: skip
    controller.start()
    mail = {"name": "mail", "kind": "mail", "host": "localhost", "port": controller.port, "sender": "a@firm.test", "timeout_seconds": 2, "recipients": ["b@firm.test"], "username_env": "MAIL_USER", "password_env": "MAIL_PASSWORD"}  # fmt: skip
    monkeypatch.setenv("MAIL_USER", "bot")
    monkeypatch.setenv("MAIL_PASSWORD", "wrong")
    try:
        released(A)
        settings(mail)
        assert "CERTIFICATE_VERIFY_FAILED" in send_alerts(tmp_path).sentence
        settings({**mail, "ca_file": str(tmp_path / "ca.pem")})
        report = send_alerts(tmp_path)
        assert "SMTP 535" in report.sentence
        assert "wrong" not in report.sentence
        monkeypatch.setenv("MAIL_PASSWORD", "hunter2")
        assert send_alerts(tmp_path).sent == {"mail": 1}
        assert len(box.mails) == 1
    finally:
        controller.stop()
