"""What is told of a secret that was found: where it lies, what it is, and a keyed hash. Never the secret."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from scanner.collect.hashes import Hashes, of_fingerprint
from scanner.collect.leaks.detect.engine import detect
from scanner.collect.leaks.detect.window import Found, Rejected, Window

MENTIONS = 12
"""Names of keys beside one secret that are kept, at most."""
_NEAR = 1000
"""Characters to either side in which a key is named."""
_NAMES = re.compile(
    rb"arn:aws[a-z-]*:(?:kms|cloudhsm):[a-z0-9-]*:[0-9]{12}:(?:key|alias|cluster)/[A-Za-z0-9/_-]{1,256}"
    rb"|(?<![\w/])alias/[A-Za-z0-9/_-]{1,250}"
    rb"|pkcs11:[A-Za-z0-9=;%._~-]{1,300}"
    rb"|projects/[a-z0-9-]{1,63}/locations/[a-z0-9-]{1,63}/keyRings/[\w-]{1,63}/cryptoKeys/[\w-]{1,63}"
    rb"|https://[a-z0-9-]{1,63}\.(?:vault|managedhsm)\.azure\.net/keys/[A-Za-z0-9-]{1,127}"
    rb"|(?<![\w-])(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?![\w-])"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One secret in a text, without the secret."""

    kind: str
    line: int
    """In its piece, from 0."""
    hash: str
    """Keyed hash of the secret."""
    bits: int | None
    fingerprint: str
    encrypted: bool
    hint: str
    mentions: tuple[str, ...]
    """Keys that are named beside it."""
    detector: str
    key_hash: str = ""
    """Keyed hash of the SHA-256 of a raw key, by which a registry of data keys may know it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes to look at, with what stands before and behind them so that nothing is cut."""

    data: bytes
    start: int
    """Where in ``data`` the piece begins: what was found before it belongs to the piece before."""
    end: int


@dataclass(frozen=True, slots=True)
class Looked:
    """What a piece has."""

    findings: tuple[Finding, ...]
    lines: int
    """Line breaks in the piece."""
    placeholders: int
    marked: int


def look(piece: Piece, hashes: Hashes) -> Looked:
    """Look at one piece. Pure but for the key of the hashes."""
    window = Window.of(piece.data)
    found: list[Finding] = []
    counts = {"placeholder": 0, "marked": 0}
    line, upto = 0, piece.start
    for one in detect(window):
        if not piece.start <= one.start < piece.end:
            continue
        if isinstance(one, Rejected):
            counts[one.why] += 1
            continue
        line += piece.data.count(b"\n", upto, one.start)
        upto = one.start
        found.append(_finding(window, one, line, hashes))
    lines = piece.data.count(b"\n", piece.start, piece.end)
    return Looked(tuple(found), lines, counts["placeholder"], counts["marked"])


def _finding(window: Window, one: Found, line: int, hashes: Hashes) -> Finding:
    return Finding(
        kind=one.kind,
        line=line,
        hash=hashes.of("secret", one.secret),
        bits=one.bits,
        fingerprint=one.fingerprint,
        encrypted=one.encrypted,
        hint=one.hint,
        mentions=_mentions(window.data, one),
        detector=one.detector,
        key_hash=of_fingerprint(hashes, hashlib.sha256(one.secret).hexdigest()) or "" if _is_raw(one) else "",
    )


def _is_raw(one: Found) -> bool:
    """Tell whether a secret is the bytes of a symmetric key."""
    return one.kind in {"raw_key", "jwk"} and not one.fingerprint


def _mentions(data: bytes, one: Found) -> tuple[str, ...]:
    low, high = max(0, one.start - _NEAR), min(len(data), one.end + _NEAR)
    # What is inside the secret is never told.
    around = (data[low : one.start], data[one.end : high])
    named = {match[0].decode().rstrip(".") for text in around for match in _NAMES.finditer(text)}
    return tuple(sorted(named)[:MENTIONS])


def whole(text: bytes) -> Iterator[Piece]:
    """Yield the one piece that a short text is."""
    yield Piece(text, 0, len(text))
