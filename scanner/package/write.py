"""Write a package: each file is read once, streamed into the archive, hashed on the way, and listed at the end.

Names, times, modes and order are fixed, so the same scan gives the same bytes with the same zlib (signature and
timestamp apart). A scan's checkpoint, the SHA-256 of ``manifest.json``, does not depend on how members are compressed.
A signature in ``report.pdf`` is part of a member: signed again, the same scan has another checkpoint. So package a scan
whose PDF is signed once, and hand out that file.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from scanner.errors import EvidenceError, UsageError
from scanner.evidence.canonical import canonical
from scanner.evidence.log import MAX_LINE
from scanner.evidence.merkle import Tree
from scanner.evidence.names import ENVELOPE, MANIFEST, TIMESTAMP
from scanner.evidence.records import digest
from scanner.model.ids import Digest, Json
from scanner.package.dsse import envelope, statement
from scanner.package.keys import Signer
from scanner.package.manifest import FIRST, Packed, Previous, manifest
from scanner.package.members import CONTROLS, EVIDENCE, LEVEL, Member, members, method, opened
from scanner.scandir import ScanDir
from scanner.scanheader import Header

TIME = (1980, 1, 1, 0, 0, 0)
"""Of every member: the first that a ZIP can say."""
MODE = 0o100644
UNIX = 3
_BLOCK = 1024 * 1024
_CHANGED = "let no other program write into the scan's folder, and package it again"

REPORT = "report.pdf"
MOST_REPORT = 31 * 1024 * 1024
"""Bytes of a PDF that is signed: it is in memory as a whole, and who verifies it allows one more mebibyte."""

Timestamp = Callable[[bytes], bytes]
"""Gives the RFC 3161 response over a message."""
SignPdf = Callable[[bytes], bytes]
"""Gives a PDF with a signature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What a package holds besides the files of its scan."""

    pages: Mapping[str, bytes]
    """How to check the package, by name."""
    signer: Signer | None = None
    previous: Previous | None = None
    timestamp: Timestamp | None = None
    """Over the signed statement, ``manifest.dsse.json`` as it stands; over the manifest of a package without one."""
    sign_pdf: SignPdf | None = None
    """Signs the package's copy of ``report.pdf``; the scan's own stays as it is."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a package turned out to be."""

    path: Path
    checkpoint: Digest
    """The SHA-256 of its manifest."""
    number: int
    """Its place in the series of scans, from 1."""
    members: int
    observations: int
    """Observations and gaps."""


def write_package(folder: ScanDir, output: Path, extras: Extras) -> Written:
    """Package a finished scan. Call it under the scan's lock.

    What stands at ``output`` is replaced when the package is whole and durable, and not before. Raises UsageError for a
    scan that is not complete, EvidenceError for one that is damaged, SigningError, TimestampError.
    """
    header = _finished(folder)
    with _replacing(output) as file, zipfile.ZipFile(file, "w") as archive:
        tree = Tree()
        packed = list(_pack(archive, folder, extras, tree))
        _check_rules(header, packed)
        body = manifest(header, packed, tree, extras.previous)
        listing = canonical(body)
        seals = {MANIFEST: listing}
        message = listing
        if extras.signer:
            about = statement(body, digest(listing), packed, header.get("totals"))
            message = seals[ENVELOPE] = envelope(about, extras.signer)
        if extras.timestamp:
            seals[TIMESTAMP] = extras.timestamp(message)
        for name in sorted(seals):
            _add(archive, name, seals[name])
    number = extras.previous.number + 1 if extras.previous else FIRST
    return Written(output, digest(listing), number, len(packed), len(tree))


def check_ready(folder: ScanDir, output: Path, *, pdf: bool = False) -> None:
    """Raise what write_package would for a scan that is not finished and a file that cannot be written.

    For callers that ask a person for a secret: not before it is of use. Call it under the scan's lock. With ``pdf``, a
    report to sign must be there, too.
    """
    _finished(folder)
    if pdf:
        _report(folder, {member.name: member for member in members(folder)})
    partial = _partial(output)
    os.close(_created(partial, output))
    partial.unlink()


