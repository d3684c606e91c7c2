"""AWS KMS answers to rows. Pure: the same records give the same rows, in any order of arrival."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from scanner.model.facts import Fact
from scanner.model.ids import Digest
from scanner.model.observation import Record
from scanner.model.tables import KeyFact, KeyPolicyFact, KeyStoreFact, KeyVersionFact
from scanner.normalize.algorithms import AWS_KMS, AWS_ORIGIN, AWS_STATE, AWS_USAGE, key_type
from scanner.normalize.aws import kms_access as access
from scanner.normalize.aws.material import Material, read_material
from scanner.normalize.reading import Object, child, flag, moment, number, objects, text
from scanner.normalize.records import Records


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield the rows of one unit: keys and what hangs on them, in one account and region."""
    unit = Records(records)
    if unit.first is None:
        return
    names = _aliases(unit)
    listed = _listed(unit)
    for arn, page in sorted(listed.items()):
        yield from _key(unit, arn, page, names)
    stores = list(_stores(unit))
    yield from stores
    yield unit.coverage(KeyFact, "kms:ListKeys", unit.source, None, len(listed))
    yield unit.coverage(KeyPolicyFact, "kms:ListKeys", unit.source, None, len(listed))
    if unit.answers("kms:DescribeCustomKeyStores"):
        yield unit.coverage(KeyStoreFact, "kms:DescribeCustomKeyStores", unit.source, None, len(stores))


def _listed(unit: Records) -> dict[str, Digest]:
    """Return each key's ARN with the page that lists it."""
    found: dict[str, Digest] = {}
    for page in unit.answers("kms:ListKeys"):
        for entry in objects(page.response, "Keys"):
            arn = text(entry, "KeyArn")
            if arn is not None:
                found.setdefault(arn, page.id)
    return found


@dataclass(frozen=True, slots=True)
class _Names:
    aliases: tuple[str, ...] = ()
    pages: tuple[Digest, ...] = ()


def _aliases(unit: Records) -> dict[str, _Names] | None:
    """Return key id (the last part of the ARN) to its names, or None when the listing is not complete."""
    if not unit.complete("kms:ListAliases"):
        return None
    found: dict[str, set[tuple[str, Digest]]] = {}
    for page in unit.answers("kms:ListAliases"):
        for entry in objects(page.response, "Aliases"):
            target, name = text(entry, "TargetKeyId"), text(entry, "AliasName")
            if target is not None and name is not None:
                found.setdefault(target, set()).add((name, page.id))
    return {
        target: _Names(tuple(sorted({name for name, _ in pairs})), tuple(sorted({page for _, page in pairs})))
        for target, pairs in found.items()
    }


def _key(unit: Records, arn: str, page: Digest, names: dict[str, _Names] | None) -> Iterator[Fact]:
    metadata = child(unit.response("kms:DescribeKey", arn), "KeyMetadata")
    gone = unit.error("kms:DescribeKey", arn) == "NotFoundException"
    material = read_material(unit, arn, metadata)
    own = None if names is None else names.get(arn.rpartition("/")[2], _Names())
    yield _key_row(_Subject(unit, arn, page, own, gone), metadata, material)
    yield from material.versions
    if material.listed:
        yield unit.coverage(KeyVersionFact, "kms:ListKeyRotations", arn, arn, len(material.versions))
    name = None if own is None else next(iter(own.aliases), "")
    yield from access.policy_rows(unit, arn, page, metadata, name=name)
    yield from access.grant_rows(unit, arn)


@dataclass(frozen=True, slots=True)
class _Subject:
    unit: Records
    arn: str
    page: Digest
    names: _Names | None
    gone: bool


def _key_row(subject: _Subject, metadata: Object | None, material: Material) -> KeyFact:
    """Return what was described of a key, with what the other calls say of it."""
    tags = _tags(subject.unit, subject.arn)
    use = _last_use(subject.unit, subject.arn)
    return replace(
        _described(subject, metadata),
        rotation_supported=material.rotation_supported,
        rotation_enabled=material.rotation_enabled,
        rotation_period_days=material.rotation_period_days,
        next_rotation_at=material.next_rotation_at,
        rotation_count=material.rotation_count,
        last_rotated_at=material.last_rotated_at,
        material_since=material.since,
        tags=None if tags is None else tuple(sorted(f"{key}={value}" for key, value in tags)),
        tag_keys=None if tags is None else tuple(sorted(key for key, value in tags if value)),
        ever_used=use.ever,
        last_used_at=use.at,
        last_used_operation=use.operation,
        last_used_event_id=use.event,
        use_tracked_since=use.since,
    )


