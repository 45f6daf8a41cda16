"""The channels: each takes one message to where people read it, or says why it could not."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import smtplib
import ssl
from dataclasses import asdict
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, parsedate_to_datetime
from http.client import HTTPException
from pathlib import Path
from typing import Protocol

from slack_sdk.webhook import WebhookClient

from alerting.messages import Message, ReportMail, one_line
from alerting.settings import ChannelSettings, FileSettings, MailSettings, SettingsError, WebhookSettings, secret

#: What Slack takes as the text of a block (characters).
SLACK_TEXT = 2900
#: Answers of a server to a message that it will not take however often it is sent.
REFUSED_STATUS = (400, 413, 422)
#: What a mail server says of a mail with more bytes than it takes, before it has seen any of them.
TOO_BIG = 552
_QUIET = logging.getLogger("alerting.slack_sdk")
_QUIET.addHandler(logging.NullHandler())
_QUIET.propagate = False


class ChannelError(Exception):
    """A message was not taken, as far as we know; the message says why.

    Attributes:
        passing: whether trying again in a moment makes sense. Not after a time-out: the receiver may have it, and may hang again.
        refused: whether this message, and not the channel, is the trouble.
        partly: whether the channel works and others have the message: what is behind it has its turn.
        wait_seconds: how long the receiver wants to be left alone; 0 if it does not say.
    """

    def __init__(
        self,
        reason: str,
        passing: bool = False,
        refused: bool = False,
        partly: bool = False,
        wait_seconds: float = 0,
    ) -> None:
        super().__init__(reason)
        self.passing = passing
        self.refused = refused
        self.partly = partly
        self.wait_seconds = wait_seconds


#: Recipients with whom a message is done: they have it (nothing is said of them), or will never take it (what their server said).
Settled = dict[str, str | None]


class Channel(Protocol):
    """Takes messages, one after the other."""

    def deliver(self, message: Message, was_tried: bool, settled: Settled) -> None:
        """Take a message to its readers. Raises ChannelError.

        Args:
            message: what is delivered.
            was_tried: whether a run that did not end well may have done so already.
            settled: whom it is not taken to any more; a channel with recipients adds to them, also where it raises.
        """


def open_channel(settings: ChannelSettings, data_dir: Path) -> Channel:
    """The channel that settings describe."""
    if isinstance(settings, WebhookSettings):
        return WebhookChannel(settings)
    if isinstance(settings, MailSettings):
        return MailChannel(settings)
    assert isinstance(settings, FileSettings)
    return FileChannel(data_dir / "alerts" / settings.path)


class FileChannel:
    """A file of JSON lines. Each message stands in it once, also after a kill in the middle of a line."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def deliver(self, message: Message, was_tried: bool, settled: Settled) -> None:
        line = json.dumps({**asdict(message), "written_at": _now()}, sort_keys=True, ensure_ascii=False) + "\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a+b") as file:
                last = _last_line(file.fileno())
                if last and not last.endswith(b"\n"):
                    # Half a line is what a killed run left; it is written anew.
                    os.ftruncate(file.fileno(), file.seek(0, os.SEEK_END) - len(last))
                elif was_tried and last and _id_of(last) == message.message_id:
                    return
                file.write(line.encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise ChannelError(f"{self.path} cannot be written: {error.strerror or error}") from error


class WebhookChannel:
    """A webhook that takes Slack's messages."""

    def __init__(self, settings: WebhookSettings) -> None:
        self.settings = settings

    def deliver(self, message: Message, was_tried: bool, settled: Settled) -> None:
        try:
            url = secret(self.settings.url_env, self.settings.name, "its URL")
        except SettingsError as error:
            raise ChannelError(str(error)) from error
        if not url.lower().startswith(("http://", "https://")):
            raise ChannelError(f"{self.settings.url_env} does not hold a URL that begins with http:// or https://")
        client = WebhookClient(url, timeout=self.settings.timeout_seconds, logger=_QUIET, retry_handlers=[])  # type: ignore[arg-type]
        try:
            answer = client.send_dict(slack_body(message), headers={"Idempotency-Key": message.message_id})
        except TimeoutError as error:
            raise ChannelError(f"no answer within {self.settings.timeout_seconds:g} s") from error
        except OSError as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, TimeoutError):
                raise ChannelError(f"no answer within {self.settings.timeout_seconds:g} s") from error
            raise ChannelError(_reason(reason), passing=True) from error
        except (HTTPException, ValueError) as error:
            raise ChannelError(f"no webhook: {_reason(error)}") from error
        if answer.status_code == 429 or answer.status_code >= 500:
            wait = _retry_after({name.lower(): value for name, value in answer.headers.items()}.get("retry-after"))
            raise ChannelError(f"HTTP {answer.status_code}", passing=True, wait_seconds=wait)
        if not 200 <= answer.status_code < 300:
            said = one_line(answer.body)[:80]
            refused = answer.status_code in REFUSED_STATUS
            raise ChannelError(f"HTTP {answer.status_code}{f' ({said})' if said else ''}", refused=refused)
        if answer.body.lstrip()[:14].lower().startswith(("<!doctype html", "<html")):
            raise ChannelError("answered with a web page, so it is no webhook (a log-in page?)")


