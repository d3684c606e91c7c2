"""What may be asked of a vendor's path, what is kept of an answer, and which page follows."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.collect.interface import CallError, ForbiddenOperationError
from scanner.collect.vendors.methods import Method, Pages, members, only
from scanner.model.ids import Json
from scanner.model.observation import GapReason

KEYS = Method(path="/projects/{project}/keys", items="data", pages=Pages.AFTER, limit=2, query={"status": "any"})


def test_a_path_takes_its_parameters_and_no_others() -> None:
    assert KEYS.address({"project": "a/../b?c", "PageToken": "x"}) == "/projects/a%2F..%2Fb%3Fc/keys"
    for wrong in ({}, {"project": "a", "more": "b"}, {"other": "a"}):
        with pytest.raises(ForbiddenOperationError, match="not declared with these parameters"):
            KEYS.address(wrong)


@pytest.mark.parametrize("name", [".", "..", ""])
def test_an_identifier_cannot_lead_elsewhere(name: str) -> None:
    with pytest.raises(CallError, match="by dots alone") as caught:
        KEYS.address({"project": name})
    assert caught.value.reason is GapReason.MALFORMED


@pytest.mark.parametrize(
    ("path", "permitted"),
    [
        ("/projects/a/keys", True),
        ("/projects/a%2Fb/keys", True),
        ("/projects/a/b/keys", False),
        ("/projects//keys", False),
        ("/projects/a/keys/k", False),
        ("/x/projects/a/keys", False),
    ],
)
def test_only_the_path_itself_is_permitted(path: str, permitted: bool) -> None:
    assert KEYS.permits(path) is permitted


@pytest.mark.parametrize(
    ("pages", "given", "token", "asked"),
    [
        (Pages.NONE, {}, "t", {}),
        (Pages.AFTER, {}, "", {"limit": "100"}),
        (Pages.AFTER, {}, "t", {"limit": "100", "after": "t"}),
        (Pages.AFTER_ID, {}, "t", {"limit": "100", "after_id": "t"}),
        (Pages.NEXT_PAGE, {"a": "b"}, "t", {"a": "b", "limit": "100", "page": "t"}),
        (Pages.CURSOR, {}, "t", {"page_size": "100", "cursor": "t"}),
        (Pages.CURSOR, {"limit": "7"}, "", {"limit": "7"}),
        (Pages.HISTORY, {}, "t", {"page_size": "100", "start_after_history_item_id": "t"}),
        (Pages.NUMBER, {}, "", {"limit": "100", "page": "0"}),
        (Pages.NUMBER, {}, "3", {"limit": "100", "page": "3"}),
    ],
)
def test_each_vendor_pages_in_its_own_way(
    pages: Pages, given: dict[str, str], token: str, asked: dict[str, str]
) -> None:
    method = Method(path="/x", pages=pages, query=given)
    assert method.questions({"PageToken": token} if token else {}) == asked


ONE: Json = [{"id": "a"}]
TWO: Json = [{"id": "a"}, {"id": "b"}]


@pytest.mark.parametrize(
    ("pages", "body", "token"),
    [
        (Pages.NONE, {"has_more": True}, ""),
        (Pages.AFTER, {"data": TWO, "has_more": True}, "b"),
        (Pages.AFTER, {"data": TWO, "has_more": False}, ""),
        (Pages.AFTER, {"data": TWO}, "b"),
        (Pages.AFTER, {"data": ONE}, ""),
        (Pages.AFTER, {"data": [], "last_id": "z", "has_more": True}, "z"),
        (Pages.AFTER_ID, {"data": TWO, "has_more": True, "last_id": "b"}, "b"),
        (Pages.AFTER_ID, {"data": ONE, "has_more": False, "last_id": "a"}, ""),
        (Pages.NEXT_PAGE, {"data": ONE, "next_page": "page_2"}, "page_2"),
        (Pages.NEXT_PAGE, {"data": ONE, "next_page": None}, ""),
        (Pages.CURSOR, {"data": ONE, "has_more": True, "next_cursor": "c"}, "c"),
        (Pages.CURSOR, {"data": ONE, "next_cursor": "c"}, "c"),
        (Pages.CURSOR, {"data": ONE}, ""),
        (Pages.HISTORY, {"data": ONE, "has_more": True, "last_history_item_id": "h"}, "h"),
        (Pages.NUMBER, {"data": TWO}, "1"),
        (Pages.NUMBER, {"data": ONE}, ""),
    ],
)
def test_the_next_page_is_named_as_the_vendor_names_it(pages: Pages, body: dict[str, Json], token: str) -> None:
    assert Method(path="/x", items="data", pages=pages, limit=2).token(body, {}) == token


def test_numbered_pages_go_on_from_the_one_before() -> None:
    assert Method(path="/x", items="data", pages=Pages.NUMBER, limit=2).token({"data": TWO}, {"PageToken": "4"}) == "5"


@pytest.mark.parametrize(
    ("pages", "body", "detail"),
    [
        (Pages.AFTER, {"data": [7], "has_more": True}, "it says that a page follows, and not which"),
        (Pages.NEXT_PAGE, {"data": [], "next_page": 7}, "what names the next page is not text"),
        (Pages.CURSOR, {"data": [], "has_more": True, "next_cursor": None}, "it says that a page follows"),
    ],
)
def test_a_page_that_follows_and_is_not_named_is_malformed(pages: Pages, body: dict[str, Json], detail: str) -> None:
    with pytest.raises(CallError, match=detail) as caught:
        Method(path="/x", items="data", pages=pages).token(body, {})
    assert caught.value.reason is GapReason.MALFORMED


def test_what_is_not_named_is_not_kept() -> None:
    keep: Any = {**members("id"), "actor": {"user": members("id")}}
    item: Json = {"id": "a", "text": "secret", "actor": {"user": {"id": "u", "email": "e"}, "session": {}}}
    assert only(item, keep) == {"id": "a", "actor": {"user": {"id": "u"}}}  # type: ignore[arg-type] # a dict
    assert only({"actor": "a person"}, keep) == {}
    method = Method(path="/x", items="data", keep=keep)
    beside: dict[str, Json] = {"more": {"text": "t"}, "email": "jane@example.com", "has_more": False, "page": [7]}
    assert method.kept({"data": [item, "text"], **beside}) == {
        "data": [{"id": "a", "actor": {"user": {"id": "u"}}}, None],
        "has_more": False,
    }
    assert method.kept({"data": 7}) == {"data": None}
    assert Method(path="/x", keep=keep).kept({"id": "a", "text": "secret"}) == {"id": "a"}
    assert Method(path="/x").kept({"text": "t"}) == {}
