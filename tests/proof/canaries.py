"""Canaries: made-up secrets of every kind, what gives each away, and the search for them in bytes.

Not one of them opens anything. A canary's text is what somebody pastes; its marks are the parts of it that must be
nowhere, each long enough to be nothing else.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Canary:
    """One made-up secret."""

    name: str
    text: str
    marks: tuple[str, ...]
    """No part of it that is long enough to be of use is without one of these."""

    def __post_init__(self) -> None:
        if any(mark not in self.text or len(mark) < 8 for mark in self.marks):
            raise ValueError(f"the marks of {self.name} are not parts of its text")


_WORD, _HEX, _PIN = "Cn4ryQ7v", "c4a7e1f05b", "9044172633"
_WORDS = f"{_WORD}Wq2R{_WORD}Yb8N{_WORD}"
_TEXT = f"{_WORDS}Kc4VxT1m"
"""40 characters of base64."""
_RAW = f"{_TEXT}Zs8="
"""The base64 of 32 bytes."""


def _secret(name: str, text: str, mark: str = _WORD) -> Canary:
    return Canary(name, text, (mark,))


_JWK = f'"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","d":"{_RAW[:43]}"'
SECRETS: Sequence[Canary] = (
    _secret("pem", f"-----BEGIN PRIVATE KEY-----\nMIGHAgEA{_WORD}\n{_TEXT}\n{_WORD}==\n-----END PRIVATE KEY-----"),
    _secret("jwk", f"{{{_JWK}}}"),
    _secret("aws-pair", f"AKIAC4NARY7WQ2RT5YB8:{_TEXT}"),
    _secret("aws-named", f"aws_secret_access_key = {_TEXT}"),
    _secret("session", f"AWS_SESSION_TOKEN=FwoGZXIvYXdzE{_TEXT}"),
    _secret("session-bare", f"IQoJb3JpZ2luX2Vj{_TEXT}{_TEXT}"),
    _secret("openai", f"sk-proj-{_TEXT}"),
    _secret("anthropic", f"sk-ant-api03-{_TEXT}"),
    _secret("elevenlabs", f"sk_{_HEX}d2{_HEX}aa{_HEX}99{_HEX}77", _HEX),
    _secret("elevenlabs-old", f"xi-api-key: {_HEX}d2{_HEX}aa{_HEX}", _HEX),
    _secret("deepgram", f"Authorization: Token {_HEX}{_HEX}{_HEX}{_HEX}", _HEX),
    _secret("slack", f"xoxb-274019365518-{_WORDS}"),
    _secret("slack-hook", f"https://hooks.slack.com/services/T0/B0/{_WORDS}"),
    _secret("bearer", f"Authorization: Bearer {_WORD}.{_TEXT}~x"),
    _secret("jwt", f"eyJhbGciOiJIUzI1NiJ9.eyJ{_WORDS}.{_WORDS}"),
    _secret("basic", f"Authorization: Basic {_TEXT}="),
    _secret("pin", f"HSM_PIN={_PIN}58", _PIN),
    _secret("pin-bare", f"PIN: {_PIN}59", _PIN),
    _secret("pin-uri", f"pkcs11:token=root?pin-value={_PIN}60", _PIN),
    _secret("dsn", f"postgresql://voice:{_WORD}@db.example.invalid:5432/voice"),
    _secret("connection", f"Server=db.example.invalid;User Id=sa;Password={_WORD};Encrypt=yes"),
    _secret("account-key", f"AccountName=voice;AccountKey={_RAW};EndpointSuffix=x"),
    _secret("jdbc", f"jdbc:postgresql://db.example.invalid/voice?user=sa&password={_WORD}"),
    _secret("in an ARN", f"arn:aws:iam::444455556666:user/password={_WORD}"),
    _secret("raw key", f"data key {_RAW}"),
    _secret("raw key, named", f"TENANT_DEK={_RAW}"),
    _secret("url-encoded", quote(f"https://voice:{_WORD}@db.example.invalid/?password={_WORD}", safe="")),
)
"""What has a shape or a name that gives it away wherever it stands."""

PERSONAL: Sequence[Canary] = (
    _secret("ssn", "SSN 907-41-7263", "907-41-7263"),
    _secret("mrn", "MRN: 4081726395", "4081726395"),
    _secret("birth", "DOB 1931-03-07", "1931-03-07"),
)
"""Of a patient, with a shape or a name that gives it away."""
NAMED = _secret("patient", "Philippa Canaryquill called about her dosage", "Philippa Canaryquill")
"""Of a patient, and like any other text: only what is never kept, whatever it holds, loses it."""

CONTROL = "ka-may-be-seen-7f3a91"
"""No secret: what is found of this shows that the search finds."""
EVERYTHING = "\n".join(canary.text for canary in (*SECRETS, *PERSONAL))
"""Every canary that is known wherever it stands, in one text."""


def forms(mark: str) -> Iterator[tuple[str, bytes]]:
    """Yield (name, bytes) of every form in which a text may stand in a file."""
    plain = mark.encode()
    yield "plain", plain
    yield "hex", plain.hex().encode()
    yield "HEX", plain.hex().upper().encode()
    yield "UTF-16", mark.encode("utf-16-le")
    yield "UTF-16 the other way", mark.encode("utf-16-be")
    yield "hex of UTF-16", mark.encode("utf-16-be").hex().upper().encode()
    yield "backwards", plain[::-1]
    for escaped in {
        quote(mark, safe=""),
        json.dumps(mark)[1:-1].replace("/", "\\/"),
        re.sub("([-+/=.])", r"\\\1", mark),
    }:
        yield "escaped", escaped.encode()
    for shift in range(3):
        # What stands before and behind decides the first letters and the last ones.
        inside = base64.b64encode(bytes(shift) + plain)[(8 * shift + 5) // 6 : 8 * (shift + len(plain)) // 6]
        yield "base64", inside
        yield "base64url", inside.replace(b"+", b"-").replace(b"/", b"_")


class Search:
    """Looks for canaries in bytes, in all forms at once."""

    def __init__(self, canaries: Sequence[Canary]) -> None:
        marks = dict.fromkeys(mark for canary in canaries for mark in canary.marks)
        self._needles = {needle: (mark, form) for mark in marks for form, needle in forms(mark)}

    def __call__(self, data: bytes) -> Iterator[str]:
        """Yield what was found: the mark, its form, and what stands around the first one of them."""
        for needle, (mark, form) in self._needles.items():
            at = data.find(needle)
            if at >= 0:
                yield f"{mark} ({form}): {data[max(0, at - 160) : at + 60]!r}"
