"""Stage 4: pure functions from the report to files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from scanner.model.artifact import Artifact
from scanner.model.diff import Diff
from scanner.model.forecast import Forecast
from scanner.model.period import Period
from scanner.model.report import Report
from scanner.model.trend import Trend


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


def _diff_text(diff: Diff) -> Artifact:
    from scanner.render.diff_text import render

    return render(diff)


def _diff_json(diff: Diff) -> Artifact:
    from scanner.render.diff_json import render

    return render(diff)


def _diff_markdown(diff: Diff) -> Artifact:
    from scanner.render.diff_markdown import render

    return render(diff)


def _diff_html(diff: Diff) -> Artifact:
    from scanner.render.diff_html import render

    return render(diff)


DIFFS: Mapping[str, Callable[[Diff], Artifact]] = {
    "text": _diff_text,
    "json": _diff_json,
    "markdown": _diff_markdown,
    "html": _diff_html,
}
"""What a comparison of two scans can be shown as, by the name that users give it."""


def diff_schema() -> str:
    """Return the JSON Schema of ``diff.json``."""
    return (Path(__file__).parent / "diff.schema.json").read_text(encoding="utf-8")


def forecast_as(forecast: Forecast, organization: str, name: str) -> bytes:
    """Return what comes due in one of the formats for other programs: ``json``, ``csv``, ``markdown``, ``ics``."""
    from scanner.render.due import FORMATS

    return FORMATS[name](forecast, organization)


def forecast_caveats(forecast: Forecast) -> list[str]:
    """Return what a forecast does not know, as sentences."""
    from scanner.render.due import caveats

    return caveats(forecast)


def period_json(period: Period) -> Artifact:
    """Return an audit period with every line and all of its days, as ``period.json``."""
    from scanner.render.period import render

    return render(period)


def forecast_schema() -> str:
    """Return the JSON Schema of a forecast in JSON."""
    from scanner.render.due import schema

    return schema()


def _trend_text(trend: Trend) -> Artifact:
    from scanner.render.trend_text import render

    return render(trend)


def _trend_json(trend: Trend) -> Artifact:
    from scanner.render.trend_json import render

    return render(trend)


def _trend_markdown(trend: Trend) -> Artifact:
    from scanner.render.trend_markdown import render

    return render(trend)


def _trend_html(trend: Trend) -> Artifact:
    from scanner.render.trend_html import render

    return render(trend)


TRENDS: Mapping[str, Callable[[Trend], Artifact]] = {
    "text": _trend_text,
    "json": _trend_json,
    "markdown": _trend_markdown,
    "html": _trend_html,
}
"""What the trend of a series can be shown as, by the name that users give it."""


def trend_schema() -> str:
    """Return the JSON Schema of what ``keyaudit history show --format json`` writes."""
    return (Path(__file__).parent / "trend.schema.json").read_text(encoding="utf-8")


def results_schema() -> str:
    """Return the JSON Schema of ``results.json``."""
    return (Path(__file__).parent / "results.schema.json").read_text(encoding="utf-8")
