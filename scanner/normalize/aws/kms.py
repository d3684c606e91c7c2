"""AWS KMS answers to rows. Pure: the same records give the same rows, in any order of arrival."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from scanner.model.facts import Fact
from scanner.model.ids import Digest
from scanner.model.observation import Observation, Record
from scanner.model.spki import NONE
from scanner.model.tables import KeyFact, KeyPolicyFact, KeyStoreFact, KeyVersionFact
from scanner.normalize.algorithms import AWS_KMS, AWS_ORIGIN, AWS_STATE, AWS_USAGE, key_type
from scanner.normalize.aws import key_service
from scanner.normalize.aws import kms_access as access
from scanner.normalize.aws.arn import parse
from scanner.normalize.aws.material import HISTORY, Material, read_material, region_role, spec_of
from scanner.normalize.reading import Object, child, choice, days, flag, given, moment, text, text_or
from scanner.normalize.records import Records

KEYS = "kms:ListKeys"
ALIASES = "kms:ListAliases"
DESCRIBE = "kms:DescribeKey"
USE = "kms:GetKeyLastUsage"
PUBLIC = "kms:GetPublicKey"
TAGS = "kms:ListResourceTags"
STORES = "kms:DescribeCustomKeyStores"

_MANAGER = {"CUSTOMER": "customer", "AWS": "provider"}
_EXPIRES = {"KEY_MATERIAL_EXPIRES": True, "KEY_MATERIAL_DOES_NOT_EXPIRE": False}
_STORE_KIND = {"AWS_CLOUDHSM": "hsm_cluster", "EXTERNAL_KEY_STORE": "external"}
_SYMMETRIC = frozenset({"AES", "HMAC"})
_CONNECTED = {"CONNECTED": True, "CONNECTING": False, "DISCONNECTED": False, "DISCONNECTING": False, "FAILED": False}
_CONNECTIVITY = {"PUBLIC_ENDPOINT": "public_endpoint", "VPC_ENDPOINT_SERVICE": "vpc_endpoint_service"}


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield the rows of one unit: keys and what hangs on them, in one account and region."""
    unit = Records(records)
    if unit.first is None:
        return
    names = _aliases(unit)
    listing = unit.listing(KEYS, None, "Keys", identity="KeyArn")
    listed = {str(entry["KeyArn"]): page for page, entry in reversed(listing.items)}
    policies = 0
    for arn, page in sorted(listed.items()):
        for fact in _key(unit, arn, page, names):
            policies += isinstance(fact, KeyPolicyFact)
            yield fact
    yield unit.coverage(KeyFact, KEYS, unit.source, None, len(listed), complete=listing.complete)
    yield unit.coverage(KeyPolicyFact, KEYS, unit.source, None, policies, complete=listing.complete)
    yield from key_service.module_rows(unit, len(listed), complete=listing.complete)
    yield from _stores(unit)


@dataclass(frozen=True, slots=True)
class _Names:
    aliases: tuple[str, ...] = ()
    pages: tuple[Digest, ...] = ()


def _aliases(unit: Records) -> dict[str, _Names] | None:
    """Return key id (the last part of the ARN) to its names, or None when the listing is not complete."""
    listing = unit.listing(ALIASES, None, "Aliases", identity="AliasName")
    found: dict[str, set[tuple[str, Digest]]] = {}
    for page, entry in listing.items:
        # An alias of a provider's key that does not exist yet has no target.
        target = text_or(entry, "TargetKeyId", "")
        if target is None:
            return None
        found.setdefault(target, set()).add((str(entry["AliasName"]), page.id))
    if not listing.complete:
        return None
    return {
        target: _Names(tuple(sorted({name for name, _ in pairs})), tuple(sorted({page for _, page in pairs})))
        for target, pairs in found.items()
    }


def _key(unit: Records, arn: str, page: Observation, names: dict[str, _Names] | None) -> Iterator[Fact]:
    metadata = _metadata(unit, arn)
    material = read_material(unit, arn, metadata)
    own = None if names is None else names.get(arn.rpartition("/")[2], _Names())
    parts = parse(arn)
    subject = _Subject(
        unit=unit,
        arn=arn,
        account=(parts.account if parts else "") or page.account,
        region=(parts.region if parts else "") or page.region,
        names=own,
        listed=(page.id, *(own.pages if own else ())),
        gone=unit.error(DESCRIBE, arn) == "NotFoundException",
    )
    yield _key_row(subject, metadata, material)
    yield from material.versions
    if material.listed:
        rows = len(material.versions)
        yield unit.coverage(KeyVersionFact, HISTORY, arn, arn, rows, complete=material.complete)
    if subject.gone:
        return  # what was deleted since the listing has neither policy nor grants
    holder = access.Subject(
        arn=arn,
        account=subject.account,
        name=subject.name,
        managed_by=choice(metadata, "KeyManager", _MANAGER),
        evidence=(*unit.ids(DESCRIBE, arn), *subject.listed),
    )
    yield from access.policy_rows(unit, holder)
    yield from access.grant_rows(unit, holder)


