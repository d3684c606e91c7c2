"""Projects and locations: which units follow, what is above a project, and what stands in the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scanner.collect.gcp import kms, projects
from scanner.collect.gcp.methods import METHODS
from scanner.collect.gcp.transport import WHO
from scanner.demo.aws.faults import Fault
from scanner.demo.gcp.simulator import GcpSimulator
from scanner.demo.gcp.world import GoogleCloud
from scanner.model.audit import AuditTrailFact
from scanner.model.observation import GapReason
from scanner.model.tables import KeyFact
from tests.collect.gcp.running import ALL, a_source, collect
from tests.demo.gcp.reference import FOLDER, LAB, ORGANIZATION, VOICE, a_key, a_project, reference, running


def test_every_project_and_location_is_a_scope_of_its_own(gcp: GcpSimulator, tmp_path: Path) -> None:
    found = collect(tmp_path, a_source(gcp.url))
    assert {record.source for record in found.records} == {
        "gcp:main",
        *(f"gcp:{project}" for project in (VOICE, LAB)),
        *(f"gcp:{project}:{where}" for project in (VOICE, LAB) for where in ("us-east1", "us-central1", "global")),
    }
    assert found.gaps == []
    who = {record.principal for record in found.records if record.operation != WHO}
    assert who == {f"keyaudit@{VOICE}.iam.gserviceaccount.com"}
    assert len(found.rows(KeyFact)) == 9


def test_locations_that_the_estate_names_are_not_listed(gcp: GcpSimulator, tmp_path: Path) -> None:
    found = collect(tmp_path, a_source(gcp.url, projects=(VOICE,), locations=("us-central1",)))
    assert found.answers(projects.LOCATIONS) == []
    assert {record.region for record in found.records} == {"", "us-central1"}


def test_every_operation_is_declared_once_and_sent_by_a_method() -> None:
    names = [operation.name for operation in projects.operations()]
    assert len(names) == len(set(names))
    assert set(names) == {WHO, *METHODS}
    assert all(operation.permissions for operation in projects.operations() if operation.name != WHO)
    needed = {name for operation in projects.operations() for name in operation.needs}
    assert needed <= set(names)


def test_without_a_login_nothing_is_asked(gcp: GcpSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "nothing.json"))
    found = collect(tmp_path, a_source(gcp.url))
    assert [(gap.operation, gap.reason) for gap in found.gaps] == [(WHO, GapReason.DENIED)]
    assert gcp.requests == []


def test_a_project_that_is_not_there_never_hides_the_others(gcp: GcpSimulator, tmp_path: Path) -> None:
    found = collect(tmp_path, a_source(gcp.url, projects=("example-nobody", VOICE)))
    assert {gap.account for gap in found.gaps} == {"example-nobody"}
    assert (projects.LOCATIONS, GapReason.DENIED) in {(gap.operation, gap.reason) for gap in found.gaps}
    assert len(found.rows(KeyFact)) == 8


def test_a_project_without_a_location_is_not_a_clean_one(tmp_path: Path) -> None:
    with running(GoogleCloud(projects=[a_project(locations=[])]), tmp_path) as gcp:
        found = collect(tmp_path, a_source(gcp.url, projects=("example-one",)))
    assert [(gap.operation, gap.reason, gap.error_code) for gap in found.gaps] == [
        (projects.LOCATIONS, GapReason.MALFORMED, "NoLocation")
    ]


def test_a_plan_without_locations_asks_for_none(gcp: GcpSimulator, tmp_path: Path) -> None:
    wanted = {WHO, projects.SINKS, kms.KEYS}
    found = collect(tmp_path, a_source(gcp.url, projects=(VOICE,)), wanted)
    assert {record.operation for record in found.records} == {WHO, projects.SINKS}
    assert found.gaps == []


def test_a_plan_of_the_audit_log_alone_reads_no_key(gcp: GcpSimulator, tmp_path: Path) -> None:
    wanted = {WHO, projects.SINKS, projects.BUCKETS}
    found = collect(tmp_path, a_source(gcp.url, projects=(VOICE,)), wanted)
    assert {request.operation for request in gcp.requests} == {projects.SINKS, projects.BUCKETS}
    assert len(found.rows(AuditTrailFact)) == 3


def test_what_is_above_a_project_is_walked_to_the_top(gcp: GcpSimulator, tmp_path: Path) -> None:
    found = collect(tmp_path, a_source(gcp.url, projects=(VOICE,)))
    assert [answer.subject for answer in found.answers(projects.FOLDER_POLICY)] == [FOLDER]
    assert [answer.subject for answer in found.answers(projects.ORGANIZATION_POLICY)] == [ORGANIZATION]


@pytest.mark.parametrize(
    ("denied", "use"),
    [
        (projects.ORGANIZATION_POLICY, None),
        (projects.FOLDER_POLICY, None),
        (projects.FOLDER, None),
        (kms.PROJECT, None),
        (kms.PROJECT_POLICY, None),
        (projects.BUCKETS, True),
    ],
)
def test_where_something_above_is_denied_the_logging_of_uses_is_not_known(
    gcp: GcpSimulator, tmp_path: Path, denied: str, use: bool | None
) -> None:
    gcp.faults.add(Fault("deny", denied))
    found = collect(tmp_path, a_source(gcp.url, projects=(VOICE,)), ALL)
    trail = found.rows(AuditTrailFact)[f"projects/{VOICE}/sinks/_Default"]
    assert trail.records_key_use is use
    assert denied in {gap.operation for gap in found.gaps}


def test_a_folder_in_a_circle_has_an_end(tmp_path: Path) -> None:
    above: list[dict[str, Any]] = [
        {"name": "folders/1", "parent": "folders/2"},
        {"name": "folders/2", "parent": "folders/1"},
    ]
    world = reference(above=above, projects=[a_project(a_key("one"), parent="folders/1").model_dump()])
    with running(world, tmp_path) as gcp:
        found = collect(tmp_path, a_source(gcp.url, projects=("example-one",)))
    trail = found.rows(AuditTrailFact)["projects/example-one/sinks/_Default"]
    assert trail.records_key_use is None


def test_a_parent_of_another_shape_is_no_parent(gcp: GcpSimulator, tmp_path: Path) -> None:
    gcp.faults.add(Fault("wrong_types", projects.FOLDER))
    found = collect(tmp_path, a_source(gcp.url, projects=(VOICE,)))
    assert [(gap.operation, gap.reason) for gap in found.gaps] == [(projects.FOLDER, GapReason.MALFORMED)]


def test_a_broken_identity_is_none() -> None:
    assert projects._identifies({"principal": 7}) == "`principal` is not text"
    assert projects._identifies({"principal": ""}) == ""
