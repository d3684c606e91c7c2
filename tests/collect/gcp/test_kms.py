"""Cloud KMS of one location: what is asked, in which order, and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.collect.gcp import kms
from scanner.demo.aws.faults import Fault, Kind
from scanner.demo.gcp.simulator import GcpSimulator
from scanner.demo.gcp.world import GoogleCloud
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from scanner.model.spki import of_pem
from scanner.model.tables import CoverageFact, KeyFact, KeyPolicyFact, KeyStoreFact
from scanner.normalize.gcp.roles import KNOWN
from tests.collect.gcp.running import ALL, a_source, collect
from tests.demo.gcp.reference import RING, VOICE, a_key, a_project, running

KEY = f"{RING}/cryptoKeys/tenants"
ONE = {"projects": (VOICE,), "locations": ("us-east1",)}


def test_known_roles_are_not_asked_and_all_others_are(gcp: GcpSimulator, tmp_path: Path) -> None:
    found = collect(tmp_path, a_source(gcp.url, **ONE))
    assert [answer.subject for answer in found.answers(kms.ROLES)] == [f"projects/{VOICE}/roles/reader"]
    assert found.gaps == []
    assert set(KNOWN) == kms.KNOWN_ROLES


def test_everything_is_asked_of_its_own_key_and_ring(gcp: GcpSimulator, tmp_path: Path) -> None:
    collect(tmp_path, a_source(gcp.url, **ONE))
    asked = [(request.operation, request.resource) for request in gcp.requests]
    about_kms = [one for one in asked if one[0].startswith("cloudkms:")]
    assert len(about_kms) == len(set(about_kms))
    assert (kms.VERSIONS, KEY) in asked
    assert (kms.RING_POLICY, RING) in asked
    assert (kms.JOBS, RING) in asked
    assert {request.verb for request in gcp.requests} == {"GET", "POST"}


def test_of_key_pairs_the_public_half_of_the_newest_version_is_read(gcp: GcpSimulator, tmp_path: Path) -> None:
    found = collect(tmp_path, a_source(gcp.url, **ONE))
    signing = f"{RING}/cryptoKeys/signing"
    # The older of its versions is disabled.
    assert [(one.subject, one.params["name"]) for one in found.answers(kms.PUBLIC)] == [
        (signing, f"{signing}/cryptoKeyVersions/2")
    ]
    rows = found.rows(KeyFact)
    told = {name.rpartition("/")[2]: row.public_fingerprint for name, row in rows.items()}
    (answer,) = found.answers(kms.PUBLIC)
    assert isinstance(answer.response, dict)
    assert told["signing"] == of_pem(str(answer.response["pem"]))
    assert (len(str(told["signing"])), told["tenants"]) == (64, "none")
    assert answer.redacted == ()


@pytest.mark.parametrize("kind", ["deny", "malformed"])
def test_a_public_half_that_is_not_given_is_a_gap(gcp: GcpSimulator, tmp_path: Path, kind: Kind) -> None:
    gcp.faults.add(Fault(kind, kms.PUBLIC))
    found = collect(tmp_path, a_source(gcp.url, **ONE))
    signing = f"{RING}/cryptoKeys/signing"
    assert [(gap.operation, gap.subject) for gap in found.gaps] == [(kms.PUBLIC, signing)]
    assert found.rows(KeyFact)[signing].public_fingerprint is None


def test_an_answer_without_a_key_is_none() -> None:
    assert kms._has_public({"name": "n", "pem": "p"}) == ""
    bodies: list[dict[str, Json]] = [{"name": "n"}, {"pem": "p"}, {"name": "n", "pem": 7}]
    for body in bodies:
        assert "missing" in kms._has_public(body)


def test_where_there_is_no_key_nothing_hangs_on_one(tmp_path: Path) -> None:
    world = GoogleCloud(projects=[a_project()])
    with running(world, tmp_path) as gcp:
        found = collect(tmp_path, a_source(gcp.url, projects=("example-one",), locations=("us-east1",)))
        asked = {request.operation for request in gcp.requests}
    assert not {kms.RING_POLICY, kms.KEY_POLICY, kms.VERSIONS, kms.ROLES} & asked
    assert found.gaps == []


def test_a_narrow_plan_asks_little(gcp: GcpSimulator, tmp_path: Path) -> None:
    wanted = {"oauth2:token", "cloudkms:projects.locations.list", kms.RINGS, kms.KEYS}
    found = collect(tmp_path, a_source(gcp.url, projects=(VOICE,)), wanted)
    assert {request.operation for request in gcp.requests} == wanted - {"oauth2:token"}
    assert len(found.rows(KeyFact)) == 8


@pytest.mark.parametrize("kind", ["deny", "throttle", "error", "malformed", "wrong_types", "unsupported", "expired"])
def test_a_broken_answer_is_a_gap_and_leaves_the_others(
    gcp: GcpSimulator, tmp_path: Path, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scanner.collect.ask.MAX_ATTEMPTS", 2)
    gcp.faults.add(Fault(kind, kms.KEY_POLICY, subject=f"{KEY}\n"))
    found = collect(tmp_path, a_source(gcp.url, **ONE))
    assert [(gap.operation, gap.subject) for gap in found.gaps] == [(kms.KEY_POLICY, KEY)]
    rows = found.rows(KeyPolicyFact)
    assert (rows[KEY].public, rows[KEY].admin_principals) == (None, None)
    assert rows[f"{RING}/cryptoKeys/open"].public is True


def test_a_denied_key_ring_leaves_the_population_open(gcp: GcpSimulator, tmp_path: Path) -> None:
    gcp.faults.add(Fault("deny", kms.KEYS))
    found = collect(tmp_path, a_source(gcp.url, **ONE))
    assert {gap.operation for gap in found.gaps} == {kms.KEYS}
    assert found.rows(KeyFact) == {}
    covered = found.rows(CoverageFact)
    assert not covered[f"keys gcp:{VOICE}:us-east1"].complete
    assert not covered[f"modules gcp:{VOICE}:us-east1 {kms.KEYS}"].complete


def test_a_manager_that_is_not_reached_is_an_answer(tmp_path: Path) -> None:
    broken = {"name": "far", "location": "us-east1", "broken": True}
    project = a_project(a_key("one"), connections=[broken, {**broken, "name": "near", "broken": False}])
    with running(GoogleCloud(projects=[project]), tmp_path) as gcp:
        found = collect(tmp_path, a_source(gcp.url, projects=("example-one",), locations=("us-east1",)))
    told = {store.name: (store.connected, store.connection_error) for store in found.rows(KeyStoreFact).values()}
    assert told == {"far": (False, "FAILED_PRECONDITION"), "near": (True, "none")}
    assert found.gaps == []


def test_a_role_that_is_gone_is_an_answer(tmp_path: Path) -> None:
    project = a_project(a_key("one", policy=[{"role": "projects/example-one/roles/gone", "members": ["user:a@b.c"]}]))
    with running(GoogleCloud(projects=[project]), tmp_path) as gcp:
        found = collect(tmp_path, a_source(gcp.url, projects=("example-one",), locations=("us-east1",)))
    (answer,) = found.answers(kms.ROLES)
    assert (answer.error_code, found.gaps) == ("NOT_FOUND", [])


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"name": "projects/1", "state": "ACTIVE"}, ""),
        ({"name": "projects/1", "state": "ACTIVE", "parent": "folders/1"}, ""),
        ({"name": "projects/1", "state": "DELETE_REQUESTED"}, "the project is DELETE_REQUESTED, not ACTIVE"),
        ({"name": "surprise", "state": "ACTIVE"}, "`name` is not that of a project"),
        ({"name": "projects/1", "state": "ACTIVE", "parent": 7}, "`name` is not that of a project"),
    ],
)
def test_what_an_active_project_is(body: dict[str, Json], problem: str) -> None:
    assert kms.is_project(body) == problem


def test_many_keys_are_asked_side_by_side(tmp_path: Path) -> None:
    project = a_project(*(a_key(f"k{i}") for i in range(60)))
    with running(GoogleCloud(projects=[project]), tmp_path) as gcp:
        found = collect(tmp_path, a_source(gcp.url, projects=("example-one",), locations=("us-east1",)))
    assert len(found.rows(KeyPolicyFact)) == 60
    assert found.gaps == []


def test_a_denied_project_policy_leaves_who_may_administer_open_and_the_public_known(
    gcp: GcpSimulator, tmp_path: Path
) -> None:
    gcp.faults.add(Fault("deny", kms.PROJECT_POLICY))
    found = collect(tmp_path, a_source(gcp.url, **ONE))
    row = found.rows(KeyPolicyFact)[KEY]
    assert (row.public, row.admin_and_use, row.cross_accounts) == (False, None, None)
    assert {gap.reason for gap in found.gaps} == {GapReason.DENIED}
    assert kms.PROJECT_POLICY in ALL


def test_a_role_of_another_shape_is_none(gcp: GcpSimulator, tmp_path: Path) -> None:
    gcp.faults.add(Fault("wrong_types", kms.ROLES))
    found = collect(tmp_path, a_source(gcp.url, **ONE))
    assert [(gap.operation, gap.reason) for gap in found.gaps] == [(kms.ROLES, GapReason.MALFORMED)]
    assert found.rows(KeyPolicyFact)[KEY].admin_principals is None
