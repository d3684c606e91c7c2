"""What the normalizers of the vendors share."""

from __future__ import annotations

from datetime import datetime

import pytest

from scanner.model.ids import Json
from scanner.model.vendors import VendorScopeFact
from scanner.normalize.records import Records
from scanner.normalize.vendors.shared import (
    CloudKey,
    Ends,
    Kept,
    Place,
    any_of,
    covered,
    each_covered,
    ends,
    in_vault,
    listed_resource,
    opposite,
    resource,
    unix,
)
from tests.normalize.builders import missed, observed
from tests.normalize.vendors.records import noon

JUNE = noon(2026, 6, 15)
SECONDS = 1781524800


@pytest.mark.parametrize(
    ("value", "per_second", "at"),
    [
        (SECONDS, 1, JUNE),
        (SECONDS * 1000, 1000, JUNE),
        (True, 1, None),
        ("1781524800", 1, None),
        (None, 1, None),
        (10**18, 1, None),
    ],
)
def test_an_instant_counts_from_1970(value: Json, per_second: int, at: datetime | None) -> None:
    assert unix({"at": value}, "at", per_second=per_second) == at
    assert unix(None, "at") is None


@pytest.mark.parametrize(
    ("values", "result"),
    [([], False), ([False], False), ([False, None], None), ([None, True], True)],
)
def test_one_of_many(values: list[bool | None], result: bool | None) -> None:
    assert any_of(values) is result
    assert [opposite(one) for one in (True, False, None)] == [False, True, None]


@pytest.mark.parametrize(
    ("item", "counted", "result"),
    [
        ({"end": None}, True, Ends(False, None)),
        ({}, True, Ends(None, None)),
        ({"end": SECONDS}, True, Ends(True, JUNE)),
        ({"end": "2026-06-15T12:00:00Z"}, False, Ends(True, JUNE)),
        ({"end": "soon"}, False, Ends(None, None)),
    ],
)
def test_null_is_no_end_and_nothing_is_not_known(item: dict[str, Json], counted: bool, result: Ends) -> None:
    assert ends(item, "end", counted=counted) == result


@pytest.mark.parametrize(
    ("ref", "key_id"),
    [
        ("arn:aws:kms:us-east-1:1:key/a", "arn:aws:kms:us-east-1:1:key/a"),
        ("projects/p/locations/l/keyRings/r/cryptoKeys/k", "projects/p/locations/l/keyRings/r/cryptoKeys/k"),
        ("arn:aws:kms:us-east-1:1:alias/a", None),
        ("https://v.vault.azure.net/keys/k", None),
        (None, None),
    ],
)
def test_a_reference_is_a_key_where_it_is_its_own_name(ref: str | None, key_id: str | None) -> None:
    assert CloudKey("any", ref).key_id == key_id


def test_a_key_in_a_vault_is_its_address() -> None:
    assert in_vault({"vault_uri": "https://v/", "key_name": "k"}).ref == "https://v/keys/k"
    assert in_vault({"vault_uri": "https://v"}).ref is None


FILES = Kept("file", "x:List", "data", "created_at", expiry="expires_at")
ONE: dict[str, Json] = {"created_at": SECONDS, "expires_at": None}
NAMELESS: dict[str, Json] = {"created_at": "today"}


@pytest.mark.parametrize(
    ("items", "whole", "present", "count", "oldest", "endless"),
    [
        ([], True, False, 0, None, 0),
        ([], False, None, None, None, None),
        ([ONE], True, True, 1, JUNE, 1),
        ([ONE], False, True, None, None, None),
        ([ONE, NAMELESS], True, True, 2, None, None),
    ],
)
def test_what_was_not_read_to_its_end_is_not_counted(
    items: list[dict[str, Json]],
    whole: bool,
    present: bool | None,
    count: int | None,
    oldest: datetime | None,
    endless: int | None,
) -> None:
    place = Place(Records([observed("x:List", {"data": []})]), "x")
    row = resource(place, FILES, "x:p", items, whole=whole, zero_retention=None, evidence=())
    assert (row.present, row.items, row.oldest_at, row.endless) == (present, count, oldest, endless)
    assert (row.resource_id, row.provider, row.kind) == ("x:p/file", "x", "file")


def test_what_nobody_asked_says_nothing() -> None:
    place = Place(Records([observed("x:Other", {})]), "x")
    assert list(listed_resource(place, FILES, "x:p", None)) == []
    assert list(covered(place, VendorScopeFact, "x:List", 0, complete=True)) == []
    assert list(each_covered(place, VendorScopeFact, "x:Get", 1, ["x:a"], complete=True)) == []
    assert Place(Records([]), "x").account == ""


@pytest.mark.parametrize(
    ("records", "complete", "result"),
    [
        ([observed("x:Get", {}, subject="x:a"), observed("x:Get", {}, subject="x:b")], True, True),
        ([observed("x:Get", {}, subject="x:a"), missed("x:Get", subject="x:b")], True, False),
        ([observed("x:Get", {}, subject="x:a"), observed("x:Get", {}, subject="x:b")], False, False),
    ],
)
def test_each_scope_must_have_been_read(records: list[object], complete: bool, result: bool) -> None:
    place = Place(Records(records), "x")  # type: ignore[arg-type] # records
    (row,) = each_covered(place, VendorScopeFact, "x:Get", 2, ["x:a", "x:b"], complete=complete)
    assert row.complete is result  # type: ignore[attr-defined] # a row of coverage
