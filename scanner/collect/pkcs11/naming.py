"""Names of tokens and keys: URIs of RFC 7512, as short as they are unique within a token."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True, order=True)
class Identity:
    """What names an object. Several objects of a token can share all of it."""

    kind: str
    """Type of RFC 7512: `secret-key`, `private`."""
    label: str
    id: str
    """CKA_ID in hexadecimal."""


def encoded(text: str) -> str:
    """Return text as a URI of RFC 7512 holds it."""
    return quote(text, safe="")


def token_uri(label: str, serial: str = "") -> str:
    """Return the name of a token; without a serial number, the name that the estate file gives it."""
    return f"pkcs11:token={encoded(label)}" + (f";serial={encoded(serial)}" if serial else "")


def key_uris(token: str, identities: Iterable[Identity]) -> dict[Identity, str]:
    """Return a name for each identity: by the label; by the id too where labels collide; by the type where those do."""
    found = sorted(set(identities))
    labels = Counter(one.label for one in found)
    pairs = Counter((one.label, one.id) for one in found)
    return {one: _uri(token, one, alone=labels[one.label] == 1, pair=pairs[one.label, one.id] == 1) for one in found}


def _uri(token: str, one: Identity, *, alone: bool, pair: bool) -> str:
    uri = token_uri(token)
    uri += f";object={encoded(one.label)}" if one.label else ""
    if not alone or not one.label:
        uri += "".join((";id=", *(f"%{one.id[i : i + 2].upper()}" for i in range(0, len(one.id), 2))))
    return uri if pair else f"{uri};type={one.kind}"
