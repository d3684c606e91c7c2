"""Listings: page after page, whatever a provider does to its tokens, and going on with them in a later run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from scanner.collect.ask import MAX_ATTEMPTS
from scanner.collect.interface import CallError, Paging
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from tests.collect.fakes import LIST, ONE, Bench, Clock, Work, denied, in_turn, listing, throttled

PAGING = Paging(answer="Next", parameter="PageToken", more="More")
PLAIN = Paging(answer="Next", parameter="PageToken")
THREE = listing(["a", "b"], ["c"], ["d"])


def items(work: Work, **given: Any) -> list[Any]:  # noqa: ANN401 - arguments of pages
    """Return the items that a listing gives to a collector."""
    pages = work.ask.pages(LIST, {"Limit": 2}, PAGING, **given)
    return [item for page in pages for item in page.body.get("Items", [])]  # type: ignore[union-attr]  # a list


def shape(work: Work) -> list[tuple[int, bool, int]]:
    """Return (page, last, run) of every recorded answer."""
    return [(record.page, record.last, record.run) for record in work.answers]


def test_every_page_is_asked_with_the_token_of_the_one_before(bench: Bench) -> None:
    work = bench.work(THREE)
    assert items(work, subject="s") == ["a", "b", "c", "d"]
    assert [params for _, params in work.transport.asked] == [
        {"Limit": 2},
        {"Limit": 2, "PageToken": "page-1"},
        {"Limit": 2, "PageToken": "page-2"},
    ]
    assert shape(work) == [(0, False, 1), (1, False, 1), (2, True, 1)]
    assert {record.subject for record in work.answers} == {"s"}
    assert work.gaps == []


def test_pages_are_asked_as_they_are_wanted(bench: Bench) -> None:
    work = bench.work(THREE)
    next(iter(work.ask.pages(LIST, {}, PAGING)))
    assert len(work.transport.asked) == 1


def test_a_listing_that_no_control_needs_is_not_asked(bench: Bench) -> None:
    work = bench.work(THREE, wanted=frozenset({ONE}))
    assert items(work) == []
    assert work.transport.asked == []


@pytest.mark.parametrize("end", [{}, {"Next": None}, {"Next": ""}, {"More": False}, {"Next": "", "More": False}])
def test_ends_of_a_listing(bench: Bench, end: dict[str, Json]) -> None:
    work = bench.work(in_turn({"Items": ["a"], **end}))
    assert items(work) == ["a"]
    assert shape(work) == [(0, True, 1)]


@pytest.mark.parametrize("lie", [{"More": True}, {"More": True, "Next": ""}, {"More": "yes"}])
def test_more_without_a_token_is_no_end(bench: Bench, lie: dict[str, Json]) -> None:
    work = bench.work(in_turn({"Items": ["a"], **lie}))
    assert items(work) == []
    assert (work.gaps[0].reason, work.answers) == (GapReason.MALFORMED, [])


def test_a_provider_without_a_flag_has_the_token_alone(bench: Bench) -> None:
    work = bench.work(in_turn({"More": True}))
    assert [page.last for page in work.ask.pages(LIST, {}, PLAIN)] == [True]


@pytest.mark.parametrize("token", [7, 0, False, True, [], ["x"], {"a": 1}])
def test_a_token_that_is_no_text_is_malformed(bench: Bench, token: Json) -> None:
    work = bench.work(in_turn({"Items": ["a"], "Next": token}))
    assert items(work) == []
    assert work.gaps[0].detail == "`Next` is not text"


@pytest.mark.parametrize("tokens", [["x", "x"], ["x", "y", "x"], ["x", "y", "z", "y"]])
def test_a_listing_that_repeats_its_token_is_cut_off(bench: Bench, tokens: list[str]) -> None:
    work = bench.work(in_turn(*({"Items": [token], "Next": token} for token in tokens)))
    assert items(work) == tokens
    (gap,) = work.gaps
    assert (gap.reason, gap.operation, gap.page) == (GapReason.LIMIT, LIST, len(tokens) - 1)
    assert not any(record.last for record in work.answers)


def test_a_listing_without_an_end_is_cut_off(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.collect.ask.MAX_PAGES", 5)
    numbers = iter(range(100))
    work = bench.work(lambda _operation, _params: {"Items": [], "Next": f"t{next(numbers)}"})
    assert items(work) == []
    assert len(work.answers) == 6
    assert work.gaps[0].reason is GapReason.LIMIT


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (denied(), GapReason.DENIED),
        ([], GapReason.MALFORMED),
        ({"Items": "surprise"}, GapReason.MALFORMED),
        (CallError(GapReason.FAILED, code="InvalidMarker", status=400), GapReason.FAILED),
    ],
)
def test_a_page_that_fails_in_the_middle_is_a_gap_and_ends_it(bench: Bench, broken: Any, reason: GapReason) -> None:  # noqa: ANN401
    work = bench.work(in_turn({"Items": ["a"], "Next": "t"}, broken))
    assert items(work, check=lambda body: "" if isinstance(body.get("Items"), list) else "no list") == ["a"]
    (gap,) = work.gaps
    assert (gap.reason, gap.page, gap.params) == (reason, 1, {"Limit": 2, "PageToken": "t"})
    assert shape(work) == [(0, False, 1)]


def test_a_known_error_is_the_one_page_of_a_listing(bench: Bench) -> None:
    work = bench.work(in_turn(CallError(GapReason.UNSUPPORTED, code="Unsupported", status=400)))
    (page,) = work.ask.pages(LIST, {}, PAGING, known=("Unsupported",))
    assert (page.error_code, page.last) == ("Unsupported", True)


# Tokens that redaction alters.
SECRETIVE = "password=page-{0}-of-canary"


def test_a_token_is_sent_as_it_came_and_never_written(bench: Bench) -> None:
    work = bench.work(listing(["a"], ["b"], ["c"], mark=SECRETIVE))
    assert items(work) == ["a", "b", "c"]
    assert [p.get("PageToken") for _, p in work.transport.asked] == [None, SECRETIVE.format(1), SECRETIVE.format(2)]
    assert "canary" not in work.path.read_text()
    assert shape(work) == [(0, False, 1), (1, False, 1), (2, True, 1)]
    assert work.answers[1].redacted == ("/params/PageToken", "/response/Next")


# Later runs.
def test_a_whole_listing_is_not_asked_again(bench: Bench) -> None:
    items(bench.work(THREE))
    again = bench.work(in_turn())
    assert items(again) == ["a", "b", "c", "d"]
    assert again.transport.asked == []
    assert again.counts.reused == 3
    assert shape(again) == [(0, False, 1), (1, False, 1), (2, True, 1)]


def test_a_whole_listing_with_altered_tokens_is_not_asked_again(bench: Bench) -> None:
    items(bench.work(listing(["a"], ["b"], mark=SECRETIVE)))
    assert items(bench.work(in_turn())) == ["a", "b"]


def interrupted(bench: Bench, pages: int, behavior: Any = THREE) -> None:  # noqa: ANN401 - a behavior
    """Read some pages of a listing, then break off."""
    asked = iter(bench.work(behavior).ask.pages(LIST, {"Limit": 2}, PAGING))
    for _ in range(pages):
        next(asked)


@pytest.mark.parametrize("pages", [1, 2])
def test_an_interrupted_listing_goes_on_where_it_ended(bench: Bench, pages: int) -> None:
    interrupted(bench, pages)
    again = bench.work(THREE)
    assert items(again) == ["a", "b", "c", "d"]
    assert [p["PageToken"] for _, p in again.transport.asked] == [f"page-{i}" for i in range(pages, 3)]
    assert shape(again) == [(i, i == 2, 1 if i < pages else 2) for i in range(3)]
    assert again.counts.reused == pages


def test_a_gap_in_a_listing_is_asked_again(bench: Bench) -> None:
    first = bench.work(in_turn({"Items": ["a"], "Next": "page-1"}, denied()))
    assert items(first) == ["a"]
    again = bench.work(listing(["a"], ["b"]))
    assert items(again) == ["a", "b"]
    assert shape(again) == [(0, False, 1), (1, True, 2)]
    assert {gap.run for gap in again.gaps} == {1}


def test_a_listing_whose_token_is_refused_begins_again(bench: Bench) -> None:
    interrupted(bench, 2)
    again = bench.work(listing(["b"], ["c", "x"], mark="new-{0}"))
    assert items(again) == ["b", "c", "x"]  # and nothing of the pages of before
    assert [p.get("PageToken") for _, p in again.transport.asked] == ["page-2", None, "new-1"]
    assert shape(again) == [(0, False, 1), (1, False, 1), (0, False, 2), (1, True, 2)]
    assert again.gaps == []
    third = bench.work(in_turn())
    assert items(third) == ["b", "c", "x"]
    assert third.counts.reused == 2


def test_a_listing_whose_token_was_redacted_begins_again(bench: Bench) -> None:
    interrupted(bench, 1, listing(["a"], ["b"], mark=SECRETIVE))
    again = bench.work(listing(["a"], ["b"], mark=SECRETIVE))
    assert items(again) == ["a", "b"]
    assert [p.get("PageToken") for _, p in again.transport.asked] == [None, SECRETIVE.format(1)]


def test_a_listing_that_begins_again_and_fails_is_a_gap(bench: Bench) -> None:
    interrupted(bench, 1)
    again = bench.work(in_turn(CallError(GapReason.FAILED, code="InvalidMarker", status=400), denied()))
    assert items(again) == []
    (gap,) = again.gaps
    assert (gap.page, gap.reason, gap.run) == (0, GapReason.DENIED, 2)


@pytest.mark.parametrize(
    "error",
    [
        denied(),
        CallError(GapReason.UNREACHABLE, code="x"),
        CallError(GapReason.FAILED, code="Internal", status=500),
        CallError(GapReason.FAILED, code="unexpected"),
        CallError(GapReason.MALFORMED, status=400),
    ],
)
def test_only_a_refused_token_begins_a_listing_again(bench: Bench, error: CallError) -> None:
    interrupted(bench, 1)
    again = bench.work(in_turn(error))
    assert items(again) == ["a", "b"]
    (gap,) = again.gaps
    assert (gap.page, gap.reason, gap.run) == (1, error.reason, 2)


def test_throttling_on_the_way_back_is_waited_out(bench: Bench) -> None:
    interrupted(bench, 2)
    again = bench.work(in_turn(throttled(), {"Items": ["d"]}))
    assert items(again) == ["a", "b", "c", "d"]
    third = bench.work(in_turn(*[throttled()] * MAX_ATTEMPTS))
    assert items(third) == ["a", "b", "c", "d"]


def test_a_listing_can_go_on_over_many_runs(bench: Bench) -> None:
    behavior = listing(*([str(i)] for i in range(6)))
    for pages in (1, 3, 4):
        interrupted(bench, pages, behavior)
    last = bench.work(behavior)
    assert items(last) == [str(i) for i in range(6)]
    assert [run for _, _, run in shape(last)] == [1, 2, 2, 3, 4, 4]


def test_listings_of_other_subjects_and_parameters_are_kept_apart(bench: Bench) -> None:
    def behave(_operation: str, params: Mapping[str, Json]) -> Json:
        more: dict[str, Json] = {} if "PageToken" in params else {"Next": f"{params['of']}-1"}
        return {"Items": [f"{params['of']}{len(params)}"], **more}

    def all_of(work: Work) -> list[Json]:
        subjects: list[tuple[str | None, str]] = [("x", "p"), ("y", "p"), (None, "p"), (None, "q")]
        return [
            page.body["Items"]
            for subject, of in subjects
            for page in work.ask.pages(LIST, {"of": of}, PAGING, subject=subject)
        ]

    first = bench.work(behave)
    found = all_of(first)
    again = bench.work(in_turn())
    assert all_of(again) == found
    assert len(first.answers) == 8


def test_a_listing_out_of_time_keeps_its_pages_and_says_so(bench: Bench) -> None:
    interrupted(bench, 2)
    late = bench.work(THREE, clock=Clock(seconds=2000))
    assert items(late) == ["a", "b", "c"]
    assert (late.gaps[0].reason, late.gaps[0].page) == (GapReason.LIMIT, 2)
