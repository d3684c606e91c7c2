"""What is kept of a certificate, and whose it is."""

from __future__ import annotations

import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from scanner.collect.endpoints.certificate import described, matches
from scanner.collect.interface import CallError
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from tests.collect.endpoints.certificates import certificate


@pytest.mark.parametrize(
    ("kind", "key", "signature"),
    [
        ("RSA", {"algorithm": "RSA", "bits": 1024}, "sha256"),
        ("P-256", {"algorithm": "EC", "bits": 256, "curve": "secp256r1"}, "sha256"),
        ("K-256", {"algorithm": "EC", "bits": 256, "curve": "secp256k1"}, "sha256"),
        ("Ed25519", {"algorithm": "EdDSA", "curve": "Ed25519"}, "none"),
        ("Ed448", {"algorithm": "EdDSA", "curve": "Ed448"}, "none"),
        ("DSA", {"algorithm": "DSA"}, "sha256"),
    ],
)
def test_key_and_signature_are_told(kind: str, key: dict[str, Json], signature: str) -> None:
    found = described(certificate(kind))
    assert found["key"] == key
    assert isinstance(found["signature"], dict)
    assert found["signature"]["hash"] == signature


@pytest.mark.parametrize("kind", ["RSA", "P-256", "Ed25519"])
def test_the_public_half_is_told_by_its_fingerprint(kind: str) -> None:
    der = certificate(kind)
    public = x509.load_der_x509_certificate(der).public_key()
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert described(der)["public_fingerprint"] == hashlib.sha256(spki).hexdigest()


def test_names_are_kept_as_hashes_only() -> None:
    found = described(certificate(names=["ehr.example", "127.0.0.1"]), "ehr.example")
    assert "Jane" not in str(found)
    assert "ehr.example" not in str(found)
    assert found["subject_hash"] == found["issuer_hash"]
    assert (found["names"], found["matches"]) == (2, True)


def test_an_address_counts_in_its_own_place_only() -> None:
    assert described(certificate(names=["127.0.0.1"]), "127.0.0.1")["matches"] is True
    assert described(certificate(names=["dns:127.0.0.1"]), "127.0.0.1")["matches"] is False
    assert described(certificate(), "127.0.0.1")["matches"] is False


@pytest.mark.parametrize("ca", [True, False])
def test_an_authority_is_told(ca: bool) -> None:
    assert described(certificate(ca=ca))["ca"] is ca


def test_a_signature_with_an_unknown_hash_is_told_by_its_oid() -> None:
    oid = bytes.fromhex("06082a8648ce3d040302")
    found = described(certificate().replace(oid, bytes.fromhex("06082a8648ce3d04037f")))
    assert found["signature"] == {"oid": "1.2.840.10045.4.3.127"}


@pytest.mark.parametrize("der", [b"", b"\x30\x03\x02\x01\x01", certificate()[:100]])
def test_what_is_no_certificate_is_a_gap(der: bytes) -> None:
    with pytest.raises(CallError, match="cannot be understood") as caught:
        described(der)
    assert caught.value.reason is GapReason.MALFORMED


@pytest.mark.parametrize(
    ("host", "names", "same"),
    [
        ("ehr.example", ["other.example", "EHR.example."], True),
        ("ehr.example", ["example"], False),
        ("a.ehr.example", ["*.ehr.example"], True),
        ("a.b.ehr.example", ["*.ehr.example"], False),
        ("ehr.example", ["*.ehr.example"], False),
        ("ehr.example", ["*.example"], False),
        ("localhost", ["*"], False),
        ("a.ehr.example", ["a*.ehr.example"], False),
        ("127.0.0.1", ["*.0.0.1"], False),
        ("::1", ["0:0::1"], True),
        ("ehr.example", [], False),
    ],
)
def test_a_star_is_one_whole_label(host: str, names: list[str], same: bool) -> None:
    assert matches(host, names) is same
