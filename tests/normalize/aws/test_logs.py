"""Amazon CloudWatch Logs answers to rows, in a stream: nothing is kept of a page, whatever runs it took to list."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from scanner.model.ids import Json
from scanner.model.observation import Observation, Record
from scanner.model.stores import DataStoreFact
from scanner.model.tables import CoverageFact
from scanner.normalize.aws.logs import GROUPS, normalize, normalize_stream
from tests.normalize.builders import KEY, SOURCE, missed, observed, rows

PREFIX = "arn:aws:logs:us-east-1:111122223333:log-group:"


def listed(*names: Json, **fields: Any) -> Observation:  # noqa: ANN401 - fields of an answer
    return observed(GROUPS, {"logGroups": [{"logGroupName": name} for name in names]}, **fields)


def group(**fields: Json) -> DataStoreFact:
    page = observed(GROUPS, {"logGroups": [{"logGroupName": "/audit", **fields}]})
    (row,) = rows(list(normalize([page])), DataStoreFact)
    assert isinstance(row, DataStoreFact)
    assert row.evidence == (page.id,)
    return row


def test_a_log_group_is_called_by_its_arn_without_a_star() -> None:
    row = group(arn=f"{PREFIX}/audit:*", logGroupArn=f"{PREFIX}/audit", creationTime=1735787045000)
    assert (row.store_id, row.name, row.kind) == (f"{PREFIX}/audit", "/audit", "log_group")
    assert (str(row.created_at), row.copy_of, row.tags) == ("2025-01-02 03:04:05", "none", None)


KEYS: list[tuple[dict[str, Json], str | None]] = [
    ({}, "none"),
    ({"kmsKeyId": KEY}, KEY),
    ({"kmsKeyId": ""}, None),
    ({"kmsKeyId": 1}, None),
]


@pytest.mark.parametrize(("fields", "wanted"), KEYS)
def test_a_log_group_is_always_encrypted_and_names_its_key(fields: dict[str, Json], wanted: str | None) -> None:
    row = group(**fields)
    assert (row.encrypted, row.key_ref) == (True, wanted)


RETENTIONS: list[tuple[dict[str, Json], tuple[bool | None, int | None]]] = [
    ({}, (False, None)),
    ({"retentionInDays": 30}, (True, 30)),
    ({"retentionInDays": 0}, (None, None)),
    ({"retentionInDays": "30"}, (None, None)),
    ({"retentionInDays": None, "logGroupClass": "STANDARD"}, (False, None)),
    ({"logGroupClass": "DELIVERY"}, (True, 1)),
    ({"logGroupClass": "DELIVERY", "retentionInDays": 30}, (True, 1)),
]


@pytest.mark.parametrize(("fields", "wanted"), RETENTIONS)
def test_retention(fields: dict[str, Json], wanted: tuple[bool | None, int | None]) -> None:
    row = group(**fields)
    assert (row.expires, row.retention_days) == wanted
    assert (row.removes, row.shortest_retention_days) == wanted


@pytest.mark.parametrize("instant", [None, 0, -1, True, "1735787045000", 10**20])
def test_a_creation_that_is_no_instant_is_not_known(instant: Json) -> None:
    assert group(creationTime=instant).created_at is None


def coverage(records: list[Record]) -> tuple[bool, int]:
    (row,) = rows(list(normalize(records)), CoverageFact)
    assert (row.coverage_id, row.parent_id) == (f"data_stores {SOURCE} {GROUPS}", SOURCE)
    return row.complete, row.row_count


LISTINGS: list[tuple[list[Record], tuple[bool, int]]] = [
    ([listed()], (True, 0)),
    ([listed("a", last=False), listed("b", page=1)], (True, 2)),
    ([listed("a", last=False)], (False, 1)),
    ([listed("a", last=False), missed(GROUPS, page=1)], (False, 1)),
    ([listed("a"), missed(GROUPS)], (False, 1)),
    ([listed("a", last=False), listed("c", page=2)], (False, 2)),
    ([missed(GROUPS)], (False, 0)),
    ([listed("a", 1)], (False, 1)),
    ([listed("a", "")], (False, 1)),
    ([observed(GROUPS, {"logGroups": ["x"]})], (False, 0)),
    ([observed(GROUPS, {"logGroups": "x"})], (False, 0)),
    ([observed(GROUPS, "x")], (False, 0)),
    ([observed(GROUPS, {"message": "no"}, error="ServiceNotInRegion")], (True, 0)),
    # A later run goes on where the one before was stopped.
    ([listed("a", last=False), missed(GROUPS, page=1), listed("b", page=1, run=2)], (True, 2)),
    # Or it asks a page again that was doubted.
    ([listed("a"), missed(GROUPS), listed("a", "b", run=2)], (True, 2)),
    ([listed("a"), missed(GROUPS, run=2)], (False, 1)),
]


@pytest.mark.parametrize(("records", "wanted"), LISTINGS)
def test_the_population(records: list[Record], wanted: tuple[bool, int]) -> None:
    assert coverage(records) == wanted


def names(records: list[Record]) -> list[str | None]:
    return [row.name for row in rows(list(normalize(records)), DataStoreFact)]


def test_what_was_listed_before_the_listing_began_again_counts_no_more() -> None:
    before: list[Record] = [listed("a", "gone", last=False), listed("b", last=False, page=1), missed(GROUPS, page=2)]
    again: list[Record] = [listed("a", last=False, run=2), listed("b", page=1, run=2)]
    assert names([*before, *again]) == ["a", "b"]
    assert coverage([*before, *again]) == (True, 2)


def test_a_listing_that_began_again_and_broke_off_is_not_complete() -> None:
    before: list[Record] = [listed("a", last=False), listed("b", page=1)]
    again: list[Record] = [listed("a", last=False, run=2), missed(GROUPS, page=1, run=2)]
    assert coverage([*before, *again]) == (False, 1)


def test_a_page_that_was_asked_twice_in_a_run_counts_as_it_was_answered_last() -> None:
    first, second = listed("a", ended="2026-06-15T12:00:01.000Z"), listed("b", ended="2026-06-15T12:00:02.000Z")
    assert names([first, second]) == names([second, first]) == ["b"]


def test_the_order_of_arrival_changes_the_order_of_rows_alone() -> None:
    records = [listed("a", last=False), listed("b", last=False, page=1), listed("c", page=2)]
    for shuffled in itertools.permutations(records):
        assert sorted(map(str, names(list(shuffled)))) == ["a", "b", "c"]
        assert coverage(list(shuffled)) == (True, 3)


def test_records_of_other_operations_are_left_alone() -> None:
    assert coverage([listed("a"), observed("logs:Other", {"logGroups": [{"logGroupName": "x"}]})]) == (True, 1)


def test_without_records_there_are_no_rows() -> None:
    assert list(normalize([])) == []


def test_what_can_be_read_only_once_is_refused() -> None:
    with pytest.raises(TypeError, match="an iterator gives them once"):
        normalize_stream(iter([listed("a")]))


class Body(dict[str, Json]):
    """A response that can be watched."""

    __hash__ = object.__hash__  # type: ignore[assignment]  # by identity, as a WeakSet needs it


class Pages:
    """Pages that are made when they are read, again each time, and how many of them are alive at once."""

    def __init__(self, number: int, groups: int) -> None:
        self.number, self.groups = number, groups
        self.most = 0

    def __iter__(self) -> Iterator[Record]:
        alive: weakref.WeakSet[Body] = weakref.WeakSet()
        for page in range(self.number):
            body = Body(logGroups=[{"logGroupName": f"/g/{page}/{i}"} for i in range(self.groups)])
            alive.add(body)
            self.most = max(self.most, len(alive))
            record = listed(page=page, last=page + 1 == self.number)
            yield replace(record, response=body)
            del body, record


def test_no_page_outlives_its_rows() -> None:
    pages = Pages(200, 50)
    facts = normalize_stream(pages)
    count = sum(isinstance(fact, DataStoreFact) for fact in facts)
    assert count == 10_000
    assert pages.most <= 3
