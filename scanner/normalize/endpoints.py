"""What endpoints said to rows: versions and suites of TLS, certificates, SMART on FHIR, key sets. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from scanner.model.endpoints import FhirServerFact, JwkFact, TlsCertificateFact, TlsEndpointFact
from scanner.model.facts import Fact
from scanner.model.ids import Digest, Json
from scanner.model.observation import Observation, Record
from scanner.normalize.algorithms import KeyShape, ec, rsa
from scanner.normalize.reading import Object, child, flag, moment, text, text_or, texts
from scanner.normalize.records import Records
from scanner.normalize.revoked import with_revocation

ENDPOINT = "endpoints:Endpoint"
OFFERS = "endpoints:Offers"
HANDSHAKE = "endpoints:Handshake"
TRUST = "endpoints:Trust"
SMART = "endpoints:SmartConfiguration"
METADATA = "endpoints:CapabilityStatement"
JWKS = "endpoints:Jwks"

KINDS = ("tls", "fhir")
VERSIONS = ("SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3")
CLOSED = "closed"
_BROKEN = ("_NULL_", "_EXPORT_", "_anon_", "_RC4_", "_RC2_", "_DES_", "_DES40_", "_3DES_")
_AEAD = ("_GCM_", "_CCM", "_CHACHA20_POLY1305")
_EPHEMERAL = ("TLS_ECDHE_", "TLS_DHE_", "TLS_ECDH_anon_", "TLS_DH_anon_", "TLS_AES_", "TLS_CHACHA20_")
_SECRETS = frozenset({"client_secret_basic", "client_secret_post", "client_secret_jwt"})
_ADDRESSES = (
    *("authorization_endpoint", "token_endpoint", "introspection_endpoint", "revocation_endpoint"),
    "jwks_uri",
)

SHAPES: Mapping[str, KeyShape] = {
    "secp224r1": ec("P-224", 224),
    "secp256r1": ec("P-256", 256),
    "secp384r1": ec("P-384", 384),
    "secp521r1": ec("P-521", 521),
    "secp256k1": ec("secp256k1", 256, approved=False),
    # SP 800-186 puts the two curves at 128 and 224 bits of strength.
    "Ed25519": KeyShape("EdDSA", 255, 128, "Edwards25519", quantum_vulnerable=True),
    "Ed448": KeyShape("EdDSA", 448, 224, "Edwards448", quantum_vulnerable=True),
}
_JOSE = {"P-256": "secp256r1", "P-384": "secp384r1", "P-521": "secp521r1", "secp256k1": "secp256k1"}
"""Curves as RFC 7518 and RFC 8812 name them, to the names of certificates."""


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield the endpoint, its certificates, the FHIR server and the published keys, and whether each list is whole."""
    unit = Records(records)
    if unit.first is None:
        return
    answer = unit.answer(ENDPOINT)
    told = answer.response if answer is not None and isinstance(answer.response, dict) else None
    name = unit.first.source_name
    subject = f"endpoint:{name}"
    is_fhir = told is not None and told.get("kind") == "fhir"
    # One that does not say of which kind it is may speak FHIR.
    known = told is not None and text(told, "kind") in KINDS
    if told is not None:
        yield _endpoint(unit, subject, told, unit.ids(ENDPOINT))
    if told is not None and is_fhir:
        yield _server(unit, subject, told, unit.ids(ENDPOINT))
    if unit.asked(ENDPOINT):
        for table, rows in ((TlsEndpointFact, 1), (FhirServerFact, int(is_fhir))):
            yield unit.coverage(table, ENDPOINT, unit.source, None, rows if known else 0, complete=known)
    yield from _certificates(unit, subject)
    if told is not None:
        yield from _published(unit, subject, told)


def _endpoint(unit: Records, subject: str, told: Object, listed: tuple[Digest, ...]) -> TlsEndpointFact:
    offered, suites = _offers(unit, subject)
    whole = all(one is not None for one in offered.values())
    broken = sorted(one for one in suites if _is_broken(one))
    shake = unit.response(HANDSHAKE, subject)
    chain = shake.get("chain") if isinstance(shake, dict) else None
    leaf = chain[0] if isinstance(chain, list) and chain and isinstance(chain[0], dict) else None
    trust = child({"of": unit.response(TRUST, subject)}, "of")
    body = shake if isinstance(shake, dict) else None
    return TlsEndpointFact(
        source=unit.source,
        evidence=unit.evidence(subject, *listed),
        endpoint_id=subject,
        account=_account(unit),
        name=text(told, "name"),
        host=text(told, "host"),
        port=_number(told, "port"),
        kind=text(told, "kind"),
        owner=text(told, "owner"),
        vendor=text(told, "vendor"),
        **{one.lower().replace(" ", "_").replace(".", "_"): offered[one] for one in VERSIONS},
        suites=tuple(sorted(suites)) if whole else None,
        broken_suites=tuple(broken) if whole or broken else None,
        broken_suite_count=_count(len(broken), whole),
        non_aead_count=_count(sum(not _has(one, _AEAD) for one in suites), whole),
        static_count=_count(sum(not one.startswith(_EPHEMERAL) for one in suites), whole),
        negotiated_version=text(body, "version"),
        negotiated_suite=text(body, "suite"),
        certificates=len(chain) if isinstance(chain, list) else None,
        host_matches=flag(leaf, "matches"),
        chain_trusted=flag(trust, "trusted"),
        chain_problem=text(trust, "problem"),
        trust_store=text(trust, "store"),
    )


