"""The REST methods: what their URLs are, and that none of them writes."""

from __future__ import annotations

import re

import pytest

from scanner.collect.gcp.methods import METHODS, permits
from scanner.collect.interface import CallError
from scanner.model.ids import Json

RING = "projects/example-voice/locations/us-east1/keyRings/voice"
KEYS = "cloudkms:projects.locations.keyRings.cryptoKeys"
READ = re.compile(r"[a-z]+:([A-Za-z]+\.)*(get|list|getIamPolicy|verifyConnectivity|getPublicKey)")


def test_every_method_only_reads() -> None:
    assert [name for name in METHODS if not READ.fullmatch(name)] == []
    posted = {name for name, method in METHODS.items() if method.verb != "GET"}
    # Google made reading a policy of Resource Manager a POST.
    assert all(name.endswith(".getIamPolicy") and name.startswith("cloudresourcemanager:") for name in posted)
    assert {METHODS[name].verb for name in posted} == {"POST"}
    for name in posted:
        assert METHODS[name].body == {"options": {"requestedPolicyVersion": 3}}


@pytest.mark.parametrize(
    ("operation", "params", "address"),
    [
        (
            "cloudkms:projects.locations.list",
            {"name": "projects/example-voice", "pageSize": 1000},
            "/v1/projects/example-voice/locations?pageSize=1000",
        ),
        (
            f"{KEYS}.list",
            {"parent": RING, "pageToken": "a b&c"},
            f"/v1/{RING}/cryptoKeys?versionView=FULL&pageToken=a+b%26c",
        ),
        (
            "cloudkms:projects.locations.keyRings.getIamPolicy",
            {"resource": RING},
            f"/v1/{RING}:getIamPolicy?options.requestedPolicyVersion=3",
        ),
        (
            "cloudresourcemanager:projects.getIamPolicy",
            {"resource": "projects/example.com:voice"},
            "/v3/projects/example.com:voice:getIamPolicy",
        ),
        ("iam:roles.get", {"name": "roles/storage.admin"}, "/v1/roles/storage.admin"),
        (
            "logging:projects.locations.buckets.list",
            {"parent": "projects/example-voice"},
            "/v2/projects/example-voice/locations/-/buckets",
        ),
    ],
)
def test_the_url_is_the_documented_one(operation: str, params: dict[str, Json], address: str) -> None:
    assert METHODS[operation].address(params) == address
    assert METHODS[operation].pattern.fullmatch(address.partition("?")[0])


@pytest.mark.parametrize(
    ("operation", "params", "code"),
    [
        ("cloudkms:projects.locations.list", {}, "BadParameters"),
        ("cloudkms:projects.locations.list", {"name": "projects/example-voice", "alt": "media"}, "BadParameters"),
        ("cloudkms:projects.locations.list", {"name": "projects/../other"}, "BadName"),
        (f"{KEYS}.list", {"parent": f"{RING}/cryptoKeys/a:destroy"}, "BadName"),
        ("iam:roles.get", {"name": "roles/a/../../b"}, "BadName"),
    ],
)
def test_what_cannot_be_asked_so_is_refused(operation: str, params: dict[str, Json], code: str) -> None:
    with pytest.raises(CallError) as caught:
        METHODS[operation].address(params)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("verb", "path", "allowed"),
    [
        ("GET", f"/v1/{RING}/cryptoKeys", True),
        ("POST", f"/v1/{RING}/cryptoKeys", False),
        ("GET", f"/v1/{RING}/cryptoKeys/a", False),
        ("POST", f"/v1/{RING}/cryptoKeys/a:encrypt", False),
        ("POST", f"/v1/{RING}/cryptoKeys/a:setIamPolicy", False),
        ("POST", "/v3/projects/example-voice:getIamPolicy", True),
        ("POST", "/v3/projects/example-voice:setIamPolicy", False),
        ("POST", "/v3/projects/example-voice:setIamPolicy:getIamPolicy", False),
    ],
)
def test_only_declared_requests_are_permitted(verb: str, path: str, allowed: bool) -> None:
    assert permits(METHODS, verb, path) is allowed


def test_what_is_not_chosen_is_not_permitted() -> None:
    assert not permits(["iam:roles.get"], "GET", f"/v1/{RING}/cryptoKeys")
