"""Answers of authorities: what is verified is told, and anything else says nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from scanner.collect.endpoints.revocation import (
    UnusableError,
    is_authority,
    issuer_of,
    must_staple,
    said_by_crl,
    said_by_ocsp,
)
from tests.collect.endpoints.certificates import Key, certificate, key
from tests.collect.endpoints.revoking import (
    ED_KEY,
    ED_ROOT,
    ROOT,
    RSA_KEY,
    RSA_ROOT,
    Says,
    a_list,
    answer,
    delegate,
    issued,
    leaf,
    other_key,
)

URL = "http://crl.example/root.crl"
REVOKED = ocsp.OCSPCertStatus.REVOKED
OTHER = issued("other", other_key(3), "Root", key("P-256"))


def ocsp_of(says: Says, of: x509.Certificate | None = None, issuer: x509.Certificate = ROOT) -> dict[str, object]:
    return dict(said_by_ocsp(answer(says), of or leaf(), issuer))


def test_a_certificate_that_is_good() -> None:
    assert ocsp_of(Says()) == {
        "status": "good",
        "this_update": "2026-06-14T12:00:00Z",
        "next_update": "2026-06-16T12:00:00Z",
        "signer": "issuer",
    }


@pytest.mark.parametrize(("reason", "told"), [(x509.ReasonFlags.key_compromise, "keyCompromise"), (None, "none")])
def test_a_certificate_that_is_revoked(reason: x509.ReasonFlags | None, told: str) -> None:
    found = ocsp_of(Says(status=REVOKED, reason=reason))
    assert (found["status"], found["revoked_at"], found["reason"]) == ("revoked", "2026-06-10T12:00:00Z", told)


def test_one_that_the_authority_does_not_know_and_without_an_end() -> None:
    found = ocsp_of(Says(status=ocsp.OCSPCertStatus.UNKNOWN, until=None))
    assert (found["status"], found["next_update"]) == ("unknown", None)


@pytest.mark.parametrize(
    ("root", "mine", "hashed"),
    [(RSA_ROOT, RSA_KEY, hashes.SHA256()), (ED_ROOT, ED_KEY, None)],
    ids=["RSA", "Ed25519"],
)
def test_every_kind_of_key(root: x509.Certificate, mine: Key, hashed: hashes.HashAlgorithm | None) -> None:
    name = root.subject.rfc4514_string().removeprefix("CN=")
    own = issued("server", other_key(1), name, mine)
    says = Says(of=own, issuer=root, signer=mine, by=root, hashed=hashed, names=hashes.SHA256())
    assert ocsp_of(says, own, root)["status"] == "good"
    impostor = issued(name, other_key(), name, other_key(), ca=True)
    with pytest.raises(UnusableError, match="signed the answer"):
        ocsp_of(replace(says, signer=other_key(), by=impostor, hashed=hashes.SHA256()), own, root)


def test_a_responder_that_the_issuer_named() -> None:
    named = delegate(end=datetime(2095, 6, 18, 12, tzinfo=UTC))
    found = ocsp_of(Says(signer=other_key(2), by=named, beside=(OTHER, named)))
    assert (found["signer"], found["signer_until"]) == ("responder", "2095-06-18T12:00:00Z")


@pytest.mark.parametrize(
    "beside",
    [
        (),
        (delegate(purposes=()),),
        (delegate(purposes=(ExtendedKeyUsageOID.SERVER_AUTH,)),),
        (delegate(end=datetime(2021, 1, 1, tzinfo=UTC)),),
        (issued("responder", other_key(2), "Root", other_key(2)),),
    ],
    ids=["not beside", "without a purpose", "for something else", "ended", "of another authority"],
)
def test_a_responder_that_nobody_named(beside: tuple[x509.Certificate, ...]) -> None:
    with pytest.raises(UnusableError, match="neither its authority nor a responder that this named signed"):
        ocsp_of(Says(signer=other_key(2), by=delegate(), beside=beside))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (answer(Says(of=OTHER)), "speaks of another certificate"),
        (answer(Says(issuer=issued("Root", other_key(), "Root", other_key(), ca=True))), "another certificate"),
        (ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(Encoding.DER),
         "the responder answers try_later"),
        (b"<html>", "cannot be understood"),
        (answer(Says())[:-4], "cannot be understood"),
    ],
    ids=["another", "another issuer", "try later", "HTML", "cut"],
)  # fmt: skip
def test_what_says_nothing(content: bytes, problem: str) -> None:
    with pytest.raises(UnusableError, match=problem):
        said_by_ocsp(content, leaf(), ROOT)


SHA256_RSA, SHA1_RSA = bytes.fromhex("2a864886f70d01010b"), bytes.fromhex("2a864886f70d010105")


def test_a_weak_signature_says_nothing() -> None:
    own = issued("server", other_key(1), "Long", RSA_KEY)
    strong = answer(Says(of=own, issuer=RSA_ROOT, signer=RSA_KEY, by=RSA_ROOT))
    with pytest.raises(UnusableError, match="signed with SHA1, which anybody could forge"):
        said_by_ocsp(strong.replace(SHA256_RSA, SHA1_RSA), own, RSA_ROOT)
    weak = a_list(signer=RSA_KEY, issuer="Long").replace(SHA256_RSA, SHA1_RSA)
    with pytest.raises(UnusableError, match="the list is signed with SHA1"):
        said_by_crl(weak, own, RSA_ROOT, URL)


def test_a_flipped_bit_says_nothing() -> None:
    content = bytearray(answer(Says()))
    content[-1] ^= 1
    with pytest.raises(UnusableError):
        said_by_ocsp(bytes(content), leaf(), ROOT)


def point(**given: object) -> tuple[x509.ExtensionType, bool]:
    fields: dict[str, object] = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**{**fields, **given}), True  # type: ignore[arg-type]


def at(url: str) -> list[x509.UniformResourceIdentifier]:
    return [x509.UniformResourceIdentifier(url)]


SOME = frozenset({x509.ReasonFlags.key_compromise})


@pytest.mark.parametrize(
    ("extensions", "status"),
    [
        ((), "good"),
        ([(x509.CRLNumber(7), False), point(full_name=at(URL))], "good"),
        ([point(only_contains_user_certs=True)], "good"),
        ([point(only_some_reasons=SOME)], "unknown"),
    ],
    ids=["plain", "its own part", "of servers", "some reasons"],
)
def test_a_list_without_the_certificate(extensions: Sequence[tuple[x509.ExtensionType, bool]], status: str) -> None:
    assert said_by_crl(a_list(OTHER, extensions=extensions), leaf(), ROOT, URL) == {
        "status": status,
        "this_update": "2026-06-14T12:00:00Z",
        "next_update": "2026-06-16T12:00:00Z",
        "signer": "issuer",
    }


@pytest.mark.parametrize("reason", [None, x509.ReasonFlags.superseded])
def test_a_list_with_the_certificate(reason: x509.ReasonFlags | None) -> None:
    found = said_by_crl(a_list(OTHER, leaf(), reason=reason), leaf(), ROOT, URL)
    expected = reason.value if reason else "none"
    assert (found["status"], found["revoked_at"], found["reason"]) == ("revoked", "2026-06-10T12:00:00Z", expected)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (a_list(signer=other_key()), "its authority did not sign the list"),
        (a_list(issuer="Other"), "its authority did not sign the list"),
        (a_list(extensions=[(x509.DeltaCRLIndicator(3), True)]), "is a part"),
        (a_list(extensions=[point(full_name=at("http://crl.example/2.crl"))]), "another part"),
        (a_list(extensions=[point(only_contains_ca_certs=True)]), "of other certificates"),
        (a_list(extensions=[point(only_contains_attribute_certs=True)]), "of other certificates"),
        (a_list(extensions=[point(indirect_crl=True)]), "of other certificates"),
        (b"-----BEGIN X509 CRL-----", "cannot be understood"),
    ],
    ids=["signer", "issuer", "delta", "part", "authorities", "attributes", "indirect", "not DER"],
)
def test_a_list_that_says_nothing(content: bytes, problem: str) -> None:
    with pytest.raises(UnusableError, match=problem):
        said_by_crl(content, leaf(), ROOT, URL)


def test_a_list_of_servers_says_nothing_of_an_authority() -> None:
    between = issued("Between", other_key(4), "Root", key("P-256"), ca=True)
    assert is_authority(between)
    with pytest.raises(UnusableError, match="of other certificates"):
        said_by_crl(a_list(extensions=[point(only_contains_user_certs=True)]), between, ROOT, URL)
    assert said_by_crl(a_list(extensions=[point(only_contains_ca_certs=True)]), between, ROOT, URL)["status"] == "good"


def test_the_issuer_is_who_signed() -> None:
    impostor = issued("Root", other_key(), "Root", other_key(), ca=True)
    among = [one.public_bytes(Encoding.DER) for one in (impostor, leaf(), ROOT)]
    broken = b"\x30\x00" + leaf().issuer.public_bytes()
    assert issuer_of(leaf(), [b"\x30\x00", broken, *among]) == ROOT
    with pytest.raises(UnusableError, match="neither sent nor trusted here"):
        issuer_of(leaf(), among[:2])


def test_what_demands_a_stapled_answer() -> None:
    feature = x509.TLSFeature([x509.TLSFeatureType.status_request])
    assert must_staple(leaf(feature))
    assert not must_staple(leaf(x509.TLSFeature([x509.TLSFeatureType.status_request_v2])))
    assert not must_staple(leaf())


def test_a_certificate_that_does_not_say_is_no_authority() -> None:
    assert not is_authority(x509.load_der_x509_certificate(certificate()))


def test_a_key_of_another_kind_signs_nothing() -> None:
    with pytest.raises(UnusableError, match="neither its authority nor a responder"):
        said_by_ocsp(answer(Says()), leaf(), x509.load_der_x509_certificate(certificate("DSA")))
