"""The style sheets: enough contrast, nothing said by color alone, nothing from outside."""

from __future__ import annotations

import re

import pytest

from scanner.resources import templates_dir

SHEETS = ("report.css", "print.css", "screen.css")
DARK, LIGHT = "#16191d", "#fff"


def rules() -> list[tuple[str, str]]:
    text = "".join((templates_dir() / name).read_text(encoding="utf-8") for name in SHEETS)
    return re.findall(r"([^{}]+)\{([^{}]*)\}", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL))


def luminance(color: str) -> float:
    digits = color.lstrip("#")
    digits = "".join(d * 2 for d in digits) if len(digits) == 3 else digits
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_measure_of_contrast() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#fff") == pytest.approx(4.48, abs=0.01)


def test_text_has_contrast() -> None:
    found = 0
    for selector, body in rules():
        if color := re.search(r"(?<![-\w])color: (#\w+)", body):
            behind = re.search(r"background: (#\w+)", body)
            assert contrast(color[1], behind[1] if behind else LIGHT) >= 4.5, selector
            found += 1
    assert found >= 5


def test_chips_differ_without_color() -> None:
    chips = {s.strip(): b for s, b in rules() if re.fullmatch(r"\s*\.v(\.\w+)?\s*", s)}
    assert f"background: {DARK}" in chips[".v.fail"]
    assert "dashed" in chips[".v.unknown"]
    assert f"border: 0.8pt solid {DARK}" in chips[".v"]
    assert "font-weight: 400" in chips[".v.not_applicable"]


@pytest.mark.parametrize("forbidden", ["url(", "@import", "@font-face", "expression", "</", "!important"])
def test_the_style_sheets_refer_to_nothing(forbidden: str) -> None:
    assert not [name for name in SHEETS if forbidden in (templates_dir() / name).read_text(encoding="utf-8")]
