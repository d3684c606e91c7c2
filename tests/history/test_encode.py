"""``history.json``: whole, small, and the same bytes for the same series."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from scanner.history.decode import decode
from scanner.history.encode import encode, fitting, history_of
from scanner.model.history import History
from scanner.model.verdict import Counts, Verdict
from tests.history.scans import HOSTILE, START, a_control, a_finding, a_key_state, a_snapshot, digest
from tests.history.test_series import SCANS


def test_a_series_comes_back_as_it_was() -> None:
    odd = a_snapshot(
        2,
        a_finding(HOSTILE, label=HOSTILE, verdict=Verdict.UNKNOWN, waiver=HOSTILE),
        keys=[a_key_state(HOSTILE, name=HOSTILE, expires=None, expires_at=START, rotation_period_days=2**40)],
        organization=HOSTILE,
        checkpoint=digest("d"),
        checkpoint_number=2**40,
    )
    for series in (history_of(SCANS), history_of([odd]), history_of([odd, *SCANS]), History()):
        assert decode(encode(series)) == series
    assert encode(history_of(SCANS)) == encode(history_of(reversed(SCANS)))


def test_what_stays_the_same_is_written_once() -> None:
    days = [a_snapshot(day, *(["a"] if day not in {4, 5} else []), keys=[a_key_state("k")]) for day in range(10)]
    body = json.loads(encode(history_of(days)))
    assert body["schema"] == "keyaudit/history/1"
    assert body["controls"][0]["points"] == [[0, 10, "fail", 1, 0, 0, 0, False]]
    assert body["findings"][0]["points"] == [[0, 4, "fail", ""], [6, 4, "fail", ""]]
    assert [run[:2] for run in body["keys"][0]["points"]] == [[0, 10]]
    assert "name" not in body["keys"][0]["points"][0][2]
    assert [run[:2] for run in body["logging"]] == [[0, 10]]
    assert body["scopes"] == [[0, 10, [["aws:1:us-east-1", "main", True, None]]]]
    changed = [replace(days[0], controls=(a_control(counts=Counts(0, day)),)) for day in (1, 2)]
    moved = [replace(one, scan=replace(one.scan, id=str(n))) for n, one in enumerate(changed)]
    points = json.loads(encode(history_of(moved)))["controls"][0]["points"]
    assert points == [[0, 1, "fail", 1, 0, 0, 0, False], [1, 1, "fail", 2, 0, 0, 0, False]]


def test_a_quarter_of_a_large_estate_stays_small() -> None:
    """A quarter of 239 controls and 500 findings, each of which fails on six days of seven."""
    findings = [a_finding(f"arn:aws:kms:us-east-1:111122223333:key/{n:036}") for n in range(500)]
    controls = tuple(a_control(f"KM-ROT-{n:03}") for n in range(239))
    base = replace(a_snapshot(0), controls=controls)
    year = [
        replace(
            base,
            scan=replace(base.scan, id=f"{day:036}", as_of=START + timedelta(days=day)),
            findings=tuple(one for n, one in enumerate(findings) if (n + day) % 7),
        )
        for day in range(91)
    ]
    data = encode(history_of(year))
    assert len(data) < 500_000
    assert len(decode(data).findings) == 500


@pytest.mark.parametrize(("most", "kept"), [(0, 0), (3, 1), (4, 1), (5, 1), (6, 2), (9, 3), (100, 3)])
def test_only_as_many_of_the_newest_scans_are_written_as_a_reader_takes(most: int, kept: int) -> None:
    days = [a_snapshot(day, "a", keys=[a_key_state("k")]) for day in range(3)]  # three states each
    assert fitting(history_of(days), most) == history_of(days[3 - kept :])
