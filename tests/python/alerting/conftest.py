"""Releases with alerts that are laid out by hand, and servers on 127.0.0.1 that answer as they are told."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from aiosmtpd.controller import Controller

from alerting.messages import Alert

Released = Callable[..., None]


def an_alert(key: str, **other: Any) -> Alert:
    """An alert about an account of that name."""
    facts: dict[str, Any] = {
        "alert_key": key, "rule": "low_health", "title": "Health score below 40", "severity": "high", "cause_kind": "account", "cause_id": key,
        "customer_id": key, "customer_name": f"Firm {key}", "owner": "Kim", "monthly_recurring_revenue": 100.0, "measured_value": 30.0,
        "threshold": 40.0, "unit": "points", "holds_since": "2026-10-29", "explanation": "Health score 30 points: few logins", "action": "Call them",
    }  # fmt: skip
    return Alert(**{**facts, **other})


@pytest.fixture
def released(tmp_path: Path) -> Released:
    """Publishes a release in which these alerts hold (and those of `between` are not yet cleared)."""
    count = 0

    def publish(*alerts: Alert, between: Sequence[Alert] = (), rules: Sequence[str] = ("low_health",)) -> None:
        nonlocal count
        count += 1
        folder = tmp_path / "published" / f"r{count}"
        folder.mkdir(parents=True)
        with duckdb.connect(str(folder / "marts.duckdb")) as con:
            con.execute(
                "create schema metrics; create schema reference; create table reference.alert_rules (rule varchar, is_on boolean); "
                "create table metrics.alerts (alert_key varchar, rule varchar, title varchar, severity varchar, cause_kind varchar, cause_id varchar, "
                "customer_id varchar, customer_name varchar, csm_owner varchar, monthly_recurring_revenue decimal(18, 4), measured_value double, "
                "threshold double, unit varchar, holds_since date, explanation varchar, action varchar, holds boolean)"
            )
            con.execute("insert into reference.alert_rules select unnest(?::varchar[]), true", [list(rules)])
            rows = [[*vars(alert).values(), True] for alert in alerts] + [
                [*vars(alert).values(), False] for alert in between
            ]
            if rows:
                con.executemany(f"insert into metrics.alerts values ({', '.join('?' * 17)})", rows)
        (folder / "release.json").write_text(
            json.dumps({"release_id": f"r{count}", "as_of": "2026-10-31 12:00:00", "row_counts": {}})
        )
        link = tmp_path / "published" / "marts.duckdb"
        link.unlink(missing_ok=True)
        link.symlink_to(folder / "marts.duckdb")

    return publish


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., None]:
    """Writes DATA_DIR/alerts.yml."""

    def write(*channels: dict[str, Any], **other: Any) -> None:
        (tmp_path / "alerts.yml").write_text(yaml.safe_dump({"channels": list(channels), **other}))

    return write


@dataclass
class Hook:
    """A webhook. `answers` are given in turn, then 200: a status, (status, headers, body), or seconds to hang as a float."""

    url: str = ""
    answers: list[Any] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    asked: int = 0

    def texts(self) -> list[str]:
        """Heads of what was taken."""
        return [body["text"] for body in self.taken]


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hook]:
    """A webhook on 127.0.0.1 whose URL stands in HOOK_URL."""
    told = Hook()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                told.asked += 1
                answer = told.answers.pop(0) if told.answers else 200
            if isinstance(answer, float):
                time.sleep(answer)
                return
            status, headers, words = answer if isinstance(answer, tuple) else (answer, {}, "ok")
            if status == 200:
                with lock:
                    told.taken.append(body)
                    told.ids.append(self.headers["Idempotency-Key"])
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(words.encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    told.url = f"http://127.0.0.1:{server.server_address[1]}/services/T0/B0/secret"
    monkeypatch.setenv("HOOK_URL", told.url)
    yield told
    server.shutdown()
    server.server_close()


class Mailbox:
    """Handler of aiosmtpd that keeps mails; `answer` is what it says to the next ones, `refusals` what it says of single recipients."""

    def __init__(self) -> None:
        self.refusals: dict[str, str] = {}
        self.asked: list[str] = []
        self.mails: list[Any] = []
        self.answer = "250 taken"
        self.port = 0

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        self.asked.append(address)
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.answer.startswith("250"):
            self.mails.append(envelope)
        return self.answer


@pytest.fixture
def dripping() -> Iterator[int]:
    """The port of a server on 127.0.0.1 that answers a byte every fifth of a second and never comes to an end."""
    over = threading.Event()

    def drip(taken: socket.socket) -> None:
        with taken, contextlib.suppress(OSError):
            while not over.wait(0.2):
                taken.sendall(b"2")

    def serve(server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=drip, args=(server.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, args=(server,), daemon=True).start()
        yield int(server.getsockname()[1])
        over.set()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mail server on 127.0.0.1."""
    box = Mailbox()
    box.port = free_port()
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    yield box
    controller.stop()


@pytest.fixture
def written(tmp_path: Path) -> Callable[[], list[dict[str, Any]]]:
    """The messages in DATA_DIR/alerts/alerts.jsonl."""

    def read() -> list[dict[str, Any]]:
        path = tmp_path / "alerts" / "alerts.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    return read
