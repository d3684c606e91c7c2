"""``keyaudit package``: make the evidence package of a finished scan."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.cli.keygen import PASSPHRASE, secret
from scanner.cli.options import QuietOption, VerboseOption
from scanner.cli.text import safe, say
from scanner.errors import KeyauditError, MissingExtraError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from scanner.package.keys import Signer
    from scanner.package.write import SignPdf, Written

PIN = "KEYAUDIT_PIN"
SignPdfOption = Annotated[
    Path | None,
    typer.Option("--sign-pdf", help="Sign report.pdf, too, with the key's certificate (PAdES).", metavar="PEM"),
]


def package(
    folder: Annotated[Path, typer.Argument(help="Folder of a finished scan.", metavar="SCAN_DIR")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The package to write.", metavar="FILE.zip")],
    sign: Annotated[
        str | None,
        typer.Option("--sign", help="Sign with file:PATH, awskms:ARN or pkcs11:URI.", metavar="KEY"),
    ] = None,
    sign_pdf: SignPdfOption = None,
    previous: Annotated[
        Path | None,
        typer.Option("--previous", help="Package of the scan before this one.", metavar="FILE.zip"),
    ] = None,
    timestamp: Annotated[
        str | None,
        typer.Option("--timestamp", help="Have an RFC 3161 authority say when.", metavar="URL"),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file if it is there.")] = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> int:
    """Make the evidence package of a finished scan: one ZIP.

    The same scan gives the same bytes, signatures and timestamps apart. A passphrase comes from KEYAUDIT_PASSPHRASE, a
    PIN from KEYAUDIT_PIN, or both are asked for. With --sign-pdf the package's copy of report.pdf is signed; the scan's
    own stays as it is.

    Example: keyaudit package scan-2026-11 -o 2026-11.zip --sign file:audit.key
    """
    from scanner.resources import templates_dir

    del verbose  # -vv is read before commands are, for tracebacks
    from scanner.package.manifest import read_previous
    from scanner.package.write import Extras, check_ready, write_package
    from scanner.scandir import ScanDir

    # Everything that can be wrong with what the user gave is told before anything is written.
    scan = ScanDir(folder)
    scan.check_scan()
    _check_output(output, previous, overwrite=overwrite)
    before = read_previous(previous) if previous else None
    stamp = _stamp(timestamp) if timestamp else None
    if sign_pdf and not sign:
        raise UsageError("--sign-pdf needs a key", hint="name it with --sign")
    certified = _certified(sign_pdf, timestamp) if sign_pdf else None
    with scan.lock():
        check_ready(scan, output, pdf=certified is not None)
        signer = _opened(sign) if sign else None  # which may ask for a secret
        seal = certified(signer) if certified and signer else None
        shown = pages(templates_dir())
        extras = Extras(pages=shown, signer=signer, previous=before, timestamp=stamp, sign_pdf=seal)
        written = write_package(scan, output, extras)
    if not quiet:
        _tell(written, signed=signer is not None, stamped=stamp is not None, report=seal is not None)
    return 0


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


def _check_output(output: Path, previous: Path | None, *, overwrite: bool) -> None:
    if output.is_dir() or not output.parent.is_dir():
        raise UsageError(f"{output} cannot be a file", hint="name a file in a folder that exists")
    if previous and output.exists() and previous.exists() and output.samefile(previous):
        raise UsageError("the package would replace the one before it", hint="name another file with -o")
    if output.exists() and not overwrite:
        raise UsageError(f"{output} exists already", hint="name another file, or replace it with --overwrite")


def _stamp(url: str) -> Callable[[bytes], bytes]:
    from scanner.package.timestamp import check_url, timestamp

    return partial(timestamp, url=check_url(url))


def _opened(sign: str) -> Signer:
    from scanner.package.signers import open_signer

    ask_passphrase, ask_pin = partial(secret, PASSPHRASE, "passphrase"), partial(secret, PIN, "PIN")
    return open_signer(sign, passphrase=ask_passphrase, pin=ask_pin)


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


def _tell(written: Written, *, signed: bool, stamped: bool, report: bool) -> None:
    how = " and ".join(word for word, true in (("signed", signed), ("timestamped", stamped)) if true) or "not signed"
    say(f"package     {safe(str(written.path), 4096)} ({how})")
    say(f"holds       {written.members} files, {written.observations} observations and gaps")
    say(f"checkpoint  {written.number} {written.checkpoint}")
    if report:
        say("report.pdf  signed, too (PAdES)")
