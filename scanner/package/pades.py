"""A PAdES signature in ``report.pdf``, for readers that know PDF and not packages: B-B, or B-T with a timestamp.

The signature is appended: what was there stays, byte for byte, and so does what makes it PDF/A-3u (ISO 19005-3, 6.4.3
and 6.3.2). It is the key that signs the package that signs, with a certificate for it. Two signatures of the same
report differ: by ECDSA's random number, by the moment that they say, and by the timestamp.
Source: ETSI EN 319 142-1 (PAdES baseline signatures), 5 and 6.3.
"""

from __future__ import annotations

import io
import logging
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from asn1crypto import cms, tsp
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign import timestamps as stamps
from pyhanko.sign.general import SigningError as NotSigned
from pyhanko.sign.signers.pdf_signer import PdfSigningSession
from pyhanko_certvalidator.registry import SimpleCertificateStore

from scanner.errors import EvidenceError, UsageError
from scanner.package.keys import Signer, checked_signature, fingerprint
from scanner.package.timestamp import GRANTED, TimestampError

MOST_BYTES = 1024 * 1024
"""Of a file with certificates."""
FIELD = "keyaudit"
"""Name of the signature's field in the PDF."""
DIGEST = "sha256"
LONGEST = 72
"""Bytes of an ECDSA signature on P-256, in DER."""
HINT = "`keyaudit keygen PATH --certificate NAME` makes a key and a certificate for it"
ODD = (x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)
"""What else reading a certificate raises: none of them is a ValueError."""
DAMAGED = (
    *(ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError),
    *(AssertionError, NotImplementedError, zlib.error),
)
"""What reading a damaged PDF raises in the library, besides its own errors."""
Post = Callable[[bytes], bytes]
"""Sends a timestamp request to an authority and returns its answer. Raises TimestampError."""


@dataclass(frozen=True, slots=True)
class Certificates:
    """The certificate that says whose a key is, and those above it that go into the signature."""

    path: Path
    first: x509.Certificate
    above: tuple[x509.Certificate, ...]


def load_certificates(path: Path, now: datetime) -> Certificates:
    """Read the certificate of a key, and those above it, from a PEM file. Raises UsageError for one of no use."""
    try:
        with path.open("rb") as file:
            first, *above = x509.load_pem_x509_certificates(file.read(MOST_BYTES))
        usage = _for_signatures(first)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}", hint=HINT) from None
    except (ValueError, *ODD):
        raise UsageError(f"{path} has no certificate in PEM form that can be read", hint=HINT) from None
    if not first.not_valid_before_utc <= now <= first.not_valid_after_utc:
        term = f"from {first.not_valid_before_utc:%Y-%m-%d} to {first.not_valid_after_utc:%Y-%m-%d}"
        raise UsageError(f"{path}: the certificate is not valid now, but {term}", hint="have it renewed")
    if not usage:
        raise UsageError(f"{path}: the certificate is not one for signatures", hint=HINT)
    return Certificates(path, first, tuple(above))


