"""Mailed reports have what alerts have: every channel gets each once, a dead one delays nobody, and what it did not take is not lost."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from aiosmtpd.controller import Controller

from alerting.delivery import send_alerts
from alerting.state import MOST_REFUSALS
from reporting.reports import mail_report
from tests.python.alerting.conftest import Mailbox, Released, an_alert, free_port
from tests.python.parsed_project import spare_parsing

Settings = Callable[..., None]


def a_channel(name: str, port: int, **other: Any) -> dict[str, Any]:
    """A mail channel that takes the report on retention."""
    fixed = {"name": name, "kind": "mail", "host": "127.0.0.1", "port": port, "security": "none", "sender": "a@firm.test", "timeout_seconds": 20}  # fmt: skip
    return {**fixed, "recipients": [f"{name}@firm.test"], "reports": ["retention"], **other}


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A report as a file."""
    path = tmp_path / "retention.html"
    path.write_text("<p>all stay")
    return path


def opened(mailbox: Mailbox) -> list[Any]:
    """The mails that a server took."""
    return [message_from_bytes(envelope.content, policy=policy.default) for envelope in mailbox.mails]


def served(box: Mailbox, port: int, **other: Any) -> Controller:
    """A mail server on 127.0.0.1 that is up."""
    controller = Controller(box, hostname="127.0.0.1", port=port, **other)
    controller.start()
    return controller


def test_a_report_reaches_every_channel_once_whatever_is_down(
    tmp_path: Path, released: Released, settings: Settings, mailbox: Mailbox, page: Path
) -> None:
    late, port = Mailbox(), free_port()
    settings(a_channel("late", port), a_channel("board", mailbox.port))
    released()
    first = mail_report(tmp_path, "retention", [page])
    assert (first.sent, first.had, first.waiting) == (["board"], [], {"late": "Connection refused"})
    assert "mailed over board; not taken by late (Connection refused)" in first.sentence
    asked = mail_report(tmp_path, "retention", [page])
    assert (asked.sent, asked.had, asked.waiting) == ([], ["board"], {"late": "Connection refused"})
    # What is attached is kept where it waits.
    page.unlink()
    controller = served(late, port)
    try:
        assert send_alerts(tmp_path).sent == {"late": 1, "board": 0}
        (got,), (had,) = opened(late), opened(mailbox)
        assert [part.get_content() for part in got.iter_attachments()] == ["<p>all stay"]
        assert "release r1, as of 2026-10-31 12:00 UTC" in got.get_body().get_content()
        page.write_text("<p>all stay")
        assert mail_report(tmp_path, "retention", [page]).had == ["late", "board"]
        assert mail_report(tmp_path, "retention", [page], again=True).sent == ["late", "board"]
    finally:
        controller.stop()
    ids = [mail["Message-ID"] for mail in (*opened(late), *opened(mailbox))]
    assert len(set(ids)) == len(ids) == 4
    assert {got["Message-ID"], had["Message-ID"]} < set(ids)
    # Copies of the files are there for as long as somebody waits for them.
    with contextlib.closing(sqlite3.connect(tmp_path / "alerts" / "state.sqlite")) as con:
        assert con.execute("select count(*) from files").fetchone() == (0,)


def test_again_is_for_all_also_where_it_still_waits_for_some(
    tmp_path: Path, released: Released, settings: Settings, mailbox: Mailbox, page: Path
) -> None:
    settings(a_channel("board", mailbox.port, recipients=["good@firm.test", "grey@firm.test"]))
    mailbox.refusals = {"grey@firm.test": "450 later"}
    released()
    for again in (False, True):
        waiting = mail_report(tmp_path, "retention", [page], again).waiting
        assert waiting == {"board": "SMTP 450 later, for grey@firm.test"}
    mailbox.refusals.clear()
    assert mail_report(tmp_path, "retention", [page]).sent == ["board"]
    assert [envelope.rcpt_tos for envelope in mailbox.mails] == [
        [f"{name}@firm.test"] for name in ("good", "good", "grey")
    ]
    first, *others = [mail["Message-ID"] for mail in opened(mailbox)]
    assert first not in others and others[0] == others[1]


def test_the_id_of_a_report_is_that_of_what_it_says(
    tmp_path: Path, released: Released, settings: Settings, mailbox: Mailbox, page: Path
) -> None:
    settings(a_channel("board", mailbox.port))
    released()
    mail_report(tmp_path, "retention", [page])
    # As after a kill between sending and marking, and the loss of what was marked.
    (tmp_path / "alerts" / "state.sqlite").unlink()
    mail_report(tmp_path, "retention", [page])
    one, other = opened(mailbox)
    assert one["Message-ID"] == other["Message-ID"]


def test_a_server_that_drips_delays_a_report_by_the_time_of_a_run_and_is_named(
    tmp_path: Path, released: Released, settings: Settings, mailbox: Mailbox, page: Path, dripping: int
) -> None:
    settings(a_channel("drip", dripping), a_channel("board", mailbox.port), run_seconds=1.5)
    released()
    began = time.monotonic()
    delivery = mail_report(tmp_path, "retention", [page])
    assert time.monotonic() - began < 9
    assert (delivery.sent, delivery.waiting) == (["board"], {"drip": "no answer within 1.5 s"})


def test_a_report_that_is_too_big_for_its_server_holds_up_no_alert(
    tmp_path: Path, released: Released, settings: Settings, page: Path
) -> None:
    box = Mailbox()
    controller = served(box, free_port(), data_size_limit=100_000)
    try:
        settings(a_channel("small", controller.port))
        released()
        page.write_text("x" * 200_000)
        assert "SMTP 552" in mail_report(tmp_path, "retention", [page]).waiting["small"]
        released(an_alert("a"))
        assert send_alerts(tmp_path).sent == {"small": 1}
        for _ in range(MOST_REFUSALS):
            waiting = send_alerts(tmp_path).waiting
        assert waiting == {}
    finally:
        controller.stop()


def test_the_step_of_a_report_warns_of_a_channel_that_is_down_and_the_others_have_it(
    tmp_path: Path,
    released: Released,
    settings: Settings,
    mailbox: Mailbox,
    page: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings(a_channel("dead", free_port()), a_channel("board", mailbox.port))
    released()
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))
    spare_parsing(tmp_path / "target" / "dagster" / "definitions", tmp_path)
    # Dagster's definitions are made of what dbt reads of the project, when they are imported.
    from orchestration import telling

    monkeypatch.setattr(telling, "write_report", lambda folder, name: [page])
    (step,) = [one for one in telling.reports if one.key == telling.report_key("retention")]
    (made,) = dg.materialize([step]).get_asset_materialization_events()
    metadata = made.step_materialization_data.materialization.metadata
    assert (metadata["mailed"].value, metadata["waiting"].value) == (["board"], {"dead": "Connection refused"})
    assert len(mailbox.mails) == 1
