"""Observations and gaps as JSON, and back. A line's SHA-256 is the record's id."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from scanner.errors import EvidenceError
from scanner.evidence.canonical import canonical
from scanner.model.ids import Digest, Json, SourceId
from scanner.model.observation import Asked, Gap, GapReason, Observation, Record

FORMAT = 1
_ASKED = tuple(f.name for f in fields(Asked))
_OBSERVED = (*_ASKED, "status", "error_code", "last", "response", "redacted")
_MISSED = (*_ASKED, "reason", "error_code", "detail")
_REASONS = frozenset(reason.value for reason in GapReason)


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
_MEMBERS = {"observation": _OBSERVED, "gap": _MISSED}
_WHOLE = {kind: frozenset({*names, "kind", "format"}) for kind, names in _MEMBERS.items()}
_TEXTS = {kind: tuple(name for name in names if name not in _TYPES) for kind, names in _MEMBERS.items()}
_OTHERS = {kind: tuple((name, _TYPES[name]) for name in names if name in _TYPES) for kind, names in _MEMBERS.items()}


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
    if not isinstance(kind, str) or kind not in _MEMBERS:
        raise EvidenceError("neither an observation nor a gap")
    wrong = sorted(body.keys() ^ _WHOLE[kind]) if body.keys() != _WHOLE[kind] else []
    wrong = wrong or [name for name in _TEXTS[kind] if not isinstance(body[name], str)]
    wrong = wrong or [name for name, check in _OTHERS[kind] if not check(body[name])]
    if wrong:
        raise EvidenceError(f"not a whole record: {wrong[0][:80]!r} is missing, unknown or of a wrong type")
    # Every value was checked against its name just now.
    values: dict[str, Any] = dict(body)
    del values["kind"], values["format"]
    if kind == "gap":
        return Gap(**{**values, "id": identity, "reason": GapReason(values["reason"])})
    return Observation(**{**values, "id": identity, "redacted": tuple(values["redacted"])})


def source_id(*parts: str) -> SourceId:
    """Join provider, account and region to a scope id; empty parts are left out."""
    return SourceId(":".join(part for part in parts if part))
