"""Self-tests to rows."""

from __future__ import annotations

from typing import Any, TypeVar

import pytest

from scanner.model.facts import Fact
from scanner.model.modules import ModuleFact
from scanner.model.observation import Record
from scanner.model.selftest import SelftestFact
from scanner.model.stores import BindingFact
from scanner.model.tables import CoverageFact
from scanner.normalize.selftest import WHICH_MODULE, normalize
from tests.normalize.builders import KEY, SOURCE, missed, observed

T = TypeVar("T", bound=Fact)
TEST, NAME = "selftest:ST-DAT-04", "ST-DAT-04 main/alias/canary"
EDGE = {"child": "store", "child_kind": "store", "parent": KEY, "parent_kind": "key"}


def body(**given: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    fields: dict[str, Any] = {
        "test": "ST-DAT-04",
        "target": KEY,
        "provider": "aws",
        "outcome": "pass",
        "reason": "",
        "detail": "well",
        "cases": 7,
        "calls": [{"operation": "kms:Decrypt"}, {"operation": "kms:DescribeKey"}],
        "edges": [EDGE],
        "figures": {},
    }
    return {**fields, **given}


def of(kind: type[T], *records: Record) -> list[T]:
    """Return the rows of one kind."""
    return [row for row in normalize(records) if isinstance(row, kind)]


def test_a_test_is_a_row() -> None:
    answer = observed(TEST, body(), subject=NAME)
    [row] = of(SelftestFact, answer)
    assert row == SelftestFact(
        source=SOURCE,
        evidence=(answer.id,),
        selftest_id=NAME,
        kind="ST-DAT-04",
        target=KEY,
        provider="aws",
        passed=True,
        outcome="pass",
        detail="well",
        cases=7,
        calls=2,
    )


@pytest.mark.parametrize(
    ("word", "passed", "outcome"),
    [("pass", True, "pass"), ("fail", False, "fail"), ("unknown", None, "unknown"), ("great", None, None)],
)
def test_only_the_words_of_the_format_are_understood(word: str, passed: bool | None, outcome: str | None) -> None:
    [row] = of(SelftestFact, observed(TEST, body(outcome=word), subject=NAME))
    assert (row.passed, row.outcome) == (passed, outcome)


def test_what_has_another_type_is_not_known() -> None:
    odd = body(cases=True, calls="many", provider=7, detail=None, target=None, outcome=1)
    [row] = of(SelftestFact, observed(TEST, odd, subject=NAME))
    assert (row.cases, row.calls, row.provider, row.detail, row.target, row.passed) == (
        None,
        None,
        None,
        None,
        "",
        None,
    )


def test_an_edge_is_proven_by_a_test_that_passed_and_by_no_other() -> None:
    answer = observed(TEST, body(edges=[EDGE, EDGE, "text", {"child": "store"}]), subject=NAME)
    assert of(BindingFact, answer) == [
        BindingFact(
            source=SOURCE,
            evidence=(answer.id,),
            binding_id=f"store > {KEY} (proven)",
            child_id="store",
            parent_id=KEY,
            child_kind="store",
            parent_kind="key",
            strength="proven",
        )
    ]
    for wrong in (body(outcome="fail"), body(outcome="unknown"), body(edges="text")):
        assert of(BindingFact, observed(TEST, wrong, subject=NAME)) == []


FIGURES = {
    "name": "OpenSSL",
    "version": "3.5.4",
    "product": "openssl-3.5",
    "binding": "cryptography 50",
    "fips_provider": False,
}


def test_our_own_module_is_a_module_that_guards_no_key() -> None:
    answer = observed(WHICH_MODULE, body(test="ST-MOD-02", target="own", figures=FIGURES, edges=[]), subject="own")
    [module] = of(ModuleFact, answer)
    assert (module.module_id, module.provider, module.kind, module.product) == ("own", "own", "library", "openssl-3.5")
    assert (module.version, module.approved_mode, module.certificate_required) == ("3.5.4", False, False)
    assert (module.name, module.certificate) == ("OpenSSL 3.5.4 (cryptography 50)", None)
    covered = {row.listed_table: (row.complete, row.row_count) for row in of(CoverageFact, answer)}
    assert covered == {"modules": (True, 1), "selftests": (True, 1)}


@pytest.mark.parametrize("figures", [{}, "text", {**FIGURES, "version": None}, {**FIGURES, "name": 7}])
def test_a_module_that_is_not_named_is_none_and_its_listing_not_whole(figures: Any) -> None:  # noqa: ANN401 - odd
    answer = observed(WHICH_MODULE, body(test="ST-MOD-02", figures=figures), subject="own")
    assert of(ModuleFact, answer) == []
    assert [row.complete for row in of(CoverageFact, answer) if row.listed_table == "modules"] == [False]


GOOD = observed(TEST, body(), subject=NAME)


@pytest.mark.parametrize(
    ("records", "parent", "complete", "count"),
    [
        ([GOOD], NAME, True, 1),
        ([missed(TEST, subject=NAME)], NAME, False, 0),
        ([observed(TEST, body(outcome="unknown"), subject=NAME), missed(TEST, subject=NAME)], NAME, False, 1),
        ([missed(TEST)], SOURCE, False, 0),
        ([observed(TEST, {"declined": True})], SOURCE, True, 0),
        ([observed(TEST, {"declined": "yes"})], SOURCE, False, 0),
        ([observed(TEST, {"odd": 1}, subject=NAME)], NAME, False, 0),
        ([observed(TEST, "text", subject=NAME)], NAME, False, 0),
    ],
)
def test_the_listing_is_whole_when_the_test_could_tell(
    records: list[Record], parent: str, complete: bool, count: int
) -> None:
    [row] = of(CoverageFact, *records)
    assert (row.listed_table, row.parent_id, row.complete, row.row_count) == ("selftests", parent, complete, count)
    assert row.coverage_id.split(" ") == ["selftests", SOURCE, TEST]


def test_what_one_test_lacks_is_nothing_to_another() -> None:
    covered = of(CoverageFact, GOOD, missed("selftest:ST-DAT-05", subject="ST-DAT-05 main/alias/canary"))
    assert {row.coverage_id.split(" ")[2]: row.complete for row in covered} == {TEST: True, "selftest:ST-DAT-05": False}


def test_a_record_without_a_subject_has_an_id_all_the_same() -> None:
    assert [row.selftest_id for row in of(SelftestFact, observed(TEST, body()))] == [f"ST-DAT-04 {KEY}"]


def test_a_test_that_was_run_again_counts_as_it_ended() -> None:
    first: list[Record] = [observed(TEST, body(outcome="unknown"), subject=NAME), missed(TEST, subject=NAME)]
    again = observed(TEST, body(), subject=NAME, run=2)
    [row] = of(SelftestFact, *first, again)
    assert (row.passed, row.evidence) == (True, (again.id,))
    assert [one.complete for one in of(CoverageFact, *first, again)] == [True]


def test_nothing_gives_nothing() -> None:
    assert list(normalize([])) == []
