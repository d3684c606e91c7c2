"""The charts of a trend: true in time, readable in black and white, honest where scans share a column."""

from __future__ import annotations

import os
import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from scanner.model.trend import Trend
from scanner.render import trend_svg
from scanner.render.trend_svg import LABEL, LEFT, MOST_CELLS, PART, WIDTH, WORDS, by_severity, columns, crowded, grid
from tests.render.hostile import PAYLOADS
from tests.render.trends import a_clause, a_long_trend, a_track, a_trend, hostile_trend, some_scans

NS = "{http://www.w3.org/2000/svg}"
GOLDEN = Path(__file__).parent / "golden" / "trend.svg"


def drawn(chart: str) -> ET.Element:
    return ET.fromstring(chart)  # noqa: S314 - what we drew ourselves


def words(chart: ET.Element) -> list[str]:
    return [text.text or "" for text in chart.findall(f"{NS}text")]


def boxes(chart: ET.Element, fill: str) -> list[tuple[float, float, float, float]]:
    """Return (x, y, width, height) of the boxes of a fill, the key apart."""
    found = []
    for path in chart.findall(f"{NS}path"):
        if path.get("fill") == fill:
            for box in re.findall(r"M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)h-[\d.]+z", path.get("d", "")):
                x, y, width, height = map(float, box)
                if y != 3:
                    found.append((x, y, width, height))
    return found


def fails(chart: ET.Element) -> list[tuple[float, float, float, float]]:
    (pattern,) = [one.get("id") for one in chart.iter(f"{NS}pattern")]
    return boxes(chart, f"url(#{pattern})")


def a_row(row: str, **given: object) -> Trend:
    track = a_track(row)
    return a_trend(scans=some_scans([track], **given), controls=(track,))  # type: ignore[arg-type]


def test_no_scans_no_chart() -> None:
    assert (columns(()), by_severity(()), crowded(()), grid((), (), name="x")) == ("", "", False, ())


def test_each_scan_is_a_column_of_what_fails_is_unknown_and_passes() -> None:
    chart = drawn(columns(a_trend().scans))
    unknown, passed = boxes(chart, "#ffffff"), boxes(chart, trend_svg._PALE)
    # fail: FFPPF and -FFPP; unknown: UUUUU; pass: the rest of those that apply. At most four controls are drawn.
    height = trend_svg.PLOT / 4
    assert [round(box[3] / height) for box in fails(chart)] == [1, 2, 1, 1]
    assert [round(box[3] / height) for box in unknown] == [1] * 5
    assert [round(box[3] / height) for box in passed] == [2, 3, 1]
    assert {box[2] for box in unknown} == {trend_svg.MOST_WIDE}
    assert words(chart)[-5:] == ["2026-06-11", "2026-06-12", "2026-06-13", "2026-06-14", "2026-06-15"]


def test_the_axis_is_true_in_time() -> None:
    chart = drawn(columns(a_row("FFFF", days=[0, 1, 2, 12]).scans))
    left = [box[0] for box in fails(chart)]
    assert left[1] - left[0] == pytest.approx(left[2] - left[1], abs=0.1)
    assert (left[3] - left[2]) / (left[1] - left[0]) == pytest.approx(10, abs=0.1)
    assert left[0] >= LEFT
    assert left[3] + trend_svg.MOST_WIDE <= WIDTH


def test_a_day_as_often_as_another_stands_as_far_apart_over_a_year() -> None:
    chart = drawn(columns(a_row("F" * 365).scans))
    left = [box[0] for box in fails(chart)]
    steps = {round(after - one, 1) for one, after in pairwise(left)}
    assert max(steps) - min(steps) <= 0.11
    assert max(box[2] for box in fails(chart)) < min(steps)


def test_of_scans_too_close_to_be_drawn_apart_the_worst_is_shown() -> None:
    trend = a_row("PFPPP" * 40, days=[place / 5 for place in range(200)])
    chart = drawn(columns(trend.scans))
    assert crowded(trend.scans)
    assert not crowded(trend.scans[:20])
    assert len(fails(chart)) == 40
    assert len(boxes(chart, trend_svg._PALE)) < 160


