"""The report as PDF/A-3u, by WeasyPrint from the same templates."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from scanner.errors import KeyauditError
from scanner.model.artifact import Artifact
from scanner.model.report import Report
from scanner.render import html, view
from scanner.render.text import spelled

_MISSING = re.compile(r"\.notdef glyph .*\(U\+([0-9A-F]{4,6})\)", re.DOTALL)


class FontError(KeyauditError):
    """There is no font to print the report with."""

    hint = "install one (Debian: `apt-get install fonts-liberation`), then run `keyaudit report SCAN_DIR`"


def render(report: Report) -> Artifact:
    """Return ``report.pdf``. The same report gives the same bytes. Raises FontError."""
    page = html.page(report, view.PRINT, printed=True)
    data, missing = _write(page)
    if missing:
        data, _ = _write(page.translate(spellings(missing)))
    return Artifact("report.pdf", "application/pdf", data)


def spellings(missing: Iterable[str]) -> dict[int, str]:
    """Return what stands for characters that no font has: an empty box tells nothing, and PDF/A allows none.

    Raises FontError when they are those of the report's own words.
    """
    if any(char.isascii() for char in missing):
        raise FontError("report.pdf: no font with Latin letters is installed")
    return {ord(char): spelled(char) for char in missing}


def _write(page: str) -> tuple[bytes, set[str]]:
    """Return the PDF of a page, and the characters that no font has."""
    _demand_fonts()
    import weasyprint
    from weasyprint.urls import URLFetcher

    nothing = URLFetcher(allowed_protocols=())  # whatever a hostile name smuggled in stays out
    with _remarks() as remarks:
        data = weasyprint.HTML(string=page, url_fetcher=nothing).write_pdf(pdf_variant="pdf/a-3u", pdf_tags=True)
    return data, {chr(int(found[1], 16)) for remark in remarks if (found := _MISSING.match(remark))}


def _demand_fonts() -> None:
    """Raise FontError when there is no font: Pango would take the whole process with it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # it says the same, on import
        from weasyprint.text.ffi import fontconfig

    config = fontconfig.FcInitLoadConfigAndFonts()
    try:
        if not fontconfig.FcConfigGetFonts(config, fontconfig.FcSetSystem).nfont:
            raise FontError("report.pdf: no font is installed")
    finally:
        fontconfig.FcConfigDestroy(config)


class _Remarks(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


@contextmanager
def _remarks() -> Iterator[list[str]]:
    """Collect WeasyPrint's remarks instead of letting them reach the user's terminal."""
    logger = logging.getLogger("weasyprint")
    handler, level, propagate = _Remarks(), logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    try:
        yield handler.texts
    finally:
        logger.setLevel(level)
        logger.propagate = propagate
        logger.removeHandler(handler)
