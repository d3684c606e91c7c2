"""Resources on the wire: Google's own library reads every one, and finds in it what the world says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.cloud.kms_v1.types import resources

from scanner.demo.gcp import shapes
from scanner.demo.gcp.state import State
from scanner.demo.gcp.world import AuditLog, Binding, Key, Project, Ring, Sink
from tests.demo.gcp.reference import FOLDER, NOW, RING, VOICE, a_key, a_project, reference


@pytest.fixture(scope="module")
def state() -> State:
    return State(reference(), NOW)


@pytest.mark.parametrize("name", ["tenants", "reports", "partner", "byok", "signing"])
def test_googles_library_reads_keys_and_versions(state: State, name: str) -> None:
    held = state.key(f"{RING}/cryptoKeys/{name}")
    key: Any = resources.CryptoKey.from_json(json.dumps(held.whole()))
    assert key.name == f"{RING}/cryptoKeys/{name}"
    assert key.destroy_scheduled_duration.days == 30
    for number, body in held.versions.items():
        version: Any = resources.CryptoKeyVersion.from_json(json.dumps(body))
        assert version.name.endswith(f"/{number}")
        assert version.state.name == body["state"]
        assert bool(version.attestation.content) is (held.level == "HSM")


def test_a_rotation_is_due_a_period_after_the_last_version(state: State) -> None:
    body = state.key(f"{RING}/cryptoKeys/tenants").body
    assert (body["rotationPeriod"], body["nextRotationTime"]) == ("7776000s", "2026-08-04T12:00:00.000Z")
    assert "rotationPeriod" not in state.key(f"{RING}/cryptoKeys/reports").body


def test_what_has_its_default_is_left_out() -> None:
    assert shapes.lean({"a": "", "b": False, "c": None, "d": [], "e": {}, "f": "x", "g": 0}) == {"f": "x"}
    body = shapes.key("k", RING, Key.model_validate(a_key("k")), NOW)
    assert not {"importOnly", "labels", "cryptoKeyBackend", "rotationPeriod"} & body.keys()


def test_a_policy_has_a_version_for_its_conditions() -> None:
    plain = shapes.policy([Binding(role="r", members=["allUsers"])])
    assert (plain["version"], plain["bindings"]) == (1, [{"role": "r", "members": ["allUsers"]}])
    held = shapes.policy(
        [Binding(role="r", members=[], condition="false")], [AuditLog(types=["DATA_READ"], exempted=["user:a@b.c"])]
    )
    assert held["version"] == 3
    assert held["bindings"][0]["condition"]["expression"] == "false"
    assert held["auditConfigs"] == [
        {
            "service": "cloudkms.googleapis.com",
            "auditLogConfigs": [{"logType": "DATA_READ", "exemptedMembers": ["user:a@b.c"]}],
        }
    ]
    assert shapes.policy([])["etag"] != plain["etag"]


def test_an_imported_version_tells_its_job_and_a_destroyed_one_when_it_was() -> None:
    key = Key.model_validate(
        a_key(
            "k",
            versions=[
                {"age_days": 9, "job": "j", "state": "DESTROYED", "destroyed_days_ago": 2},
                {"age_days": 8, "state": "PENDING_IMPORT", "job": "j"},
            ],
        )
    )
    first, second = (shapes.version("v", RING, key, one, NOW) for one in key.all_versions)
    assert first["importJob"] == f"{RING}/importJobs/j"
    assert (first["destroyEventTime"], first["reimportEligible"]) == ("2026-06-13T12:00:00.000Z", True)
    assert "generateTime" not in first
    assert not {"importTime", "generateTime", "reimportEligible"} & second.keys()


def test_projects_folders_locations_jobs_and_rings() -> None:
    project = a_project(parent=FOLDER)
    assert shapes.project(project, NOW)["parent"] == FOLDER
    assert "parent" not in shapes.project(a_project(), NOW)
    assert shapes.location(project, "global")["metadata"].get("ekmAvailable") is None
    ring = Ring.model_validate({"name": "r", "location": "us-east1", "keys": []})
    assert shapes.import_job("j", ring, NOW)["state"] == "EXPIRED"
    assert shapes.ring("r", ring, NOW)["createTime"].startswith("2023-")
    assert shapes.folder(reference().above[1], NOW)["name"] == FOLDER
    assert shapes.etag({"a": 1}) != shapes.etag({"a": 2})


def test_a_projects_own_sinks_are_there_unless_the_world_has_them_otherwise() -> None:
    project = a_project(sinks=[Sink(name="_Default", destination="x", disabled=True).model_dump()])
    default, required = shapes.sinks(project)
    assert (default["destination"], default["disabled"], "filter" in default) == ("x", True, False)
    assert required["filter"].startswith('LOG_ID("cloudaudit.googleapis.com/activity")')
    assert shapes.DEFAULT.count("NOT LOG_ID") == 6
    assert [one["name"].rpartition("/")[2] for one in shapes.buckets(project, NOW)] == ["_Default", "_Required"]
    voice = reference().projects[0]
    assert isinstance(voice, Project)
    assert {one["name"]: one.get("writerIdentity", "") for one in shapes.sinks(voice)}["audit"].startswith(
        "serviceAccount:"
    )
    keyed = [one for one in shapes.buckets(voice, NOW) if "cmekSettings" in one]
    assert [one["cmekSettings"]["kmsKeyName"] for one in keyed] == [f"{RING}/cryptoKeys/tenants"]
    assert voice.id == VOICE
