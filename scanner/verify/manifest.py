"""``manifest.json`` understood: every member with size and digest, the observations' root, the scan before."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from scanner.evidence.names import MANIFEST, SEALS, fault_of, order
from scanner.evidence.records import digest
from scanner.model.ids import Digest, Json
from scanner.verify.archive import Archive
from scanner.verify.jsontext import moment, parse_canonical
from scanner.verify.report import Step, VerificationError

SCHEMA = "keyaudit/manifest/1"
TREE = "RFC 6962, SHA-256"
MOST = 64 * 2**20
"""Bytes of the manifest."""
SCAN = ("id", "organization", "as_of", "started", "ended", "tool_version", "catalogue_sha256", "estate_sha256")
_DIGEST = re.compile("sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Listed:
    """A member as the manifest lists it."""

    size: int
    sha256: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The content of ``manifest.json``."""

    scan: dict[str, str]
    members: dict[str, Listed]
    count: int
    """Of observations and gaps."""
    root: Digest
    number: int
    """Of the scan in its series; counts from 1."""
    previous: Digest | None
    checkpoint: Digest
    """SHA-256 of the file."""


def read_manifest(archive: Archive) -> Manifest:
    """Return the manifest of a package. Raises VerificationError of the manifest step."""
    data = archive.read(MANIFEST, MOST, Step.MANIFEST)
    try:
        return understood(parse_canonical(data), digest(data))
    except ValueError as error:
        raise VerificationError(Step.MANIFEST, str(error), member=MANIFEST) from None


def understood(value: Json, checkpoint: Digest) -> Manifest:
    """Return the manifest that a JSON value is. Raises ValueError when it is not of the schema."""
    body = fields(value, "the manifest", ("schema", "scan", "members", "observations", "checkpoint"))
    if body["schema"] != SCHEMA:
        raise ValueError(f"its schema is not {SCHEMA}")
    scan = fields(body["scan"], "scan", SCAN)
    texts = {name: text(scan[name], f"scan.{name}") for name in SCAN}
    for name in ("catalogue_sha256", "estate_sha256"):
        _digest(texts[name], f"scan.{name}")
    for name in ("as_of", "started", "ended"):
        moment(texts[name])
    seen = fields(body["observations"], "observations", ("count", "merkle_root", "tree"))
    if seen["tree"] != TREE:
        raise ValueError(f"observations.tree is not {TREE!r}")
    point = fields(body["checkpoint"], "checkpoint", ("number", "previous"))
    number = _count(point["number"], "checkpoint.number")
    previous = None if point["previous"] is None else _digest(point["previous"], "checkpoint.previous")
    if number < 1 or (previous is None) != (number == 1):
        raise ValueError("the first scan of a series, and it alone, has number 1 and no scan before it")
    return Manifest(
        scan=texts,
        members=_members(body["members"]),
        count=_count(seen["count"], "observations.count"),
        root=_digest(seen["merkle_root"], "observations.merkle_root"),
        number=number,
        previous=previous,
        checkpoint=checkpoint,
    )


def _members(value: Json) -> dict[str, Listed]:
    if not isinstance(value, list):
        raise ValueError("members is not a list")  # noqa: TRY004 - one kind of error: the file is wrong
    found: dict[str, Listed] = {}
    for one in value:
        entry = fields(one, "a member", ("path", "size", "sha256"))
        path = text(entry["path"], "a member's path")
        if path in found:
            raise ValueError(f"{path[:200]!r} is listed twice")
        if path in SEALS or fault_of(path):
            raise ValueError(f"{path[:200]!r} cannot be listed: {fault_of(path) or 'the manifest is made before it'}")
        found[path] = Listed(_count(entry["size"], path), _digest(entry["sha256"], path))
    if list(found) != sorted(found, key=order):
        raise ValueError("the members are not in order")
    return found


def fields(value: Json, name: str, wanted: Collection[str]) -> dict[str, Json]:
    """Return an object that has exactly the wanted members. Raises ValueError."""
    if not isinstance(value, dict):
        raise ValueError(f"{name} is not an object")  # noqa: TRY004 - as above
    wrong = sorted(value.keys() ^ set(wanted))
    if wrong:
        raise ValueError(f"{wrong[0][:80]!r} of {name} is missing or unknown")
    return value


def text(value: Json, name: str) -> str:
    """Return text. Raises ValueError for anything else."""
    if not isinstance(value, str):
        raise ValueError(f"{name[:200]} is not text")  # noqa: TRY004 - as above
    return value


def _count(value: Json, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{name[:200]}: not a count")
    return value


def _digest(value: Json, name: str) -> Digest:
    found = text(value, name)
    if not _DIGEST.fullmatch(found):
        raise ValueError(f"{name[:200]}: not a SHA-256 digest")
    return Digest(found)


def check_members(archive: Archive, manifest: Manifest) -> None:
    """Check each member against the manifest. Raises VerificationError of the members step."""
    inside = archive.members.keys() - SEALS
    for name in sorted(manifest.members.keys() - inside):
        raise VerificationError(Step.MEMBERS, "the manifest lists it, and it is missing", member=name)
    for name in sorted(inside - manifest.members.keys()):
        raise VerificationError(Step.MEMBERS, "it is not listed in the manifest", member=name)
    for name, listed in manifest.members.items():
        size = archive.members[name].size
        if size != listed.size:
            raise VerificationError(Step.MEMBERS, f"it has {size} bytes, not {listed.size}", member=name)
        if archive.digest(name) != listed.sha256:
            raise VerificationError(Step.MEMBERS, "its SHA-256 is not the listed one: it was changed", member=name)
