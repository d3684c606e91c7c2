"""A provider in memory that answers as told, for what no simulated one would answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scanner.collect.interface import Asking, CallError, Reply, Unit
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from scanner.model.operation import Operation
from tests.collect.fakes import Bench, Work
from tests.support import ACCOUNT, REGION

PRINCIPAL = f"arn:aws:sts::{ACCOUNT}:assumed-role/audit/keyaudit"


@dataclass(slots=True)
class Scripted:
    """Answers each operation with its body, or with the error of its code; what is not told of is empty."""

    bodies: Mapping[str, Json] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)
    asked: list[tuple[str, Mapping[str, Json]]] = field(default_factory=list)
    endpoint: str = "https://scripted.example"

    def send(self, operation: str, params: Mapping[str, Json]) -> Reply:
        """Answer, or fail."""
        self.asked.append((operation, dict(params)))
        if operation in self.codes:
            raise CallError(GapReason.FAILED, code=self.codes[operation], detail="no", status=400)
        return Reply(200, "r", self.bodies.get(operation, {}))

    def close(self) -> None:
        """Nothing is open."""

    @property
    def operations(self) -> list[str]:
        """What was asked, in order."""
        return [operation for operation, _ in self.asked]


def run(
    bench: Bench,
    collect: Callable[[Asking], Iterable[Unit]],
    operations: tuple[Operation, ...],
    provider: Scripted,
    **given: Any,  # noqa: ANN401 - fields of Unit
) -> Work:
    """Run a collector over a scripted provider, with all of its operations wanted."""
    fields = {"principal": PRINCIPAL, "account": ACCOUNT, "region": REGION, **given}
    work = bench.work(
        wanted=frozenset(op.name for op in operations), transport=lambda: provider, operations=operations, **fields
    )
    assert list(collect(work.ask)) == []
    return work


def gaps(work: Work) -> list[tuple[str, GapReason]]:
    """Return the operations that have no answer, and why."""
    return [(gap.operation, gap.reason) for gap in work.gaps]
