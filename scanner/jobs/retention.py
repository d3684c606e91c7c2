"""What a profile no longer keeps. The chain of packages stays whole: of each that goes, the manifest stays."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from scanner.errors import KeyauditError, UsageError
from scanner.jobs.state import RunRecord, is_stamp
from scanner.model.profile import Keep
from scanner.scandir import ScanDir, write_atomically

SCANS, PACKAGES = "scans", "packages"
CHAIN = "chain"
"""Folder in packages/ with the manifests of packages that were removed: `keyaudit verify --chain` reads them."""
_GOING = ".removing-"

ReadManifest = Callable[[Path], bytes]
"""Returns the manifest of a package as it stands in it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is in a profile's folder."""

    folder: Path
    runs: Sequence[RunRecord]
    needed: Collection[str] = ()
    """Stamps of runs whose files something still waits for."""

    def scan(self, run: RunRecord) -> Path:
        """Return the scan directory of a run."""
        return self.folder / SCANS / run.stamp

    def package(self, run: RunRecord) -> Path:
        """Return the package of a run."""
        return self.folder / PACKAGES / f"{run.stamp}.zip"


def prune(kept: Kept, keep: Keep, manifest: ReadManifest) -> Iterator[str]:
    """Remove what is older than the newest that are kept, and yield in words what was removed, and what was not.

    Call it under the lock of the profile's folder.
    """
    _sweep(kept.folder / SCANS)
    runs = sorted((run for run in kept.runs if is_stamp(run.stamp)), key=lambda run: run.stamp)
    yield from _scans(kept, [run for run in runs if kept.scan(run).is_dir()], keep.scans)
    yield from _packages(kept, [run for run in runs if kept.package(run).is_file()], keep.packages, manifest)


def _sweep(scans: Path) -> None:
    """Remove the rest of what was being removed when a run was stopped."""
    for leftover in scans.glob(f"{_GOING}*"):
        shutil.rmtree(leftover)


def _scans(kept: Kept, runs: Sequence[RunRecord], most: int) -> Iterator[str]:
    for run in runs[: max(len(runs) - max(most, 1), 0)]:
        if why := _needed(kept, run):
            yield f"kept {SCANS}/{run.stamp}: {why}"
            continue
        try:
            _remove(kept.scan(run))
        except KeyauditError as error:
            yield f"kept {SCANS}/{run.stamp}: {error}"
        else:
            yield f"removed {SCANS}/{run.stamp}: its package has everything"


def _needed(kept: Kept, run: RunRecord) -> str:
    """Return why a scan directory must stay, or nothing."""
    if run.given_up or not run.complete:
        return "its run did not come to its end"
    if run.stamp in kept.needed:
        return "a notification of it waits"
    if run.package is None or not kept.package(run).is_file():
        return "there is no package of it"
    if file_digest(kept.package(run)) != run.package.sha256:
        return "its package is not the file that was written"
    return ""


def _remove(folder: Path) -> None:
    if folder.is_symlink():
        raise UsageError("it is a link")
    going = folder.with_name(f"{_GOING}{folder.name}")
    with ScanDir(folder).lock():
        # By one rename: what is half removed must not look like a scan.
        folder.rename(going)
    shutil.rmtree(going)


def _packages(kept: Kept, runs: Sequence[RunRecord], most: int, manifest: ReadManifest) -> Iterator[str]:
    """Remove the packages with the lowest numbers, as long as the next one names what is left of them."""
    numbered = sorted((run for run in runs if run.package), key=lambda run: run.package.number if run.package else 0)
    for run in numbered[: max(len(numbered) - max(most, 1), 0)]:
        path = kept.package(run)
        if kept.scan(run).is_dir():
            yield f"kept {PACKAGES}/{path.name}: its scan directory is there, too"
            continue
        data = manifest(path)
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        if run.package is None or digest != run.package.checkpoint:
            yield f"kept {PACKAGES}/{path.name}: its manifest is not the one that was written"
            continue
        link = path.parent / CHAIN / f"{run.package.number:06}.json"
        link.parent.mkdir(exist_ok=True)
        # The link first: at every moment the chain is whole.
        write_atomically(link, data)
        path.unlink()
        yield f"removed {PACKAGES}/{path.name}: its manifest stays as {PACKAGES}/{CHAIN}/{link.name}"


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
