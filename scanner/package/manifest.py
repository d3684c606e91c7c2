"""``manifest.json``: what is in a package, what was observed, and which scan came before."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from scanner.errors import EvidenceError, UsageError
from scanner.evidence.canonical import canonical
from scanner.evidence.merkle import NAME, Tree
from scanner.evidence.names import MANIFEST
from scanner.evidence.records import digest
from scanner.model.ids import Digest, Json
from scanner.scanheader import instant

SCHEMA = "keyaudit/manifest/1"
FACTS = (
    "id",
    "organization",
    "as_of",
    "started",
    "ended",
    "tool_version",
    "catalogue_sha256",
    "estate_sha256",
)
"""What the manifest repeats of ``scan.json``, as it stands there."""
MOST_BYTES = 64 * 1024 * 1024
"""Of a manifest: some 400,000 members."""
FIRST = 1
_HINT = "name the package of the scan before this one, as `keyaudit package` wrote it"


@dataclass(frozen=True, slots=True)
class Packed:
    """A member as it was written."""

    path: str
    size: int
    """Bytes."""
    sha256: Digest


@dataclass(frozen=True, slots=True)
class Previous:
    """The scan before: its place in the series, and what a later one must hold on to."""

    number: int
    digest: Digest
    """Of its manifest."""
    scan: str
    organization: str
    started: datetime
    ended: datetime


def manifest(
    header: Mapping[str, Json], packed: Sequence[Packed], tree: Tree, previous: Previous | None
) -> dict[str, Json]:
    """Return the body of ``manifest.json``; ``header`` is ``scan.json``.

    Raises UsageError when the scan that is said to come before does not.
    """
    scan: dict[str, Json] = {name: header[name] for name in FACTS}
    if previous:
        _check_order(scan, previous)
    return {
        "schema": SCHEMA,
        "scan": scan,
        "members": [{"path": one.path, "size": one.size, "sha256": one.sha256} for one in packed],
        "observations": {"count": len(tree), "merkle_root": f"sha256:{tree.root().hex()}", "tree": NAME},
        "checkpoint": {
            "number": previous.number + 1 if previous else FIRST,
            "previous": previous.digest if previous else None,
        },
    }


def _check_order(scan: Mapping[str, Json], previous: Previous) -> None:
    if scan["id"] == previous.scan:
        raise UsageError("the previous package is of this very scan", hint=_HINT)
    if scan["organization"] != previous.organization:
        raise UsageError(f"the previous package is of another organization: {previous.organization}", hint=_HINT)
    for verb, then in (("started", previous.started), ("ended", previous.ended)):
        if instant(str(scan[verb])) < then:
            raise UsageError(f"the previous package is of a scan that {verb} after this one", hint=_HINT)


def read_previous(package: Path) -> Previous:
    """Return what the next scan must hold on to of a package. It is not verified. Raises UsageError."""
    raw = manifest_of(package)
    try:
        return _previous(raw)
    except (EvidenceError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(f"{package}: its manifest is not one: {error}", hint=_HINT) from None


def manifest_of(package: Path) -> bytes:
    """Return the manifest of a package as it stands in it. It is not verified. Raises UsageError.

    No more of it is read than one byte beyond :data:`MOST_BYTES`.
    """
    try:
        with zipfile.ZipFile(package) as archive, archive.open(MANIFEST) as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"cannot read {package}: {error.strerror or error}", hint=_HINT) from None
    except (zipfile.BadZipFile, zipfile.LargeZipFile, KeyError, RuntimeError, NotImplementedError, EOFError) as error:
        raise UsageError(f"{package} is not a package: {error}", hint=_HINT) from None


def _previous(raw: bytes) -> Previous:
    if len(raw) > MOST_BYTES:
        raise ValueError(f"it is larger than {MOST_BYTES} bytes")
    body = json.loads(raw)
    if canonical(body) != raw:
        raise ValueError("it is not canonical JSON")
    if body["schema"] != SCHEMA:
        raise ValueError(f"not of schema {SCHEMA}")
    number = body["checkpoint"]["number"]
    if type(number) is not int or number < FIRST:
        raise ValueError("it has no checkpoint number")
    scan = body["scan"]
    times = (instant(scan[name]) for name in ("started", "ended"))
    return Previous(number, digest(raw), str(scan["id"]), str(scan["organization"]), *times)
