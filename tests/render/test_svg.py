"""The chart of key ages: one bar a key on one scale, hatched and named where it is over its limit."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from scanner.model.report import KeyAge
from scanner.render import svg
from tests.render.reports import an_age

NS = "{http://www.w3.org/2000/svg}"


def drawn(*ages: KeyAge) -> list[ET.Element]:
    return [ET.fromstring(part) for part in svg.key_ages(ages)]  # noqa: S314 - what we drew ourselves


def bars(part: ET.Element) -> list[ET.Element]:
    return [rect for rect in part.findall(f"{NS}rect") if float(rect.get("x", "0")) == svg.LABEL][-10:]


def words(part: ET.Element) -> list[str]:
    return [text.text or "" for text in part.findall(f"{NS}text")]


def test_no_keys_no_chart() -> None:
    assert svg.key_ages([]) == ()


def test_a_bar_is_as_long_as_its_key_is_old() -> None:
    (part,) = drawn(an_age("old", 400, 365), an_age("new", 100, 365))
    old, new = bars(part)[-2:]
    assert float(old.get("width", "")) == pytest.approx(4 * float(new.get("width", "")), abs=0.2)
    assert words(part)[3:] == ["old", "400 of 365 days, over", "new", "100 of 365 days"]


def test_over_the_limit_is_hatched_and_said() -> None:
    (part,) = drawn(an_age("at", 365, 365), an_age("over", 366, 365))
    at, over = bars(part)[-2:]
    assert at.get("fill") == "#d5dde5"
    pattern = part.find(f".//{NS}pattern")
    assert pattern is not None
    assert over.get("fill") == f"url(#{pattern.get('id')})"
    assert words(part)[4::2] == ["365 of 365 days", "366 of 365 days, over"]


def test_parts_share_a_scale_and_no_id() -> None:
    parts = drawn(*(an_age(f"key {i}", 100, 200) for i in range(21)))
    assert len(parts) == 3
    widths = {bar.get("width") for part in parts[1:] for bar in bars(part)}
    assert len(widths) == 1
    ids = [p.get("id") for part in parts for p in part.iter(f"{NS}pattern")]
    assert len(set(ids)) == 3
    assert "limit" in words(parts[0])
    assert "limit" not in words(parts[1])


@pytest.mark.parametrize(("age", "limit"), [(-5, 365), (0, 0), (10, -3), (10**9, 1)])
def test_odd_numbers_draw_inside_the_picture(age: int, limit: int) -> None:
    (part,) = drawn(an_age("odd", age, limit))
    bar = bars(part)[-1]
    assert 0 <= float(bar.get("width", "-1")) <= svg.WIDTH - svg.LABEL
    assert f"{age} of {limit} days" in " ".join(words(part))


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("<script>&amp;", "<script>&amp;"),
        ("]]><!--", "]]><!--"),
        ("a\x1b\u202eb\ud800", r"a\u001b\u202eb\ud800"),
        ("x" * 31, "x" * 31),
        ("x" * 32, "x" * 30 + "…"),
        ("W" * 19, "W" * 17 + "…"),
        ("日" * 99, "日" * 17 + "…"),
        ("", "unnamed"),
    ],
)
def test_labels_are_text(label: str, shown: str) -> None:
    (part,) = drawn(an_age(label))
    assert words(part)[3] == shown
