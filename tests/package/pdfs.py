"""Reports to sign, and certificates for the keys that sign them."""

from __future__ import annotations

import functools
import os
import subprocess
from base64 import encodebytes
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from scanner.package.keys import ALGORITHM
from scanner.package.pades import Certificates, Post, sign_pdf
from scanner.render import pdf
from tests.packages import key
from tests.render.reports import a_report

NOW = datetime(2026, 6, 15, 12, 5, tzinfo=UTC)
"""When signatures say that they were made: after the scans of tests."""
OLD, LATE = datetime(2020, 1, 1, tzinfo=UTC), datetime(2120, 1, 1, tzinfo=UTC)
SIGNS = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
CERTIFIES = x509.KeyUsage(False, False, False, False, False, True, True, False, False)


@functools.cache
def report() -> bytes:
    """Return a report as a scan writes it."""
    return pdf.render(a_report(key_ages=())).data


class Somebody:
    """A signer with one of the keys of tests."""

    def __init__(self, name: str = "operator") -> None:
        self.key: EllipticCurvePrivateKey = key(name)
        self.public_key = self.key.public_key()

    def sign(self, data: bytes) -> bytes:
        return self.key.sign(data, ALGORITHM)


def _named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(
    of: EllipticCurvePublicKey,
    by: str = "operator",
    *,
    name: str = "Test Health",
    issuer: str = "",
    start: datetime = OLD,
    end: datetime = LATE,
    usage: x509.KeyUsage | None = SIGNS,
    ca: bool = False,
) -> x509.Certificate:
    """Return a certificate of a key, signed by that of somebody."""
    builder = x509.CertificateBuilder().subject_name(_named(name)).issuer_name(_named(issuer or name))
    builder = (
        builder.public_key(of).serial_number(1 + crc32(name.encode())).not_valid_before(start).not_valid_after(end)
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    if usage:
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(key(by), hashes.SHA256())


@functools.cache
def authority() -> x509.Certificate:
    """Return the root of who certifies keys."""
    return certificate(key("ca").public_key(), "ca", name="Root", usage=CERTIFIES, ca=True)


def certified(name: str = "operator", **given: Any) -> Certificates:  # noqa: ANN401 - any option of certificate()
    """Return the certificate of somebody's key by the authority, as it is read from a file."""
    own = certificate(key(name).public_key(), "ca", issuer="Root", **given)
    return Certificates(Path("own.pem"), own, ())


def own(name: str = "operator", **given: Any) -> Certificates:  # noqa: ANN401 - as above
    """Return the certificate of somebody's key by itself."""
    return Certificates(Path("own.pem"), certificate(key(name).public_key(), name, **given), ())


def signed(certificates: Certificates | None = None, name: str = "operator", post: Post | None = None) -> bytes:
    """Return the report, signed."""
    return sign_pdf(report(), Somebody(name), certificates or own(name), now=NOW, post=post)


@functools.cache
def a_signed() -> bytes:
    """Return the report signed by the operator, with a certificate of its own, once made."""
    return signed()


def spoiled(old: str, new: str) -> bytes:
    """Return a certificate in PEM form with some bytes (hex) replaced."""
    der = own().first.public_bytes(Encoding.DER)
    changed = der.replace(bytes.fromhex(old), bytes.fromhex(new), 1)
    assert changed != der
    return b"-----BEGIN CERTIFICATE-----\n" + encodebytes(changed) + b"-----END CERTIFICATE-----\n"


VERSION_10 = ("a003020102", "a003020109")
"""Of X.509; there are three."""
TWICE = ("551d13", "551d0f")
"""What a key is for, said twice."""


def pem(*certificates: x509.Certificate) -> bytes:
    """Return certificates as a file has them."""
    return b"".join(one.public_bytes(Encoding.PEM) for one in certificates)


def pdfsig(data: bytes, folder: Path) -> str:
    """Return what poppler's pdfsig says of a PDF, whomever it trusts."""
    path = folder / "looked-at.pdf"
    path.write_bytes(data)
    # It keeps its certificates at home.
    environ = {**os.environ, "HOME": str(folder)}
    command = ["pdfsig", "-nocert", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environ).stdout


def days(count: int) -> timedelta:
    """Return so many days."""
    return timedelta(days=count)
