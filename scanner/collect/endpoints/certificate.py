"""The public parts of a certificate, as far as an audit needs them: hashes of names, key, algorithms, dates."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from scanner.collect.interface import CallError
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from scanner.model.spki import fingerprint

if TYPE_CHECKING:
    from cryptography import x509


def described(der: bytes, host: str = "") -> dict[str, Json]:
    """Return what is kept of a certificate (RFC 5280). Raises CallError when it cannot be understood.

    With ``host`` it also says whether one of its names is the host's.
    """
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        certificate = x509.load_der_x509_certificate(der)
        found: dict[str, Json] = {
            "fingerprint": hashlib.sha256(der).hexdigest(),
            "subject_hash": hashlib.sha256(certificate.subject.public_bytes()).hexdigest(),
            "issuer_hash": hashlib.sha256(certificate.issuer.public_bytes()).hexdigest(),
            "key": key_of(certificate),
            "public_fingerprint": _public_fingerprint(certificate),
            "signature": _signature(certificate),
            "not_before": _stamp(certificate.not_valid_before_utc),
            "not_after": _stamp(certificate.not_valid_after_utc),
            "ca": _is_ca(certificate),
        }
        names = _names(certificate)
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension) as error:
        detail = f"a certificate cannot be understood: {error}"
        raise CallError(GapReason.MALFORMED, code="Certificate", detail=detail) from error
    if host:
        found |= {"names": len(names), "matches": matches(host, names)}
    return found


def key_of(certificate: x509.Certificate) -> dict[str, Json]:
    """Return type, length and curve of a certificate's public key. Raises ValueError, UnsupportedAlgorithm."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return {"algorithm": "RSA", "bits": key.key_size}
    if isinstance(key, ec.EllipticCurvePublicKey):
        return {"algorithm": "EC", "bits": key.key_size, "curve": key.curve.name}
    if isinstance(key, (ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)):
        return {"algorithm": "EdDSA", "curve": "Ed25519" if isinstance(key, ed25519.Ed25519PublicKey) else "Ed448"}
    return {"algorithm": type(key).__name__.strip("_").removesuffix("PublicKey")}


def _public_fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of its SubjectPublicKeyInfo (RFC 5280, 4.1.2.7), hex. Raises as ``key_of`` does."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    # Written anew, so that a point that is compressed is the same key as one that is not.
    return fingerprint(certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def matches(host: str, names: Sequence[str]) -> bool:
    """Tell whether one of a certificate's names is the host's (RFC 6125, 6.4.3: a star is one whole first label)."""
    wanted = _canonical(host)
    first, _, rest = wanted.partition(".")
    star = f"*.{rest}" if first and "." in rest and wanted == host.rstrip(".").lower() else ""
    return any(_canonical(name) in {wanted, star} - {""} for name in names)


def _canonical(name: str) -> str:
    try:
        return f"address {ipaddress.ip_address(name)}"
    except ValueError:
        return name.rstrip(".").lower()


def _names(certificate: x509.Certificate) -> list[str]:
    from cryptography import x509

    try:
        value = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    addresses = [str(one) for one in value.get_values_for_type(x509.IPAddress)]
    # An address that stands among the names of hosts is none: clients look for it in its own place only.
    return [one for one in value.get_values_for_type(x509.DNSName) if _canonical(one) != f"address {one}"] + addresses


def _is_ca(certificate: x509.Certificate) -> bool:
    from cryptography import x509

    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _signature(certificate: x509.Certificate) -> dict[str, Json]:
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return {"oid": certificate.signature_algorithm_oid.dotted_string}
    # Ed25519, Ed448 and ML-DSA have a hash of their own.
    name = algorithm.name if algorithm is not None else "none"
    return {"oid": certificate.signature_algorithm_oid.dotted_string, "hash": name}


def _stamp(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
