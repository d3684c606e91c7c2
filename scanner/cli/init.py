"""``keyaudit init``: write a commented estate file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.cli.text import safe, say, shell
from scanner.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from scanner.model.control import Catalogue
    from scanner.model.ids import Json


def init(
    path: Annotated[Path, typer.Argument(help="File to write.")] = Path("estate.yaml"),
    organization: Annotated[
        str, typer.Option("--organization", help="Name of the organization, for the report's cover.", metavar="NAME")
    ] = "Example Organization",
) -> None:
    """Write an estate file with every key explained.

    As it stands it scans the default AWS account.

    Example: keyaudit init estate.yaml --organization "Example Health"
    """
    from scanner import pipeline, resources
    from scanner.estate.load import parse_estate
    from scanner.estate.template import init_estate

    if not organization.isprintable():
        raise UsageError("--organization: has control characters", hint="give the plain name")
    catalogue = pipeline.catalogue(resources.controls_dir(), (), (), ())
    text = init_estate(organization, parameters=defaults(catalogue))
    try:
        parse_estate(text.encode(), "--organization")
    except ConfigError as error:
        problem = str(error).removeprefix(f"{error.place}: ").removeprefix("organization: ")
        raise UsageError(f"--organization: {problem}", hint="give the plain name") from None
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} exists already", hint="name another file; nothing was changed") from None
    except OSError as error:
        hint = "name a file in a folder that is there"
        raise UsageError(f"cannot write {path}: {error.strerror}", hint=hint) from None
    say(f"wrote {safe(str(path), 4096)}; next: keyaudit doctor {safe(shell(path), 4096)}")


def defaults(catalogue: Catalogue) -> dict[str, tuple[Json, str, str]]:
    """Return every threshold by name: its default, unit, and on what it rests."""
    found = {
        p.name: (p.default, p.unit, p.basis.value.replace("_", " "))
        for control in catalogue.controls
        for p in control.parameters
    }
    return dict(sorted(found.items()))
