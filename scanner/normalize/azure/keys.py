"""Keys of one vault or managed HSM, with their versions, to rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from scanner.model.facts import Fact
from scanner.model.ids import Digest
from scanner.model.observation import Observation
from scanner.model.tables import KeyFact, KeyVersionFact
from scanner.normalize.azure.names import key_of, last
from scanner.normalize.azure.periods import Period, parse
from scanner.normalize.azure.shapes import Shape, shape_of
from scanner.normalize.reading import Object, child, days, flag, given, moment, text
from scanner.normalize.records import Records

KEYS = "keyvault:GetKeys"
NAMED_ELSEWHERE = ("keyvault:Keys_List", "keyvault:ManagedHsmKeys_List")
"""Azure Resource Manager's listings, for a vault that does not list its keys to the caller."""
DELETED = "keyvault:GetDeletedKeys"
KEY = "keyvault:GetKey"
VERSIONS = "keyvault:GetKeyVersions"
ROTATION = "keyvault:GetKeyRotationPolicy"
ATTESTATION = "keyvault:GetKeyAttestation"
HSM_KEY = "keyvault:ManagedHsmKeys_Get"
GONE = "KeyNotFound"
NONE = "none"


@dataclass(frozen=True, slots=True)
class Holder:
    """The vault or managed HSM that the keys are in."""

    unit: Records
    id: str
    account: str
    region: str
    is_hsm: bool
    several_regions: bool | None = False
    """Whether its content is in further regions by the customer's wish."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A key as a listing names it."""

    id: str
    name: str
    item: Object
    page: Observation
    deleted: bool

    @property
    def attributes(self) -> Object | None:
        """Attributes of its newest version."""
        return child(self.item, "attributes")

    @property
    def certificate(self) -> bool | None:
        """Whether Key Vault made it for a certificate, and renews it with that. The vault says so, or it is not."""
        return self.item.get("managed") is True if "kid" in self.item else None


def listed(holder: Holder) -> tuple[dict[str, Listed], bool]:
    """Return the keys by id, deleted ones included, and whether the vault listed those that are there to the end."""
    found = _named_elsewhere(holder)
    whole = True
    for operation in (KEYS, DELETED):
        listing = holder.unit.listing(operation, None, "value", identity="kid")
        whole = whole and (listing.complete or operation == DELETED)
        for page, item in listing.items:
            named = key_of(str(item["kid"]))
            if named is None:
                whole = False
                continue
            identity = f"{holder.id}/keys/{named[0]}"
            found[identity] = Listed(identity, named[0], item, page, operation == DELETED)
    return dict(sorted(found.items())), whole


