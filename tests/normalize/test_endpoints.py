"""What endpoints said to rows, from real servers; and that what is missing or odd is not known."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from scanner.model.endpoints import FhirServerFact, JwkFact, TlsCertificateFact, TlsEndpointFact
from scanner.model.ids import Json
from scanner.model.observation import Observation, Record
from scanner.model.tables import CoverageFact
from scanner.normalize.endpoints import ENDPOINT, HANDSHAKE, JWKS, METADATA, OFFERS, SMART, TRUST, normalize
from tests.collect.endpoints.running import scanned
from tests.demo.ehr.running import a_source, running
from tests.normalize.builders import missed


@cache
def of(server: str) -> tuple[Record, ...]:
    """Return what a scan of a server of the simulated EHR writes."""
    keys = (running().jwks("good", "voice"),) if server == "good" else ()
    with tempfile.TemporaryDirectory() as folder:
        return tuple(scanned(Path(folder), a_source(server, jwks=keys)))


def rows(records: Any, table: Any) -> list[Any]:  # noqa: ANN401 - a table
    return [fact for fact in normalize(list(records)) if isinstance(fact, table)]


def changed(server: str, operation: str, **members: Json) -> list[Record]:
    """Return the records with these members in every answer to an operation."""
    return [
        replace(one, response={**one.response, **members})
        if isinstance(one, Observation) and one.operation == operation and isinstance(one.response, dict)
        else one
        for one in of(server)
    ]


def without(server: str, *operations: str) -> list[Record]:
    return [one for one in of(server) if one.operation not in operations]


def coverage(records: Any) -> dict[str, bool]:  # noqa: ANN401 - records
    return {fact.listed_table: fact.complete for fact in rows(records, CoverageFact)}


def test_a_good_endpoint() -> None:
    (row,) = rows(of("good"), TlsEndpointFact)
    assert (row.ssl_3_0, row.tls_1_0, row.tls_1_1, row.tls_1_2, row.tls_1_3) == (False, False, False, True, True)
    assert (row.broken_suites, row.broken_suite_count, row.non_aead_count, row.static_count) == ((), 0, 0, 0)
    assert (row.host_matches, row.chain_trusted, row.chain_problem, row.trust_store) == (
        True,
        True,
        "none",
        "ca_bundle",
    )
    assert (row.negotiated_version, row.certificates, row.owner, row.vendor) == ("TLSv1.3", 2, "own", "none")
    assert "TLS_AES_256_GCM_SHA384" in row.suites


def test_an_old_endpoint() -> None:
    (row,) = rows(of("old"), TlsEndpointFact)
    assert (row.tls_1_0, row.tls_1_1, row.tls_1_2, row.tls_1_3) == (True, True, True, False)
    assert "TLS_RSA_WITH_NULL_MD5" in row.broken_suites
    assert row.broken_suite_count == len(row.broken_suites)
    assert row.static_count > 0 < row.non_aead_count
    assert (row.host_matches, row.chain_trusted, row.chain_problem) == (False, False, "self-signed certificate")


def test_certificates() -> None:
    own, authority = rows(of("good"), TlsCertificateFact)
    assert (own.leaf, own.algorithm, own.curve, own.strength_bits) == (True, "EC", "P-256", 128)
    assert (own.self_issued, own.authority, own.lifetime_days) == (False, False, 90)
    assert (authority.self_issued, authority.authority, authority.position) == (True, True, 1)
    (old,) = rows(of("old"), TlsCertificateFact)
    assert (old.algorithm, old.length_bits, old.strength_bits, old.signature_hash) == ("RSA", 1024, 80, "sha256")
    assert old.revoked is None
    assert len({own.public_fingerprint, authority.public_fingerprint, old.public_fingerprint}) == 3
    assert {len(one.public_fingerprint) for one in (own, authority, old)} == {64}


def test_servers() -> None:
    (good,), (lax,), (bare,), (old,) = (rows(of(name), FhirServerFact) for name in ("good", "lax", "bare", "old"))
    assert (good.smart, good.asymmetric_login, good.shared_secret_login, good.pkce_s256) == (True, True, False, True)
    assert (good.smart_declared, good.encrypted_endpoints, good.fhir_version) == (True, True, "4.0.1")
    assert (lax.asymmetric_login, lax.shared_secret_login, lax.pkce_s256, lax.pkce_plain) == (False, True, False, True)
    assert (lax.encrypted_endpoints, lax.declares_security, lax.smart_declared) == (False, False, False)
    assert (bare.smart, bare.asymmetric_login, bare.security_services) == (False, None, ())
    # It is not trusted, and so it was not asked.
    assert (old.smart, old.smart_declared, old.fhir_version) == (None, None, None)


def test_published_keys() -> None:
    curve, long, short, secret = rows(of("good"), JwkFact)
    assert (curve.algorithm, curve.curve, curve.signature_algorithm, curve.told) == ("EC", "P-384", "ES384", True)
    assert (long.length_bits, long.strength_bits, long.discloses, long.told) == (3072, 128, False, False)
    assert (short.length_bits, short.discloses, short.kid) == (2048, True, "short")
    assert (secret.algorithm, secret.curve, secret.discloses, secret.kid) == ("symmetric", "none", True, "none")
    assert [len(one.public_fingerprint) for one in (curve, long, short)] == [64, 64, 64]
    assert secret.public_fingerprint == "none"


def test_what_was_read_whole_is_told() -> None:
    whole = dict.fromkeys(("tls_endpoints", "fhir_servers", "tls_certificates", "jwks_keys"), True)
    assert coverage(of("good")) == coverage(of("bare")) == whole
    gap = missed(HANDSHAKE, subject="endpoint:good")
    assert coverage([*without("good", HANDSHAKE, JWKS), gap, missed(JWKS, subject="endpoint:good")]) == {
        **whole,
        "tls_certificates": False,
        "jwks_keys": False,
    }
    assert coverage(without("good", HANDSHAKE, JWKS)) == {"tls_endpoints": True, "fhir_servers": True}
    assert coverage([missed(ENDPOINT)]) == {"tls_endpoints": False, "fhir_servers": False}
    # Nobody asked which endpoints there are: then nothing is said of how many.
    assert coverage(without("good", ENDPOINT)) == {"tls_certificates": True}
    assert list(normalize([])) == []


def test_without_answers_nothing_is_known() -> None:
    (row,) = rows(without("good", OFFERS, HANDSHAKE, TRUST), TlsEndpointFact)
    assert {row.ssl_3_0, row.tls_1_3, row.suites, row.broken_suites, row.broken_suite_count, row.static_count} == {None}
    assert {row.negotiated_version, row.certificates, row.host_matches, row.chain_trusted} == {None}
    (server,) = rows(without("good", SMART, METADATA), FhirServerFact)
    assert {server.smart, server.pkce_s256, server.revocation, server.encrypted_endpoints} == {None}


def closed(server: str, *versions: str) -> list[Record]:
    """Return the records of a server that hangs up on these versions without a word."""
    silent: dict[str, Json] = {"offered": False, "suites": [], "ended": "closed"}
    return [
        replace(one, response={**one.response, **silent})
        if isinstance(one, Observation) and isinstance(one.response, dict) and one.params.get("version") in versions
        else one
        for one in of(server)
    ]


def test_to_hang_up_is_a_refusal_only_of_one_that_speaks_otherwise() -> None:
    (row,) = rows(closed("good", "TLS 1.0"), TlsEndpointFact)
    assert (row.tls_1_0, row.broken_suite_count) == (False, 0)
    (row,) = rows(closed("good", "TLS 1.0", "TLS 1.2", "TLS 1.3"), TlsEndpointFact)
    assert (row.tls_1_0, row.tls_1_1, row.tls_1_2, row.broken_suite_count) == (None, False, None, None)


def test_a_broken_suite_counts_though_not_every_version_is_known() -> None:
    some = [one for one in of("old") if not isinstance(one, Observation) or one.params.get("version") != "TLS 1.3"]
    (row,) = rows(some, TlsEndpointFact)
    assert (row.tls_1_3, row.suites) == (None, None)
    assert row.broken_suite_count > 0


@pytest.mark.parametrize("suites", ["text", [7]])
def test_odd_suites_are_not_known(suites: Json) -> None:
    (row,) = rows(changed("good", OFFERS, suites=suites), TlsEndpointFact)
    assert (row.tls_1_2, row.broken_suite_count) == (None, None)


@pytest.mark.parametrize("chain", ["text", [], [7], [{"names": 2}]])
def test_an_odd_chain_is_not_whole(chain: Json) -> None:
    assert coverage(changed("good", HANDSHAKE, chain=chain))["tls_certificates"] is False


def test_an_odd_certificate_is_a_row_of_nothing() -> None:
    odd: list[Json] = [{"fingerprint": "f", "key": {"algorithm": "RSA"}}, {"fingerprint": "f"}, {"fingerprint": "g"}]
    first, second = rows(changed("good", HANDSHAKE, chain=odd), TlsCertificateFact)
    assert (first.algorithm, first.length_bits, first.strength_bits, first.approved_algorithm) == (
        "RSA",
        None,
        None,
        None,
    )
    assert (second.position, second.self_issued, second.not_after, second.lifetime_days) == (2, None, None, None)


@pytest.mark.parametrize("rest", ["text", [], [{"security": 7}], [{"security": {"services": [7]}}], [7]])
def test_an_odd_statement_declares_nothing(rest: Json) -> None:
    (row,) = rows(changed("good", METADATA, rest=rest), FhirServerFact)
    assert not row.smart_declared


def test_a_configuration_without_addresses_does_not_say() -> None:
    names = ("authorization_endpoint", "token_endpoint", "revocation_endpoint", "jwks_uri")
    (row,) = rows(changed("good", SMART, **dict.fromkeys(names, 7)), FhirServerFact)
    assert (row.encrypted_endpoints, row.revocation) == (None, False)
    (row,) = rows(changed("good", SMART, capabilities=7), FhirServerFact)
    assert row.capabilities is None


def test_an_odd_set_is_not_whole() -> None:
    same: Json = {"kty": "EC", "crv": "P-256", "thumbprint": "t"}
    odd = changed("good", JWKS, keys=[7, same, same, {"kty": "RSA"}, {"kty": "OKP", "crv": "Ed25519"}])
    assert coverage(odd)["jwks_keys"] is False
    curve, length, edwards = rows(odd, JwkFact)
    assert (curve.curve, length.length_bits, edwards.algorithm) == ("P-256", None, "EdDSA")
    assert coverage(changed("good", JWKS, keys=7))["jwks_keys"] is False
    assert coverage(changed("good", ENDPOINT, jwks=7))["jwks_keys"] is False


def test_a_plain_endpoint_is_no_server() -> None:
    records = changed("good", ENDPOINT, kind="tls")
    assert rows(records, FhirServerFact) == []
    assert coverage(records)["fhir_servers"] is True


@pytest.mark.parametrize("kind", [None, 7, "dicom"])
def test_an_endpoint_that_does_not_say_its_kind_may_speak_fhir(kind: Json) -> None:
    assert coverage(changed("good", ENDPOINT, kind=kind))["fhir_servers"] is False
    assert coverage(changed("good", ENDPOINT, kind="tls"))["fhir_servers"] is True
