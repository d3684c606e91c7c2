"""The report as one self-contained HTML page, and the page that the PDF is made from."""

from __future__ import annotations

import functools

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from scanner import resources
from scanner.model.artifact import Artifact
from scanner.model.report import Report
from scanner.render import svg, text, view


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(resources.templates_dir()),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        visible=text.visible,
        breakable=text.breakable,
        observed=text.observed_text,
        short=text.short_digest,
        threshold=lambda use: view.threshold_text(use.value, use.unit),
        default_threshold=lambda use: view.threshold_text(use.default, use.unit),
        instant=lambda moment: f"{moment:%Y-%m-%d %H:%M:%S} UTC",
    )
    return environment


def render(report: Report) -> Artifact:
    """Return ``report.html``."""
    return Artifact("report.html", "text/html", page(report, view.SCREEN, printed=False).encode("utf-8", "replace"))


def page(report: Report, bounds: view.Bounds, *, printed: bool) -> str:
    """Return the HTML of a report, for the screen or for print."""
    template = _environment().get_template("report.html.j2")
    rendered: str = template.render(
        view=view.build(report, bounds),
        report=report,
        scan=report.scan,
        printed=printed,
        ages_chart=Markup(svg.key_ages(report.key_ages)),  # noqa: S704 - svg.py escapes every text
        phases_chart=Markup(svg.phases(report.phases)),  # noqa: S704 - as above
        verdict_words=view.VERDICT_WORDS,
        basis_words=view.BASIS_WORDS,
        rests_words=view.RESTS_WORDS,
    )
    return rendered
