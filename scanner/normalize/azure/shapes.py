"""What a key of Azure Key Vault or Managed HSM is, in the terms of SP 800-57 Part 1 Rev. 5."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from scanner.model import spki
from scanner.normalize.algorithms import KeyShape, ec, key_type, rsa
from scanner.normalize.reading import Object, text, texts

_CURVES: Mapping[str, KeyShape] = {
    "P-256": ec("P-256", 256),
    "P-384": ec("P-384", 384),
    "P-521": ec("P-521", 521),
    "P-256K": ec("secp256k1", 256, approved=False),
    "SECP256K1": ec("secp256k1", 256, approved=False),
}
"""JsonWebKeyCurveName."""
_ALGORITHMS = {"RSA": "RSA", "EC": "EC", "OCT": "AES"}
"""JsonWebKeyType, without the ending that says that an HSM holds it."""
_USES: Mapping[str, tuple[tuple[str, frozenset[str]], ...]] = {
    "RSA": (
        ("encrypt", frozenset({"encrypt", "decrypt", "wrapkey", "unwrapkey"})),
        ("sign", frozenset({"sign", "verify"})),
    ),
    "EC": (("sign", frozenset({"sign", "verify"})),),
    "AES": (
        ("encrypt", frozenset({"encrypt", "decrypt"})),
        ("mac", frozenset({"sign", "verify"})),
        ("wrap", frozenset({"wrapkey", "unwrapkey"})),
    ),
}
_OTHERS = frozenset({"import", "export"})
"""Operations of JsonWebKeyOperation that are no use of a key to protect something."""
_BASE64URL = re.compile(r"(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2,3})?")
_SYMMETRIC = (
    ("wrap", "symmetric_key_wrapping"),
    ("encrypt", "symmetric_data_encryption"),
    ("mac", "symmetric_authentication"),
)
"""Use of a symmetric key to its type, the one that says most first."""
_SIZES = (128, 192, 256)


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of a key's algorithm and use."""

    kty: str | None = None
    spec: str | None = None
    """The provider's word with length or curve, ``RSA-HSM 3072``."""
    algorithm: str | None = None
    curve: str | None = None
    length_bits: int | None = None
    strength_bits: int | None = None
    approved: bool | None = None
    quantum_vulnerable: bool | None = None
    usage: str | None = None
    usage_count: int | None = None
    key_type: str | None = None
    public_fingerprint: str | None = None


def shape_of(jwk: Object | None, size: int | None = None) -> Shape:
    """Return the shape of a key from its JSON Web Key; ``size`` is the length that another answer gave, in bits."""
    shape = _shape(jwk, size)
    if jwk is None:
        return shape
    return replace(shape, public_fingerprint=spki.NONE if shape.algorithm == "AES" else spki.of_jwk(jwk))


def _shape(jwk: Object | None, size: int | None) -> Shape:
    kty = text(jwk, "kty")
    algorithm = _ALGORITHMS.get((kty or "").upper().removesuffix("-HSM"))
    if jwk is None or kty is None or algorithm is None:
        return Shape(kty=kty)
    known = _known(jwk, algorithm, size)
    usage, count, kind = _usage(jwk, algorithm)
    if known is None:
        curve = None if algorithm == "EC" else "none"
        return Shape(
            kty,
            kty,
            algorithm,
            curve,
            quantum_vulnerable=algorithm != "AES",
            usage=usage,
            usage_count=count,
            key_type=kind,
        )
    length = text(jwk, "crv") if algorithm == "EC" else str(known.length_bits)
    return Shape(
        kty,
        f"{kty} {length}",
        algorithm,
        known.curve,
        known.length_bits,
        known.strength_bits,
        known.approved,
        known.quantum_vulnerable,
        usage,
        count,
        kind,
    )


def _known(jwk: Object, algorithm: str, size: int | None) -> KeyShape | None:
    if algorithm == "EC":
        return _CURVES.get((text(jwk, "crv") or "").upper())
    if algorithm == "RSA":
        bits = _modulus(text(jwk, "n"))
        return rsa(bits) if bits else None
    return KeyShape("AES", size, size) if size in _SIZES else None


def _modulus(value: str | None) -> int:
    """Return the length of a modulus in bits (RFC 7518, 6.3.1.1), or 0."""
    if not value or _BASE64URL.fullmatch(value) is None:
        return 0
    raw = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    return int.from_bytes(raw, "big").bit_length()


def _usage(jwk: Object, algorithm: str) -> tuple[str | None, int | None, str | None]:
    """Return what a key is for, how many uses that is, and its type.

    A symmetric key that only wraps is for encryption, as keys of key services are. Of a key with several uses, which
    Key Vault makes unless it is told otherwise, the type is that of the use that opens what others wrapped.
    """
    listed = texts(jwk, "key_ops")
    allowed = None if listed is None else {operation.lower() for operation in listed} - _OTHERS
    known = frozenset().union(*(names for _, names in _USES[algorithm]))
    if allowed is None or not allowed <= known:
        return None, None, None
    uses = sorted(use for use, names in _USES[algorithm] if names & allowed)
    words = "encrypt" if uses == ["wrap"] else ",".join(uses)
    if algorithm == "AES":
        kind = next((kind for use, kind in _SYMMETRIC if use in uses), None)
    else:
        kind = key_type(algorithm, "encrypt" if "encrypt" in uses else words)
    return words, len(uses), kind