def _metadata(unit: Records, arn: str) -> Object | None:
    """Return the description of a key, or None when there is none or it is about another key."""
    body = child(unit.response(DESCRIBE, arn), "KeyMetadata")
    about = text(body, "Arn") in (None, arn) and text(body, "KeyId") in (None, arn, arn.rpartition("/")[2])
    return body if about else None


@dataclass(frozen=True, slots=True)
class _Subject:
    unit: Records
    arn: str
    account: str
    region: str
    names: _Names | None
    listed: tuple[Digest, ...]
    """What names the key: the page of the listing, and those of its aliases."""
    gone: bool

    @property
    def name(self) -> str | None:
        """First alias by name."""
        return None if self.names is None else next(iter(self.names.aliases), "")


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
        tags=None if tags is None else tuple(sorted({f"{key}={value}" for key, value in tags})),
        tag_keys=None if tags is None else tuple(sorted({key for key, value in tags if value.strip()})),
        ever_used=use.ever,
        last_used_at=use.at,
        last_used_operation=use.operation,
        last_used_event_id=use.event,
        use_tracked_since=use.since,
        public_fingerprint=_public(subject, metadata),
    )


def _public(subject: _Subject, metadata: Object | None) -> str | None:
    """Return the fingerprint of the public half, which AWS KMS gives as SubjectPublicKeyInfo; ``none`` without one."""
    shape = AWS_KMS.get(spec_of(metadata) or "")
    if shape is not None and shape.algorithm in _SYMMETRIC:
        return NONE
    answer = subject.unit.response(PUBLIC, subject.arn)
    told = text(answer, "PublicKeySha256") if isinstance(answer, dict) else None
    # Of another key than the one that was asked for, an answer tells nothing.
    about = text(answer, "KeyId") if isinstance(answer, dict) else None
    return told if about in (None, subject.arn, subject.arn.rpartition("/")[2]) else None


def _described(subject: _Subject, metadata: Object | None) -> KeyFact:
    names, gone = subject.names, subject.gone
    shape = AWS_KMS.get(spec_of(metadata) or "")
    usage = choice(metadata, "KeyUsage", AWS_USAGE)
    state = "destroyed" if gone else _state(metadata)
    regions = _regions(subject.arn, metadata)
    algorithm = shape.algorithm if shape else None
    return KeyFact(
        source=subject.unit.source,
        evidence=subject.unit.evidence(subject.arn, *subject.listed),
        key_id=subject.arn,
        provider="aws",
        account=subject.account,
        region=subject.region,
        name=subject.name,
        aliases=names.aliases if names else None,
        managed_by=choice(metadata, "KeyManager", _MANAGER),
        key_type=key_type(algorithm, usage),
        provider_spec=spec_of(metadata),
        algorithm=algorithm,
        curve=shape.curve if shape else None,
        length_bits=shape.length_bits if shape else None,
        strength_bits=shape.strength_bits if shape else None,
        approved_algorithm=shape.approved if shape else None,
        quantum_vulnerable=shape.quantum_vulnerable if shape else None,
        usage=usage,
        usage_count=1 if usage else None,
        state=state,
        provider_state="NotFound" if gone else text(metadata, "KeyState"),
        origin=choice(metadata, "Origin", AWS_ORIGIN),
        # AWS KMS and the clusters that it uses give out no material. What an external key manager does, it cannot tell.
        exportable=choice(metadata, "Origin", _EXPORTABLE),
        ever_exportable=choice(metadata, "Origin", _EVER_EXPORTABLE),
        readable=choice(metadata, "Origin", _EXPORTABLE),
        hsm_platform="none",
        key_store_id=_if_origin(metadata, metadata, "CustomKeyStoreId", {"AWS_KMS", "EXTERNAL"}),
        external_key_ref=_if_origin(
            metadata, child(metadata, "XksKeyConfiguration"), "Id", {"AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM"}
        ),
        created_at=moment(metadata, "CreationDate"),
        expires=_expires(metadata),
        expires_at=moment(metadata, "ValidTo"),
        deletion_scheduled=None if state is None else state == "deactivated",
        deletion_at=moment(metadata, "DeletionDate"),
        deletion_window_days=days(metadata, "PendingDeletionWindowInDays"),
        current_material_id=text(metadata, "CurrentKeyMaterialId"),
        multi_region=regions.multi,
        multi_region_role=regions.role,
        primary_key_id=regions.primary,
        location_count=regions.count,
    )


def _state(metadata: Object | None) -> str | None:
    enabled = flag(metadata, "Enabled")
    if enabled is not None and enabled != (text(metadata, "KeyState") == "Enabled"):
        return None  # the two say the same thing, or nobody knows
    return choice(metadata, "KeyState", AWS_STATE)


