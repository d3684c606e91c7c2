"""What is said of a package, for people and for machines."""

from __future__ import annotations

from scanner.verify.report import Outcome, Step, Told, VerificationError, step_lines, verdict_line
from tests.verify.test_chain import scan


def test_an_error_names_step_and_member() -> None:
    error = VerificationError(Step.MEMBERS, "it is missing", member="scan.json")
    error.passed = (Told(Step.ARCHIVE, Outcome.OK, "3 members"),)
    assert (str(error), error.exit_code) == ("members: scan.json: it is missing", 20)
    assert str(VerificationError(Step.CHAIN, "no")) == "chain: no"
    assert error.to_json() == {
        "schema": "keyaudit/verification/1",
        "verified": False,
        "failed": {"step": "members", "member": "scan.json", "message": "it is missing"},
        "steps": [{"step": "archive", "outcome": "ok", "detail": "3 members"}],
    }


def test_a_package_says_what_it_is() -> None:
    body = scan(2).to_json()
    assert body["verified"] is True
    assert body["signed_by"] is None
    assert body["checkpoint"] == {"number": 2, "sha256": scan(2).checkpoint, "previous": scan(1).checkpoint}


def test_lines_for_people() -> None:
    told = [Told(Step.STATEMENT, Outcome.NOT_CHECKED, "no --trusted-key"), Told(Step.TIMESTAMP, Outcome.ABSENT, "")]
    assert list(step_lines(told)) == ["  statement     not checked  no --trusted-key", "  timestamp     none"]
    assert verdict_line(scan(1)).startswith("consistent, but not proven")
