"""Profiles over a simulated account, run as a user would, for the tests of ``keyaudit run``."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scanner.cli.main import run
from scanner.demo.embedded import environment
from scanner.demo.world import World
from tests.jobs.notify.samples import Request, receiver
from tests.support import a_key, a_world, estate_text, simulated

PROFILE = """\
profiles:
  nightly:
    folder: nightly
    controls: [KM-ROT-04, KM-ACC-01]
    store: history.db
    period_days: 2
    keep: {scans: 2, packages: 2}
    notify:
      - {webhook: {url: {env: HOOK}, secret: {env: HOOK_SECRET}}, when: changed}
      - {slack: {url: {env: HOOK}}, when: failed}
"""
SECRET = "correct horse battery staple"
BEFORE = a_world(a_key("breaks"), a_key("mends", rotation=None))
AFTER = a_world(a_key("breaks", rotation=None), a_key("mends"))
FIRST, SECOND, THIRD = (f"2026-06-{day}T12:00:00Z" for day in (15, 16, 17))


def stamp(as_of: str) -> str:
    """Return the name of a run."""
    return as_of.replace("-", "").replace(":", "")


@dataclass(frozen=True)
class Place:
    """An estate file with a profile, and the folder of the profile."""

    estate: Path

    @property
    def folder(self) -> Path:
        """Return the folder of the profile."""
        return self.estate.parent / "nightly"

    def run(self, as_of: str, *more: str) -> int:
        """Run the profile."""
        return run(["run", "nightly", "--estate", str(self.estate), "--as-of", as_of, "-q", *more], traces=True)

    def retry(self) -> int:
        """Send what is left."""
        return run(["run", "nightly", "--estate", str(self.estate), "--retry-notifications"], traces=True)

    def verify(self, as_of: str, *more: str) -> int:
        """Verify a package in its chain."""
        packages = self.folder / "packages"
        return run(["verify", str(packages / f"{stamp(as_of)}.zip"), "--chain", str(packages), *more], traces=True)

    @property
    def state(self) -> dict[str, Any]:
        """The content of run.json."""
        found: dict[str, Any] = json.loads((self.folder / "run.json").read_text(encoding="utf-8"))
        return found

    def set_state(self, state: dict[str, Any]) -> None:
        """Write run.json, as a run that was stopped would have left it."""
        (self.folder / "run.json").write_text(json.dumps(state), encoding="utf-8")

    def names(self, part: str) -> list[str]:
        """Return what is in a part of the folder."""
        return sorted(path.name for path in (self.folder / part).iterdir())


@contextmanager
def placed(root: Path, world: World, profile: str = PROFILE) -> Iterator[Place]:
    """Give a profile over a world."""
    with simulated(world) as aws:
        root.mkdir(exist_ok=True)
        estate = root / "estate.yaml"
        estate.write_text(estate_text(aws.url) + profile, encoding="utf-8")
        yield Place(estate)


@dataclass(frozen=True)
class Days:
    """Three runs, a day apart: the first was stopped before it judged, and the second went on with it."""

    root: Path
    codes: tuple[int, ...]
    requests: tuple[Request, ...]
    links: tuple[str, ...]
    """Manifests that were kept, after the second run."""

    def copy(self, folder: Path) -> Place:
        """Return all of it elsewhere, so that it can be spoiled. Nothing of it can scan: the account is gone."""
        shutil.copytree(self.root, folder)
        return Place(folder / "estate.yaml")


def three_days(root: Path) -> Days:
    """Run three times, with a receiver."""
    codes = []
    with receiver() as server, environment({"HOOK": server.url, "HOOK_SECRET": SECRET}):
        with placed(root, BEFORE) as place:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("scanner.pipeline.judge", _stopped)
                codes.append(place.run(FIRST))
            codes.append(place.run(SECOND))
            links = tuple(path.name for path in (place.folder / "packages" / "chain").glob("*"))
        with placed(root, AFTER) as place:
            codes.append(place.run(THIRD))
    return Days(root, tuple(codes), tuple(server.requests), links)


def _stopped(*_: object) -> None:
    raise KeyboardInterrupt
