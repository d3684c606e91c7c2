"""Progress: a live table on a terminal, plain lines elsewhere, nothing when nobody looks."""

from __future__ import annotations

import io
import sys
import threading

import pytest

from scanner.cli import progress
from scanner.cli.progress import line, live, plain, watch
from scanner.collect.tally import Tally


class Ticks(threading.Event):
    """Waits that end at once: not set for some times, then set."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.left = times

    def wait(self, timeout: float | None = None) -> bool:
        self.left -= 1
        return self.left < 0


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def tally() -> Tally:
    tally = Tally()
    for kind, amount in (("calls", 12), ("throttles", 1), ("gaps", 2), ("units", 4), ("units_done", 3)):
        tally.add("main", kind, amount)
    return tally


def test_a_line_says_what_was_done(tally: Tally) -> None:
    (source,) = tally.snapshot()
    assert line(source) == "main: 12 calls, 1 throttled, 2 gaps, 3/4 scopes"


def test_a_resumed_scan_says_what_it_kept(tally: Tally) -> None:
    tally.add("main", "reused", 5)
    (source,) = tally.snapshot()
    assert line(source) == "main: 12 calls, 5 answers kept from before, 1 throttled, 2 gaps, 3/4 scopes"


def test_elsewhere_a_line_comes_now_and_then(tally: Tally, capsys: pytest.CaptureFixture[str]) -> None:
    plain(tally, Ticks(2))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "scanning main: 12 calls, 1 throttled, 2 gaps, 3/4 scopes\n" * 2


def test_on_a_terminal_a_table_is_kept_up_to_date(tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    live(tally, Ticks(1))
    shown = terminal.getvalue()
    assert "scanning" in shown
    assert "\x1b[" in shown  # it is drawn over and taken away
    assert shown.count("3/4") >= 2


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which way progress was shown."""
    ways: list[str] = []
    monkeypatch.setattr(progress, "live", lambda *_: ways.append("live"))
    monkeypatch.setattr(progress, "plain", lambda *_: ways.append("plain"))
    return ways


@pytest.mark.parametrize(
    ("stream", "visible", "way"),
    [(Terminal(), True, ["live"]), (io.StringIO(), True, ["plain"]), (None, True, ["plain"]), (Terminal(), False, [])],
)
def test_the_way_depends_on_who_looks(
    tally: Tally,
    shown: list[str],
    stream: io.StringIO | None,
    visible: bool,
    way: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    with watch(tally, visible=visible):
        pass
    assert shown == way


def test_the_display_ends_with_the_work_however_that_ends(tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PLAIN_SECONDS", 3600.0)
    before = set(threading.enumerate())
    with pytest.raises(ZeroDivisionError), watch(tally, visible=True):
        raise ZeroDivisionError
    assert set(threading.enumerate()) <= before
