"""Folders, log files and archives: every regular file below a path. Links are not followed, nothing is executed."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from scanner.collect.interface import CallError
from scanner.collect.leaks.archives import BROKEN, Text, TooLargeError, texts
from scanner.collect.leaks.detect.reject import FIXTURE_FOLDERS
from scanner.collect.leaks.finding import Piece
from scanner.collect.leaks.pool import Lookers
from scanner.collect.leaks.report import Report, Spot
from scanner.collect.leaks.stream import pieces
from scanner.model.observation import GapReason

Late = Callable[[], bool]

_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
"""A name can change to a link or a pipe between looking and opening."""


def read_files(root: Path, exclude: Sequence[str], report: Report, lookers: Lookers, late: Late) -> None:
    """Look at every file below ``root``, or at the file that it is. Raises CallError when it is not there."""
    try:
        real = root.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise not_there(root, error) from None
    walked = walk(real, exclude, report)
    found = (text for path, name in walked for text in opened(path, name, report))
    look_at(found, report, lookers, late)


def not_there(root: Path, error: BaseException) -> CallError:
    """Return the error for a place that is not there or that nobody lets us see."""
    denied = isinstance(error, PermissionError)
    why = error.strerror if isinstance(error, OSError) else "it is a link to itself"
    return CallError(
        GapReason.DENIED if denied else GapReason.UNREACHABLE,
        code="Denied" if denied else "NotThere",
        detail=f"cannot read {root}: {why}; what is not absolute counts from the folder in which keyaudit is started",
    )


def walk(root: Path, exclude: Sequence[str], report: Report) -> Iterator[tuple[Path, str]]:
    """Yield (path, name from the root) of every regular file, sorted. What is none is counted."""
    if not root.is_dir():
        yield root, root.name
        return
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            report.skip("unreadable", shown(folder, root))
            continue
        below: list[Path] = []
        for entry in entries:
            path = folder / entry.name
            name = shown(path, root)
            if is_excluded(name, exclude):
                report.count("excluded")
            elif entry.is_symlink():
                _link(path, root, name, report)
            elif entry.is_dir(follow_symlinks=False):
                if entry.name == "objects" and (folder / "HEAD").is_file():
                    report.skip("repository", name)
                else:
                    below.append(path)
            elif entry.is_file(follow_symlinks=False):
                yield path, name
            else:
                report.count("special")  # pipes, sockets, devices: nothing lies in them
        waiting.extend(reversed(below))


def is_excluded(name: str, exclude: Sequence[str]) -> bool:
    """Tell whether a pattern names a file or one of the folders that it is in: ``*.jpg``, ``node_modules``, ``a/b``."""
    parts = name.split("/")
    return any(fnmatchcase(name, one) or any(fnmatchcase(part, one) for part in parts) for one in exclude)


def shown(path: Path, root: Path) -> str:
    """Return the name of a file from its root, as text that is well-formed whatever bytes it is made of."""
    relative = os.path.relpath(path, root)
    return os.fsencode(relative).decode("utf-8", "backslashreplace")


def _link(path: Path, root: Path, name: str, report: Report) -> None:
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return  # it leads nowhere: there is nothing to read
    # What lies in the place is read under its own name.
    if not target.is_relative_to(root):
        report.skip("link", name)


def opened(path: Path, name: str, report: Report) -> Iterator[Text]:
    """Yield what a file holds. Each is read before the next is asked for."""
    try:
        with os.fdopen(os.open(path, _FLAGS), "rb", buffering=0) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                report.count("special")
                return
            report.count("files")
            yield from texts(name, file, status.st_size)
    except OSError:
        report.skip("unreadable", name)


def look_at(found: Iterator[Text], report: Report, lookers: Lookers, late: Late) -> None:
    """Look at every text, and put what lies in it into the report."""
    lines: dict[str, int] = {}
    try:
        for spot, looked in lookers.each(_pieces(found, report), late):
            line = lines.get(spot.path, 1)
            report.add(spot, looked, line)
            lines = {spot.path: line + looked.lines}
    except CallError as error:
        report.skip("time" if error.code == "Time" else "failed", "")


def _pieces(found: Iterator[Text], report: Report) -> Iterator[tuple[Spot, Piece]]:
    for text in found:
        if text.read is None:
            report.skip(text.skip, text.path)
            continue
        spot = Spot(text.path, marked=is_fixture(text.path))
        try:
            for piece in pieces(text.read):
                report.count("bytes", piece.end - piece.start)
                yield spot, piece
        except TooLargeError:
            report.skip("too_large", text.path)
        except BROKEN:
            report.skip("broken", text.path)


def is_fixture(path: str) -> bool:
    """Tell whether a file lies in a folder whose name says that it was made for tests."""
    return not FIXTURE_FOLDERS.isdisjoint(path.lower().replace("!", "/").split("/")[:-1])
