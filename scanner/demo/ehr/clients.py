"""Key pairs of the clients of the simulated EHR: made from their names, the same on every run. They open nothing."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

Curve = Literal["P-256", "P-384", "P-521"]


def pair(kid: str, curve: Curve) -> EllipticCurvePrivateKey:
    """Return the key pair of a client: ``kid`` is its name in the key set."""
    from cryptography.hazmat.primitives.asymmetric import ec

    curves: dict[str, ec.EllipticCurve] = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
    # Every number below 2^255 is a private key on each of these curves.
    number = int.from_bytes(hashlib.sha256(f"{kid} d".encode()).digest(), "big") >> 1
    return ec.derive_private_key(number, curves[curve])


def pem(kid: str, curve: Curve) -> str:
    """Return its private half as people paste it: PKCS #8 in PEM, without a passphrase."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return pair(kid, curve).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def fingerprint(kid: str, curve: Curve) -> bytes:
    """Return SHA-256 of its public half's SubjectPublicKeyInfo."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = pair(kid, curve).public_key()
    return hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