class MailChannel:
    """Mail over SMTP; the id of the message is its Message-ID."""

    def __init__(self, settings: MailSettings) -> None:
        self.settings = settings
        #: Recipients whose server put them off while it took mail for others: not asked for again before the next run.
        self._put_off: dict[str, str] = {}

    def deliver(self, message: Message, was_tried: bool, settled: Settled) -> None:
        open_ones = [one for one in self.settings.recipients if one not in settled]
        due = [one for one in open_ones if one not in self._put_off]
        if due:
            somebody_has_it = None in settled.values()
            refused = self._send(self._mail(message), due, somebody_has_it)
            taken = [one for one in due if one not in refused]
            for one, (code, said) in refused.items():
                (settled if code >= 500 else self._put_off)[one] = f"SMTP {code} {said}"
            settled.update(dict.fromkeys(taken))
        left = [one for one in open_ones if one not in settled]
        if left:
            raise ChannelError(f"{self._put_off[left[0]]}, for {', '.join(left)}", partly=True)

    def _mail(self, message: Message) -> EmailMessage:
        mail = EmailMessage()
        mail["Subject"] = one_line(message.subject)[:200]
        mail["From"] = self.settings.sender
        mail["To"] = ", ".join(self.settings.recipients)
        mail["Date"] = format_datetime(datetime.now(UTC))
        mail["Message-ID"] = f"<{message.message_id}@{self.settings.sender.split('@')[1]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(f"{message.text}\n\n--\nrelease {message.release_id}, as of {message.as_of} UTC\n")
        for name, content in message.files if isinstance(message, ReportMail) else ():
            kind, subkind = _MEDIA.get(Path(name).suffix, ("application", "octet-stream"))
            mail.add_attachment(content, maintype=kind, subtype=subkind, filename=name)
        return mail

    def _send(self, mail: EmailMessage, due: list[str], somebody_has_it: bool) -> dict[str, tuple[int, str]]:
        """Send to those who are due; gives those who were refused. Raises ChannelError where all are, unless somebody has the mail already."""
        try:
            with contextlib.closing(self._connect()) as server:
                refused = server.send_message(mail, to_addrs=due)
                # The message is taken; how the server says goodbye matters to nobody.
                with contextlib.suppress(smtplib.SMTPException, OSError):
                    server.quit()
        except (SettingsError, FileNotFoundError) as error:
            raise ChannelError(str(error)) from error
        except TimeoutError as error:
            raise ChannelError(f"no answer within {self.settings.timeout_seconds:g} s") from error
        except smtplib.SMTPRecipientsRefused as error:
            # A server that hangs up in the middle has not said of everybody what it thinks.
            last = list(error.recipients.values())[-1]
            refused = {one: error.recipients.get(one, last) for one in due}
            if not somebody_has_it:
                answers = {one: f"SMTP {code} {_decoded(said)}" for one, (code, said) in refused.items()}
                words = "; ".join(f"{answer}, for {one}" for one, answer in answers.items())
                if len(set(answers.values())) == 1:
                    words = f"{answers[due[0]]}, for every recipient"
                raise ChannelError(words, passing=any(code < 500 for code, _ in refused.values())) from error
        except smtplib.SMTPDataError as error:
            raise ChannelError(
                f"SMTP {error.smtp_code} {_decoded(error.smtp_error)}",
                passing=error.smtp_code < 500,
                refused=error.smtp_code >= 500,
            ) from error
        except smtplib.SMTPResponseException as error:
            raise ChannelError(
                f"SMTP {error.smtp_code} {_decoded(error.smtp_error)}",
                passing=error.smtp_code < 500,
                refused=error.smtp_code == TOO_BIG,
            ) from error
        except (smtplib.SMTPException, OSError) as error:
            raise ChannelError(_reason(error), passing=isinstance(error, ConnectionError)) from error
        return {one: (code, _decoded(said)) for one, (code, said) in refused.items()}

    def _connect(self) -> smtplib.SMTP:
        place = self.settings
        context = ssl.create_default_context(cafile=str(place.ca_file) if place.ca_file else None)
        server: smtplib.SMTP
        if place.security == "tls":
            server = smtplib.SMTP_SSL(place.host, place.port, timeout=place.timeout_seconds, context=context)
        else:
            server = smtplib.SMTP(place.host, place.port, timeout=place.timeout_seconds)
        try:
            if place.security == "starttls":
                server.starttls(context=context)
            if place.username_env and place.password_env:
                server.login(
                    secret(place.username_env, place.name, "its user"),
                    secret(place.password_env, place.name, "its password"),
                )
        except BaseException:
            server.close()
            raise
        return server


