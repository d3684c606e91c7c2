"""The browser that tests open pages in, and the rules of axe-core."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)


def axe() -> str:
    """Return where the rules of axe-core are. The package around them is not imported."""
    spec = importlib.util.find_spec("axe_playwright_python")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return str(Path(spec.submodule_search_locations[0]) / "axe.min.js")