def _described(subject: _Subject, metadata: Object | None) -> KeyFact:
    unit, arn, names, gone = subject.unit, subject.arn, subject.names, subject.gone
    account, region = owner(arn)
    aliases = names.aliases if names else None
    shape = AWS_KMS.get(text(metadata, "KeySpec") or text(metadata, "CustomerMasterKeySpec") or "")
    usage = AWS_USAGE.get(text(metadata, "KeyUsage") or "")
    state = text(metadata, "KeyState")
    manager = text(metadata, "KeyManager")
    regions = _regions(metadata)
    algorithm = shape.algorithm if shape else None
    return KeyFact(
        source=unit.source,
        evidence=unit.evidence(arn, subject.page, *(names.pages if names else ())),
        key_id=arn,
        provider="aws",
        account=account,
        region=region,
        name=None if aliases is None else next(iter(aliases), ""),
        aliases=aliases,
        description=text(metadata, "Description"),
        managed_by=None if manager is None else {"CUSTOMER": "customer", "AWS": "provider"}.get(manager),
        key_type=key_type(algorithm, usage),
        provider_spec=text(metadata, "KeySpec"),
        algorithm=algorithm,
        curve=shape.curve if shape else None,
        length_bits=shape.length_bits if shape else None,
        strength_bits=shape.strength_bits if shape else None,
        approved_algorithm=shape.approved if shape else None,
        quantum_vulnerable=shape.quantum_vulnerable if shape else None,
        usage=usage,
        usage_count=1 if usage else None,
        state="destroyed" if gone else AWS_STATE.get(state or ""),
        provider_state="NotFound" if gone else state,
        origin=AWS_ORIGIN.get(text(metadata, "Origin") or ""),
        key_store_id=_or_none(metadata, "CustomKeyStoreId"),
        external_key_ref=_or_none(child(metadata, "XksKeyConfiguration") if metadata else None, "Id", of=metadata),
        created_at=moment(metadata, "CreationDate"),
        expires=_expires(metadata),
        expires_at=moment(metadata, "ValidTo"),
        deletion_scheduled=None if state is None else state in {"PendingDeletion", "PendingReplicaDeletion"},
        deletion_at=moment(metadata, "DeletionDate"),
        deletion_window_days=number(metadata, "PendingDeletionWindowInDays"),
        current_material_id=text(metadata, "CurrentKeyMaterialId"),
        multi_region=regions.multi,
        multi_region_role=regions.role,
        primary_key_id=regions.primary,
        location_count=regions.count,
    )


def owner(arn: str) -> tuple[str, str]:
    """Return account and region of an ARN."""
    parts = [*arn.split(":"), "", "", "", "", ""]
    return parts[4], parts[3]


def _or_none(body: Object | None, name: str, *, of: Object | None = None) -> str | None:
    """Return the text under ``name``; ``none`` when what was described has none; None when nothing was described."""
    if body is None:
        return None if of is None else "none"
    return text(body, name) or "none"


def _expires(metadata: Object | None) -> bool | None:
    if metadata is None:
        return None
    model = text(metadata, "ExpirationModel")
    if model is None:
        # Only keys with imported material have the field; before the import nobody knows.
        origin = text(metadata, "Origin")
        return None if origin in (None, "EXTERNAL") else False
    return {"KEY_MATERIAL_EXPIRES": True, "KEY_MATERIAL_DOES_NOT_EXPIRE": False}.get(model)


@dataclass(frozen=True, slots=True)
class _Regions:
    multi: bool | None = None
    role: str | None = None
    primary: str | None = None
    count: int | None = None


def _regions(metadata: Object | None) -> _Regions:
    multi = flag(metadata, "MultiRegion")
    if multi is None:
        return _Regions()
    if not multi:
        return _Regions(False, "none", "none", 1)
    config = child(metadata, "MultiRegionConfiguration")
    replicas = config.get("ReplicaKeys") if config else None
    return _Regions(
        True,
        (text(config, "MultiRegionKeyType") or "").lower() or None,
        text(child(config, "PrimaryKey"), "Arn"),
        1 + len(replicas) if isinstance(replicas, list) else None,
    )


@dataclass(frozen=True, slots=True)
class _Use:
    ever: bool | None = None
    at: datetime | None = None
    operation: str | None = None
    event: str | None = None
    since: datetime | None = None


def _last_use(unit: Records, arn: str) -> _Use:
    body = unit.response("kms:GetKeyLastUsage", arn)
    if not isinstance(body, dict):
        return _Use()
    use = child(body, "KeyLastUsage")
    used = moment(use, "Timestamp")
    since = moment(body, "TrackingStartDate")
    if used is not None:
        return _Use(True, used, text(use, "Operation"), text(use, "CloudTrailEventId") or "none", since)
    if not use and since is not None:
        # An empty answer says "never since the tracking began" only when it says when that was.
        return _Use(False, None, "none", "none", since)
    return _Use(since=since)


def _tags(unit: Records, arn: str) -> list[tuple[str, str]] | None:
    if not unit.complete("kms:ListResourceTags", arn):
        return None
    return [
        (text(tag, "TagKey") or "", text(tag, "TagValue") or "")
        for page in unit.answers("kms:ListResourceTags", arn)
        for tag in objects(page.response, "Tags")
    ]


def _stores(unit: Records) -> Iterator[KeyStoreFact]:
    evidence = unit.ids("kms:DescribeCustomKeyStores")
    seen: set[str] = set()
    for page in unit.answers("kms:DescribeCustomKeyStores"):
        for store in objects(page.response, "CustomKeyStores"):
            identity = text(store, "CustomKeyStoreId")
            if identity is None or identity in seen:
                continue
            seen.add(identity)
            state = text(store, "ConnectionState")
            proxy = child(store, "XksProxyConfiguration")
            yield KeyStoreFact(
                source=unit.source,
                evidence=evidence,
                store_id=identity,
                account=page.account,
                region=page.region,
                name=text(store, "CustomKeyStoreName"),
                kind={"AWS_CLOUDHSM": "hsm_cluster", "EXTERNAL_KEY_STORE": "external"}.get(
                    text(store, "CustomKeyStoreType") or ""
                ),
                connected=None if state is None else state == "CONNECTED",
                connection_state=state,
                connection_error=text(store, "ConnectionErrorCode") or "none",
                cluster_id=text(store, "CloudHsmClusterId") or "none",
                proxy_endpoint=_or_none(proxy, "UriEndpoint", of=store),
                proxy_connectivity=(_or_none(proxy, "Connectivity", of=store) or "").lower() or None,
                created_at=moment(store, "CreationDate"),
            )