def _finished(folder: ScanDir) -> Mapping[str, Json]:
    """Return ``scan.json`` of a scan that is complete, and whose results are its own."""
    raw = folder.read_header()
    header = Header.from_json(raw, place=str(folder.scan_json))
    try:
        canonical(raw)
    except ValueError as error:
        raise EvidenceError(f"{folder.scan_json}: not what canonical JSON can hold: {error}") from None
    if header.state != "complete" or header.ended is None:
        todo = "scan --resume" if header.state == "collecting" else "report"
        hint = f"end it with `keyaudit {todo} DIR`"
        raise UsageError(f"the scan in {folder.root} is not complete: it is {header.state}", hint=hint)
    path = folder.root / "results.json"
    try:
        scan = json.loads(path.read_bytes())["scan"]
        same = (scan["id"], scan["estate_sha256"]) == (header.id, header.estate_sha256)
    except FileNotFoundError:
        raise EvidenceError(f"{path} is missing", hint="`keyaudit report DIR` makes it again") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        same = False
    if not same:
        raise EvidenceError(f"{path} is not of this scan", hint="`keyaudit report DIR` makes it again")
    return raw


def _check_rules(header: Mapping[str, Json], packed: Sequence[Packed]) -> None:
    """Raise EvidenceError unless estate and controls are those that the scan began with."""
    found = {one.path: one.sha256 for one in packed}
    # As loading a catalogue makes its digest.
    lines = sorted(
        f"{path.removeprefix(CONTROLS)} {sha256}\n" for path, sha256 in found.items() if path.startswith(CONTROLS)
    )
    if found["estate.yaml"] != header["estate_sha256"]:
        raise EvidenceError("estate.yaml is not the estate file that the scan began with")
    if digest("".join(lines).encode()) != header["catalogue_sha256"]:
        raise EvidenceError("controls/ is not the catalogue that the scan began with")


def _partial(output: Path) -> Path:
    return output.with_name(f".{output.name}.partial")


def _created(partial: Path, output: Path) -> int:
    try:
        return os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise UsageError(f"cannot write {output}: {error.strerror or error}", hint="name another file") from error


@contextmanager
def _replacing(output: Path) -> Iterator[BinaryIO]:
    """Give a file that becomes ``output`` when all went well, and is gone otherwise."""
    partial = _partial(output)
    fd = _created(partial, output)
    try:
        with os.fdopen(fd, "wb") as file:
            yield file
            file.flush()
            os.fsync(fd)
        partial.replace(output)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    parent = os.open(output.parent, os.O_RDONLY)
    try:
        os.fsync(parent)  # the new name, too
    finally:
        os.close(parent)


def _pack(archive: zipfile.ZipFile, folder: ScanDir, extras: Extras, tree: Tree) -> Iterator[Packed]:
    files = {member.name: member for member in members(folder)}
    made = dict(extras.pages)
    if extras.sign_pdf:
        made[REPORT] = extras.sign_pdf(_report(folder, files))
    for name in sorted(files.keys() | made.keys()):
        if name in made:
            _add(archive, name, made[name])
            yield Packed(name, len(made[name]), digest(made[name]))
            continue
        with opened(files[name]) as (file, size), archive.open(_info(name, size), "w") as out:
            sha256 = hashlib.sha256()
            done = 0
            for part in _lines(file, name, tree) if name.startswith(EVIDENCE) else iter(lambda: file.read(_BLOCK), b""):
                sha256.update(part)
                out.write(part)
                done += len(part)
            if done != size:
                raise EvidenceError(f"{files[name].path} changed while it was read", hint=_CHANGED)
        yield Packed(name, size, Digest(f"sha256:{sha256.hexdigest()}"))


def _report(folder: ScanDir, files: Mapping[str, Member]) -> bytes:
    """Return the scan's ``report.pdf``. Raises UsageError when there is none, EvidenceError for one beyond measure."""
    if REPORT not in files:
        raise UsageError(f"there is no {REPORT} to sign in {folder.root}", hint="`keyaudit report DIR` makes it")
    with opened(files[REPORT]) as (file, _):
        data = file.read(MOST_REPORT + 1)
    if len(data) > MOST_REPORT:
        raise EvidenceError(f"{folder.root / REPORT} is larger than {MOST_REPORT} bytes", hint="leave out --sign-pdf")
    return data


def _lines(file: BinaryIO, name: str, tree: Tree) -> Iterator[bytes]:
    """Yield a segment by line, and add each to the tree. Raises EvidenceError for what cannot be a record."""
    number = 0
    while raw := file.readline(MAX_LINE + 1):
        number += 1
        if not raw.endswith(b"\n") or raw == b"\n":
            raise EvidenceError(f"{name}:{number}: not a record: the line is empty, or does not end")
        tree.add(raw[:-1])
        yield raw


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    with archive.open(_info(name, len(data)), "w") as out:
        out.write(data)


def _info(name: str, size: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, TIME)
    info.create_system = UNIX  # not the machine's
    info.external_attr = MODE << 16
    info.compress_type = method(name)
    info._compresslevel = LEVEL  # type: ignore[attr-defined] # Python's only way to say it of a stream
    info.file_size = size  # told before, it decides whether ZIP64 is needed
    return info
