"""The words of a trend: letters, honest thinning, days, what became of a track."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scanner.model.verdict import Verdict
from scanner.render import trend_words as words
from tests.render.trends import a_clause, a_long_trend, a_track, a_trend, some_scans


@pytest.mark.parametrize(
    ("scans", "most", "sizes"),
    [(1, 5, [1]), (5, 5, [1] * 5), (6, 5, [2] * 3), (7, 5, [1, 2, 2, 2]), (365, 40, [5, *[10] * 36])],
)
def test_scans_share_columns_in_rows_and_the_last_is_full(scans: int, most: int, sizes: list[int]) -> None:
    found = words.groups(scans, most)
    assert [len(group) for group in found] == sizes
    assert [place for group in found for place in group] == list(range(scans))
    assert words.size_of(scans, most) == max(sizes)


@pytest.mark.parametrize(
    ("row", "most", "letters"),
    [
        ("FUP.-", 5, "F?P.-"),
        ("PPPPFPPPP.", 5, "PPFPP"),
        ("P.-U", 2, "P?"),
        ("----", 2, "--"),
        ("F", 5, "F"),
        ("PFPFP", 2, "FF"),
    ],
)
def test_a_letter_of_several_scans_is_the_worst(row: str, most: int, letters: str) -> None:
    assert words.letters(a_track(row), most) == letters


def test_the_worst_of_nothing_is_no_verdict() -> None:
    assert words.worst([]) is None
    assert words.worst([None, Verdict.NOT_APPLICABLE]) is Verdict.NOT_APPLICABLE


def test_what_is_thinned_is_said() -> None:
    assert words.thinned(40, 40) == ""
    assert words.thinned(41, 40) == "each stands for up to 2 scans in a row and shows the worst of them"


@pytest.mark.parametrize(
    ("number", "shown"),
    [(None, "-"), (0.0, "0 days"), (1.0, "1 day"), (1.04, "1 day"), (6.5, "6.5 days"), (12, "12 days")],
)
def test_days_are_told_to_a_tenth(number: float | None, shown: str) -> None:
    assert words.days(number) == shown


@pytest.mark.parametrize(
    ("row", "text", "failed", "judged"),
    [
        ("FFFFF", "FAIL", 5, 5),
        ("FFPPP", "FAIL, PASS from 2026-06-13", 2, 5),
        ("--UUF", "not judged, UNKNOWN from 2026-06-13, FAIL from 2026-06-15", 1, 3),
        (
            "FPFPF.",
            (
                "2 earlier changes, then FAIL from 2026-06-12, PASS from 2026-06-13, FAIL from 2026-06-14, "
                "NOT APPLICABLE from 2026-06-15"
            ),
            3,
            6,
        ),
    ],
)
def test_what_became_of_a_track(row: str, text: str, failed: int, judged: int) -> None:
    track = a_track(row)
    story = words.story(track, some_scans([track]))
    assert (story.text, story.failed, story.judged, story.now) == (text, failed, judged, track.verdicts[-1])


@pytest.mark.parametrize(
    ("row", "moved"), [("FFF", False), ("F-F", False), ("---", False), ("FPF", True), ("-FU", True)]
)
def test_a_scan_that_did_not_judge_is_no_move(row: str, moved: bool) -> None:
    assert words.moved(a_clause(row)) is moved


def test_the_series_is_told() -> None:
    assert words.span(a_trend()) == "5 scans, 2026-06-11 to 2026-06-15 UTC"
    one = a_track("F")
    assert words.span(a_trend(scans=some_scans([one]))) == "1 scan, 2026-06-15 12:00 UTC"
    assert words.totals(a_trend())[0] == ("controls that fail", 1, 1)
    assert words.changed(a_trend()) == ["2026-06-14"]
    assert words.changed(a_long_trend(3)) == []


def test_waivers_are_told_where_there_are_some() -> None:
    told = [what for what, _, _ in words.totals(a_trend())]
    waived = a_trend(scans=tuple(replace(one, waived=1) for one in a_trend().scans))
    assert [what for what, _, _ in words.totals(waived)] == [*told, "of these under a waiver or an alternative"]
