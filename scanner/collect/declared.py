"""What the estate file itself declares, taken into the evidence like an answer: facts never rest on anything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from scanner.collect.interface import Asking, ForbiddenOperationError, Reply, Unit
from scanner.evidence.records import source_id
from scanner.model.estate import Estate
from scanner.model.ids import Json
from scanner.model.operation import Operation, columns

NAME = "declared"
SOURCE = "estate"
STORES = "estate:Stores"
HIERARCHY = "estate:Hierarchy"

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name=STORES,
        permissions=(),
        feeds=(
            *("declared_stores.*", "declared_stores.match", "declared_stores.ephi", "declared_stores.sensitivity"),
            *("declared_stores.matched", "data_stores.ephi", "data_stores.sensitivity"),
        ),
        purpose="which data stores hold ePHI, as the estate file says",
    ),
    Operation(
        name=HIERARCHY,
        permissions=(),
        feeds=(
            *columns("declared_edges", "*", "child", "parent_ref", "children", "parents"),
            *columns("bindings", "*", "child_id", "parent_id", "child_kind", "parent_kind", "strength"),
        ),
        purpose="edges of the key hierarchy that no API tells, as the estate file says",
    ),
)


def unit(estate: Estate, deadline: float) -> Unit:
    """Return the unit that reads what the estate declares. ``deadline`` is on the monotonic clock, in seconds."""
    return Unit(
        id=NAME,
        source=source_id(SOURCE),
        source_name=SOURCE,
        account="",
        region="",
        collector=NAME,
        principal="",
        operations=OPERATIONS,
        collect=collect,
        transport=lambda: _EstateFile(estate),
        deadline=deadline,
        concurrency=1,
    )


def collect(asking: Asking) -> Iterator[Unit]:
    """Take what the estate says into the evidence. Yields no further units."""
    asking.call(STORES, {})
    asking.call(HIERARCHY, {})
    yield from ()


class _EstateFile:
    """Answers from the estate file; nothing leaves this machine."""

    endpoint = "estate file"

    def __init__(self, estate: Estate) -> None:
        self._estate = estate

    def send(self, operation: str, params: Mapping[str, Json]) -> Reply:
        """Answer. Raises ForbiddenOperationError for what is not declared."""
        if operation not in _TOLD or params:
            raise ForbiddenOperationError(f"{operation} is not a declared read-only operation")
        return Reply(200, "", {"estate": self._estate.digest, **_TOLD[operation](self._estate)})

    def close(self) -> None:
        """Give up nothing: a file has no connection."""


def _stores(estate: Estate) -> dict[str, Json]:
    return {
        "stores": [
            {"match": one.match, "ephi": one.ephi, "sensitivity": list(one.sensitivity) if one.sensitivity else None}
            for one in estate.stores
        ]
    }


def _hierarchy(estate: Estate) -> dict[str, Json]:
    return {"edges": [{"child": edge.child, "parent": edge.parent} for edge in estate.hierarchy]}


_TOLD: Mapping[str, Callable[[Estate], dict[str, Json]]] = {STORES: _stores, HIERARCHY: _hierarchy}
