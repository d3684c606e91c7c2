"""Files as streams: plain, or unpacked from gzip, bzip2, xz and zip, within bounds."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, BinaryIO, cast

from scanner.collect.leaks.stream import BLOCK, Read

GROWTH, ALLOWANCE = 200, 64 * 1024 * 1024
"""What a packed file may grow to: so many times its size, and so many bytes more. Logs grow ten to fifty times."""
MOST_MEMBERS = 200_000

XZ_MEMORY = 128 * 1024 * 1024
"""Bytes that unpacking xz may take: a file says itself how much, up to 4 GiB."""


def _xz(file: IO[bytes]) -> Read:
    """Return a reader of xz, stream after stream, in bounded memory. It raises LZMAError for what wants more."""
    decompressor = lzma.LZMADecompressor(memlimit=XZ_MEMORY)
    waiting = b""

    def read(size: int) -> bytes:
        nonlocal decompressor, waiting
        while True:
            if decompressor.eof:
                waiting = (decompressor.unused_data or file.read(BLOCK)).lstrip(b"\0")
                if not waiting:
                    return b""
                decompressor = lzma.LZMADecompressor(memlimit=XZ_MEMORY)
            if decompressor.needs_input and not waiting:
                waiting = file.read(BLOCK)
                if not waiting:
                    raise EOFError
            part = decompressor.decompress(waiting, size)
            waiting = b""
            if part:
                return part

    return read


_PACKED: tuple[tuple[bytes, Callable[[IO[bytes]], Read]], ...] = (
    (b"\x1f\x8b\x08", lambda file: gzip.GzipFile(fileobj=cast("BinaryIO", file)).read),
    (b"BZh", lambda file: bz2.BZ2File(file).read),
    (b"\xfd7zXZ\0", _xz),
)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_UNREAD = (b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18", b"MSCF\0")
"""7-Zip, RAR, Zstandard, LZ4, Cabinet."""

BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, ValueError, NotImplementedError)
"""What reading a damaged archive raises."""


class TooLargeError(Exception):
    """A packed file grows beyond its bound."""


@dataclass(frozen=True, slots=True)
class Text:
    """Something to read, or why it is not read."""

    path: str
    read: Read | None
    skip: str = ""


def texts(path: str, file: IO[bytes], size: int) -> Iterator[Text]:
    """Yield what a file holds: itself, what it unpacks to, or each member; each to be read before the next."""
    head = file.read(8)
    file.seek(0)
    if head.startswith(_UNREAD):
        yield Text(path, None, "archive")
        return
    if head.startswith(_ZIP):
        yield from _members(path, file)
        return
    for magic, opened in _PACKED:
        if head.startswith(magic):
            yield Text(path, bounded(opened(file), GROWTH * size + ALLOWANCE))
            return
    yield Text(path, file.read)


def _members(path: str, file: IO[bytes]) -> Iterator[Text]:
    try:
        archive = zipfile.ZipFile(file)
    except BROKEN:
        yield Text(path, None, "broken")
        return
    with archive:
        for number, info in enumerate(archive.infolist()):
            if number >= MOST_MEMBERS:
                yield Text(path, None, "too_large")
                return
            if not info.is_dir():
                yield from _member(archive, info, f"{path}!{info.filename}")


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> Iterator[Text]:
    if info.flag_bits & 1:
        yield Text(name, None, "locked")
        return
    # What the directory says of the size may be a lie: what comes out is counted.
    most = GROWTH * info.compress_size + ALLOWANCE
    try:
        with archive.open(info) as member:
            head = member.read(8)
            if head.startswith(_UNREAD):
                yield Text(name, None, "archive")
            elif head.startswith(_ZIP):
                # To jump about in what is unpacked on the way takes a hostile archive as long as it likes.
                yield Text(name, None, "too_deep")
            else:
                opened = next((one for magic, one in _PACKED if head.startswith(magic)), None)
                member.seek(0)
                yield Text(name, bounded(opened(member) if opened else member.read, most))
    except BROKEN:
        yield Text(name, None, "broken")


def bounded(read: Read, most: int) -> Read:
    """Return a reader that raises TooLargeError beyond ``most`` bytes."""
    got = 0

    def within(size: int) -> bytes:
        nonlocal got
        part = read(min(size, 1024 * 1024))
        got += len(part)
        if got > most:
            raise TooLargeError
        return part

    return within
