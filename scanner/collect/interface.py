"""What a provider gives to the runner, and what the runner gives to a collector."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from scanner.model.ids import Json, SourceId
from scanner.model.observation import GapReason
from scanner.model.operation import Operation


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came from the provider, before redaction."""

    status: int
    request_id: str
    body: Json
    error_code: str = ""


class CallError(Exception):
    """A call that got no usable answer. ``retry`` says that asking again may help."""

    def __init__(
        self,
        reason: GapReason,
        *,
        code: str = "",
        detail: str = "",
        request_id: str = "",
        status: int = 0,
        retry: bool = False,
    ) -> None:
        super().__init__(f"{reason}: {code} {detail}".strip())
        self.reason = reason
        self.code = code
        self.detail = detail
        self.request_id = request_id
        self.status = status
        self.retry = retry


class ForbiddenOperationError(Exception):
    """A collector tried an operation that it does not declare. It was refused before it left this machine."""


class Transport(Protocol):
    """Sends one declared operation to one scope of one provider."""

    @property
    def endpoint(self) -> str:
        """Base URL that calls go to."""
        ...

    def send(self, operation: str, params: Mapping[str, Json]) -> Reply:
        """Send once, without a retry. Raises CallError, or ForbiddenOperationError for what is not declared."""
        ...

    def close(self) -> None:
        """Give up its connections: the unit is done."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it is recorded, so after redaction; a resumed scan gives the recorded one again."""

    body: dict[str, Json]
    error_code: str
    last: bool


Check = Callable[[dict[str, Json]], str]
"""Says what is wrong with the shape of an answer, or an empty text."""


@dataclass(frozen=True, slots=True)
class Paging:
    """How an operation pages: the answer's field that holds the next token, and the parameter that takes it."""

    answer: str
    parameter: str
    more: str = ""
    """The answer's flag that says that a page follows, where the provider has one. Without a token it is a lie."""


class Asking(Protocol):
    """A collector's only way to the outside. Every method records what it does."""

    @property
    def unit(self) -> Unit:
        """The unit that asks: its account, region and plan."""
        ...

    def wants(self, operation: str) -> bool:
        """Tell whether the selected controls need this operation."""
        ...

    def call(
        self,
        operation: str,
        params: Mapping[str, Json],
        *,
        subject: str | None = None,
        known: tuple[str, ...] = (),
        check: Check | None = None,
    ) -> Answer | None:
        """Ask once. None: not wanted, or it became a gap. ``known`` are error codes that are an answer."""
        ...

    def pages(
        self,
        operation: str,
        params: Mapping[str, Json],
        paging: Paging,
        *,
        subject: str | None = None,
        known: tuple[str, ...] = (),
        check: Check | None = None,
    ) -> Iterator[Answer]:
        """Ask page after page. Ends early after a gap; the gap tells that the listing is not complete.

        A resumed scan goes on where the stored pages end, or lists from the first page again when the provider does
        not take their token any more.
        """
        ...

    def note(self, operation: str, error: CallError, *, subject: str | None) -> None:
        """Record a gap that the collector found by itself: something that should be there is not."""
        ...

    def each(self, work: Callable[[str], None], subjects: Iterator[str]) -> None:
        """Run ``work`` for every subject, several at once. A failure of one stays with that one.

        ``work`` itself must not call ``each``: both would wait for the same threads.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One scope of one service: the piece of work that has a segment of its own in the evidence log."""

    id: str
    """``aws/prod/111122223333/us-east-1/kms``."""
    source: SourceId
    source_name: str
    account: str
    region: str
    collector: str
    principal: str
    operations: tuple[Operation, ...]
    collect: Callable[[Asking], Iterable[Unit]]
    """Asks what there is to ask; what it yields are further units (accounts, regions) to run."""
    transport: Callable[[], Transport]
    """Makes the transport in the thread that uses it first; clients are expensive."""
    deadline: float
    """On the monotonic clock, in seconds: what is not asked by then becomes a gap."""
    concurrency: int = 32
    uncached: tuple[str, ...] = field(default=())
    """Operations asked again on a resume, because what they really give (credentials) is never stored."""
