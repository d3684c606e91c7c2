"""AWS CloudTrail as the audit log of self-tests: which of our calls are not in it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from scanner.collect.ask import stamp
from scanner.model.observation import GapReason
from scanner.selftest.aws_line import LOOKUP, Line
from scanner.selftest.interface import Call, CannotRunError, DeniedError, RefusedError

POLL_SECONDS = 20.0
PACE_SECONDS = 0.5
"""LookupEvents takes two requests a second for each account and region."""
MOST_PAGES = 2_000


class AwsAudit:
    """The event history of AWS CloudTrail, as an :class:`~scanner.selftest.interface.AuditLog`."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def missing(self, calls: Sequence[Call], wait_seconds: float) -> Sequence[Call]:
        """Look for the calls by request id, until all are found or time is up. Raises CannotRunError."""
        outside = self._line.outside
        until = outside.monotonic() + wait_seconds
        left = {call.request_id: call for call in calls}
        # Clocks differ: the event's time is that of AWS.
        since = stamp(min(datetime.fromisoformat(call.at) for call in calls) - timedelta(minutes=15))
        while True:
            for signer in sorted({call.signer for call in left.values()}):
                self._look(signer, since, left)
            rest = until - outside.monotonic()
            if not left or rest <= 0:
                return tuple(left.values())
            self._wait(min(POLL_SECONDS, rest))

    def _look(self, signer: str, since: str, left: dict[str, Call]) -> None:
        """Take the calls of one access key that the log tells out of ``left``."""
        params: dict[str, object] = {
            "LookupAttributes": [{"AttributeKey": "AccessKeyId", "AttributeValue": signer}],
            "StartTime": since,
            "MaxResults": 50,
        }
        for _ in range(MOST_PAGES):
            try:
                answer = self._line.call(LOOKUP, params)
            except RefusedError as error:
                reason = GapReason.DENIED if isinstance(error, DeniedError) else GapReason.FAILED
                raise CannotRunError(f"the audit log cannot be read: {error}", reason) from error
            for event in answer.get("Events", []):
                left.pop(_request_id(event), None)
            token = answer.get("NextToken")
            if not left or not token:
                return
            params["NextToken"] = token
            self._wait(PACE_SECONDS)

    def _wait(self, seconds: float) -> None:
        if self._line.outside.wait(seconds):
            raise CannotRunError("stopped", GapReason.LIMIT)


def _request_id(event: object) -> str:
    """Return the request id that an event tells, or empty for one that cannot be read."""
    text = event.get("CloudTrailEvent") if isinstance(event, dict) else None
    try:
        told = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return ""
    return str(told.get("requestID", "")) if isinstance(told, dict) else ""