def test_a_change_of_the_controls_is_marked_and_one_scan_is_enough() -> None:
    chart = columns(a_trend().scans)
    assert len(re.findall(r"h8l-4 7z", chart)) == 2  # one in the key
    alone = drawn(columns(a_row("F").scans))
    assert len(fails(alone)) == 1
    assert words(alone)[-1] == "2026-06-15"
    assert "NaN" not in columns(a_row("..").scans)


def test_the_findings_of_each_severity_have_their_own_scale() -> None:
    rows = ("FFPPF", "FFFFF")
    tracks = (a_track(rows[0], failed=(8, 4, 0, 0, 2)), a_track(rows[1]))
    chart = drawn(by_severity(some_scans(tracks)))
    assert words(chart)[:8] == ["critical", "0", "high", "9", "medium", "0", "low", "0"]
    heights = [box[3] for box in boxes(chart, trend_svg._PALE)]
    assert [round(9 * height / heights[0]) for height in heights] == [9, 5, 1, 1, 3]


def test_a_grid_has_a_row_a_track_and_a_column_a_scan() -> None:
    (part,) = grid([a_clause("FUP.-"), a_clause("FFFFF", "164.312(d)")], a_trend().scans, name="law")
    chart = drawn(part)
    wide = 16.0
    assert [(round((x - LABEL) / wide), y) for x, y, _, _ in fails(chart)] == [(0, 40), *((n, 55) for n in range(5))]
    assert [round((box[0] - LABEL) / wide) for box in boxes(chart, "#ffffff")] == [1]
    assert [round((box[0] - LABEL) / wide) for box in boxes(chart, trend_svg._PALE)] == [2]
    assert words(chart)[-4:] == ["164.312(b) Audit controls", "not judged", "164.312(d) Audit controls", "FAIL"]


@pytest.mark.parametrize(
    ("scans", "dates"), [(1, ["2026-06-15"]), (2, ["2026-06-14 to 2026-06-15"]), (9, ["2026-06-07", "2026-06-15"])]
)
def test_the_ends_of_a_grid_are_dated(scans: int, dates: list[str]) -> None:
    trend = a_row("F" * scans)
    (part,) = grid(trend.controls, trend.scans, name="x")
    assert [word for word in words(drawn(part)) if word[:2] == "20"] == dates


def test_many_scans_share_columns_and_stay_inside() -> None:
    trend = a_long_trend(365)
    (part,) = grid(trend.controls, trend.scans, name="x")
    chart = drawn(part)
    found = [*fails(chart), *boxes(chart, "#ffffff"), *boxes(chart, trend_svg._PALE)]
    assert len(found) <= MOST_CELLS * len(trend.controls)
    assert max(x + width for x, _, width, _ in found) <= WIDTH - WORDS + 0.1


def test_cells_that_are_too_narrow_for_a_hatch_are_black(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trend_svg, "MOST_CELLS", 200)
    trend = a_row("F" * 200)
    (part,) = grid(trend.controls, trend.scans, name="x")
    assert len(boxes(drawn(part), trend_svg._INK)) == 200


def test_parts_have_no_id_in_common() -> None:
    parts = [drawn(part) for part in grid([a_clause("FP")] * (2 * PART + 1), a_row("FP").scans, name="law")]
    ids = [pattern.get("id") for part in parts for pattern in part.iter(f"{NS}pattern")]
    assert ids == ["trend-law-0", "trend-law-12", "trend-law-24"]
    assert ["does not apply" in words(part) for part in parts] == [True, False, False]


@pytest.mark.parametrize("name", PAYLOADS)
def test_hostile_names_are_text(name: str) -> None:
    trend, harmless = hostile_trend(PAYLOADS[name]), hostile_trend("harmless")
    (part,), (other,) = (grid(one.controls, one.scans, name="x") for one in (trend, harmless))
    assert [one.tag for one in drawn(part).iter()] == [one.tag for one in drawn(other).iter()]


def test_golden() -> None:
    trend = a_trend()
    law = trend.clauses[0][1]
    text = "\n".join([columns(trend.scans), by_severity(trend.scans), *grid(law, trend.scans, name="0")]) + "\n"
    if os.environ.get("KEYAUDIT_GOLDEN") == "write":
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")
