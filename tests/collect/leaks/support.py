"""Places with keys in them, and what looks at them as a scan does."""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from scanner.collect.hashes import Hashes
from scanner.collect.leaks.pool import Lookers
from scanner.collect.leaks.report import Report
from scanner.model.ids import Json
from tests.leaks.corpus import Maker

MAKE = Maker(42)
KEY = MAKE.bytes(32).hex()
OTHER = MAKE.bytes(32).hex()
LINE = f"master_key = {KEY}\n"
HASHES = Hashes(b"0" * 32)


def report(kind: str = "files", place: str = "logs") -> Report:
    return Report(place, kind, HASHES)


def lookers() -> Lookers:
    return Lookers(HASHES, 1)


def never() -> bool:
    return False


def after(calls: int) -> Callable[[], bool]:
    """Return a clock that is late after so many looks at it."""
    left = calls

    def late() -> bool:
        nonlocal left
        left -= 1
        return left < 0

    return late


def found(made: Report) -> list[tuple[Any, Any]]:
    """Return (path, line) of each leak."""
    leaks = made.answer()["leaks"]
    assert isinstance(leaks, list)
    return [(one["path"], one["line"]) for one in leaks if isinstance(one, dict)]


def skipped(made: Report) -> dict[str, int]:
    return {reason: number for reason, (number, _) in made.skipped.items()}


def git(folder: Path, *arguments: str, date: str = "2026-02-03T04:05:06Z", given: bytes | None = None) -> str:
    """Run git as a developer would, with nothing of this machine's configuration."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@example.com",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@example.com",
        "GIT_AUTHOR_DATE": date,
        "GIT_COMMITTER_DATE": date,
    }
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], capture_output=True, check=True, env=environment, input=given
    )
    return done.stdout.decode().strip()


def repository(folder: Path, *versions: Mapping[str, str]) -> Path:
    """Return a repository with one commit for each version; what a version does not name is removed."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", "main")
    for number, version in enumerate(versions):
        for path in folder.iterdir():
            if path.name != ".git":
                path.unlink()
        for name, text in version.items():
            (folder / name).write_text(text)
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "--allow-empty", "-m", f"version {number}", date=f"2026-02-0{number + 1}T00:00:00Z")
    return folder


def message(text: str, ts: str = "1767225600.000100", **more: Json) -> dict[str, Json]:
    """Return a message of somebody with a name."""
    profile: Json = {"real_name": "Alice Adams"}
    return {"type": "message", "user": "U0ALICE", "user_profile": profile, "ts": ts, "text": text, **more}


def export(
    folder: Path, days: Mapping[str, Json], *, zipped: bool = True, files: Mapping[str, bytes] | None = None
) -> Path:
    """Return a Slack export: ``days`` is messages by ``channel/2026-01-01.json``."""
    content: dict[str, bytes] = {
        "channels.json": json.dumps([{"id": "C0KEYS", "name": "keys", "members": ["U0ALICE"]}]).encode(),
        "dms.json": json.dumps([{"id": "D0PAIR", "members": ["U0ALICE", "U0BOB"]}]).encode(),
        "users.json": json.dumps([{"id": "U0ALICE", "real_name": "Alice Adams"}]).encode(),
        **{name: json.dumps(day).encode() for name, day in days.items()},
        **(files or {}),
    }
    if zipped:
        path = folder / "export.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in content.items():
                archive.writestr(name, data)
        return path
    for name, data in content.items():
        path = folder / "export" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder / "export"
