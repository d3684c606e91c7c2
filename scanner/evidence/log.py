"""The log on disk: one append-only segment per unit of work, one canonical JSON line per record.

A record is handed to the operating system in one write as soon as it exists, so ``kill -9`` loses at
most a torn last line; a background thread makes it durable (fsync) within ``sync_seconds``, and closing a
segment does so at once. Reading back cuts a torn last line off; damage anywhere else is an error.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from scanner.errors import EvidenceError
from scanner.evidence.records import digest, encode, from_json
from scanner.model.ids import Digest, Json
from scanner.model.observation import Record

SUFFIX = ".jsonl"


def segment_name(unit: str) -> str:
    """Return the file name of a unit's segment: ``aws/prod/111122223333/us-east-1/kms`` with dots for slashes."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", unit.replace("/", ".")) + SUFFIX


class Segment:
    """An open segment. Appending is safe from several threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._dirty = False

    def append(self, body: Mapping[str, Json]) -> Digest:
        """Write one record and return its id. Raises OSError when the disk does not take it."""
        line, identity = encode(body)
        with self._lock:
            start = os.fstat(self._fd).st_size
            try:
                _write_all(self._fd, line + b"\n")
            except OSError:
                # A full disk can take half a line; the log must stay readable.
                os.ftruncate(self._fd, start)
                raise
            self._dirty = True
        return identity

    def sync(self) -> None:
        """Make everything appended so far durable."""
        with self._lock:
            if self._dirty and self._fd >= 0:
                os.fsync(self._fd)
                self._dirty = False

    def close(self) -> None:
        """Make the segment durable and close it."""
        self.sync()
        with self._lock:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1


class EvidenceLog:
    """The evidence folder of one scan, open for writing."""

    def __init__(self, folder: Path, *, sync_seconds: float = 0.5) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._open: dict[str, Segment] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep_durable, args=(sync_seconds,), daemon=True)
        self._thread.start()

    def segment(self, unit: str) -> Segment:
        """Open the segment of a unit; the records that it already has stay."""
        path = self.folder / segment_name(unit)
        repair(path)
        with self._lock:
            segment = Segment(path)
            self._open[unit] = segment
            return segment

    def release(self, unit: str) -> None:
        """Close a unit's segment."""
        with self._lock:
            segment = self._open.pop(unit, None)
        if segment is not None:
            segment.close()

    def close(self) -> None:
        """Close every segment and make the folder itself durable."""
        self._stop.set()
        self._thread.join()
        for unit in list(self._open):
            self.release(unit)
        fd = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def _keep_durable(self, seconds: float) -> None:
        while not self._stop.wait(seconds):
            with self._lock:
                segments = list(self._open.values())
            for segment in segments:
                segment.sync()


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def repair(path: Path) -> None:
    """Cut off a last line that a crash left without its end."""
    if not path.exists():
        return
    with path.open("rb+") as file:
        size = file.seek(0, os.SEEK_END)
        keep = size
        while keep:
            start = max(0, keep - 65536)
            file.seek(start)
            newline = file.read(keep - start).rfind(b"\n")
            if newline >= 0:
                keep = start + newline + 1
                break
            keep = start
        if keep != size:
            file.truncate(keep)


def read_segment(path: Path) -> Iterator[Record]:
    """Yield the records of a segment in the order in which they were written.

    A last line without its end is left out: it was never acknowledged. Raises EvidenceError naming file and line
    for anything else that is not canonical JSON of a record.
    """
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            if not raw.endswith(b"\n"):
                return
            line = raw[:-1]
            try:
                body: Json = json.loads(line)
            except ValueError as error:
                raise EvidenceError(
                    f"{path}:{number}: not a record: {error}", hint="the file was changed after the scan; scan again"
                ) from error
            yield from_json(body, digest(line))


def segments(folder: Path) -> list[Path]:
    """Return the segments of an evidence folder by name."""
    return sorted(folder.glob(f"*{SUFFIX}"))