def _offers(unit: Records, subject: str) -> tuple[dict[str, bool | None], set[str]]:
    """Return which version the endpoint takes, and every suite that was seen.

    To hang up without a word is a refusal only where the same endpoint speaks TLS otherwise: it may as well be down.
    """
    latest: dict[str, Observation] = {}
    for answer in sorted(unit.answers(OFFERS, subject), key=lambda one: (one.run, one.ended, one.id)):
        latest[str(answer.params.get("version"))] = answer
    bodies = {name: one.response for name, one in latest.items() if isinstance(one.response, dict)}
    speaks = any(flag(body, "offered") for body in bodies.values())
    offered: dict[str, bool | None] = {}
    suites: set[str] = set()
    for version in VERSIONS:
        body = bodies.get(version)
        named = texts(body, "suites") if body is not None else None
        said = flag(body, "offered") if named is not None else None
        offered[version] = None if said is False and text(body, "ended") == CLOSED and not speaks else said
        suites.update(named or ())
    return offered, suites


def _certificates(unit: Records, subject: str) -> Iterator[Fact]:
    answer = unit.answer(HANDSHAKE, subject)
    body = unit.response(HANDSHAKE, subject)
    chain = body.get("chain") if isinstance(body, dict) else None
    seen: set[str] = set()
    understood = isinstance(chain, list) and bool(chain)
    for position, one in enumerate(chain if isinstance(chain, list) else []):
        fingerprint = text(one, "fingerprint") if isinstance(one, dict) else None
        if answer is None or not isinstance(one, dict) or fingerprint is None:
            understood = False
        elif fingerprint not in seen:
            seen.add(fingerprint)
            yield with_revocation(unit, subject, _certificate(unit, subject, position, one, answer.id))
    if unit.asked(HANDSHAKE, subject):
        complete = understood and unit.complete(HANDSHAKE, subject)
        yield unit.coverage(TlsCertificateFact, HANDSHAKE, subject, subject, len(seen), complete=complete)


def _certificate(unit: Records, subject: str, position: int, one: Object, proof: Digest) -> TlsCertificateFact:
    key, signature = child(one, "key"), child(one, "signature")
    shape = _shape(text(key, "algorithm"), _number(key, "bits"), text(key, "curve"))
    begin, end = moment(one, "not_before"), moment(one, "not_after")
    issuer, of = text(one, "issuer_hash"), text(one, "subject_hash")
    return TlsCertificateFact(
        source=unit.source,
        evidence=(proof,),
        certificate_id=f"{subject} {text(one, 'fingerprint')}",
        endpoint_id=subject,
        account=_account(unit),
        position=position,
        leaf=position == 0,
        fingerprint=text(one, "fingerprint"),
        subject_hash=of,
        issuer_hash=issuer,
        self_issued=None if issuer is None or of is None else issuer == of,
        authority=flag(one, "ca"),
        algorithm=shape.algorithm if shape else text(key, "algorithm"),
        curve=shape.curve if shape else None,
        length_bits=shape.length_bits if shape else _number(key, "bits"),
        strength_bits=shape.strength_bits if shape else None,
        approved_algorithm=shape.approved if shape else None,
        public_fingerprint=text(one, "public_fingerprint"),
        signature_hash=text(signature, "hash"),
        signature_oid=text(signature, "oid"),
        not_before=begin,
        not_after=end,
        lifetime_days=_days(begin, end),
    )


def _server(unit: Records, subject: str, told: Object, listed: tuple[Digest, ...]) -> FhirServerFact:
    smart = child({"of": unit.response(SMART, subject)}, "of")
    absent = unit.error(SMART, subject) != ""
    methods = texts(smart, "token_endpoint_auth_methods_supported") if smart is not None else None
    # Both lists are optional, and what they leave out is not offered where they are there.
    pkce = texts(smart, "code_challenge_methods_supported") if smart is not None else None
    services = _services(unit.response(METADATA, subject))
    return FhirServerFact(
        source=unit.source,
        evidence=unit.evidence(subject, *listed),
        server_id=subject,
        account=_account(unit),
        name=text(told, "name"),
        owner=text(told, "owner"),
        vendor=text(told, "vendor"),
        smart=True if smart is not None else False if absent else None,
        asymmetric_login=None if methods is None else "private_key_jwt" in methods,
        shared_secret_login=None if methods is None else bool(_SECRETS.intersection(methods)),
        login_algorithms=texts(smart, "token_endpoint_auth_signing_alg_values_supported")
        if smart is not None
        else None,
        pkce_s256=None if pkce is None else "S256" in pkce,
        pkce_plain=None if pkce is None else "plain" in pkce,
        capabilities=texts(smart, "capabilities") if smart is not None else None,
        revocation=None if smart is None else text(smart, "revocation_endpoint") is not None,
        introspection=None if smart is None else text(smart, "introspection_endpoint") is not None,
        encrypted_endpoints=_encrypted(smart),
        fhir_version=text(child({"of": unit.response(METADATA, subject)}, "of"), "fhirVersion"),
        declares_security=None if services is None else bool(services),
        security_services=services,
        smart_declared=None if services is None else "SMART-on-FHIR" in services,
    )


