"""What `keyaudit history` prints: whole, 80 columns wide, and harmless on a terminal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scanner.model.trend import Trend
from scanner.render import trend_text
from scanner.render.trend_text import WIDTH, render
from tests.render.hostile import PAYLOADS
from tests.render.trends import a_long_trend, a_recurring, a_trend, hostile_trend


def lines(trend: Trend) -> list[str]:
    return render(trend).data.decode().splitlines()


def test_a_trend_is_told_whole() -> None:
    assert render(a_trend()).name == "history.txt"
    told = lines(a_trend())
    assert told[:11] == [
        "nightly: 5 scans, 2026-06-11 to 2026-06-15 UTC",
        "",
        "                                            first   last",
        "controls that fail                              1      1",
        "controls that are unknown                       1      1",
        "controls that pass                              0      1",
        "controls that do not apply                      1      1",
        "findings                                        1      1",
        "The controls, or the selection of them, changed: 2026-06-14.",
        "",
        "One letter a scan, the oldest first:",
    ]
    assert "  F fail, ? unknown, P pass, . does not apply, - not judged" in told
    assert "45 CFR 164.312 TECHNICAL SAFEGUARDS" in told
    assert "  164.312(b)             FF?PF FAIL 1 Audit controls" in told
    assert "  5.3.6                  -FFPP PASS Cryptoperiods" in told
    assert "CONTROLS (4), the worst first" in told
    assert "  critical KM-AUD-01     ????? UNKNOWN Events are recorded" in told
    assert "  severity  fixed        mean     longest  open      oldest  not told" in told
    assert "  high          2    6.5 days      9 days     1       1 day         3" in told
    assert "  critical      0           -           -     0           -         0" in told
    assert "RECURRING (2): mended, and came back" in told
    assert "  KM-ROT-04  3 times, open: alias/one arn:aws:kms:us-east-1:111122223333:key/one" in told
    assert "  KM-ROT-04  2 times, last seen 2026-06-15:" in told


def test_nothing_that_came_back_is_no_list() -> None:
    assert not any("RECURRING" in line for line in lines(a_trend(recurring=())))


def test_a_year_fits_and_says_that_it_is_thinned() -> None:
    told = lines(a_long_trend(365))
    assert max(map(len, told)) <= WIDTH
    assert "Here each stands for up to 10 scans in a row and shows the worst of them." in told


def test_long_lists_are_cut_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trend_text, "MOST", 3)
    told = lines(a_trend(recurring=(a_recurring(),) * 5, recurring_omitted=7))
    assert "  … and 1 more; --format json has all" in told
    assert "RECURRING (12): mended, and came back" in told
    assert told[-1] == "  … and 9 more; --format json has all"


def test_many_changes_of_the_controls_are_counted() -> None:
    trend = a_long_trend(9)
    scans = tuple(replace(one, catalogue_changed=True) for one in trend.scans)
    joined = " ".join(lines(a_trend(scans=scans, controls=trend.controls, clauses=trend.clauses)))
    assert "changed: 2026-06-07, 2026-06-08, 2026-06-09, 2026-06-10, 2026-06-11 and 4 more." in joined.replace(
        "   ", " "
    )


@pytest.mark.parametrize("name", PAYLOADS)
def test_hostile_names_do_nothing_to_a_terminal(name: str) -> None:
    text = render(hostile_trend(PAYLOADS[name])).data.decode()
    assert all(char.isprintable() or char == "\n" for char in text)
    assert text.count("\n") < 60
