"""Check that everything is in place for a scan: ``keyaudit doctor``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.errors import KeyauditError

if TYPE_CHECKING:
    from scanner.pipeline import Identified


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    good: bool
    what: str
    detail: str
    hint: str = ""


class DoctorError(KeyauditError):
    """Something is not in place. Exit code 2."""

    exit_code = 2


def doctor(
    estate: Annotated[Path | None, typer.Argument(help="Estate file; without it only the installation.")] = None,
) -> None:
    """Check the installation, the estate file, and that each source answers who is asking.

    Example: keyaudit doctor estate.yaml
    """
    bad = 0
    for finding in [*installation(), *(_estate(estate) if estate else ())]:
        typer.echo(f"{'ok  ' if finding.good else 'BAD '} {finding.what}: {finding.detail}")
        if finding.hint:
            typer.echo(f"     {finding.hint}")
        bad += not finding.good
    if bad:
        raise DoctorError(f"{bad} of the checks above failed")


def installation() -> Iterator[Finding]:
    """Look at Python, the catalogue and the PDF renderer."""
    from scanner import __version__

    yield Finding(True, "keyaudit", f"{__version__} on Python {sys.version.split()[0]}")
    yield _catalogue()
    yield _renderer()


def _catalogue() -> Finding:
    from scanner import pipeline, resources

    try:
        chosen = pipeline.catalogue(resources.controls_dir(), (), (), ())
    except KeyauditError as error:
        return Finding(False, "controls", str(error), error.hint)
    return Finding(True, "controls", f"{len(chosen.controls)} controls, {chosen.digest[:19]}…")


def _renderer() -> Finding:
    try:
        import weasyprint
    except (ImportError, OSError) as error:
        return Finding(
            False,
            "pdf",
            f"WeasyPrint does not load: {error}",
            "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
        )
    return Finding(True, "pdf", f"WeasyPrint {weasyprint.__version__}")


def _estate(path: Path) -> Iterator[Finding]:
    from scanner import pipeline, resources
    from scanner.cli import running
    from scanner.estate.load import load_estate

    try:
        estate = load_estate(path)
        running.check_estate(path, resources.controls_dir())
    except KeyauditError as error:
        yield Finding(False, "estate", str(error), error.hint)
        return
    yield Finding(True, "estate", f"{path}: sources {', '.join(estate.source_names)}")
    for identified in pipeline.identify(estate, running.world()):
        yield from _source(identified)


def _source(identified: Identified) -> Iterator[Finding]:
    for gap in identified.gaps:
        detail = f"{gap.operation} {gap.reason} {gap.error_code}: {gap.detail}"
        yield Finding(False, identified.source, detail, _advice(gap.reason))
    for principal in identified.principals:
        yield Finding(True, identified.source, f"answers; you are {principal}")


def _advice(reason: str) -> str:
    return {
        "denied": "check the credentials, and grant what `keyaudit permissions aws` prints",
        "unreachable": "check region, endpoint_url, proxy and ca_bundle",
    }.get(reason, "")
