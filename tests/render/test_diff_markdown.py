"""diff.md: the sum first, and text from outside is only ever code."""

from __future__ import annotations

import re

import pytest

from scanner.model.diff import Diff
from scanner.render.diff_markdown import MOST, render
from scanner.render.text import hidden
from tests.golden import check
from tests.render.diffs import a_diff, hostile, many, of_everything
from tests.render.hostile import PAYLOADS
from tests.render.test_markdown import SPAN


def written(diff: Diff) -> str:
    return render(diff).data.decode()


def test_the_artifact_says_what_it_is() -> None:
    artifact = render(a_diff())
    assert (artifact.name, artifact.media_type) == ("diff.md", "text/markdown")


def test_one_of_each() -> None:
    check("diff.md", written(of_everything()))


def test_nothing_changed_has_no_table_of_findings() -> None:
    text = written(a_diff())
    assert text.startswith("## keyaudit: 0 new, 0 fixed, 0 persisting, 0 changed, 0 unknown now\n")
    assert "###" not in text


def test_long_lists_are_cut_and_counted() -> None:
    text = written(many(200))
    assert text.count("PASS → FAIL |") == MOST
    assert f"And {200 - MOST} more." in text
    assert text.count(f"- and {200 - MOST} more") == 2
    assert len(text.encode()) < 65_536


@pytest.mark.parametrize("name", PAYLOADS)
def test_hostile_text_is_only_ever_in_code(name: str) -> None:
    text = written(hostile(PAYLOADS[name]))
    bare = "\n".join(SPAN.sub("", line) for line in text.split("\n"))
    assert not [char for char in text if char != "\n" and hidden(char)]
    assert not re.search(r"[<>\[\]@`{}]|http|pwned", bare)
    assert {line.count("|") - line.count(r"\|") for line in text.split("\n") if line.startswith("| high")} == {6}


def test_ten_megabytes_do_not_make_it_long() -> None:
    assert len(written(hostile("x`|" * 3_000_000))) < 15_000