_MEDIA = {
    ".html": ("text", "html"),
    ".pdf": ("application", "pdf"),
    ".xlsx": ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


def slack_body(message: Message) -> dict[str, object]:
    """A message as Slack's webhooks take it. What comes from data is escaped: a name may hold what Slack would read as a call to everybody."""

    def escaped(text: str) -> str:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    def section(text: str) -> dict[str, object]:
        return {"type": "section", "text": {"type": "mrkdwn", "text": text}}

    def fitting(text: str) -> str:
        whole = escaped(_cut(text, SLACK_TEXT))
        # An escaped character takes five at most.
        return whole if len(whole) <= SLACK_TEXT + 100 else escaped(_cut(text, SLACK_TEXT // 5))

    head = escaped(_cut(message.subject, 400))
    foot = f"release {message.release_id}, as of {message.as_of} UTC, message {message.message_id}"
    return {
        "text": head,
        "blocks": [
            section(f"*{head.replace('*', '∗')}*"),
            section(fitting(message.text)),
            {"type": "context", "elements": [{"type": "mrkdwn", "text": foot}]},
        ],
    }


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _last_line(file: int) -> bytes:
    """The last line of a file, with its line break if it has one."""
    size = os.fstat(file).st_size
    found, at = b"", size
    while at > 0:
        step = min(at, 65_536)
        at -= step
        found = os.pread(file, step, at) + found
        cut = found.rfind(b"\n", 0, len(found) - 1)
        if cut >= 0:
            return found[cut + 1 :]
    return found


def _id_of(line: bytes) -> str | None:
    try:
        return str(json.loads(line)["message_id"])
    except (ValueError, KeyError, TypeError):
        return None


def _retry_after(value: str | None) -> float:
    """Seconds of a Retry-After header, which may also be a date."""
    if not value:
        return 0
    with contextlib.suppress(ValueError):
        return max(0.0, float(value))
    with contextlib.suppress(ValueError, TypeError):
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    return 0


def _reason(error: object) -> str:
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return one_line(str(said))


def _decoded(said: bytes | str) -> str:
    return one_line(said.decode(errors="replace") if isinstance(said, bytes) else said)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
