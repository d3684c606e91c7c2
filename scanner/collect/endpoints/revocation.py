"""What an authority says of a certificate, verified: answers of OCSP, and lists of revoked certificates (CRL).

An answer counts only when it speaks of this certificate and its issuer signed it, or whom the issuer named for that.
Dates are told and not judged: the clock that counts is the scan's. RFC 6960, 3.2 and 4.2; RFC 5280, 5 and 6.3.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from scanner.model.ids import Json

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes
    from cryptography.x509 import ocsp

GOOD, REVOKED, UNKNOWN = "good", "revoked", "unknown"
_WEAK = frozenset({"md5", "sha1"})


class UnusableError(Exception):
    """An answer that says nothing of the certificate; the text says why."""


def issuer_of(certificate: x509.Certificate, among: Iterable[bytes]) -> x509.Certificate:
    """Return the certificate, of those in DER, whose key signed this one. Raises UnusableError when none did."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    name = certificate.issuer.public_bytes()
    # Only those that have the name are understood at all: a store of authorities holds odd ones.
    for der in (one for one in among if name in one):
        try:
            one = x509.load_der_x509_certificate(der)
            certificate.verify_directly_issued_by(one)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, x509.InvalidVersion):
            continue
        return one
    raise UnusableError("the certificate of its authority is neither sent nor trusted here")


def said_by_ocsp(der: bytes, certificate: x509.Certificate, issuer: x509.Certificate) -> dict[str, Json]:
    """Return what an answer of OCSP says of a certificate. Raises UnusableError."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.x509 import DuplicateExtension, ocsp

    try:
        response = ocsp.load_der_ocsp_response(der)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise UnusableError(f"the responder answers {response.response_status.name.lower()}")
        signer = _signer(response, issuer)
        about = [one for one in response.responses if _is_about(one, certificate, issuer)]
        if not about:
            raise UnusableError("the answer speaks of another certificate")
        # Of several that speak of it the newest counts.
        return _told(max(about, key=lambda one: one.this_update_utc), signer)
    except (ValueError, TypeError, UnsupportedAlgorithm, DuplicateExtension) as error:
        raise UnusableError(f"the answer cannot be understood: {error}") from error


def _told(one: ocsp.OCSPSingleResponse, signer: x509.Certificate | None) -> dict[str, Json]:
    status = one.certificate_status.name.lower()
    found: dict[str, Json] = {
        "status": status,
        "this_update": stamp(one.this_update_utc),
        "next_update": stamp(one.next_update_utc),
        "signer": "issuer" if signer is None else "responder",
    }
    if signer is not None:
        found["signer_until"] = stamp(signer.not_valid_after_utc)
    if status == REVOKED:
        reason = one.revocation_reason
        found |= {"revoked_at": stamp(one.revocation_time_utc), "reason": reason.value if reason else "none"}
    return found


def _is_about(one: ocsp.OCSPSingleResponse, certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Tell whether an answer names this certificate: its serial number, and its issuer by hashes (RFC 6960, 4.1.1)."""
    from cryptography.x509 import ocsp

    asked = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, one.hash_algorithm).build()
    return (one.serial_number, one.issuer_name_hash, one.issuer_key_hash) == (
        asked.serial_number,
        asked.issuer_name_hash,
        asked.issuer_key_hash,
    )


def _signer(response: ocsp.OCSPResponse, issuer: x509.Certificate) -> x509.Certificate | None:
    """Return the responder that the issuer named (RFC 6960, 4.2.2.2); None: the issuer itself signed."""
    algorithm = response.signature_hash_algorithm
    if algorithm is not None and algorithm.name in _WEAK:
        raise UnusableError(f"the answer is signed with {algorithm.name.upper()}, which anybody could forge")
    if _is_signed(response, issuer.public_key()):
        return None
    for one in response.certificates:
        if _is_named(one, response, issuer) and _is_signed(response, one.public_key()):
            return one
    raise UnusableError("neither its authority nor a responder that this named signed the answer")


def _is_named(one: x509.Certificate, response: ocsp.OCSPResponse, issuer: x509.Certificate) -> bool:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.x509.oid import ExtendedKeyUsageOID

    try:
        one.verify_directly_issued_by(issuer)
        purposes = one.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (ValueError, InvalidSignature, x509.ExtensionNotFound):
        return False
    in_force = one.not_valid_before_utc <= response.produced_at_utc <= one.not_valid_after_utc
    return in_force and ExtendedKeyUsageOID.OCSP_SIGNING in purposes


