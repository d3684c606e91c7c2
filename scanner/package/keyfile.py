"""Make a key file that signs packages: PKCS #8, encrypted or not, for its owner alone; its public half beside it.

A certificate is needed to sign a PDF. One that the key signs itself proves no more than the key does: who trusts the
key by its fingerprint may trust it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from scanner.errors import UsageError

TERM = timedelta(days=1826)
"""How long a certificate is valid: five years."""
LONGEST_NAME = 64
"""Characters of a common name (RFC 5280, A.1)."""
_UNUSED = (
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@dataclass(frozen=True, slots=True)
class Named:
    """Whose certificate to make, valid from when."""

    name: str
    now: datetime


def public_path(path: Path) -> Path:
    """Return where the public half of a key file is."""
    return path.with_name(f"{path.name}.pub")


def certificate_path(path: Path) -> Path:
    """Return where the certificate of a key file is."""
    return path.with_name(f"{path.name}.crt")


def check_free(path: Path) -> None:
    """Raise UsageError when a key is there already: what it signed could not be signed again."""
    for taken in (path, public_path(path), certificate_path(path)):
        if taken.is_symlink() or taken.exists():
            raise UsageError(f"{taken} exists already", hint="name another file; no key is ever replaced")


def write_key(path: Path, passphrase: str | None, named: Named | None = None) -> ec.EllipticCurvePublicKey:
    """Make a key, write it (mode 0600) and its public half (0644), and return the latter.

    ``passphrase`` encrypts it; None: it lies open to its owner. ``named`` asks for a certificate (0644), too. Raises
    UsageError where a file is in the way, and for what is no name.
    """
    check_free(path)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = self_signed(key, named) if named else None
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
    if certificate:
        _write_new(certificate_path(path), certificate.public_bytes(serialization.Encoding.PEM), 0o644)
    return public


def self_signed(key: ec.EllipticCurvePrivateKey, named: Named) -> x509.Certificate:
    """Return a certificate for signing documents, by the key itself. Raises UsageError for what is no name."""
    if not named.name.isprintable() or not 0 < len(named.name) <= LONGEST_NAME:
        hint = f"write whose key it is in 1 to {LONGEST_NAME} characters"
        raise UsageError(f"{named.name[:LONGEST_NAME]!r} cannot stand in a certificate", hint=hint)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, named.name)])
    public = key.public_key()
    builder = x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=public)
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(named.now).not_valid_after(named.now + TERM)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    unused = dict.fromkeys(_UNUSED, False)
    usage = x509.KeyUsage(digital_signature=True, content_commitment=True, **unused)
    return builder.add_extension(usage, critical=True).sign(key, hashes.SHA256())


def _write_new(path: Path, data: bytes, mode: int) -> None:
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}", hint="name another file") from error
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(fd)
