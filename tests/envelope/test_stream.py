"""Whole messages: the real AWS Encryption SDK opens ours, we open its, and nothing that was changed opens."""

from __future__ import annotations

import io
import os
from collections.abc import Callable

import pytest

from scanner.envelope.message import COMMITTING, SUITES, parse_header
from scanner.envelope.rows import OpenError
from scanner.envelope.stream import MOST_FRAME, derive, open_stream, seal_stream
from tests.envelope.sdk import sdk_decrypt, sdk_encrypt, suites, unwrap, wrapping

CONTEXT = {"tenant": "canary-a", "purpose": "überprüfung"}
KEY = bytes(range(1, 33))


def seal(plaintext: bytes, frame: int = 100) -> bytes:
    target = io.BytesIO()
    assert seal_stream(io.BytesIO(plaintext), target, KEY, [wrapping(KEY, CONTEXT)], CONTEXT, frame=frame) == len(
        plaintext
    )
    return target.getvalue()


def opened(message: bytes, key: bytes = KEY) -> bytes:
    target = io.BytesIO()
    open_stream(io.BytesIO(message), target, lambda _: key)
    return target.getvalue()


LENGTHS = [0, 1, 99, 100, 101, 200, 5000]


@pytest.mark.parametrize("length", LENGTHS)
def test_the_real_sdk_opens_what_is_written_here(length: int) -> None:
    plaintext = os.urandom(length)
    assert sdk_decrypt(seal(plaintext)) == plaintext
    assert opened(seal(plaintext)) == plaintext


@pytest.mark.parametrize("number", suites())
@pytest.mark.parametrize("frame", [0, 128])
def test_what_the_real_sdk_writes_opens_here(number: int, frame: int) -> None:
    plaintext, target = os.urandom(250), io.BytesIO()
    header = open_stream(io.BytesIO(sdk_encrypt(plaintext, number, frame, CONTEXT)), target, unwrap)
    assert target.getvalue() == plaintext
    assert header.suite is SUITES[number]


@pytest.mark.parametrize("number", suites())
@pytest.mark.parametrize("frame", [0, 128])
def test_no_flipped_bit_and_no_cut_is_accepted(number: int, frame: int) -> None:
    message = sdk_encrypt(b"p" * 130, number, frame, CONTEXT)
    key = unwrap(parse_header(message))
    for at in range(len(message)):
        changed = bytearray(message)
        changed[at] ^= 1 << (at % 8)
        for bad in (bytes(changed), message[:at]):
            with pytest.raises((OpenError, ValueError)):
                opened(bad, key)
    with pytest.raises(OpenError, match="bytes follow"):
        opened(message + b"\0", key)


def test_another_key_is_refused_before_any_tag() -> None:
    with pytest.raises(OpenError, match="commits"):
        opened(seal(b"text"), bytes(32))
    with pytest.raises(OpenError, match="24 bytes"):
        opened(seal(b"text"), bytes(24))


def frames(message: bytes, frame: int = 100) -> tuple[bytes, list[bytes]]:
    head, size = parse_header(message).length, 4 + 12 + frame + 16
    body = message[head:]
    whole = len(body) // size
    return message[:head], [body[n * size : (n + 1) * size] for n in range(whole)] + [body[whole * size :]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: [f[1], f[0], *f[2:]], "frame 1 is missing"),
        (lambda f: [f[0], *f[2:]], "frame 2 is missing"),
        (lambda f: [f[0], f[0], *f[1:]], "frame 2 is missing"),
        (lambda f: f[:-1], "cut off"),
        (lambda f: [*f[:-1], f[-1][:20] + b"\0\0\1\0" + f[-1][24:]], "longer than a frame"),
    ],
)
def test_frames_keep_their_order(change: Callable[[list[bytes]], list[bytes]], message: str) -> None:
    head, parts = frames(seal(b"x" * 350))
    with pytest.raises(OpenError, match=message):
        opened(head + b"".join(change(parts)))


def test_lengths_that_a_hostile_message_claims_take_no_memory() -> None:
    header = parse_header(seal(b""))
    body = header.body[:-36] + (MOST_FRAME + 1).to_bytes(4, "big") + header.commitment
    with pytest.raises(ValueError, match="at most 16777216 are read"):
        opened(body + bytes(16))
    single = sdk_encrypt(b"x", 0x0478, 0, {})
    at = parse_header(single).length + 12
    with pytest.raises(ValueError, match="one block of 281474976710656 bytes"):
        opened(single[:at] + (1 << 48).to_bytes(8, "big") + single[at + 8 :], unwrap(parse_header(single)))


class Slow(io.RawIOBase):
    """A file that returns a few bytes at a time, as sockets do."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def read(self, size: int = -1, /) -> bytes:
        return self._data.read(min(size, 7))


def test_a_file_that_returns_little_at_a_time_is_read_whole() -> None:
    plaintext, sealed, target = os.urandom(1000), io.BytesIO(), io.BytesIO()
    seal_stream(Slow(plaintext), sealed, KEY, [wrapping(KEY, {})], {}, frame=100)  # type: ignore[arg-type]
    open_stream(Slow(sealed.getvalue()), target, lambda _: KEY)  # type: ignore[arg-type]
    assert target.getvalue() == plaintext


def test_what_makes_no_message_is_told() -> None:
    with pytest.raises(ValueError, match="needs a key"):
        seal_stream(io.BytesIO(), io.BytesIO(), KEY, [], {})
    for frame in (0, MOST_FRAME + 1):
        with pytest.raises(ValueError, match="a frame has 1 to"):
            seal_stream(io.BytesIO(), io.BytesIO(), KEY, [wrapping(KEY, {})], {}, frame=frame)


def test_no_two_messages_have_the_same_id_or_commitment() -> None:
    first, second = parse_header(seal(b"same")), parse_header(seal(b"same"))
    assert first.message_id != second.message_id
    assert first.commitment != second.commitment
    assert derive(COMMITTING, KEY, first.message_id)[1] == first.commitment


def signature(message: bytes) -> bytes:
    """Return what ends a signed message: a length and as many bytes."""
    return next(message[-n:] for n in range(100, 110) if message[-n:][:2] == (n - 2).to_bytes(2, "big"))


def test_a_signature_by_another_key_is_refused() -> None:
    theirs, other = (sdk_encrypt(b"text", 0x0578, 128, CONTEXT) for _ in range(2))
    key = unwrap(parse_header(theirs))
    body = theirs.removesuffix(signature(theirs))
    assert opened(body + signature(theirs), key) == b"text"
    with pytest.raises(OpenError, match="signature"):
        opened(body + signature(other), key)
