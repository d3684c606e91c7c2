"""A real disk that is nearly full."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def disk(place: Path) -> Iterator[Path]:
    """Mount a file system of 64 KiB at ``place``, half of it taken by a file ``ballast``. Skips without leave to."""
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], check=False).returncode:
        pytest.skip("only root can mount a file system")
    try:
        (place / "ballast").write_bytes(b"x" * 32768)
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)
