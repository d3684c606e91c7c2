"""A series of scans: each names the one before, so that one that was dropped, replaced or back-dated shows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from scanner.errors import UsageError
from scanner.model.ids import Digest
from scanner.verify.jsontext import moment
from scanner.verify.report import Step, VerificationError, VerifiedPackage

MOST = 10_000
"""Packages of a series."""


def packages_of(folder: Path) -> list[Path]:
    """Return the packages of a folder by name. Raises UsageError when it has none."""
    found = sorted(folder.glob("*.zip")) if folder.is_dir() else []
    if not 0 < len(found) <= MOST:
        hint = "name the folder with the packages of all scans, from the first"
        raise UsageError(f"{folder} is not a folder with packages (up to {MOST} files *.zip)", hint=hint)
    return found


def check_chain(packages: Sequence[VerifiedPackage]) -> int:
    """Check a series whose packages were verified each, and return its length.

    Raises VerificationError of the chain step. A package that is there twice counts once.
    """
    by_number: dict[int, VerifiedPackage] = {}
    for package in packages:
        other = by_number.setdefault(package.number, package)
        if other.checkpoint != package.checkpoint:
            raise _fault(f"it and {other.path.name} are both number {package.number}: the series forks", package)
    series = [by_number[number] for number in sorted(by_number)]
    _check_whole(series)
    for before, after in pairwise(series):
        _check_link(before, after)
    return len(series)


def _fault(message: str, package: VerifiedPackage) -> VerificationError:
    return VerificationError(Step.CHAIN, message, member=package.path.name)


def _check_whole(series: Sequence[VerifiedPackage]) -> None:
    ids: set[object] = set()
    for expected, package in enumerate(series, 1):
        if package.number != expected:
            raise _fault(f"it is number {package.number}, and number {expected} is missing", package)
        if package.scan["id"] in ids:
            raise _fault("its scan stands in the series twice", package)
        ids.add(package.scan["id"])


def _check_link(before: VerifiedPackage, after: VerifiedPackage) -> None:
    if after.previous != before.checkpoint:
        raise _fault(
            f"it does not follow {before.path.name}: it names {_short(after.previous)} as its predecessor", after
        )
    if after.scan["organization"] != before.scan["organization"]:
        raise _fault(f"it is of another organization than {before.path.name}", after)
    for name in ("started", "ended"):
        if moment(str(after.scan[name])) < moment(str(before.scan[name])):
            raise _fault(f"it {name} before {before.path.name}, which it follows: it is back-dated", after)
    if before.stamped and after.stamped and moment(after.stamped) < moment(before.stamped):
        raise _fault(f"it was timestamped before {before.path.name}, which it follows", after)


def _short(digest: Digest | None) -> str:
    return digest[:23] + "…" if digest else "none"
