"""The list of what may be read of a key, and how it is understood."""

from __future__ import annotations

import struct

import pytest
from pkcs11.constants import Attribute

from scanner.collect.pkcs11.attributes import PRIVATE, READABLE, SECRET, bits, digits, flag, number, readable_of, text
from scanner.model.ids import Json

SECRET_MATERIAL = {
    *("VALUE", "PRIVATE_EXPONENT", "PRIME_1", "PRIME_2", "EXPONENT_1", "EXPONENT_2", "COEFFICIENT", "SEED", "PRIME"),
    *("SUBPRIME", "BASE", "CHECK_VALUE"),
}


def test_no_attribute_of_the_list_holds_secret_material() -> None:
    assert {f"CKA_{name}" for name in SECRET_MATERIAL}.isdisjoint(READABLE)
    # Each is one that PKCS #11 knows, so that no name of the list is a slip.
    assert all(name.removeprefix("CKA_") in Attribute.__members__ for name in READABLE)


def test_of_a_kind_only_what_it_can_have_is_read() -> None:
    assert "CKA_VALUE_LEN" in readable_of(SECRET)
    assert "CKA_VALUE_LEN" not in readable_of(PRIVATE)
    assert "CKA_MODULUS" in readable_of(PRIVATE)
    assert "CKA_MODULUS" not in readable_of(SECRET)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (flag(b"\1"), True),
        (flag(b"\0"), False),
        (flag(b""), None),
        (flag(b"\1\0"), None),
        (number(struct.pack("L", 32)), 32),
        (number(struct.pack("L", 2**64 - 1)), None),
        (number(b"\1"), None),
        (text(b"root\xff"), "root\ufffd"),
        (text(b""), ""),
        (text(b"root\0\0"), "root"),
        (digits(b"\x0a\xff"), "0aff"),
        (bits(b"\0\x80" + bytes(255)), 2048),
        (bits(b""), 0),
    ],
)
def test_bytes_are_understood_or_say_nothing(found: Json, expected: Json) -> None:
    assert found == expected
