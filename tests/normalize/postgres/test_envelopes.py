"""Encrypted tables to rows: whether everything is encrypted, and under which keys each table is."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.envelope import EnvelopeFact, EnvelopeSampleFact
from scanner.model.facts import Fact
from scanner.model.ids import Json
from scanner.model.observation import GapReason, Record
from scanner.model.stores import BindingFact, DataStoreFact
from scanner.model.tables import CoverageFact
from scanner.normalize.postgres.server import normalize
from tests.normalize.builders import SOURCE, missed, observed, rows
from tests.normalize.postgres.answers import (
    BODY,
    CLIP,
    KEK,
    REGISTRY,
    STORE,
    a_key,
    a_message,
    columns_there,
    keys,
    layout,
    plain,
    sampled,
    use,
    used,
    value,
)

BODY_USED, CLIP_USED = used(use("a")), used(use(None), place=CLIP)
WHOLE: tuple[Record, ...] = (
    layout(),
    columns_there(),
    keys(a_key("a")),
    BODY_USED,
    CLIP_USED,
    sampled(value("1"), a_message("1")),
)


def read(*records: Record) -> list[Fact]:
    return list(normalize(records))


def store(*records: Record) -> DataStoreFact:
    (row,) = rows(read(*records), DataStoreFact)
    assert isinstance(row, DataStoreFact)
    return row


def edges(*records: Record) -> list[tuple[str, Any, Any]]:
    return [(row.parent_id, row.parent_kind, row.strength) for row in rows(read(*records), BindingFact)]


def test_a_table_that_is_encrypted() -> None:
    row = store(*WHOLE)
    assert (row.store_id, row.kind, row.name, row.provider) == (STORE, "encrypted_table", "voice.notes", "postgres")
    assert (row.encrypted, row.key_ref, row.key_id) == (True, None, None)
    assert len(row.evidence) == 5


def without(*dropped: Record) -> tuple[Record, ...]:
    return tuple(record for record in WHOLE if record not in dropped)


SAMPLE = WHOLE[-1]
ENCRYPTED: list[tuple[tuple[Record, ...], bool | None]] = [
    ((*without(SAMPLE), sampled(value("1"), plain("2"), a_message("1"))), False),
    ((*without(BODY_USED), used(use("a"), use(None, 1))), False),
    ((*without(BODY_USED, SAMPLE), used(use(None, 1))), False),
    (without(SAMPLE), None),
    (without(BODY_USED), None),
    (without(CLIP_USED), None),
    ((*without(SAMPLE), sampled(value("1"))), None),
    ((*without(SAMPLE), sampled(value("1"), a_message("1", understood=False))), None),
    ((*without(BODY_USED, CLIP_USED, SAMPLE), used(), used(place=CLIP)), True),
    ((*without(SAMPLE), observed("postgres:Samples", {"values": [{"column": "body"}]}, subject=STORE)), None),
    ((*without(SAMPLE), observed("postgres:Samples", {"values": None}, subject=STORE)), None),
]


@pytest.mark.parametrize(("records", "encrypted"), ENCRYPTED)
def test_whether_every_value_is_encrypted(records: tuple[Record, ...], encrypted: bool | None) -> None:
    assert store(*records).encrypted is encrypted


def test_a_table_hangs_on_the_data_keys_that_its_values_name_and_on_keys_that_headers_name() -> None:
    found = edges(*without(BODY_USED), used(use("a"), use("gone"), use("idle", 0)))
    assert found == [
        (KEK, "key", "observed"),
        (f"{REGISTRY}/a", "data_key", "observed"),
        (f"{REGISTRY}/gone", "data_key", "observed"),
    ]
    assert edges(*without(BODY_USED, SAMPLE)) == []


def test_places_and_their_samples() -> None:
    found = read(*WHOLE)
    body, clip = rows(found, EnvelopeFact)
    assert (body.envelope_id, body.kind, body.population, body.sampled, body.format) == (
        BODY,
        "column",
        3,
        1,
        "aes-256-gcm",
    )
    assert (body.binds_tenant, body.binds_record, body.commits_to_key) == (True, False, False)
    assert (clip.envelope_id, clip.binds_tenant, clip.commits_to_key, clip.wrapping_keys) == (CLIP, True, True, (KEK,))
    assert [row.sample_id for row in rows(found, EnvelopeSampleFact)] == [f"{BODY}/1", f"{CLIP}/1"]


def listings(*records: Record) -> set[tuple[str, str, bool, int]]:
    found = rows(read(*records), CoverageFact)
    return {(row.listed_table, row.parent_id, row.complete, row.row_count) for row in found}


def test_what_was_listed_to_its_end() -> None:
    assert listings(*WHOLE) == {
        ("database_servers", SOURCE, False, 0),
        ("data_keys", REGISTRY, True, 1),
        ("data_stores", SOURCE, True, 1),
        ("envelopes", SOURCE, True, 2),
        ("envelope_samples", BODY, True, 1),
        ("envelope_samples", CLIP, True, 1),
    }


@pytest.mark.parametrize("there", [columns_there("body_ct"), missed("postgres:Columns", subject=STORE)])
def test_a_table_that_may_not_be_as_the_layout_says_leaves_the_listing_open(there: Record) -> None:
    found = listings(*without(WHOLE[1]), there)
    assert {("data_stores", SOURCE, False, 1), ("envelopes", SOURCE, False, 2)} <= found


@pytest.mark.parametrize("gap", [missed("postgres:Samples"), missed("postgres:Samples", subject=STORE)])
def test_samples_that_were_not_read_are_not_none(gap: Record) -> None:
    found = listings(*without(SAMPLE), gap)
    assert {("envelope_samples", BODY, False, 0), ("envelope_samples", CLIP, False, 0)} <= found


def test_samples_that_nobody_wanted_have_no_listing() -> None:
    assert not {one for one in listings(*without(SAMPLE)) if one[0] == "envelope_samples"}


def test_without_a_layout_nothing_of_it_is_known() -> None:
    operations = ("Layout", "DataKeys", "Samples")
    gaps = [missed(f"postgres:{name}", reason=GapReason.NOT_ALLOWED) for name in operations]
    assert listings(*gaps) == {
        ("database_servers", SOURCE, False, 0),
        ("data_keys", SOURCE, False, 0),
        ("data_stores", SOURCE, False, 0),
        ("envelopes", SOURCE, False, 0),
        ("envelope_samples", SOURCE, False, 0),
    }
    assert rows(read(*gaps), DataStoreFact) == []


ODD: list[dict[str, Json]] = [
    {"tables": None},
    {"registry": None},
    {"tables": ["voice.notes"]},
    {"tables": [{"table": "voice.notes", "values": None}], "registry_tells": None},
]


@pytest.mark.parametrize("given", ODD)
def test_a_layout_of_another_shape_has_no_places(given: dict[str, Json]) -> None:
    assert rows(read(layout(**given)), EnvelopeFact) == []


def test_only_the_later_sample_counts() -> None:
    found = read(*without(SAMPLE), sampled(plain("1")), sampled(value("9"), a_message("9"), run=2))
    assert [row.sample_id for row in rows(found, EnvelopeSampleFact)] == [f"{BODY}/9", f"{CLIP}/9"]
