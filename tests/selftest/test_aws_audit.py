"""AWS CloudTrail as the audit log of self-tests: what is not in it, within bounds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

import pytest

from scanner.model.observation import GapReason
from scanner.selftest import aws_audit
from scanner.selftest.aws_audit import AwsAudit
from scanner.selftest.aws_line import Line
from scanner.selftest.interface import Call, CannotRunError, DeniedError, RefusedError
from tests.collect.fakes import Clock

AT = "2026-06-15T12:00:00.000Z"


class Trail:
    """Answers LookupEvents in the place of a line: pages of events by access key."""

    def __init__(self, pages: Mapping[str, Sequence[Sequence[Any]]], clock: Clock, after: float = 0) -> None:
        self.pages, self.clock, self.after = pages, clock, after
        self.outside = clock.outside()
        self.asked: list[dict[str, Any]] = []

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        assert operation == "cloudtrail:LookupEvents"
        self.asked.append(dict(params))
        signer = params["LookupAttributes"][0]["AttributeValue"]
        pages = self.pages.get(signer, [[]]) if self.clock.seconds >= self.after else [[]]
        number = int(params.get("NextToken", 0))
        more = {"NextToken": str(number + 1)} if number + 1 < len(pages) else {}
        return {"Events": pages[number], **more}


def event(request_id: str) -> dict[str, str]:
    return {"CloudTrailEvent": json.dumps({"requestID": request_id})}


def call(request_id: str, signer: str = "AKIA1") -> Call:
    return Call("kms:Decrypt", request_id, "", AT, signer=signer)


def audit(trail: Any) -> AwsAudit:  # noqa: ANN401 - stands for a Line
    return AwsAudit(cast("Line", trail))


def test_calls_are_found_by_request_id_over_pages_and_signers() -> None:
    trail = Trail({"AKIA1": [[event("a"), event("z")], [event("b")]], "AKIA2": [[event("c")]]}, Clock())
    assert audit(trail).missing([call("a"), call("b"), call("c", "AKIA2")], 60) == ()
    assert [one["StartTime"] for one in trail.asked] == ["2026-06-15T11:45:00.000Z"] * 3
    assert trail.clock.waits == [aws_audit.PACE_SECONDS]


def test_late_events_are_waited_for() -> None:
    trail = Trail({"AKIA1": [[event("a")]]}, Clock(), after=60)
    assert audit(trail).missing([call("a")], 900) == ()
    assert trail.clock.seconds == 60


def test_what_never_comes_is_missing_after_the_wait() -> None:
    trail = Trail({"AKIA1": [[event("a")]]}, Clock())
    assert [one.request_id for one in audit(trail).missing([call("a"), call("b")], 50)] == ["b"]
    assert trail.clock.seconds == 50


def test_events_that_cannot_be_read_are_no_evidence() -> None:
    odd = ["text", {"CloudTrailEvent": "{"}, {"CloudTrailEvent": "[]"}, {"CloudTrailEvent": 7}, {}]
    assert len(audit(Trail({"AKIA1": [odd]}, Clock())).missing([call("a")], 0)) == 1


def test_a_listing_that_never_ends_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws_audit, "MOST_PAGES", 3)
    trail = Trail({"AKIA1": [[]] * 9}, Clock())
    assert len(audit(trail).missing([call("a")], 0)) == 1
    assert len(trail.asked) == 3


@pytest.mark.parametrize("stops_after", [1, 2])
def test_a_stopped_run_cannot_tell(stops_after: int) -> None:
    trail = Trail({"AKIA1": [[], []]}, Clock(stops_after=stops_after))
    with pytest.raises(CannotRunError, match="stopped"):
        audit(trail).missing([call("a")], 900)


@pytest.mark.parametrize(
    ("error", "reason"),
    [(DeniedError("AccessDeniedException"), GapReason.DENIED), (RefusedError("ValidationException"), GapReason.FAILED)],
)
def test_a_log_that_may_not_be_read_is_unknown(error: Exception, reason: GapReason) -> None:
    class Closed(Trail):
        def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
            raise error

    with pytest.raises(CannotRunError, match="the audit log cannot be read") as caught:
        audit(Closed({}, Clock())).missing([call("a")], 0)
    assert caught.value.reason is reason
