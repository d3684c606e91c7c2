"""The running simulator: pages, logins, faults, and what it remembers."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from scanner.collect.gcp.login import Login
from scanner.demo.aws.faults import Fault
from scanner.demo.embedded import environment
from scanner.demo.gcp.simulator import GcpSimulator, gcp_simulator
from tests.demo.gcp.reference import NOW, RING, VOICE, reference, running

LIST = "cloudkms:projects.locations.keyRings.cryptoKeys.list"
PATH = f"/v1/{RING}/cryptoKeys"


@pytest.fixture(scope="module")
def gcp() -> Iterator[GcpSimulator]:
    with gcp_simulator(reference(), NOW, page_size=3) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def token(gcp: GcpSimulator, tmp_path_factory: pytest.TempPathFactory) -> str:
    assert gcp.requests == []
    with environment(gcp.environ(tmp_path_factory.mktemp("login"))):
        return Login().token()


def get(gcp: GcpSimulator, path: str, token: str, body: bytes | None = None) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(gcp.url + path, data=body, headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.loads(answer.read())
    except HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def test_pages_follow_each_other_and_what_is_empty_is_left_out(gcp: GcpSimulator, token: str) -> None:
    names, path = [], PATH
    while path:
        _, answer = get(gcp, path, token)
        names += [one["name"] for one in answer["cryptoKeys"]]
        assert answer["totalSize"] == 8
        path = f"{PATH}?pageToken={answer['nextPageToken']}" if "nextPageToken" in answer else ""
    assert len(names) == len(set(names)) == 8
    assert get(gcp, f"/v1/projects/{VOICE}/locations/global/keyRings", token) == (200, {})
    assert len(get(gcp, f"{PATH}?pageSize=1", token)[1]["cryptoKeys"]) == 1
    for wrong in ("x", "page-99"):
        status, answer = get(gcp, f"{PATH}?pageToken={wrong}", token)
        assert (status, answer["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_without_a_token_or_its_scope_nothing_is_answered(
    gcp: GcpSimulator, token: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert get(gcp, PATH, "made-up")[0] == 401
    assert get(gcp, PATH, token)[0] == 200
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(gcp.credentials_file(tmp_path)))
    narrow = Login(("https://www.googleapis.com/auth/cloud-platform.read-only",)).token()
    status, answer = get(gcp, PATH, narrow)
    assert (status, answer["error"]["details"][0]["reason"]) == (403, "ACCESS_TOKEN_SCOPE_INSUFFICIENT")
    assert get(gcp, f"/v2/projects/{VOICE}/sinks", narrow)[0] == 200


def test_what_is_no_method_and_no_json(gcp: GcpSimulator, token: str) -> None:
    assert get(gcp, "/v9/surprise", token)[0] == 404
    status, answer = get(gcp, f"/v1/{RING}/cryptoKeys/tenants:encrypt", token, b"{not json")
    assert (status, answer["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_a_bad_login_is_told_as_oauth_does(gcp: GcpSimulator) -> None:
    status, answer = get(gcp, "/token", "", b"grant_type=password")
    assert (status, answer["error"]) == (400, "unsupported_grant_type")


def test_faults_are_about_one_thing(gcp: GcpSimulator, token: str) -> None:
    gcp.faults.add(Fault("deny", LIST, subject=f"{RING}\n"))
    assert get(gcp, PATH, token)[0] == 403
    assert get(gcp, f"{PATH}/tenants/cryptoKeyVersions", token)[0] == 200
    gcp.faults.clear()
    gcp.faults.add(Fault("wrong_types", LIST))
    assert get(gcp, PATH, token)[1] == {"cryptoKeys": "surprise"}
    gcp.faults.clear()
    gcp.faults.add(Fault("endless", LIST))
    assert get(gcp, PATH, token)[1]["nextPageToken"] == "page-0"
    gcp.faults.clear()
    gcp.faults.add(Fault("hang", LIST, times=1))
    assert get(gcp, PATH, token)[0] == 200
    gcp.faults.clear()


def test_what_the_world_denies_is_denied(tmp_path: Path) -> None:
    world = reference()
    voice = world.projects[0].model_copy(update={"denied": [LIST]})
    with running(world.model_copy(update={"projects": [voice]}), tmp_path) as simulator:
        assert get(simulator, PATH, Login().token())[0] == 403


def test_every_request_is_remembered(gcp: GcpSimulator, token: str) -> None:
    gcp.requests.clear()
    get(gcp, f"{PATH}?pageSize=2", token)
    assert [(one.operation, one.verb, one.resource, one.query) for one in gcp.requests] == [
        (LIST, "GET", RING, {"pageSize": "2"})
    ]


def test_the_credentials_are_for_this_simulator_alone(gcp: GcpSimulator, tmp_path: Path) -> None:
    environ = gcp.environ(tmp_path)
    told = json.loads(Path(environ["GOOGLE_APPLICATION_CREDENTIALS"]).read_text())
    assert told["token_uri"] == f"{gcp.url}/token"
    assert (environ["GOOGLE_CLOUD_PROJECT"], environ["NO_GCE_CHECK"]) == (VOICE, "true")


def test_it_hangs_up_when_it_is_told_to(gcp: GcpSimulator, token: str) -> None:
    gcp.faults.add(Fault("disconnect", LIST))
    with pytest.raises(ConnectionError):
        get(gcp, PATH, token)
    gcp.faults.clear()


def test_a_single_thing_has_no_pages(gcp: GcpSimulator, token: str) -> None:
    assert get(gcp, f"{PATH}/tenants", token)[1]["name"] == f"{RING}/cryptoKeys/tenants"
