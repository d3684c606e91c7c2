"""The keys that a client or server publishes (JSON Web Key Set, RFC 7517): type, length, algorithm. Never the key."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping

from scanner.collect.endpoints.certificate import described
from scanner.collect.interface import CallError
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from scanner.model.spki import of_jwk

_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth"})
_IDENTITY: Mapping[str, tuple[str, ...]] = {"RSA": ("e", "n"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
"""What a key's thumbprint is made of (RFC 7638, 3.2; RFC 8037, 2)."""


def described_set(body: Mapping[str, Json]) -> dict[str, Json]:
    """Return what is kept of a set. Raises CallError when it is none."""
    keys = body.get("keys")
    if not isinstance(keys, list) or not all(isinstance(one, dict) for one in keys):
        raise CallError(GapReason.MALFORMED, code="JWKS", detail="`keys` is not a list of objects")
    return {"keys": [described_key(one) for one in keys if isinstance(one, dict)]}


def described_key(key: Mapping[str, Json]) -> dict[str, Json]:
    """Return what is kept of a key. A symmetric one gets no thumbprint: that would be a hash of a secret."""
    kind = key.get("kty")
    found: dict[str, Json] = {
        name: key[name] for name in ("kid", "kty", "use", "alg", "crv") if _is_text(key.get(name))
    }
    # The value of a symmetric key is `k`: whoever reads the set has it.
    found["discloses"] = bool(_PRIVATE & key.keys()) or "k" in key
    names = _IDENTITY.get(kind, ()) if isinstance(kind, str) else ()
    if names and all(_is_text(key.get(name)) for name in names):
        found["thumbprint"] = _thumbprint({"kty": kind, **{name: key[name] for name in names}})
    if told := of_jwk(key):
        found["public_fingerprint"] = told
    if kind == "RSA" and (bits := _bits(key.get("n"))):
        found["bits"] = bits
    chain = key.get("x5c")
    if isinstance(chain, list) and chain:
        found |= _dates(chain[0])
    return found


def _thumbprint(members: Mapping[str, Json]) -> str:
    text = json.dumps(members, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _bits(value: Json) -> int:
    """Return the length of a number in base64url, or 0 when it is none."""
    if not isinstance(value, str):
        return 0
    try:
        return int.from_bytes(base64.b64decode(value + "=" * (-len(value) % 4), b"-_", validate=True)).bit_length()
    except ValueError:
        return 0


def _dates(first: Json) -> dict[str, Json]:
    try:
        certificate = described(base64.b64decode(str(first), validate=True))
    except (ValueError, CallError):
        return {}
    return {name: certificate[name] for name in ("not_before", "not_after")}


def _is_text(value: Json) -> bool:
    return isinstance(value, str) and bool(value)
