"""Pages: complete, in order, and with the links of each plane."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from scanner.demo.azure.clouds import Plane
from scanner.demo.azure.paging import page
from scanner.demo.azure.wire import Json, Refused, Request

ITEMS: list[Json] = [{"n": n} for n in range(5)]


def request(target: str, plane: Plane = "arm") -> Request:
    return Request.parse("GET", "host", plane, target, {}, b"")


@pytest.mark.parametrize("plane", ["arm", "vault", "hsm"])
def test_all_pages_hold_everything_once(plane: Plane) -> None:
    seen, target = [], "/keys?api-version=7.4"
    for _ in range(3):
        told = page(request(target, plane), ITEMS, 2)
        seen += told["value"]
        if told.get("nextLink"):
            assert told["nextLink"].startswith("https://host/keys" if plane == "arm" else "https://host:443/keys")
            parts = urlsplit(told["nextLink"])
            target = f"{parts.path}?{parts.query}"
    assert seen == ITEMS
    assert ("nextLink" in told, told.get("nextLink")) == (plane != "arm", None)
    assert "api-version=7.4" in target


@pytest.mark.parametrize(
    ("target", "plane", "length"),
    [
        ("/keys?maxresults=1", "vault", 1),
        ("/keys?maxresults=9", "vault", 3),
        ("/keys?maxresults=0", "vault", 3),
        ("/keys?$top=1", "arm", 1),
        ("/keys?maxresults=1", "arm", 3),
    ],
)
def test_how_many_are_asked_for(target: str, plane: Plane, length: int) -> None:
    assert len(page(request(target, plane), ITEMS, 3)["value"]) == length


@pytest.mark.parametrize("token", ["@@", "aGVsbG8=", "c2tpcC14"])
@pytest.mark.parametrize(("plane", "code"), [("arm", "InvalidSkipToken"), ("vault", "BadParameter")])
def test_a_token_that_is_none_is_refused(token: str, plane: Plane, code: str) -> None:
    with pytest.raises(Refused) as refused:
        page(request(f"/keys?$skiptoken={token}", plane), ITEMS, 2)
    assert refused.value.code == code
