"""The list of what may be read of a key, and how it is understood."""

from __future__ import annotations

import hashlib
import struct

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pkcs11.constants import Attribute

from scanner.collect.pkcs11.attributes import (
    PRIVATE,
    READABLE,
    SECRET,
    digits,
    flag,
    number,
    readable_of,
    reduced,
    text,
)
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
    ],
)
def test_bytes_are_understood_or_say_nothing(found: Json, expected: Json) -> None:
    assert found == expected


P256 = "06082a8648ce3d030107"
CURVE = ec.derive_private_key(7, ec.SECP256R1()).public_key()
POINT = CURVE.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
P521 = ec.derive_private_key(7, ec.SECP521R1()).public_key()
LONG_POINT = P521.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
MODULUS = 2**2047 + 9
RSA = rsa.RSAPublicNumbers(65537, MODULUS).public_key()


def spki(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> str:
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (
            {"CKA_MODULUS": f"{MODULUS:x}", "CKA_PUBLIC_EXPONENT": "010001", "CKA_SIGN": True},
            {"CKA_SIGN": True, "CKA_MODULUS": 2048, "public_fingerprint": spki(RSA)},
        ),
        ({"CKA_MODULUS": f"00{MODULUS:x}"}, {"CKA_MODULUS": 2048}),
        ({"CKA_MODULUS": ""}, {"CKA_MODULUS": 0}),
        # A point in DER, one as it is, one whose length takes two octets; and a curve that is not known.
        ({"CKA_EC_PARAMS": P256, "CKA_EC_POINT": f"0441{POINT.hex()}"}, {"public_fingerprint": spki(CURVE)}),
        ({"CKA_EC_PARAMS": P256, "CKA_EC_POINT": POINT.hex()}, {"public_fingerprint": spki(CURVE)}),
        (
            {"CKA_EC_PARAMS": "06052b81040023", "CKA_EC_POINT": f"048185{LONG_POINT.hex()}"},
            {"public_fingerprint": spki(P521)},
        ),
        ({"CKA_EC_PARAMS": "06092b2403030208010107", "CKA_EC_POINT": POINT.hex()}, {}),
        ({"CKA_EC_PARAMS": P256}, {}),
        ({"CKA_VALUE_LEN": 32}, {"CKA_VALUE_LEN": 32}),
    ],
)
def test_of_a_public_half_length_and_fingerprint_are_kept(told: dict[str, Json], kept: dict[str, Json]) -> None:
    curve = {"CKA_EC_PARAMS": told["CKA_EC_PARAMS"]} if "CKA_EC_PARAMS" in told else {}
    assert reduced(told) == {**kept, **curve}