def _named_elsewhere(holder: Holder) -> dict[str, Listed]:
    found: dict[str, Listed] = {}
    for operation in NAMED_ELSEWHERE:
        for page, entry in holder.unit.listing(operation, None, "value", identity="id").items:
            name = last(str(entry["id"]))
            item: Object = {"attributes": child(child(entry, "properties"), "attributes"), "tags": entry.get("tags")}
            found[f"{holder.id}/keys/{name}"] = Listed(f"{holder.id}/keys/{name}", name, item, page, deleted=False)
    return found


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a key, as the listing of versions tells of it."""

    name: str
    attributes: Object | None

    @property
    def created_at(self) -> datetime | None:
        """When it was made."""
        return instant(self.attributes, "created")

    @property
    def enabled(self) -> bool:
        """Whether it can be used, as far as is known."""
        return flag(self.attributes, "enabled") is not False


@dataclass(frozen=True, slots=True)
class History:
    """The versions of a key, oldest first."""

    versions: tuple[Version, ...]
    complete: bool

    @property
    def current(self) -> Version | None:
        """The newest enabled version; where none is enabled, the newest."""
        enabled = [version for version in self.versions if version.enabled]
        return next(reversed(enabled or self.versions), None)


def history_of(unit: Records, key: Listed) -> History:
    """Return the versions of a key. It is complete when all were listed and each says when it was made."""
    listing = unit.listing(VERSIONS, key.id, "value", identity="kid")
    found: dict[str, Version] = {}
    for _, item in listing.items:
        named = key_of(str(item["kid"]))
        if named is not None and named[1]:
            found[named[1]] = Version(named[1], child(item, "attributes"))
    dated = sorted((v.created_at, v.name, v) for v in found.values() if v.created_at is not None)
    whole = listing.complete and bool(dated) and len(dated) == len(listing.items)
    return History(tuple(version for _, _, version in dated), whole)


def shape(unit: Records, key: Listed) -> Shape:
    """Return what a key is. Of another key than the one that was asked for, an answer tells nothing."""
    body = unit.response(KEY, key.id)
    jwk = child(body, "key")
    named = key_of(text(jwk, "kid") or "")
    if named is None or named[0].lower() != key.name.lower():
        return Shape()
    size = days(child(unit.response(HSM_KEY, key.id), "properties"), "keySize")
    return shape_of(jwk, size)


def rows(holder: Holder, key: Listed) -> Iterator[Fact]:
    """Yield the row of a key and those of its versions."""
    unit = holder.unit
    history = history_of(unit, key)
    yield _key(holder, key, history)
    if unit.answers(VERSIONS, key.id) and not key.deleted:
        yield from _versions(holder, key, history)
        count = len(history.versions)
        yield unit.coverage(KeyVersionFact, VERSIONS, key.id, key.id, count, complete=history.complete)


def _key(holder: Holder, key: Listed, history: History) -> KeyFact:
    unit, what = holder.unit, shape(holder.unit, key)
    gone = unit.error(KEY, key.id) == GONE and not key.deleted
    state, word = ("destroyed", "NotFound") if gone else _state(key)
    several = holder.several_regions
    row = KeyFact(
        source=unit.source,
        evidence=unit.evidence(key.id, key.page.id),
        key_id=key.id,
        provider="azure",
        account=holder.account,
        region=holder.region,
        name=key.name,
        aliases=(),
        managed_by="customer",
        key_type=what.key_type,
        provider_spec=what.spec,
        algorithm=what.algorithm,
        curve=what.curve,
        length_bits=what.length_bits,
        strength_bits=what.strength_bits,
        approved_algorithm=what.approved,
        quantum_vulnerable=what.quantum_vulnerable,
        usage=what.usage,
        usage_count=what.usage_count,
        public_fingerprint=what.public_fingerprint,
        state=state,
        provider_state=word,
        # No request gives out the plain value of a key (learn.microsoft.com, "About keys").
        readable=False,
        hsm_platform=_current_platform(holder, key),
        key_store_id=NONE,
        external_key_ref=NONE,
        expires=_expires(key.attributes),
        expires_at=instant(key.attributes, "exp"),
        deletion_scheduled=key.deleted,
        deletion_at=instant(key.item, "scheduledPurgeDate"),
        deletion_window_days=days(key.attributes, "recoverableDays"),
        multi_region=several,
        multi_region_role=NONE if several is False else None,
        primary_key_id=NONE if several is False else None,
        tags=_tags(key.item),
        tag_keys=_tag_keys(key.item),
    )
    return _with_material(_with_exports(row, unit, key), unit, key, history)


def _state(key: Listed) -> tuple[str | None, str | None]:
    """Return the state of a key when it was listed, and the provider's word for it."""
    if key.deleted:
        return "deactivated", "Deleted"
    attributes, read_at = key.attributes, moment({"at": key.page.ended}, "at")
    enabled = flag(attributes, "enabled")
    if enabled is None or read_at is None:
        return None, None
    if not enabled:
        return "suspended", "Disabled"
    begins, ends = instant(attributes, "nbf"), instant(attributes, "exp")
    if (begins is None and given(attributes, "nbf")) or (ends is None and given(attributes, "exp")):
        return None, "Enabled"
    if ends is not None and ends <= read_at:
        return "deactivated", "Enabled"
    return ("pre_activation" if begins is not None and begins > read_at else "active"), "Enabled"


def _expires(attributes: Object | None) -> bool | None:
    """Tell whether a key ends by itself. Without a date it does not; a date that is none says nothing."""
    if attributes is None:
        return None
    if not given(attributes, "exp"):
        return False
    return True if instant(attributes, "exp") is not None else None


def _tags(item: Object) -> tuple[str, ...] | None:
    tags = item.get("tags") if given(item, "tags") else {}
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        return None
    return tuple(sorted(f"{name}={value}" for name, value in tags.items()))


def _tag_keys(item: Object) -> tuple[str, ...] | None:
    tags = _tags(item)
    return None if tags is None else tuple(sorted({tag.partition("=")[0] for tag in tags if tag.partition("=")[2]}))


def _with_exports(row: KeyFact, unit: Records, key: Listed) -> KeyFact:
    """Add what says whether material leaves, and whether the HSM vouches for it."""
    body = unit.response(KEY, key.id)
    attributes = child(body, "attributes")
    if attributes is None or not isinstance(body, dict):
        return row
    # Only a key with a release policy can be exportable, and one that is not says nothing, or that it is not.
    exportable = flag(attributes, "exportable") if given(attributes, "exportable") else False
    released = exportable if given(body, "release_policy") else False
    return replace(row, exportable=exportable, released=released, attested=_attested(unit, key))


def _attested(unit: Records, key: Listed) -> bool | None:
    """Tell whether a statement was given. A key vault is not asked: the statement is a managed HSM's."""
    attributes = child(unit.response(ATTESTATION, key.id), "attributes")
    if attributes is None:
        return None
    statement = child(attributes, "attestation")
    return statement is not None and bool(text(statement, "privateKeyAttestation"))


