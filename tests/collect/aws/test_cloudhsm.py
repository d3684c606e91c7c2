"""AWS CloudHSM: what is asked, and that the first officer's password is never left of an answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from scanner.collect.aws.accounts import Service
from scanner.collect.aws.cloudhsm import BACKUPS, CLUSTERS, DROP, NAME, OPERATIONS, collect
from scanner.collect.aws.regions import NOT_OFFERED
from scanner.collect.interface import CallError, Reply
from scanner.demo.aws import cloudhsm
from scanner.demo.aws.cloudhsm import Backup, CloudHsm, Cluster, Hsm
from scanner.demo.aws.faults import Fault, Kind
from scanner.evidence.drop import drop
from scanner.evidence.redact import redact
from scanner.model.ids import Json
from scanner.model.modules import ModuleFact
from scanner.model.observation import GapReason
from scanner.normalize.aws.cloudhsm import normalize
from tests.collect.aws.units import collect_service
from tests.collect.fakes import Bench, in_turn
from tests.demo.aws.composing import Composed, Request, composed
from tests.support import ACCOUNT, NOW, REGION

SERVICE = Service(NAME, OPERATIONS, collect)
PASSWORD = "CANARY12"


def a_cluster(name: str, **given: Any) -> Cluster:  # noqa: ANN401 - any field of Cluster
    """Return a cluster of the tests' account and region with two HSMs and a backup."""
    fields: dict[str, Any] = {
        "account": ACCOUNT,
        "region": REGION,
        "hsms": [Hsm(zone="a"), Hsm(zone="b")],
        "backups": [Backup(age_days=1), Backup(age_days=2)],
        "password": PASSWORD,
    }
    return Cluster(name=name, **{**fields, **given})


@contextmanager
def simulated(*clusters: Cluster, page_size: int = 50) -> Iterator[Composed]:
    part = CloudHsm(clusters=list(clusters))
    with composed(lambda asked: cloudhsm.answer(part, asked, NOW), cloudhsm.LISTS, page_size=page_size) as app:
        yield app


def test_clusters_and_backups_are_listed_to_the_end(tmp_path: Path) -> None:
    with simulated(*(a_cluster(f"c{i}") for i in range(3)), page_size=2) as app:
        found = collect_service(tmp_path, app.url, SERVICE)
    assert found.gaps == []
    assert found.asked == {"sts:GetCallerIdentity": 1, CLUSTERS: 2, BACKUPS: 3}


def test_the_rows_tell_what_the_world_holds(tmp_path: Path) -> None:
    root, old = a_cluster("root"), a_cluster("old", type="hsm1.medium", hsms=[Hsm(zone="a")], backups=[])
    with simulated(root, old) as app:
        found = collect_service(tmp_path, app.url, SERVICE)
    facts = normalize([record for record in found.records if record.collector == NAME])
    modules = {fact.module_id: fact for fact in facts if isinstance(fact, ModuleFact)}
    assert {name: (m.product, m.zone_count, m.backups) for name, m in modules.items()} == {
        root.id: ("aws-cloudhsm-hsm2m", 2, 2),
        old.id: ("aws-cloudhsm-hsm1", 1, 0),
    }
    assert modules[root.id].last_backup_at == datetime(2026, 6, 14, 12)  # noqa: DTZ001 - as tables keep it


def test_without_a_cluster_nothing_else_is_asked(tmp_path: Path) -> None:
    with simulated(a_cluster("elsewhere", region="eu-west-1")) as app:
        found = collect_service(tmp_path, app.url, SERVICE)
    assert found.asked == {"sts:GetCallerIdentity": 1, CLUSTERS: 1}
    assert found.gaps == []


FAULTS: list[tuple[Kind, GapReason]] = [
    ("deny", GapReason.DENIED),
    ("malformed", GapReason.MALFORMED),
    ("wrong_types", GapReason.MALFORMED),
]


@pytest.mark.parametrize(("kind", "reason"), FAULTS, ids=[kind for kind, _ in FAULTS])
@pytest.mark.parametrize("operation", [CLUSTERS, BACKUPS])
def test_a_fault_is_a_gap_of_its_call(tmp_path: Path, operation: str, kind: Kind, reason: GapReason) -> None:
    with simulated(a_cluster("one")) as app:
        app.faults.add(Fault(kind, operation))
        found = collect_service(tmp_path, app.url, SERVICE)
    assert (found.gap.operation, found.gap.reason) == (operation, reason)


def run(bench: Bench, *answers: Any) -> Any:  # noqa: ANN401 - bodies or errors, and the work of the bench
    """Run the collector over a provider that answers in turn."""
    behave = in_turn(*answers)

    class Provider:
        endpoint = "https://cloudhsmv2.example"

        def send(self, operation: str, params: Any) -> Any:  # noqa: ANN401 - as above
            return Reply(200, "r", behave(operation, params))

        def close(self) -> None:
            """Nothing is open."""

    wanted = frozenset(operation.name for operation in OPERATIONS)
    work = bench.work(wanted=wanted, transport=Provider, operations=OPERATIONS)
    assert list(collect(work.ask)) == []
    return work


def test_where_it_is_not_offered_one_call_says_so(bench: Bench) -> None:
    work = run(bench, CallError(GapReason.UNSUPPORTED, code=NOT_OFFERED, detail="no such name"))
    assert [(a.operation, a.error_code) for a in work.answers] == [(CLUSTERS, NOT_OFFERED)]
    assert work.gaps == []


WRONG: list[Json] = [{}, {"Clusters": "x"}, {"Clusters": ["x"]}, {"Clusters": [{"State": "ACTIVE"}]}]


@pytest.mark.parametrize("body", WRONG, ids=str)
def test_a_misshapen_answer_is_a_gap(bench: Bench, body: Json) -> None:
    (gap,) = run(bench, body).gaps
    assert (gap.operation, gap.reason) == (CLUSTERS, GapReason.MALFORMED)


def test_the_password_is_dropped_and_would_be_redacted(tmp_path: Path) -> None:
    with simulated(a_cluster("new", state="UNINITIALIZED")) as app:
        found = collect_service(tmp_path, app.url, SERVICE)
    raw = cloudhsm.answer(CloudHsm(clusters=[a_cluster("new")]), Request(CLUSTERS), NOW)
    assert PASSWORD in str(raw)
    dropped = drop(raw, DROP[CLUSTERS], "/response")
    assert dropped.paths == ("/response/Clusters/0/Certificates", "/response/Clusters/0/PreCoPassword")
    assert PASSWORD not in str(dropped.value)
    assert "BEGIN CERTIFICATE" not in str(dropped.value)
    assert PASSWORD not in str(redact(raw).value)  # by its name alone, too
    assert PASSWORD not in str(found.records)


def test_backups_have_nothing_to_drop() -> None:
    assert set(DROP) == {CLUSTERS}
