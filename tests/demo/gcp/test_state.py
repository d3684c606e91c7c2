"""What the simulated Google Cloud holds."""

from __future__ import annotations

import pytest

from scanner.demo.gcp.refusals import RefusalError
from scanner.demo.gcp.state import State, version_name
from scanner.demo.gcp.world import GoogleCloud
from tests.demo.gcp.reference import FOLDER, NOW, ORGANIZATION, RING, VOICE, a_key, a_project, reference

KEY = f"{RING}/cryptoKeys/tenants"


def test_everything_that_can_have_a_policy_has_one() -> None:
    state = State(reference(), NOW)
    assert {ORGANIZATION, FOLDER, f"projects/{VOICE}", RING, KEY} <= state.policies.keys()
    held = state.key(KEY)
    assert (held.primary, sorted(held.versions), held.level) == (3, [1, 2, 3], "HSM")
    assert held.whole()["primary"] == held.versions[3]
    signing = state.key(f"{RING}/cryptoKeys/signing")
    assert "primary" not in signing.whole()
    assert len(held.secrets[1]) == 32
    assert held.secrets[1] != held.secrets[2]


def test_what_is_not_there_is_told_as_google_does() -> None:
    state = State(reference(), NOW)
    with pytest.raises(RefusalError, match="PERMISSION_DENIED"):
        state.project("projects/nobody")
    assert state.project(f"projects/{VOICE}").id == VOICE
    for name in (f"{RING}/cryptoKeys/nobody", version_name(KEY, 9), f"{KEY}/cryptoKeyVersions/x"):
        with pytest.raises(RefusalError, match="NOT_FOUND"):
            state.version(name)
    assert state.version(version_name(KEY, 2))[1] == 2


def test_denials_are_about_one_thing_or_about_a_whole_project() -> None:
    project = a_project(a_key("one", denied=["cloudkms:a.list"]), denied=["logging:*"])
    world = GoogleCloud(projects=[project], above=[{"name": "folders/1", "denied": ["iam:*"]}])  # type: ignore[list-item]  # pydantic reads it
    found = {(fault.operation, fault.subject) for fault in State(world, NOW).denials()}
    key = "projects/example-one/locations/us-east1/keyRings/main/cryptoKeys/one"
    assert found == {("iam:*", "folders/1\n"), ("logging:*", "projects/example-one"), ("cloudkms:a.list", f"{key}\n")}
