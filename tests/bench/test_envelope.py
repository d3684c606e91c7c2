"""The benchmark of envelopes runs, and tells what is missed."""

from __future__ import annotations

import pytest

from bench import envelope
from bench.envelope import LEAST_RATIO, MOST_ALARMS, MOST_GROWTH_MIB, main, report


def test_a_quick_run_measures_rows_messages_and_false_alarms(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--rows", "1000", "--sizes", "1", "2", "--random", "200"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines[:6]] == ["1 KiB rows", "seal", "open", "message", "1 MiB", "2 MiB"]
    assert lines[6] == "0 of 200 random values are taken for plaintext"


def measured(
    ratio: float = 1.0, growth: float = 0.0
) -> tuple[dict[str, dict[str, float]], dict[int, dict[str, float]]]:
    rate = {"seal": {"bare": 100.0, "calls": 120.0, "envelope": 100.0 * ratio}}
    stream = {"seal_mb_s": 1.0, "open_mb_s": 1.0}
    return rate, {100: {**stream, "peak_mib": 50.0 + growth}, 10: {**stream, "peak_mib": 50.0}}


@pytest.mark.parametrize(
    ("ratio", "growth", "alarms", "last"),
    [
        (LEAST_RATIO, MOST_GROWTH_MIB, MOST_ALARMS, "holds"),
        (LEAST_RATIO - 0.01, 0, 0, "missed: seal: less than 0.7 of bare AES-GCM"),
        (1, MOST_GROWTH_MIB + 1, 0, "missed: memory grows by more than 8 MiB"),
        (1, 0, MOST_ALARMS + 1, "missed: more than 1 false alarm"),
    ],
)
def test_a_missed_requirement_is_told(
    capsys: pytest.CaptureFixture[str], ratio: float, growth: float, alarms: int, last: str
) -> None:
    assert report(*measured(ratio, growth), 10, alarms) == (0 if last == "holds" else 1)
    assert capsys.readouterr().out.splitlines()[-1] == last


def test_the_false_alarms_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(envelope, "looks_plain", lambda data: "text" if len(data) == 16 else "")
    assert envelope.alarms(546) == 2
