"""``keyaudit permissions``: the least-privilege policy for a scan."""

from __future__ import annotations

from typing import Annotated

import typer

from scanner.cli.controls import catalogue
from scanner.cli.options import CatalogueOption, ControlsOption, FrameworkOption, PhaseOption
from scanner.cli.text import say
from scanner.errors import UsageError


def permissions(
    provider: Annotated[str, typer.Argument(help="Provider, e.g. aws.")],
    control: ControlsOption = None,
    framework: FrameworkOption = None,
    phase: PhaseOption = None,
    controls: CatalogueOption = None,
) -> None:
    """Print the least-privilege policy that a scan needs.

    It is made from the operations that the transport allows.

    Example: keyaudit permissions aws --control KM-ROT-04
    """
    from scanner import pipeline, sources

    kinds = {kind.provider: kind for kind in sources.SOURCES if any(op.permissions for op in kind.operations())}
    if provider not in kinds:
        raise UsageError(f"unknown provider {provider!r}", hint=f"known: {', '.join(kinds)}")
    wanted = pipeline.wanted_operations(catalogue(controls, control, framework, phase))
    kind = kinds[provider]
    say(kind.permissions(op for op in kind.operations() if op.name in wanted).rstrip("\n"))
