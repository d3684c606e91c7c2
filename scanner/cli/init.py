"""``keyaudit init``: write a commented estate file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scanner.errors import UsageError


def init(
    path: Annotated[Path, typer.Argument(help="File to write.")] = Path("estate.yaml"),
    organization: Annotated[
        str, typer.Option("--organization", help="Name of the organization, for the report's cover.")
    ] = "Example Organization",
) -> None:
    """Write an estate file with every key explained. It scans the default AWS account as it stands.

    Example: keyaudit init estate.yaml --organization "Example Health"
    """
    from scanner import pipeline, resources
    from scanner.estate.template import init_estate

    catalogue = pipeline.catalogue(resources.controls_dir(), (), (), ())
    parameters = {
        p.name: (p.default, p.unit, p.basis.value.replace("_", " "))
        for control in catalogue.controls
        for p in control.parameters
    }
    text = init_estate(organization, parameters=dict(sorted(parameters.items())))
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} exists already", hint="name another file; nothing was changed") from None
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error
    typer.echo(f"wrote {path}; next: keyaudit doctor {path}")
