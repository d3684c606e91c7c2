"""Records for the tests of the evidence log."""

from __future__ import annotations

import re

from hypothesis import strategies as st

from scanner.evidence.canonical import canonical
from scanner.evidence.records import digest, encode, to_json
from scanner.model.ids import Digest, Json, SourceId
from scanner.model.observation import Asked, Gap, GapReason, Observation, Record

SCOPE: dict[str, Json] = {
    "source": "aws:111122223333:us-east-1",
    "source_name": "main",
    "account": "111122223333",
    "region": "us-east-1",
    "collector": "aws.kms",
    "operation": "kms:DescribeKey",
    "params": {"KeyId": "k"},
    "subject": "k",
    "endpoint": "https://kms.us-east-1.amazonaws.com",
    "principal": "arn:aws:sts::111122223333:assumed-role/audit/keyaudit",
    "started": "2026-06-15T12:00:00.000Z",
    "ended": "2026-06-15T12:00:00.100Z",
    "attempts": 1,
    "request_id": "r",
    "page": 0,
    "run": 1,
    "format": 1,
}


def observation_body(**given: Json) -> dict[str, Json]:
    """Return the JSON of an observation."""
    own: dict[str, Json] = {"kind": "observation", "status": 200, "error_code": "", "last": True}
    return {**SCOPE, **own, "response": {"A": 1}, "redacted": [], **given}


def gap_body(**given: Json) -> dict[str, Json]:
    """Return the JSON of a gap."""
    return {**SCOPE, "kind": "gap", "reason": "denied", "error_code": "AccessDenied", "detail": "no", **given}


def line(body: dict[str, Json]) -> bytes:
    """Return a record's line in the log, with its end."""
    return encode(body)[0] + b"\n"


# What JSON can hold exactly, and UTF-8 can write.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
EXACT = st.integers(-(2**53) + 1, 2**53 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | EXACT | FLOATS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
_COUNT = st.integers(0, 1000)
_ASKED = {
    "source": TEXT.map(SourceId),
    "source_name": TEXT,
    "account": TEXT,
    "region": TEXT,
    "collector": TEXT,
    "operation": TEXT,
    "params": st.dictionaries(TEXT, TEXT | st.booleans() | EXACT, max_size=3),
    "subject": st.none() | TEXT,
    "endpoint": TEXT,
    "principal": TEXT,
    "started": TEXT,
    "ended": TEXT,
    "attempts": _COUNT,
    "request_id": TEXT,
    "page": _COUNT,
    "run": _COUNT,
}
assert set(_ASKED) == set(Asked.__dataclass_fields__)


# A double beyond 2^53 reads back as an integer: the same bytes, but not an equal value.
_RESPONSES = VALUES.filter(lambda value: not re.search(rb"[0-9]{16}", canonical(value)))


def _identified(record: Record) -> Record:
    fields = {name: getattr(record, name) for name in record.__dataclass_fields__}
    return type(record)(**{**fields, "id": digest(encode(to_json(record))[0])})


RECORDS: st.SearchStrategy[Record] = st.one_of(
    st.builds(
        Observation,
        id=st.just(Digest("")),
        status=_COUNT,
        error_code=TEXT,
        last=st.booleans(),
        response=_RESPONSES,
        redacted=st.lists(TEXT, max_size=3).map(tuple),
        **_ASKED,
    ),
    st.builds(
        Gap,
        id=st.just(Digest("")),
        reason=st.sampled_from(GapReason),
        error_code=TEXT,
        detail=TEXT,
        **_ASKED,
    ),
).map(_identified)
"""Any record, with the id that its line gives it."""
