"""An audit period from the fact tables of a scan and the scans before it."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.history import period as period_module
from scanner.model.audit import AuditTrailFact
from scanner.model.control import Severity
from scanner.model.history import ControlHistory, ControlPoint, History, LoggingState
from scanner.model.ids import ControlId, Digest
from scanner.model.verdict import Counts, Verdict
from tests.history.judging import NOW, PLACE, ROW, SOURCE, a_data_key, a_key, a_scope, judged, listed, naive
from tests.history.timelines import a_record, at, march, merged


def test_keys_without_a_limit_are_counted(tmp_path: Path) -> None:
    facts = [a_key("a", key_type=None), a_key("b", key_type="private_signature"), a_key("c")]
    found = judged(tmp_path, facts)
    assert (len(found.keys), found.keys_unjudged) == (1, 2)


def test_the_worst_key_comes_first_and_the_rest_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = [
        a_key("a", material_since=naive(-90)),
        a_key("b"),
        a_key("c", created_at=naive(24), material_since=naive(24)),
        a_key("d", material_since=naive(5)),
        a_key("e", created_at=naive(90)),
    ]
    found = judged(tmp_path, facts)
    assert [line.id for line in found.keys] == ["a", "d", "b", "c"]
    assert found.keys_by_verdict == Counts(1, 2, 1, 0)
    assert found.keys_omitted == 0
    monkeypatch.setattr(period_module, "MOST_KEYS", 2)
    few = judged(tmp_path, facts)
    assert (few.keys, few.keys_omitted, few.keys_by_verdict) == (found.keys[:2], 2, found.keys_by_verdict)


def test_days_of_a_record_of_key_events(tmp_path: Path) -> None:
    trail = AuditTrailFact(
        **ROW, **PLACE, trail_id="arn:trail", name="", logging=True, started_at=naive(12.5), stopped_at=naive(9.5),
        records_key_management=True, records_key_use=True,
    )  # fmt: skip
    scope = a_scope(key_management_recorded=True, key_use_recorded=True)
    before = LoggingState(scope=SOURCE, management_recorded=True, use_recorded=True)
    history = History(
        scans=(a_record("a", at(3)), a_record("late", at(31.9))),
        logging=(
            (0, (before, LoggingState(scope="gone", management_recorded=False, use_recorded=True))),
            (1, (LoggingState(scope="later", management_recorded=True, use_recorded=True),)),
        ),
    )
    found = judged(tmp_path, [trail, scope, listed("audit_trails")], history)
    assert {line.id: merged(line) for line in found.logs} == {
        SOURCE: "unknown 1-2, in 3, unknown 4-8, out 9-12, unknown 13-30, in 31",
        "gone": "unknown 1-2, out 3, unknown 4-31",
    }
    assert found.logs[0].id == SOURCE
    assert found.logs[0].stretches[3].why == "stopped: arn:trail"


def a_control(name: str, *verdicts: Verdict) -> ControlHistory:
    points = tuple(ControlPoint(place, verdict, 0, 0, 0, Digest("")) for place, verdict in enumerate(verdicts))
    return ControlHistory(
        id=ControlId(name), title=name, severity=Severity.LOW, phase="audit", clauses=(), points=points
    )


def test_scans_of_the_period_are_named_and_failed_controls_come_first(tmp_path: Path) -> None:
    moments = (-3, 4, 4.5, 9, 31.5, 40)
    history = History(
        scans=tuple(a_record(str(day), at(day)) for day in moments),
        controls=(
            a_control("A", *[Verdict.PASS] * 5),
            a_control("B", *[Verdict.FAIL] * 5),
            a_control("C", Verdict.FAIL, Verdict.FAIL, Verdict.PASS, Verdict.PASS, Verdict.PASS),
        ),
    )
    found = judged(tmp_path, [], history)
    assert [name for name, _ in found.scans] == ["4", "4.5", "9", "31.5"]
    assert found.days_without_scan == 28
    assert (found.first, found.last, found.as_of) == (march().first, march().last, NOW)
    assert [(line.control, line.verdict) for line in found.controls] == [
        ("B", Verdict.FAIL),
        ("C", Verdict.FAIL),
        ("A", Verdict.UNKNOWN),
    ]


def test_without_any_evidence_nothing_is_in(tmp_path: Path) -> None:
    found = judged(tmp_path, [a_key(), a_data_key(), a_scope()], History(controls=(a_control("A"),)))
    lines = [*found.keys, *found.logs, *found.controls]
    assert len(lines) == 4
    assert {merged(line) for line in lines} == {"unknown 1-31"}
    assert found.days_without_scan == 31
