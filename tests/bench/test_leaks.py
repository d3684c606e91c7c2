"""The benchmark of leaked keys runs, and knows right from wrong."""

from __future__ import annotations

import pytest

from bench.leaks import judge, main, text
from tests.leaks.corpus import Sample


def test_a_small_run_is_whole_and_right(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--bytes", "200000", "--processes", "1", "--per-label", "1"]) == 0
    said = capsys.readouterr().out
    assert "precision" in said
    assert "MB of text, 1 processes" in said


def test_what_is_missed_and_what_is_wrong_counts() -> None:
    right = judge(
        [
            Sample("missed", "raw_key", "log", "nothing"),
            Sample("wrong", "", "log", "kek=9d79b1a37f31801cd11a6706fb40d6bd57526846903bb13ede562439e9c1b823"),
            Sample("found", "raw_key", "log", "kek=9d79b1a37f31801cd11a6706fb40d6bd57526846903bb13ede562439e9c1b823"),
        ]
    )
    assert (right.precision, right.recall, right.negatives) == (0.5, 0.5, 1)
    assert right.wrong["wrong"] == 1


def test_the_text_is_the_same_for_the_same_seed() -> None:
    assert abs(len(text(50_000)) - 50_000) < 5_000
