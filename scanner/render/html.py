"""The report as one self-contained HTML page, and the page that the PDF is made from."""

from __future__ import annotations

import base64
import functools
import hashlib
from datetime import datetime

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from scanner import resources
from scanner.model.artifact import Artifact
from scanner.model.report import Report
from scanner.render import (
    due,
    due_svg,
    exceptions,
    finding,
    glossary,
    inventory,
    period,
    svg,
    text,
    tree,
    trend,
    trend_words,
    vendors,
    view,
    words,
)


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(resources.templates_dir()),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    _add_filters(environment)
    environment.globals.update(
        verdict_words=words.VERDICTS,
        basis_words=words.BASIS,
        rests_words=words.RESTS,
        strength_words=words.STRENGTHS,
        glossary=glossary.TERMS,
        due_printed=due.PRINTED,
        trend_scope=trend_words.SCOPE,
        trend_legend=trend_words.LEGEND,
    )
    return environment


def _add_filters(environment: Environment) -> None:
    environment.filters.update(
        visible=text.visible,
        breakable=text.breakable,
        prose=text.prose,
        pairs=text.observed_pairs,
        short=text.short_digest,
        by_verdict=view.by_verdict,
        instant=_instant,
        threshold=lambda use: view.threshold_text(use.value, use.unit),
        default_threshold=lambda use: view.threshold_text(use.default, use.unit),
        basis=words.basis_of,
        default_basis=words.default_basis_of,
        several=words.several,
        anchor=finding.anchor,
        place=finding.place,
        raw=finding.raw,
        verdicts_of=finding.verdicts_of,
        reading=inventory.reading,
        standing=inventory.standing,
        mode=inventory.mode,
        encryption=inventory.encryption,
        ephi=inventory.ephi,
        retention=inventory.retention,
        answer=inventory.answer,
        edges=inventory.edges,
        loose=inventory.loose,
        module_name=inventory.module_name,
        vendor_name=vendors.vendor,
        contract=vendors.contract,
        keeping=vendors.keeping,
        custody=vendors.custody,
        stored=vendors.stored,
        promised=vendors.promised,
        shown=vendors.shown,
        cover=exceptions.cover,
        covers=exceptions.covers,
        exception_state=exceptions.standing,
        period_view=period.view,
        due_kind=due.kind,
        due_caveats=due.caveats,
        rests_on=due.rests_on,
        trend_view=trend.view,
        trend_days=trend_words.days,
        trend_letters=lambda track: trend_words.letters(track, trend.LETTERS),
    )


def _shown(value: object) -> object:
    """Make safe to show whatever a template prints, also where it forgot to ask for it."""
    return value if isinstance(value, (Markup, int)) else text.visible(str(value))


def _instant(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def render(report: Report) -> Artifact:
    """Return ``report.html``."""
    return Artifact("report.html", "text/html", page(report, view.SCREEN, printed=False).encode())


def page(report: Report, bounds: view.Bounds, *, printed: bool) -> str:
    """Return the HTML of a report, for the screen or for print."""
    style = _style(printed=printed)
    script = "" if printed else _script()
    rendered: str = (
        _environment()
        .get_template("report.html.j2")
        .render(
            view=view.build(report, bounds),
            report=report,
            scan=report.scan,
            printed=printed,
            style=Markup(style),  # noqa: S704 - our own file
            style_hash=_hash(style),
            script=Markup(script),  # noqa: S704 - our own file
            script_hash=_hash(script),
            tree_chart=[Markup(part) for part in tree.draw(report.inventory.hierarchy.branches)],  # noqa: S704 - as below
            due_chart=Markup(due_svg.due_chart(report.forecast)) if report.forecast else "",  # noqa: S704 - counts only
            ages_chart=[Markup(part) for part in svg.key_ages(report.key_ages)],  # noqa: S704 - svg.py escapes
        )
    )
    # WeasyPrint breaks a line at <wbr> only where the next piece is too long by itself; what is escaped has no tag.
    return rendered.replace("<wbr>", "\u200b") if printed else rendered


def fill(template: str, **values: object) -> str:
    """Return a page for the screen made from a template: in the report's style, without a script."""
    style = _style(printed=False)
    filled: str = (
        _environment()
        .get_template(template)
        .render(
            **values,
            printed=False,
            style=Markup(style),  # noqa: S704 - our own file
            style_hash=_hash(style),
        )
    )
    return filled


@functools.cache
def _style(*, printed: bool) -> str:
    folder = resources.templates_dir()
    names = ("report.css", "print.css" if printed else "screen.css")
    return "".join((folder / name).read_text(encoding="utf-8") for name in names)


@functools.cache
def _script() -> str:
    return (resources.templates_dir() / "report.js").read_text(encoding="utf-8")


def _hash(content: str) -> str:
    """Return the one style sheet or script that the browser may use, as a source of the content security policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
