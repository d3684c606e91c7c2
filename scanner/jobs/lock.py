"""One run of a profile at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scanner.errors import KeyauditError, UsageError

LOCK = ".lock"
EXIT_OVERLAP = 75
"""EX_TEMPFAIL of sysexits.h: try again later."""


class OverlapError(KeyauditError):
    """Another run of the profile is under way. Exit code 75."""

    exit_code = EXIT_OVERLAP
    hint = "it goes on; nothing was done here"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a profile's folder, made when it is missing, for this process.

    Raises OverlapError at once when another process holds it, and UsageError for a folder that cannot be used. The
    system lets go of the lock when the process ends, however it ends.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise UsageError(
            f"cannot use the folder {folder}: {error.strerror}", hint="give the profile a `folder` that can be written"
        ) from None
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OverlapError(f"another run holds {folder}") from None
        yield
    finally:
        os.close(fd)
