"""A trend as Markdown: tables, and every text from outside in a code span."""

from __future__ import annotations

import pytest

from scanner.render import trend_markdown
from scanner.render.trend_markdown import render
from tests.render.hostile import PAYLOADS
from tests.render.trends import a_long_trend, a_recurring, a_trend, hostile_trend


def test_a_trend_is_told_in_tables() -> None:
    artifact = render(a_trend())
    lines = artifact.data.decode().splitlines()
    assert (artifact.name, artifact.media_type) == ("history.md", "text/markdown")
    assert lines[:3] == [
        "## keyaudit: 1 → 1 controls fail",
        "",
        "`nightly`, 5 scans, 2026-06-11 to 2026-06-15 UTC",
    ]
    assert "| controls that pass | 0 | 1 |" in lines
    assert "The controls, or the selection of them, changed: 2026-06-14." in lines
    assert "| `164.312(b)` `Audit controls` | `FF?PF` | FAIL | 1 |" in lines
    assert "| `KM-GEN-01` low `Keys are made in a module` | `-FFPP` | PASS | 0 |" in lines
    assert "| high | 2 | 6.5 days | 9 days | 1 | 1 day | 3 |" in lines
    assert "- `KM-ROT-04` `alias/one`: 3 times, open" in lines
    assert "- `KM-ROT-04` `arn:aws:kms:us-east-1:111122223333:key/two`: 2 times, last seen 2026-06-15" in lines


def test_long_lists_are_cut_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trend_markdown, "MOST", 3)
    lines = render(a_trend(recurring=(a_recurring(),) * 5, recurring_omitted=7)).data.decode().splitlines()
    assert "And 1 more." in lines
    assert "### Recurring (12)" in lines
    assert "- and 9 more" in lines


def test_a_year_says_that_it_is_thinned_and_nothing_came_back() -> None:
    text = render(
        a_trend(scans=a_long_trend(365).scans, controls=a_long_trend(365).controls, recurring=())
    ).data.decode()
    assert "Here each stands for up to 7 scans in a row and shows the worst of them." in text
    assert "Recurring" not in text


@pytest.mark.parametrize("name", PAYLOADS)
def test_hostile_text_stands_in_code_spans(name: str) -> None:
    text, harmless = (render(hostile_trend(of)).data.decode() for of in (PAYLOADS[name], "harmless"))
    assert len(text.splitlines()) == len(harmless.splitlines())
    for line, other in zip(text.splitlines(), harmless.splitlines(), strict=True):
        assert line.replace("\\|", "").count("|") == other.count("|")
