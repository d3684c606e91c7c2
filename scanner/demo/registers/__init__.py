"""The demo's registers of contracts and documents, with the files that they name."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

FOLDER = Path(__file__).parent
NAME = "registers"
"""Folder of the registers, from the estate's."""
_DAY = re.compile(r"\bday([+-][0-9]+)\b")


def files(now: datetime) -> dict[str, bytes]:
    """Return the registers as they stand at ``now``, and what they name, by the path from the estate's folder.

    In the registers here ``day-30`` is the day 30 days before, in UTC: a contract that is in force in one demo is in
    force in each.
    """
    today = now.astimezone(UTC).date()

    def day(found: re.Match[str]) -> str:
        return (today + timedelta(days=int(found[1]))).isoformat()

    registers = {
        path.name: _DAY.sub(day, path.read_text(encoding="utf-8")).encode() for path in sorted(FOLDER.glob("*.yaml"))
    }
    named = {path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in sorted(FOLDER.glob("*/*.txt"))}
    return {f"{NAME}/{name}": data for name, data in {**registers, **named}.items()}
