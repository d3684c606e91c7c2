"""Redaction: nothing secret reaches the evidence log. It happens before hashing and is listed by path.

Two rules. By name: a field, or a tag, that is called like a secret loses its value. By value: text that looks
like a secret is cut out wherever it stands (``patterns.py``), a tag, a description or a name included, because
people paste keys into such places. Whatever the text, the work is linear in its length.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from scanner.evidence.canonical import clean_text
from scanner.evidence.patterns import REMOVED, cut_secrets
from scanner.model.ids import Json

MAX_TEXT = 256 * 1024
"""Characters of one string that are kept; the rest is cut, and the path is listed."""
MAX_NAME = 1024
"""The same for the name of a member."""
MAX_DEPTH = 100
"""What is nested deeper is cut."""
_FEW = 64
"""Members of an object whose names are remembered."""
_BEYOND = 16 * 1024
"""Characters behind the cut that are looked at, so that a secret on the cut is seen whole."""

_SECRET_ENDINGS = (
    "authorization",
    "accountkey",
    "apikey",
    "ciphertextforrecipient",
    "credential",
    "passphrase",
    "passwd",
    "password",
    "passwords",
    "plaintext",
    "privatekey",
    "privatekeys",
    "pwd",
    "secret",
    "secretaccesskey",
    "secretkey",
    "secrets",
    "token",
)
_SECRET_NAMES = frozenset(
    {
        *("encryptedkeymaterial", "externalid", "keymaterial", "pin"),
        *("birthdate", "dateofbirth", "dob", "medicalrecordnumber", "mrn", "patientid", "patientname", "ssn"),
    }
)
"""Secrets, and what a tag may say of a patient."""
_PIN = re.compile(r"(?:[^A-Za-z](?i:pin)|[a-z]P(?:in|IN))\Z")
_PAGE_TOKENS = frozenset(
    {
        *("nexttoken", "nextpagetoken", "nextcontinuationtoken", "nextpaginationtoken", "nextsynctoken"),
        *("previoustoken", "previouspagetoken", "prevtoken", "prevpagetoken", "continuationtoken"),
        *("pagetoken", "pagingtoken", "paginationtoken", "synctoken", "clienttoken", "clientrequesttoken"),
    }
)
"""Tokens of listings and of idempotent requests open nothing."""
_QUALIFIERS = re.compile(r"(?:prod|production|staging|stage|dev|test|old|new|current|value|base64|b64|[0-9])++\Z")
"""What may stand behind the word that says what it is: ``DB_PASSWORD_PROD_2``."""
_SEPARATOR = re.compile(r"[\s_.:/-]")
_NAMES, _VALUES = frozenset({"key", "name", "tagkey"}), frozenset({"value", "tagvalue"})
"""How providers spell a tag as an object of a name and a value."""
_PRIVATE_JWK = frozenset({"d", "p", "q", "dp", "dq", "qi", "k"})
"""The private members of a JSON Web Key (RFC 7518, 6.2.2, 6.3.2, 6.4)."""


@dataclass(frozen=True, slots=True)
class Redacted:
    """A value without its secrets, and where they stood (RFC 6901 JSON pointers)."""

    value: Json
    paths: tuple[str, ...]


def redact(value: Json, root: str = "") -> Redacted:
    """Return ``value`` without secrets, with well-formed, bounded text. Pointers start with ``root``."""
    paths: dict[str, None] = {}
    return Redacted(_walk(value, root, paths, 0), tuple(paths))


def redact_text(text: str) -> str:
    """Return ``text`` without what looks like a secret, well-formed and bounded."""
    return _text(text)


def names_a_secret(name: str) -> bool:
    """Tell whether a field or a tag is called like a secret: ``DB_PASSWORD``, ``clientSecret``, ``api-key-2``."""
    # The end of a name says what it is.
    return _ends_like_a_secret(name[-MAX_NAME:])


@lru_cache(maxsize=4096)
def _ends_like_a_secret(name: str) -> bool:
    plain = _QUALIFIERS.sub("", _SEPARATOR.sub("", name).lower())
    if plain in _PAGE_TOKENS:
        return False
    return plain in _SECRET_NAMES or plain.endswith(_SECRET_ENDINGS) or _PIN.search(name) is not None


def _walk(value: Json, path: str, paths: dict[str, None], depth: int, *, hidden: bool = False) -> Json:
    """Return ``value`` without secrets. ``hidden``: it stands under a secret's name, so it is one."""
    if isinstance(value, (dict, list)):
        if depth == MAX_DEPTH:
            paths[path] = None
            return f"[cut, nested deeper than {MAX_DEPTH}]"
        if isinstance(value, dict):
            return _object(value, path, paths, depth)
        return [_walk(item, f"{path}/{i}", paths, depth + 1, hidden=hidden) for i, item in enumerate(value)]
    if hidden and value is not None and not isinstance(value, bool) and value != "":
        paths[path] = None
        return REMOVED
    if not isinstance(value, str):
        return value
    clean = _text(value)
    # A collector that names things by their labels has cut these itself.
    if clean != value or REMOVED in value:
        paths[path] = None
    return clean


