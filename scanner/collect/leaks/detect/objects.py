"""Keys in JSON objects: JSON Web Keys (RFC 7517), Tink keysets, key files of Google Cloud service accounts."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa, x448, x25519

from scanner.collect.leaks.detect.asymmetric import fingerprint
from scanner.collect.leaks.detect.reject import is_marked, is_placeholder, is_random
from scanner.collect.leaks.detect.window import Found, Rejected, Window

REACH = 8 * 1024
"""Bytes from the word that gives an object away to its brace, at most."""

SMALLEST_RSA = 512
"""Bits of a modulus, at least: none that was ever in use is smaller."""

_CURVES: Mapping[str, type[ec.EllipticCurve]] = {
    "P-256": ec.SECP256R1,
    "P-384": ec.SECP384R1,
    "P-521": ec.SECP521R1,
    "secp256k1": ec.SECP256K1,
}
_OKP: Mapping[str, Callable[[bytes], object]] = {
    "Ed25519": ed25519.Ed25519PrivateKey.from_private_bytes,
    "Ed448": ed448.Ed448PrivateKey.from_private_bytes,
    "X25519": x25519.X25519PrivateKey.from_private_bytes,
    "X448": x448.X448PrivateKey.from_private_bytes,
}
_PLAIN = frozenset({"SYMMETRIC", "ASYMMETRIC_PRIVATE"})
"""Of Tink's kinds of key material, those that are secret; REMOTE names a key of a KMS."""
_KEY_ID = re.compile(rb"private_key_id\W{3,12}([0-9a-f]{40})")


def web_keys(window: Window) -> Iterator[Found | Rejected]:
    """Yield each private or secret JSON Web Key."""
    for place, end, text in _objects(window, b"kty"):
        found = _web_key(text, place, end)
        if found is None:
            continue
        yield Rejected("marked", place) if is_marked(window, place) else found


def keysets(window: Window) -> Iterator[Found | Rejected]:
    """Yield each secret key of a Tink keyset in the plain."""
    for place, end, text in _objects(window, b"keymaterialtype"):
        kind, value = text.get("keyMaterialType"), _decoded(text.get("value"))
        if kind not in _PLAIN or value is None or len(value) < 16:
            continue
        yield Rejected("marked", place) if is_marked(window, place) else Found("tink_keyset", place, value, end=end)


def service_account(window: Window, found: Found) -> Found:
    """Return what a private key is: the key of a Google Cloud service account, or itself."""
    low, high = max(0, found.start - 600), found.end + 1200
    if found.kind != "private_key" or window.low.find(b"service_account", low, high) < 0:
        return found
    match = _KEY_ID.search(window.data, low, high)
    return Found(
        "gcp_service_account_key",
        found.start,
        found.secret,
        found.bits,
        found.fingerprint,
        found.encrypted,
        hint=match[1].decode() if match else "",
        end=found.end,
    )


def _objects(window: Window, word: bytes) -> Iterator[tuple[int, int, dict[str, object]]]:
    """Yield (start, end, content) of the innermost JSON object around each place of ``word``."""
    last = (-1, 0)
    for at in window.places(word):
        begin = window.data.rfind(b"{", max(0, at - REACH), at)
        end = window.data.find(b"}", at, at + REACH) + 1
        if begin < 0 or not end or (begin, end) == last:
            continue
        last = (begin, end)
        text = window.data[begin:end]
        # In JSON inside JSON quotes are escaped, once or more often.
        while b'\\"' in text or b"\\n" in text:
            text = text.replace(b"\\n", b" ").replace(b'\\"', b'"').replace(b"\\\\", b"\\")
        try:
            value = cast("dict[str, object]", json.loads(text))  # it begins with a brace
        except (ValueError, RecursionError):
            continue
        yield begin, end, value


def _web_key(text: Mapping[str, object], place: int, end: int) -> Found | Rejected | None:
    kind = text.get("kty")
    secret = _decoded(text.get("k" if kind == "oct" else "d"))
    if not isinstance(kind, str) or secret is None:
        return None
    if kind == "oct":
        value = str(text.get("k")).encode()
        if len(secret) < 16 or is_placeholder(value) or not is_random(secret):
            return Rejected("placeholder", place)
        return Found("jwk", place, secret, 8 * len(secret), end=end)
    try:
        key = _private(kind, text)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return Rejected("placeholder", place)
    if key is None:
        return None
    shown = fingerprint(key)
    return Found("jwk", place, bytes.fromhex(shown), getattr(key, "key_size", None) or 256, shown, end=end)


def _private(kind: str, text: Mapping[str, object]) -> object | None:
    """Return the private key. Raises ValueError when it is none."""
    if kind == "EC":
        curve = _CURVES.get(str(text.get("crv")))
        return ec.derive_private_key(_number(text, "d"), curve()) if curve else None
    if kind == "OKP":
        made = _OKP.get(str(text.get("crv")))
        return made(_decoded(text.get("d")) or b"") if made else None
    if kind != "RSA":
        return None
    n, e, d = (_number(text, name) for name in ("n", "e", "d"))
    if not 1 < d < n or n.bit_length() < SMALLEST_RSA:
        raise ValueError
    # The public half tells which key it is. To find the primes where they are left out would take its time.
    return _Public(rsa.RSAPublicNumbers(e, n).public_key())


@dataclass(frozen=True, slots=True)
class _Public:
    """A private key of which only the public half is made out."""

    key: rsa.RSAPublicKey

    def public_key(self) -> rsa.RSAPublicKey:
        return self.key

    @property
    def key_size(self) -> int:
        return self.key.key_size


def _number(text: Mapping[str, object], name: str) -> int:
    return int.from_bytes(_decoded(text.get(name)) or b"", "big")


def _decoded(value: object) -> bytes | None:
    if not isinstance(value, str):
        return None
    try:
        plain = value.encode("ascii").translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
        return base64.b64decode(plain + b"=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
