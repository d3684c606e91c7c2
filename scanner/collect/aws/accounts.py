"""Which accounts and regions of AWS there are, and who asks: everything before the first service is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from scanner.collect.interface import Asking, CallError, Paging, Transport, Unit
from scanner.evidence.records import source_id
from scanner.model.estate import AwsSource
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from scanner.model.operation import Operation

if TYPE_CHECKING:
    from scanner.collect.aws.hub import Hub, Timeouts

NAME = "aws.accounts"
SESSION_NAME = "keyaudit"
PAGING = Paging(answer="NextToken", parameter="NextToken")
INACTIVE = frozenset({"PENDING_ACTIVATION", "SUSPENDED", "PENDING_CLOSURE", "CLOSED"})
"""States in which nobody can read an account. What else a provider may say is tried."""

_ACCOUNT = re.compile(r"[0-9]{12}")
_ARN = re.compile(r"arn:[a-z-]{1,40}:(?:sts|iam)::[0-9]{12}:\S{1,1024}")
_REGION = re.compile(r"[a-z0-9-]{1,40}")

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="sts:GetCallerIdentity",
        permissions=("sts:GetCallerIdentity",),
        purpose="who is scanning",
        always=True,
    ),
    Operation(
        name="sts:AssumeRole",
        permissions=("sts:AssumeRole",),
        purpose="roles of the chain and of the Organization's accounts",
        always=True,
    ),
    Operation(
        name="ec2:DescribeRegions",
        permissions=("ec2:DescribeRegions",),
        purpose="enabled regions, for `regions: all`",
        always=True,
    ),
    Operation(
        name="organizations:ListAccounts",
        permissions=("organizations:ListAccounts",),
        purpose="accounts of the Organization",
        always=True,
    ),
)


@dataclass(frozen=True, slots=True)
class Service:
    """A service collector: what it is called, what it may ask, how it asks."""

    name: str
    operations: tuple[Operation, ...]
    collect: Callable[[Asking], Iterable[Unit]]
    is_global: bool = False
    """One for an account, whatever the regions."""
    concurrency: int = 0
    """Most calls at once, where the service bears fewer than others; 0: as the estate says."""
    uncached: tuple[str, ...] = ()
    """Operations asked again on a resume: what they give is made anew."""


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where a unit reads, and as whom."""

    account: str = ""
    region: str = ""
    role: str = ""
    principal: str = ""


@dataclass(frozen=True, slots=True)
class _Way:
    """A source with what all of its units share."""

    source: AwsSource
    hub: Hub
    services: tuple[Service, ...]
    deadline: float
    external_id: str

    def transport(self, role: str, region: str) -> Callable[[], Transport]:
        """Return the maker of a transport for a role and a region (empty: the caller's default)."""
        return lambda: self.hub.transport(role, region or self.home())

    def home(self) -> str:
        """Return the region for calls that have none of their own."""
        regions = self.source.regions
        return regions[0] if regions and regions != ("all",) else self.hub.default_region()


def first_unit(
    source: AwsSource,
    services: tuple[Service, ...],
    *,
    wanted: frozenset[str],
    deadline: float,
    external_id: str,
    timeouts: Timeouts | None = None,
) -> Unit:
    """Return the unit that finds the accounts of ``source``; every other unit follows from it.

    ``deadline`` is on the monotonic clock, in seconds; ``external_id`` goes with the last role of the chain.
    """
    from scanner.collect.aws.hub import Hub, Timeouts

    allowed = {op.name for op in OPERATIONS} | {op.name for service in services for op in service.operations}
    hub = Hub(source, frozenset(allowed), timeouts or Timeouts())
    chosen = tuple(s for s in services if any(op.name in wanted for op in s.operations))
    return _link(_Way(source, hub, chosen, deadline, external_id), "", source.role_chain)


def _unit(
    way: _Way,
    name: str,
    scope: _Scope,
    collect: Callable[[Asking], Iterable[Unit]],
    service: Service | None = None,
) -> Unit:
    parts = ("aws", way.source.name, scope.account, scope.region, name)
    return Unit(
        id="/".join(part for part in parts if part),
        source=source_id("aws", scope.account or way.source.name, scope.region),
        source_name=way.source.name,
        account=scope.account,
        region=scope.region,
        collector=service.name if service else NAME,
        principal=scope.principal,
        operations=service.operations if service else OPERATIONS,
        collect=collect,
        transport=way.transport(scope.role, scope.region),
        deadline=way.deadline,
        concurrency=min(way.source.concurrency, (service.concurrency if service else 0) or way.source.concurrency),
        uncached=("sts:AssumeRole", *(service.uncached if service else ())),
    )


def _link(way: _Way, role: str, chain: tuple[str, ...]) -> Unit:
    """Each link of the role chain is assumed with the credentials of the link before it."""

    def collect(asking: Asking) -> Iterator[Unit]:
        if not chain:
            yield from _accounts(asking, way, role)
        elif _assume(asking, chain[0], way.external_id if len(chain) == 1 else ""):
            yield _link(way, chain[0], chain[1:])

    return _unit(way, f"identity-{len(way.source.role_chain) - len(chain)}", _Scope(role=role), collect)


