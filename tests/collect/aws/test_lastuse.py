"""The unit that follows AWS KMS and looks for the last use of each key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scanner.collect.aws import cloudtrail, kms, lastuse
from scanner.collect.interface import Unit
from scanner.demo.aws.audit import use_id
from scanner.demo.aws.audit_world import Audit, Unlogged
from scanner.demo.aws.faults import Fault
from scanner.model.observation import GapReason
from tests.collect.aws.kept import a_unit, collect_kept
from tests.demo.aws.trails_composing import heard
from tests.support import ACCOUNT, REGION, a_key

ONE, TWO = a_key("one"), a_key("two")
USES = {key.arn: use_id(key) for key in (TWO, ONE)}


def parent(url: str, **given: Any) -> Unit:  # noqa: ANN401 - fields of Unit
    return a_unit(url, kms.NAME, (*kms.OPERATIONS, cloudtrail.LOOKUP), kms.collect, **given)


def test_it_is_a_unit_of_its_own_at_the_pace_of_the_log() -> None:
    unit = lastuse.following(parent("http://127.0.0.1:1", concurrency=32), USES)
    assert unit.id == f"aws/main/{ACCOUNT}/{REGION}/cloudtrail-use"
    assert (unit.collector, unit.operations, unit.concurrency) == (cloudtrail.NAME, (cloudtrail.LOOKUP,), 2)
    assert lastuse.following(parent("http://127.0.0.1:1", concurrency=1), USES).concurrency == 1


def test_each_use_is_looked_for_by_its_id(tmp_path: Path) -> None:
    log = Audit(unlogged=[Unlogged(key="two", event="use", defect="x")])
    with heard(log, keys=[ONE, TWO]) as aws:
        found = collect_kept(tmp_path, lastuse.following(parent(aws.url), USES))
    events = {
        answer.subject: answer.response["Events"] for answer in found.answers() if isinstance(answer.response, dict)
    }
    assert [event["EventName"] for event in events[ONE.arn]] == ["Decrypt"]  # type: ignore[union-attr,index,call-overload]
    assert events[TWO.arn] == []
    assert found.gaps == []


def test_a_denied_log_is_a_gap_of_each_key(tmp_path: Path) -> None:
    with heard(keys=[ONE, TWO]) as aws:
        aws.faults.add(Fault("deny", cloudtrail.EVENTS))
        found = collect_kept(tmp_path, lastuse.following(parent(aws.url), USES))
    assert {(gap.subject, gap.reason) for gap in found.gaps} == {(key, GapReason.DENIED) for key in USES}
