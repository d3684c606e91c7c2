"""Is the built-in scheduler alive? Its health file says so by its age."""

from __future__ import annotations

from pathlib import Path

from scanner.errors import KeyauditError


class UnhealthyError(KeyauditError):
    """The scheduler gives no sign of life. Exit code 1."""

    hint = "look at its log, and start it again"


def check_health(file: Path, now: float, max_age: float, *, absent_ok: bool = False) -> float | None:
    """Return the age of the health file in seconds; None when there is none and that is ``absent_ok``.

    ``now`` is in seconds since the epoch. A file from the future is as old as it is ahead: a clock that was set back
    must not make a dead scheduler look alive. Raises UnhealthyError.
    """
    try:
        age = now - file.stat().st_mtime
    except FileNotFoundError:
        if absent_ok:
            return None
        raise UnhealthyError(f"there is no health file {file}") from None
    if abs(age) > max_age:
        when = f"{age:.0f} s old" if age > 0 else f"{-age:.0f} s in the future"
        raise UnhealthyError(f"the health file {file} is {when}, {max_age:g} s at most")
    return age
