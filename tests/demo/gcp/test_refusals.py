"""How the simulated Google Cloud refuses, and its wrong answers."""

from __future__ import annotations

import json

import pytest

from scanner.demo.aws.faults import Fault, Kind
from scanner.demo.gcp.refusals import RefusalError, broken, no_such


def test_a_refusal_is_a_status_of_google() -> None:
    error = RefusalError("PERMISSION_DENIED", "no", "IAM_PERMISSION_DENIED")
    assert error.status == 403
    body = error.body()["error"]
    assert (body["code"], body["status"], body["message"]) == (403, "PERMISSION_DENIED", "no")
    assert body["details"][0]["reason"] == "IAM_PERMISSION_DENIED"
    assert "details" not in no_such("x").body()["error"]
    assert no_such("x").status == 404


@pytest.mark.parametrize(
    ("kind", "status"),
    [("deny", 403), ("throttle", 429), ("error", 500), ("unsupported", 403), ("expired", 401), ("stale_page", 400)],
)
def test_faults_that_refuse(kind: Kind, status: int) -> None:
    with pytest.raises(RefusalError) as caught:
        broken(Fault(kind), {})
    assert caught.value.status == status


def test_faults_that_spoil() -> None:
    with pytest.raises(ConnectionAbortedError):
        broken(Fault("disconnect"), {})
    wrong = broken(Fault("malformed"), {})
    assert wrong is not None
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(wrong)
    assert broken(Fault("wrong_types"), {"keyRings": []}) == b'{"keyRings": "surprise"}'
    assert broken(Fault("wrong_types"), {}) == b'{"name": "surprise"}'
    assert broken(Fault("hang", seconds=0.0), {}) is None
    assert broken(Fault("endless"), {}) is None