_EXPORTABLE: Mapping[str, bool] = {"AWS_KMS": False, "AWS_CLOUDHSM": False, "EXTERNAL": False}
_EVER_EXPORTABLE: Mapping[str, bool] = {**_EXPORTABLE, "EXTERNAL": True}
"""Imported material was outside once."""


def _if_origin(metadata: Object | None, body: Object | None, name: str, without: set[str]) -> str | None:
    """Return the text under ``name`` of ``body``; ``none`` for the origins that have none; else None."""
    found = text(body, name)
    return found or ("none" if not given(body, name) and text(metadata, "Origin") in without else None)


def _expires(metadata: Object | None) -> bool | None:
    origin = choice(metadata, "Origin", AWS_ORIGIN)
    if origin == "imported":
        # Before the import nobody knows. A date contradicts material that does not expire.
        expires = choice(metadata, "ExpirationModel", _EXPIRES)
        return None if expires is False and given(metadata, "ValidTo") else expires
    # Only imported material can expire.
    return None if origin is None or given(metadata, "ExpirationModel") else False


@dataclass(frozen=True, slots=True)
class _Regions:
    multi: bool | None = None
    role: str | None = None
    primary: str | None = None
    count: int | None = None


def _regions(arn: str, metadata: Object | None) -> _Regions:
    role = region_role(arn, metadata)
    if role == "none":
        return _Regions(False, role, "none", 1)
    config = child(metadata, "MultiRegionConfiguration")
    if flag(metadata, "MultiRegion") is not True:
        return _Regions()
    primary = text(child(config, "PrimaryKey"), "Arn")
    return _Regions(True, role, primary if role else None, _places(config))


def _places(config: Object | None) -> int | None:
    """Return the number of regions that hold the material: the primary's and those of the replicas."""
    replicas = config.get("ReplicaKeys") if config else None
    if not isinstance(replicas, list):
        return None
    found = {text(replica, "Arn") if isinstance(replica, dict) else None for replica in replicas}
    return None if None in found else 1 + len(found)


@dataclass(frozen=True, slots=True)
class _Use:
    ever: bool | None = None
    at: datetime | None = None
    operation: str | None = None
    event: str | None = None
    since: datetime | None = None


def _last_use(unit: Records, arn: str) -> _Use:
    body = unit.response(USE, arn)
    if not isinstance(body, dict):
        return _Use()
    use = child(body, "KeyLastUsage")
    used = moment(use, "Timestamp")
    since = moment(body, "TrackingStartDate")
    if used is not None:
        return _Use(True, used, text(use, "Operation"), text_or(use, "CloudTrailEventId", "none"), since)
    if body.get("KeyLastUsage") in (None, {}) and since is not None:
        # An empty answer says "never since the tracking began" only when it says when that was.
        return _Use(False, None, "none", "none", since)
    return _Use(since=since)


def _tags(unit: Records, arn: str) -> list[tuple[str, str]] | None:
    listing = unit.listing(TAGS, arn, "Tags", identity="TagKey")
    values = [(str(tag["TagKey"]), text_or(tag, "TagValue", "")) for _, tag in listing.items]
    known = [(key, value) for key, value in values if value is not None]
    return known if listing.complete and len(known) == len(values) else None


def _stores(unit: Records) -> Iterator[Fact]:
    if not unit.answers(STORES):
        return
    listing = unit.listing(STORES, None, "CustomKeyStores", identity="CustomKeyStoreId")
    stores = {str(store["CustomKeyStoreId"]): (page, store) for page, store in reversed(listing.items)}
    for identity, (page, store) in sorted(stores.items()):
        yield _store(unit, identity, page, store)
    yield unit.coverage(KeyStoreFact, STORES, unit.source, None, len(stores), complete=listing.complete)


def _store(unit: Records, identity: str, page: Observation, store: Object) -> KeyStoreFact:
    kind = choice(store, "CustomKeyStoreType", _STORE_KIND)
    state = text(store, "ConnectionState")
    proxy = child(store, "XksProxyConfiguration")
    in_cluster = kind == "hsm_cluster"
    return KeyStoreFact(
        source=unit.source,
        evidence=unit.ids(STORES),
        store_id=identity,
        account=page.account,
        region=page.region,
        name=text(store, "CustomKeyStoreName"),
        kind=kind,
        connected=_CONNECTED.get(state or ""),
        connection_state=state,
        # Only a failed connection has an error.
        connection_error=text(store, "ConnectionErrorCode") or (None if state in (None, "FAILED") else "none"),
        cluster_id=text(store, "CloudHsmClusterId") or ("none" if kind == "external" else None),
        proxy_endpoint="none" if in_cluster else text(proxy, "UriEndpoint"),
        proxy_connectivity="none" if in_cluster else choice(proxy, "Connectivity", _CONNECTIVITY),
        created_at=moment(store, "CreationDate"),
    )
