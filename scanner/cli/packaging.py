"""Make a package with its seals: what `keyaudit package` and `keyaudit run` share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.errors import KeyauditError, MissingExtraError
from scanner.resources import templates_dir
from scanner.scandir import ScanDir

if TYPE_CHECKING:
    from scanner.package.keys import Signer
    from scanner.package.manifest import Previous
    from scanner.package.write import SignPdf, Written


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How a package is to be sealed."""

    sign: str = ""
    """file:PATH, awskms:ARN or pkcs11:URI; empty: it is not signed."""
    sign_pdf: Path | None = None
    """PEM file of the key's certificate; None: report.pdf is not signed."""
    timestamp: str = ""
    """URL of an RFC 3161 authority; empty: it is not timestamped."""
    passphrase: Callable[[], str]
    """Gives the passphrase of a key file that has one."""
    pin: Callable[[], str]
    """Gives the PIN of a token."""


@dataclass(frozen=True, slots=True)
class Seals:
    """What was wanted, as far as it can be checked before a secret is asked for."""

    wanted: Wanted
    stamp: Callable[[bytes], bytes] | None
    certified: Callable[[Signer], SignPdf] | None


def seals(wanted: Wanted) -> Seals:
    """Check what was wanted; nothing is asked for. Raises UsageError, SigningError, MissingExtraError."""
    stamp = _stamp(wanted.timestamp) if wanted.timestamp else None
    certified = _certified(wanted.sign_pdf, wanted.timestamp or None) if wanted.sign_pdf else None
    return Seals(wanted, stamp, certified)


def write(scan: ScanDir, output: Path, previous: Previous | None, given: Seals) -> Written:
    """Write the package of a scan that was checked. Call it under the scan's lock.

    Raises UsageError, EvidenceError, SigningError, TimestampError.
    """
    from scanner.package.write import Extras, check_ready, write_package

    certified, wanted = given.certified, given.wanted
    check_ready(scan, output, pdf=certified is not None)
    signer = _opened(wanted) if wanted.sign else None  # which may ask for a secret
    seal = certified(signer) if certified and signer else None
    shown = pages(templates_dir())
    extras = Extras(pages=shown, signer=signer, previous=previous, timestamp=given.stamp, sign_pdf=seal)
    return write_package(scan, output, extras)


def pages(templates: Path) -> dict[str, bytes]:
    """Return the pages that tell how to check a package, by name, from the folder of the templates.

    Raises KeyauditError when the installation is damaged.
    """
    from scanner.package.members import PAGES

    return {name: _page(templates / "package" / name) for name in PAGES}


def _page(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeyauditError(f"cannot read {path}: {error.strerror}", hint="install keyaudit again") from None


def _stamp(url: str) -> Callable[[bytes], bytes]:
    from scanner.package.timestamp import check_url, timestamp

    return partial(timestamp, url=check_url(url))


def _opened(wanted: Wanted) -> Signer:
    from scanner.package.signers import open_signer

    return open_signer(wanted.sign, passphrase=wanted.passphrase, pin=wanted.pin)


def _certified(path: Path, url: str | None) -> Callable[[Signer], SignPdf]:
    """Return what makes a signer one that signs PDF files, by its certificate."""
    from datetime import UTC, datetime

    try:
        from scanner.package import pades
    except ImportError:
        raise MissingExtraError("pyhanko is not installed", hint='pip install "keyaudit[sign]"') from None
    from scanner.package.timestamp import post

    now = datetime.now(UTC)
    certificates = pades.load_certificates(path, now)
    authority = partial(post, url) if url else None

    def certified(signer: Signer) -> SignPdf:
        pades.check_key(certificates, signer)
        return partial(pades.sign_pdf, signer=signer, certificates=certificates, now=now, post=authority)

    return certified
