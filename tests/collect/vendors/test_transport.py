"""One declared read, once: what of its answer is recorded, and that no key is in any word of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest

from scanner.collect.interface import CallError, ForbiddenOperationError
from scanner.collect.vendors.errors import no_line
from scanner.collect.vendors.methods import Method, Pages, members
from scanner.collect.vendors.transport import BASES, VendorTransport
from scanner.collect.vendors.wires import Got, Query, Wire
from scanner.model.observation import GapReason

METHODS = {
    "openai:One": Method(path="/one", keep=members("id", "data")),
    "openai:All": Method(path="/all", items="data", pages=Pages.AFTER, keep=members("id"), by_project=True),
}


class Scripted:
    """A line that answers what it was told to."""

    def __init__(self, status: int = 200, body: object = None, headers: Mapping[str, str] | None = None) -> None:
        self.got = Got(status, headers or {}, body if isinstance(body, bytes) else json.dumps(body).encode())
        self.keys: list[str] = []
        self.asked: list[tuple[str, dict[str, object]]] = []
        self.closed = 0
        self.broken: CallError | None = None
        self.allows: Callable[[str], bool] = lambda _: False

    def connect(self, _vendor: str, base: str, key: str, allows: Callable[[str], bool]) -> Wire:
        assert base == "https://api.openai.com/v1"
        self.keys.append(key)
        self.allows = allows
        return self

    def get(self, path: str, query: Query) -> Got:
        self.asked.append((path, dict(query)))
        if self.broken is not None:
            raise self.broken
        return self.got

    def close(self) -> None:
        self.closed += 1

    def transport(self, project_key: str = "project") -> VendorTransport:
        return VendorTransport(
            "openai", METHODS, endpoint="", admin_key="administrator", project_key=project_key, wire=self.connect
        )


def test_what_is_not_declared_is_refused_before_anything_leaves() -> None:
    line = Scripted()
    for operation, params in (("openai:DeleteFile", {}), ("openai:One", {"id": "a"})):
        with pytest.raises(ForbiddenOperationError):
            line.transport().send(operation, params)
    assert (line.keys, line.asked) == ([], [])


def test_an_answer_is_told_with_its_request_id_and_the_next_page() -> None:
    line = Scripted(body={"data": [{"id": "b"}], "has_more": True}, headers={"x-request-id": "req-1"})
    reply = line.transport().send("openai:All", {"PageToken": "a"})
    assert (reply.status, reply.request_id) == (200, "req-1")
    assert reply.body == {"data": [{"id": "b"}], "has_more": True, "NextToken": "b"}
    assert line.asked == [("/all", {"limit": "100", "after": "a"})]
    assert line.allows("/one")
    assert not line.allows("/two")


def test_each_key_has_a_line_of_its_own_until_it_is_closed() -> None:
    line = Scripted(body={"data": []}, headers={"openai-project": "proj_1"})
    transport = line.transport()
    assert transport.endpoint == BASES["openai"]
    for _ in range(2):
        assert transport.send("openai:One", {}).body == {"data": []}
        assert transport.send("openai:All", {}).body == {"data": [], "AnsweredFor": "proj_1"}
    assert line.keys == ["administrator", "project"]
    transport.close()
    assert line.closed == 2
    line.transport(project_key="").send("openai:All", {})
    assert line.keys[-1] == "administrator"


@pytest.mark.parametrize(
    ("body", "detail"),
    [(b"<html>", "the answer is not JSON"), (b"[" * 99_999, "not JSON"), ([1], "not a JSON object")],
)
def test_an_answer_of_another_form_is_malformed(body: object, detail: str) -> None:
    with pytest.raises(CallError, match=detail) as caught:
        Scripted(body=body).transport().send("openai:One", {})
    assert (caught.value.reason, caught.value.status) == (GapReason.MALFORMED, 200)


def test_no_key_is_repeated_whatever_the_vendor_says() -> None:
    said = {"error": {"message": "Incorrect API key provided: administrator.", "code": "invalid_api_key"}}
    with pytest.raises(CallError, match=r"Incorrect API key provided: \[redacted\]\.") as caught:
        Scripted(status=401, body=said).transport(project_key="").send("openai:One", {})
    assert (caught.value.reason, caught.value.code) == (GapReason.DENIED, "invalid_api_key")
    assert "administrator" not in str(caught.value)
    line = Scripted()
    line.broken = no_line("ReadError", "while sending project", retry=True)
    with pytest.raises(CallError, match=r"while sending \[redacted\]") as caught:
        line.transport().send("openai:All", {})
    assert caught.value.retry
