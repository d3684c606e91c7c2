"""Observations and gaps as JSON, and back. A line's SHA-256 is the record's id."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import cast

from scanner.errors import EvidenceError
from scanner.evidence.canonical import canonical
from scanner.model.ids import Digest, Json, SourceId
from scanner.model.observation import Asked, Gap, GapReason, Observation, Record

FORMAT = 1
_ASKED = tuple(f.name for f in fields(Asked))
_OBSERVED = (*_ASKED, "status", "error_code", "last", "response", "redacted")
_MISSED = (*_ASKED, "reason", "error_code", "detail")
_REASONS = frozenset(reason.value for reason in GapReason)


def _is_text(value: Json) -> bool:
    return isinstance(value, str)


def _is_count(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


_TYPES: Mapping[str, Callable[[Json], bool]] = {
    **dict.fromkeys(("attempts", "page", "run", "status"), _is_count),
    "params": lambda value: isinstance(value, dict),
    "subject": lambda value: value is None or isinstance(value, str),
    "last": lambda value: isinstance(value, bool),
    "redacted": lambda value: isinstance(value, list) and all(isinstance(path, str) for path in value),
    "reason": lambda value: isinstance(value, str) and value in _REASONS,
    "response": lambda _: True,
}
"""What a member may hold; one that is not here holds text."""
_CHECKS = {name: _TYPES.get(name, _is_text) for name in (*_OBSERVED, *_MISSED)}


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
    """Return the record of a JSON body. Raises EvidenceError when the body is not exactly one."""
    if not isinstance(body, dict) or body.get("format") != FORMAT or body["format"] is True:
        raise EvidenceError(f"not a record of format {FORMAT}", hint="use the keyaudit that wrote it")
    kind = body.get("kind")
    names = {"observation": _OBSERVED, "gap": _MISSED}.get(kind if isinstance(kind, str) else "")
    if names is None:
        raise EvidenceError("neither an observation nor a gap")
    wrong = sorted(body.keys() ^ {*names, "kind", "format"})
    wrong = wrong or [name for name in names if not _CHECKS[name](body[name])]
    if wrong:
        raise EvidenceError(f"not a whole record: {wrong[0][:80]!r} is missing, unknown or of a wrong type")
    # Every value was checked against its name just now.
    values = {name: body[name] for name in names if name not in {"reason", "redacted"}}
    if kind == "gap":
        return Gap(id=identity, reason=GapReason(str(body["reason"])), **values)  # type: ignore[arg-type]
    redacted = tuple(cast("list[str]", body["redacted"]))
    return Observation(id=identity, redacted=redacted, **values)  # type: ignore[arg-type]


def source_id(*parts: str) -> SourceId:
    """Join provider, account and region to a scope id; empty parts are left out."""
    return SourceId(":".join(part for part in parts if part))
