"""Every detector over one window: each secret once, in the order of the text."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.collect.leaks.detect import library, tokens
from scanner.collect.leaks.detect.asymmetric import base64_key, container, der_key, is_container, pem
from scanner.collect.leaks.detect.objects import keysets, service_account, web_keys
from scanner.collect.leaks.detect.pins import pins
from scanner.collect.leaks.detect.raw import LENGTHS, key_near_words
from scanner.collect.leaks.detect.window import Found, Rejected, Window

RULES = "1"
"""Version of these rules: a scan by others may find others."""

SENDGRID, AWS_SECRET = 22, 40
"""Characters of the first part of a key of SendGrid, and of a secret access key of AWS."""
SHORTEST_DER = 60
"""Characters of a private key in DER and base64, at least."""
LARGEST_BINARY = 1024 * 1024
"""Bytes of a file that is a container of keys, at most."""


def detect(window: Window) -> Iterator[Found | Rejected]:
    """Yield what stands in a window, sorted by place. Of two that overlap the first and longest counts."""
    every = [*_binary(window), *_objects(window), *_runs(window), *pins(window)]
    every.sort(key=lambda one: (one.start, -getattr(one, "end", 0)))
    upto = -1
    for one in every:
        if one.start < upto:
            continue
        if isinstance(one, Found):
            upto = one.end
        yield one


def _binary(window: Window) -> Iterator[Found]:
    """Yield the private key that a whole file is, in DER."""
    if window.data[:1] == b"\x30" and len(window.data) <= LARGEST_BINARY:
        size = len(window.data)
        found = container(window.data, 0, size) if is_container(window.data) else der_key(window.data, 0, size)
        if found is not None:
            yield found


def _objects(window: Window) -> Iterator[Found | Rejected]:
    for one in pem(window):
        yield service_account(window, one) if isinstance(one, Found) else one
    yield from web_keys(window)
    yield from keysets(window)
    yield from tokens.azure(window)


def _runs(window: Window) -> Iterator[Found | Rejected]:
    for start, end in window.runs():
        found = _token(window, start, end) or _key(window, start, end)
        if found is not None:
            yield found


def _token(window: Window, start: int, end: int) -> Found | Rejected | None:
    """Return the token of a cloud or a vendor that a run is, told by how it begins or what stands before it."""
    head = window.data[start : start + 4]
    if head in library.HEADS:
        return library.library_token(window, library.HEADS[head], start)
    if head in tokens.HEADS or head[:3] == b"sk-":
        return tokens.vendor_token(window, start) or tokens.old_openai(window, start)
    before = window.data[max(0, start - 4) : start]
    if before in {b"hvs.", b"hvb."}:
        return tokens.vault_token(window, start)
    if before[-3:] == b"SG." and end - start == SENDGRID:
        return library.library_token(window, "sendgrid_key", start - 3)
    return tokens.of_forty(window, start, end) if end - start == AWS_SECRET else None


def _key(window: Window, start: int, end: int) -> Found | Rejected | None:
    """Return the key that a run is, told by its length and the words about it, or by its structure."""
    length = end - start
    found = key_near_words(window, start, end) if length in LENGTHS else None
    return base64_key(window, start, end) if found is None and length >= SHORTEST_DER else found
