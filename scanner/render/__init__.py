"""Stage 4: pure functions from the report to files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from scanner.model.artifact import Artifact
from scanner.model.report import Report


def _json(report: Report) -> Artifact:
    from scanner.render.results import render

    return render(report)


def _html(report: Report) -> Artifact:
    from scanner.render.html import render

    return render(report)


def _pdf(report: Report) -> Artifact:
    from scanner.render.pdf import render

    return render(report)


RENDERERS: Mapping[str, Callable[[Report], Artifact]] = {"json": _json, "html": _html, "pdf": _pdf}
"""Every output format, by the name that users give it."""


def results_schema() -> str:
    """Return the JSON Schema of ``results.json``."""
    return (Path(__file__).parent / "results.schema.json").read_text(encoding="utf-8")