@dataclass(frozen=True, slots=True)
class _Members:
    """What the names of an object's members say."""

    names: tuple[tuple[str, str, bool], ...]
    """(name without secrets, step of a pointer, it is called like a secret)"""
    changed: tuple[str, ...]
    """Steps to the members that lost something of their name."""
    callers: tuple[str, ...]
    """Members that may hold the name of a tag."""
    values: frozenset[str]
    """Members that may hold the value of a tag."""


def _object(value: dict[str, Json], path: str, paths: dict[str, None], depth: int) -> Json:
    keys = tuple(value)
    members = _remembered(keys) if len(keys) <= _FEW and sum(map(len, keys)) <= MAX_NAME else _members(keys)
    secrets = _secret_members(value, members)
    for step in members.changed:
        paths[path + step] = None
    result: dict[str, Json] = {}
    for (name, step, hidden), (key, item) in zip(members.names, value.items(), strict=True):
        # Most members hold nothing to look into: numbers, and short text that is clean.
        if not (hidden or secrets) and _is_clean(item):
            result[name] = item
        else:
            result[name] = _walk(item, path + step, paths, depth + 1, hidden=hidden or key in secrets)
    return result


def _is_clean(item: Json) -> bool:
    if isinstance(item, str):
        return len(item) <= MAX_TEXT and item.isascii() and cut_secrets(item) == item and REMOVED not in item
    return not isinstance(item, (dict, list))


def _secret_members(value: dict[str, Json], members: _Members) -> frozenset[str]:
    """Return the members that are secrets because of what stands beside them."""
    if isinstance(value.get("kty"), str):
        return _PRIVATE_JWK
    called = (value[name] for name in members.callers)
    return members.values if any(isinstance(one, str) and names_a_secret(one) for one in called) else frozenset()


def _members(keys: tuple[str, ...]) -> _Members:
    names: dict[str, tuple[str, str, bool]] = {}
    changed = []
    for key in keys:
        name = _name(key, names)
        step = f"/{name.replace('~', '~0').replace('/', '~1')}"
        names[name] = (name, step, names_a_secret(key))
        if name != key:
            changed.append(step)
    callers = tuple(key for key in keys if key.lower() in _NAMES)
    values = frozenset(key for key in keys if key.lower() in _VALUES)
    return _Members(tuple(names.values()), tuple(changed), callers, values)


_remembered = lru_cache(maxsize=2048)(_members)
"""The same for the objects that an API answers with again and again."""


def _name(key: str, taken: Collection[str]) -> str:
    """Return a member's name without secrets, bounded, and unlike every name in ``taken``."""
    if len(key) <= MAX_NAME and key not in taken and _is_plain(key):
        return key
    first = name = cut_secrets(clean_text(key[: MAX_NAME + _BEYOND]))[:MAX_NAME]
    number = 1
    while name in taken:
        number += 1
        name = f"{first} ({number})"
    return name


@lru_cache(maxsize=4096)
def _is_plain(name: str) -> bool:
    return cut_secrets(clean_text(name)) == name


def _text(text: str) -> str:
    """Return ``text`` without secrets, well-formed and bounded: itself when nothing is wrong with it."""
    kept = text[: MAX_TEXT + _BEYOND]
    clean = cut_secrets(kept if kept.isascii() else clean_text(kept))
    if len(text) > MAX_TEXT:
        note = f" [cut, {len(text)} characters]"
        return f"{clean[: MAX_TEXT - len(note)]}{note}"
    return clean
