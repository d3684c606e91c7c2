"""Sampled objects to rows: what a bucket's objects have in common, and under which keys they are."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.envelope import EnvelopeFact, EnvelopeSampleFact
from scanner.model.facts import Fact
from scanner.model.ids import Json
from scanner.model.observation import Observation, Record
from scanner.model.stores import BindingFact
from scanner.model.tables import CoverageFact
from scanner.normalize.aws.s3_objects import BUCKETS, GET, LIST, normalize
from tests.normalize.builders import KEY, SOURCE, missed, observed, rows
from tests.normalize.postgres.answers import a_message, plain

BUCKET = "arn:aws:s3:::voice"
PLACE = f"{BUCKET}#objects"
NAMED = observed(BUCKETS, {"Buckets": [{"Name": "voice"}, {"Name": "logs"}]})


def listed(*hashes: str, count: Json = 2, truncated: Json = False, **given: Any) -> Observation:  # noqa: ANN401 - fields of an answer
    body: Json = {"Count": count, "Truncated": truncated, "Sample": list(hashes), "Hashes": "h"}
    return observed(LIST, body, subject=PLACE, **given)


def head(one: str, **given: Json) -> Observation:
    fields: dict[str, Json] = {**a_message(one), "wrapping": [KEY], **given}
    return observed(GET, {name: value for name, value in fields.items() if name != "row"}, subject=f"{PLACE}/{one}")


def gone(one: str) -> Observation:
    return observed(GET, {"message": ""}, subject=f"{PLACE}/{one}", error="NoSuchKey")


def read(*records: Record) -> list[Fact]:
    return list(normalize(records))


def place(*records: Record) -> EnvelopeFact:
    (row,) = rows(read(NAMED, *records), EnvelopeFact)
    assert isinstance(row, EnvelopeFact)
    return row


def test_a_bucket_of_messages() -> None:
    row = place(listed("a", "b"), head("a"), head("b", binds_record=False))
    assert (row.envelope_id, row.store_id, row.kind, row.format) == (PLACE, BUCKET, "objects", "aws-encryption-sdk")
    assert (row.population, row.sampled, row.parsed, row.plaintext) == (2, 2, 2, 0)
    assert (row.authenticated, row.names_key, row.commits_to_key) == (True, True, True)
    assert (row.binds_tenant, row.binds_record, row.wrapping_keys) == (True, False, (KEY,))
    assert len(row.evidence) == 3


def test_a_plain_object_is_seen() -> None:
    found = read(NAMED, listed("a", "b"), head("a"), head("b", **{**plain("b"), "data_key": None}))
    (row,) = rows(found, EnvelopeFact)
    assert (row.plaintext, row.format, row.authenticated) == (1, "aws-encryption-sdk,none", False)
    samples = rows(found, EnvelopeSampleFact)
    assert [(one.sample_id, one.plaintext, one.data_key_id) for one in samples] == [
        (f"{PLACE}/a", False, "none"),
        (f"{PLACE}/b", True, None),
    ]


@pytest.mark.parametrize(
    ("records", "population", "sampled"),
    [
        ([listed("a", count=7), head("a")], 7, 1),
        ([listed("a", truncated=True), head("a")], None, 1),
        ([listed("a", count="7"), head("a")], None, 1),
        ([listed("a", "b"), head("a"), gone("b")], 2, 1),
        ([listed("a", "b"), head("a"), missed(GET, subject=f"{PLACE}/b")], 2, None),
        ([listed("a", "b"), head("a")], 2, None),
        ([listed("a"), head("a", understood=None)], 2, None),
        ([listed(count=0)], 0, 0),
        ([missed(LIST, subject=PLACE)], None, None),
        ([observed(LIST, {"Sample": "a"}, subject=PLACE)], None, None),
    ],
)
def test_how_much_was_read(records: list[Record], population: int | None, sampled: int | None) -> None:
    row = place(*records)
    assert (row.population, row.sampled) == (population, sampled)


def edges(*records: Record) -> list[tuple[str, str | None, str, str | None, str | None]]:
    found: list[BindingFact] = rows(read(NAMED, *records), BindingFact)
    return [(r.child_id, r.child_kind, r.parent_id, r.parent_kind, r.strength) for r in found]


def test_a_bucket_hangs_on_the_keys_that_headers_name() -> None:
    second = f"{KEY[:-1]}f"
    found = edges(listed("a", "b", "c"), head("a"), head("b", wrapping=[second, KEY]), head("c", wrapping=["alias/x"]))
    assert found == [(BUCKET, "store", key, "key", "observed") for key in sorted({KEY, second})]
    assert edges(listed("a"), head("a", wrapping=None)) == []


def listings(*records: Record) -> set[tuple[str, str, bool, int]]:
    found: list[CoverageFact] = rows(read(*records), CoverageFact)
    return {(row.listed_table, row.parent_id, row.complete, row.row_count) for row in found}


def test_what_was_listed_to_its_end() -> None:
    assert listings(NAMED, listed("a"), head("a")) == {
        ("envelopes", SOURCE, True, 1),
        ("envelope_samples", PLACE, True, 1),
    }
    assert listings(NAMED, listed("a", "b"), head("a")) == {
        ("envelopes", SOURCE, True, 1),
        ("envelope_samples", PLACE, False, 1),
    }
    assert listings(missed(BUCKETS)) == {("envelopes", SOURCE, False, 0)}


def test_a_bucket_that_is_gone_has_no_row() -> None:
    deleted = observed(LIST, {"message": ""}, subject=PLACE, error="NoSuchBucket")
    assert listings(NAMED, deleted) == {("envelopes", SOURCE, True, 0)}


def test_what_an_earlier_run_listed_counts_no_more() -> None:
    found = read(NAMED, listed("a"), head("a"), listed("z", run=2), head("z"))
    assert [row.sample_id for row in rows(found, EnvelopeSampleFact)] == [f"{PLACE}/z"]


def test_nothing_asked_is_nothing_listed() -> None:
    assert read() == []
    assert read(listed("a"), head("a")) == []
