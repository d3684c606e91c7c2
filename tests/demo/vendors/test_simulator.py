"""The server of the simulated vendors: who is let in, what goes wrong on purpose, and that nothing can be written."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from http.client import RemoteDisconnected
from typing import Any
from urllib.error import HTTPError

import pytest

from scanner.demo.aws.faults import Fault
from scanner.demo.vendors.simulator import VendorSimulator
from scanner.demo.vendors.world import Vendors
from tests.demo.vendors.running import reference, simulated

ADMIN = {"Authorization": "Bearer openai-administrator-word"}
PROJECT = {"Authorization": "Bearer openai-project-word"}


def ask(
    simulator: VendorSimulator, path: str, headers: Mapping[str, str], method: str = "GET"
) -> tuple[int, Mapping[str, str], Any]:
    """Return (status, headers, body) of one request."""
    request = urllib.request.Request(f"{simulator.url}{path}", headers=dict(headers), method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            content, told, status = answer.read(), dict(answer.headers), answer.status
    except HTTPError as error:
        with error:
            content, told, status = error.read(), dict(error.headers), error.code
    try:
        return status, told, json.loads(content)
    except ValueError:
        return status, told, content


def test_each_key_opens_what_it_is_for() -> None:
    with simulated() as simulator:
        assert ask(simulator, "/openai/v1/organization/projects", ADMIN)[0] == 200
        assert ask(simulator, "/openai/v1/organization/projects", PROJECT)[0] == 401
        status, headers, body = ask(simulator, "/openai/v1/files", PROJECT)
        assert (status, headers["openai-project"], len(body["data"])) == (200, "proj_experiments", 3)
        assert ask(simulator, "/openai/v1/files", ADMIN)[0] == 401
        assert ask(simulator, "/anthropic/v1/organizations/me", {"x-api-key": "anthropic-administrator-word"})[0] == 200
        assert ask(simulator, "/anthropic/v1/files", {"x-api-key": "anthropic-administrator-word"})[0] == 401
        assert ask(simulator, "/elevenlabs/v1/user", {"xi-api-key": "elevenlabs-administrator-word"})[0] == 200
        assert ask(simulator, "/elevenlabs/v1/user", {})[0] == 401
        assert ask(simulator, "/deepgram/v1/projects", {"Authorization": "Token deepgram-administrator-word"})[0] == 200
        assert ask(simulator, "/deepgram/v1/projects", {})[2]["err_code"] == "INVALID_AUTH"


def test_what_is_not_there_cannot_be_found_and_nothing_can_be_written() -> None:
    openai = reference().openai
    assert openai is not None
    denied = openai.model_copy(update={"denied": ["openai:ListCertificates"]})
    with simulated(Vendors(openai=denied)) as simulator:
        for path in ("/openai/v1/models", "/anthropic/v1/organizations/me", "/cohere/v1", "/"):
            assert ask(simulator, path, ADMIN)[0] == 404
        assert ask(simulator, "/openai/v1/organization/projects/none/data_retention", ADMIN)[0] == 404
        assert ask(simulator, "/openai/v1/organization/certificates", ADMIN)[0] == 403
        assert ask(simulator, "/openai/v1/organization/projects?after=none", ADMIN)[0] == 400
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert ask(simulator, "/openai/v1/organization/projects", ADMIN, method)[0] == 404
        assert [one.operation for one in simulator.requests if one.method != "GET"] == [""] * 4


def test_it_goes_wrong_on_purpose() -> None:
    path = "/openai/v1/organization/certificates"
    with simulated() as simulator:
        for kind, status in (("deny", 403), ("throttle", 429), ("error", 503), ("unsupported", 404)):
            simulator.faults.clear()
            simulator.faults.add(Fault(kind))  # type: ignore[arg-type] # one of its words
            got, headers, _ = ask(simulator, path, ADMIN)
            assert (got, headers.get("Retry-After")) == (status, "7" if status == 429 else None)
        simulator.faults.clear()
        simulator.faults.add(Fault("malformed", times=1))
        assert ask(simulator, path, ADMIN)[2] == b"<html>maintenance</html>"
        simulator.faults.add(Fault("wrong_types", times=1))
        assert ask(simulator, path, ADMIN)[2]["data"] == 7
        simulator.faults.add(Fault("endless", times=1))
        assert ask(simulator, path, ADMIN)[2]["has_more"] is True
        simulator.faults.add(Fault("disconnect", times=1))
        with pytest.raises(RemoteDisconnected):
            ask(simulator, path, ADMIN)
        assert ask(simulator, path, ADMIN)[0] == 200
