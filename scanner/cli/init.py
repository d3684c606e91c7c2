"""``keyaudit init``: write a commented estate file, or a register."""

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
    path: Annotated[
        Path,
        typer.Argument(
            help="File to write; or a register: `baa` of contracts, `documents`, `waivers`, `alternatives`."
        ),
    ] = Path("estate.yaml"),
    register: Annotated[
        Path | None, typer.Argument(help="File of the register; without it agreements.yaml, documents.yaml and so on.")
    ] = None,
    organization: Annotated[
        str, typer.Option("--organization", help="Name of the organization, for the report's cover.", metavar="NAME")
    ] = "Example Organization",
) -> None:
    """Write an estate file with every key explained.

    As it stands it scans the default AWS account. `init baa`, `init documents`, `init waivers` and `init alternatives`
    write a register instead: of contracts with vendors, of documents that controls ask for, of failures that are
    accepted for a time, and of documented alternatives (45 CFR 164.306(d)(3)).

    Example: keyaudit init estate.yaml --organization "Example Health"
    """
    from scanner.estate.register_template import TEMPLATES

    if str(path) in TEMPLATES:
        name, text = TEMPLATES[str(path)]
        file = register or Path(name)
        _write(file, text)
        key = Path(name).stem
        say(f"wrote {safe(str(file), 4096)}; next: name it in the estate file, `{key}: {safe(str(file), 4096)}`")
        return
    if register is not None:
        kinds = " or ".join(f"`init {kind} {safe(shell(register), 4096)}`" for kind in TEMPLATES)
        raise UsageError("two files are named", hint=f"name one, or a register: {kinds}")
    _estate(path, organization)


def _estate(path: Path, organization: str) -> None:
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
    _write(path, text)
    say(f"wrote {safe(str(path), 4096)}; next: keyaudit doctor {safe(shell(path), 4096)}")


def _write(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} exists already", hint="name another file; nothing was changed") from None
    except OSError as error:
        hint = "name a file in a folder that is there"
        raise UsageError(f"cannot write {path}: {error.strerror}", hint=hint) from None


def defaults(catalogue: Catalogue) -> dict[str, tuple[Json, str, str]]:
    """Return every threshold by name: its default, unit, and on what it rests."""
    found = {
        p.name: (p.default, p.unit, p.basis.value.replace("_", " "))
        for control in catalogue.controls
        for p in control.parameters
    }
    return dict(sorted(found.items()))
