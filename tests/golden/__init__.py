"""Exact texts that a user sees. ``KEYAUDIT_GOLDEN=write`` writes them anew; look at the difference then."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent


def check(name: str, text: str) -> None:
    """Hold a text against the golden file ``name``."""
    path = FOLDER / name
    if os.environ.get("KEYAUDIT_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"tests/golden/{name} differs"
