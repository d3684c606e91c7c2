"""The benchmark of the engine runs, and its hand-written SQL gives the engine's answers."""

from __future__ import annotations

from typing import Any

import pytest

from bench import evaluation
from bench.evaluation import ENGINE, HAND, MOST_MB, MOST_TIMES, ROWS, main


@pytest.mark.slow
def test_a_quick_run_measures_every_way_and_finds_the_same_verdicts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--rows", "300"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("300 keys, ")
    assert [line.split("  ")[0] for line in lines[2:5]] == [ENGINE, *HAND]
    assert lines[-1] == "the same answers; time and memory are held at 1,000,000 keys"


def measured(**engine: Any) -> dict[str, dict[str, Any]]:  # noqa: ANN401 - any measure
    one = {"seconds": 1.0, "cpu": 1.0, "peak_mb": 1.0, "file_mb": 1.0, "counts": [["KM-TST-01", "pass", 1]]}
    return {ENGINE: {**one, **engine}, **dict.fromkeys(HAND, one)}


@pytest.mark.parametrize(
    ("engine", "missed"),
    [
        ({}, []),
        ({"seconds": MOST_TIMES + 0.1}, ["more than 3 times as long as by hand"]),
        ({"peak_mb": MOST_MB + 1}, ["more than 1536 MB"]),
        ({"counts": [["KM-TST-01", "fail", 1]]}, ["another answer than by hand"]),
    ],
)
def test_a_missed_requirement_is_told(engine: dict[str, Any], missed: list[str]) -> None:
    assert list(evaluation._missed(ROWS, measured(**engine))) == missed


def test_a_missed_requirement_fails_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluation._report(ROWS, measured(peak_mb=9999)) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "missed: more than 1536 MB"
    assert evaluation._report(ROWS, measured()) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "holds: at most 3 times as long as by hand, under 1536 MB"
