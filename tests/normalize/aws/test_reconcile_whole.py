"""Keys, the log, the last uses and the trails of one simulated account, from HTTP to the expected events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from scanner.collect.aws import cloudtrail, kms, lastuse
from scanner.demo.aws.audit import use_id
from scanner.demo.aws.audit_world import Audit, Unlogged
from scanner.demo.aws.faults import Fault
from scanner.model.audit import AuditScopeFact, ExpectedEventFact
from scanner.model.facts import Fact
from scanner.model.observation import Record
from scanner.normalize.aws import cloudtrail as n_cloudtrail
from scanner.normalize.aws import kms as n_kms
from scanner.normalize.aws.reconcile import STATEMENTS
from tests.collect.aws.kept import a_unit, collect_kept
from tests.demo.aws.trails_composing import a_trail, heard
from tests.normalize.aws.tables import TABLES, Row, derived, rows
from tests.support import a_key, a_world, simulated

KEYS = [
    a_key("young", age_days=20, rotated_days_ago=[5]),
    a_key("old"),
    a_key("by-hand", rotation=None, rotated_days_ago=[30]),
    a_key("going", state="PendingDeletion", deleted_in_days=4, rotation=None, last_used_days_ago=None),
    a_key("long unused", last_used_days_ago=200),
]
ARNS = {key.arn: key.alias for key in KEYS}
Found = dict[tuple[str, str], bool | None]


def collected(folder: Path, log: Audit, faults: Sequence[Fault]) -> list[Record]:
    """Read keys from one simulator and the log from another: moto's state is one, so the keys come first."""
    with simulated(a_world(*KEYS)) as aws:
        found = collect_kept(folder / "kms", a_unit(aws.url, kms.NAME, kms.OPERATIONS, kms.collect, concurrency=8))
    uses = {key.arn: use_id(key) for key in KEYS if key.last_used_days_ago is not None}
    with heard(log, keys=KEYS) as spoken:
        for fault in faults:
            spoken.faults.add(fault)
        unit = a_unit(spoken.url, cloudtrail.NAME, cloudtrail.OPERATIONS, cloudtrail.collect)
        more = collect_kept(folder / "log", unit, lastuse.following(unit, uses))
    return [*found.records, *more.records]


def facts(records: Sequence[Record]) -> Iterator[Fact]:
    """Normalize as the pipeline does: each segment by its own collector."""
    yield from n_kms.normalize([r for r in records if r.collector == kms.NAME])
    log = [r for r in records if r.collector == cloudtrail.NAME]
    yield from n_cloudtrail.normalize([r for r in log if not str(r.subject).startswith("arn:aws:kms")])
    yield from n_cloudtrail.normalize([r for r in log if str(r.subject).startswith("arn:aws:kms")])


@contextmanager
def judged(folder: Path, log: Audit, *faults: Fault) -> Iterator[Any]:
    known = {table.table for table in TABLES}
    found = [fact for fact in facts(collected(folder, log, faults)) if fact.table in known]
    with derived(found, STATEMENTS) as db:
        yield db


def expected(folder: Path, log: Audit, *faults: Fault) -> Found:
    with judged(folder, log, *faults) as db:
        every: Iterable[Row] = rows(db, ExpectedEventFact)
        return {(ARNS[row["key_id"]], row["event"]): row["found"] for row in every}


TOLD: Found = {
    ("young", "CreateKey"): True,
    ("young", "RotateKey"): True,
    ("young", "use"): True,
    ("old", "CreateKey"): None,
    ("old", "use"): True,
    ("by-hand", "CreateKey"): None,
    ("by-hand", "RotateKeyOnDemand"): True,
    ("by-hand", "use"): True,
    ("going", "CreateKey"): None,
    ("going", "ScheduleKeyDeletion"): True,
    ("long unused", "CreateKey"): None,
    ("long unused", "use"): None,
}


def test_everything_that_the_keys_tell_is_in_the_log(tmp_path: Path) -> None:
    assert expected(tmp_path, Audit(trails=[a_trail()])) == TOLD


def test_what_the_log_lacks_is_found_out(tmp_path: Path) -> None:
    lacking = [("young", "CreateKey"), ("young", "RotateKey"), ("old", "use"), ("going", "ScheduleKeyDeletion")]
    log = Audit(unlogged=[Unlogged(key=key, event=event, defect="") for key, event in lacking])
    assert expected(tmp_path, log) == {**TOLD, **dict.fromkeys(lacking, False)}


def test_where_the_log_was_not_read_to_the_end_nothing_is_missing(tmp_path: Path) -> None:
    log = Audit(unlogged=[Unlogged(key="young", event="RotateKey", defect="")])
    found = expected(tmp_path, log, Fault("deny", cloudtrail.EVENTS, subject='"EnableKey"'))
    assert found == {**TOLD, ("young", "RotateKey"): None}


TRAILS: list[tuple[dict[str, Any], tuple[bool, bool]]] = [
    ({}, (True, True)),
    ({"logging": False}, (False, False)),
    ({"selectors": [{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}]}, (True, False)),
    ({"selectors": [{"ExcludeManagementEventSources": ["kms.amazonaws.com"]}]}, (False, False)),
]


@pytest.mark.parametrize(("given", "recorded"), TRAILS)
def test_what_is_recorded_in_the_region(tmp_path: Path, given: dict[str, Any], recorded: tuple[bool, bool]) -> None:
    with judged(tmp_path, Audit(trails=[a_trail(**given)])) as db:
        (row,) = rows(db, AuditScopeFact)
    assert (row["key_management_recorded"], row["key_use_recorded"]) == recorded
