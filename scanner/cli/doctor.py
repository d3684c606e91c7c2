"""Check that everything is in place for a scan: ``keyaudit doctor``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.cli.text import fold, safe, say
from scanner.errors import KeyauditError

if TYPE_CHECKING:
    from scanner.pipeline import Identified

MOST = 1000
"""Characters shown of what a provider answers."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    good: bool
    what: str
    detail: str
    hints: tuple[str, ...] = ()


class DoctorError(KeyauditError):
    """Something is not in place. Exit code 2."""

    exit_code = 2


def doctor(
    estate: Annotated[Path | None, typer.Argument(help="Estate file; without it only the installation.")] = None,
) -> None:
    """Check the installation, the estate file and each source.

    Each source is asked who is asking, and which accounts and regions there are; nothing else is read.

    Example: keyaudit doctor estate.yaml
    """
    good = bad = 0
    for finding in [*installation(), *(_estate(estate) if estate else ())]:
        for line in lines(finding):
            say(line)
        good += finding.good
        bad += not finding.good
    if bad:
        raise DoctorError(f"{bad} of {good + bad} checks failed", hint="see the lines that begin with BAD")
    if estate is None:
        say("next: `keyaudit demo`, or `keyaudit init` and `keyaudit doctor estate.yaml`")


def lines(finding: Finding) -> Iterator[str]:
    """Yield the lines that tell a finding, folded."""
    mark = "ok  " if finding.good else "BAD "
    yield fold(f"{mark} {finding.what}: {safe(finding.detail, MOST)}", 5)
    for hint in finding.hints:
        yield fold(f"     {safe(hint, MOST)}", 5)


def installation() -> Iterator[Finding]:
    """Look at Python, the catalogue and the PDF renderer."""
    from scanner import __version__

    yield Finding(True, "keyaudit", f"{__version__} on Python {sys.version.split()[0]}")
    yield catalogue()
    yield renderer()
    if find_spec("moto") is None:
        yield Finding(True, "demo", "not installed (scans do not need it)", ('pip install "keyaudit[demo]"',))
    else:
        yield Finding(True, "demo", "installed")


def catalogue() -> Finding:
    """Look at the catalogue."""
    from scanner import pipeline, resources

    try:
        chosen = pipeline.catalogue(resources.controls_dir(), (), (), ())
    except KeyauditError as error:
        return _wrong("controls", error)
    return Finding(True, "controls", f"{len(chosen.controls)} controls, {chosen.digest[:19]}…")


def _wrong(what: str, error: KeyauditError) -> Finding:
    return Finding(False, what, str(error), (error.hint,) if error.hint else ())


def renderer() -> Finding:
    """Look at what makes the PDF."""
    try:
        import weasyprint
    except (ImportError, OSError) as error:
        return Finding(
            False,
            "pdf",
            f"WeasyPrint does not load: {error}",
            ("apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0", "or scan with --no-report"),
        )
    return Finding(True, "pdf", f"WeasyPrint {weasyprint.__version__}")


def _estate(path: Path) -> Iterator[Finding]:
    from scanner import pipeline, resources
    from scanner.cli import running
    from scanner.estate.load import check_needs, read_estate

    try:
        text = read_estate(path)
        running.check_estate(text, pipeline.load_catalogue(resources.controls_dir()))
    except KeyauditError as error:
        yield _wrong("estate", error)
        return
    yield Finding(True, "estate", f"{path}: sources {', '.join(text.estate.source_names)}")
    outside = running.world()
    for name in text.estate.source_names:
        try:
            check_needs(text, outside.resolve, {name})
        except KeyauditError as error:
            yield _wrong(name, error)
            continue
        with running.told_of_stopping():
            identified = pipeline.identify(text.estate, name, outside)
        yield from source(identified)


def source(identified: Identified) -> Iterator[Finding]:
    """Look at how a source answered."""
    from scanner.cli.advice import advice

    for gap in identified.gaps:
        what = " ".join(part for part in (gap.operation, gap.reason.value, gap.error_code) if part)
        scope = f" in {gap.source}" if gap.account else ""
        yield Finding(False, identified.source, f"{what}{scope}: {gap.detail}", tuple(advice([gap])))
    for principal in identified.principals:
        yield Finding(True, identified.source, f"answers; you are {principal}")
