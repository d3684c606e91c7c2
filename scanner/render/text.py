"""Text from outside, made safe to show: visible, bounded, and breakable where it is long."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from scanner.model.ids import Json

MOST = 2_000
_KEPT = frozenset("\n\t")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
BREAK = "\u200b"


def visible(text: str, most: int = MOST) -> str:
    """Return ``text`` with control, format and surrogate characters spelled out, and its length bounded."""
    cut = text[:most]
    shown = cut if cut.isascii() and cut.isprintable() else "".join(_shown(c) for c in cut)
    return shown if len(text) <= most else f"{shown}… (cut, {len(text)} characters)"


def _shown(char: str) -> str:
    if char in _KEPT:
        return " "
    if unicodedata.category(char) in _HIDDEN:
        return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"
    return char


def breakable(text: str, most: int = MOST) -> str:
    """Return visible text that may wrap after the separators of ARNs, ids and digests."""
    return "".join(f"{c}{BREAK}" if c in ":/_-.,=@#" else c for c in visible(text, most))


def value_text(value: Json) -> str:
    """Return an observed value in words: ``not known`` for null, ``yes`` and ``no`` for booleans."""
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value_text(item) for item in value) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {value_text(item)}" for key, item in sorted(value.items()))
    return str(value)


def observed_text(observed: Mapping[str, Json]) -> str:
    """Return all observed values of a finding in one line."""
    return "; ".join(f"{name.replace('_', ' ')}: {value_text(value)}" for name, value in observed.items())


def short_digest(digest: str, keep: int = 12) -> str:
    """Return the first hex digits of a digest."""
    return digest.removeprefix("sha256:")[:keep]
