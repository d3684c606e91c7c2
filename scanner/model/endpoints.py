"""The fact tables of endpoints: the TLS they speak, their certificates, and how clients log in to a FHIR server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from scanner.model.facts import Fact, column


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsEndpointFact(Fact):
    """One host and port of the estate file, as it was seen from where the scan ran."""

    table: ClassVar[str] = "tls_endpoints"
    key: ClassVar[str] = "endpoint_id"
    parent: ClassVar[str] = "source"

    endpoint_id: str = column("`endpoint:` and the name of the source.", source="the estate file", required=True)
    account: str = column("Name of the source.", source="the scan", required=True)
    name: str | None = column("Name of the source, for people.", source="the estate file")
    host: str | None = column("Host.", source="the estate file")
    port: int | None = column("TCP port.", source="the estate file")
    kind: str | None = column("`tls` or `fhir`.", source="the estate file")
    owner: str | None = column("Who runs it: `own` or `vendor`.", source="the estate file")
    vendor: str | None = column("Which vendor runs it, or `none`.", source="the estate file")
    ssl_3_0: bool | None = column("It takes SSL 3.0.", source="its first message; RFC 6101, 5.6.1")
    tls_1_0: bool | None = column("It takes TLS 1.0.", source="its first message; RFC 5246, 7.4.1")
    tls_1_1: bool | None = column("… TLS 1.1.", source="its first message; RFC 5246, 7.4.1")
    tls_1_2: bool | None = column("… TLS 1.2.", source="its first message; RFC 5246, 7.4.1")
    tls_1_3: bool | None = column("… TLS 1.3.", source="its first message; RFC 8446, 4.1.3")
    suites: tuple[str, ...] | None = column(
        "Every cipher suite that it takes in any version, sorted; null unless all versions are known.",
        source="its first messages; IANA TLS Cipher Suites",
    )
    broken_suites: tuple[str, ...] | None = column(
        "Those without encryption or authentication, and with RC2, RC4, DES, 3DES, export keys or MD5, as far as seen.",
        source="its first messages",
    )
    broken_suite_count: int | None = column(
        "How many; null when none was seen and not all is known.", source="as above"
    )
    non_aead_count: int | None = column("How many are no authenticated encryption (AEAD).", source="as above")
    static_count: int | None = column("How many have no ephemeral key: no forward secrecy.", source="as above")
    negotiated_version: str | None = column("Version that a modern client gets.", source="one handshake")
    negotiated_suite: str | None = column("Suite that it gets, in OpenSSL's name.", source="one handshake")
    certificates: int | None = column("Certificates that the server sends.", source="one handshake")
    host_matches: bool | None = column(
        "One of the names in the server's certificate is the host's.", source="RFC 5280, 4.2.1.6; RFC 6125, 6.4"
    )
    chain_trusted: bool | None = column(
        "The chain ends at an authority of `trust_store`, dates aside.", source="OpenSSL's verification; RFC 5280, 6"
    )
    chain_problem: str | None = column("What is wrong with it in OpenSSL's words, or `none`.", source="as above")
    trust_store: str | None = column("`ca_bundle`, or `system`: that of the machine that scanned.", source="the scan")


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsCertificateFact(Fact):
    """One certificate that an endpoint sends."""

    table: ClassVar[str] = "tls_certificates"
    key: ClassVar[str] = "certificate_id"
    parent: ClassVar[str] = "endpoint_id"

    certificate_id: str = column("Endpoint, and fingerprint.", source="one handshake", required=True)
    endpoint_id: str = column("Who sends it.", source="the collector", required=True)
    account: str = column("Name of the source.", source="the scan", required=True)
    position: int | None = column("Place in the chain; the server's own has 0.", source="one handshake")
    leaf: bool | None = column("It is the server's own.", source="one handshake")
    fingerprint: str | None = column("SHA-256 of its bytes, in hex.", source="one handshake")
    subject_hash: str | None = column("SHA-256 of its subject's name in DER.", source="RFC 5280, 4.1.2.6")
    issuer_hash: str | None = column("… of its issuer's.", source="RFC 5280, 4.1.2.4")
    self_issued: bool | None = column("Subject and issuer have one name.", source="RFC 5280, 3.2")
    authority: bool | None = column("It may issue others.", source="RFC 5280, 4.2.1.9")
    algorithm: str | None = column("As in `keys`.", source="RFC 5280, 4.1.2.7")
    curve: str | None = column("As in `keys`.", source="RFC 5280, 4.1.2.7")
    length_bits: int | None = column("As in `keys`.", unit="bits", source="RFC 5280, 4.1.2.7")
    strength_bits: int | None = column("As in `keys`.", unit="bits", source="SP 800-57 Part 1 Rev. 5, Table 2")
    approved_algorithm: bool | None = column("As in `keys`.", source="FIPS 186-5, SP 800-186")
    public_fingerprint: str | None = column("As in `keys`.", source="RFC 5280, 4.1.2.7")
    signature_hash: str | None = column(
        "Hash under its signature (`sha256`), or `none` where the algorithm has its own.", source="RFC 5280, 4.1.1.2"
    )
    signature_oid: str | None = column("Algorithm of its signature, as OID.", source="RFC 5280, 4.1.1.2")
    not_before: datetime | None = column("Begin.", unit="UTC", source="RFC 5280, 4.1.2.5")
    not_after: datetime | None = column("End.", unit="UTC", source="RFC 5280, 4.1.2.5")
    lifetime_days: int | None = column("Whole days between the two.", unit="days", source="RFC 5280, 4.1.2.5")
    must_staple: bool | None = column(
        "It demands that its server staples an answer; null of others than the server's own.",
        source="RFC 7633, 4; first messages of TLS 1.2",
    )
    stapled: bool | None = column(
        "The server staples an answer of OCSP to it; null of others than the server's own, and where the server does "
        "not speak TLS 1.2: in TLS 1.3 it is encrypted.",
        source="RFC 6066, 8; first messages of TLS 1.2",
    )
    revoked: bool | None = column(
        "Its authority has withdrawn it. False only by an answer that the authority or its responder signed, and that "
        "was in force when it was read; null for lack of such an answer.",
        source="OCSP (RFC 6960), CRL (RFC 5280, 5)",
    )
    revocation_status: str | None = column(
        "What the answer says: `good`, `revoked`, or `unknown`: the authority does not know it.", source="as above"
    )
    revocation_way: str | None = column(
        "`stapled`: the server had the answer; `ocsp`, `crl`: the authority was asked.", source="as above"
    )
    revocation_as_of: datetime | None = column(
        "When that was known to be so.", unit="UTC", source="thisUpdate of the answer or list"
    )
    revocation_until: datetime | None = column(
        "Until when it may be relied on: the next answer, or the end of the responder's own certificate.",
        unit="UTC",
        source="nextUpdate; RFC 6960, 4.2.2.2",
    )
    revocation_current: bool | None = column(
        "The answer had begun and not ended when it was read; false as well where it states no end.",
        source="as above; time of the observation",
    )
    revoked_at: datetime | None = column(
        "When it was withdrawn; null as well when it was not.", unit="UTC", source="revocationTime; RFC 5280, 5.1.2.6"
    )
    revocation_reason: str | None = column(
        "Reason as RFC 5280 names it (`keyCompromise`), or `none`; null when it was not withdrawn.",
        source="RFC 5280, 5.3.1",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FhirServerFact(Fact):
    """One FHIR server of the estate file: what it tells clients of logging in."""

    table: ClassVar[str] = "fhir_servers"
    key: ClassVar[str] = "server_id"
    parent: ClassVar[str] = "source"

    server_id: str = column("`endpoint:` and the name of the source.", source="the estate file", required=True)
    account: str = column("Name of the source.", source="the scan", required=True)
    name: str | None = column("Name of the source, for people.", source="the estate file")
    owner: str | None = column("As in `tls_endpoints`.", source="the estate file")
    vendor: str | None = column("As in `tls_endpoints`.", source="the estate file")
    smart: bool | None = column("It has a SMART configuration.", source="/.well-known/smart-configuration")
    asymmetric_login: bool | None = column(
        "Clients may log in with a key pair.", source="token_endpoint_auth_methods_supported: private_key_jwt"
    )
    shared_secret_login: bool | None = column(
        "Clients may log in with a secret that the server knows as well.",
        source="token_endpoint_auth_methods_supported: client_secret_basic, client_secret_post, client_secret_jwt",
    )
    login_algorithms: tuple[str, ...] | None = column(
        "Algorithms of what clients sign, sorted; null where it does not say.",
        source="token_endpoint_auth_signing_alg_values_supported",
    )
    pkce_s256: bool | None = column(
        "Codes are bound to their client by a hash.", source="code_challenge_methods_supported"
    )
    pkce_plain: bool | None = column(
        "… or by what anybody on the way can read.", source="code_challenge_methods_supported"
    )
    capabilities: tuple[str, ...] | None = column("What it says it can, sorted.", source="capabilities")
    revocation: bool | None = column("Tokens can be withdrawn.", source="revocation_endpoint")
    introspection: bool | None = column("Tokens can be looked up.", source="introspection_endpoint")
    encrypted_endpoints: bool | None = column(
        "Every address for logging in begins with https.",
        source="authorization_endpoint, token_endpoint, introspection_endpoint, revocation_endpoint, jwks_uri",
    )
    fhir_version: str | None = column("Version of FHIR.", source="CapabilityStatement.fhirVersion")
    declares_security: bool | None = column(
        "Its statement names at least one security service.", source="CapabilityStatement.rest.security.service"
    )
    security_services: tuple[str, ...] | None = column(
        "Their codes, sorted.", source="CapabilityStatement.rest.security.service.coding.code"
    )
    smart_declared: bool | None = column("`SMART-on-FHIR` is one of them.", source="as above")


@dataclass(frozen=True, slots=True, kw_only=True)
class JwkFact(Fact):
    """One public key of a key set: what a client signs its logins with."""

    table: ClassVar[str] = "jwks_keys"
    key: ClassVar[str] = "jwk_id"
    parent: ClassVar[str] = "endpoint_id"

    jwk_id: str = column(
        "Endpoint, address, and thumbprint (RFC 7638), or the place in the set.", source="the key set", required=True
    )
    endpoint_id: str = column("Endpoint that the estate names the set with.", source="the estate file", required=True)
    account: str = column("Name of the source.", source="the scan", required=True)
    url: str | None = column("Address of the set.", source="the estate file")
    kid: str | None = column("Its name in the set, or `none`.", source="RFC 7517, 4.5")
    key_use: str | None = column("`sig`, `enc`, or `none` where it does not say.", source="RFC 7517, 4.2")
    algorithm: str | None = column("As in `keys`; `symmetric` for a secret.", source="RFC 7517, 4.1")
    curve: str | None = column("As in `keys`.", source="RFC 7518, 6.2.1.1")
    length_bits: int | None = column("As in `keys`.", unit="bits", source="RFC 7518, 6.3.1.1")
    strength_bits: int | None = column("As in `keys`.", unit="bits", source="SP 800-57 Part 1 Rev. 5, Table 2")
    public_fingerprint: str | None = column("As in `keys`.", source="RFC 7518, 6.2.1, 6.3.1; RFC 8037, 2")
    signature_algorithm: str | None = column("`RS384`, `ES384` and so on, or `none`.", source="RFC 7517, 4.4")
    discloses: bool | None = column(
        "The set gives out the private or secret part.", source="RFC 7518, 6.2.2, 6.3.2, 6.4"
    )
    told: bool | None = column("A certificate beside the key tells since when it is there.", source="RFC 7517, 4.7")
    created_at: datetime | None = column(
        "Begin of that certificate; null as well without one.", unit="UTC", source="RFC 7517, 4.7"
    )


TABLES: tuple[type[Fact], ...] = (TlsEndpointFact, TlsCertificateFact, FhirServerFact, JwkFact)
