"""Small real parts for the tests of collecting: a provider in memory, a clock that stands still, one unit at work."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from scanner.collect.ask import Ask, Outside
from scanner.collect.interface import Asking, CallError, ForbiddenOperationError, Reply, Unit
from scanner.collect.limiter import Limiter
from scanner.collect.runner import guard
from scanner.collect.stored import Stored
from scanner.collect.tally import SourceTally, Tally
from scanner.evidence.log import Segment, read_segment
from scanner.evidence.records import source_id
from scanner.model.ids import Json
from scanner.model.observation import Gap, GapReason, Observation, Record
from scanner.model.operation import Operation

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
ONE = "test:GetOne"
LIST = "test:ListAll"
OPERATIONS = (
    Operation(name=LIST, permissions=("test:ListAll",), feeds=("keys.*",)),
    Operation(name=ONE, permissions=("test:GetOne",), feeds=("keys.name",), needs=(LIST,)),
)
Behavior = Callable[[str, Mapping[str, Json]], Any]
"""Gives the body of an answer, a whole Reply, or raises."""


class FakeTransport:
    """A provider in memory. Thread-safe; it remembers what it was asked."""

    def __init__(self, behavior: Behavior | None = None) -> None:
        self.endpoint = "https://fake.example"
        self.behavior: Behavior = behavior or (lambda _operation, _params: {})
        self.asked: list[tuple[str, dict[str, Json]]] = []
        self.closed = 0
        self._lock = threading.Lock()

    def send(self, operation: str, params: Mapping[str, Json]) -> Reply:
        """Answer as the behavior says."""
        if operation not in {op.name for op in OPERATIONS}:
            raise ForbiddenOperationError(f"{operation} is not declared")
        with self._lock:
            self.asked.append((operation, dict(params)))
            number = len(self.asked)
        answer = self.behavior(operation, params)
        return answer if isinstance(answer, Reply) else Reply(200, f"request-{number}", answer)

    def close(self) -> None:
        """Count how often it was closed."""
        self.closed += 1


def in_turn(*answers: Any) -> Behavior:  # noqa: ANN401 - bodies, replies or errors
    """Return a behavior that gives the answers one after the other, and raises those that are errors."""
    left = iter(answers)
    lock = threading.Lock()

    def behave(_operation: str, _params: Mapping[str, Json]) -> Any:  # noqa: ANN401 - as above
        with lock:
            answer = next(left)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return behave


def throttled() -> CallError:
    """Return what a throttled call raises."""
    return CallError(GapReason.THROTTLED, code="Throttling", detail="slow down", status=400, retry=True)


def denied() -> CallError:
    """Return what a denied call raises."""
    return CallError(GapReason.DENIED, code="AccessDenied", detail="no", request_id="r-denied", status=403)


@dataclass(slots=True)
class Clock:
    """A world outside that moves only when somebody waits."""

    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)
    chance: float = 1.0
    stopped: bool = False
    stops_after: int = -1
    """Stop the scan in the wait of that number; -1: never."""

    def wait(self, seconds: float) -> bool:
        """Let the seconds pass at once."""
        self.waits.append(seconds)
        self.seconds += seconds
        if len(self.waits) == self.stops_after:
            self.stopped = True
        return self.stopped

    def stop(self) -> None:
        """Stop the scan."""
        self.stopped = True

    def outside(self) -> Outside:
        """Return it as what asking takes of the world outside."""
        return Outside(
            now=lambda: NOW + timedelta(seconds=self.seconds),
            monotonic=lambda: self.seconds,
            wait=self.wait,
            stopped=lambda: self.stopped,
            stop=self.stop,
            random=lambda: self.chance,
        )


def nothing(_: Asking) -> Iterable[Unit]:
    """Collect nothing."""
    return ()


def a_unit(provider: FakeTransport | None = None, /, **given: Any) -> Unit:  # noqa: ANN401 - any field of Unit
    """Return a unit over a transport."""
    fields: dict[str, Any] = {
        "id": "test/main/unit",
        "source": source_id("test", "main"),
        "source_name": "main",
        "account": "111122223333",
        "region": "here",
        "collector": "test",
        "principal": "me",
        "operations": OPERATIONS,
        "collect": nothing,
        "transport": lambda: provider or FakeTransport(),
        "deadline": 1000.0,
        "concurrency": 4,
    }
    return Unit(**{**fields, **given})


class Work:
    """One unit at work: its Ask, and what it has written."""

    def __init__(
        self,
        folder: Path,
        provider: FakeTransport,
        pool: Executor,
        clock: Clock | None,
        wanted: frozenset[str],
        given: dict[str, Any],
    ) -> None:
        self.path = folder / "unit.jsonl"
        self.transport = provider
        self.clock = clock or Clock()
        self.tally = Tally()
        self.limiter = Limiter(4)
        self.unit = a_unit(provider, **given)
        stored = Stored(list(read_segment(self.path)) if self.path.exists() else [], self.unit.uncached)
        self.segment = Segment(self.path)
        self.ask = Ask(
            self.unit,
            wanted=wanted,
            stored=stored,
            segment=self.segment,
            limiter=self.limiter,
            pool=pool,
            outside=self.clock.outside(),
            tally=self.tally,
            boundary=guard,
        )

    @property
    def records(self) -> list[Record]:
        """Everything written so far, earlier runs included."""
        return list(read_segment(self.path))

    @property
    def gaps(self) -> list[Gap]:
        """The gaps written so far."""
        return [record for record in self.records if isinstance(record, Gap)]

    @property
    def answers(self) -> list[Observation]:
        """The answers written so far."""
        return [record for record in self.records if isinstance(record, Observation)]

    @property
    def counts(self) -> SourceTally:
        """The counters of the source."""
        (counts,) = self.tally.snapshot()
        return counts


class Bench:
    """Makes work over one folder; each is a run of the same scan."""

    def __init__(self, folder: Path, pool: Executor) -> None:
        self.folder = folder
        self._pool = pool
        self._made: list[Work] = []

    def work(
        self,
        behavior: Behavior | None = None,
        *,
        clock: Clock | None = None,
        wanted: frozenset[str] = frozenset({ONE, LIST}),
        **given: Any,  # noqa: ANN401 - fields of Unit
    ) -> Work:
        """Begin (or go on with) the unit against a behavior."""
        made = Work(self.folder, FakeTransport(behavior), self._pool, clock, wanted, given)
        self._made.append(made)
        return made

    def close(self) -> None:
        """Close every segment."""
        for made in self._made:
            made.segment.close()


def bench(folder: Path) -> Iterator[Bench]:
    """Yield a bench with a pool of threads."""
    with ThreadPoolExecutor(8) as pool:
        made = Bench(folder, pool)
        yield made
        made.close()


def listing(*pages: list[Any], mark: str = "page-{0}") -> Behavior:
    """Return a behavior that lists ``pages`` (the items of each), and knows one object behind every id."""

    def behave(operation: str, params: Mapping[str, Json]) -> Any:  # noqa: ANN401 - a body
        if operation != LIST:
            return {"of": params.get("id")}
        names = {mark.format(i): i for i in range(1, len(pages))}
        at = params.get("PageToken")
        if at is not None and at not in names:
            raise CallError(GapReason.FAILED, code="InvalidMarkerException", detail="what token?", status=400)
        number = names[str(at)] if at is not None else 0
        more = {"Next": mark.format(number + 1)} if number + 1 < len(pages) else {}
        return {"Items": pages[number], **more}

    return behave


__all__ = [
    "LIST",
    "NOW",
    "ONE",
    "OPERATIONS",
    "Bench",
    "Clock",
    "FakeTransport",
    "Work",
    "a_unit",
    "bench",
    "denied",
    "in_turn",
    "listing",
    "nothing",
    "throttled",
]
