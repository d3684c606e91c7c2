"""What the normalizers of data stores share."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scanner.model.ids import Json
from scanner.model.stores import DataStoreFact
from scanner.normalize.aws.stores import (
    Encryption,
    about,
    both,
    coverage,
    either,
    encrypted,
    partition,
    prefix,
    store,
    tags_of,
)
from scanner.normalize.records import Records
from tests.normalize.builders import ACCOUNT, REGION, SOURCE, missed, observed

PAGE = observed("x:List", {"Items": []})


def test_a_store_begins_with_where_it_is_and_nothing_more() -> None:
    row = store(Records([PAGE]), PAGE, "arn:x", "secret", (PAGE.id, PAGE.id))
    assert row == DataStoreFact(
        source=SOURCE,
        evidence=(PAGE.id,),
        store_id="arn:x",
        provider="aws",
        account=ACCOUNT,
        region=REGION,
        kind="secret",
        customer_key_possible=True,
    )


def test_encryption_has_three_columns() -> None:
    row = store(Records([PAGE]), PAGE, "arn:x", "secret", ())
    told = encrypted(row, Encryption(True, "word", "key"))
    assert (told.encrypted, told.provider_encryption, told.key_ref) == (True, "word", "key")


def test_each_listing_of_a_scope_has_a_coverage_of_its_own() -> None:
    unit = Records([PAGE, observed("x:List", {}, subject="s")])
    one, other = coverage(unit, "x:List", 2, complete=True), coverage(unit, "x:List", 1, complete=False, subject="s")
    assert (one.coverage_id, one.parent_id, one.row_count) == (f"data_stores {SOURCE} x:List", SOURCE, 2)
    assert (other.coverage_id, other.parent_id) == (f"data_stores {SOURCE} x:List s", SOURCE)
    assert set(one.evidence).isdisjoint(other.evidence)


PRINCIPALS = [("arn:aws-us-gov:sts::1:assumed-role/a/b", "aws-us-gov"), ("", "aws"), ("somebody", "aws")]


@pytest.mark.parametrize(("principal", "wanted"), PRINCIPALS)
def test_the_partition_is_that_of_who_asks(principal: str, wanted: str) -> None:
    page = replace(PAGE, principal=principal)
    assert partition(page) == wanted
    assert prefix(page, "rds") == f"arn:{wanted}:rds:{REGION}:{ACCOUNT}:"


TAGS: list[tuple[Json, tuple[str, ...] | None]] = [
    ([], ()),
    ([{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}], ("a=1", "b=2")),
    ([{"Key": "a"}], ("a=",)),
    ([{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "1"}], ("a=1",)),
    ([{"Value": "1"}], None),
    ([{"Key": "a", "Value": 1}], None),
    (["a"], None),
    ({}, None),
    (None, None),
]


@pytest.mark.parametrize(("listed", "wanted"), TAGS)
def test_tags_are_sorted_pairs(listed: Json, wanted: tuple[str, ...] | None) -> None:
    assert tags_of(listed) == wanted


LOGIC: list[tuple[tuple[bool | None, ...], bool | None, bool | None]] = [
    ((), True, False),
    ((True, True), True, True),
    ((True, False), False, True),
    ((False, False), False, False),
    ((True, None), None, True),
    ((False, None), False, None),
    ((None,), None, None),
]


@pytest.mark.parametrize(("values", "all_of", "any_of"), LOGIC)
def test_what_is_not_known_counts_only_where_it_decides(
    values: tuple[bool | None, ...], all_of: bool | None, any_of: bool | None
) -> None:
    assert (both(*values), either(*values)) == (all_of, any_of)


def test_a_row_is_proven_by_what_is_about_it_and_by_the_page() -> None:
    told = observed("x:Get", {}, subject="s")
    unit = Records([PAGE, told, missed("x:Tags", subject="s"), observed("x:Get", {}, subject="other")])
    assert about(unit, PAGE, "s") == tuple(sorted((PAGE.id, told.id)))
