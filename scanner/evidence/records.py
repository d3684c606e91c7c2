"""Observations and gaps as JSON, and back. A line's SHA-256 is the record's id."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from typing import cast

from scanner.errors import EvidenceError
from scanner.evidence.canonical import canonical
from scanner.model.ids import Digest, Json, SourceId
from scanner.model.observation import Asked, Gap, GapReason, Observation, Record

FORMAT = 1
_ASKED = tuple(f.name for f in fields(Asked))
_OBSERVED = (*_ASKED, "status", "error_code", "last", "response")
_MISSED = (*_ASKED, "reason", "error_code", "detail")


def digest(data: bytes) -> Digest:
    """Return ``sha256:`` and the hex digest of ``data``."""
    return Digest(f"sha256:{hashlib.sha256(data).hexdigest()}")


def encode(body: Mapping[str, Json]) -> tuple[bytes, Digest]:
    """Return a record's line (canonical JSON, no newline) and its id. Raises ValueError for what JSON cannot hold."""
    line = canonical(dict(body))
    return line, digest(line)


def to_json(record: Record) -> dict[str, Json]:
    """Return the JSON body of a record, from which its id is made."""
    names = _OBSERVED if isinstance(record, Observation) else _MISSED
    body: dict[str, Json] = {name: getattr(record, name) for name in names}
    body["kind"] = "observation" if isinstance(record, Observation) else "gap"
    body["format"] = FORMAT
    if isinstance(record, Observation):
        body["redacted"] = list(record.redacted)
    return body


def from_json(body: Json, identity: Digest) -> Record:
    """Return the record of a JSON body. Raises EvidenceError when the body is not one."""
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise EvidenceError(f"record {identity} is not of format {FORMAT}")
    try:
        if body["kind"] == "observation":
            return _observation(body, identity)
        if body["kind"] == "gap":
            return _gap(body, identity)
    except (KeyError, TypeError, ValueError) as error:
        raise EvidenceError(f"record {identity} is not complete: {error}") from error
    raise EvidenceError(f"record {identity} is of an unknown kind")


def _observation(body: dict[str, Json], identity: Digest) -> Observation:
    values = {name: body[name] for name in _OBSERVED}
    redacted = tuple(str(path) for path in cast("list[Json]", body["redacted"]))
    return Observation(id=identity, redacted=redacted, **values)  # type: ignore[arg-type]  # checked by the digest


def _gap(body: dict[str, Json], identity: Digest) -> Gap:
    values = {name: body[name] for name in _MISSED if name != "reason"}
    return Gap(id=identity, reason=GapReason(str(body["reason"])), **values)  # type: ignore[arg-type]  # as above


def source_id(*parts: str) -> SourceId:
    """Join provider, account and region to a scope id; empty parts are left out."""
    return SourceId(":".join(part for part in parts if part))
