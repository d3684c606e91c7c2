"""AWS CloudHSM answers to rows: one module a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from scanner.model.facts import Fact
from scanner.model.modules import ModuleFact
from scanner.model.observation import Observation, Record
from scanner.normalize.reading import Object, child, choice, moment, text
from scanner.normalize.records import Records

CLUSTERS = "cloudhsmv2:DescribeClusters"
BACKUPS = "cloudhsmv2:DescribeBackups"

_PRODUCT = {"hsm1.medium": "aws-cloudhsm-hsm1", "hsm2m.medium": "aws-cloudhsm-hsm2m"}
"""HSM type to the product in the table of certificates (AWS CloudHSM User Guide, FIPS validation)."""
_MODE = {"FIPS": True, "NON_FIPS": False}
_HOLDS_KEYS: Mapping[str, bool] = {
    # Before its activation a cluster has no user who could make a key; a deleted one has nothing any more.
    "CREATE_IN_PROGRESS": False,
    "UNINITIALIZED": False,
    "INITIALIZE_IN_PROGRESS": False,
    "INITIALIZED": False,
    "DELETED": False,
    "ACTIVE": True,
    "UPDATE_IN_PROGRESS": True,
    "MODIFY_IN_PROGRESS": True,
    "ROLLBACK_IN_PROGRESS": True,
    "DEGRADED": True,
    "DELETE_IN_PROGRESS": True,
}


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield the rows of one unit: the HSM clusters of one account and region."""
    unit = Records(records)
    if unit.first is None:
        return
    listing = unit.listing(CLUSTERS, None, "Clusters", identity="ClusterId")
    clusters = {str(cluster["ClusterId"]): (page, cluster) for page, cluster in reversed(listing.items)}
    backups = _backups(unit)
    for identity, (page, cluster) in sorted(clusters.items()):
        yield _cluster(unit, identity, page, cluster, backups)
    row = unit.coverage(ModuleFact, CLUSTERS, unit.source, None, len(clusters), complete=listing.complete)
    # The key service of the region is a module, too, from a listing of its own.
    yield replace(row, coverage_id=f"{row.coverage_id} {CLUSTERS}")


def _backups(unit: Records) -> dict[str, list[datetime | None]] | None:
    """Return the ready backups by cluster, or None when not all are known."""
    listing = unit.listing(BACKUPS, None, "Backups", identity="BackupId")
    backups = {str(backup["BackupId"]): backup for _, backup in reversed(listing.items)}
    found: dict[str, list[datetime | None]] = {}
    for backup in backups.values():
        cluster, state = text(backup, "ClusterId"), text(backup, "BackupState")
        if cluster is None or state is None:
            return None  # it may be of any cluster, and it may be ready
        if state == "READY":
            found.setdefault(cluster, []).append(moment(backup, "CreateTimestamp"))
    return found if listing.complete else None


def _cluster(
    unit: Records, identity: str, page: Observation, cluster: Object, backups: dict[str, list[datetime | None]] | None
) -> ModuleFact:
    hsms = _active(cluster)
    ready = None if backups is None else backups.get(identity, [])
    instants = [at for at in ready or () if at is not None]
    return ModuleFact(
        source=unit.source,
        evidence=tuple(sorted({page.id, *unit.ids(BACKUPS)})),
        module_id=identity,
        provider="aws",
        account=page.account,
        region=page.region,
        name=_name(cluster) or identity,
        kind="hsm_cluster",
        product=_product(cluster, hsms),
        embodiment="hardware",
        version="none",
        state=text(cluster, "State"),
        approved_mode=choice(cluster, "Mode", _MODE),
        hsm_count=None if hsms is None else len(hsms.types),
        zone_count=None if hsms is None or None in hsms.zones else len(set(hsms.zones)),
        backup_retention_days=_retention(cluster),
        backups=None if ready is None else len(ready),
        last_backup_at=max(instants) if ready and len(instants) == len(ready) else None,
        certificate_required=choice(cluster, "State", _HOLDS_KEYS),
    )


@dataclass(frozen=True, slots=True)
class _Active:
    """What the active HSMs of a cluster are, one entry each."""

    types: tuple[str | None, ...]
    zones: tuple[str | None, ...]


def _active(cluster: Object) -> _Active | None:
    """Return the active HSMs, or None when one of them may be missing or more than is."""
    hsms = _objects(cluster, "Hsms")
    if hsms is None or any(text(hsm, "State") is None for hsm in hsms):
        return None
    active = [hsm for hsm in hsms if text(hsm, "State") == "ACTIVE"]
    return _Active(
        types=tuple(text(hsm, "HsmType") for hsm in active),
        zones=tuple(text(hsm, "AvailabilityZone") for hsm in active),
    )


def _product(cluster: Object, hsms: _Active | None) -> str | None:
    """Return the product. A cluster on its way from one type to another is two."""
    types = {text(cluster, "HsmType"), *(kind for kind in (hsms.types if hsms else ()) if kind is not None)}
    return _PRODUCT.get(types.pop() or "") if len(types) == 1 else None


def _name(cluster: Object) -> str:
    named = [text(tag, "Value") for tag in _objects(cluster, "TagList") or () if tag.get("Key") == "Name"]
    return next(filter(None, named), "")


def _objects(body: Object, name: str) -> list[Object] | None:
    """Return the objects of the list under ``name``, or None when it is not a list of objects."""
    value = body.get(name)
    found = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    return found if isinstance(value, list) and len(found) == len(value) else None


def _retention(cluster: Object) -> int | None:
    policy = child(cluster, "BackupRetentionPolicy")
    value = text(policy, "Value") or ""
    return int(value) if text(policy, "Type") == "DAYS" and value.isdecimal() and 0 < len(value) <= 3 else None
