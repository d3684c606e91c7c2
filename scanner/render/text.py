"""Text from outside, made safe to show: visible, bounded, and breakable where it is long."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping

from markupsafe import Markup, escape

from scanner.model.ids import Json

MOST = 2_000
"""Characters of one text that are shown; the rest is counted."""
MOST_OF_VALUE = 800
MOST_OF_ITEM = 120
MOST_ITEMS = 20

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
_SPACES = frozenset("\u00a0\u3000 ")
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""Letters, marks and symbols that are drawn as nothing."""
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?Z", re.ASCII)
_ALONE = re.compile(r"|not known|yes|no|\s.*|.*\s", re.DOTALL)
_LISTED = re.compile(rf"{_ALONE.pattern}|none|.*,.*", re.DOTALL)
"""Texts that would be read as something else if they stood bare, alone or in a list."""
_LONG = re.compile(r"(\S{21,})")
_WRAP_AFTER = re.compile(r"(?<=[:/_\-.,=@#])(?=\w)")
_CODE = re.compile(r"`([^`]+)`")
_CODE_MARKUP = Markup("<code>{}</code>")


class Translation(dict[int, str]):
    """Code point to what stands for it, by a function that is asked once a character: for ``str.translate``."""

    def __init__(self, of: Callable[[str], str]) -> None:
        super().__init__()
        self._of = of

    def __missing__(self, code: int) -> str:
        self[code] = text = self._of(chr(code))
        return text


def _shown(char: str) -> str:
    if char in "\n\t":
        return " "
    return spelled(char) if hidden(char) else char


_SHOWN = Translation(_shown)


def hidden(char: str) -> bool:
    """Tell whether a character is invisible, changes how others are shown, or means something to a terminal."""
    if unicodedata.category(char) in _HIDDEN:
        return char not in _SPACES
    return _BLANK.match(char) is not None


def spelled(char: str) -> str:
    r"""Return a character as ``\u202e`` or ``\U000e0001``."""
    code = ord(char)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def visible(text: str, most: int = MOST) -> str:
    """Return ``text`` with hidden characters spelled out and its length bounded. What was cut off is counted."""
    cut = text[:most]
    shown = cut if cut.isascii() and cut.isprintable() else cut.translate(_SHOWN)
    return shown if len(text) <= most else f"{shown}… (cut, {len(text)} characters)"


def breakable(text: str, most: int = MOST) -> Markup:
    """Return visible text as HTML that copies whole and may wrap inside what is long: ARNs, ids, digests."""
    return Markup("").join(_breakable(part) for part in _LONG.split(visible(text, most)))


def _breakable(part: str) -> Markup:
    return Markup("<wbr>").join(_WRAP_AFTER.split(part)) if _LONG.fullmatch(part) else escape(part)


def prose(text: str) -> Markup:
    """Return visible text as HTML in which what stands between backticks is set as code."""
    parts = enumerate(_CODE.split(visible(text)))
    return Markup("").join(_CODE_MARKUP.format(breakable(part)) if i % 2 else escape(part) for i, part in parts)


def value_text(value: Json) -> str:
    """Return an observed value in words: ``not known`` for null, ``yes`` and ``no`` for booleans."""
    return visible(_words(value), MOST_OF_VALUE)


def _words(value: Json) -> str:
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        items = value[:MOST_ITEMS]
        return _joined([_string(v, _LISTED) if isinstance(v, str) else _words(v) for v in items], len(value))
    if isinstance(value, dict):
        pairs = sorted(value.items())[:MOST_ITEMS]
        return _joined([f"{visible(key, MOST_OF_ITEM)}: {_words(item)}" for key, item in pairs], len(value))
    return _string(value, _ALONE) if isinstance(value, str) else str(value)


def _joined(parts: list[str], count: int) -> str:
    more = f" and {count - len(parts)} more" if count > len(parts) else ""
    return f"{', '.join(parts)}{more}" or "none"


def _string(text: str, ambiguous: re.Pattern[str]) -> str:
    if match := _INSTANT.fullmatch(text):
        return f"{match[1]} {match[2]} UTC"
    shown = visible(text, MOST_OF_ITEM if ambiguous is _LISTED else MOST_OF_VALUE)
    return f'"{shown}"' if ambiguous.fullmatch(shown) else shown


def observed_pairs(observed: Mapping[str, Json]) -> list[tuple[str, str]]:
    """Return the observed values of a finding as (name, value in words), in the control's order."""
    return [(name.replace("_", " "), value_text(value)) for name, value in observed.items()]


def short_digest(digest: str, keep: int = 12) -> str:
    """Return the first hex digits of a digest."""
    return digest.removeprefix("sha256:")[:keep]
