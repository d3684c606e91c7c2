"""Send what waits: some tries within a run, the rest by the next one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from scanner.errors import EvidenceError, KeyauditError
from scanner.jobs.notify import mail, slack, webhook
from scanner.jobs.notify.outbox import KEPT, Entry, Outbox
from scanner.jobs.notify.post import SendError, post
from scanner.model.estate import SecretRef
from scanner.model.profile import EmailTarget, Notify, SlackTarget

TRIES = 4
"""Within one run."""
FIRST_WAIT = 1.0
"""Seconds before the second try; each further wait is twice as long, less up to a half by chance."""
LONGEST_WAIT = 30.0
"""Seconds: who asks for more is tried by the next run."""


@dataclass(frozen=True, slots=True)
class Outside:
    """Clock, chance and secrets: what sending takes from outside, beside the network."""

    now: Callable[[], datetime]
    sleep: Callable[[float], object]
    random: Callable[[], float]
    resolve: Callable[[SecretRef], str]
    seconds: float = 15.0
    """How long a server may keep silent."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one notification, in words."""

    text: str
    waits: bool = False
    """It was not sent, and is kept."""
    lost: bool = False
    """It was not sent, and is not kept any more."""

    @property
    def bad(self) -> bool:
        """It was not sent."""
        return self.waits or self.lost


@dataclass(frozen=True, slots=True)
class Files:
    """Where what is attached lies."""

    scans: Path
    outbox: Outbox

    def of(self, entry: Entry, wanted: Iterable[str]) -> dict[str, bytes | str]:
        """Return the attachments by name: bytes, or in words why one is not attached."""
        places = {
            "pdf": ("report.pdf", self.scans / entry.run / "report.pdf"),
            "diff": ("diff.html", self.outbox.diff(entry)),
        }
        return {name: _content(path) for name, path in (places[one] for one in wanted)}


def _content(path: Path) -> bytes | str:
    try:
        if (size := path.stat().st_size) > mail.MOST_BYTES:
            return f"it has {size} bytes; it lies at {path}"
        return path.read_bytes()
    except FileNotFoundError:
        return "there is none"
    except OSError as error:
        return f"{path}: {error.strerror}"


def deliver(outbox: Outbox, targets: Mapping[str, Notify], files: Files, outside: Outside) -> Iterator[Outcome]:
    """Try to send everything that waits, and yield what became of each.

    A notification leaves the outbox when its receiver took it. Who is stopped between these two sends it twice, with
    the same id.
    """
    for entry in outbox.entries():
        if isinstance(entry, EvidenceError):
            yield Outcome(str(entry), waits=True)
        else:
            yield _one(entry, outbox, targets.get(entry.target), files, outside)


def _one(entry: Entry, outbox: Outbox, target: Notify | None, files: Files, outside: Outside) -> Outcome:
    about = f"{entry.target}, run {entry.run}"
    if entry.expired(outside.now()):
        outbox.remove(entry)
        why = entry.why or "it was never tried"
        return Outcome(f"{about}: dropped, not sent within {KEPT.days} days: {why}", lost=True)
    if target is None:
        failed = SendError("the profile has no such target any more", permanent=True)
    else:
        try:
            note = _tried(entry, target, files, outside)
        except SendError as error:
            failed = error
        else:
            outbox.remove(entry)
            return Outcome(f"{about}: sent{f', but {note}' if note else ''}")
    outbox.put(entry.tried(str(failed)))
    more = "and will be until it is mended" if failed.permanent else "the next run tries again"
    return Outcome(f"{about}: not sent: {failed} ({more})", waits=True)


def _tried(entry: Entry, target: Notify, files: Files, outside: Outside) -> str:
    """Send, with some tries. Returns what is to say of it. Raises SendError of the last try."""
    wait, left = FIRST_WAIT, TRIES
    while True:
        left -= 1
        try:
            return _send(entry, target, files, outside)
        except SendError as error:
            # By chance, so that many who were refused at once do not come back at once.
            pause = wait * (1 - outside.random() / 2) if error.wait is None else error.wait
            if error.permanent or not left or pause > LONGEST_WAIT:
                raise
            outside.sleep(pause)
            wait = min(wait * 2, LONGEST_WAIT)


def _send(entry: Entry, notify: Notify, files: Files, outside: Outside) -> str:
    target, now = notify.target, outside.now()
    if isinstance(target, EmailTarget):
        message = mail.compose(entry.told, target, entry.id, now, files.of(entry, target.attach))
        return mail.send(message, target, lambda: _secret(target.password, outside), seconds=outside.seconds)
    if isinstance(target, SlackTarget):
        body, headers = slack.payload(entry.told), {"Content-Type": "application/json; charset=utf-8"}
        url = _secret(target.url, outside)
    else:
        body = webhook.body(entry.told)
        headers = webhook.headers(body, _secret(target.secret, outside), entry.id, now)
        url = target.url if isinstance(target.url, str) else _secret(target.url, outside)
    post(url, body, headers, now=now, ca_bundle=target.ca_bundle, seconds=outside.seconds)
    return ""


def _secret(ref: SecretRef | None, outside: Outside) -> str:
    if ref is None:
        return ""
    try:
        return outside.resolve(ref)
    except KeyauditError as error:
        raise SendError(str(error), permanent=True) from None
