"""The self-tests alone: which ones, where they are logged, and what `selftests.json` says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scanner.errors import UsageError
from scanner.evidence.log import read_segment, segments
from scanner.model.estate import AwsSource, Estate, Selftests
from scanner.model.observation import GapReason, Record
from scanner.selftest.record import DECLARED
from scanner.selftesting import Means, Result, Tally, chosen_tests, results, run_selftests
from tests.collect.fakes import Clock
from tests.normalize.builders import missed, observed

KEY = "arn:aws:kms:us-east-1:111122223333:key/1"


def means() -> Means:
    return Means(outside=Clock().outside(), resolve=lambda _: "")


def test_all_tests_are_chosen_or_those_that_are_named_with_what_they_need() -> None:
    assert chosen_tests(()) == {entry.operation for entry in DECLARED}
    assert chosen_tests(["ST-KMS-03"]) == {"selftest:ST-KMS-03"}
    assert chosen_tests(["ST-KMS-11", "ST-KMS-03"]) > {"selftest:ST-KMS-11", "selftest:ST-KMS-03", "selftest:ST-KMS-01"}


def test_a_test_that_there_is_not_is_told_with_those_that_there_are() -> None:
    with pytest.raises(UsageError, match="there is no self-test 'ST-KMS-99'") as caught:
        chosen_tests(["ST-KMS-01", "ST-KMS-99"])
    assert caught.value.hint.startswith("there are: ST-DAT-01, ")


def test_results_are_written_with_their_evidence(tmp_path: Path) -> None:
    estate = Estate(organization="Test Health", aws=(AwsSource(name="main"),))
    tally = Tally()
    found = run_selftests(estate, chosen_tests(["ST-MOD-01", "ST-KMS-01"]), means(), tmp_path, tally)
    assert [(one.id, one.target, one.outcome) for one in found] == [
        ("ST-MOD-01", "own", "pass"),
        ("ST-KMS-01", "main (nothing named)", "unknown"),
    ]
    written = json.loads((tmp_path / "selftests.json").read_text(encoding="utf-8"))
    assert written == [one.to_json() for one in found]
    assert list(written[0]) == ["id", "target", "outcome", "detail", "evidence"]
    logged = {record.id for path in segments(tmp_path / "evidence") for record in read_segment(path)}
    assert logged == {digest for one in found for digest in one.evidence}
    assert {source.name: source.units_done for source in tally.snapshot()} == {"own": 1, "main": 1}


def test_only_some_sources_are_tested(tmp_path: Path) -> None:
    estate = Estate(organization="Test Health", aws=(AwsSource(name="main"), AwsSource(name="other")))
    found = run_selftests(estate, chosen_tests(["ST-KMS-01"]), means(), tmp_path, Tally(), ["other"])
    assert [one.target for one in found] == ["other (nothing named)"]


def test_what_the_estate_declines_is_no_result(tmp_path: Path) -> None:
    estate = Estate(organization="Test Health", aws=(AwsSource(name="main"),), selftests=Selftests(declined=True))
    assert run_selftests(estate, chosen_tests(["ST-KMS-01"]), means(), tmp_path, Tally()) == ()


def test_an_answer_counts_more_than_the_gap_beside_it_and_gaps_have_the_name_of_the_facts() -> None:
    one, two = "selftest:ST-KMS-01", "selftest:ST-KMS-02"
    records: list[Record] = [
        missed(two, subject="ST-KMS-02 main/a", reason=GapReason.NOT_ALLOWED, detail="add it"),
        observed(one, {"target": KEY, "outcome": "unknown", "detail": "no line"}, subject="ST-KMS-01 main/a"),
        missed(one, subject="ST-KMS-01 main/a", detail="no line"),
        missed(one, subject="ST-KMS-01 main/b", detail="not there"),
        observed(two, "text", subject="ST-KMS-02 main/c"),
    ]
    assert results(records) == (
        Result(id="ST-KMS-01", target=KEY, outcome="unknown", detail="no line", evidence=(records[1].id,)),
        Result(id="ST-KMS-01", target="main/b", outcome="unknown", detail="not there", evidence=(records[3].id,)),
        Result(id="ST-KMS-02", target="None", outcome="None", detail="None", evidence=(records[4].id,)),
        Result(id="ST-KMS-02", target=KEY, outcome="unknown", detail="add it", evidence=(records[0].id,)),
    )
