"""The RFC 3161 timestamp: a third party saw the signed statement (without one: the manifest), and when."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.errors import MissingExtraError, UsageError
from scanner.evidence.names import ENVELOPE, MANIFEST, TIMESTAMP
from scanner.verify.archive import Archive
from scanner.verify.manifest import MOST
from scanner.verify.report import Step, VerificationError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

MOST_TOKEN = 2**20
_MOST_CERTIFICATES = 2**20


def load_authority(path: Path) -> tuple[Certificate, ...]:
    """Read the certificates (PEM, roots) of a time-stamping authority. Raises UsageError."""
    from cryptography.x509 import InvalidVersion, load_pem_x509_certificates

    hint = "name the PEM file with the authority's root certificate"
    try:
        with path.open("rb") as file:
            return tuple(load_pem_x509_certificates(file.read(_MOST_CERTIFICATES)))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}", hint=hint) from None
    except (ValueError, InvalidVersion):
        raise UsageError(f"{path} has no certificate in PEM form", hint=hint) from None


def check_timestamp(archive: Archive, authority: tuple[Certificate, ...]) -> datetime | None:
    """Return when the authority saw the statement, or None when no authority is trusted.

    Raises VerificationError of the timestamp step; MissingExtraError without the library that reads timestamps.
    """
    if not authority:
        return None
    token = archive.read(TIMESTAMP, MOST_TOKEN, Step.TIMESTAMP)
    stamped = ENVELOPE if ENVELOPE in archive.members else MANIFEST
    message = archive.read(stamped, 2 * MOST, Step.TIMESTAMP)
    from cryptography.x509 import DuplicateExtension, InvalidVersion, UnsupportedGeneralNameType

    try:
        from rfc3161_client import VerifierBuilder, decode_timestamp_response
        from rfc3161_client.errors import VerificationError as NotStamped
    except ImportError:
        raise _missing() from None
    odd = (DuplicateExtension, InvalidVersion, UnsupportedGeneralNameType)
    try:
        response = decode_timestamp_response(token)
        VerifierBuilder(roots=list(authority)).build().verify_message(response, message)
        seen: datetime = response.tst_info.gen_time
        return seen.astimezone(UTC)
    except (NotStamped, ValueError, TypeError, *odd) as error:
        why = " ".join(str(error).split())[:200]
        raise VerificationError(Step.TIMESTAMP, f"not a timestamp of the authority: {why}", member=TIMESTAMP) from None


def _missing() -> MissingExtraError:
    return MissingExtraError(
        "checking a timestamp needs the library rfc3161-client", hint="pip install 'keyaudit[sign]', or use openssl ts"
    )
