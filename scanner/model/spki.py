"""Fingerprints of public keys: SHA-256 of SubjectPublicKeyInfo in DER (RFC 5280, 4.1), as lower-case hex.

The same key has the same fingerprint whoever tells of it: a key service, a token, a certificate, a JSON Web Key, or a
private key that leaked. The encoding is made here from the numbers of a key, so that no key has to be valid, or of a
length that a library takes, to be recognized.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from scanner.model.ids import Json

NONE = "none"
"""In place of a fingerprint: the key has no public half, since it is symmetric."""

_SEQUENCE, _INTEGER, _BITS = 0x30, 0x02, 0x03
_RSA = bytes.fromhex("300d06092a864886f70d0101010500")
"""AlgorithmIdentifier of rsaEncryption, whose parameters are NULL (RFC 3279, 2.3.1)."""
_EC = bytes.fromhex("06072a8648ce3d0201")
"""Object identifier id-ecPublicKey (RFC 5480, 2.1.1)."""
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+\Z")


_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----")


@dataclass(frozen=True, slots=True)
class _Curve:
    oid: bytes
    """Object identifier in DER."""
    octets: int
    """Of one coordinate."""


_CURVES: Mapping[str, _Curve] = {
    "P-256": _Curve(bytes.fromhex("06082a8648ce3d030107"), 32),
    "P-384": _Curve(bytes.fromhex("06052b81040022"), 48),
    "P-521": _Curve(bytes.fromhex("06052b81040023"), 66),
    "SECP256K1": _Curve(bytes.fromhex("06052b8104000a"), 32),
    "P-256K": _Curve(bytes.fromhex("06052b8104000a"), 32),  # the same in Azure Key Vault's words
}
_OKP: Mapping[str, _Curve] = {
    "ED25519": _Curve(bytes.fromhex("06032b6570"), 32),
    "ED448": _Curve(bytes.fromhex("06032b6571"), 57),
    "X25519": _Curve(bytes.fromhex("06032b656e"), 32),
    "X448": _Curve(bytes.fromhex("06032b656f"), 56),
}


def fingerprint(spki: bytes) -> str:
    """Return the fingerprint of a SubjectPublicKeyInfo in DER."""
    return hashlib.sha256(spki).hexdigest()


def of_pem(text: str) -> str | None:
    """Return the fingerprint of a public key in PEM (RFC 7468, 13), or None when it is none."""
    body = _PEM.fullmatch(text.strip())
    try:
        der = base64.b64decode("".join(body[1].split()), validate=True) if body else b""
    except ValueError:
        return None
    return fingerprint(der) if der[:1] == b"\x30" else None


def of_rsa(modulus: int, exponent: int) -> str | None:
    """Return the fingerprint of an RSA key (RFC 8017, A.1.1), or None when the numbers are none of a key."""
    if modulus <= 0 or exponent <= 0:
        return None
    key = _der(_SEQUENCE, _number(modulus) + _number(exponent))
    return fingerprint(_der(_SEQUENCE, _RSA + _der(_BITS, b"\0" + key)))


def of_point(oid: bytes, point: bytes) -> str | None:
    """Return the fingerprint of an EC key: its curve's object identifier in DER, its point uncompressed (SEC 1, 2.3.3).

    None for a curve that is not known here, and for a point that is compressed or cut.
    """
    octets = next((one.octets for one in _CURVES.values() if one.oid == oid), 0)
    if not octets or point[:1] != b"\x04" or len(point) != 1 + 2 * octets:
        return None
    return fingerprint(_der(_SEQUENCE, _der(_SEQUENCE, _EC + oid) + _der(_BITS, b"\0" + point)))


def of_jwk(key: Mapping[str, Json]) -> str | None:
    """Return the fingerprint of a JSON Web Key (RFC 7518, 6; RFC 8037, 2); None when it is symmetric or not understood.

    ``RSA-HSM`` and ``EC-HSM``, as Azure Key Vault says, are RSA and EC.
    """
    kind = str(key.get("kty")).upper().removesuffix("-HSM")
    name = str(key.get("crv")).upper()
    if kind == "RSA":
        modulus, exponent = _octets(key.get("n")), _octets(key.get("e"))
        return of_rsa(int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big"))
    if kind == "EC" and name in _CURVES:
        curve = _CURVES[name]
        x, y = _octets(key.get("x")), _octets(key.get("y"))
        if not (0 < len(x) <= curve.octets and 0 < len(y) <= curve.octets):
            return None
        return of_point(curve.oid, b"\x04" + x.rjust(curve.octets, b"\0") + y.rjust(curve.octets, b"\0"))
    x = _octets(key.get("x"))
    if kind == "OKP" and name in _OKP and len(x) == _OKP[name].octets:
        return fingerprint(_der(_SEQUENCE, _der(_SEQUENCE, _OKP[name].oid) + _der(_BITS, b"\0" + x)))
    return None


def _octets(value: Json) -> bytes:
    """Return what base64url stands for; empty when it is none."""
    if not isinstance(value, str) or len(value) % 4 == 1 or _BASE64URL.match(value) is None:
        return b""
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


def _der(tag: int, content: bytes) -> bytes:
    """Return one element: tag, length, content (X.690, 8.1)."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def _number(value: int) -> bytes:
    """Return a positive INTEGER: one octet more where the first bit would make it negative (X.690, 8.3)."""
    return _der(_INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))
