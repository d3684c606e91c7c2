"""Versions of the simulated Cloud KMS: made, resting, going and coming back."""

from __future__ import annotations

import pytest

from scanner.demo.gcp.lifecycle import create, destroy, patch, restore, set_primary
from scanner.demo.gcp.refusals import RefusalError
from scanner.demo.gcp.state import State, version_name
from scanner.demo.gcp.world import GoogleCloud
from tests.demo.gcp.reference import NOW, a_key, a_project

KEY = "projects/example-one/locations/us-east1/keyRings/main/cryptoKeys/one"
ONE, TWO = version_name(KEY, 1), version_name(KEY, 2)


@pytest.fixture
def state() -> State:
    return State(GoogleCloud(projects=[a_project(a_key("one"))]), NOW)


def test_a_new_version_is_not_the_primary_one_before_somebody_says_so(state: State) -> None:
    made = create(state, KEY, {})
    assert (made["name"], made["state"], made["createTime"]) == (TWO, "ENABLED", "2026-06-15T12:00:00.000Z")
    assert state.key(KEY).primary == 1
    assert set_primary(state, KEY, {"cryptoKeyVersionId": "2"})["primary"]["name"] == TWO
    assert state.key(KEY).secrets[1] != state.key(KEY).secrets[2]


@pytest.mark.parametrize("number", ["7", "x", ""])
def test_only_an_enabled_version_can_be_the_primary_one(state: State, number: str) -> None:
    with pytest.raises(RefusalError, match="is not an enabled version"):
        set_primary(state, KEY, {"cryptoKeyVersionId": number})
    patch(state, ONE, {"state": 2})
    with pytest.raises(RefusalError, match="is not an enabled version"):
        set_primary(state, KEY, {"cryptoKeyVersionId": "1"})


def test_enabled_and_disabled_by_word_or_number(state: State) -> None:
    assert patch(state, ONE, {"state": 2})["state"] == "DISABLED"
    assert patch(state, ONE, {"state": "ENABLED"})["state"] == "ENABLED"
    for wrong in (7, "DESTROYED", None):
        with pytest.raises(RefusalError, match="cannot go from ENABLED"):
            patch(state, ONE, {"state": wrong})


def test_destroyed_in_its_time_or_restored_before(state: State) -> None:
    going = destroy(state, ONE, {})
    assert (going["state"], going["destroyTime"]) == ("DESTROY_SCHEDULED", "2026-07-15T12:00:00.000Z")
    for again in (destroy, lambda *given: patch(given[0], given[1], {"state": 1})):
        with pytest.raises(RefusalError, match="FAILED_PRECONDITION"):
            again(state, ONE, {})
    back = restore(state, ONE, {})
    assert (back["state"], "destroyTime" in back) == ("DISABLED", False)
    with pytest.raises(RefusalError, match="not DESTROY_SCHEDULED"):
        restore(state, ONE, {})
