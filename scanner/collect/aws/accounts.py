"""Which accounts and regions of AWS there are, and who asks: everything before the first service is read."""

from __future__ import annotations

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
    from scanner.collect.aws.hub import Hub

NAME = "aws.accounts"
SESSION_NAME = "keyaudit"
PAGING = Paging(answer="NextToken", parameter="NextToken")

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
    source: AwsSource, services: tuple[Service, ...], *, wanted: frozenset[str], deadline: float, external_id: str
) -> Unit:
    """Return the unit that finds the accounts of ``source``; every other unit follows from it.

    ``deadline`` is on the monotonic clock, in seconds; ``external_id`` goes with the last role of the chain.
    """
    from scanner.collect.aws.hub import Hub

    allowed = {op.name for op in OPERATIONS} | {op.name for service in services for op in service.operations}
    hub = Hub(source, frozenset(allowed))
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
        concurrency=way.source.concurrency,
        uncached=("sts:AssumeRole",),
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
    left = set(source.accounts)
    complete, active = False, 0
    for page in asking.pages("organizations:ListAccounts", {}, PAGING, check=_accounts_listed):
        complete = page.last
        for entry in cast("list[dict[str, Json]]", page.body["Accounts"]):
            account = str(entry["Id"])
            if source.accounts and account not in left:
                continue
            left.discard(account)
            # A suspended or closing account cannot be read by anybody.
            if entry.get("State", entry.get("Status")) == "ACTIVE":
                active += 1
                yield account
    for account in sorted(left) if complete else ():
        error = CallError(GapReason.DENIED, code="NotInOrganization", detail=f"{account} is not in the Organization")
        asking.note("organizations:ListAccounts", error, subject=None)
    if complete and not active:
        # The management account at least is in every Organization: nothing to scan is never a clean scan.
        error = CallError(
            GapReason.MALFORMED, code="NoActiveAccount", detail="the Organization lists no active account"
        )
        asking.note("organizations:ListAccounts", error, subject=None)


def _login(way: _Way, account: str, role: str, target: str) -> Unit:
    """Enter a member account. The unit has that account's scope, so a refusal is a gap of that account."""

    def collect(asking: Asking) -> Iterator[Unit]:
        if not _assume(asking, target, ""):
            return
        yield _unit(way, "whoami", _Scope(account, "", target), lambda inner: _whoami(inner, way, account, target))

    return _unit(way, "login", _Scope(account, "", role), collect)


def _whoami(asking: Asking, way: _Way, account: str, role: str) -> Iterator[Unit]:
    me = asking.call("sts:GetCallerIdentity", {}, check=_identifies)
    if me is not None:
        yield _regions(way, _Scope(account, "", role, str(me.body["Arn"])))


def _regions(way: _Way, scope: _Scope) -> Unit:
    def collect(asking: Asking) -> Iterator[Unit]:
        for region in _region_names(asking, way):
            for service in way.services:
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
    return asking.call("sts:AssumeRole", params) is not None


def _identifies(body: dict[str, Json]) -> str:
    arn = body.get("Arn")
    if isinstance(body.get("Account"), str) and isinstance(arn, str) and arn.count(":") >= 5:
        return ""
    return "`Account` or `Arn` is missing"


def _accounts_listed(body: dict[str, Json]) -> str:
    accounts = body.get("Accounts")
    if isinstance(accounts, list) and all(isinstance(a, dict) and isinstance(a.get("Id"), str) for a in accounts):
        return ""
    return "`Accounts` is not a list of objects with `Id`"


def _regions_listed(body: dict[str, Json]) -> str:
    regions = body.get("Regions")
    if isinstance(regions, list) and all(isinstance(r, dict) and isinstance(r.get("RegionName"), str) for r in regions):
        return ""
    return "`Regions` is not a list of objects with `RegionName`"
