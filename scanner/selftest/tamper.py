"""Changes to a value that must not go unnoticed, and the two keys that open one ciphertext."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from scanner.envelope.rows import KEY_BYTES, NONCE_BYTES, TAG_BYTES, OpenError, Sealed
from scanner.selftest.collide import collide
from scanner.selftest.values import Value

MOST_PLACES = 512
"""Bytes of a ciphertext that are changed, evenly spread; all of nonce, tag and AAD are."""
Attempt = tuple[str, Callable[[], object]]


def tampered_rows(value: Value, key: bytearray) -> Iterator[Attempt]:
    """Yield (part, attempt to open it) for a bit of each byte of nonce, ciphertext, tag and AAD, and for cuts."""
    nonce, sealed = value.sealed()
    bound = value.bound()
    body, tag = sealed[:-TAG_BYTES], sealed[-TAG_BYTES:]
    for changed in flips(nonce):
        yield "nonce", lambda n=changed: value.open(key, Sealed(n, sealed))  # type: ignore[misc]
    for changed in flips(body):
        yield "ciphertext", lambda c=changed: value.open(key, Sealed(nonce, c + tag))  # type: ignore[misc]
    for changed in flips(tag):
        yield "tag", lambda t=changed: value.open(key, Sealed(nonce, body + t))  # type: ignore[misc]
    for changed in flips(bound):
        yield "AAD", lambda a=changed: value.open(key, bound=a)  # type: ignore[misc]
    for cut in (sealed[:-1], sealed[1:], tag[1:], b"", sealed + b"\0"):
        yield "length", lambda c=cut: value.open(key, Sealed(nonce, c))  # type: ignore[misc]


def tampered_messages(value: Value, key: bytearray) -> Iterator[Attempt]:
    """Yield (part, attempt to open it) for a bit of each byte of the header and of places of the body, and for cuts.

    The key is the right one throughout: a changed wrapped key must be noticed by who has the right one already.
    """
    message, length = value.ciphertext, value.header().length
    for changed in flips(message[:length]):
        yield "header", lambda h=changed: value.open_message(key, h + message[length:])  # type: ignore[misc]
    for changed in flips(message[length:]):
        yield "body", lambda b=changed: value.open_message(key, message[:length] + b)  # type: ignore[misc]
    for cut in (message[:-1], message[:length], message[: length - 1], b"", message + b"\0"):
        yield "length", lambda c=cut: value.open_message(key, c)  # type: ignore[misc]


def flips(data: bytes, most: int = MOST_PLACES) -> Iterator[bytes]:
    """Yield ``data`` with one bit flipped, another in each byte, of at most so many bytes from its start to its end."""
    count = min(len(data), most)
    for number in range(count):
        place = number * (len(data) - 1) // max(count - 1, 1)
        changed = bytearray(data)
        changed[place] ^= 1 << (number % 8)
        yield bytes(changed)


def two_keys(value: Value, key: bytearray) -> bool:
    """Return whether a ciphertext in the format of ``value`` was made that its data key and another one open."""
    if value.describes_itself:
        # A message that commits is refused by what its header holds of its key, before anything is decrypted.
        return not value.header().suite.commits or _opens_message(value, os.urandom(len(key)))
    other, nonce, bound = os.urandom(KEY_BYTES), os.urandom(NONCE_BYTES), value.bound()
    sealed = Sealed(nonce, collide(bytes(key), other, nonce, bound))
    return value.open(key, sealed) != value.open(other, sealed)


def _opens_message(value: Value, key: bytes) -> bool:
    try:
        value.open_message(key)
    except OpenError:
        return False
    return True
