"""What is asked of endpoints, and the columns that each answer feeds."""

from __future__ import annotations

from scanner.model.operation import Operation, columns

ENDPOINT = "endpoints:Endpoint"
OFFERS = "endpoints:Offers"
HANDSHAKE = "endpoints:Handshake"
TRUST = "endpoints:Trust"
STAPLING = "endpoints:Stapling"
REVOCATION = "endpoints:Revocation"
SMART = "endpoints:SmartConfiguration"
METADATA = "endpoints:CapabilityStatement"
JWKS = "endpoints:Jwks"

_REVOKED = (
    *("revoked", "revocation_status", "revocation_way", "revocation_as_of", "revocation_until", "revocation_current"),
    *("revoked_at", "revocation_reason"),
)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name=ENDPOINT,
        permissions=(),
        feeds=(
            *columns("tls_endpoints", "*", "name", "host", "port", "kind", "owner", "vendor"),
            *columns("fhir_servers", "*", "name", "owner", "vendor"),
        ),
        purpose="which endpoints the estate names; nothing is sent",
    ),
    Operation(
        name=OFFERS,
        permissions=("tls",),
        feeds=columns(
            "tls_endpoints",
            *("ssl_3_0", "tls_1_0", "tls_1_1", "tls_1_2", "tls_1_3", "suites", "broken_suites", "broken_suite_count"),
            *("non_aead_count", "static_count"),
        ),
        needs=(ENDPOINT,),
        purpose="first messages of TLS, one for each version and suite: which of them the server takes",
    ),
    Operation(
        name=HANDSHAKE,
        permissions=("tls",),
        feeds=(
            *columns("tls_endpoints", "negotiated_version", "negotiated_suite", "host_matches", "certificates"),
            *columns("tls_certificates", "*", "position", "leaf", "fingerprint", "subject_hash", "issuer_hash"),
            *columns("tls_certificates", "self_issued", "authority", "algorithm", "curve", "length_bits"),
            *columns("tls_certificates", "strength_bits", "approved_algorithm", "signature_hash", "signature_oid"),
            "tls_certificates.public_fingerprint",
            *columns("tls_certificates", "not_before", "not_after", "lifetime_days"),
        ),
        needs=(ENDPOINT,),
        purpose="one handshake: version and suite, and the certificates' public parts",
    ),
    Operation(
        name=TRUST,
        permissions=("tls",),
        feeds=columns("tls_endpoints", "chain_trusted", "chain_problem", "trust_store"),
        needs=(ENDPOINT,),
        purpose="one handshake: whether the chain ends at an authority of this machine, or of `ca_bundle`",
    ),
    Operation(
        name=STAPLING,
        permissions=("tls",),
        feeds=columns("tls_certificates", "stapled", "must_staple", *_REVOKED),
        needs=(ENDPOINT, HANDSHAKE),
        purpose="one first message of TLS 1.2 that asks for a stapled answer of OCSP",
    ),
    Operation(
        name=REVOCATION,
        permissions=("http GET, with `revocation: ask`",),
        feeds=columns("tls_certificates", *_REVOKED),
        needs=(HANDSHAKE, STAPLING),
        purpose="with `revocation: ask`: GET of the OCSP or CRL address that a certificate names",
    ),
    Operation(
        name=SMART,
        permissions=("https GET",),
        feeds=columns(
            "fhir_servers",
            *("smart", "asymmetric_login", "shared_secret_login", "pkce_s256", "pkce_plain", "login_algorithms"),
            *("capabilities", "revocation", "introspection", "encrypted_endpoints"),
        ),
        needs=(ENDPOINT,),
        purpose="GET /.well-known/smart-configuration: how clients log in",
    ),
    Operation(
        name=METADATA,
        permissions=("https GET",),
        feeds=columns("fhir_servers", "fhir_version", "declares_security", "security_services", "smart_declared"),
        needs=(ENDPOINT,),
        purpose="GET /metadata: of the CapabilityStatement its version and rest.security",
    ),
    Operation(
        name=JWKS,
        permissions=("https GET",),
        feeds=columns(
            "jwks_keys",
            *(
                "*",
                "url",
                "kid",
                "key_use",
                "algorithm",
                "curve",
                "length_bits",
                "strength_bits",
                "signature_algorithm",
            ),
            *("public_fingerprint", "discloses", "told", "created_at"),
        ),
        needs=(ENDPOINT,),
        purpose="GET of each key set that the estate names: types, lengths and algorithms of public keys",
    ),
)
