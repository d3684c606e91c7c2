"""A git repository with all its history: each object that a reference leads to, once. Nothing of it is executed.

The repository's own folder is never git's: its configuration, hooks, attributes, alternates and grafts are not looked
at by any git process. A folder of our own has an empty configuration and links to the repository's packs and loose
objects, one by one; the references are read as the text files that they are. What git runs is ``rev-list``, ``log`` and
``cat-file``, without the network, on objects.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from scanner.collect.interface import CallError
from scanner.collect.leaks.files import Late, is_excluded, is_fixture, not_there
from scanner.collect.leaks.finding import Piece
from scanner.collect.leaks.pool import Lookers
from scanner.collect.leaks.report import Report, Spot
from scanner.collect.leaks.stream import pieces
from scanner.model.observation import GapReason

_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_FANOUT = re.compile(r"[0-9a-f]{2}\Z")
_PACK = re.compile(r"pack-[0-9a-f]{40,64}\.(?:pack|idx)\Z")
_LOOSE = re.compile(r"[0-9a-f]{38}(?:[0-9a-f]{24})?\Z")
_MOST_REFS = 1_000_000
_MOST_REF_BYTES = 256 * 1024 * 1024
_LOG = (
    *("log", "--stdin", "--raw", "-m", "--root", "--no-abbrev", "--no-renames", "--no-show-signature", "--no-mailmap"),
    *("--no-notes", "--format=>%H %ct"),
)
_ENVIRONMENT = {
    "HOME": os.devnull,
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
}
_READ_TYPES = frozenset({"blob", "commit", "tag"})


@dataclass(frozen=True, slots=True)
class Repository:
    """A folder of our own that has the objects of a repository, and nothing else of it."""

    folder: Path
    tips: tuple[str, ...]
    """Objects that references name."""

    @contextmanager
    def ask(
        self, arguments: Sequence[str], given: Iterable[str]
    ) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
        """Yield a git process, with an empty configuration and without the network, and what it writes."""
        with tempfile.TemporaryFile() as lines:
            lines.write("".join(f"{line}\n" for line in given).encode())
            lines.seek(0)
            process = subprocess.Popen(  # noqa: S603 - fixed words, and object names on its input
                ["git", "--no-pager", *arguments],  # noqa: S607 - the git of this machine
                stdin=lines,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=self.folder,
                env={**_ENVIRONMENT, "PATH": os.environ.get("PATH", os.defpath), "GIT_DIR": str(self.folder)},
            )
            output = process.stdout
            assert output is not None  # noqa: S101 - it is a pipe
            with process:
                yield process, output


def read_repository(root: Path, exclude: Sequence[str], report: Report, lookers: Lookers, late: Late) -> None:
    """Look at every object of a repository. Raises CallError when it is none, or there is no git."""
    if shutil.which("git") is None:
        raise CallError(GapReason.UNSUPPORTED, code="NoGit", detail="git is not installed: install it and run again")
    try:
        theirs = git_folder(root)
    except OSError as error:
        raise not_there(root, error) from None
    with borrowed(theirs, report) as repository:
        wanted = dict(_objects(repository, exclude, report))
        try:
            lines: dict[str, int] = {}
            for spot, looked in lookers.each(_pieces(repository, wanted, report), late):
                line = lines.get(spot.object, 1)
                report.add(spot, looked, line)
                lines = {spot.object: line + looked.lines}
        except CallError as error:
            report.skip("time" if error.code == "Time" else "failed", "")
        _date(repository, report)


def _date(repository: Repository, report: Report) -> None:
    """Tell of each leak which commit brought it, and when: asked only where something lies in the history."""
    brought = _first_commits(repository, frozenset(str(leak["object"]) for leak in report.leaks.values()))
    for leak in report.leaks.values():
        leak["commit"], leak["at"] = brought.get(str(leak["object"]), (leak["commit"], ""))


def git_folder(root: Path) -> Path:
    """Return the folder that has the objects and references. Raises OSError, CallError when it is no repository."""
    real = root.resolve(strict=True)
    for folder in (real / ".git", real):
        if folder.is_file():
            raise CallError(
                GapReason.UNSUPPORTED,
                code="Worktree",
                detail=f"{root} is a worktree or a submodule; name the repository that it belongs to",
            )
        if (folder / "objects").is_dir() and (folder / "HEAD").exists():
            return folder
    detail = f"{root} is not a git repository: there is neither .git nor objects/ and HEAD in it"
    raise CallError(GapReason.UNREACHABLE, code="NotARepository", detail=detail)


@contextmanager
def borrowed(theirs: Path, report: Report) -> Iterator[Repository]:
    """Yield a folder of our own with the objects and references of a repository."""
    with tempfile.TemporaryDirectory(prefix="keyaudit-git-") as name:
        ours = Path(name)
        tips = tuple(sorted(set(_tips(theirs, report))))
        long = any(len(tip) == 64 for tip in tips)
        (ours / "config").write_text(
            "[core]\n\trepositoryformatversion = 1\n\tbare = true\n"
            + ("[extensions]\n\tobjectformat = sha256\n" if long else "")
        )
        (ours / "HEAD").write_text("ref: refs/heads/none\n")
        (ours / "refs").mkdir()
        _link_objects(theirs / "objects", ours / "objects")
        shallow = theirs / "shallow"
        if _is_plain(shallow):
            ends = [line for line in _lines(shallow, report) if _ID.match(line)]
            (ours / "shallow").write_text("".join(f"{end}\n" for end in ends))
            report.skip("shallow", "", len(ends))
        yield Repository(ours, tips)


def _link_objects(theirs: Path, ours: Path) -> None:
    """Link to each pack and each loose object: not to folders, and not to what says where other objects are."""
    (ours / "pack").mkdir(parents=True)
    for folder in sorted(theirs.iterdir()):
        if folder.is_symlink() or not folder.is_dir():
            continue
        form = _PACK if folder.name == "pack" else _LOOSE if _FANOUT.match(folder.name) else None
        if form is None:
            continue
        (ours / folder.name).mkdir(exist_ok=True)
        for file in folder.iterdir():
            if form.match(file.name) and stat.S_ISREG(file.lstat().st_mode):
                (ours / folder.name / file.name).symlink_to(file)


def _tips(theirs: Path, report: Report) -> Iterator[str]:
    if (theirs / "reftable").exists():
        report.skip("unknown_refs", "reftable")
    packed = theirs / "packed-refs"
    if _is_plain(packed):
        for line in _lines(packed, report):
            word = line.removeprefix("^").split(" ", 1)[0]
            if _ID.match(word):
                yield word
    loose = [theirs / "HEAD", *sorted((theirs / "refs").rglob("*")), *sorted((theirs / "worktrees").glob("*/HEAD"))]
    for file in filter(_is_plain, loose[:_MOST_REFS]):
        text = next(_lines(file, report), "")
        if _ID.match(text):
            yield text
        elif not text.startswith("ref: "):
            report.skip("unknown_refs", os.fsencode(file.relative_to(theirs)).decode("utf-8", "backslashreplace"))
    # What only the reflog and the stash still know was in the repository too.
    for file in filter(_is_plain, sorted((theirs / "logs").rglob("*"))):
        for line in _lines(file, report):
            yield from (word for word in line.split(" ", 2)[:2] if _ID.match(word) and set(word) != {"0"})


def _is_plain(file: Path) -> bool:
    return file.is_file() and not file.is_symlink()


def _lines(file: Path, report: Report) -> Iterator[str]:
    try:
        with file.open("rb") as text:
            for line in text.read(_MOST_REF_BYTES).split(b"\n"):
                if line:
                    yield line.decode("utf-8", "replace").rstrip("\r")
    except OSError:
        report.skip("unreadable", file.name)


def _objects(repository: Repository, exclude: Sequence[str], report: Report) -> Iterator[tuple[str, str]]:
    """Yield (id, path of the first place) of each object that a reference leads to, in git's order."""
    there = [tip for tip in repository.tips if tip in _present(repository)]
    with repository.ask(("rev-list", "--objects", "--missing=print", "--stdin"), there) as (process, output):
        for line in output:
            name, _, path = line.rstrip(b"\n").decode("utf-8", "backslashreplace").partition(" ")
            if name.startswith("?"):
                report.skip("missing_objects", name[1:])
            elif path and is_excluded(path, exclude):
                report.count("excluded")
            else:
                yield name, path
    lost = sorted(set(repository.tips) - set(there))
    if lost:
        report.skip("missing_objects", lost[0], len(lost))
    if process.returncode:
        report.skip("failed", "rev-list")


