"""Scans of a small account before and after, made as a user would, for what compares scans."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from scanner.cli.main import run
from scanner.demo.world import Denied
from tests.support import a_key, a_world, estate_text, scan, simulated

CONTROLS = ("--control", "KM-ROT-03", "--control", "KM-ROT-04", "--control", "KM-ACC-01")


@dataclass(frozen=True)
class Scans:
    """Scan directories, and a package."""

    old: Path
    """``stays`` and ``mends`` are not rotated, ``gone`` is no key later."""
    new: Path
    """``mends`` is mended, ``breaks`` is not rotated any more, ``fresh`` is there; keys may be 90 days old, not 730."""
    blind: Path
    """Later still, and keys may not be listed."""
    package: Path
    """Of ``old``, not signed."""


@pytest.fixture(scope="session")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Scans:
    """Scan once, however many modules and processes ask."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with (shared / "scans-to-compare.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _scans(shared / "scans-to-compare")


def _scans(base: Path) -> Scans:
    old, new, blind = (base / name / "out" for name in ("old", "new", "blind"))
    made = Scans(old, new, blind, package=base / "old.zip")
    if made.package.exists():
        return made
    stays = a_key("stays", rotation=None)
    with simulated(a_world(stays, a_key("mends", rotation=None), a_key("breaks"), a_key("gone", rotation=None))) as aws:
        scan(base / "old", estate_text(aws.url), *CONTROLS)
    later = a_world(stays, a_key("mends"), a_key("breaks", rotation=None), a_key("fresh", age_days=3))
    with simulated(later) as aws:
        scan(base / "new", estate_text(aws.url, policy="{kek_max_days: 90}"), *CONTROLS)
    later.denied.append(Denied(operation="kms:ListKeys", defect=""))
    with simulated(later) as aws:
        scan(base / "blind", estate_text(aws.url), *CONTROLS)
    # Written last: where it is, all is there.
    assert run(["package", str(old), "-o", str(made.package), "--quiet"], traces=True) == 0
    return made
