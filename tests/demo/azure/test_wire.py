"""Requests, routes and refusals."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from scanner.demo.azure.wire import Answer, Json, Refused, Request, find, route, throttled


def request(target: str, method: str = "GET", body: bytes = b"") -> Request:
    return Request.parse(method, "kv.vault.azure.net", "vault", target, {"X-One": "1"}, body)


def told(_: str, __: Request, names: Mapping[str, str]) -> Json:
    return dict(names)


ROUTES = (
    route("a:List", "GET /keys", told),
    route("a:Get", "GET /keys/{key}", told),
    route("a:Delete", "DELETE /keys/{key}", told),
    route("a:At", "GET {scope*}/providers/Who", told),
    route("a:One", "GET /{kind=vaults}/{name}", told),
)


def test_a_request_is_read() -> None:
    read = request("/keys/a%20b?Api-Version=7.4&$skiptoken=eA%3D%3D")
    assert (read.path, read.query) == ("/keys/a b", {"api-version": "7.4", "$skiptoken": "eA=="})
    assert read.headers == {"x-one": "1"}
    assert "kv.vault.azure.net/keys/a b" in read.text


@pytest.mark.parametrize(
    ("method", "path", "operation", "names"),
    [
        ("GET", "/keys", "a:List", {}),
        ("GET", "/KEYS/", "a:List", {}),
        ("GET", "/keys/one", "a:Get", {"key": "one"}),
        ("DELETE", "/keys/one", "a:Delete", {"key": "one"}),
        ("GET", "///providers/Who", "a:At", {"scope": "//"}),
        ("GET", "/a/b/providers/Who", "a:At", {"scope": "/a/b"}),
        ("GET", "/vaults/kv", "a:One", {"kind": "vaults", "name": "kv"}),
    ],
)
def test_which_operation_a_request_is(method: str, path: str, operation: str, names: dict[str, str]) -> None:
    found = find(ROUTES, request(path, method))
    assert found is not None
    assert (found[0].operation, found[0].answer("", request(path), found[1])) == (operation, names)


@pytest.mark.parametrize(("method", "path"), [("PUT", "/keys"), ("GET", "/keys/a/b"), ("GET", "/others/kv")])
def test_what_no_operation_is(method: str, path: str) -> None:
    assert find(ROUTES, request(path, method)) is None


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(Refused, match="not a JSON object"):
        request("/keys", body=body).json()


def test_no_body_is_an_empty_object() -> None:
    assert request("/keys").json() == {}


@pytest.mark.parametrize(("body", "encoded"), [(None, b""), (b"raw", b"raw"), ({"a": 1}, b'{"a":1}')])
def test_how_an_answer_is_encoded(body: Json | bytes | None, encoded: bytes) -> None:
    assert Answer(200, body).encoded() == encoded


def test_a_refusal_has_the_shape_that_all_planes_share() -> None:
    refused = Refused(403, "Forbidden", "no", inner="AccessDenied").answer()
    assert refused.body == {"error": {"code": "Forbidden", "message": "no", "innererror": {"code": "AccessDenied"}}}


def test_who_asks_too_much_is_told_when_to_come_back() -> None:
    assert throttled("arm", 7).headers == {"Retry-After": "7"}
    assert (throttled("arm", 7).code, throttled("hsm", 7).code) == ("TooManyRequests", "Throttled")
