"""A certification authority of the simulator's own, made anew at each start."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from scanner.demo.azure.clouds import CLOUDS

LIFETIME = timedelta(days=30)
"""Of the authority and of its certificate. They die with the process."""


@dataclass(frozen=True, slots=True)
class Authority:
    """Who vouches for the simulator's hosts."""

    certificate: Path
    """PEM of the authority, for `connection_verify`."""
    context: ssl.SSLContext
    """Of the server."""


def hosts() -> list[str]:
    """Return the names that the certificate is for: every host of every cloud."""
    names: list[str] = []
    for cloud in CLOUDS.values():
        names += [*cloud.login, cloud.arm, f"*.{cloud.vault}", f"*.{cloud.hsm}"]
    return names


def authority(folder: Path) -> Authority:
    """Make an authority and a server certificate, and keep their files in ``folder``."""
    real_time = datetime.now(UTC)  # what TLS compares with, whatever time it is in the world
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "keyaudit simulated Azure")])
    usage = {"content_commitment": False, "key_encipherment": False, "data_encipherment": False}
    usage |= {"key_agreement": False, "encipher_only": False, "decipher_only": False}
    root_usage = x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, **usage)
    root_id = x509.SubjectKeyIdentifier.from_public_key(root_key.public_key())
    root = (
        _builder(name, name, root_key.public_key(), real_time)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(root_usage, critical=True)
        .add_extension(root_id, critical=False)
        .sign(root_key, hashes.SHA256())
    )
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "management.azure.com")])
    leaf = (
        _builder(subject, name, key.public_key(), real_time)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts()]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(root_id), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    certificate, server = folder / "ca.pem", folder / "server.pem"
    certificate.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    server.touch(mode=0o600)
    server.write_bytes(private + leaf.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(server)
    server.unlink()  # the key lives in memory only
    return Authority(certificate, context)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, real_time: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(real_time - timedelta(days=1))
        .not_valid_after(real_time + LIFETIME)
    )
