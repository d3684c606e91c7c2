"""What the attributes of a key say in the terms of SP 800-57 Part 1 Rev. 5."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scanner.normalize.algorithms import AWS_KMS, KeyShape, ec, hmac, key_type, rsa
from scanner.normalize.reading import Object, flag, text

SECRET, PRIVATE = "secret-key", "private"
"""Types of keys, as RFC 7512 calls them."""

_CURVES: Mapping[str, KeyShape] = {
    "06052b81040021": ec("P-224", 224),
    "06082a8648ce3d030107": ec("P-256", 256),
    "06052b81040022": ec("P-384", 384),
    "06052b81040023": ec("P-521", 521),
    "06052b8104000a": ec("secp256k1", 256, approved=False),
}
"""CKA_EC_PARAMS in hexadecimal (DER of the curve's object identifier; SEC 2, ANSI X9.62) to the key on it."""
_ED25519 = AWS_KMS["ECC_NIST_EDWARDS25519"]
_EDWARDS: Mapping[str, KeyShape] = {
    "06032b6570": _ED25519,
    "130c656477617264733235353139": _ED25519,
    # The field's 448 bits; SP 800-186 puts the curve at 224 bits of strength.
    "06032b6571": KeyShape("EdDSA", 448, 224, "Edwards448", quantum_vulnerable=True),
    "130a65647761726473343438": KeyShape("EdDSA", 448, 224, "Edwards448", quantum_vulnerable=True),
}
"""The same for Edwards curves: object identifier (RFC 8410) or name (PKCS #11 v3.0)."""
_SETS: Mapping[tuple[str, int], KeyShape] = {
    ("CKK_ML_DSA", 1): AWS_KMS["ML_DSA_44"],
    ("CKK_ML_DSA", 2): AWS_KMS["ML_DSA_65"],
    ("CKK_ML_DSA", 3): AWS_KMS["ML_DSA_87"],
    ("CKK_ML_KEM", 1): AWS_KMS["ML_KEM_512"],
    ("CKK_ML_KEM", 2): AWS_KMS["ML_KEM_768"],
    ("CKK_ML_KEM", 3): AWS_KMS["ML_KEM_1024"],
}
"""Key type and CKA_PARAMETER_SET (PKCS #11 v3.2: CKP_ML_DSA_44 and so on count from 1)."""
_TRIPLE_DES: Mapping[str, KeyShape] = {
    # Table 2: two-key TDEA at most 80 bits, three-key TDEA at most 112; SP 800-131A Rev. 2 disallows both.
    "CKK_DES2": KeyShape("TDEA", 112, 80, approved=False),
    "CKK_DES3": KeyShape("TDEA", 168, 112, approved=False),
    "CKK_DES": KeyShape("DES", 56, 0, approved=False),
}
_ALGORITHMS: Mapping[str, str] = {
    "CKK_AES": "AES",
    "CKK_RSA": "RSA",
    "CKK_EC": "EC",
    "CKK_EC_EDWARDS": "EdDSA",
    "CKK_ML_DSA": "ML-DSA",
    "CKK_ML_KEM": "ML-KEM",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of a key's algorithm."""

    algorithm: str | None = None
    curve: str | None = None
    length_bits: int | None = None
    strength_bits: int | None = None
    approved: bool | None = None
    quantum_vulnerable: bool | None = None


def shape_of(key: Object, usage: str | None) -> Shape:
    """Return the shape of a key. What its type, its length or its curve does not tell is not known."""
    kind = text(key, "CKA_KEY_TYPE") or ""
    known = _known(key, kind, usage)
    if known is not None:
        size = (known.length_bits, known.strength_bits)
        return Shape(known.algorithm, known.curve, *size, known.approved, known.quantum_vulnerable)
    algorithm = _ALGORITHMS.get(kind)
    return Shape(algorithm, None if algorithm in (None, "EC", "EdDSA") else "none")


def _known(key: Object, kind: str, usage: str | None) -> KeyShape | None:
    modulus, length = _number(key, "CKA_MODULUS"), _number(key, "CKA_VALUE_LEN")
    if kind == "CKK_AES":
        return KeyShape("AES", 8 * length, 8 * length) if length in (16, 24, 32) else None
    if kind == "CKK_RSA":
        return rsa(modulus) if modulus else None
    if length and (kind.endswith("_HMAC") or (kind == "CKK_GENERIC_SECRET" and usage == "mac")):
        return hmac(8 * length)
    curves = {"CKK_EC": _CURVES, "CKK_EC_EDWARDS": _EDWARDS}.get(kind, {})
    by_set = _SETS.get((kind, _number(key, "CKA_PARAMETER_SET")))
    return curves.get(text(key, "CKA_EC_PARAMS") or "") or by_set or _TRIPLE_DES.get(kind)


def _number(key: Object, name: str) -> int:
    value = key.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


_USES: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    SECRET: (
        ("encrypt", ("CKA_ENCRYPT", "CKA_DECRYPT")),
        ("wrap", ("CKA_WRAP", "CKA_UNWRAP")),
        ("mac", ("CKA_SIGN", "CKA_VERIFY")),
        ("derive", ("CKA_DERIVE",)),
    ),
    PRIVATE: (
        ("encrypt", ("CKA_DECRYPT", "CKA_UNWRAP")),
        ("sign", ("CKA_SIGN", "CKA_SIGN_RECOVER")),
        ("agree", ("CKA_DERIVE",)),
        ("encapsulate", ("CKA_DECAPSULATE",)),
    ),
}
_NEWER = frozenset({"CKA_SIGN_RECOVER", "CKA_DECAPSULATE"})
"""Attributes that many tokens do not have; a key without one is not for that use."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a key is for."""

    words: str | None = None
    """In the order of the alphabet, joined with a comma; empty: for nothing."""
    count: int | None = None
    wraps: bool = False
    """It does nothing else than wrap."""


def usage_of(key: Object, kind: str) -> Usage:
    """Return what a key is for. A flag that is not told leaves that unknown.

    A secret key that may wrap and also encrypt has two uses: what it wraps out, it can decrypt. One that only wraps is
    for encryption, as the keys of key services are.
    """
    told = {
        use: [False if name in _NEWER and name not in key else flag(key, name) for name in names]
        for use, names in _USES.get(kind, ())
    }
    if not told or any(value is None for values in told.values() for value in values):
        return Usage()
    uses = sorted(use for use, values in told.items() if any(values))
    return Usage("encrypt", 1, wraps=True) if uses == ["wrap"] else Usage(",".join(uses), len(uses))


def type_of(algorithm: str | None, usage: Usage) -> str | None:
    """Return the SP 800-57 key type (section 5.1.1). A key of several uses is of no type."""
    if algorithm == "AES" and not usage.wraps:
        # AES in a token meets data as well as keys; of keys it says so.
        return {"encrypt": "symmetric_data_encryption", "mac": "symmetric_authentication"}.get(usage.words or "")
    return key_type(algorithm, usage.words)
