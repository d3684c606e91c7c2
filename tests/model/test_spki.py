"""Fingerprints of public keys are those that `cryptography` gives, and what is none of a key has none."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa, x448, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from scanner.model.ids import Json
from scanner.model.spki import fingerprint, of_jwk, of_pem, of_point, of_rsa

P256 = bytes.fromhex("06082a8648ce3d030107")


def expected(key: Any) -> str:  # noqa: ANN401 - any public key
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).hexdigest()


def b64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def number(value: int, octets: int | None = None) -> str:
    return b64(value.to_bytes(octets or (value.bit_length() + 7) // 8, "big"))


@pytest.mark.parametrize(("modulus", "exponent"), [(2**2047 + 9, 65537), (2**2046 + 9, 3), (2**3071 + 1, 65537)])
@pytest.mark.parametrize("kty", ["RSA", "RSA-HSM"])
def test_an_rsa_key_in_each_form(modulus: int, exponent: int, kty: str) -> None:
    wanted = expected(rsa.RSAPublicNumbers(exponent, modulus).public_key())
    assert of_rsa(modulus, exponent) == wanted
    assert of_jwk({"kty": kty, "n": number(modulus), "e": number(exponent)}) == wanted


@pytest.mark.parametrize(
    ("crv", "curve", "octets"),
    [
        ("P-256", ec.SECP256R1(), 32),
        ("P-384", ec.SECP384R1(), 48),
        ("P-521", ec.SECP521R1(), 66),
        ("secp256k1", ec.SECP256K1(), 32),
        ("P-256K", ec.SECP256K1(), 32),
    ],
)
def test_a_key_on_each_curve(crv: str, curve: ec.EllipticCurve, octets: int) -> None:
    for secret in (7, 1000):
        public = ec.derive_private_key(secret, curve).public_key()
        at = public.public_numbers()
        for x, y in ((number(at.x, octets), number(at.y, octets)), (number(at.x), number(at.y))):
            assert of_jwk({"kty": "EC", "crv": crv, "x": x, "y": y}) == expected(public)
    assert of_jwk({"kty": "EC-HSM", "crv": crv, "x": number(at.x), "y": number(at.y)}) == expected(public)


def test_a_point_as_a_token_has_it() -> None:
    public = ec.derive_private_key(7, ec.SECP256R1()).public_key()
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    assert of_point(P256, point) == expected(public)
    squeezed = public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    assert [of_point(P256, squeezed), of_point(P256, point[:-1]), of_point(b"", point)] == [None, None, None]


@pytest.mark.parametrize(
    ("crv", "public"),
    [
        ("Ed25519", ed25519.Ed25519PrivateKey.from_private_bytes(b"\1" * 32).public_key()),
        ("Ed448", ed448.Ed448PrivateKey.from_private_bytes(b"\1" * 57).public_key()),
        ("X25519", x25519.X25519PrivateKey.from_private_bytes(b"\1" * 32).public_key()),
        ("X448", x448.X448PrivateKey.from_private_bytes(b"\1" * 56).public_key()),
    ],
)
def test_octet_key_pairs(crv: str, public: Any) -> None:  # noqa: ANN401 - any public key
    assert of_jwk({"kty": "OKP", "crv": crv, "x": b64(public.public_bytes_raw())}) == expected(public)


@pytest.mark.parametrize(
    "key",
    [
        {},
        {"kty": "oct", "k": "AAAA"},
        {"kty": "RSA", "n": "AQAB"},
        {"kty": "RSA", "n": "AQAB", "e": 3},
        {"kty": "RSA", "n": "A", "e": "AQAB"},
        {"kty": "RSA", "n": "AQ+B", "e": "AQAB"},
        {"kty": "RSA", "n": "AQAB\n", "e": "AQAB"},
        {"kty": "EC", "crv": "P-999", "x": "AQAB", "y": "AQAB"},
        {"kty": "EC", "crv": "P-256", "x": "AQAB"},
        {"kty": "EC", "crv": "P-256", "x": "A" * 44, "y": "AQAB"},
        {"kty": "OKP", "crv": "Ed25519", "x": "AQAB"},
        {"kty": "OKP", "crv": ["Ed25519"], "x": "A" * 43},
    ],
)
def test_what_is_not_understood_has_none(key: dict[str, Json]) -> None:
    assert of_jwk(key) is None


def test_a_public_key_in_pem() -> None:
    public = ec.derive_private_key(7, ec.SECP256R1()).public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    assert of_pem(pem) == of_pem(pem.replace("\n", "\r\n")) == expected(public)
    body = pem.split("-----")[2]
    broken = ("", body, pem.replace(body, "\n"), pem.replace(body, "A"), pem.replace(body, "AAAA"), f"{pem}{pem}")
    assert [of_pem(one) for one in broken] == [None] * 6


def test_the_fingerprint_is_hex_of_sha_256() -> None:
    assert fingerprint(b"") == hashlib.sha256(b"").hexdigest()
