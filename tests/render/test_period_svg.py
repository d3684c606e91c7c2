"""The timeline: where the days of each state lie, in black and white; its dates; the exact drawing of a small one."""

from __future__ import annotations

import os
import re
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from scanner.model.period import DayState, Line, Stretch
from scanner.model.verdict import Verdict
from scanner.render.period_svg import LABEL, PART, TICKS, WIDTH, WORDS, timeline
from tests.render.hostile import PAYLOADS
from tests.render.periods import FIRST, LAST, a_control, a_key, a_log, a_period, hostile_period

NS = "{http://www.w3.org/2000/svg}"
GOLDEN = Path(__file__).parent / "golden" / "period.svg"
ROOM = WIDTH - LABEL - WORDS


def drawn(*lines: Line, first: date = FIRST, last: date = LAST) -> list[ET.Element]:
    return [ET.fromstring(part) for part in timeline(lines, first, last, name="keys")]  # noqa: S314 - what we drew ourselves


def words(part: ET.Element) -> list[str]:
    return [text.text or "" for text in part.findall(f"{NS}text")]


def shapes(part: ET.Element) -> list[tuple[str, str]]:
    """Return (fill, outline) of what lies below the key and the axis."""
    paths = [(path.get("fill", "stroke"), path.get("d", "")) for path in part.findall(f"{NS}path")]
    return [(fill, d) for fill, d in paths if re.match(rf"M[\d.]+ (?!4h|{4 + 5}h)", d) and "V" not in d]


def spans(outline: str) -> list[tuple[float, float]]:
    """Return (start, width) of each box, in days from the first."""
    scale = ROOM / ((LAST - FIRST).days + 1)
    return [
        (round((float(x) - LABEL) / scale, 1), round(float(width) / scale, 1))
        for x, width in re.findall(r"M([\d.]+) [\d.]+h([\d.]+)", outline)
    ]


def test_no_lines_no_chart() -> None:
    assert timeline([], FIRST, LAST, name="keys") == ()


def test_each_state_has_its_own_shape_where_its_days_are() -> None:
    (part,) = drawn(a_key("a9", "i30", "o27", "u10", "i14"))
    found = dict(shapes(part))
    assert spans(found["url(#out-keys-0)"]) == [(39, 27)]
    assert spans(found["#d5dde5"]) == [(9, 30), (76, 14)]
    assert spans(found["#ffffff"]) == [(66, 10)]
    assert spans(found["none"]) == [(0, 9)]


def test_a_day_that_was_out_is_seen_in_ten_years() -> None:
    last = FIRST + timedelta(days=3651)
    line = a_key("i2000", "o1", "i1651")
    (part,) = drawn(line, last=last)
    black = [d for fill, d in shapes(part) if fill == "#16191d"]
    assert [width for outline in black for width in re.findall(r"h([\d.]+)v", outline)] == ["1.0"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (a_key("i30", "o46", "u14"), "46 out, 14 unknown"),
        (a_key("i89", "o1"), "1 out"),
        (a_key("u90"), "90 unknown"),
        (a_key("i90"), "in"),
        (a_key("a90"), "did not apply"),
    ],
)
def test_the_numbers_stand_beside_the_bar(line: Line, said: str) -> None:
    assert words(drawn(line)[0])[-1] == said


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (a_key("i90"), "alias/one"),
        (a_key("i90", label="", id="arn:x/key/short"), "short"),
        (a_log("i90", scope="aws:1:us-east-1"), "aws:1:us-east-1"),
        (a_log("i90", scope="azure:0a2e0000-c111-4000-8000-000000000001:vault"), "azure:…000-000000000001:vault"),
        (a_control("i90"), "KM-ROT-04 Keys rotate"),
    ],
)
def test_a_line_is_named(line: Line, name: str) -> None:
    assert words(drawn(line)[0])[-2] == name


def test_parts_have_no_id_in_common() -> None:
    parts = drawn(*[a_key("o90")] * (2 * PART + 1))
    ids = [pattern.get("id") for part in parts for pattern in part.iter(f"{NS}pattern")]
    assert ids == ["out-keys-0", "out-keys-10", "out-keys-20"]
    assert ["in compliance" in words(part) for part in parts] == [True, False, False]


@pytest.mark.parametrize(
    ("first", "last", "dates"),
    [
        (date(2026, 4, 1), date(2026, 6, 29), ["2026-04-01", "2026-06-29", "2026-05", "2026-06"]),
        (date(2026, 4, 5), date(2026, 4, 20), ["2026-04-05", "2026-04-20"]),
        (date(2026, 4, 5), date(2026, 4, 5), ["2026-04-05"]),
        (
            date(2026, 1, 1), date(2026, 12, 31),
            ["2026-01-01", "2026-12-31", "2026-05", "2026-07", "2026-09"],
        ),
    ],
)  # fmt: skip
def test_the_axis_names_its_ends_and_months(first: date, last: date, dates: list[str]) -> None:
    days = (last - first).days + 1
    line = a_key(f"i{days}")
    (part,) = drawn(line, first=first, last=last)
    assert [word for word in words(part) if re.match(r"\d{4}-", word)] == dates


@pytest.mark.parametrize("years", [1, 2, 5, 10])
def test_there_are_few_ticks(years: int) -> None:
    (part,) = drawn(a_key("i10"), last=FIRST + timedelta(days=365 * years))
    ticks = [path for path in part.findall(f"{NS}path") if "V" in path.get("d", "")]
    assert 3 <= len(ticks) <= TICKS


def test_a_longer_period_than_any_option_allows_has_no_ticks() -> None:
    (part,) = drawn(a_key("i10"), last=FIRST + timedelta(days=365 * 40))
    assert not [path for path in part.findall(f"{NS}path") if "V" in path.get("d", "")]


@pytest.mark.parametrize("name", PAYLOADS)
def test_hostile_names_are_text(name: str) -> None:
    period = hostile_period(PAYLOADS[name])
    harmless = hostile_period("harmless")
    for lines, others in ((period.keys, harmless.keys), (period.logs, harmless.logs)):
        (part,), (other,) = drawn(*lines), drawn(*others)
        assert [one.tag for one in part.iter()] == [one.tag for one in other.iter()]


def test_golden() -> None:
    period = a_period()
    text = "\n".join(timeline([*period.keys, *period.logs, *period.controls], FIRST, LAST, name="all")) + "\n"
    if os.environ.get("KEYAUDIT_GOLDEN") == "write":
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_the_drawing_does_not_depend_on_the_verdict() -> None:
    whole = (Stretch(FIRST, LAST, DayState.IN),)
    one, two = (a_key("i90", stretches=whole, verdict=verdict) for verdict in (Verdict.PASS, Verdict.UNKNOWN))
    assert timeline([one], FIRST, LAST, name="a") == timeline([two], FIRST, LAST, name="a")
