"""What a provider cannot do stands beside what its tests showed."""

from __future__ import annotations

import pytest

from scanner.model.observation import GapReason
from scanner.selftest.bench import PutBackError
from scanner.selftest.interface import CannotRunError, Outcome, Test
from scanner.selftest.noted import NOTES, no_stranger, noted
from scanner.selftest.record import of_family


def a_test(number: str, error: CannotRunError | None = None) -> Test:
    def run() -> Outcome:
        if error is not None:
            raise error
        return Outcome(passed=True, detail="as it should be", cases=3)

    return Test(number, "a test", False, run)


def test_notes_are_of_tests_that_there_are() -> None:
    known = {entry.id for entry in of_family("kms")}
    assert NOTES.keys() == {"azure", "gcp"}
    assert all(notes.keys() <= known for notes in NOTES.values())


@pytest.mark.parametrize("provider", ["azure", "gcp"])
def test_an_outcome_says_that_the_data_key_was_made_here(provider: str) -> None:
    [test] = noted(provider, [a_test("ST-KMS-01")])
    outcome = test.run()
    assert (outcome.passed, outcome.cases) == (True, 3)
    assert outcome.detail.startswith("as it should be; the service makes no data keys: ")


def test_what_has_no_note_stays_as_it_is() -> None:
    tests = [a_test("ST-KMS-04"), a_test("ST-KMS-01")]
    assert noted("aws", tests) == tuple(tests)
    assert noted("azure", tests)[0] is tests[0]


def test_why_a_test_could_not_run_has_the_note_where_it_is_about_what_the_service_can() -> None:
    cannot = CannotRunError("there is no way to read the audit log")
    [test] = noted("gcp", [a_test("ST-KMS-11", cannot)])
    with pytest.raises(CannotRunError, match="audit log: self-tests do not read Cloud Audit Logs") as caught:
        test.run()
    assert caught.value.reason is GapReason.UNSUPPORTED


@pytest.mark.parametrize("error", [CannotRunError("stopped", GapReason.LIMIT), PutBackError("key", "why")])
def test_what_went_wrong_on_the_way_is_told_as_it_is(error: CannotRunError) -> None:
    [test] = noted("azure", [a_test("ST-KMS-01", error)])
    with pytest.raises(CannotRunError) as caught:
        test.run()
    assert caught.value is error


def test_a_stranger_is_told_to_be_none() -> None:
    with pytest.raises(CannotRunError, match="log in by one credential"):
        no_stranger()
