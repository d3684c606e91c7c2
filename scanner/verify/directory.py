"""A ZIP's records as bytes on disk: end, central directory, local headers, read without trusting any of them.

Only the shape that ``keyaudit package`` writes is understood: members lie side by side from the first byte to the
central directory, and that to the end of the file; so there is one way to read it, and nothing can hide in it.
Source: PKWARE APPNOTE 6.3.10.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NoReturn

from scanner.verify.report import Step, VerificationError

_END = struct.Struct("<4s4H2IH")
_END64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR = struct.Struct("<4sIQI")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_LOCAL = struct.Struct("<4s5H3I2H")
_SHORT, _LONG = 0xFFFF, 0xFFFFFFFF
"""What a field holds when its value stands in the ZIP64 record."""
MOST_DIRECTORY = 64 * 1024 * 1024
"""Bytes of the central directory."""


@dataclass(frozen=True, slots=True)
class End:
    """Where the central directory is."""

    count: int
    size: int
    offset: int
    at: int
    """Where the first record of the end begins."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A member as the central directory has it."""

    name: bytes
    made_by: int
    flags: int
    method: int
    time: int
    date: int
    crc: int
    packed: int
    size: int
    attributes: int
    offset: int
    """Where its local header begins."""
    plain: bool
    """There is no comment, no other disk, no internal attribute."""


def refuse(message: str, member: str = "") -> NoReturn:
    """Raise the error of this step."""
    raise VerificationError(Step.ARCHIVE, message, member=member)


def find_end(file: BinaryIO, length: int) -> End:
    """Return where the central directory of a file of ``length`` bytes is. Raises VerificationError."""
    at = length - _END.size
    if at < 0:
        refuse("not a ZIP file: it is too short")
    mark, *fields = _END.unpack(_at(file, at, _END.size))
    if mark != b"PK\x05\x06":
        refuse("not a ZIP file, or it is cut off, or something was appended")
    disk, first, here, count, size, offset, comment = fields
    if disk or first or here != count or comment:
        refuse("the end record names other disks or a comment")
    end = End(count, size, offset, at)
    wide = _find_wide(file, at)
    if wide is not None:
        for given, kept, most in ((count, wide.count, _SHORT), (size, wide.size, _LONG), (offset, wide.offset, _LONG)):
            if given not in {kept, most}:
                refuse("the two end records disagree")
        end = wide
    if end.size > MOST_DIRECTORY or end.count * _CENTRAL.size > end.size:
        refuse("the central directory is too large, or too small for its count")
    if end.offset + end.size != end.at:
        refuse("the central directory is not where the end record says: bytes were put before, between or after")
    return end


def _find_wide(file: BinaryIO, at: int) -> End | None:
    """Return what the ZIP64 record before the end record says, or None when there is none."""
    where = at - _LOCATOR.size - _END64.size
    if where < 0:
        return None
    mark, disk, offset, disks = _LOCATOR.unpack(_at(file, at - _LOCATOR.size, _LOCATOR.size))
    if mark != b"PK\x06\x07":
        return None
    mark, rest, _, _, one, two, here, count, size, start = _END64.unpack(_at(file, where, _END64.size))
    if mark != b"PK\x06\x06" or rest != _END64.size - 12 or offset != where:
        refuse("the ZIP64 end record is not where its locator says")
    if disk or disks != 1 or one or two or here != count:
        refuse("the end record names other disks or a comment")
    return End(count, size, start, where)


def read_entries(file: BinaryIO, end: End) -> Iterator[Entry]:
    """Yield the members of the central directory in its order. Raises VerificationError."""
    data = memoryview(_at(file, end.offset, end.size))
    place = 0
    for _ in range(end.count):
        if place + _CENTRAL.size > len(data):
            refuse("the central directory ends too early")
        mark, *fields = _CENTRAL.unpack_from(data, place)
        if mark != b"PK\x01\x02":
            refuse("the central directory has something else in it")
        made, _, flags, method, time, date, crc, packed, size, named, extra, comment, disk, inner, outer, offset = (
            fields
        )
        start = place + _CENTRAL.size
        place = start + named + extra + comment
        if place > len(data):
            refuse("the central directory ends too early")
        name = bytes(data[start : start + named])
        wide = _wide(bytes(data[start + named : start + named + extra]), [size, packed, offset], name)
        size, packed, offset = wide
        plain = not (comment or disk or inner)
        yield Entry(name, made, flags, method, time, date, crc, packed, size, outer, offset, plain)
    if place != len(data):
        refuse("the central directory has more in it than its count")


def _wide(extra: bytes, values: list[int], name: bytes) -> list[int]:
    """Return a member's numbers with those that stand in its ZIP64 field, the one extra field that is allowed."""
    places = [i for i, value in enumerate(values) if value == _LONG]
    if not extra and not places:
        return values
    if len(extra) != 4 + 8 * len(places) or struct.unpack_from("<2H", extra) != (1, 8 * len(places)):
        refuse("it has an extra field that is not allowed", shown(name))
    for i, value in zip(places, struct.unpack_from(f"<{len(places)}Q", extra, 4), strict=True):
        values[i] = value
    return values


def data_start(file: BinaryIO, entry: Entry) -> int:
    """Return where a member's data begin, after its local header. Raises VerificationError when the two disagree."""
    name = shown(entry.name)
    mark, _, flags, method, time, date, crc, packed, size, named, extra = _LOCAL.unpack(
        _at(file, entry.offset, _LOCAL.size)
    )
    if mark != b"PK\x03\x04":
        refuse("it has no local header where the central directory says", name)
    rest = _at(file, entry.offset + _LOCAL.size, named + extra)
    size, packed = _wide(rest[named:], [size, packed], entry.name)
    ours = (entry.name, entry.flags, entry.method, entry.time, entry.date, entry.crc, entry.packed, entry.size)
    if (rest[:named], flags, method, time, date, crc, packed, size) != ours:
        refuse("its local header and the central directory disagree", name)
    return entry.offset + _LOCAL.size + len(rest)


def shown(name: bytes) -> str:
    """Return a member's name for a message."""
    return name[:200].decode("utf-8", "backslashreplace")


def _at(file: BinaryIO, offset: int, size: int) -> bytes:
    file.seek(offset)
    data = file.read(size)
    if len(data) != size:
        refuse("a record points outside the file")
    return data
