"""The glossary: the words that the report uses, each once."""

from __future__ import annotations

import pytest

from scanner.render.glossary import TERMS
from tests.render.inventories import a_full_report
from tests.render.reading import on_screen


@pytest.mark.parametrize("word", ["cryptoperiod", "originator-usage", "sunset", "interim", "ePHI", "write-once", "gap"])
def test_a_word_of_the_report_is_explained(word: str) -> None:
    assert [term for term in TERMS if word.lower() in term.lower()]


def test_every_term_is_in_the_page_with_a_sentence() -> None:
    text = on_screen(a_full_report()).section("glossary")
    for term, meaning in TERMS.items():
        assert f"{term} {meaning}" in text
        assert meaning.endswith(".")
