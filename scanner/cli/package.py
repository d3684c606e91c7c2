"""``keyaudit package``: make the evidence package of a finished scan."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.cli.keygen import PASSPHRASE, secret
from scanner.cli.options import QuietOption, VerboseOption
from scanner.cli.text import safe, say
from scanner.errors import UsageError

if TYPE_CHECKING:
    from scanner.package.write import Written

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
    del verbose  # -vv is read before commands are, for tracebacks
    from scanner.cli import packaging
    from scanner.package.manifest import read_previous
    from scanner.scandir import ScanDir

    # Everything that can be wrong with what the user gave is told before anything is written.
    scan = ScanDir(folder)
    scan.check_scan()
    _check_output(output, previous, overwrite=overwrite)
    before = read_previous(previous) if previous else None
    if sign_pdf and not sign:
        raise UsageError("--sign-pdf needs a key", hint="name it with --sign")
    seals = packaging.seals(
        packaging.Wanted(
            sign=sign or "",
            sign_pdf=sign_pdf,
            timestamp=timestamp or "",
            passphrase=partial(secret, PASSPHRASE, "passphrase"),
            pin=partial(secret, PIN, "PIN"),
        )
    )
    with scan.lock():
        written = packaging.write(scan, output, before, seals)
    if not quiet:
        _tell(written, signed=bool(sign), stamped=bool(timestamp), report=sign_pdf is not None)
    return 0


def _check_output(output: Path, previous: Path | None, *, overwrite: bool) -> None:
    if output.is_dir() or not output.parent.is_dir():
        raise UsageError(f"{output} cannot be a file", hint="name a file in a folder that exists")
    if previous and output.exists() and previous.exists() and output.samefile(previous):
        raise UsageError("the package would replace the one before it", hint="name another file with -o")
    if output.exists() and not overwrite:
        raise UsageError(f"{output} exists already", hint="name another file, or replace it with --overwrite")


def _tell(written: Written, *, signed: bool, stamped: bool, report: bool) -> None:
    how = " and ".join(word for word, true in (("signed", signed), ("timestamped", stamped)) if true) or "not signed"
    say(f"package     {safe(str(written.path), 4096)} ({how})")
    say(f"holds       {written.members} files, {written.observations} observations and gaps")
    say(f"checkpoint  {written.number} {written.checkpoint}")
    if report:
        say("report.pdf  signed, too (PAdES)")
