"""What is kept of published keys, and that no part of a key is."""

from __future__ import annotations

import base64

import pytest

from scanner.collect.endpoints.jwks import described_key, described_set
from scanner.collect.interface import CallError
from scanner.model.ids import Json
from scanner.model.spki import of_jwk
from tests.collect.endpoints.certificates import certificate


def number(bits: int) -> str:
    content = (1 << (bits - 1)).to_bytes((bits + 7) // 8, "big")
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


RSA: dict[str, Json] = {"kty": "RSA", "kid": "a", "alg": "RS384", "use": "sig", "e": "AQAB", "n": number(3072)}
EC: dict[str, Json] = {"kty": "EC", "crv": "P-384", "x": "AAAA", "y": "BBBB"}


def test_lengths_are_kept_and_numbers_are_not() -> None:
    found = described_key(RSA)
    assert {name: found[name] for name in ("kid", "alg", "use", "bits", "discloses")} == {
        "kid": "a",
        "alg": "RS384",
        "use": "sig",
        "bits": 3072,
        "discloses": False,
    }
    assert number(3072) not in str(found)


def test_the_thumbprint_is_that_of_the_standard() -> None:
    # RFC 7638, 3.1.
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3ok"
        "njhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6"
        "qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awa"
        "pJzKnqDKgw"
    )
    found = described_key({"kty": "RSA", "n": modulus, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"})
    digest = base64.urlsafe_b64decode("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs=")
    assert found["thumbprint"] == digest.hex()
    assert found["bits"] == 2048


@pytest.mark.parametrize(
    ("key", "discloses", "named"),
    [
        (EC, False, True),
        ({**EC, "d": "SECRETSECRET"}, True, True),
        ({**RSA, "dp": "SECRETSECRET"}, True, True),
        ({"kty": "oct", "kid": "b", "k": "SECRETSECRET"}, True, False),
        ({"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}, False, True),
        ({"kty": "RSA", "e": "AQAB"}, False, False),
        ({"kty": "AKP"}, False, False),
        ({}, False, False),
        ({"kty": 7, "kid": 7}, False, False),
    ],
)
def test_what_is_secret_is_told_and_not_kept(key: dict[str, Json], discloses: bool, named: bool) -> None:
    found = described_key(key)
    assert found["discloses"] is discloses
    assert ("thumbprint" in found) is named
    assert "SECRET" not in str(found)
    assert "7" not in {str(one) for one in found.values()}


@pytest.mark.parametrize(
    ("key", "told"),
    [
        (RSA, True),
        ({**RSA, "d": "SECRETSECRET"}, True),
        (EC, True),
        ({"kty": "oct", "k": "SECRETSECRET"}, False),
        ({"kty": "RSA", "n": number(3072)}, False),
    ],
)
def test_the_fingerprint_of_the_public_half_is_kept(key: dict[str, Json], told: bool) -> None:
    found = described_key(key)
    assert found.get("public_fingerprint") == of_jwk(key)
    assert ("public_fingerprint" in found) is told


@pytest.mark.parametrize("modulus", ["A", "not base64!", 7, "AAAA"])
def test_a_length_that_is_not_understood_is_not_told(modulus: Json) -> None:
    assert "bits" not in described_key({**RSA, "n": modulus})


def test_a_certificate_beside_the_key_tells_its_age() -> None:
    beside = base64.b64encode(certificate()).decode()
    assert {"not_before", "not_after"} <= described_key({**EC, "x5c": [beside, "more"]}).keys()
    odd: tuple[Json, ...] = ([], ["not base64!"], ["AAAA"], [7], "text")
    for chain in odd:
        assert "not_before" not in described_key({**EC, "x5c": chain})


@pytest.mark.parametrize("body", [{}, {"keys": {}}, {"keys": [7]}])
def test_what_is_no_set_is_a_gap(body: dict[str, Json]) -> None:
    with pytest.raises(CallError, match="not a list of objects"):
        described_set(body)


def test_a_set_is_its_keys() -> None:
    found = described_set({"keys": [EC], "owner": "Jane Roe"})
    assert found == {"keys": [described_key(EC)]}
