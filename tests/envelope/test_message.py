"""Headers of the AWS Encryption SDK: the real ones are understood, and no other bytes are."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.envelope.message import COMMITTING, MOST_WRAPPED_KEYS, SUITES, header_body, parse_header
from tests.envelope.sdk import PROVIDER, sdk_encrypt, suites

ARN = "arn:aws:kms:us-east-1:111122223333:key/0b7e5a6a-7f2f-4b0f-9d55-2f3c0e7c1a11"
CONTEXT = {"tenant": "a", "purpose": "überprüfung"}
KEY = ("aws-kms", ARN.encode(), b"w" * 184)


def made(**given: object) -> bytes:
    parts = {"message_id": bytes(32), "context": CONTEXT, "keys": (KEY,), "frame": 4096, "commitment": b"c" * 32}
    return header_body(**{**parts, **given}) + b"t" * 16  # type: ignore[arg-type]


@pytest.mark.parametrize("number", suites())
@pytest.mark.parametrize("frame", [0, 1024])
def test_a_header_of_the_real_sdk_is_understood(number: int, frame: int) -> None:
    header = parse_header(sdk_encrypt(b"x" * 3000, number, frame, CONTEXT))
    suite = SUITES[number]
    assert header.suite is suite
    assert (header.version, suite.nonce_bits, suite.tag_bits) == (2 if suite.commits else 1, 96, 128)
    assert (header.framed, header.frame_length) == (bool(frame), frame)
    assert {name: value for name, value in header.context if name in CONTEXT} == CONTEXT
    assert suite.signed == ("aws-crypto-public-key" in dict(header.context))
    [key] = header.keys
    assert (key.provider, key.key, key.length) == (PROVIDER, "k1", suite.key_bits // 8 + 16)
    assert len(header.commitment) == (32 if suite.commits else 0)


def test_every_suite_of_the_real_sdk_is_known_and_no_other() -> None:
    from aws_encryption_sdk.identifiers import AlgorithmSuite

    theirs = {
        one.algorithm_id: (one.name, one.data_key_len * 8, one.message_format_version, one.is_committing())
        for one in AlgorithmSuite
    }
    assert {n: (one.name, one.key_bits, one.version, one.commits) for n, one in SUITES.items()} == theirs
    assert {n for n, one in SUITES.items() if one.signed} == {a.algorithm_id for a in AlgorithmSuite if a.is_signing()}


def test_a_header_names_the_key_of_the_service_and_its_own_length() -> None:
    header = parse_header(made() + b"body")
    assert [(one.provider, one.key, one.length) for one in header.keys] == [("aws-kms", ARN, 184)]
    assert header.context == (("purpose", "überprüfung"), ("tenant", "a"))
    assert header.length == len(made())
    assert header.suite is COMMITTING
    assert parse_header(made(context={})).context == ()


@pytest.mark.parametrize("length", range(len(made())))
def test_a_header_that_is_cut_off_says_so(length: int) -> None:
    with pytest.raises(ValueError, match=f"the message ends within its .*, after {length} bytes"):
        parse_header(made()[:length])


def version_1(*, kind: int = 0x80, content: int = 2, reserved: int = 0, nonce: int = 12, frame: int = 4096) -> bytes:
    keys = struct.pack(">H", 1) + b"".join(struct.pack(">H", len(part)) + part for part in (b"p", b"k", b"w"))
    end = struct.pack(">BIBI", content, reserved, nonce, frame)
    return struct.pack(">BBH", 1, kind, 0x0178) + bytes(16) + struct.pack(">H", 0) + keys + end + bytes(28)


def with_context(context: bytes, claimed: int | None = None) -> bytes:
    length = len(context) if claimed is None else claimed
    return struct.pack(">BH", 2, COMMITTING.id) + bytes(32) + struct.pack(">H", length) + context + bytes(200)


def pairs(*texts: bytes, count: int) -> bytes:
    return struct.pack(">H", count) + b"".join(struct.pack(">H", len(text)) + text for text in texts)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\3" + bytes(100), "the version is 3: there are 1 and 2"),
        (version_1(kind=0x81), "the type of the message is 0x81"),
        (b"\2\4\x79" + bytes(100), "the algorithm suite 0x0479 is not known"),
        (b"\1\x80\4\x78" + bytes(100), "COMMIT_KEY is not one of version 1"),
        (b"\2\1\x78" + bytes(100), "SHA256 is not one of version 2"),
        (version_1(content=3), "the content type is 3"),
        (version_1(reserved=1), "the reserved field is not zero"),
        (version_1(nonce=16), "the nonce has 16 bytes"),
        (version_1(frame=0), "the frame length does not go with the content type"),
        (version_1(content=1), "the frame length does not go with the content type"),
        (with_context(pairs(b"a", b"b", count=1), 9), "not as long as it says"),
        (with_context(pairs(b"a", b"b", b"c", b"d", count=2), 8), "not as long as it says"),
        (with_context(pairs(*[b""] * 90, count=65535), 8), "not as long as it says"),
        (with_context(pairs(count=0)), "a length and no pairs"),
        (with_context(pairs(b"a", b"b", b"a", b"c", count=2)), "a name twice"),
        (with_context(pairs(b"\xff", b"b", count=1)), "the encryption context is not UTF-8"),
        (made(keys=()), "names no key that may open it"),
        (made(keys=(KEY,) * (MOST_WRAPPED_KEYS + 1)), "claims 257 wrapped keys"),
        (made(keys=(("aws-kms", b"\xff", b""),)), "the key's ARN is not UTF-8"),
    ],
)
def test_what_is_no_header_says_why(data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_header(data)


def test_a_header_of_version_1_is_understood() -> None:
    header = parse_header(version_1())
    assert (header.version, header.length, header.keys[0].key) == (1, len(version_1()), "k")


@pytest.mark.parametrize(
    "given", [{"context": {"a": "b" * 65536}}, {"keys": (("p", b"k" * 65536, b""),)}, {"frame": 1 << 32}]
)
def test_what_the_format_has_no_room_for_is_told(given: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="longer than the format allows"):
        made(**given)


@given(st.integers(0, len(made()) - 1), st.binary(max_size=40))
def test_no_bytes_are_worse_than_a_value_error(at: int, junk: bytes) -> None:
    data = made()[:at] + junk + made()[at + len(junk) :]
    try:
        header = parse_header(data)
    except ValueError:
        return
    assert header.body + header.tag == data[: header.length]


@given(st.binary(min_size=100, max_size=300))
def test_random_bytes_are_no_header(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"^the "):
        parse_header(data)
