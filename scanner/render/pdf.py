"""The report as PDF/A-3u, by WeasyPrint from the same templates."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from scanner.model.artifact import Artifact
from scanner.model.report import Report
from scanner.render import html, view


def render(report: Report) -> Artifact:
    """Return ``report.pdf``. The same report gives the same bytes."""
    import weasyprint

    page = html.page(report, view.PRINT, printed=True)
    identifier = hashlib.sha256(report.scan.id.encode()).digest()[:16]
    with _quiet():
        data = weasyprint.HTML(string=page, url_fetcher=_refuse, base_url=None).write_pdf(
            pdf_variant="pdf/a-3u", pdf_identifier=identifier, custom_metadata=True
        )
    return Artifact("report.pdf", "application/pdf", data)


def _refuse(url: str, *_: object, **__: object) -> dict[str, object]:
    """Nothing is fetched: whatever a hostile name smuggled in stays out."""
    raise ValueError(f"the report refers to nothing outside itself: {url[:100]}")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep WeasyPrint's remarks on CSS it does not know away from the user's terminal."""
    logger = logging.getLogger("weasyprint")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
