"""The index over one unit's records: pages, completeness, runs, and answers given twice."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from scanner.model.ids import Json
from scanner.model.observation import GapReason, Observation, Record
from scanner.model.tables import KeyGrantFact
from scanner.normalize.reading import text
from scanner.normalize.records import Records, current_gaps
from tests.normalize.builders import KEY, SOURCE, missed, observed

LIST = "kms:ListGrants"


def grants(*names: str, page: int = 0, last: bool = True, run: int = 1) -> Observation:
    items: list[Json] = [{"GrantId": name} for name in names]
    return observed(LIST, {"Grants": items}, subject=KEY, page=page, last=last, run=run)


@pytest.mark.parametrize(
    ("records", "complete"),
    [
        ([], False),
        ([grants("a")], True),
        ([grants("a", last=False)], False),
        ([grants("a", last=False), grants("b", page=1)], True),
        ([grants("b", page=1)], False),  # the first page is missing
        ([grants("a", last=False), grants("c", page=2)], False),  # and one in the middle
        ([grants("a"), missed(LIST, subject=KEY)], False),
        ([grants("a"), missed(LIST, subject="another")], True),
        ([grants("a"), missed("kms:DescribeKey", subject=KEY)], True),
        ([grants("a", last=False), missed(LIST, subject=KEY, page=1)], False),
        ([grants("a", last=False), missed(LIST, subject=KEY, page=1), grants("b", page=1, run=2)], True),
        ([grants("a", last=False), missed(LIST, subject=KEY, page=1), missed(LIST, subject=KEY, page=1, run=2)], False),
    ],
)
def test_a_listing_is_complete_when_every_page_was_read(records: list[Record], *, complete: bool) -> None:
    for order in (records, records[::-1]):
        unit = Records(order)
        assert unit.complete(LIST, KEY) is complete
        assert unit.listing(LIST, KEY, "Grants").complete is complete


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {},
        [],
        {"Grants": None},
        {"Grants": {"GrantId": "a"}},
        {"Grants": ["a"]},
        {"Grants": [{"GrantId": "a"}, {"Name": "without id"}]},
        {"Grants": [{"GrantId": "a"}, {"GrantId": 5}]},
        {"Grants": [{"GrantId": "a"}, {"GrantId": ""}]},
    ],
)
def test_a_listing_that_is_not_understood_is_not_complete(answer: Json) -> None:
    listing = Records([observed(LIST, answer, subject=KEY)]).listing(LIST, KEY, "Grants", identity="GrantId")
    assert not listing.complete
    assert {str(item["GrantId"]) for _, item in listing.items} <= {"a"}


def test_items_come_in_the_order_of_the_pages() -> None:
    pages = [grants("c", page=2), grants("a", last=False), grants("b", page=1, last=False)]
    listing = Records(pages).listing(LIST, KEY, "Grants", identity="GrantId")
    assert [item["GrantId"] for _, item in listing.items] == ["a", "b", "c"]
    assert [page.page for page, _ in listing.items] == [0, 1, 2]
    assert listing.complete


def test_an_error_that_is_knowledge_is_an_answer_without_items() -> None:
    unit = Records([observed(LIST, {"message": "no"}, subject=KEY, error="UnsupportedOperationException")])
    assert unit.error(LIST, KEY) == "UnsupportedOperationException"
    assert unit.response(LIST, KEY) is None
    assert unit.listing(LIST, KEY, "Grants").items == ()
    assert unit.listing(LIST, KEY, "Grants").complete


def test_of_two_answers_the_later_one_counts() -> None:
    early = observed("kms:DescribeKey", {"n": 1}, subject=KEY, ended="2026-06-15T12:00:01.000Z")
    late = observed("kms:DescribeKey", {"n": 2}, subject=KEY, ended="2026-06-15T12:00:02.000Z")
    resumed = observed("kms:DescribeKey", {"n": 3}, subject=KEY, run=2, ended="2026-06-15T11:00:00.000Z")
    gone = observed("kms:DescribeKey", {}, subject=KEY, run=3, error="NotFoundException")
    for order in ([early, late], [late, early]):
        assert Records(order).response("kms:DescribeKey", KEY) == {"n": 2}
    assert Records([resumed, late, early]).response("kms:DescribeKey", KEY) == {"n": 3}
    assert Records([gone, late]).response("kms:DescribeKey", KEY) is None
    assert Records([gone, late]).error("kms:DescribeKey", KEY) == "NotFoundException"
    assert Records([late]).error("kms:DescribeKey", KEY) == ""


def test_nothing_was_read() -> None:
    unit = Records([])
    assert unit.first is None
    assert unit.answer(LIST) is None
    assert unit.response(LIST) is None
    assert unit.error(LIST) == ""
    assert unit.ids(LIST) == unit.evidence(KEY) == ()


def test_evidence_is_every_answer_about_a_subject_and_sorted() -> None:
    one = observed("kms:DescribeKey", {}, subject=KEY)
    two = grants("a")
    other = observed("kms:DescribeKey", {}, subject="another")
    unit = Records([two, other, one])
    assert unit.evidence(KEY, other.id) == tuple(sorted({one.id, two.id, other.id}))
    assert unit.evidence(KEY) == tuple(sorted({one.id, two.id}))
    assert unit.ids(LIST, KEY) == (two.id,)


def test_coverage_says_what_was_listed_for_whom() -> None:
    page = grants("a")
    row = Records([page]).coverage(KeyGrantFact, LIST, KEY, KEY, 1, complete=True)
    assert (row.coverage_id, row.listed_table, row.parent_id) == (f"key_grants {KEY}", "key_grants", KEY)
    assert (row.complete, row.row_count, row.evidence, row.source) == (True, 1, (page.id,), SOURCE)


def test_only_the_gaps_of_the_last_run_count_each_once_and_sorted() -> None:
    records: list[Record] = [
        missed("kms:B", subject="x", detail="2"),
        missed("kms:B", subject="x", detail="1"),
        missed("kms:B", subject="x", reason=GapReason.THROTTLED),
        missed("kms:B", subject="y"),
        missed("kms:A"),
        grants("a"),
    ]
    expected = [("kms:A", None, "denied"), ("kms:B", "x", "denied"), ("kms:B", "x", "throttled")]
    expected.append(("kms:B", "y", "denied"))
    for order in itertools.permutations(records):
        gaps = list(current_gaps(order))
        assert [(g.operation, g.subject, g.reason) for g in gaps] == expected
        assert gaps[1].detail == "1"
    resumed = [*records, missed("kms:A", run=2)]
    assert [(g.operation, g.run) for g in current_gaps(resumed)] == [("kms:A", 2)]
    assert list(current_gaps([*records, grants("a", run=2)])) == []


def test_a_listing_begun_anew_replaces_the_old_one() -> None:
    old = [grants("a", last=False), grants("b", page=1, last=False), grants("c", page=2)]
    new = [grants("a", last=False, run=2), grants("d", page=1, run=2)]
    for order in ([*old, *new], [*new, *old]):
        listing = Records(order).listing(LIST, KEY, "Grants", identity="GrantId")
        assert [text(item, "GrantId") for _, item in listing.items] == ["a", "d"]
        assert listing.complete


def test_a_listing_that_goes_on_keeps_its_old_pages() -> None:
    records = [grants("a", last=False), grants("b", page=1, run=2)]
    listing = Records(records).listing(LIST, KEY, "Grants")
    assert (len(listing.items), listing.complete) == (2, True)


def test_another_question_of_the_same_operation_is_not_replaced() -> None:
    first, second = replace(grants("a"), params={"Limit": 1}), replace(grants("b", run=2), params={"Limit": 5})
    assert len(Records([first, second]).answers(LIST, KEY)) == 2
