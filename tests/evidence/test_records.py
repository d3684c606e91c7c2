"""Records as JSON and back: the same record, the same id, and nothing else is a record."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given

from scanner.errors import EvidenceError
from scanner.evidence.records import digest, encode, from_json, source_id, to_json
from scanner.model.ids import Digest, Json
from scanner.model.observation import Gap, Observation, Record
from tests.evidence.samples import RECORDS, gap_body, observation_body

ID = Digest("sha256:" + "0" * 64)


@given(RECORDS)
def test_a_record_survives_its_line(record: Record) -> None:
    line, identity = encode(to_json(record))
    assert from_json(json.loads(line), identity) == record


@given(RECORDS)
def test_a_line_is_stable(record: Record) -> None:
    line, identity = encode(to_json(record))
    again = from_json(json.loads(line), identity)
    assert encode(to_json(again)) == (line, identity)


def test_an_id_is_the_digest_of_the_line() -> None:
    line, identity = encode(gap_body())
    assert identity == digest(line) == f"sha256:{hashlib.sha256(line).hexdigest()}"


def test_kinds() -> None:
    assert isinstance(from_json(observation_body(), ID), Observation)
    assert isinstance(from_json(gap_body(), ID), Gap)


WRONG: list[tuple[str, Json]] = [
    ("no object", []),
    ("no format", {k: v for k, v in gap_body().items() if k != "format"}),
    ("format of tomorrow", gap_body(format=2)),
    ("format that is not a number", gap_body(format=True)),
    ("no kind", {k: v for k, v in gap_body().items() if k != "kind"}),
    ("another kind", gap_body(kind="rumour")),
    ("a kind that is not text", gap_body(kind=["gap"])),
    ("an unknown member", gap_body(also=1)),
    ("an observation with a gap's members", {**observation_body(), "reason": "denied"}),
    ("a reason nobody knows", gap_body(reason="tired")),
    ("a reason that is not text", gap_body(reason=[])),
    ("params that are a list", gap_body(params=[])),
    ("a subject that is a number", gap_body(subject=1)),
    ("a page that is text", gap_body(page="0")),
    ("a page that is a boolean", gap_body(page=True)),
    ("a run below zero", gap_body(run=-1)),
    ("an account that is null", gap_body(account=None)),
    ("last that is text", observation_body(last="true")),
    ("redacted that is text", observation_body(redacted="/a")),
    ("redacted that holds numbers", observation_body(redacted=[1])),
    ("a status that is text", observation_body(status="200")),
]


@pytest.mark.parametrize("body", [body for _, body in WRONG], ids=[name for name, _ in WRONG])
def test_nothing_else_is_a_record(body: Json) -> None:
    with pytest.raises(EvidenceError):
        from_json(body, ID)


@pytest.mark.parametrize("name", sorted(set(observation_body()) | set(gap_body())))
@pytest.mark.parametrize("make", [observation_body, gap_body])
def test_every_member_is_needed(make: Any, name: str) -> None:  # noqa: ANN401 - one of two makers
    body = make()
    if name not in body:
        return
    del body[name]
    with pytest.raises(EvidenceError, match=r"missing|format|neither"):
        from_json(body, ID)


def test_the_error_names_the_member() -> None:
    with pytest.raises(EvidenceError, match="'params' is missing, unknown or of a wrong type"):
        from_json(gap_body(params="x"), ID)


def test_a_hostile_member_name_is_cut_in_the_error() -> None:
    with pytest.raises(EvidenceError) as caught:
        from_json({**gap_body(), "a" * 10_000: 1}, ID)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("parts", "expected"),
    [(("aws", "1", "us"), "aws:1:us"), (("aws", "1", ""), "aws:1"), (("", ""), "")],
)
def test_scope_ids_leave_empty_parts_out(parts: tuple[str, ...], expected: str) -> None:
    assert source_id(*parts) == expected
