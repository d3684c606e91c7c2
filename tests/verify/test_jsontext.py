"""JSON that two readers could understand differently is refused."""

from __future__ import annotations

import pytest

from scanner.verify.jsontext import MOST_DEPTH, moment, parse, parse_canonical


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "Expecting value"),
        (b"{} {}", "Extra data"),
        (b"\xff", "not UTF-8"),
        (b"\xef\xbb\xbf{}", "BOM"),
        (b'{"a":1,"a":1}', "twice"),
        (b'[{"a":{"b":1,"b":2}}]', "twice"),
        (b'{"a":1,"\\u0061":1}', "twice"),
        (b"[NaN]", "NaN is not JSON"),
        (b"[-Infinity]", "-Infinity is not JSON"),
        (b"[1e999]", "beyond"),
        (b"[" + b"9" * 41 + b"]", "beyond"),
        (b'["\\ud800"]', "lone surrogate"),
        (b'{"\\udc00":1}', "lone surrogate"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[" * (MOST_DEPTH + 1) + b"]" * (MOST_DEPTH + 1), "nested too deeply"),
        (b"[01]", "delimiter"),
        (b"['a']", "Expecting value"),
        (b'["a\nb"]', "control character"),
    ],
)
def test_refused(data: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse(data)


def test_taken() -> None:
    deep = b"[" * MOST_DEPTH + b"]" * MOST_DEPTH
    assert parse(b' {"a": [1, 1.5, "\\ud83d\\ude00", null, true]}\n') == {"a": [1, 1.5, "\U0001f600", None, True]}
    assert parse(deep) is not None


@pytest.mark.parametrize("data", [b'{"b":1,"a":2}', b'{"a": 1}', b"[1.0]", b"[1e0]", b'["\\u0041"]', b"{}\n", b"[-0]"])
def test_another_form_is_not_canonical(data: bytes) -> None:
    with pytest.raises(ValueError, match="canonical"):
        parse_canonical(data)


def test_moments() -> None:
    assert moment("2026-06-15T14:00:00+02:00").isoformat() == "2026-06-15T12:00:00+00:00"
    for wrong in ("2026-06-15T14:00:00", "yesterday", "", "0001-01-01T00:00:00+23:00"):
        with pytest.raises(ValueError):
            moment(wrong)