def _with_material(row: KeyFact, unit: Records, key: Listed, history: History) -> KeyFact:
    """Add what the versions and the rotation policy say."""
    row = replace(row, rotation_supported=None if key.certificate is None else not (key.certificate or key.deleted))
    current = history.current
    if history.complete and current is not None:
        rotated = len(history.versions) - 1
        row = replace(
            row,
            created_at=history.versions[0].created_at,
            rotation_count=rotated,
            last_rotated_at=current.created_at if rotated else None,
            material_since=current.created_at,
            current_material_id=current.name,
        )
    if row.rotation_supported is False:
        return replace(row, rotation_enabled=False)
    policy = unit.response(ROTATION, key.id)
    if not isinstance(policy, dict):
        return row
    trigger = _rotates(policy)
    if trigger is None:
        return replace(row, rotation_enabled=None if _unclear(policy) else False)
    after, before = parse(text(trigger, "timeAfterCreate")), parse(text(trigger, "timeBeforeExpiry"))
    lives = parse(text(child(policy, "attributes"), "expiryTime"))
    period = after or (lives - before if lives is not None and before is not None else None)
    return replace(
        row,
        rotation_enabled=True,
        rotation_period_days=period.in_days() if period is not None else None,
        next_rotation_at=_next(row, after, before),
    )


def _next(row: KeyFact, after: Period | None, before: Period | None) -> datetime | None:
    if after is not None:
        return after.after(row.material_since) if row.material_since is not None else None
    return before.after(row.expires_at, -1) if before is not None and row.expires_at is not None else None


def _rotates(policy: Object) -> Object | None:
    """Return what triggers a rotation, or None when nothing does."""
    actions = policy.get("lifetimeActions")
    for action in actions if isinstance(actions, list) else []:
        word = text(child(action, "action"), "type")
        if word is not None and word.lower() == "rotate":
            return child(action, "trigger") or {}
    return None


def _unclear(policy: Object) -> bool:
    """Tell whether an action of a policy is not understood."""
    actions = policy.get("lifetimeActions", [])
    words = [text(child(one, "action"), "type") for one in actions] if isinstance(actions, list) else [None]
    return None in words


def _versions(holder: Holder, key: Listed, history: History) -> Iterator[KeyVersionFact]:
    unit, current = holder.unit, history.current
    attested = _attested(unit, key)
    described = key_of(text(child(unit.response(KEY, key.id), "key"), "kid") or "")
    for number, version in enumerate(history.versions):
        yield KeyVersionFact(
            source=unit.source,
            evidence=tuple(sorted(_evidence(unit, key))),
            version_id=f"{key.id}/versions/{version.name}",
            key_id=key.id,
            material_state="current" if version is current else "non_current",
            # Azure tells neither whether material was imported nor what made a version, but nothing made the first.
            rotation_type=NONE if number == 0 and history.complete else None,
            created_at=version.created_at,
            expires=_expires(version.attributes),
            expires_at=instant(version.attributes, "exp"),
            hsm_platform=platform(version.attributes, is_hsm=holder.is_hsm),
            attested=attested if described is not None and described[1] == version.name else None,
        )


def _evidence(unit: Records, key: Listed) -> set[Digest]:
    return {*unit.ids(VERSIONS, key.id), *unit.ids(KEY, key.id)}


def _current_platform(holder: Holder, key: Listed) -> str | None:
    """Return the platform of the version that a key has now; of another key than the one asked for, nothing."""
    body = holder.unit.response(KEY, key.id)
    named = key_of(text(child(body, "key"), "kid") or "")
    if named is None or named[0].lower() != key.name.lower():
        return None
    return platform(child(body, "attributes"), is_hsm=holder.is_hsm)


def platform(attributes: Object | None, *, is_hsm: bool) -> str | None:
    """Return the word for the platform that holds a version. A managed HSM is its own platform and may name none."""
    word = text(attributes, "hsmPlatform")
    return word or (NONE if is_hsm and attributes is not None and not given(attributes, "hsmPlatform") else None)


def instant(body: Object | None, name: str) -> datetime | None:
    """Return the instant (seconds since 1970) under ``name`` in UTC without a zone, or None."""
    value: object = body.get(name) if body is not None else None
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    try:
        return datetime.fromtimestamp(value, UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return None


def platforms(holder: Holder, key: Listed) -> tuple[str | None, ...]:
    """Return the platforms of the versions of a key that can be used; one of them None where that is not known."""
    history = history_of(holder.unit, key)
    used: Mapping[str | None, None] = {
        platform(version.attributes, is_hsm=holder.is_hsm): None for version in history.versions if version.enabled
    }
    words = tuple(sorted(used, key=str))
    return words if history.complete or None in words else (*words, None)