def _accounts(asking: Asking, way: _Way, role: str) -> Iterator[Unit]:
    me = asking.call("sts:GetCallerIdentity", {}, check=_identifies)
    if me is None:
        return
    own, principal = str(me.body["Account"]), str(me.body["Arn"])
    if not way.source.organization_role:
        yield _regions(way, _Scope(own, "", role, principal))
        return
    partition = principal.split(":")[1]
    for account in _members(asking, way.source):
        if account == own:
            yield _regions(way, _Scope(own, "", role, principal))
        else:
            target = f"arn:{partition}:iam::{account}:role/{way.source.organization_role}"
            yield _login(way, account, role, target)


def _members(asking: Asking, source: AwsSource) -> Iterator[str]:
    """Yield the accounts to enter, and note those that the estate names and nobody can enter."""
    chosen, states = set(source.accounts), dict[str, str]()
    complete = False
    for page in asking.pages("organizations:ListAccounts", {}, PAGING, check=_accounts_listed):
        complete = page.last
        for entry in cast("list[dict[str, Json]]", page.body["Accounts"]):
            account = str(entry["Id"])
            states[account] = str(entry.get("State", entry.get("Status")))
            if (not chosen or account in chosen) and states[account] not in INACTIVE:
                yield account
    if complete:
        for error in _unreachable(chosen, states):
            asking.note("organizations:ListAccounts", error, subject=None)


def _unreachable(chosen: set[str], states: dict[str, str]) -> Iterator[CallError]:
    """Yield what keeps accounts that should be read from being read, once all of them are listed."""
    for account in sorted(chosen - states.keys()):
        yield CallError(GapReason.DENIED, code="NotInOrganization", detail=f"{account} is not in the Organization")
    for account in sorted(chosen & states.keys()):
        if states[account] in INACTIVE:
            yield CallError(GapReason.DENIED, code="NotActive", detail=f"{account} is {states[account]}")
    if not chosen and not states.keys() - {a for a, state in states.items() if state in INACTIVE}:
        # The management account at least is in every Organization: nothing to scan is never a clean scan.
        yield CallError(GapReason.MALFORMED, code="NoActiveAccount", detail="the Organization lists no active account")


def _login(way: _Way, account: str, role: str, target: str) -> Unit:
    """Enter a member account. The unit has that account's scope, so a refusal is a gap of that account."""

    def collect(asking: Asking) -> Iterator[Unit]:
        if not _assume(asking, target, ""):
            return
        yield _unit(way, "whoami", _Scope(account, "", target), lambda inner: _whoami(inner, way, account, target))

    return _unit(way, "login", _Scope(account, "", role), collect)


def _whoami(asking: Asking, way: _Way, account: str, role: str) -> Iterator[Unit]:
    def is_there(body: dict[str, Json]) -> str:
        # Facts of another account must never be told of this one.
        return _identifies(body) or ("" if body["Account"] == account else f"the role is not in account {account}")

    me = asking.call("sts:GetCallerIdentity", {}, check=is_there)
    if me is not None:
        yield _regions(way, _Scope(account, "", role, str(me.body["Arn"])))


def _regions(way: _Way, scope: _Scope) -> Unit:
    def collect(asking: Asking) -> Iterator[Unit]:
        for service in way.services:
            if service.is_global:
                yield _unit(way, service.name.removeprefix("aws."), scope, service.collect, service)
        for region in _region_names(asking, way):
            for service in way.services:
                if not service.is_global:
                    here = replace(scope, region=region)
                    yield _unit(way, service.name.removeprefix("aws."), here, service.collect, service)

    return _unit(way, "regions", scope, collect)


def _region_names(asking: Asking, way: _Way) -> list[str]:
    if way.source.regions != ("all",):
        return list(way.source.regions) or [way.home()]
    answer = asking.call("ec2:DescribeRegions", {"AllRegions": False}, check=_regions_listed)
    if answer is None:
        return []
    names = sorted(str(entry["RegionName"]) for entry in cast("list[dict[str, Json]]", answer.body["Regions"]))
    if not names:
        error = CallError(GapReason.MALFORMED, code="NoEnabledRegion", detail="the account lists no enabled region")
        asking.note("ec2:DescribeRegions", error, subject=None)
    return names


def _assume(asking: Asking, role: str, external_id: str) -> bool:
    params: dict[str, Json] = {"RoleArn": role, "RoleSessionName": SESSION_NAME}
    if external_id:
        params["ExternalId"] = external_id
    return asking.call("sts:AssumeRole", params, check=_gives_credentials) is not None


def _gives_credentials(body: dict[str, Json]) -> str:
    given = body.get("Credentials")
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
    if isinstance(given, dict) and all(isinstance(given.get(name), str) and given[name] for name in names):
        return ""
    return "`Credentials` is not whole"


def _identifies(body: dict[str, Json]) -> str:
    if _matches(_ACCOUNT, body.get("Account")) and _matches(_ARN, body.get("Arn")):
        return ""
    return "`Account` or `Arn` is missing or not one"


def _accounts_listed(body: dict[str, Json]) -> str:
    return _lists(body, "Accounts", "Id", _ACCOUNT)


def _regions_listed(body: dict[str, Json]) -> str:
    return _lists(body, "Regions", "RegionName", _REGION)


def _lists(body: dict[str, Json], name: str, member: str, shape: re.Pattern[str]) -> str:
    items = body.get(name)
    if isinstance(items, list) and all(isinstance(i, dict) and _matches(shape, i.get(member)) for i in items):
        return ""
    return f"`{name}` is not a list of objects with `{member}`"


def _matches(shape: re.Pattern[str], value: Json) -> bool:
    return isinstance(value, str) and shape.fullmatch(value) is not None
