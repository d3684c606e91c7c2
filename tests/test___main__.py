"""``python -m scanner`` is the command."""

from __future__ import annotations

import runpy
import sys

import pytest

from scanner import __version__


def test_the_module_runs_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["keyaudit", "--version"])
    with pytest.raises(SystemExit) as left:
        runpy.run_module("scanner", run_name="__main__", alter_sys=True)
    assert left.value.code == 0
    assert capsys.readouterr().out == f"keyaudit {__version__}\n"


def test_importing_it_runs_nothing() -> None:
    assert runpy.run_module("scanner.__main__", run_name="imported")["main"].__name__ == "main"
