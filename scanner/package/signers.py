"""Open the key that ``--sign`` names."""

from __future__ import annotations

import re
from pathlib import Path

from scanner.errors import MissingExtraError, UsageError
from scanner.package.keys import FORMS, FileSigner, KmsSigner, Secret, Signer, kms_client

_KMS_ARN = re.compile(r"arn:aws[a-z-]*:kms:([a-z0-9-]+):[0-9]{12}:(?:key|alias)/\S+")


def open_signer(spec: str, *, passphrase: Secret, pin: Secret) -> Signer:
    """Return the signer that ``spec`` names. Raises UsageError for what names none, else SigningError.

    A key is tried before there is anything to sign: one that cannot be used is told at once.
    """
    scheme, _, rest = spec.partition(":")
    if scheme == "file" and rest:
        return FileSigner(Path(rest).expanduser(), passphrase)
    if scheme == "awskms" and (match := _KMS_ARN.fullmatch(rest)):
        return KmsSigner(kms_client(match[1]), rest)
    if scheme == "awskms":
        raise UsageError(f"{rest!r} is no ARN of a KMS key or alias", hint="write awskms:arn:aws:kms:REGION:…:key/…")
    if scheme == "pkcs11":
        try:
            from scanner.package.tokens import Pkcs11Signer, parse_uri
        except ImportError:
            raise MissingExtraError("python-pkcs11 is not installed", hint='pip install "keyaudit[hsm]"') from None
        return Pkcs11Signer(parse_uri(spec), pin)
    raise UsageError(f"--sign {spec!r} names no key", hint=f"write {FORMS}")
