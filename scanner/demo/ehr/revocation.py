"""What the authority of the simulated EHR says of its certificates: a responder (OCSP), and a list (CRL), by HTTP."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from scanner.demo.serving import serving

_BEFORE, _AFTER = timedelta(hours=1), timedelta(days=7)
_OCSP, _CRL = "/ocsp/", "/authority.crl"


class Revocations:
    """The certificates of an authority, and which of them it has withdrawn. ``url``: where it is asked."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, now: datetime) -> None:
        self._certificate, self._key, self._now = certificate, key, now
        self._issued: dict[int, tuple[x509.Certificate, bool]] = {}
        self.url = ""

    def extension(self, way: str) -> x509.ExtensionType:
        """Return the extension that names where to ask: by `ocsp` or `crl`."""
        if way == "crl":
            names = [x509.UniformResourceIdentifier(f"{self.url}{_CRL}")]
            return x509.CRLDistributionPoints([x509.DistributionPoint(names, None, None, None)])
        place = x509.UniformResourceIdentifier(f"{self.url}{_OCSP}")
        return x509.AuthorityInformationAccess([x509.AccessDescription(AuthorityInformationAccessOID.OCSP, place)])

    def enter(self, certificate: x509.Certificate, *, revoked: bool) -> None:
        """Keep a certificate that was issued. ``revoked``: withdrawn ten days ago, because its key got known."""
        self._issued[certificate.serial_number] = (certificate, revoked)

    def answer(self, path: str) -> bytes | None:
        """Return what is at a path; None: nothing."""
        if path == _CRL:
            return self._list()
        if path.startswith(_OCSP):
            return self._status(path.removeprefix(_OCSP))
        return None

    def _list(self) -> bytes:
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._certificate.subject)
            .last_update(self._now - _BEFORE)
            .next_update(self._now + _AFTER)
        )
        for serial, (_, revoked) in self._issued.items():
            if revoked:
                entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(self._withdrawn)
                reason = x509.CRLReason(x509.ReasonFlags.key_compromise)
                builder = builder.add_revoked_certificate(entry.add_extension(reason, critical=False).build())
        return builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.DER)

    def _status(self, question: str) -> bytes:
        try:
            serial = ocsp.load_der_ocsp_request(b64decode(unquote(question))).serial_number
        except ValueError:
            serial = -1
        if serial not in self._issued:
            refused = ocsp.OCSPResponseStatus.UNAUTHORIZED
            return ocsp.OCSPResponseBuilder.build_unsuccessful(refused).public_bytes(Encoding.DER)
        certificate, revoked = self._issued[serial]
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=certificate,
            issuer=self._certificate,
            algorithm=hashes.SHA1(),  # noqa: S303 - it names the certificate, and protects nothing
            cert_status=ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD,
            this_update=self._now - _BEFORE,
            next_update=self._now + _AFTER,
            revocation_time=self._withdrawn if revoked else None,
            revocation_reason=x509.ReasonFlags.key_compromise if revoked else None,
        )
        by = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, self._certificate)
        return by.sign(self._key, hashes.SHA256()).public_bytes(Encoding.DER)

    @property
    def _withdrawn(self) -> datetime:
        return self._now - timedelta(days=10)


@contextmanager
def served(revocations: Revocations) -> Iterator[None]:
    """Answer for an authority on a port of loopback, and tell it the address."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        found = revocations.answer(handler.path)
        handler.send_response(404 if found is None else 200)
        handler.send_header("Content-Length", str(len(found or b"")))
        handler.end_headers()
        handler.wfile.write(found or b"")

    with serving(answer) as url:
        revocations.url = url
        yield
