"""Cryptography of the simulated vaults: round trips, and everything that must not work."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from scanner.demo.azure import material
from scanner.demo.azure.material import GCM, UnsuitableError, decoded, decrypt, encrypt, public, sign, verify
from scanner.demo.azure.world_parts import Key


def named(value: object) -> str:
    """Name a case by its algorithm: a random key is another one in each worker."""
    return value if isinstance(value, str) else ""


RSA = material.material("rsa", "RSA", 2048, "")
EC = material.material("ec", "EC", 0, "P-256")
AES = material.material("aes", "oct", 256, "")
SMALL = material.material("aes", "oct", 128, "")
PLAIN = b"sixteen bytes or"
DIGESTS = {size: hashlib.new(f"sha{size}", b"message").digest() for size in ("256", "384", "512")}


@pytest.mark.parametrize(
    ("private", "algorithm"),
    [
        (RSA, "RSA-OAEP"),
        (RSA, "RSA-OAEP-256"),
        (RSA, "RSA1_5"),
        (AES, "A256KW"),
        (AES, "A256GCM"),
        (SMALL, "A128KW"),
        (SMALL, "A128GCM"),
    ],
    ids=named,
)
def test_what_is_encrypted_comes_back_and_nothing_else_does(private: material.Private, algorithm: str) -> None:
    sealed = encrypt(private, algorithm, PLAIN)
    assert PLAIN not in sealed.value
    assert decrypt(private, algorithm, sealed) == PLAIN
    assert bool(sealed.tag) is (algorithm in GCM)
    flipped = replace(sealed, value=bytes([sealed.value[0] ^ 1]) + sealed.value[1:])
    if algorithm == "RSA1_5":  # implicit rejection: other bytes, and no error
        assert decrypt(private, algorithm, flipped) != PLAIN
    else:
        with pytest.raises(UnsuitableError, match="not what this key made"):
            decrypt(private, algorithm, flipped)


def test_additional_data_is_bound() -> None:
    sealed = encrypt(AES, "A256GCM", PLAIN, b"tenant a")
    assert decrypt(AES, "A256GCM", sealed, b"tenant a") == PLAIN
    for wrong in (b"tenant b", b""):
        with pytest.raises(UnsuitableError):
            decrypt(AES, "A256GCM", sealed, wrong)


def test_another_key_cannot_open_it() -> None:
    with pytest.raises(UnsuitableError):
        decrypt(material.material("other", "oct", 256, ""), "A256KW", encrypt(AES, "A256KW", PLAIN))


@pytest.mark.parametrize(
    ("private", "algorithm", "plaintext"),
    [
        (RSA, "A256KW", PLAIN),
        (AES, "RSA-OAEP", PLAIN),
        (AES, "A128KW", PLAIN),
        (SMALL, "A256GCM", PLAIN),
        (EC, "RSA-OAEP", PLAIN),
        (RSA, "RSA-OAEP", b"x" * 300),
        (AES, "A256KW", b"odd"),
    ],
    ids=named,
)
def test_what_a_key_cannot_encrypt(private: material.Private, algorithm: str, plaintext: bytes) -> None:
    with pytest.raises(UnsuitableError):
        encrypt(private, algorithm, plaintext)


def test_what_a_key_cannot_decrypt() -> None:
    with pytest.raises(UnsuitableError, match="not one of this key"):
        decrypt(EC, "RSA-OAEP", material.Sealed(b"x"))


@pytest.mark.parametrize(("private", "algorithm"), [(RSA, "RS256"), (RSA, "RS512"), (RSA, "PS384"), (EC, "ES256")])
def test_what_is_signed_verifies_and_nothing_else_does(private: material.Private, algorithm: str) -> None:
    digest = DIGESTS[algorithm[2:5]]
    signature = sign(private, algorithm, digest)
    assert verify(private, algorithm, digest, signature)
    assert not verify(private, algorithm, bytes(len(digest)), signature)
    assert not verify(private, algorithm, digest, signature[:-1] + bytes([signature[-1] ^ 1]))
    assert not verify(private, algorithm, b"short", signature)


@pytest.mark.parametrize(
    ("private", "algorithm", "digest"),
    [
        (RSA, "ES256", DIGESTS["256"]),
        (EC, "RS256", DIGESTS["256"]),
        (EC, "ES384", DIGESTS["384"]),
        (AES, "RS256", DIGESTS["256"]),
        (RSA, "HS128", DIGESTS["256"]),
        (RSA, "RS256", b"short"),
    ],
    ids=named,
)
def test_what_a_key_cannot_sign(private: material.Private, algorithm: str, digest: bytes) -> None:
    with pytest.raises(UnsuitableError):
        sign(private, algorithm, digest)


def test_what_a_key_cannot_verify() -> None:
    with pytest.raises(UnsuitableError, match="not one of this key"):
        verify(AES, "RS256", DIGESTS["256"], b"x")


def test_only_public_members_are_told() -> None:
    assert set(public(RSA)) == {"n", "e"}
    assert set(public(EC)) == {"x", "y"}
    assert public(AES) == {}


def test_each_version_has_material_of_its_own() -> None:
    key = Key(name="k", kty="oct-HSM", size=192)
    assert len(bytes(material.of(key, "one"))) == 24  # type: ignore[arg-type]  # bytes, of this type
    assert material.of(key, "one") == material.of(key, "one") != material.of(key, "two")


@pytest.mark.parametrize(("text", "data"), [("aGk", b"hi"), ("", b""), (None, b""), (7, b"")])
def test_values_are_base64url(text: object, data: bytes) -> None:
    assert decoded(text) == data


def test_a_value_that_is_not_base64url_is_refused() -> None:
    with pytest.raises(UnsuitableError, match="not base64url"):
        decoded("a")
