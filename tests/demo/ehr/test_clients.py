"""Key pairs of the simulated EHR's clients: real ones, the same on every run, and published as they are."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from scanner.demo.ehr.clients import Curve, fingerprint, pair, pem
from scanner.demo.ehr.world import ClientKey

CURVES: tuple[tuple[Curve, int], ...] = (("P-256", 256), ("P-384", 384), ("P-521", 521))


@pytest.mark.parametrize(("curve", "bits"), CURVES)
def test_a_pair_is_of_its_curve_and_the_same_each_time(curve: Curve, bits: int) -> None:
    one = pair("voice-1", curve)
    assert one.curve.key_size == bits
    assert one.private_numbers() == pair("voice-1", curve).private_numbers()
    assert one.private_numbers() != pair("voice-2", curve).private_numbers()


def test_the_private_half_in_pem_is_that_of_the_fingerprint() -> None:
    loaded = load_pem_private_key(pem("voice-1", "P-384").encode(), None)
    assert isinstance(loaded, ec.EllipticCurvePrivateKey)
    spki = loaded.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert fingerprint("voice-1", "P-384") == hashlib.sha256(spki).digest()


def test_every_curve_of_a_world_has_pairs() -> None:
    kinds = ClientKey.model_json_schema()["properties"]["kind"]["enum"]
    assert set(kinds) == {curve for curve, _ in CURVES} | {"RSA", "oct"}
