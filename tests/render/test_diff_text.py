"""What ``keyaudit diff`` prints."""

from __future__ import annotations

import pytest

from scanner.model.diff import Diff
from scanner.render.diff_text import MOST, MOST_KEYS, WIDTH, render
from scanner.render.text import hidden
from tests.golden import check
from tests.render.diffs import a_diff, hostile, many, of_everything
from tests.render.hostile import PAYLOADS


def printed(diff: Diff) -> str:
    return render(diff).data.decode()


def test_the_artifact_says_what_it_is() -> None:
    artifact = render(a_diff())
    assert (artifact.name, artifact.media_type) == ("diff.txt", "text/plain")


def test_one_of_each() -> None:
    check("diff.txt", printed(of_everything()))


def test_nothing_changed_is_short() -> None:
    lines = printed(a_diff()).splitlines()
    assert lines[0] == "0 new, 0 fixed, 0 persisting, 0 changed, 0 unknown now"
    assert not [line for line in lines if line.startswith(("NEW", "FIXED", "Controls", "Keys", "warning"))]
    assert len(lines) == 9


def test_long_lists_are_cut_and_counted() -> None:
    lines = printed(many(200)).splitlines()
    assert sum(line.startswith("    PASS → FAIL") for line in lines) == MOST
    assert lines.count(f"  … and {200 - MOST} more; --format json has all") == 2
    assert lines.count(f"  … and {200 - MOST_KEYS} more; --format json has all") == 1
    assert max(map(len, lines)) <= WIDTH


@pytest.mark.parametrize("name", PAYLOADS)
def test_hostile_text_does_nothing_to_a_terminal(name: str) -> None:
    text = printed(hostile(PAYLOADS[name]))
    assert not [char for char in text if char != "\n" and hidden(char)]
    assert text.splitlines()[0] == "2 new, 1 fixed, 1 persisting, 1 changed, 1 unknown now"


def test_ten_megabytes_do_not_make_it_long() -> None:
    assert len(printed(hostile("x y" * 3_000_000))) < 25_000
