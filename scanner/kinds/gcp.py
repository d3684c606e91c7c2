"""Google Cloud."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from scanner.collect.derived import with_derived
from scanner.collect.interface import Unit
from scanner.kinds.interface import Context, Kind, Normalize, chosen
from scanner.model.estate import Estate
from scanner.model.observation import Observation
from scanner.model.operation import Operation


@cache
def _operations() -> tuple[Operation, ...]:
    from scanner.collect.gcp import projects

    return with_derived("gcp", projects.operations())


def _normalizers() -> Mapping[str, Normalize]:
    from scanner.normalize.gcp import kms, project

    return {"gcp.kms": Normalize(kms.normalize), "gcp.project": Normalize(project.normalize)}


def _units(estate: Estate, context: Context) -> Iterator[Unit]:
    from scanner.collect.gcp import projects

    for source in estate.gcp:
        if chosen(source.name, _operations(), context):
            yield projects.first_unit(source, wanted=context.wanted, deadline=context.monotonic + source.time_limit)


def _permissions(operations: Iterable[Operation]) -> str:
    from scanner.collect.gcp.permissions import custom_role

    return custom_role(operations)


def _identity(observation: Observation) -> str:
    from scanner.collect.gcp.transport import WHO

    answer = observation.response
    if observation.operation != WHO or not isinstance(answer, dict):
        return ""
    return str(answer.get("principal", ""))


KIND = Kind(
    "gcp",
    "Google Cloud",
    _operations,
    _normalizers,
    _units,
    _permissions,
    _identity,
    lambda estate: bool(estate.gcp),
)
