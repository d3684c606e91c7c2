"""Canonical JSON by RFC 8785 (JCS): the same value always gives the same bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from scanner.model.ids import Json

_LONE = re.compile("[\ud800-\udfff]")
_NUMBER = r"(?:-?[0-9]+[.e]|-?[0-9]{16}|NaN|-?Infinity)"
_ODD = (re.compile(rf'":{_NUMBER}'), re.compile(rf"[,\[]{_NUMBER}"))
"""Where a number in an object or a list can be one that the standard encoder writes in another way."""
_EXACT = 2**53 - 1
"""Beyond it two integers share an IEEE 754 double: no number that everybody reads alike (RFC 7493, 2.2)."""


_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def clean_text(text: str) -> str:
    """Return ``text`` with lone surrogates replaced by U+FFFD, so that it can be written as UTF-8."""
    return _LONE.sub("\ufffd", text)


def canonical(value: Json) -> bytes:
    """Return the canonical bytes of ``value`` (RFC 8785).

    Raises ValueError for what it cannot represent: NaN, infinities, integers that no double stands for, lone
    surrogates. What reading canonical bytes gives is canonical again.
    """
    # The standard encoder agrees with RFC 8785 wherever there is no float, no large integer, and no name beyond the
    # BMP; whether there is one shows faster in the text than in the value.
    text = _ENCODER.encode(value)
    if _looks_plain(value, text) or _is_plain(value):
        return text.encode()
    return "".join(_parts(value)).encode()


def _looks_plain(value: Json, text: str) -> bool:
    return isinstance(value, (dict, list)) and text.isascii() and not any(odd.search(text) for odd in _ODD)


def _is_plain(value: Json) -> bool:
    if isinstance(value, dict):
        return all(key.isascii() and _is_plain(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, int):
        return -_EXACT <= value <= _EXACT
    return not isinstance(value, float)


def _parts(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        yield "{"
        # Names are ordered by their UTF-16 code units (3.2.3).
        for i, key in enumerate(sorted(value, key=lambda name: name.encode("utf-16-be"))):
            yield f"{',' if i else ''}{json.dumps(key, ensure_ascii=False)}:"
            yield from _parts(value[key])
        yield "}"
    elif isinstance(value, list):
        yield "["
        for i, item in enumerate(value):
            yield "," if i else ""
            yield from _parts(item)
        yield "]"
    elif isinstance(value, float):
        yield _number(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield _integer(value)
    else:
        yield json.dumps(value, ensure_ascii=False)


def _integer(value: int) -> str:
    """Return an integer's digits. One beyond what every reader holds is taken only as the double that it stands for."""
    if abs(value) > _EXACT and (abs(value) >= 10**21 or _number(float(value)) != str(value)):
        raise ValueError("an integer is beyond what a JSON number holds exactly")
    return str(value)


def _number(value: float) -> str:
    """Return a double as ECMAScript writes it (3.2.2.3): shortest digits, exponent from 1e21 and below 1e-6."""
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN is not itself
        raise ValueError("NaN and infinities are not JSON")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, power = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(power or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0") or digits
    if 0 < point <= 21:
        text = digits.ljust(point, "0") if len(digits) <= point else f"{digits[:point]}.{digits[point:]}"
    elif -6 < point <= 0:
        text = f"0.{'0' * -point}{digits}"
    else:
        rest = f".{digits[1:]}" if len(digits) > 1 else ""
        text = f"{digits[0]}{rest}e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return sign + text
