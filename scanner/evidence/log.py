"""The log on disk: one append-only segment per unit of work, one canonical JSON line per record.

A record is handed to the operating system as soon as it exists, so ``kill -9`` loses at most a torn last
line; a background thread makes it durable (fsync) within ``sync_seconds``, and closing a segment does so at
once. Reading back leaves a torn last line out; damage anywhere else is an error.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

from scanner.errors import EvidenceError, KeyauditError
from scanner.evidence.canonical import canonical
from scanner.evidence.records import digest, encode, from_json
from scanner.model.ids import Digest, Json
from scanner.model.observation import Record

SUFFIX = ".jsonl"
MAX_LINE = 64 * 1024 * 1024
"""Bytes of one record. No provider's page comes near it."""
_BLOCK = 65536


class DiskError(KeyauditError):
    """The evidence log could not be written."""

    hint = "make room (or restore access), then go on with `keyaudit scan --resume DIR`; nothing collected is lost"


def segment_name(unit: str) -> str:
    """Return the file name of a unit's segment: ``aws/prod/111122223333/us-east-1/kms`` with dots for slashes.

    Two units never share a name: whatever else is special in a unit's id is percent-encoded, the dot included.
    """
    return ".".join(quote(part, safe="").replace(".", "%2E") for part in unit.split("/")) + SUFFIX


class Segment:
    """An open segment. Appending is safe from several threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._syncing = threading.Lock()
        self._failure: OSError | None = None
        self._dirty = False
        try:
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise _disk_error(path, error) from error

    def append(self, body: Mapping[str, Json]) -> Digest:
        """Write one record and return its id.

        Raises DiskError when the disk does not take it, then and for ever after: a log with a hole in it is none.
        Raises ValueError for a body that JSON cannot hold, or that is beyond all measure.
        """
        line, identity = encode(body)
        if len(line) > MAX_LINE:
            raise ValueError(f"the record is larger than {MAX_LINE} bytes")
        with self._lock:
            self._check()
            try:
                _append_whole(self._fd, line + b"\n")
            except OSError as error:
                self._failure = error
            self._check()
            self._dirty = True
        return identity

    def sync(self) -> None:
        """Make everything appended so far durable. A failure is told by the next :meth:`append` or :meth:`close`."""
        # Nobody waits for the disk to append; only closing waits for what is being made durable.
        with self._syncing:
            with self._lock:
                if not self._dirty or self._fd < 0:
                    return
                self._dirty = False
            try:
                os.fsync(self._fd)
            except OSError as error:
                self._failure = error

    def close(self) -> None:
        """Make the segment durable and close it. Raises DiskError when anything of it may not be on the disk."""
        self.sync()
        with self._syncing, self._lock:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1
            self._check()

    def _check(self) -> None:
        if self._failure is not None:
            raise _disk_error(self.path, self._failure) from self._failure


class EvidenceLog:
    """The evidence folder of one scan, open for writing."""

    def __init__(self, folder: Path, *, sync_seconds: float = 0.5) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _disk_error(folder, error) from error
        self._open: dict[str, Segment] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep_durable, args=(sync_seconds,), daemon=True)
        self._thread.start()

    def segment(self, unit: str) -> Segment:
        """Open the segment of a unit; the records that it already has stay. Raises DiskError."""
        path = self.folder / segment_name(unit)
        with self._lock:
            if unit in self._open:
                raise ValueError(f"the segment of {unit} is open already")
            try:
                repair(path)
            except OSError as error:
                raise _disk_error(path, error) from error
            segment = self._open[unit] = Segment(path)
            return segment

    def release(self, unit: str) -> None:
        """Close a unit's segment. Raises DiskError."""
        with self._lock:
            segment = self._open.pop(unit, None)
        if segment is not None:
            segment.close()

    def close(self) -> None:
        """Close every segment and make the folder itself durable. Raises DiskError after everything is closed."""
        self._stop.set()
        self._thread.join()
        failures: list[DiskError] = []
        for unit in list(self._open):
            try:
                self.release(unit)
            except DiskError as error:
                failures.append(error)
        try:
            _sync_folder(self.folder)
        except OSError as error:
            failures.append(_disk_error(self.folder, error))
        if failures:
            raise failures[0]

    def _keep_durable(self, seconds: float) -> None:
        while not self._stop.wait(seconds):
            with self._lock:
                segments = list(self._open.values())
            for segment in segments:
                segment.sync()


def _disk_error(path: Path, error: OSError) -> DiskError:
    return DiskError(f"cannot write the evidence log: {path}: {error.strerror or error}")


def _append_whole(fd: int, data: bytes) -> None:
    """Append all of ``data`` or, as far as the disk lets us, nothing of it."""
    done = os.write(fd, data)
    if done == len(data):
        return
    start = os.fstat(fd).st_size - done
    view = memoryview(data)[done:]
    try:
        while view:
            view = view[os.write(fd, view) :]
    except OSError:
        # A full disk can take half a line; the log must stay readable.
        os.ftruncate(fd, start)
        raise


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def repair(path: Path) -> None:
    """Cut off a last line that a crash left without its end."""
    if not path.exists():
        return
    with path.open("rb+") as file:
        size = keep = file.seek(0, os.SEEK_END)
        while keep:
            start = max(0, keep - _BLOCK)
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
    number = 0
    with path.open("rb") as file:
        while True:
            number += 1
            raw = file.readline(MAX_LINE + 1)
            if not raw.endswith(b"\n") and len(raw) <= MAX_LINE:
                return
            try:
                yield _record(raw)
            except EvidenceError as error:
                raise EvidenceError(f"{path}:{number}: {error}", hint=error.hint) from error


def find_records(folder: Path, wanted: Collection[Digest]) -> Iterator[Record]:
    """Yield the records of an evidence folder with the ids that are wanted, each once. Raises EvidenceError.

    A line is its id's preimage, so the others are hashed and not parsed; reading ends with the last one that is wanted.
    """
    missing = set(wanted)
    for path in segments(folder):
        if not missing:
            return
        with path.open("rb") as file:
            for raw in file:
                identity = digest(raw[:-1])
                if identity in missing and raw.endswith(b"\n"):
                    missing.remove(identity)
                    yield _record(raw)


def _record(raw: bytes) -> Record:
    line = raw.removesuffix(b"\n")
    if line == raw:
        raise EvidenceError("not a record: the line does not end")
    try:
        body: Json = json.loads(line.decode())
        same = canonical(body) == line
    except (ValueError, RecursionError) as error:
        raise EvidenceError(f"not a record: {error}") from error
    if not same:
        raise EvidenceError("not a record: the line is not in canonical form")
    return from_json(body, digest(line))


def segments(folder: Path) -> list[Path]:
    """Return the segments of an evidence folder by name."""
    return sorted(folder.glob(f"*{SUFFIX}"))
