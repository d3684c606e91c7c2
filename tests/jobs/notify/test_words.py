"""A notification in words."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.jobs.notify import words
from scanner.jobs.notify.message import Notification
from tests.history.snapshots import a_finding
from tests.jobs.notify.samples import HOSTILE, told


def with_controls(**given: Any) -> Notification:  # noqa: ANN401 - counts
    said = told(a_finding())
    return said.model_copy(update={"controls": said.controls.model_copy(update=given), "gaps": 2})


@pytest.mark.parametrize(
    ("fail", "unknown", "text"),
    [
        (0, 0, "no control fails, 2 questions without an answer"),
        (1, 0, "1 control fails"),
        (2, 0, "2 controls fail"),
        (2, 3, "2 controls fail, 3 unknown"),
        (0, 1, "1 control is unknown"),
        (0, 3, "3 controls are unknown"),
    ],
)
def test_the_verdicts_in_a_line(fail: int, unknown: int, text: str) -> None:
    assert words.verdicts(with_controls(fail=fail, unknown=unknown)) == text


def test_everything_in_order_is_said_to_be_so() -> None:
    said = told().model_copy(update={"controls": told().controls.model_copy(update={"fail": 0})})
    assert words.subject(said) == "Test Health: no control fails, nothing new"


def test_the_text() -> None:
    said = told(*(a_finding(f"key/{n:02}", label="alias/x") for n in range(11)), problems=("package: disk full",))
    text = "\n".join(words.lines(said))
    assert text.startswith(
        "Test Health: 1 control fails, 11 new, the run had problems\n\norganization:   Test Health\n"
    )
    assert "compared with:  2026-06-15 12:00 UTC\n" in text
    assert "package:        20260715T120000Z.zip, number 2\n" in text
    assert "problem:        package: disk full\n" in text
    assert "New (11)\n  high  KM-ROT-04  Automatic rotation is on: key/00 (alias/x)\n" in text
    assert "key/09" in text
    assert "key/10" not in text
    assert "  … and 1 more, in the report\n" in text


def test_the_first_scan_has_nothing_to_be_compared_with() -> None:
    said = told(a_finding(), first=True, package=None)
    assert words.subject(said) == "Test Health: 1 control fails"
    assert ("compared with", "nothing before it") in words.facts(said)
    assert list(words.sections(said)) == []


def test_no_name_makes_a_line_of_its_own() -> None:
    lines = list(words.lines(HOSTILE))
    assert all(line.isprintable() for line in lines)
    assert not [line for line in lines if line.lstrip().startswith("Bcc")]
    assert words.one_line("a" * 400) == "a" * 300 + "…"
