"""Log Analytics workspaces and storage accounts to rows. Azure encrypts whatever either of them stores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from scanner.model.facts import Fact
from scanner.model.ids import Json
from scanner.model.observation import Observation, Record
from scanner.model.stores import DataStoreFact
from scanner.normalize.azure.names import key_uri
from scanner.normalize.reading import Object, child, choice, days, flag, given, moment, text
from scanner.normalize.records import Records

WORKSPACES = "operationalinsights:Workspaces_List"
TABLES = "operationalinsights:Tables_ListByWorkspace"
ACCOUNTS = "storage:StorageAccounts_List"
POLICY = "storage:ManagementPolicies_Get"
NONE = "none"

OF_VAULTS = frozenset({"azurediagnostics", "azkvauditlogs"})
"""Tables of a workspace that get the logs of vaults: how long those are kept counts, not what else is in it."""
_PROVIDER = "microsoft.storage"
_CUSTOMER = "microsoft.keyvault"
_MODES = {"Locked": "compliance", "Unlocked": "governance"}


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield the rows of one unit: where the logs of a subscription can go."""
    unit = Records(records)
    for operation, row in ((WORKSPACES, _workspace), (ACCOUNTS, _account)):
        if not unit.asked(operation):
            continue
        listing = unit.listing(operation, None, "value", identity="id")
        found = {str(item["id"]): (page, item) for page, item in reversed(listing.items)}
        for identity, (page, item) in sorted(found.items()):
            yield row(unit, identity, page, item)
        count = len(found)
        yield unit.coverage(DataStoreFact, operation, unit.source, None, count, complete=listing.complete, among=True)


def store(unit: Records, identity: str, kind: str, page: Observation, item: Object) -> DataStoreFact:
    """Return the row of a store of Azure of which nothing more is known than that it is listed."""
    return DataStoreFact(
        source=unit.source,
        evidence=unit.evidence(identity, page.id),
        store_id=identity,
        provider="azure",
        account=page.account,
        region=text(item, "location") or "",
        kind=kind,
        name=text(item, "name"),
        copy_of=NONE,
        encrypted=True,
        customer_key_possible=True,
        tags=tags_of(item),
    )


def tags_of(item: Object) -> tuple[str, ...] | None:
    """Return the tags of a resource as ``key=value``, sorted; a resource without any may not name them."""
    tags: Json = item.get("tags") if given(item, "tags") else {}
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        return None
    return tuple(sorted(f"{name}={value}" for name, value in tags.items()))


def _workspace(unit: Records, identity: str, page: Observation, item: Object) -> DataStoreFact:
    properties = child(item, "properties")
    row = replace(
        store(unit, identity, "log_group", page, item),
        created_at=moment(properties, "createdDate"),
        # Every request of Azure Monitor's is authenticated.
        public=False,
    )
    if properties is not None:
        # A workspace of a cluster is under the cluster's key, which is not read here.
        clustered = given(child(properties, "features"), "clusterResourceId")
        row = replace(row, key_ref=None if clustered else NONE)
    kept = _kept(unit, identity, days(properties, "retentionInDays"))
    if not kept:
        return row
    # A workspace keeps nothing without limit: twelve years at most.
    return replace(
        row,
        expires=True,
        retention_days=max(kept),
        removes=True,
        shortest_retention_days=min(kept),
    )


def _kept(unit: Records, identity: str, default: int | None) -> list[int]:
    """Return for how long each table of vaults' logs is kept, or nothing when one is not known."""
    listing = unit.listing(TABLES, identity, "value", identity="name")
    if default is None or not listing.complete:
        return []
    kept: list[int] = []
    for _, item in listing.items:
        if str(item["name"]).lower() in OF_VAULTS:
            table = child(item, "properties")
            total = days(table, "totalRetentionInDays") or days(table, "retentionInDays")
            if total is None and (given(table, "totalRetentionInDays") or given(table, "retentionInDays")):
                total = default  # -1: as the workspace
            kept.append(total or default)
    return kept or [default]


def _account(unit: Records, identity: str, page: Observation, item: Object) -> DataStoreFact:
    properties = child(item, "properties")
    row = replace(
        store(unit, identity, "object_store", page, item),
        created_at=moment(properties, "creationTime"),
        tls_only=flag(properties, "supportsHttpsTrafficOnly"),
        # Where it may be, each container decides; they are not read.
        public=False if flag(properties, "allowBlobPublicAccess") is False else None,
    )
    encryption = child(properties, "encryption")
    source = text(encryption, "keySource")
    if source is not None:
        row = replace(row, provider_encryption=source, key_ref=_key_ref(source, encryption))
    kept = _lifecycle(unit, identity)
    return replace(
        _locked(row, properties),
        expires=kept.expires,
        removes=kept.removes,
        shortest_retention_days=kept.shortest,
    )


def _key_ref(source: str, encryption: Object | None) -> str | None:
    if source.lower() == _PROVIDER:
        return NONE
    named = child(encryption, "keyvaultproperties")
    if source.lower() != _CUSTOMER or named is None:
        return None
    return key_uri(text(named, "keyvaulturi"), text(named, "keyname"), text(named, "keyversion"))


def _locked(row: DataStoreFact, properties: Object | None) -> DataStoreFact:
    """Add what the account locks by itself; a container may lock what the account does not."""
    lock = child(properties, "immutableStorageWithVersioning")
    policy = child(lock, "immutabilityPolicy")
    mode = choice(policy, "state", _MODES)
    if flag(lock, "enabled") is not True or mode is None:
        return row
    return replace(
        row,
        write_once=True,
        write_once_mode=mode,
        write_once_days=days(policy, "immutabilityPeriodSinceCreationInDays"),
    )


@dataclass(frozen=True, slots=True)
class _Lifecycle:
    expires: bool | None = None
    removes: bool | None = None
    shortest: int | None = None


def _lifecycle(unit: Records, identity: str) -> _Lifecycle:
    """Return what the account's rules remove. Whether they remove everything is not worked out."""
    if unit.error(POLICY, identity):
        return _Lifecycle(expires=False, removes=False)
    body = child(child({"": unit.response(POLICY, identity)}, ""), "properties")
    rules = (child(body, "policy") or {}).get("rules")
    if not isinstance(rules, list):
        return _Lifecycle()
    removing: list[int | None] = []
    for rule in rules:
        one = rule if isinstance(rule, dict) else {}
        if flag(one, "enabled") is False:
            continue
        actions = child(child(one, "definition"), "actions")
        if actions is None:
            return _Lifecycle()
        removing += [_after(child(action, "delete")) for action in actions.values() if given_delete(action)]
    if not removing:
        return _Lifecycle(expires=False, removes=False)
    known = [one for one in removing if one is not None]
    return _Lifecycle(removes=True, shortest=min(known) if len(known) == len(removing) else None)


def given_delete(action: Json) -> bool:
    """Tell whether an action of a rule removes something."""
    return isinstance(action, dict) and given(action, "delete")


def _after(delete: Object | None) -> int | None:
    """Return the days after which a rule removes, or None where it counts from something else than its making."""
    names = ("daysAfterModificationGreaterThan", "daysAfterCreationGreaterThan")
    found = [value for name in names if (value := _number(delete, name)) is not None]
    others = set(delete or ()) - set(names)
    return min(found) if found and not others else None


def _number(body: Object | None, name: str) -> int | None:
    value = body.get(name) if body is not None else None
    whole = isinstance(value, float) and value.is_integer()
    return int(value) if isinstance(value, int) or (isinstance(value, float) and whole) else None
