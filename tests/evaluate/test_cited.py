"""The raw answers behind the first findings: fair to each control, bounded, and never a gap."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from scanner.evaluate.cited import MOST_ANSWERS, MOST_CHARACTERS, MOST_OF_ONE, observations
from scanner.model.ids import Digest
from scanner.model.observation import Gap, Observation, Record
from scanner.model.verdict import ControlResult
from tests.evaluate.builders import a_gap
from tests.render.inventories import an_answer
from tests.render.reports import a_finding, a_result, digest


def result(*evidence: tuple[str, ...]) -> ControlResult:
    """Return a result with a finding for each group of names of answers."""
    return a_result(*(a_finding(str(i), evidence=tuple(map(digest, names))) for i, names in enumerate(evidence)))


def found(results: list[ControlResult], *names: str, **given: Any) -> list[str]:  # noqa: ANN401 - any field
    """Return the names of the answers that are found among those recorded."""
    records = [an_answer(name, **given) for name in names]
    return [str(one.subject) for one in observations(results, among(records))]


def among(records: Sequence[Record]) -> Callable[[Collection[Digest]], Iterator[Record]]:
    """Return what finds records by their ids."""
    return lambda wanted: (record for record in records if record.id in wanted)


def test_the_first_finding_of_each_control_goes_first() -> None:
    results = [result(("a1",), ("a2",)), result(("b1", "a1"), ("b2",), ("b3",))]
    assert found(results, "b3", "b2", "b1", "a2", "a1", "other") == ["a1", "b1", "a2", "b2", "b3"]


def test_nothing_cited_finds_nothing() -> None:
    assert observations([], among([an_answer("a")])) == ()
    assert observations([a_result(passed=1)], among([an_answer("a")])) == ()


def test_one_finding_does_not_take_the_place_of_others() -> None:
    many = tuple(f"m{i}" for i in range(MOST_OF_ONE + 3))
    assert found([result(many), result(("b",))], *many, "b") == [*many[:MOST_OF_ONE], "b"]


def test_there_is_a_limit() -> None:
    names = [f"n{i}" for i in range(MOST_ANSWERS + 3)]
    assert found([result(*((name,) for name in names))], *names) == names[:MOST_ANSWERS]


def test_what_is_too_long_for_a_page_stays_in_the_folder() -> None:
    assert found([result(("a",))], "a", response="x" * (MOST_CHARACTERS - 2)) == ["a"]
    assert found([result(("a",))], "a", response="x" * MOST_CHARACTERS) == []


def test_a_gap_is_no_answer_and_what_is_gone_is_left_out() -> None:
    gap: Gap = a_gap("op", id=Digest("sha256:gap"))
    answer: Observation = an_answer("a")
    results = [a_result(a_finding("x", evidence=(gap.id, digest("gone"), answer.id)))]
    assert observations(results, among([gap, answer])) == (answer,)
