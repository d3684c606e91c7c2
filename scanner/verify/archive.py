"""A package opened for reading: checked names and sizes first, then members as bounded streams.

Nothing is unpacked to disk, and nothing is read beyond what a member declares; what it declares is bounded.
"""

from __future__ import annotations

import os
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from scanner.errors import UsageError
from scanner.evidence.names import fault_of, order, twins
from scanner.model.ids import Digest
from scanner.verify.directory import Entry, data_start, find_end, read_entries, refuse, shown
from scanner.verify.report import Step, VerificationError

STORED, DEFLATED = 0, 8
_BLOCK = 256 * 1024
_EARLIEST = 0x0021
"""1980-01-01, as a ZIP writes it."""
_UNIX = 3


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a package. Beyond them it is refused before anything is unpacked."""

    members: int = 100_000
    total: int = 16 * 2**30
    """Bytes of all members, unpacked."""
    ratio: int = 200
    """Bytes unpacked to one packed; evidence stays below 50."""
    small: int = 2**20
    """Bytes up to which the ratio does not matter."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member whose headers were checked."""

    name: str
    size: int
    packed: int
    crc: int
    method: int
    start: int
    """Where its data begin in the file."""


class Archive:
    """A package that is open. Raises VerificationError of the archive step unless it is well formed and bounded.

    Raises UsageError when there is no such file.
    """

    def __init__(self, path: Path, limits: Limits | None = None) -> None:
        self.path = path
        self._file = _open(path)
        try:
            self.members = _members(self._file, limits or Limits())
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def total(self) -> int:
        """Bytes of all members, unpacked."""
        return sum(member.size for member in self.members.values())

    def stream(self, name: str, step: Step = Step.MEMBERS) -> Iterator[bytes]:
        """Yield the bytes of a member.

        Raises VerificationError of ``step`` unless they are exactly what its header declares.
        """
        member = self.members[name]
        done = crc = 0
        for block in self._unpacked(member, step):
            done += len(block)
            if done > member.size:
                raise VerificationError(step, "it unpacks to more than it declares", member=name)
            crc = zlib.crc32(block, crc)
            yield block
        if done != member.size or crc != member.crc:
            raise VerificationError(step, "it is damaged: its size or checksum is not the declared one", member=name)

    def read(self, name: str, most: int, step: Step) -> bytes:
        """Return the bytes of a member that has to be in memory as a whole.

        Raises VerificationError of ``step`` when it is missing, damaged, or larger than ``most`` bytes.
        """
        if name not in self.members:
            raise VerificationError(step, "it is missing", member=name)
        if self.members[name].size > most:
            raise VerificationError(step, f"it is larger than {most} bytes", member=name)
        return b"".join(self.stream(name, step))

    def digest(self, name: str) -> Digest:
        """Return the SHA-256 of a member. Raises VerificationError of the members step when it is damaged."""
        state = sha256()
        for block in self.stream(name):
            state.update(block)
        return Digest(f"sha256:{state.hexdigest()}")

    def _unpacked(self, member: Member, step: Step) -> Iterator[bytes]:
        if member.method == STORED:
            yield from self._packed(member, step)
            return
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            for block in self._packed(member, step):
                rest = block
                while rest:
                    if inflate.eof:
                        raise VerificationError(
                            step, "something is hidden behind its compressed data", member=member.name
                        )
                    yield inflate.decompress(rest, _BLOCK)
                    rest = inflate.unconsumed_tail or inflate.unused_data
            while not inflate.eof and (block := inflate.decompress(b"", _BLOCK)):
                yield block
        except zlib.error:
            raise VerificationError(
                step, "it is damaged: its compressed data cannot be read", member=member.name
            ) from None
        if not inflate.eof:
            raise VerificationError(step, "it is damaged: its compressed data are cut off", member=member.name)

    def _packed(self, member: Member, step: Step) -> Iterator[bytes]:
        place, left = member.start, member.packed
        while left:
            self._file.seek(place)
            block = self._file.read(min(_BLOCK, left))
            if not block:
                raise VerificationError(step, "the file was cut off while it was read", member=member.name)
            yield block
            place += len(block)
            left -= len(block)


def _open(path: Path) -> BinaryIO:
    try:
        # Not to wait for a writer, should it be a pipe.
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", hint="name the package to verify") from None
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise UsageError(f"{path} is not a file", hint="name the package to verify")
    return os.fdopen(fd, "rb")


def _members(file: BinaryIO, limits: Limits) -> dict[str, Member]:
    length = os.fstat(file.fileno()).st_size
    end = find_end(file, length)
    if not 0 < end.count <= limits.members:
        refuse(f"it has {end.count} members; from 1 to {limits.members} are allowed")
    entries = list(read_entries(file, end))
    names = [_name(entry) for entry in entries]
    for name, earlier in twins(names):
        refuse(f"it cannot stand beside {earlier!r}", name)
    if names != sorted(names, key=order):
        refuse("the members are not in order")
    total = 0
    for name, entry in zip(names, entries, strict=True):
        _check_entry(name, entry, limits)
        total += entry.size
    if total > limits.total:
        refuse(f"it would unpack to {total} bytes; up to {limits.total} are allowed")
    if total > limits.small and total > length * limits.ratio:
        refuse(f"it would unpack to {total} bytes from {length}: a bomb of many small members")
    found: dict[str, Member] = {}
    place = 0
    for name, entry in zip(names, entries, strict=True):
        if entry.offset != place:
            refuse("it does not begin where the one before ends", name)
        start = data_start(file, entry)
        place = start + entry.packed
        found[name] = Member(name, entry.size, entry.packed, entry.crc, entry.method, start)
    if place != end.offset:
        refuse("there is something between the last member and the central directory")
    return found


def _name(entry: Entry) -> str:
    try:
        name = entry.name.decode("utf-8" if entry.flags & 0x800 else "ascii")
    except UnicodeDecodeError:
        refuse("the name is not in the encoding that is declared", shown(entry.name))
    fault = fault_of(name)
    if fault:
        refuse(fault, shown(entry.name))
    return name


def _check_entry(name: str, entry: Entry, limits: Limits) -> None:
    if entry.flags & 0x2041:
        refuse("it is encrypted", name)
    if entry.flags & ~0x800 or entry.method not in {STORED, DEFLATED}:
        refuse("it is packed in a way that is not allowed", name)
    mode = entry.attributes >> 16
    if entry.made_by >> 8 != _UNIX or entry.attributes & 0xFFFF or mode not in {0o644, stat.S_IFREG | 0o644}:
        refuse("it is not a regular file of mode 0644 (a link, a folder, a program)", name)
    if not entry.plain or (entry.time, entry.date) != (0, _EARLIEST):
        refuse("it has a comment, an attribute or a time that is not allowed", name)
    if entry.method == STORED and entry.packed != entry.size:
        refuse("it is stored, and its two sizes differ", name)
    if entry.size > limits.small and entry.size > entry.packed * limits.ratio:
        refuse(f"it would unpack to {entry.size} bytes from {entry.packed}: a bomb", name)
