"""The PAdES signature of ``report.pdf``: whose it is, that it covers the whole file, and when it was made.

No PDF is parsed: in the bytes of a file nobody vouches for, only the shape that ``keyaudit package`` writes is
understood, one signature over every byte of the file but its own place. What is in that place, a CMS signature, is
checked by pyHanko, which is imported when it is asked for and not before.
Sources: ETSI EN 319 142-1, 5 (PAdES); ISO 32000-1, 12.8.1 (`ByteRange`); RFC 5652 and 5035 (CMS).
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from scanner.errors import MissingExtraError
from scanner.verify.archive import Archive
from scanner.verify.report import Outcome, Step, VerificationError
from scanner.verify.statement import TrustedKey

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from pyhanko.sign.validation.status import StandardCMSSignatureStatus

REPORT = "report.pdf"
MOST = 32 * 2**20
"""Bytes of a PDF that is signed, which is in memory as a whole."""
MOST_SIGNATURE = 2**20
"""Bytes of its signature, in hexadecimal digits."""
_MARK = b"/ByteRange"
_RANGE = re.compile(rb"/ByteRange ?\[ ?(0) ([0-9]{1,12}) ([0-9]{1,12}) ([0-9]{1,12}) ?\]")
_PADES = re.compile(rb"/SubFilter ?/ETSI\.CAdES\.detached\b")
_SAID = re.compile(rb"/M ?\(D(?::|\\072)([0-9]{14})(?:Z|\+00'00'?)\)")
_HEX = re.compile(rb"<([0-9A-Fa-f]*)>")


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom the auditor trusts to sign a PDF. With neither keys nor roots, nothing is checked."""

    keys: Sequence[TrustedKey] = ()
    roots: Sequence[Certificate] = ()
    """Of those who certify keys. Given, there must be a signature."""
    authority: Sequence[Certificate] = ()
    """Roots of the time-stamping authority."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A signature in its place."""

    covered: bytes
    """What it is over."""
    cms: bytes
    said: datetime
    """When it says that it was made."""


def check_pdf(archive: Archive, trust: Trust) -> tuple[str, Outcome]:
    """Return what is to be told of the PDF's signature. Raises VerificationError of the PDF step.

    Raises MissingExtraError when certificates are trusted and the library that follows them is not there.
    """
    if REPORT not in archive.members:
        return _absent(trust, f"the package has no {REPORT}")
    if not _is_signed(archive):
        return _absent(trust, f"{REPORT} is not signed")
    if not trust.keys and not trust.roots:
        return f"{REPORT} is signed; no --trusted-key or --pdf-ca", Outcome.NOT_CHECKED
    found = _find(archive.read(REPORT, MOST, Step.PDF))
    try:
        import pyhanko.sign.validation.generic_cms  # noqa: F401 - whether it is there
    except ImportError:
        if trust.roots:
            raise _missing() from None
        return f"{REPORT} is signed; checking that needs keyaudit[sign]", Outcome.NOT_CHECKED
    return _check(found, trust), Outcome.OK


def _is_signed(archive: Archive) -> bool:
    """Return whether a PDF has what every signature has."""
    before = b""
    for block in archive.stream(REPORT, Step.PDF):
        if _MARK in before + block:
            return True
        before = block[-len(_MARK) :]
    return False


def _absent(trust: Trust, why: str) -> tuple[str, Outcome]:
    if trust.roots:
        raise _fault(why)
    return why, Outcome.ABSENT


def _fault(message: str) -> VerificationError:
    return VerificationError(Step.PDF, message, member=REPORT)


def _missing() -> MissingExtraError:
    hint = "pip install 'keyaudit[sign]', or use pdfsig"
    return MissingExtraError("checking the signature of a PDF needs the library pyhanko", hint=hint)


