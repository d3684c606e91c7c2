"""``keyaudit controls``: list, show, lint and test the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.cli.options import CatalogueOption, ControlsOption, FrameworkOption, PhaseOption
from scanner.errors import ControlError

if TYPE_CHECKING:
    from scanner.model.control import Catalogue, Control

app = typer.Typer(help="List, show, lint and test the control catalogue.", no_args_is_help=True)


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
    """List controls: id, severity, basis, title.

    Example: keyaudit controls list --phase rotation
    """
    chosen = catalogue(controls, control, framework, phase).controls
    for one in chosen:
        typer.echo(f"{one.id:<10} {one.severity.value:<8} {one.basis.value:<14} {one.title}")


@app.command("show")
def show(
    control: Annotated[str, typer.Argument(help="Control id.", metavar="ID")], controls: CatalogueOption = None
) -> None:
    """Show one control: statement, clauses, thresholds, expressions, remedy, and what it reads.

    Example: keyaudit controls show KM-ROT-04
    """
    (one,) = catalogue(controls, [control]).controls
    for line in describe(one):
        typer.echo(line)


def describe(control: Control) -> Iterator[str]:
    """Yield the lines that describe a control."""
    from scanner import pipeline

    yield f"{control.id}  {control.title}"
    yield ""
    yield control.statement.strip()
    yield ""
    yield f"severity    {control.severity.value}"
    yield f"phase       {control.phase}"
    yield f"basis       {control.basis.value.replace('_', ' ')}"
    yield f"rests on    {control.rests_on.value}"
    for citation in control.citations:
        mapping = f" ({citation.mapping} mapping)" if citation.mapping else ""
        yield f"clause      {citation.framework} {citation.ref}{mapping}"
    for parameter in control.parameters:
        basis = parameter.basis.value.replace("_", " ")
        yield f"threshold   {parameter.name} = {parameter.default} {parameter.unit} ({basis}: {parameter.source})"
    yield f"judges      every row of {control.table}"
    for related in control.related:
        where = f" where {related.where}" if related.where else ""
        yield f"related     {related.name} = {related.aggregate} of {related.table}{where}"
    yield f"applies     {control.applies}"
    yield f"pass        {control.pass_when}"
    yield f"fail        {control.fail_when}"
    yield f"asks        {', '.join(sorted(pipeline.operations_of(control))) or 'nothing'}"
    yield ""
    yield control.rationale.strip()
    for provider, text in control.remedy:
        yield f"remedy ({provider}): {text.strip()}"
    yield f"file        {control.path}"


@app.command("lint")
def lint(controls: CatalogueOption = None) -> None:
    """Check every control: citations, mappings, expressions, parameters, examples.

    Example: keyaudit controls lint --controls ./my-controls
    """
    from scanner import pipeline

    chosen = catalogue(controls)
    problems = pipeline.lint_catalogue(chosen)
    for problem in problems:
        typer.echo(str(problem), err=True)
    if problems:
        raise ControlError(f"{len(problems)} problems in {len(chosen.controls)} controls")
    typer.echo(f"{len(chosen.controls)} controls, no problems")


@app.command("test")
def run_tests(control: ControlsOption = None, controls: CatalogueOption = None) -> None:
    """Run the examples of every control, with a row of nulls, an empty table and an unlisted table.

    Example: keyaudit controls test --control KM-ROT-04
    """
    from scanner import pipeline

    chosen = catalogue(controls, control).controls
    failures = [failure for one in chosen for failure in pipeline.test_control(one)]
    for failure in failures:
        typer.echo(str(failure), err=True)
    if failures:
        raise ControlError(f"{len(failures)} examples of {len(chosen)} controls got another verdict")
    typer.echo(f"{sum(len(one.examples) for one in chosen)} examples of {len(chosen)} controls hold")
