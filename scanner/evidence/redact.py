"""Redaction: nothing secret reaches the evidence log. It happens before hashing and is listed by path.

Two rules. By name: a field, or a tag, that is called like a secret loses its value. By value: text that looks
like a secret is cut out wherever it stands, a tag or a description included, because people paste keys
into such places.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from scanner.evidence.canonical import clean_text
from scanner.model.ids import Json

MAX_TEXT = 256 * 1024
"""Characters of one string that are kept; the rest is cut, and the path is listed."""

_SECRET_NAMES = re.compile(
    r"(?i)(secret(access)?key|sessiontoken|securitytoken|password|passwd|passphrase|plaintext|privatekey"
    r"|authorization|api_?key(_?secret)?|client_?secret|credential_?value|keymaterial|ciphertextfordestination"
    r"|secret|token|access_?token|pin)"
)
_TEXT_HINTS = ("-----", "AKIA", "ASIA", "sk-", "xox", "gh", "ey", "://", "AIza", "Bearer", "bearer")
_SECRET_TEXT = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b[\s:,;=/\"']{1,8}[A-Za-z0-9/+]{40}\b"
    r"|\bsk-[A-Za-z0-9_-]{20,}"
    r"|\bxox[abprs]-[A-Za-z0-9-]{10,}"
    r"|\bgh[pousr]_[A-Za-z0-9]{30,}"
    r"|\bAIza[A-Za-z0-9_-]{35}"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*"
    r"|(?<=://)[^\s/:@]{1,256}:[^\s/@]{1,256}(?=@)"
    r"|(?i:\bbearer\s+)[A-Za-z0-9._~+/-]{16,}=*",
    re.DOTALL,
)
_PAIRS = (("TagKey", "TagValue"), ("Key", "Value"), ("key", "value"), ("name", "value"))
"""How providers spell a tag as an object of a name and a value."""

REMOVED = "[redacted]"


@dataclass(frozen=True, slots=True)
class Redacted:
    """A value without its secrets, and where they stood (RFC 6901 JSON pointers)."""

    value: Json
    paths: tuple[str, ...]


def redact(value: Json, root: str = "") -> Redacted:
    """Return ``value`` without secrets, with well-formed, bounded text. Pointers start with ``root``."""
    paths: list[str] = []
    return Redacted(_walk(value, root, paths), tuple(paths))


def redact_text(text: str) -> str:
    """Return ``text`` without what looks like a secret, well-formed and bounded."""
    return _text(text, "", [])


def _walk(value: Json, path: str, paths: list[str]) -> Json:
    if isinstance(value, str):
        return _text(value, path, paths)
    if isinstance(value, dict):
        hidden = _hidden_value(value)
        return {_name(key): _member(key, item, path, paths, hidden=key == hidden) for key, item in value.items()}
    if isinstance(value, list):
        return [_walk(item, f"{path}/{i}", paths) for i, item in enumerate(value)]
    return value


def _name(key: str) -> str:
    return key if key.isascii() else clean_text(key)


def _hidden_value(value: dict[str, Json]) -> str:
    """Return the member that holds the value of a pair whose name is called like a secret, or empty text."""
    for name, holder in _PAIRS:
        called = value.get(name)
        if holder in value and isinstance(called, str) and _SECRET_NAMES.fullmatch(re.sub(r"[\s_.-]", "", called)):
            return holder
    return ""


def _member(key: str, item: Json, path: str, paths: list[str], *, hidden: bool) -> Json:
    pointer = f"{path}/{_name(key).replace('~', '~0').replace('/', '~1')}"
    if isinstance(item, str) and item and (hidden or _SECRET_NAMES.fullmatch(key)):
        paths.append(pointer)
        return REMOVED
    return _walk(item, pointer, paths)


def _text(text: str, path: str, paths: list[str]) -> str:
    if not text.isascii():
        text = clean_text(text)
    if any(hint in text for hint in _TEXT_HINTS):
        cut = _SECRET_TEXT.sub(REMOVED, text)
        if cut != text:
            paths.append(path)
            text = cut
    if len(text) > MAX_TEXT:
        paths.append(path)
        text = f"{text[:MAX_TEXT]} [cut, {len(text)} characters]"
    return text