def _present(repository: Repository) -> frozenset[str]:
    """Return those of the tips whose object is there."""
    question = ("cat-file", "--batch-check=%(objectname) %(objecttype)")
    with repository.ask(question, repository.tips) as (_, output):
        found = [line.split() for line in output]
    return frozenset(words[0].decode() for words in found if len(words) == 2 and words[1] != b"missing")


def _pieces(repository: Repository, wanted: dict[str, str], report: Report) -> Iterator[tuple[Spot, Piece]]:
    with repository.ask(("cat-file", "--batch", "--buffer"), wanted) as (_, output):
        yield from _batch(output, wanted, report)


def _batch(output: IO[bytes], wanted: dict[str, str], report: Report) -> Iterator[tuple[Spot, Piece]]:
    """Yield the pieces of the objects in an answer of ``git cat-file --batch``."""
    seen = 0
    while header := output.readline().decode("ascii", "replace").split():
        if len(header) != 3:
            report.skip("missing_objects", header[0])
            seen += 1
            continue
        name, kind, size = header[0], header[1], int(header[2])
        seen += 1
        left = [size]

        def read(most: int, left: list[int] = left) -> bytes:
            part = output.read(min(most, left[0], 1024 * 1024))
            left[0] -= len(part)
            return part

        if kind in _READ_TYPES:
            report.count("objects")
            path = wanted.get(name, "")
            path = path if path and kind == "blob" else f"{kind} {path or name}"
            commit = name if kind == "commit" else ""
            spot = Spot(path, commit=commit, object=name, marked=is_fixture(path))
            for piece in pieces(read):
                report.count("bytes", piece.end - piece.start)
                yield spot, piece
        while left[0] and read(1024 * 1024):
            pass
        if left[0]:
            report.skip("broken", name)
            return
        output.read(1)
    if seen < len(wanted):
        report.skip("failed", "cat-file", len(wanted) - seen)


def _first_commits(repository: Repository, objects: frozenset[str]) -> dict[str, tuple[str, str]]:
    """Return for each object the oldest commit that brought it, and when. Empty where nobody can tell."""
    if not objects:
        return {}
    found: dict[str, tuple[str, str]] = {}
    commit, at = "", ""
    there = _present(repository)
    with repository.ask(_LOG, [tip for tip in repository.tips if tip in there]) as (_, output):
        for line in output:
            if line.startswith(b">"):
                commit, _, seconds = line[1:].decode("ascii", "replace").strip().partition(" ")
                at = _moment(seconds)
                if commit in objects:
                    found[commit] = (commit, at)
            elif line.startswith(b":"):
                blob = line.split(b"\t", 1)[0].split(b" ")[3].decode("ascii", "replace")
                # The newest comes first: what is written last is the oldest.
                if blob in objects:
                    found[blob] = (commit, at)
    return found


def _moment(seconds: str) -> str:
    try:
        return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return ""
