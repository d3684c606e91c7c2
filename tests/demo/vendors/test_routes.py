"""Pages, parts of a path, and refusals of the simulated vendors."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from scanner.demo.vendors.routes import Asked, Body, Refusal, after, found, numbered, refusal, route, seconds, written
from scanner.demo.vendors.world import Member

ITEMS: list[Body] = [{"id": name} for name in "abc"]


def test_a_page_follows_the_item_that_is_named() -> None:
    assert after(ITEMS, "id", "", 2) == (ITEMS[:2], True)
    assert after(ITEMS, "id", "b", 2) == (ITEMS[2:], False)
    with pytest.raises(Refusal):
        after(ITEMS, "id", "z", 2)


def test_a_token_names_a_page_and_another_one_the_first() -> None:
    assert numbered(ITEMS, "", 2, "page_") == (ITEMS[:2], "page_2")
    assert numbered(ITEMS, "page_2", 2, "page_") == (ITEMS[2:], None)
    assert numbered(ITEMS, "again", 2, "page_")[0] == ITEMS[:2]


def test_a_part_of_a_world_is_found_or_there_is_none() -> None:
    members = [Member(id="a", scopes=[]), Member(id="b", scopes=["owner"])]
    assert found(members, "id", "b").scopes == ["owner"]
    with pytest.raises(Refusal) as caught:
        found(members, "id", "c")
    assert caught.value.status == 404


def test_a_route_takes_one_part_for_each_name() -> None:
    one = route("x:Get", "/v1/things/{thing}", lambda asked: {})
    match = one.path.fullmatch("/v1/things/a")
    assert match
    assert match["thing"] == "a"
    assert one.path.fullmatch("/v1/things/a/b") is None


def test_a_page_is_no_larger_than_asked_for_and_than_is_given() -> None:
    at = datetime(2026, 6, 15, 12, tzinfo=UTC)
    asked = Asked(None, at, {}, {"limit": ["7"]}, "key", 50)
    assert (asked.size("limit"), asked.size("page_size"), asked.first("limit"), asked.first("x")) == (7, 50, "7", "")
    assert (seconds(asked.ago(1)), written(asked.ago(1))) == (1781438400, "2026-06-14T12:00:00Z")


@pytest.mark.parametrize(
    ("vendor", "status", "body"),
    [
        (
            "openai",
            401,
            {
                "error": {
                    "message": "Incorrect API key provided: k.",
                    "type": "authentication_error",
                    "param": None,
                    "code": "invalid_api_key",
                }
            },
        ),
        ("elevenlabs", 401, {"detail": {"status": "invalid_api_key", "message": "Incorrect API key provided: k."}}),
        ("elevenlabs", 503, {"detail": {"status": "api_error", "message": "The service is overloaded."}}),
        (
            "deepgram",
            403,
            {
                "err_code": "PERMISSION_ERROR",
                "err_msg": "You have insufficient permissions for this operation.",
                "request_id": "simulated",
            },
        ),
    ],
)
def test_each_vendor_refuses_in_its_own_words(vendor: str, status: int, body: Any) -> None:  # noqa: ANN401 - JSON
    assert refusal(vendor, status, "k") == body


def test_what_nobody_has_words_for_is_refused_too() -> None:
    assert refusal("openai", 418, "k")["error"]["message"] == "No."
    assert refusal("anthropic", 404, "k")["error"]["type"] == "not_found_error"
    assert refusal("deepgram", 401, "k")["err_code"] == "INVALID_AUTH"