def _find(data: bytes) -> _Found:
    """Return the last signature of a PDF. Raises VerificationError unless it covers the whole file but itself."""
    place = data.rfind(_MARK)
    match = _RANGE.match(data, place)
    if not match:
        raise _fault("its signature is not one that keyaudit makes: /ByteRange cannot be read")
    _, before, after, rest = (int(number) for number in match.groups())
    if not before < after <= len(data) or after + rest != len(data):
        raise _fault("its signature does not cover the whole file: something was appended, or cut off")
    if after - before > 2 * MOST_SIGNATURE:
        raise _fault("its signature is larger than any")
    hole = _HEX.fullmatch(data, before, after)
    if not hole or not data[:before].endswith((b"/Contents ", b"/Contents")):
        raise _fault("there is something else where its signature should be")
    # The dictionary of the signature, around its place.
    near = data[after : after + 2000] + data[max(0, before - 2000) : before]
    said = _SAID.search(near)
    if not _PADES.search(near) or not said:
        raise _fault("its signature is not a PAdES signature that says when it was made")
    try:
        cms = bytes.fromhex(hole[1].decode())
        moment = datetime.strptime(said[1].decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise _fault(f"its signature cannot be read: {error}") from None
    return _Found(data[:before] + data[after:], cms, moment)


def _check(found: _Found, trust: Trust) -> str:
    """Check a signature, and return what is to be told of it. Raises VerificationError."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from pyhanko_certvalidator.errors import PathError, ValidationError

    odd = (UnsupportedAlgorithm, PathError, ValidationError, NotImplementedError)
    try:
        with _silence():
            return _checked(found, trust)
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, *odd) as error:
        # A structure that is not what it claims to be: the parser has no error of its own for that.
        why = " ".join(str(error).split())[:200]
        raise _fault(f"its signature cannot be read: {why}") from None


def _checked(found: _Found, trust: Trust) -> str:
    from asn1crypto import cms, parser
    from pyhanko.sign.general import extract_certificate_info, extract_signer_info

    length = parser.peek(found.cms)
    if found.cms[length:].strip(b"\0"):
        raise _fault("something is hidden behind its signature")
    info = cms.ContentInfo.load(found.cms[:length], strict=True)
    if info["content_type"].native != "signed_data":
        raise _fault("its signature is not one of CMS")
    signed = info["content"]
    own = extract_certificate_info(signed).signer_cert
    key = sha256(own.public_key.dump()).hexdigest()
    if trust.keys and key not in {one.fingerprint for one in trust.keys}:
        raise _fault(f"no trusted key signed it; the key of its certificate is {key}")
    stamped = _stamped(extract_signer_info(signed)) if trust.authority else None
    status = _status(found, signed, trust.roots or [own], stamped, trust.authority)
    if not (status.intact and status.valid):
        raise _fault("its signature does not hold: the file was changed")
    if not status.trusted:
        why = status.trust_problem_indic.standard_name if status.trust_problem_indic else "no reason given"
        raise _fault(f"its certificate does not lead to those of --pdf-ca: {why}")
    stamp = status.timestamp_validity
    if stamped and not (stamp and stamp.intact and stamp.valid and stamp.trusted):
        raise _fault("its timestamp is not one of the authority")
    who = own.subject.human_friendly[:100]
    when = stamped or found.said
    how = "as the authority saw" if stamped else "by its own account"
    return f"signed by {who}, key {key}, at {when:%Y-%m-%dT%H:%M:%SZ} {how}"


def _stamped(signer: Any) -> datetime | None:  # noqa: ANN401 - asn1crypto has no types
    """Return when the timestamp of a signature says that it was made; None: it has none."""
    from pyhanko.sign.validation.generic_cms import extract_tst_data_iter

    token = next(extract_tst_data_iter(signer, signed=False), None)
    if token is None:
        return None
    moment: datetime = token["encap_content_info"]["content"].parsed["gen_time"].native
    return moment.astimezone(UTC)


def _status(
    found: _Found,
    signed: Any,  # noqa: ANN401 - as above
    roots: Sequence[Any],
    stamped: datetime | None,
    authority: Sequence[Certificate],
) -> StandardCMSSignatureStatus:
    """Return what the library finds. Nothing is fetched: who revoked a certificate is not known here."""
    from asn1crypto import x509
    from cryptography.hazmat.primitives.serialization import Encoding
    from pyhanko.sign.validation.generic_cms import async_validate_detached_cms
    from pyhanko.sign.validation.settings import KeyUsageConstraints
    from pyhanko_certvalidator import ValidationContext

    def context(trusted: Sequence[Any]) -> ValidationContext:
        certificates = [
            one if isinstance(one, x509.Certificate) else x509.Certificate.load(one.public_bytes(Encoding.DER))
            for one in trusted
        ]
        return ValidationContext(trust_roots=certificates, moment=stamped or found.said, allow_fetching=False)

    usage = KeyUsageConstraints(key_usage={"digital_signature", "non_repudiation"}, match_all_key_usages=False)
    return asyncio.run(
        async_validate_detached_cms(found.covered, signed, context(roots), context(authority), key_usage_settings=usage)
    )


@contextmanager
def _silence() -> Iterator[None]:
    """Keep the library's own log lines off the terminal: what is wrong is told once, by us."""
    loggers = [logging.getLogger(name) for name in ("pyhanko", "pyhanko_certvalidator")]
    nothing = logging.NullHandler()
    before = [one.propagate for one in loggers]
    for one in loggers:
        one.addHandler(nothing)
        one.propagate = False
    try:
        yield
    finally:
        for one, was in zip(loggers, before, strict=True):
            one.removeHandler(nothing)
            one.propagate = was
