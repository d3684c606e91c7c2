"""The attributes of keys that may be read: this list, and no other.

None of them holds secret material. Of the public half of a key pair only its fingerprint and the length of an RSA
modulus are kept.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from scanner.model import spki
from scanner.model.ids import Json

_EXACT = 2**53
"""JSON keeps whole numbers up to here. What a token cannot tell is a number far beyond (CK_UNAVAILABLE_INFORMATION)."""
_ULONG = struct.Struct("L")

Decode = Callable[[bytes], Json]
"""From an attribute's bytes to its value; None: it says nothing."""


def flag(value: bytes) -> bool | None:
    """Return a CK_BBOOL."""
    return value != b"\0" if len(value) == 1 else None


def number(value: bytes) -> int | None:
    """Return a CK_ULONG, or None where the token says that it cannot tell."""
    found: int = _ULONG.unpack(value)[0] if len(value) == _ULONG.size else _EXACT
    return found if found < _EXACT else None


def text(value: bytes) -> str:
    """Return text, or a date as it stands: eight digits, or empty where it is not set."""
    return value.decode("utf-8", "replace").rstrip("\0")


def digits(value: bytes) -> str:
    """Return bytes in hexadecimal."""
    return value.hex()


@dataclass(frozen=True, slots=True)
class Readable:
    """One attribute that may be read."""

    decode: Decode
    of: str = ""
    """RFC 7512 type of the keys that have it: `secret-key`, `private`; empty: both."""
    optional: bool = False
    """Many keys do not have it, and some tokens do not know it: that it cannot be read says nothing."""


SECRET, PRIVATE = "secret-key", "private"

READABLE: Mapping[str, Readable] = {
    "CKA_LABEL": Readable(text),
    "CKA_ID": Readable(digits),
    "CKA_KEY_TYPE": Readable(number),
    "CKA_PRIVATE": Readable(flag),
    "CKA_SENSITIVE": Readable(flag),
    "CKA_EXTRACTABLE": Readable(flag),
    "CKA_ALWAYS_SENSITIVE": Readable(flag),
    "CKA_NEVER_EXTRACTABLE": Readable(flag),
    "CKA_LOCAL": Readable(flag),
    "CKA_MODIFIABLE": Readable(flag),
    "CKA_KEY_GEN_MECHANISM": Readable(number, optional=True),
    "CKA_WRAP_WITH_TRUSTED": Readable(flag, optional=True),
    "CKA_TRUSTED": Readable(flag, SECRET, optional=True),
    "CKA_START_DATE": Readable(text),
    "CKA_END_DATE": Readable(text),
    "CKA_VALUE_LEN": Readable(number, SECRET),
    "CKA_ENCRYPT": Readable(flag, SECRET),
    "CKA_DECRYPT": Readable(flag),
    "CKA_WRAP": Readable(flag, SECRET),
    "CKA_UNWRAP": Readable(flag),
    "CKA_SIGN": Readable(flag),
    "CKA_VERIFY": Readable(flag, SECRET),
    "CKA_DERIVE": Readable(flag),
    "CKA_SIGN_RECOVER": Readable(flag, PRIVATE, optional=True),
    "CKA_DECAPSULATE": Readable(flag, PRIVATE, optional=True),
    "CKA_ALWAYS_AUTHENTICATE": Readable(flag, PRIVATE, optional=True),
    "CKA_MODULUS": Readable(digits, PRIVATE, optional=True),
    "CKA_PUBLIC_EXPONENT": Readable(digits, PRIVATE, optional=True),
    "CKA_EC_POINT": Readable(digits, PRIVATE, optional=True),
    "CKA_EC_PARAMS": Readable(digits, PRIVATE, optional=True),
    "CKA_PARAMETER_SET": Readable(number, PRIVATE, optional=True),
}


def readable_of(kind: str) -> dict[str, Readable]:
    """Return what may be read of keys of a kind."""
    return {name: one for name, one in READABLE.items() if one.of in ("", kind)}


PUBLIC_FINGERPRINT = "public_fingerprint"
"""Beside the attributes: SHA-256 of the public half's SubjectPublicKeyInfo, hex."""


def reduced(values: Mapping[str, Json]) -> dict[str, Json]:
    """Return what is kept of a key's attributes: of a modulus its length in bits, of a public half its hash."""
    half = {name: _octets(values.get(name)) for name in _OF_PUBLIC_HALF}
    kept = {name: value for name, value in values.items() if name not in half}
    if "CKA_EC_PARAMS" in values:
        kept["CKA_EC_PARAMS"] = values["CKA_EC_PARAMS"]
    if "CKA_MODULUS" in values:
        kept["CKA_MODULUS"] = int.from_bytes(half["CKA_MODULUS"], "big").bit_length()
    found = _fingerprint(half)
    return {**kept, PUBLIC_FINGERPRINT: found} if found else kept


_OF_PUBLIC_HALF = ("CKA_MODULUS", "CKA_PUBLIC_EXPONENT", "CKA_EC_PARAMS", "CKA_EC_POINT")


def _fingerprint(half: Mapping[str, bytes]) -> str | None:
    """Return the fingerprint, or None: many tokens do not tell the public half of a private key on a curve."""
    modulus, exponent = (int.from_bytes(half[name], "big") for name in ("CKA_MODULUS", "CKA_PUBLIC_EXPONENT"))
    point, curve = half["CKA_EC_POINT"], half["CKA_EC_PARAMS"]
    # A point is an OCTET STRING in DER (PKCS #11 v3.1, 6.3.3); some tokens leave that out.
    inner = point[3:] if point[1:2] == b"\x81" else point[2:]
    return spki.of_rsa(modulus, exponent) or spki.of_point(curve, inner) or spki.of_point(curve, point)


def _octets(value: Json) -> bytes:
    return bytes.fromhex(value) if isinstance(value, str) else b""
