"""What of a scan directory goes into its package: the files that a scan writes, and nothing that lies beside them."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED

from scanner.errors import EvidenceError
from scanner.evidence.names import fault_of, twins
from scanner.scandir import CATALOGUE_FILES, FILES, ScanDir

EVIDENCE, CONTROLS = "evidence/", "controls/"
PAGES = ("VERIFY.md", "verify.html")
"""How to check the package, for those who have no keyaudit."""
NEEDED = ("estate.yaml", "results.json", "scan.json", "verdicts.parquet")
"""What every finished scan has."""
PATTERNS = (
    "scan.json",
    *FILES,
    "facts/*.parquet",
    "evidence/*.jsonl",
    "layouts/*.yaml",
    *(f"{CONTROLS}{pattern}" for pattern in CATALOGUE_FILES),
)
METHODS = {".parquet": ZIP_STORED, ".pdf": ZIP_STORED, ".zst": ZIP_STORED}
"""How members are kept, by suffix; what is compressed already stays as it is, all else is deflated."""
LEVEL = 9
_PLAIN = "a package is made of plain files"
_DEVICE = r"(?:con|prn|aux|nul|clock\$|com[0-9]|lpt[0-9])(?:\.|/|$)"
_PART = rf"(?!(?i:{_DEVICE}))[A-Za-z0-9_%+=@,.-]+(?<!\.)"
_NAME = re.compile(rf"{_PART}(?:/{_PART})*")
"""What is the same one file on every system. Names that a scan makes are like that; a catalogue's may not be."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the scan directory and its name in the package."""

    name: str
    path: Path


def method(name: str) -> int:
    """Return the compression method of a member."""
    return METHODS.get(Path(name).suffix, ZIP_DEFLATED)


def check_names(root: Path, names: Iterable[str]) -> None:
    """Raise EvidenceError for a name that not every system can hold, and for two that are one where case is nothing."""
    for name in names:
        # A reader refuses more than the shape: what is too long or too deep must not be written either.
        if not _NAME.fullmatch(name) or fault_of(name):
            hint = "use letters, digits, dots and dashes, and scan again with the renamed catalogue"
            raise EvidenceError(f"{root}: the name {name!r} is not one that every system can hold", hint=hint)
    for name, twin in twins(sorted(names)):
        raise EvidenceError(f"{root}: {twin} and {name} are one name where case does not count")


def members(folder: ScanDir) -> list[Member]:
    """Return the files of a scan that go into its package, in order.

    Raises EvidenceError when one that every scan has is missing, for a link, and for a name that not every system can
    hold.
    """
    found = {
        path.relative_to(folder.root).as_posix(): path
        for pattern in PATTERNS
        for path in folder.root.glob(pattern)
        if not path.name.startswith(".")  # what an interrupted process left half written
    }
    for name in NEEDED:
        if name not in found:
            raise EvidenceError(f"{folder.root / name} is missing")
    check_names(folder.root, found)
    root = folder.root.resolve()
    for name, path in found.items():
        if path.resolve() != root / name:
            raise EvidenceError(f"{path} is a link, or in a folder that is one", hint=_PLAIN)
    return [Member(name, found[name]) for name in sorted(found)]


@contextmanager
def opened(member: Member) -> Iterator[tuple[BinaryIO, int]]:
    """Open a member's file and give its size in bytes. Raises EvidenceError for a link and what is no file."""
    try:
        fd = os.open(member.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise EvidenceError(f"{member.path}: {error.strerror}", hint=_PLAIN) from error
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        os.close(fd)
        raise EvidenceError(f"{member.path} is not a plain file", hint=_PLAIN)
    with os.fdopen(fd, "rb") as file:
        yield file, status.st_size
