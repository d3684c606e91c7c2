"""A series of scans: each names the one before, so that one that was dropped, replaced or back-dated shows.

Of a package that was removed, its manifest can stay as a link. It proves nothing of itself: a later package names its
digest, so it is what it was, and it names the one before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from scanner.errors import UsageError
from scanner.evidence.records import digest
from scanner.model.ids import Digest
from scanner.verify.jsontext import moment, parse_canonical
from scanner.verify.manifest import MOST as MOST_BYTES
from scanner.verify.manifest import understood
from scanner.verify.report import Step, VerificationError, VerifiedPackage

MOST = 10_000
"""Packages of a series."""
LINKS = "chain"
"""Folder, beside the packages, with the manifests of those that were removed: `*.json`."""


@dataclass(frozen=True, slots=True)
class Link:
    """The manifest of a package that was removed. Only a later package vouches for it."""

    path: Path
    scan: dict[str, str]
    checkpoint: Digest
    number: int
    previous: Digest | None
    stamped: str = ""
    """The timestamp went with the package."""


Part = VerifiedPackage | Link
"""What a series is made of."""


def packages_of(folder: Path) -> list[Path]:
    """Return the packages of a folder by name. Raises UsageError when it has none."""
    found = sorted(folder.glob("*.zip")) if folder.is_dir() else []
    if not 0 < len(found) <= MOST:
        hint = "name the folder with the packages of all scans, from the first"
        raise UsageError(f"{folder} is not a folder with packages (up to {MOST} files *.zip)", hint=hint)
    return found


def links_of(folder: Path) -> list[Link]:
    """Return the manifests that were kept of a folder's removed packages.

    Raises VerificationError of the chain step.
    """
    found = sorted((folder / LINKS).glob("*.json"))
    if len(found) > MOST:
        raise UsageError(f"{folder / LINKS} has more than {MOST} manifests", hint="is it the right folder?")
    return [_link(path) for path in found]


def _link(path: Path) -> Link:
    name = f"{LINKS}/{path.name}"
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise ValueError(f"it is larger than {MOST_BYTES} bytes")
        manifest = understood(parse_canonical(data), digest(data))
    except OSError as error:
        raise VerificationError(Step.CHAIN, f"cannot read it: {error.strerror or error}", member=name) from None
    except ValueError as error:
        raise VerificationError(Step.CHAIN, f"not the manifest of a package: {error}", member=name) from None
    return Link(path, manifest.scan, manifest.checkpoint, manifest.number, manifest.previous)


def check_chain(packages: Sequence[VerifiedPackage], links: Sequence[Link] = ()) -> int:
    """Check a series whose packages were verified each, and return its length.

    ``links`` stand for packages that were removed. Raises VerificationError of the chain step. A package that is there
    twice counts once.
    """
    by_number: dict[int, Part] = {}
    parts: list[Part] = [*packages, *links]
    for package in parts:
        other = by_number.setdefault(package.number, package)
        if other.checkpoint != package.checkpoint:
            raise _fault(f"it and {other.path.name} are both number {package.number}: the series forks", package)
    series = [by_number[number] for number in sorted(by_number)]
    if isinstance(last := series[-1], Link):
        raise _fault("no package comes after it that would vouch for it", last)
    _check_whole(series)
    for before, after in pairwise(series):
        _check_link(before, after)
    return len(series)


def _fault(message: str, package: Part) -> VerificationError:
    name = f"{LINKS}/{package.path.name}" if isinstance(package, Link) else package.path.name
    return VerificationError(Step.CHAIN, message, member=name)


def _check_whole(series: Sequence[Part]) -> None:
    ids: set[object] = set()
    for expected, package in enumerate(series, 1):
        if package.number != expected:
            raise _fault(f"it is number {package.number}, and number {expected} is missing", package)
        if package.scan["id"] in ids:
            raise _fault("its scan stands in the series twice", package)
        ids.add(package.scan["id"])


def _check_link(before: Part, after: Part) -> None:
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
