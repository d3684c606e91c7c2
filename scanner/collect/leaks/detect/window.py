"""A window of bytes that detectors look at, and what they find in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

RUN = 20
"""Characters of the shortest run that is looked at: no key or token is shorter."""

_CLASS = bytes(c in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-" for c in range(256))
"""1 for what base64 (either alphabet), hex and tokens are made of, 0 for the rest."""
_NEEDLE, _END = b"\1" * RUN, b"\0"
_ESCAPED = b"nrt"


@dataclass(frozen=True, slots=True)
class Found:
    """One secret in a window. It lives in memory only: what is told of it has no secret."""

    kind: str
    """``private_key``, ``raw_key``, ``aws_key``: see :mod:`scanner.collect.leaks.kinds`."""
    start: int
    """Where in the window it begins."""
    secret: bytes = field(repr=False)
    """The same bytes for the same secret, however it is written."""
    bits: int | None = None
    """Length of a key."""
    fingerprint: str = ""
    """SHA-256 of the public half's SubjectPublicKeyInfo, hex; empty: it has no public half, or none was made out."""
    encrypted: bool = False
    """A passphrase protects it."""
    hint: str = ""
    """What its vendor shows of it, or the public id that goes with it: never enough to use it."""
    end: int = 0
    """Where it ends: what is inside is the same secret."""
    detector: str = "keyaudit"


@dataclass(frozen=True, slots=True)
class Rejected:
    """Something that looks like a secret and is none: ``why`` is ``placeholder`` or ``marked``."""

    why: str
    start: int


@dataclass(frozen=True, slots=True)
class Window:
    """Bytes of one text. ``low`` is the same in lower case: places are the same."""

    data: bytes
    low: bytes

    @classmethod
    def of(cls, data: bytes) -> Window:
        """Return a window over ``data``."""
        return cls(data, data.lower())

    def runs(self) -> Iterator[tuple[int, int]]:
        """Yield (start, end) of each run of at least ``RUN`` characters that keys and tokens are made of."""
        classes = self.data.translate(_CLASS)
        at = classes.find(_NEEDLE)
        while at >= 0:
            end = classes.find(_END, at + RUN)
            end = len(classes) if end < 0 else end
            # In JSON inside text, the n of an escaped line break is no part of what follows.
            start = at + (at > 0 and self.data[at - 1] == 0x5C and self.data[at] in _ESCAPED)
            yield start, end
            at = classes.find(_NEEDLE, end)

    def places(self, word: bytes) -> Iterator[int]:
        """Yield where a lower-case word stands."""
        at = self.low.find(word)
        while at >= 0:
            yield at
            at = self.low.find(word, at + len(word))

    def line(self, start: int, before: int = 300, after: int = 300) -> tuple[int, int]:
        """Return (start, end) of the line around a place, at most so many characters from it."""
        begin = max(self.data.rfind(b"\n", max(0, start - before), start) + 1, start - before, 0)
        end = self.data.find(b"\n", start, start + after)
        return begin, end if end >= 0 else min(len(self.data), start + after)
