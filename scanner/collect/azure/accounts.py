"""Which subscriptions of Azure there are, and who asks: everything before the first service is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scanner.collect.azure.shapes import identified, items
from scanner.collect.interface import Asking, CallError, Paging, Transport, Unit
from scanner.evidence.records import source_id
from scanner.model.estate import AzureSource
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from scanner.model.operation import Operation

if TYPE_CHECKING:
    from scanner.collect.azure.transport import Hub

NAME = "azure.accounts"
TOKEN = "identity:GetToken"  # noqa: S105 - the name of an operation
SUBSCRIPTIONS = "subscriptions:Subscriptions_List"
PAGING = Paging(answer="nextLink", parameter="nextLink")
GONE = "Deleted"
"""State of a subscription of which nothing is left. In every other state, `Disabled` included, it can be read."""

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name=TOKEN,
        permissions=(),
        purpose="who is scanning: claims of the caller's own token, and which credential gave it",
        always=True,
    ),
    Operation(
        name=SUBSCRIPTIONS,
        permissions=("Microsoft.Resources/subscriptions/read",),
        purpose="subscriptions that the caller sees",
        always=True,
    ),
)


@dataclass(frozen=True, slots=True)
class Service:
    """A collector: what it is called, what it may ask, how it asks."""

    name: str
    operations: tuple[Operation, ...]
    collect: Callable[[Asking, Way], Iterable[Unit]]


@dataclass(frozen=True, slots=True)
class Way:
    """A source with what all of its units share."""

    source: AzureSource
    connect: Callable[[], Transport]
    """Makes a transport. Raises CallError where the SDK is not installed."""
    services: tuple[Service, ...]
    """What is read in each subscription."""
    deadline: float
    principal: str = ""

    def unit(self, service: Service, account: str, *, holder: str = "", region: str = "") -> Unit:
        """Return the unit of a service in a subscription, or in one vault of it (``holder``)."""
        parts = ("azure", self.source.name, account, holder, service.name.removeprefix("azure."))
        return Unit(
            id="/".join(part for part in parts if part),
            source=source_id("azure", account or self.source.name, holder),
            source_name=self.source.name,
            account=account,
            region=region,
            collector=service.name,
            principal=self.principal,
            operations=service.operations,
            collect=lambda asking: service.collect(asking, self),
            transport=self.connect,
            deadline=self.deadline,
            concurrency=self.source.concurrency,
        )


def first_unit(
    source: AzureSource,
    services: tuple[Service, ...],
    *,
    allowed: frozenset[str],
    wanted: frozenset[str],
    deadline: float,
) -> Unit:
    """Return the unit that finds the subscriptions of ``source``; every other unit follows from it.

    ``allowed`` are all declared operations; ``deadline`` is on the monotonic clock, in seconds.
    """
    chosen = tuple(s for s in services if any(op.name in wanted for op in s.operations))
    return Way(source, _connecting(source, allowed), chosen, deadline).unit(SERVICE, "")


def _connecting(source: AzureSource, allowed: frozenset[str]) -> Callable[[], Transport]:
    hubs: list[Hub] = []

    def connect() -> Transport:
        # One hub for all units: the first unit, which runs alone, makes it.
        if not hubs:
            try:
                from scanner.collect.azure.transport import Hub
            except ModuleNotFoundError as error:
                detail = f'{error.name} is not installed: pip install "keyaudit[azure]"'
                raise CallError(GapReason.UNSUPPORTED, code="MissingExtra", detail=detail) from error
            hubs.append(Hub(source, allowed))
        return hubs[0].transport()

    return connect


def principal_of(answer: Mapping[str, Json]) -> str:
    """Return who asks as one line, from the answer to ``identity:GetToken``."""
    names = [f"{name} {answer[name]}" for name in ("object", "application", "tenant") if name in answer]
    return f"{', '.join(names)} by {answer['way']}" if names and answer.get("way") else ""


def collect(asking: Asking, way: Way) -> Iterator[Unit]:
    """Find who asks, then the subscriptions. Yields the units of each subscription."""
    me = asking.call(TOKEN, {}, check=_identifies)
    if me is None:
        return
    known = Way(way.source, way.connect, way.services, way.deadline, principal_of(me.body))
    for account in _subscriptions(asking, way.source):
        for service in way.services:
            yield known.unit(service, account)


SERVICE = Service(NAME, OPERATIONS, collect)


def _subscriptions(asking: Asking, source: AzureSource) -> Iterator[str]:
    """Yield the subscriptions to read, and note those that the estate names and nobody can read."""
    chosen = {one.lower(): one for one in source.subscriptions}
    seen: set[str] = set()
    complete = False
    for page in asking.pages(SUBSCRIPTIONS, {}, PAGING, check=identified("subscriptionId")):
        complete = page.last
        for entry in items(page.body):
            account = str(entry["subscriptionId"])
            name = account.lower()
            if name in seen or entry.get("state") == GONE or (chosen and name not in chosen):
                continue
            seen.add(name)
            yield account
    if complete:
        for error in _unseen(chosen, seen):
            asking.note(SUBSCRIPTIONS, error, subject=None)


def _unseen(chosen: Mapping[str, str], seen: set[str]) -> Iterator[CallError]:
    for name, as_written in sorted(chosen.items()):
        if name not in seen:
            detail = f"the credential does not see subscription {as_written}: give it the role, or correct the id"
            yield CallError(GapReason.DENIED, code="SubscriptionNotSeen", detail=detail)
    if not chosen and not seen:
        # A credential without any role sees none, and so would a tenant without one: never a clean scan.
        detail = "the credential sees no subscription: give it the role that `keyaudit permissions azure` prints"
        yield CallError(GapReason.DENIED, code="NoSubscription", detail=detail)


def _identifies(body: dict[str, Json]) -> str:
    named = all(isinstance(body.get(name), str) and body[name] for name in ("way", "tenant"))
    return "" if named else "the token does not say of which tenant it is"
