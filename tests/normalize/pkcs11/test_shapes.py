"""What a key's attributes say."""

from __future__ import annotations

import pytest

from scanner.model.ids import Json
from scanner.normalize.pkcs11.shapes import PRIVATE, SECRET, Shape, Usage, shape_of, type_of, usage_of
from scanner.normalize.reading import Object

SECRET_FLAGS = ("ENCRYPT", "DECRYPT", "WRAP", "UNWRAP", "SIGN", "VERIFY", "DERIVE")
PRIVATE_FLAGS = ("DECRYPT", "UNWRAP", "SIGN", "DERIVE")


def flags(kind: str, *on: str) -> Object:
    names = SECRET_FLAGS if kind == SECRET else PRIVATE_FLAGS
    return {f"CKA_{name}": name in on for name in names}


P256 = "06082a8648ce3d030107"
SHAPES = [
    ("CKK_AES", {"CKA_VALUE_LEN": 32}, "", Shape("AES", "none", 256, 256, True, False)),
    ("CKK_AES", {"CKA_VALUE_LEN": 16}, "", Shape("AES", "none", 128, 128, True, False)),
    ("CKK_AES", {"CKA_VALUE_LEN": 31}, "", Shape("AES", "none")),
    ("CKK_AES", {"CKA_VALUE_LEN": True}, "", Shape("AES", "none")),
    ("CKK_AES", {}, "", Shape("AES", "none")),
    ("CKK_RSA", {"CKA_MODULUS": 2048}, "", Shape("RSA", "none", 2048, 112, True, True)),
    ("CKK_RSA", {"CKA_MODULUS": "long"}, "", Shape("RSA", "none")),
    ("CKK_EC", {"CKA_EC_PARAMS": P256}, "", Shape("EC", "P-256", 256, 128, True, True)),
    ("CKK_EC", {"CKA_EC_PARAMS": "06052b8104000a"}, "", Shape("EC", "secp256k1", 256, 128, False, True)),
    ("CKK_EC", {"CKA_EC_PARAMS": "06092b2403030208010107"}, "", Shape("EC")),
    ("CKK_EC_EDWARDS", {"CKA_EC_PARAMS": "06032b6570"}, "", Shape("EdDSA", "Edwards25519", 255, 128, True, True)),
    (
        "CKK_EC_EDWARDS",
        {"CKA_EC_PARAMS": "130a65647761726473343438"},
        "",
        Shape("EdDSA", "Edwards448", 448, 224, True, True),
    ),
    ("CKK_EC_EDWARDS", {}, "", Shape("EdDSA")),
    ("CKK_GENERIC_SECRET", {"CKA_VALUE_LEN": 32}, "mac", Shape("HMAC", "none", 256, 256, True, False)),
    ("CKK_GENERIC_SECRET", {"CKA_VALUE_LEN": 32}, "derive", Shape()),
    ("CKK_SHA256_HMAC", {"CKA_VALUE_LEN": 64}, "mac", Shape("HMAC", "none", 512, 256, True, False)),
    ("CKK_ML_DSA", {"CKA_PARAMETER_SET": 2}, "", Shape("ML-DSA", "none", 15616, 192, True, False)),
    ("CKK_ML_KEM", {"CKA_PARAMETER_SET": 9}, "", Shape("ML-KEM", "none")),
    ("CKK_DES3", {}, "", Shape("TDEA", "none", 168, 112, False, False)),
    ("CKK_DES", {"CKA_VALUE_LEN": 8}, "", Shape("DES", "none", 56, 0, False, False)),
    ("CKK_0x80000001", {"CKA_VALUE_LEN": 32}, "mac", Shape()),
    (None, {}, "mac", Shape()),
]


@pytest.mark.parametrize(("kind", "attributes", "usage", "expected"), SHAPES)
def test_an_algorithm_is_told_as_far_as_it_is_known(
    kind: str | None, attributes: dict[str, Json], usage: str, expected: Shape
) -> None:
    assert shape_of({"CKA_KEY_TYPE": kind, **attributes}, usage) == expected


@pytest.mark.parametrize(
    ("kind", "on", "expected"),
    [
        (SECRET, ("WRAP", "UNWRAP"), Usage("encrypt", 1, wraps=True)),
        (SECRET, ("UNWRAP",), Usage("encrypt", 1, wraps=True)),
        (SECRET, ("ENCRYPT", "DECRYPT"), Usage("encrypt", 1)),
        (SECRET, ("ENCRYPT", "UNWRAP"), Usage("encrypt,wrap", 2)),
        (SECRET, ("SIGN",), Usage("mac", 1)),
        (SECRET, ("DERIVE", "VERIFY"), Usage("derive,mac", 2)),
        (SECRET, (), Usage("", 0)),
        (PRIVATE, ("SIGN",), Usage("sign", 1)),
        (PRIVATE, ("DECRYPT", "UNWRAP"), Usage("encrypt", 1)),
        (PRIVATE, ("SIGN", "DECRYPT"), Usage("encrypt,sign", 2)),
        (PRIVATE, ("DERIVE",), Usage("agree", 1)),
    ],
)
def test_a_key_is_for_what_its_flags_allow(kind: str, on: tuple[str, ...], expected: Usage) -> None:
    assert usage_of(flags(kind, *on), kind) == expected


@pytest.mark.parametrize("missing", SECRET_FLAGS)
def test_a_flag_that_is_not_told_leaves_the_usage_unknown(missing: str) -> None:
    body = flags(SECRET, "ENCRYPT")
    del body[f"CKA_{missing}"]
    assert usage_of(body, SECRET) == Usage()


def test_attributes_that_few_tokens_have_may_be_missing_but_not_unclear() -> None:
    assert usage_of({**flags(PRIVATE), "CKA_DECAPSULATE": True}, PRIVATE) == Usage("encapsulate", 1)
    assert usage_of({**flags(PRIVATE), "CKA_SIGN_RECOVER": True}, PRIVATE) == Usage("sign", 1)
    assert usage_of({**flags(PRIVATE), "CKA_SIGN_RECOVER": "yes"}, PRIVATE) == Usage()


def test_what_is_of_no_kind_has_no_usage() -> None:
    assert usage_of(flags(SECRET, "WRAP"), "cert") == Usage()


@pytest.mark.parametrize(
    ("algorithm", "usage", "expected"),
    [
        ("AES", Usage("encrypt", 1, wraps=True), "symmetric_key_wrapping"),
        ("AES", Usage("encrypt", 1), "symmetric_data_encryption"),
        ("AES", Usage("mac", 1), "symmetric_authentication"),
        ("AES", Usage("encrypt,wrap", 2), None),
        ("AES", Usage(), None),
        ("RSA", Usage("sign", 1), "private_signature"),
        ("RSA", Usage("encrypt", 1), "private_key_transport"),
        ("EC", Usage("agree", 1), "private_key_agreement"),
        ("HMAC", Usage("mac", 1), "symmetric_authentication"),
        (None, Usage("sign", 1), None),
    ],
)
def test_a_key_of_one_use_has_a_type(algorithm: str | None, usage: Usage, expected: str | None) -> None:
    assert type_of(algorithm, usage) == expected
