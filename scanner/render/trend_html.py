"""The trend of a series as one self-contained HTML page in the report's style."""

from __future__ import annotations

from scanner.model.artifact import Artifact
from scanner.model.trend import Trend
from scanner.render.html import fill
from scanner.render.trend import LETTERS, view
from scanner.render.trend_words import thinned


def render(trend: Trend) -> Artifact:
    """Return ``history.html``."""
    page = fill(
        "history.html.j2",
        trend=trend,
        shown=view(trend, printed=False),
        judged=[],
        alone=True,
        thinned=thinned(len(trend.scans), LETTERS),
    )
    return Artifact("history.html", "text/html", page.encode())
