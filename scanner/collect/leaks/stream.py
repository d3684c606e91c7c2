"""Text of any length in pieces of bounded length, whatever its encoding."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator

from scanner.collect.leaks.finding import Piece

BLOCK = 2 * 1024 * 1024
"""Bytes of a piece."""
BEFORE = 4 * 1024
"""Bytes before a piece that are looked at with it: the words about a value, the begin of an object."""
BEHIND = 64 * 1024
"""Bytes behind it: the rest of a key that begins in it."""

Read = Callable[[int], bytes]
"""Reads at most so many bytes; none at the end."""

_BOMS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LOOKED_AT = 4096
_MOSTLY = 0.4


def encoding_of(head: bytes) -> str:
    """Return the encoding of a text of two or four bytes a character by how it begins; empty: it is bytes as they are.

    Files of Windows are often UTF-16 without a mark: every other byte is nought.
    """
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    sample = head[: _LOOKED_AT - _LOOKED_AT % 2]
    half = len(sample) // 2
    if half < 8:
        return ""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > _MOSTLY * half and even < half // 10:
        return "utf-16-le"
    return "utf-16-be" if even > _MOSTLY * half and odd < half // 10 else ""


def pieces(read: Read, block: int = BLOCK) -> Iterator[Piece]:
    """Yield the pieces of a stream, each place in exactly one of them. Memory is bounded by ``block``."""
    chunks = _chunks(read, block)
    kept = b""
    data = next(chunks, b"")
    while data:
        behind = next(chunks, b"")
        # At the end what stands behind is short, and then nothing.
        yield Piece(kept + data + behind[:BEHIND], len(kept), len(kept) + len(data))
        kept = (kept + data)[-BEFORE:]
        data = behind


def _chunks(read: Read, block: int) -> Iterator[bytes]:
    """Yield the text in blocks, in UTF-8 where it was of two or four bytes a character."""
    first = _filled(read, block)
    name = encoding_of(first)
    if not name:
        while first:
            yield first
            first = _filled(read, block)
        return
    decoder = codecs.getincrementaldecoder(name)(errors="replace")
    while first:
        text = decoder.decode(first).encode("utf-8", "replace")
        if text:
            yield text
        first = _filled(read, block)


def _filled(read: Read, size: int) -> bytes:
    """Return ``size`` bytes, fewer at the end alone."""
    parts: list[bytes] = []
    while size > 0:
        part = read(size)
        if not part:
            break
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