def _for_signatures(certificate: x509.Certificate) -> bool:
    """Return whether the key may sign documents (RFC 5280, 4.2.1.3)."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return usage.digital_signature or usage.content_commitment


def check_key(certificates: Certificates, signer: Signer) -> None:
    """Raise UsageError unless the certificate is of the key that signs."""
    try:
        same = certificates.first.public_key() == signer.public_key
    except (ValueError, UnsupportedAlgorithm):
        same = False
    if not same:
        ours = fingerprint(signer.public_key)
        raise UsageError(f"{certificates.path} is the certificate of another key than {ours}, which signs", hint=HINT)


def sign_pdf(
    data: bytes, signer: Signer, certificates: Certificates, *, now: datetime, post: Post | None = None
) -> bytes:
    """Return a PDF with a signature appended. Raises EvidenceError, SigningError, TimestampError.

    ``now`` is the moment that the signature says; ``post`` asks an authority for one that others can believe.
    """
    metadata = signers.PdfSignatureMetadata(
        field_name=FIELD, md_algorithm=DIGEST, subfilter=fields.SigSeedSubFilter.PADES
    )
    # Neither on a page nor in its reading order: outside, and of no size.
    place = fields.SigFieldSpec(FIELD, invis_sig_settings=fields.InvisSigSettings(box_out_of_bounds=True))
    key, authority = _Key(signer, certificates), _Authority(post) if post else None
    session = _PdfSigner(metadata, key, timestamper=authority, new_field_spec=place)
    session.now = now.astimezone(UTC)
    hint = "`keyaudit report DIR` makes it again"
    try:
        with _silence():
            return bytes(session.sign_pdf(_Update(io.BytesIO(data))).getvalue())
    except (PdfError, NotSigned) as error:
        raise EvidenceError(f"report.pdf cannot be signed: {error}", hint=hint) from None
    except DAMAGED as error:
        why = f"it is damaged ({type(error).__name__})"
        raise EvidenceError(f"report.pdf cannot be signed: {why}", hint=hint) from None


@contextmanager
def _silence() -> Iterator[None]:
    """Keep the library's own log lines off the terminal: what is wrong is told once, by us."""
    logger, nothing = logging.getLogger("pyhanko"), logging.NullHandler()
    before = logger.propagate
    logger.addHandler(nothing)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(nothing)
        logger.propagate = before


class _Update(IncrementalPdfFileWriter):
    """Appends the signature and nothing else.

    Otherwise producer and date of the document would be those of the signature, in another form than PDF/A wants.
    """

    def _update_meta(self) -> None:
        return


class _PdfSigner(signers.PdfSigner):
    """Signs at a given moment, and leaves the document what it is."""

    now: datetime

    def register_extensions(self, pdf_out: BasePdfFileWriter, *, md_algorithm: str) -> None:
        """Declare nothing: for a curve of ISO/TS 32002, the document would become PDF 2.0, which no PDF/A-3 is."""

    def init_signing_session(self, pdf_out: BasePdfFileWriter, existing_fields_only: bool = False) -> PdfSigningSession:
        """Begin to sign, at our moment, not at the machine's in its time zone."""
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self.now
        return session


class _Key(signers.Signer):
    """A key of ours, wherever it is kept."""

    def __init__(self, signer: Signer, certificates: Certificates) -> None:
        own, *above = (
            asn1.Certificate.load(one.public_bytes(Encoding.DER)) for one in (certificates.first, *certificates.above)
        )
        store = SimpleCertificateStore()
        store.register_multiple(above)
        super().__init__(signing_cert=own, cert_registry=store)
        self._signer = signer

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """Return the signature; in a dry run, as many bytes as it can have. Raises SigningError."""
        del digest_algorithm  # the one that sign_pdf() chose
        return bytes(LONGEST) if dry_run else checked_signature(self._signer, data)


class _Authority(stamps.TimeStamper):
    """Asks an authority in our way: with our limits, and no redirect."""

    def __init__(self, post: Post) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._post = post

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """Return the authority's answer. Raises TimestampError when it refuses, ValueError for what is no answer."""
        from rfc3161_client import decode_timestamp_response

        raw = self._post(req.dump())
        answer = decode_timestamp_response(raw)  # the other parser cannot read a refusal
        if answer.status != GRANTED:
            said = "; ".join(answer.status_string) or "without a reason"
            raise TimestampError(f"the authority refused report.pdf with status {answer.status}: {said}")
        return tsp.TimeStampResp.load(raw)

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """Return a timestamp of a digest. Raises TimestampError for an answer that is none, or of something else."""
        try:
            token = await super().async_timestamp(message_digest, md_algorithm)
            seen = token["content"]["encap_content_info"]["content"].parsed["message_imprint"]["hashed_message"].native
        except (stamps.TimestampRequestError, ValueError, TypeError, KeyError, AttributeError):
            raise TimestampError("the authority did not answer with a timestamp for report.pdf") from None
        if seen != message_digest:
            raise TimestampError("the authority answered with the timestamp of something else than report.pdf")
        return token