def _services(statement: Json) -> tuple[str, ...] | None:
    """Return the security services of every `rest` of a server; None where one is not understood."""
    rest = statement.get("rest") if isinstance(statement, dict) else None
    if not isinstance(rest, list) or not rest:
        return None
    found: set[str] = set()
    for one in rest:
        security = one.get("security") if isinstance(one, dict) else None
        if security is None:
            continue
        codes = texts(security, "services") if isinstance(security, dict) else None
        if codes is None:
            return None
        found.update(codes)
    return tuple(sorted(found))


def _encrypted(smart: Object | None) -> bool | None:
    given = [text(smart, name) for name in _ADDRESSES if smart is not None and name in smart]
    if not given or None in given:
        return None
    return all(str(one).lower().startswith("https://") for one in given)


def _published(unit: Records, subject: str, told: Object) -> Iterator[Fact]:
    urls = texts(told, "jwks")
    rows = 0
    whole = urls is not None
    for url in urls or ():
        answer = _of_url(unit, subject, url)
        body = answer.response if answer is not None and not answer.error_code else None
        keys = body.get("keys") if isinstance(body, dict) else None
        whole = whole and isinstance(keys, list)
        seen: set[str] = set()
        for place, one in enumerate(keys if isinstance(keys, list) else []):
            if answer is None or not isinstance(one, dict):
                whole = False
                continue
            known_as = text(one, "thumbprint") or f"number {place}"
            if known_as not in seen:
                seen.add(known_as)
                rows += 1
                yield _jwk(unit, subject, url, known_as, one, answer.id)
    if unit.asked(JWKS, subject) or urls == ():
        yield unit.coverage(
            JwkFact, JWKS if urls else ENDPOINT, subject, subject if urls else None, rows, complete=whole
        )


def _of_url(unit: Records, subject: str, url: str) -> Observation | None:
    found = [one for one in unit.answers(JWKS, subject) if one.params.get("url") == url]
    return max(found, key=lambda one: (one.run, one.ended, one.id), default=None)


def _jwk(unit: Records, subject: str, url: str, known_as: str, one: Object, proof: Digest) -> JwkFact:
    kind = text(one, "kty")
    shape = _shape(
        "EC" if kind in {"EC", "OKP"} else kind,
        _number(one, "bits"),
        _JOSE.get(text(one, "crv") or "", text(one, "crv")),
    )
    created = moment(one, "not_before")
    return JwkFact(
        source=unit.source,
        evidence=(proof,),
        jwk_id=f"{subject} {url} {known_as}",
        endpoint_id=subject,
        account=_account(unit),
        url=url,
        kid=text_or(one, "kid", "none"),
        key_use=text_or(one, "use", "none"),
        algorithm=shape.algorithm if shape else "symmetric" if kind == "oct" else kind,
        curve=shape.curve if shape else "none" if kind == "oct" else None,
        length_bits=shape.length_bits if shape else None,
        strength_bits=shape.strength_bits if shape else None,
        public_fingerprint="none" if kind == "oct" else text(one, "public_fingerprint"),
        signature_algorithm=text_or(one, "alg", "none"),
        discloses=flag(one, "discloses"),
        told=created is not None,
        created_at=created,
    )


def _shape(algorithm: str | None, bits: int | None, curve: str | None) -> KeyShape | None:
    if algorithm == "RSA":
        return rsa(bits) if bits else None
    return SHAPES.get(curve or "")


def _is_broken(suite: str) -> bool:
    return _has(suite, _BROKEN) or suite.endswith("_MD5")


def _has(suite: str, parts: Sequence[str]) -> bool:
    return any(part in suite for part in parts)


def _count(number: int, whole: bool) -> int | None:
    """Return how many there are. None seen counts only where every version is known."""
    return number if number or whole else None


def _days(begin: datetime | None, end: datetime | None) -> int | None:
    return None if begin is None or end is None else (end - begin).days


def _number(body: Object | None, name: str) -> int | None:
    value = body.get(name) if body is not None else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _account(unit: Records) -> str:
    assert unit.first is not None  # noqa: S101 - there are records
    return unit.first.source_name
