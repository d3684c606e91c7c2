"""Listings of Google Cloud: what is one, what is not, and every page of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.collect.gcp.listings import lists, policy
from scanner.collect.gcp.methods import RING
from scanner.demo.aws.faults import Fault
from scanner.demo.gcp.simulator import gcp_simulator
from scanner.demo.gcp.world import GoogleCloud
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from scanner.model.tables import CoverageFact, KeyFact
from tests.collect.gcp.running import a_source, collect
from tests.demo.gcp.reference import NOW, a_key, a_project, running

PLACE = "projects/example-voice/locations/us-east1"
NAME = f"{PLACE}/keyRings/voice"
KEYS = "cloudkms:projects.locations.keyRings.cryptoKeys.list"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, ""),
        ({"keyRings": [{"name": NAME}], "totalSize": 1}, ""),
        ({"keyRings": [{"name": NAME}], "nextPageToken": "x"}, ""),
        ({"keyRings": "surprise"}, "is not a list of objects"),
        ({"keyRings": [NAME]}, "is not a list of objects"),
        ({"keyRings": [{"name": "projects/other/locations/us-east1/keyRings/voice"}]}, f"under {PLACE}/"),
        ({"keyRings": [{"name": f"{NAME}/cryptoKeys/a"}]}, f"under {PLACE}/"),
        ({"error": "something"}, "it holds no `keyRings`, and 'error'"),
        ({"keyRings": [], "somethingNew": 1}, ""),
    ],
)
def test_what_a_listing_is(body: dict[str, Json], problem: str) -> None:
    assert problem in lists("keyRings", RING, f"{PLACE}/")(body)
    assert bool(problem) is bool(lists("keyRings", RING, f"{PLACE}/")(body))


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"etag": "ACAB"}, ""),
        ({}, "it is empty"),
        ({"version": 3, "bindings": [{"role": "roles/owner"}], "auditConfigs": [{"service": "allServices"}]}, ""),
        ({"bindings": [{"members": ["a"]}]}, "`bindings` is not a list"),
        ({"bindings": "surprise"}, "`bindings` is not a list"),
        ({"auditConfigs": ["x"]}, "`auditConfigs` is not a list"),
        ({"keyRings": []}, "it holds no `bindings`, and 'keyRings'"),
        ({"bindings": [], "somethingNew": 1}, ""),
    ],
)
def test_what_a_policy_is(body: dict[str, Json], problem: str) -> None:
    assert problem in policy(body)
    assert bool(problem) is bool(policy(body))


def test_every_page_is_read(tmp_path: Path) -> None:
    world = GoogleCloud(projects=[a_project(*(a_key(f"k{i}") for i in range(7)))])
    with running(world, tmp_path, page_size=3) as gcp:
        found = collect(tmp_path, a_source(gcp.url, projects=("example-one",), locations=("us-east1",)))
    assert found.gaps == []
    assert [answer.page for answer in found.answers(KEYS)] == [0, 1, 2]
    assert len(found.rows(KeyFact)) == 7
    assert found.rows(CoverageFact)["keys gcp:example-one:us-east1"].complete


def test_a_listing_without_an_end_is_not_complete(tmp_path: Path) -> None:
    world = GoogleCloud(projects=[a_project(a_key("one"))])
    with running(world, tmp_path) as gcp:
        gcp.faults.add(Fault("endless", KEYS))
        found = collect(tmp_path, a_source(gcp.url, projects=("example-one",), locations=("us-east1",)))
    assert [(gap.operation, gap.reason) for gap in found.gaps] == [(KEYS, GapReason.LIMIT)]
    assert len(found.rows(KeyFact)) == 1
    assert not found.rows(CoverageFact)["keys gcp:example-one:us-east1"].complete


def test_the_simulator_starts_without_a_login_of_ours() -> None:
    with gcp_simulator(GoogleCloud(projects=[a_project()]), NOW) as gcp:
        assert gcp.requests == []