def _is_signed(response: ocsp.OCSPResponse, key: CertificateIssuerPublicKeyTypes | object) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa

    algorithm, signature, content = response.signature_hash_algorithm, response.signature, response.tbs_response_bytes
    try:
        if isinstance(key, rsa.RSAPublicKey) and algorithm is not None:
            key.verify(signature, content, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm is not None:
            key.verify(signature, content, ec.ECDSA(algorithm))
        elif isinstance(key, (ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)):
            key.verify(signature, content)
        else:
            return False
    except InvalidSignature:
        return False
    return True


def said_by_crl(content: bytes, certificate: x509.Certificate, issuer: x509.Certificate, url: str) -> dict[str, Json]:
    """Return what the list that was got from ``url`` says of a certificate. Raises UnusableError."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        return _listed(x509.load_der_x509_crl(content), certificate, issuer, url)
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.InvalidVersion) as error:
        raise UnusableError(f"the list cannot be understood: {error}") from error


def _listed(
    crl: x509.CertificateRevocationList, certificate: x509.Certificate, issuer: x509.Certificate, url: str
) -> dict[str, Json]:
    _check_list(crl, issuer)
    some_reasons = _check_scope(crl, certificate, url)
    entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
    found: dict[str, Json] = {
        "status": REVOKED if entry is not None else UNKNOWN if some_reasons else GOOD,
        "this_update": stamp(crl.last_update_utc),
        "next_update": stamp(crl.next_update_utc),
        "signer": "issuer",
    }
    if entry is not None:
        found |= {"revoked_at": stamp(entry.revocation_date_utc), "reason": _reason(entry)}
    return found


def _check_list(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> None:
    from cryptography import x509

    algorithm = crl.signature_hash_algorithm
    if algorithm is not None and algorithm.name in _WEAK:
        raise UnusableError(f"the list is signed with {algorithm.name.upper()}, which anybody could forge")
    key = issuer.public_key()
    if crl.issuer != issuer.subject or not crl.is_signature_valid(key):  # type: ignore[arg-type]  # TypeError: caught
        raise UnusableError("its authority did not sign the list")
    # RFC 5280, 5.2: a list with a critical extension that is not understood must not be used.
    known = (x509.IssuingDistributionPoint, x509.AuthorityKeyIdentifier, x509.CRLNumber)
    for one in crl.extensions:
        if one.critical and not isinstance(one.value, known):
            raise UnusableError("the list is a part (a delta), or has an extension that is not understood")


def _check_scope(crl: x509.CertificateRevocationList, certificate: x509.Certificate, url: str) -> bool:
    """Return whether a list has some reasons only. Raises UnusableError: others than this stand in it (6.3.3)."""
    from cryptography import x509

    try:
        scope = crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
    except x509.ExtensionNotFound:
        return False
    ca = is_authority(certificate)
    other = scope.only_contains_user_certs if ca else scope.only_contains_ca_certs
    names = [one.value for one in scope.full_name or () if isinstance(one, x509.UniformResourceIdentifier)]
    if other or scope.only_contains_attribute_certs or scope.indirect_crl or scope.relative_name:
        raise UnusableError("the list is of other certificates")
    if scope.full_name and url not in names:
        # Authorities cut their lists into parts: another part would keep silent about this certificate.
        raise UnusableError("the list is another part than the certificate names")
    return scope.only_some_reasons is not None


def _reason(entry: x509.RevokedCertificate) -> str:
    from cryptography import x509

    try:
        return entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.value
    except x509.ExtensionNotFound:
        return "none"


def is_authority(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate may issue others (RFC 5280, 4.2.1.9)."""
    from cryptography import x509

    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def must_staple(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate demands a stapled answer (RFC 7633, 4). Raises ValueError, DuplicateExtension."""
    from cryptography import x509

    try:
        features = certificate.extensions.get_extension_for_class(x509.TLSFeature).value
    except x509.ExtensionNotFound:
        return False
    return x509.TLSFeatureType.status_request in features


def stamp(moment: datetime | None) -> str | None:
    """Return an instant in UTC as text (RFC 3339)."""
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
