"""``keyaudit controls``: list, show, lint and test the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.cli.options import CatalogueOption, ControlsOption, FrameworkOption, PhaseOption, need_command
from scanner.cli.text import fold, safe, safe_lines, say
from scanner.errors import ControlError

if TYPE_CHECKING:
    from scanner.model.control import Catalogue, Control

app = typer.Typer(
    help="List, show, lint and test the control catalogue.\n\nExample: keyaudit controls list --phase rotation"
)
app.callback(invoke_without_command=True)(need_command)
LABEL = 12
"""Columns of the words before what is shown of a control."""


def catalogue(
    folder: Path | None,
    ids: list[str] | None = None,
    frameworks: list[str] | None = None,
    phases: list[str] | None = None,
) -> Catalogue:
    """Load the catalogue, narrowed to a selection. Raises ConfigError or UsageError."""
    from scanner import pipeline, resources

    return pipeline.catalogue(folder or resources.controls_dir(), ids or (), frameworks or (), phases or ())


@app.command("list")
def list_controls(
    control: ControlsOption = None,
    framework: FrameworkOption = None,
    phase: PhaseOption = None,
    controls: CatalogueOption = None,
) -> None:
    """List controls: id, severity, what the threshold rests on, title.

    Example: keyaudit controls list --phase rotation
    """
    for one in catalogue(controls, control, framework, phase).controls:
        basis = one.basis.value.replace("_", " ")
        for line in _lines(f"{one.id:<10} {one.severity.value:<8} {basis:<14} {one.title}", 35):
            say(line)


@app.command("show")
def show(
    control: Annotated[str, typer.Argument(help="Control id.", metavar="ID")], controls: CatalogueOption = None
) -> None:
    """Show one control.

    Its statement, clauses, thresholds and expressions, what it asks of the provider, and the remedy.

    Example: keyaudit controls show KM-ROT-04
    """
    (one,) = catalogue(controls, [control]).controls
    for line in describe(one):
        say(line)


def describe(control: Control) -> Iterator[str]:
    """Yield the lines that describe a control, folded."""
    from scanner import pipeline

    yield from _text(f"{control.id}  {control.title}")
    yield ""
    yield from _text(control.statement)
    yield ""
    yield from _labelled("severity", control.severity.value)
    yield from _labelled("phase", control.phase)
    yield from _labelled("basis", control.basis.value.replace("_", " "))
    yield from _labelled("rests on", control.rests_on.value)
    for citation in control.citations:
        mapping = f" ({citation.mapping} mapping)" if citation.mapping else ""
        yield from _labelled("clause", f"{citation.framework} {citation.ref}{mapping}")
    for parameter in control.parameters:
        basis = parameter.basis.value.replace("_", " ")
        value = f"{parameter.name} = {parameter.default} {parameter.unit}".strip()
        yield from _labelled("threshold", f"{value} ({basis}: {parameter.source})")
    yield from _labelled("judges", f"every row of {control.table}")
    for related in control.related:
        where = f" where {related.where}" if related.where else ""
        yield from _labelled("related", f"{related.name} = {related.aggregate} of {related.table}{where}")
    yield from _labelled("applies", control.applies)
    yield from _labelled("pass", control.pass_when)
    yield from _labelled("fail", control.fail_when)
    yield from _labelled("asks", ", ".join(sorted(pipeline.operations_of(control))) or "nothing")
    yield ""
    yield from _text(control.rationale)
    for provider, text in control.remedy:
        yield ""
        yield from _text(f"remedy ({provider})")
        yield from _text(text, 2)
    yield ""
    yield from _labelled("file", control.path)


def _labelled(label: str, text: str) -> Iterator[str]:
    yield from _lines(f"{label:<{LABEL}}{text.strip()}", LABEL)


def _text(text: str, indent: int = 0) -> Iterator[str]:
    yield from _lines(" " * indent + text.strip(), indent)


def _lines(text: str, indent: int) -> Iterator[str]:
    # A catalogue can be anybody's (--controls), so its text is shown with care.
    for line in fold(text, indent).splitlines():
        yield safe(line, 4000)


@app.command("lint")
def lint(controls: CatalogueOption = None) -> None:
    """Check that every control file is right.

    Looks at citations, mappings, expressions, parameters and examples.

    Example: keyaudit controls lint --controls ./my-controls
    """
    from scanner import pipeline

    chosen = catalogue(controls)
    problems = pipeline.lint_catalogue(chosen)
    for problem in problems:
        say(safe_lines(str(problem)), err=True)
    if problems:
        raise ControlError(f"{_count(len(problems), 'problem')} in {_count(len(chosen.controls), 'control')}")
    say(f"{_count(len(chosen.controls), 'control')}, no problems")


@app.command("test")
def run_tests(control: ControlsOption = None, controls: CatalogueOption = None) -> None:
    """Run the examples that every control carries.

    Each control also judges a row of which nothing is known, which must be UNKNOWN.

    Example: keyaudit controls test --control KM-ROT-04
    """
    from scanner import pipeline

    chosen = catalogue(controls, control).controls
    failures = [failure for one in chosen for failure in pipeline.test_control(one)]
    for failure in failures:
        say(safe_lines(str(failure)), err=True)
    if failures:
        wrong = _count(len(failures), "example")
        raise ControlError(f"{wrong} of {_count(len(chosen), 'control')} got another verdict than stated")
    examples = _count(sum(len(one.examples) for one in chosen), "example")
    say(f"{examples} of {_count(len(chosen), 'control')}: all hold")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
