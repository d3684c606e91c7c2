"""Keys of Azure in the terms of SP 800-57."""

from __future__ import annotations

import base64

import pytest

from scanner.model.ids import Json
from scanner.model.spki import of_jwk
from scanner.normalize.azure.shapes import Shape, shape_of
from tests.normalize.azure.examples import KEY


def modulus(bits: int) -> str:
    return base64.urlsafe_b64encode((1 << (bits - 1)).to_bytes(bits // 8, "big")).decode().rstrip("=")


RSA = {"kty": "RSA", "n": modulus(3072), "key_ops": ["wrapKey", "unwrapKey"]}


def of(**jwk: Json) -> Shape:
    return shape_of(dict(jwk))


def test_the_published_example() -> None:
    jwk = KEY["key"]
    assert isinstance(jwk, dict)
    shape = shape_of(jwk)
    assert (shape.spec, shape.algorithm, shape.length_bits, shape.strength_bits) == ("RSA 2048", "RSA", 2048, 112)
    # Every operation at once: two uses; what it opens says of which type it is.
    assert (shape.usage, shape.usage_count, shape.key_type) == ("encrypt,sign", 2, "private_key_transport")


@pytest.mark.parametrize(
    ("jwk", "spec", "strength", "usage", "kind"),
    [
        (RSA, "RSA 3072", 128, "encrypt", "private_key_transport"),
        ({**RSA, "kty": "RSA-HSM"}, "RSA-HSM 3072", 128, "encrypt", "private_key_transport"),
        ({**RSA, "key_ops": ["sign"]}, "RSA 3072", 128, "sign", "private_signature"),
        (
            {"kty": "EC-HSM", "crv": "P-384", "key_ops": ["sign", "verify"]},
            "EC-HSM P-384",
            192,
            "sign",
            "private_signature",
        ),
        ({"kty": "EC", "crv": "P-256K", "key_ops": ["sign"]}, "EC P-256K", 128, "sign", "private_signature"),
    ],
)
def test_a_key_by_type_length_and_operations(
    jwk: dict[str, Json], spec: str, strength: int, usage: str, kind: str
) -> None:
    shape = shape_of(jwk)
    assert (shape.spec, shape.strength_bits, shape.usage, shape.key_type) == (spec, strength, usage, kind)
    assert shape.quantum_vulnerable is True
    assert shape.approved is (jwk.get("crv") != "P-256K")


@pytest.mark.parametrize(
    ("operations", "usage", "count", "kind"),
    [
        (["wrapKey", "unwrapKey"], "encrypt", 1, "symmetric_key_wrapping"),
        (["encrypt", "decrypt"], "encrypt", 1, "symmetric_data_encryption"),
        (["encrypt", "wrapKey"], "encrypt,wrap", 2, "symmetric_key_wrapping"),
        (["encrypt", "sign"], "encrypt,mac", 2, "symmetric_data_encryption"),
        (["sign", "verify"], "mac", 1, "symmetric_authentication"),
        (["import"], "", 0, None),
    ],
)
def test_a_symmetric_key_by_its_operations(operations: list[Json], usage: str, count: int, kind: str | None) -> None:
    shape = shape_of({"kty": "oct-HSM", "key_ops": operations}, 256)
    assert (shape.algorithm, shape.length_bits, shape.strength_bits) == ("AES", 256, 256)
    assert (shape.usage, shape.usage_count, shape.key_type) == (usage, count, kind)
    assert shape.quantum_vulnerable is False


@pytest.mark.parametrize("broken", ["", None, "[redacted]", "a", 7])
def test_a_length_that_is_not_told_is_not_known(broken: Json) -> None:
    shape = of(kty="RSA", n=broken, key_ops=["sign"])
    assert (shape.algorithm, shape.length_bits, shape.strength_bits, shape.approved) == ("RSA", None, None, None)
    assert (shape.curve, shape.usage, shape.quantum_vulnerable) == ("none", "sign", True)


@pytest.mark.parametrize(
    ("jwk", "size"), [({"kty": "EC", "crv": "X25519"}, None), ({"kty": "oct"}, 257), ({"kty": "oct"}, None)]
)
def test_a_curve_or_size_that_is_not_known(jwk: dict[str, Json], size: int | None) -> None:
    shape = shape_of(jwk, size)
    assert (shape.length_bits, shape.usage) == (None, None)
    assert shape.curve == (None if jwk["kty"] == "EC" else "none")


@pytest.mark.parametrize("operations", [None, ["encrypt", 7], ["hover"], "sign"])
def test_operations_that_are_not_understood(operations: Json) -> None:
    shape = of(kty="RSA", n=modulus(2048), key_ops=operations)
    assert (shape.usage, shape.usage_count, shape.key_type) == (None, None, None)


def test_the_public_half_is_told_where_there_is_one() -> None:
    jwk: dict[str, Json] = {"kty": "RSA", "n": modulus(2048), "e": "AQAB"}
    told = of_jwk(jwk)
    assert told is not None
    assert (of(**jwk).public_fingerprint, of(**{**jwk, "kty": "RSA-HSM"}).public_fingerprint) == (told, told)
    assert (of(kty="oct-HSM").public_fingerprint, of(kty="RSA").public_fingerprint) == ("none", None)


def test_what_is_no_key_has_no_shape() -> None:
    assert shape_of(None) == Shape()
    assert of(kty="ML-KEM") == Shape(kty="ML-KEM")
