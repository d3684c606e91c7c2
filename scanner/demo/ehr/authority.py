"""A certificate authority on this machine: it lives as long as the simulator, and its keys end with it."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from scanner.demo.ehr.revocation import Revocations
from scanner.demo.ehr.world import ServerCertificate

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
_CURVES: dict[str, ec.EllipticCurve] = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1()}


def new_key(kind: str) -> Key:
    """Return a new key: `P-256`, `RSA-2048` and so on."""
    if kind in _CURVES:
        return ec.generate_private_key(_CURVES[kind])
    return rsa.generate_private_key(65537, int(kind.removeprefix("RSA-")))


class Authority:
    """Signs certificates. Its own stands in ``bundle``."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self._folder = folder
        self._now = now
        self._key = ec.generate_private_key(_CURVES["P-256"])
        name = _name("Example EHR Test Authority")
        begin, end = now - timedelta(days=1000), now + timedelta(days=2000)
        self._certificate = _signed(name, name, self._key, self._key, (begin, end), authority=True)
        self.bundle = folder / "authority.pem"
        self.revocations = Revocations(self._certificate, self._key, now)
        self.bundle.write_bytes(self._certificate.public_bytes(Encoding.PEM))

    def server(self, name: str, wanted: ServerCertificate, *, old: bool) -> ssl.SSLContext:
        """Return the context of a server with a certificate as ``wanted``."""
        key = new_key(wanted.key)
        subject = _name(f"{name}.ehr.example")
        days = (
            self._now - timedelta(days=max(wanted.age_days, 1 - wanted.ends_in_days)),
            self._now + timedelta(days=wanted.ends_in_days),
        )
        issuer, signer = (subject, key) if wanted.self_signed else (self._certificate.subject, self._key)
        ways = [self.revocations.extension(wanted.asked_by)] if wanted.asked_by else []
        certificate = _signed(subject, issuer, key, signer, days, names=wanted.names, ways=ways)
        self.revocations.enter(certificate, revoked=wanted.revoked)
        chain = [certificate] if wanted.self_signed else [certificate, self._certificate]
        file = self._folder / f"{name}.pem"
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.touch(mode=0o600)
        file.write_bytes(secret + b"".join(one.public_bytes(Encoding.PEM) for one in chain))
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if old:
            made.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            made.maximum_version = ssl.TLSVersion.TLSv1_2
            made.set_ciphers("ALL:eNULL:aNULL:@SECLEVEL=0")
        else:
            made.minimum_version = ssl.TLSVersion.TLSv1_2
            made.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
        made.load_cert_chain(file)
        file.unlink()
        return made

    def beside(self, age_days: int) -> bytes:
        """Return a certificate in DER for the `x5c` of a published key."""
        days = self._now - timedelta(days=age_days), self._now + timedelta(days=365)
        name, key = _name("client"), new_key("P-256")
        return _signed(name, self._certificate.subject, key, self._key, days).public_bytes(Encoding.DER)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _signed(
    subject: x509.Name,
    issuer: x509.Name,
    key: Key,
    signer: Key,
    days: tuple[datetime, datetime],
    *,
    names: Sequence[str] = (),
    ways: Sequence[x509.ExtensionType] = (),
    authority: bool = False,
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(days[0])
        .not_valid_after(days[1])
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_general(one) for one in names]), critical=False)
    for one in ways:
        builder = builder.add_extension(one, critical=False)
    return builder.sign(signer, hashes.SHA256())


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
