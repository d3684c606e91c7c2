"""``keyaudit keygen``: make a key that signs packages."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from scanner.cli.options import QuietOption, VerboseOption
from scanner.cli.text import safe, say
from scanner.errors import UsageError

PASSPHRASE = "KEYAUDIT_PASSPHRASE"  # noqa: S105 - the name of the variable


def keygen(
    path: Annotated[Path, typer.Argument(help="File for the private key; the public one is PATH.pub.", metavar="PATH")],
    no_passphrase: Annotated[
        bool, typer.Option("--no-passphrase", help="Do not encrypt it: for machines that sign unattended.")
    ] = False,
    certificate: Annotated[
        str | None,
        typer.Option("--certificate", help="Make PATH.crt, too: for `package --sign-pdf`.", metavar="NAME"),
    ] = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> int:
    """Make a key that signs packages: ECDSA on P-256.

    It is encrypted by a passphrase, from KEYAUDIT_PASSPHRASE or asked for. Give PATH.pub to your auditor. The
    certificate says whose key it is, is signed by the key itself, and valid for five years.

    Example: keyaudit keygen audit.key
    """
    del verbose  # -vv is read before commands are, for tracebacks
    from datetime import UTC, datetime

    from scanner.package.keyfile import Named, certificate_path, check_free, public_path, write_key
    from scanner.package.keys import fingerprint

    check_free(path)
    passphrase = None if no_passphrase else secret(PASSPHRASE, "passphrase", confirm=True)
    key = write_key(path, passphrase, Named(certificate, datetime.now(UTC)) if certificate is not None else None)
    if not quiet:
        say(f"private key  {safe(str(path), 4096)}")
        say(f"public key   {safe(str(public_path(path)), 4096)}")
        if certificate is not None:
            say(f"certificate  {safe(str(certificate_path(path)), 4096)}")
        say(f"fingerprint  {fingerprint(key)}")
    return 0


def secret(variable: str, name: str, *, confirm: bool = False) -> str:
    """Return a secret from the environment, or ask a person for it. Raises UsageError when there is neither."""
    value = os.environ.get(variable)
    if not value and not sys.stdin.isatty():
        raise UsageError(f"the {name} is missing", hint=f"set {variable}, or run it in a terminal")
    if not value:
        value = str(typer.prompt(name[0].upper() + name[1:], hide_input=True, confirmation_prompt=confirm, err=True))
    return value
