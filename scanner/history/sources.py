"""The two scans of a comparison, wherever they are: a scan directory, a package, or the store."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePosixPath

from scanner.errors import EvidenceError, UsageError
from scanner.history.pick import Stored, pick
from scanner.history.snapshot import read_scan
from scanner.model.history import ScanRecord, Snapshot
from scanner.scandir import ScanDir
from scanner.verify.archive import Archive, Limits
from scanner.verify.manifest import read_manifest
from scanner.verify.report import Step, VerificationError, VerifiedPackage
from scanner.verify.steps import Policy, verify

MEMBERS = ("scan.json", "results.json", "verdicts.parquet", "facts/", "controls/")
"""Of a package, what a comparison needs."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A scan that is ready to be compared."""

    snapshot: Snapshot
    folder: ScanDir | None
    """Where its facts and controls are; None when it comes from the store."""
    note: str = ""
    """What the reader must know of where it comes from, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where scans can be."""

    unpacked: Path
    """An empty folder of a moment, for what is unpacked."""
    store: Callable[[], Stored] | None = None
    """Opens the store; None when no store was named."""
    series: str = ""
    """Of the store, look in this series alone."""
    policy: Policy = field(default_factory=Policy)
    """Whom to trust of those who sign packages."""


def open_snapshot(ref: str, places: Places, than: ScanRecord | None = None) -> Opened:
    """Open what ``ref`` names: a folder, a package, or a scan of the store by :func:`pick`. A path wins over an id.

    ``than`` is the scan that it is compared with. Raises UsageError for what is none of them, VerificationError for a
    package that does not verify, EvidenceError for a scan that cannot be read.
    """
    path = Path(ref)
    if path.is_dir():
        folder = ScanDir(path)
        return Opened(read_scan(folder), folder)
    if path.is_file():
        return _package(path, places)
    if os.sep in ref or path.suffix.lower() == ".zip" or places.store is None:
        hint = "name a scan directory, a package, or with --store (or KEYAUDIT_STORE) a scan of the store"
        raise UsageError(f"there is no scan {ref!r}", hint=hint)
    return Opened(pick(places.store(), ref, series=places.series, than=than), None)


def _package(path: Path, places: Places) -> Opened:
    package = verify(path, places.policy)
    target = places.unpacked / f"{len(list(places.unpacked.iterdir()))}"
    _unpack(package, target, places.policy.limits)
    folder = ScanDir(target)
    note = "" if package.signed_by else f"{path.name} is whole, but it is not signed by a key you trust"
    try:
        return Opened(read_scan(folder), folder, note)
    except EvidenceError as error:
        hint = "its members are as listed, and yet no results of keyaudit: ask who made it"
        raise EvidenceError(str(error).replace(str(target), str(path)), hint=hint) from None


def _unpack(package: VerifiedPackage, place: Path, limits: Limits) -> None:
    """Write what is needed into a folder; every byte is what was verified, or VerificationError is raised."""
    with Archive(package.path, limits) as archive:
        manifest = read_manifest(archive)
        if manifest.checkpoint != package.checkpoint:
            raise VerificationError(Step.MEMBERS, "the file was replaced while it was verified")
        for name, listed in manifest.members.items():
            if any(name == one or (one.endswith("/") and name.startswith(one)) for one in MEMBERS):
                _write(archive, name, place, listed.sha256)


def _write(archive: Archive, name: str, folder: Path, expected: str) -> None:
    # The archive's names were checked: none leads out of the folder.
    target = folder / PurePosixPath(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    state = sha256()
    with target.open("xb") as file:
        for block in archive.stream(name):
            state.update(block)
            file.write(block)
    if f"sha256:{state.hexdigest()}" != expected:
        raise VerificationError(Step.MEMBERS, "the file was replaced while it was verified", member=name)
