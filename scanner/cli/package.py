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
    from collections.abc import Callable

    from scanner.package.write import Written

PIN = "KEYAUDIT_PIN"


def package(
    folder: Annotated[Path, typer.Argument(help="Folder of a finished scan.", metavar="SCAN_DIR")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The package to write.", metavar="FILE.zip")],
    sign: Annotated[
        str | None,
        typer.Option("--sign", help="Sign with file:PATH, awskms:ARN or pkcs11:URI.", metavar="KEY"),
    ] = None,
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

    The same scan gives the same bytes, signature and timestamp apart. A passphrase comes from KEYAUDIT_PASSPHRASE, a
    PIN from KEYAUDIT_PIN, or both are asked for.

    Example: keyaudit package scan-2026-11 -o 2026-11.zip --sign file:audit.key
    """
    from scanner.resources import templates_dir

    del verbose  # -vv is read before commands are, for tracebacks
    from scanner.package.manifest import read_previous
    from scanner.package.signers import open_signer
    from scanner.package.write import Extras, write_package
    from scanner.scandir import ScanDir

    # Everything that can be wrong with what the user gave is told before anything is written.
    scan = ScanDir(folder)
    scan.check_scan()
    _check_output(output, previous, overwrite=overwrite)
    before = read_previous(previous) if previous else None
    stamp = _stamp(timestamp) if timestamp else None
    ask_passphrase, ask_pin = partial(secret, PASSPHRASE, "passphrase"), partial(secret, PIN, "PIN")
    signer = open_signer(sign, passphrase=ask_passphrase, pin=ask_pin) if sign else None
    with scan.lock():
        written = write_package(
            scan, output, Extras(pages=pages(templates_dir()), signer=signer, previous=before, timestamp=stamp)
        )
    if not quiet:
        _tell(written, signed=signer is not None, stamped=stamp is not None)
    return 0


def pages(templates: Path) -> dict[str, bytes]:
    """Return the pages that tell how to check a package, by name, from the folder of the templates."""
    from scanner.package.members import PAGES

    paths = (templates / "package" / name for name in PAGES)
    return {path.name: path.read_bytes() for path in paths if path.is_file()}


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


def _tell(written: Written, *, signed: bool, stamped: bool) -> None:
    how = " and ".join(word for word, true in (("signed", signed), ("timestamped", stamped)) if true) or "not signed"
    say(f"package     {safe(str(written.path), 4096)} ({how})")
    say(f"holds       {written.members} files, {written.observations} observations and gaps")
    say(f"checkpoint  {written.number} {written.checkpoint}")
