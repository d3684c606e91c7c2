"""What tests need of the system: another user, processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534
MAIN = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from scanner.cli.main import main; main()"
)
"""Whoever runs the tests may ignore Ctrl-C, and a child inherits that."""


@contextmanager
def as_nobody() -> Iterator[None]:
    """Have no special rights in the block: root reads everything, whatever its mode."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def keyaudit(*arguments: str | Path, cwd: Path | None = None, **environ: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command line in a process of its own."""
    command = [sys.executable, "-m", "scanner", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env={**os.environ, **environ}, capture_output=True, check=False)


def begin(*arguments: str | Path) -> subprocess.Popen[str]:
    """Begin the command line in a process of its own."""
    command = [sys.executable, "-c", MAIN, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
