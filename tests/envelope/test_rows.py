"""Values of rows: they open as they were sealed, and only so; what they are bound to is never ambiguous."""

from __future__ import annotations

import os
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from scanner.envelope.rows import NONCE_BYTES, OpenError, RowCipher, Sealed, aad, aads, split

KEY = bytes(range(32))
TEMPLATE = "notes|{tenant_id}|{id}"


def test_a_value_opens_as_it_was_sealed_and_is_plain_aes_gcm() -> None:
    bound = aad(TEMPLATE, {"tenant_id": "a", "id": 7})
    assert bound == b"notes|a|7"
    cipher = RowCipher(bytearray(KEY))
    sealed = cipher.seal(b"text", bound)
    assert (len(sealed.nonce), len(sealed.ciphertext)) == (12, 4 + 16)
    assert cipher.open(sealed, bound) == b"text"
    assert AESGCM(KEY).decrypt(sealed.nonce, sealed.ciphertext, bound) == b"text"
    assert cipher.seal(b"text", bound).nonce != sealed.nonce


def test_nothing_else_opens() -> None:
    cipher = RowCipher(KEY)
    nonce, ciphertext = cipher.seal(b"text", b"bound")
    bad: list[tuple[RowCipher, Sealed, bytes]] = [
        (RowCipher(bytes(32)), Sealed(nonce, ciphertext), b"bound"),
        (cipher, Sealed(nonce, ciphertext), b"other"),
        (cipher, Sealed(nonce, ciphertext), b""),
        (cipher, Sealed(nonce[:-1], ciphertext), b"bound"),
        (cipher, Sealed(nonce + b"\0", ciphertext), b"bound"),
        *((cipher, Sealed(nonce, ciphertext[:n]), b"bound") for n in range(len(ciphertext))),
        *((cipher, Sealed(nonce, flipped(ciphertext, n)), b"bound") for n in range(8 * len(ciphertext))),
        *((cipher, Sealed(flipped(nonce, n), ciphertext), b"bound") for n in range(8 * len(nonce))),
    ]
    for other, sealed, bound in bad:
        with pytest.raises(OpenError):
            other.open(sealed, bound)


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << (bit % 8)
    return bytes(changed)


def test_only_keys_of_aes_256_are_taken() -> None:
    with pytest.raises(ValueError, match="32 bytes, not 16"):
        RowCipher(bytes(16))


def test_a_value_that_begins_with_its_nonce_is_taken_apart() -> None:
    sealed = RowCipher(KEY).seal(b"", b"")
    assert split(sealed.nonce + sealed.ciphertext) == sealed
    with pytest.raises(OpenError, match="shorter"):
        split(bytes(27))


SOME_ID = UUID("0B7E5A6A-7F2F-4B0F-9D55-2F3C0E7C1A11")


@pytest.mark.parametrize(
    ("template", "row", "expected"),
    [
        ("", {}, b""),
        ("fixed", {}, b"fixed"),
        ("{id}", {"id": -5}, b"-5"),
        ("100%|{id}%s", {"id": "ü%d"}, "100%|ü%d%s".encode()),
        ("{{{id}}}", {"id": 1}, b"{1}"),
        ("{a}|{b}|{c}", {"a": "x", "b": SOME_ID, "c": "y|z"}, b"x|0b7e5a6a-7f2f-4b0f-9d55-2f3c0e7c1a11|y|z"),
        ("{a}||{b}", {"a": "x|y", "b": 1}, b"x|y||1"),
        ("{id}:{id}", {"id": 3}, b"3:3"),
    ],
)
def test_the_template_is_filled_from_the_row(template: str, row: dict[str, Any], expected: bytes) -> None:
    assert aad(template, row) == expected
    count = 3
    for lists in (row, {name: [value] * count for name, value in row.items()}):
        assert aads(template, count, lists) == [expected] * count


@pytest.mark.parametrize(
    ("template", "row", "message"),
    [
        ("{a}{b}", {"a": "x", "b": "y"}, "side by side"),
        ("{a}|{b}", {"a": "x|y", "b": "z"}, "column a holds '|'"),
        ("{a}||{b}", {"a": "x|", "b": "z"}, "column a holds '||'"),
        ("{a}-{b}", {"a": SOME_ID, "b": "z"}, "column a holds '-'"),
        ("{a}1{b}", {"a": 12, "b": "z"}, "column a holds '1'"),
        ("{a}|{b}", {"a": "x"}, "no column 'b'"),
        ("{a}", {"a": None}, "column a is NoneType"),
        ("{a}", {"a": True}, "column a is bool"),
        ("{a}", {"a": 1.5}, "column a is float"),
        ("{a}", {"a": ["x"]}, "column a is list"),
    ],
)
def test_what_would_bind_ambiguously_is_refused(template: str, row: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("|", r"\|")):
        aad(template, row)


def test_columns_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="does not have 2 values"):
        aads(TEMPLATE, 2, {"tenant_id": "a", "id": [1]})


texts = st.text(st.sampled_from("|:a"), max_size=4)


@given(st.sampled_from(["{a}|{b}", "{a}||{b}", "{a}:|{b}:", "|{a}|:{b}"]), texts, texts, texts, texts)
def test_no_two_rows_are_bound_to_the_same(template: str, a: str, b: str, c: str, d: str) -> None:
    try:
        first, second = aad(template, {"a": a, "b": b}), aad(template, {"a": c, "b": d})
    except ValueError:
        return
    assert (first == second) == ((a, b) == (c, d))


def test_many_values_are_sealed_at_once_each_under_its_own_nonce() -> None:
    plaintexts = [os.urandom(n) for n in range(50)]
    cipher = RowCipher(KEY)
    sealed = cipher.seal_rows(TEMPLATE, plaintexts, {"tenant_id": "a", "id": list(range(50))})
    assert len({nonce for nonce, _ in sealed}) == 50
    assert {len(nonce) for nonce, _ in sealed} == {NONCE_BYTES}
    for number, value in enumerate(sealed):
        assert cipher.open(Sealed(*value), f"notes|a|{number}".encode()) == plaintexts[number]
    columns = {"tenant_id": "a", "id": list(range(50))}
    assert cipher.open_rows(TEMPLATE, sealed, columns) == plaintexts
    for bad, message in ((sealed[::-1], "a value does not open"), ([(b"short", sealed[0][1])] * 50, "not of 96 bits")):
        with pytest.raises(OpenError, match=message):
            cipher.open_rows(TEMPLATE, bad, columns)
