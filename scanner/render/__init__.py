"""Stage 4: pure functions from the report to files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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


def _oscal(report: Report) -> Artifact:
    from scanner.render.oscal import render

    return render(report)


def _ocsf(report: Report) -> Artifact:
    from scanner.render.ocsf import render

    return render(report)


def _sarif(report: Report) -> Artifact:
    from scanner.render.sarif import render

    return render(report)


def _junit(report: Report) -> Artifact:
    from scanner.render.junit import render

    return render(report)


def _csv(report: Report) -> Artifact:
    from scanner.render.table_csv import render

    return render(report)


def _markdown(report: Report) -> Artifact:
    from scanner.render.markdown import render

    return render(report)


RENDERERS: Mapping[str, Callable[[Report], Artifact]] = {"json": _json, "html": _html, "pdf": _pdf}
"""What every scan writes, by the name that users give it."""

EXPORTS: Mapping[str, Callable[[Report], Artifact]] = {
    "oscal": _oscal,
    "ocsf": _ocsf,
    "sarif": _sarif,
    "junit": _junit,
    "csv": _csv,
    "markdown": _markdown,
}
"""What other programs read, by the name that users give it."""


def cbom(report: Report, rows: Callable[[str, Sequence[str]], Iterable[Mapping[str, object]]]) -> Artifact:
    """Return the inventory of keys as a bill of materials; ``rows`` gives columns of a fact table."""
    from scanner.render.cbom import render

    return render(report, rows)


def results_schema() -> str:
    """Return the JSON Schema of ``results.json``."""
    return (Path(__file__).parent / "results.schema.json").read_text(encoding="utf-8")
