"""The list of waivers and documented alternatives in the report."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scanner.model.exceptions import ALTERNATIVE, Registered
from tests.render.hostile import PAYLOADS
from tests.render.reading import on_screen
from tests.render.reports import a_report, an_exception


def section(*entries: Registered, omitted: int = 0) -> str:
    return on_screen(replace(a_report(), exceptions=entries, exceptions_omitted=omitted)).section("exceptions")


def test_without_an_exception_there_is_no_section() -> None:
    assert "Waivers and documented alternatives" not in [one.text for one in on_screen(a_report()).all("h2")]


def test_an_alternative_is_listed_with_all_that_stands_behind_it() -> None:
    said = section(an_exception(ALTERNATIVE, scope="aws:*", ticket="OPS-1", document="d.pdf", document_matches=True))
    for words in (
        "one-exception alternative in force 2026-03-01 to 2026-09-30 1 KM-ROT-04",
        "in aws:*",
        "164.312(e)(2)(ii): The appliance takes no longer key. In its place: A tunnel around it.",
        "Owner Platform Team, approved by Chief Information Security Officer, ticket OPS-1, document d.pdf (unchanged)",
    ):
        assert words in said


def test_what_is_not_known_is_said_to_be_so() -> None:
    unread: dict[str, Any] = {"document": "d.pdf", "document_matches": None, "in_force": None}
    said = section(an_exception(begins=None, ends=None, covered=None, **unread))
    assert "not known to not known not known" in said
    assert "document d.pdf (not known whether unchanged)" in said


def test_long_lists_are_cut_and_counted() -> None:
    many = an_exception(controls=tuple(f"KM-AAA-{i:02}" for i in range(21)), subjects=tuple(f"s{i}" for i in range(11)))
    said = section(many, omitted=3)
    assert "KM-AAA-19 and 1 more: s0" in said
    assert "s9 and 1 more" in said
    assert "and 3 more in facts/exceptions.parquet" in said


def test_what_covers_nothing_is_marked() -> None:
    marked = on_screen(replace(a_report(), exceptions=(an_exception(matched=0, covered=0), an_exception(id="two"))))
    bold = [one.text for one in marked.all("b")]
    assert [text for text in bold if text.startswith("in force")] == ["in force, and matches no failure"]


@pytest.mark.parametrize("name", sorted(PAYLOADS))
def test_hostile_text_stays_text(name: str) -> None:
    fields = ("owner", "approver", "reason", "measure", "ticket", "document", "scope")
    hostile, harmless = (
        on_screen(replace(a_report(), exceptions=(an_exception(**dict.fromkeys(fields, text), subjects=(text,)),)))
        for text in (PAYLOADS[name], "harmless")
    )
    assert hostile.shape() == harmless.shape()
