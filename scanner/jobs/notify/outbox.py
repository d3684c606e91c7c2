"""The outbox: notifications on disk until they are sent. It holds the names of targets, no address and no secret."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scanner.errors import EvidenceError
from scanner.jobs.notify.message import Notification, parse
from scanner.scandir import write_atomically
from scanner.scanheader import instant, written

SCHEMA = "keyaudit/outbox/1"
OUTBOX = "outbox"
KEPT = timedelta(days=7)
"""How long what could not be sent is tried again."""
MOST_BYTES = 1024 * 1024
_KEYS = ("schema", "id", "target", "run", "queued", "tries", "why", "notification")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One notification for one target."""

    id: str
    """The same in every try: a receiver that had it already can tell."""
    target: str
    """Name of the target."""
    run: str
    """Stamp of the run."""
    queued: datetime
    told: Notification
    tries: int = 0
    why: str = ""
    """Why the last try failed."""

    def expired(self, now: datetime) -> bool:
        """Tell whether it is given up."""
        return now - self.queued >= KEPT

    def tried(self, why: str) -> Entry:
        """Return the entry after one more try that failed."""
        return replace(self, tries=self.tries + 1, why=why)


def id_of(profile: str, scan: str, target: str) -> str:
    """Return the id of a notification: that of the same scan and target is the same, however often it is made."""
    return hashlib.sha256("\n".join((profile, scan, target)).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Outbox:
    """The folder with what waits."""

    folder: Path

    def put(self, entry: Entry, diff: bytes = b"") -> None:
        """Keep an entry; ``diff`` is the page of what changed, to be attached."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        if diff:
            write_atomically(self.diff(entry), diff)
        body = {
            "schema": SCHEMA,
            "id": entry.id,
            "target": entry.target,
            "run": entry.run,
            "queued": written(entry.queued),
            "tries": entry.tries,
            "why": entry.why,
            "notification": json.loads(entry.told.body()),
        }
        text = json.dumps(body, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        write_atomically(self._path(entry.id), text.encode())

    def remove(self, entry: Entry) -> None:
        """Remove an entry: it was sent, or given up."""
        self._path(entry.id).unlink(missing_ok=True)
        self.diff(entry).unlink(missing_ok=True)

    def entries(self) -> Iterator[Entry | EvidenceError]:
        """Yield what waits, the oldest first; for a file that is no entry, the error that says so."""
        found: list[Entry | EvidenceError] = [_read(path) for path in sorted(self.folder.glob("*.json"))]
        yield from (one for one in found if isinstance(one, EvidenceError))
        yield from sorted(
            (one for one in found if isinstance(one, Entry)), key=lambda one: (one.queued, one.run, one.target)
        )

    def diff(self, entry: Entry) -> Path:
        """Return the file of what changed; there may be none."""
        return self.folder / f"{entry.id}.html"

    def _path(self, id_: str) -> Path:
        return self.folder / f"{id_}.json"


def _read(path: Path) -> Entry | EvidenceError:
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            raise ValueError("it is too large")
        return _entry(json.loads(raw), path.stem)
    except OSError as error:
        why = error.strerror or str(error)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        why = f"not a notification: {error}"
    return EvidenceError(f"{path}: {why}", hint="move it away")


def _entry(body: object, id_: str) -> Entry:
    if not isinstance(body, dict) or sorted(body) != sorted(_KEYS) or body["schema"] != SCHEMA or body["id"] != id_:
        raise ValueError(f"its schema is not {SCHEMA}")
    texts = {name: body[name] for name in ("target", "run", "queued", "why")}
    tries = body["tries"]
    if not all(isinstance(value, str) for value in texts.values()) or type(tries) is not int:
        raise ValueError("a field is not of its type")
    return Entry(
        id=id_,
        target=str(texts["target"]),
        run=str(texts["run"]),
        queued=instant(str(texts["queued"])).astimezone(UTC),
        told=parse(body["notification"]),
        tries=tries,
        why=str(texts["why"]),
    )
