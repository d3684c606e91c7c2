"""Requests and the methods that they are, and what each answers."""

from __future__ import annotations

import pytest

from scanner.collect.gcp.methods import METHODS
from scanner.demo.gcp.refusals import RefusalError
from scanner.demo.gcp.routes import ROUTES, SCOPES, find
from scanner.demo.gcp.state import State
from scanner.demo.gcp.world import GoogleCloud
from tests.demo.gcp.reference import FOLDER, LAB, NOW, ORGANIZATION, RING, VOICE, a_project, reference

KEY = f"{RING}/cryptoKeys/tenants"
PLACE = f"projects/{VOICE}/locations/us-east1"


@pytest.fixture(scope="module")
def state() -> State:
    return State(reference(), NOW)


def test_every_method_that_the_collector_uses_is_simulated_under_its_name() -> None:
    names = [route.operation for route in ROUTES]
    assert len(names) == len(set(names))
    assert set(METHODS) <= set(names)
    assert {name.partition(":")[0] for name in names} == set(SCOPES)


@pytest.mark.parametrize(
    ("verb", "path", "operation", "resource"),
    [
        ("GET", f"/v1/{RING}/cryptoKeys", "cryptoKeys.list", RING),
        ("GET", f"/v1/{KEY}", "cryptoKeys.get", KEY),
        ("POST", f"/v1/{KEY}:encrypt", "cryptoKeys.encrypt", KEY),
        ("POST", f"/v1/{KEY}/cryptoKeyVersions/1:encrypt", "cryptoKeys.encrypt", f"{KEY}/cryptoKeyVersions/1"),
        ("PATCH", f"/v1/{KEY}/cryptoKeyVersions/1", "cryptoKeyVersions.patch", f"{KEY}/cryptoKeyVersions/1"),
        ("GET", f"/v1/{KEY}/cryptoKeyVersions/1/publicKey", "getPublicKey", f"{KEY}/cryptoKeyVersions/1"),
        ("POST", f"/v3/projects/{VOICE}:getIamPolicy", "projects.getIamPolicy", f"projects/{VOICE}"),
        ("GET", f"/v1/projects/{VOICE}/roles/reader", "iam:roles.get", f"projects/{VOICE}/roles/reader"),
    ],
)
def test_which_method_a_request_is(verb: str, path: str, operation: str, resource: str) -> None:
    found = find(verb, path)
    assert found is not None
    assert found[0].operation.endswith(operation)
    assert found[1] == resource


def test_what_is_no_method() -> None:
    assert find("GET", "/v1/projects") is None
    assert find("PUT", f"/v1/{KEY}") is None


@pytest.mark.parametrize(
    ("verb", "path", "code"),
    [
        ("GET", f"/v1/projects/{VOICE}/locations/nowhere/keyRings", "INVALID_ARGUMENT"),
        ("GET", f"/v1/{RING}-2/cryptoKeys", "NOT_FOUND"),
        ("GET", f"/v1/{RING}-2/importJobs", "NOT_FOUND"),
        ("GET", f"/v1/{RING}-2:getIamPolicy", "NOT_FOUND"),
        ("GET", f"/v1/{PLACE}/ekmConnections/nobody:verifyConnectivity", "NOT_FOUND"),
        ("GET", "/v1/roles/storage.admin", "NOT_FOUND"),
        ("GET", f"/v1/projects/{LAB}/roles/nobody", "NOT_FOUND"),
        ("GET", "/v3/folders/1", "PERMISSION_DENIED"),
        ("GET", "/v3/projects/nobody-here", "PERMISSION_DENIED"),
    ],
)
def test_what_is_not_there(state: State, verb: str, path: str, code: str) -> None:
    found = find(verb, path)
    assert found is not None
    with pytest.raises(RefusalError) as caught:
        found[0].answer(state, found[1], {})
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("path", "member", "count"),
    [
        (f"/v1/{PLACE}/keyRings", "keyRings", 1),
        (f"/v1/projects/{VOICE}/locations/us-central1/keyRings", "keyRings", 0),
        (f"/v1/{RING}/cryptoKeys", "cryptoKeys", 8),
        (f"/v1/{KEY}/cryptoKeyVersions", "cryptoKeyVersions", 3),
        (f"/v1/{RING}/importJobs", "importJobs", 1),
        (f"/v1/{PLACE}/ekmConnections", "ekmConnections", 1),
        (f"/v2/projects/{VOICE}/locations/-/buckets", "buckets", 3),
        (f"/v2/projects/{VOICE}/sinks", "sinks", 3),
        (f"/v1/projects/{VOICE}/locations", "locations", 3),
    ],
)
def test_what_is_listed(state: State, path: str, member: str, count: int) -> None:
    found = find("GET", path)
    assert found is not None
    assert found[0].items == member
    assert len(found[0].answer(state, found[1], {})[member]) == count


def test_single_answers(state: State) -> None:
    def get(path: str, verb: str = "GET") -> dict[str, object]:
        found = find(verb, path)
        assert found is not None
        return found[0].answer(state, found[1], {})

    assert get(f"/v1/{KEY}")["name"] == KEY
    assert get(f"/v1/{KEY}/cryptoKeyVersions/2")["state"] == "ENABLED"
    assert "PUBLIC KEY" in str(get(f"/v1/{RING}/cryptoKeys/signing/cryptoKeyVersions/2/publicKey")["pem"])
    assert get(f"/v3/{FOLDER}")["parent"] == ORGANIZATION
    assert get(f"/v3/{ORGANIZATION}:getIamPolicy", "POST")["version"] == 1
    assert get(f"/v1/projects/{VOICE}/roles/reader")["stage"] == "GA"
    assert get(f"/v3/projects/{VOICE}")["projectId"] == VOICE
    assert get(f"/v1/{PLACE}/ekmConnections/partner:verifyConnectivity") == {}


def test_a_manager_that_is_not_reached() -> None:
    project = a_project(connections=[{"name": "far", "location": "us-east1", "broken": True}])
    found = find("GET", "/v1/projects/example-one/locations/us-east1/ekmConnections/far:verifyConnectivity")
    assert found is not None
    with pytest.raises(RefusalError, match=r"Could not connect to ekm\.example\.com"):
        found[0].answer(State(GoogleCloud(projects=[project]), NOW), found[1], {})
