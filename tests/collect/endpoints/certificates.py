"""Certificates for the tests: small ones, made when they are asked for."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.support import NOW

Key = (
    ec.EllipticCurvePrivateKey
    | rsa.RSAPrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
    | dsa.DSAPrivateKey
)


@cache
def key(kind: str) -> Key:
    """Return a key; one of each kind is enough."""
    if kind == "RSA":
        return rsa.generate_private_key(65537, 1024)  # noqa: S505 - a weak one is to be seen
    if kind == "DSA":
        return dsa.generate_private_key(1024)  # noqa: S505 - as above
    if kind == "Ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kind == "Ed448":
        return ed448.Ed448PrivateKey.generate()
    return ec.generate_private_key({"P-256": ec.SECP256R1(), "K-256": ec.SECP256K1()}[kind])


def certificate(kind: str = "P-256", names: Sequence[str] = (), *, ca: bool | None = None) -> bytes:
    """Return a certificate in DER that its own key signed; ``ca`` None: it does not say."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Jane Roe's server")])
    mine = key(kind)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(mine.public_key())
        .serial_number(7)
        .not_valid_before(NOW)
        .not_valid_after(NOW.replace(year=NOW.year + 1))
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_general(one) for one in names]), critical=False)
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    algorithm = None if kind.startswith("Ed") else hashes.SHA256()
    return builder.sign(mine, algorithm).public_bytes(Encoding.DER)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name.removeprefix("dns:"))
