"""Make a key file that signs packages: PKCS #8, encrypted or not, for its owner alone; its public half beside it."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from scanner.errors import UsageError


def public_path(path: Path) -> Path:
    """Return where the public half of a key file is."""
    return path.with_name(f"{path.name}.pub")


def check_free(path: Path) -> None:
    """Raise UsageError when a key is there already: what it signed could not be signed again."""
    for taken in (path, public_path(path)):
        if taken.is_symlink() or taken.exists():
            raise UsageError(f"{taken} exists already", hint="name another file; no key is ever replaced")


def write_key(path: Path, passphrase: str | None) -> ec.EllipticCurvePublicKey:
    """Make a key, write it (mode 0600) and its public half (0644), and return the latter.

    ``passphrase`` encrypts it; None: it lies open to its owner. Raises UsageError where a file is in the way.
    """
    check_free(path)
    key = ec.generate_private_key(ec.SECP256R1())
    protection = (
        serialization.NoEncryption()
        if passphrase is None
        else serialization.BestAvailableEncryption(passphrase.encode())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)
    public = key.public_key()
    _write_new(path, pem, 0o600)
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    _write_new(public_path(path), public.public_bytes(serialization.Encoding.PEM, spki), 0o644)
    return public


def _write_new(path: Path, data: bytes, mode: int) -> None:
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}", hint="name another file") from error
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(fd)
