"""Cloud KMS answers to rows. Pure: the same records give the same rows, in any order of arrival.

Proto3 JSON leaves out what has its default value: a boolean that is false, an empty text, a list without items. Where a
row rests on such an absence, the reading function says so (`switched`, `word`, `listed`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from scanner.model import spki
from scanner.model.facts import Fact
from scanner.model.ids import Digest
from scanner.model.modules import ModuleFact
from scanner.model.observation import Observation, Record
from scanner.model.stores import BindingFact
from scanner.model.tables import KeyFact, KeyGrantFact, KeyPolicyFact, KeyVersionFact
from scanner.normalize.gcp import access, stores, versions
from scanner.normalize.gcp.algorithms import USAGES, shape_of, type_of
from scanner.normalize.gcp.listings import DAY, both, by_name, listed, seconds, switched, word
from scanner.normalize.gcp.versions import Material
from scanner.normalize.reading import Object, child, choice, given, moment, text
from scanner.normalize.records import Records

RINGS = "cloudkms:projects.locations.keyRings.list"
KEYS = "cloudkms:projects.locations.keyRings.cryptoKeys.list"
PUBLIC = "cloudkms:projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.getPublicKey"

_SYMMETRIC = frozenset({"ENCRYPT_DECRYPT", "RAW_ENCRYPT_DECRYPT", "MAC", "AES_WRAPPING"})

EXTERNAL = frozenset({"EXTERNAL", "EXTERNAL_VPC"})
LEVELS = frozenset({"SOFTWARE", "HSM", "HSM_SINGLE_TENANT", *EXTERNAL})
_PRODUCTS: Mapping[str, tuple[str | None, str, str]] = {
    "SOFTWARE": ("boringcrypto", "software", "Cloud KMS"),
    "HSM": ("google-cloud-hsm", "hardware", "Cloud HSM"),
    # Which validation its partitions have is in no table that we know.
    "HSM_SINGLE_TENANT": (None, "hardware", "Single-tenant Cloud HSM"),
}
"""Protection level to product, embodiment and name (docs.cloud.google.com/kms/docs/protection-levels)."""
_REGION = re.compile(r"[a-z]+-[a-z]+[0-9]+")
"""One place; all other locations (``us``, ``eur4``, ``global``) are several."""


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield the rows of one unit: keys and what hangs on them, in one location of a project."""
    unit = Records(records)
    if unit.first is None:
        return
    reader = access.Reader(unit, unit.first.account)
    rings = listed(unit, RINGS, _place(unit.first), "keyRings")
    found: dict[str, tuple[Observation, Object]] = {}
    complete, pages = rings.complete, [unit.ids(RINGS, _place(unit.first))]
    for ring in by_name(rings):
        keys = listed(unit, KEYS, ring, "cryptoKeys")
        found |= by_name(keys)
        complete = complete and keys.complete
        pages.append(unit.ids(KEYS, ring))
    listing = both(*pages)
    levels: set[str | None] = set()
    for name, (page, body) in sorted(found.items()):
        levels.add(_level(body))
        yield from _key(unit, reader, name, page, body)
    for table in (KeyFact, KeyPolicyFact):
        yield _covered(unit, table, len(found), listing, complete=complete)
    yield from _modules(unit, levels, listing, complete=complete)
    yield from stores.rows(unit, _place(unit.first))


def _place(record: Record) -> str:
    return f"projects/{record.account}/locations/{record.region}"


def _covered(
    unit: Records, table: type[Fact], count: int, evidence: tuple[Digest, ...], *, complete: bool, among: str = ""
) -> Fact:
    row = unit.coverage(table, RINGS, unit.source, None, count, complete=complete)
    return replace(row, evidence=evidence, coverage_id=f"{row.coverage_id}{among}")


def _key(unit: Records, reader: access.Reader, name: str, page: Observation, body: Object) -> Iterator[Fact]:
    found = versions.material(unit, name, body)
    subject = _Subject(unit, name, page, body, found)
    yield _key_row(subject)
    yield from _held(unit, name, page, _level(body))
    if unit.asked(versions.VERSIONS, name):
        yield from versions.rows(unit, name, found)
        count = len(found.versions)
        yield unit.coverage(KeyVersionFact, versions.VERSIONS, name, name, count, complete=found.complete)
    # Cloud KMS has no grants: whatever is allowed on a key is in IAM policies.
    none = unit.coverage(KeyGrantFact, KEYS, name, None, 0, complete=True)
    yield replace(none, evidence=(page.id,))
    holder = access.Subject(name, page.account, name.rpartition("/")[2], (page.id,))
    yield from access.rows(unit, reader, holder)


def _module_id(unit: Records, level: str) -> str:
    return f"{unit.source}:{level.lower()}"


def _held(unit: Records, name: str, page: Observation, level: str | None) -> Iterator[Fact]:
    """Yield which of the location's modules a key is in."""
    if level is not None and level in _PRODUCTS:
        module = _module_id(unit, level)
        yield BindingFact(
            source=unit.source,
            evidence=(page.id,),
            binding_id=f"{name} > {module}",
            child_id=name,
            parent_id=module,
            child_kind="key",
            parent_kind="module",
            strength="observed",
        )


@dataclass(frozen=True, slots=True)
class _Subject:
    unit: Records
    name: str
    page: Observation
    body: Object
    """The key as it was listed."""
    material: Material

    @property
    def version(self) -> Object | None:
        """The version that counts; empty: there is none; None: not known."""
        return self.material.current


def _level(body: Object) -> str | None:
    level = text(child(body, "versionTemplate"), "protectionLevel")
    return level if level in LEVELS else None


def _algorithm(subject: _Subject) -> str | None:
    """Return the algorithm of the current version, else that of the versions to come."""
    return text(subject.version, "algorithm") or text(child(subject.body, "versionTemplate"), "algorithm")


def _key_row(subject: _Subject) -> KeyFact:
    """Return what is known of a key: its shape and holder, its history, and its schedule."""
    body, material, level = subject.body, subject.material, _level(subject.body)
    origin, tags = _origin(subject, level), _tags(body)
    # Cloud KMS gives out no material. What an external key manager does, it cannot tell.
    given_out = None if level is None or level in EXTERNAL else False
    return replace(
        _shaped(subject),
        origin=origin,
        exportable=given_out,
        ever_exportable=True if origin == "imported" else given_out if origin else None,
        readable=given_out,
        hsm_platform="none",
        released=given_out,
        attested=versions.attested(subject.version),
        key_store_id=_store(subject, level),
        external_key_ref=_external(subject, level),
        rotation_count=material.rotation_count,
        last_rotated_at=material.rotated_at,
        material_since=material.since,
        current_material_id=text(subject.version, "name"),
        public_fingerprint=_public(subject),
        tags=None if tags is None else tuple(sorted(f"{name}={value}" for name, value in tags.items())),
        tag_keys=None if tags is None else tuple(sorted(name for name, value in tags.items() if value.strip())),
    )


def _public(subject: _Subject) -> str | None:
    """Return the fingerprint of the public half of the current version; ``none`` for a symmetric key."""
    if text(subject.body, "purpose") in _SYMMETRIC:
        return spki.NONE
    told = subject.unit.response(PUBLIC, subject.name)
    # Of another version than the one that counts, an answer tells nothing.
    if not isinstance(told, dict) or text(told, "name") != text(subject.version, "name"):
        return None
    return spki.of_pem(text(told, "pem") or "")


def _shaped(subject: _Subject) -> KeyFact:
    body, state = subject.body, subject.material.state
    algorithm, usage = _algorithm(subject), choice(body, "purpose", USAGES)
    shape, rotation = shape_of(algorithm), _rotation(body, _level(body))
    single = _REGION.fullmatch(subject.page.region) is not None
    going = None if state is None else state == "deactivated"
    return KeyFact(
        source=subject.unit.source,
        evidence=subject.unit.evidence(subject.name, subject.page.id),
        key_id=subject.name,
        provider="gcp",
        account=subject.page.account,
        region=subject.page.region,
        name=subject.name.rpartition("/")[2],
        aliases=(),
        managed_by="customer",
        key_type=type_of(text(body, "purpose"), shape),
        provider_spec=algorithm,
        algorithm=shape.algorithm if shape else None,
        curve=shape.curve if shape else None,
        length_bits=shape.length_bits if shape else None,
        strength_bits=shape.strength_bits if shape else None,
        approved_algorithm=shape.approved if shape else None,
        quantum_vulnerable=shape.quantum_vulnerable if shape else None,
        usage=usage,
        usage_count=1 if usage else None,
        state=state,
        provider_state=_provider_state(subject),
        created_at=moment(body, "createTime"),
        expires=False,  # Cloud KMS ends no key by itself
        deletion_scheduled=going,
        deletion_at=moment(subject.version, "destroyTime") if going else None,
        deletion_window_days=_days(body, "destroyScheduledDuration"),
        multi_region=not single,
        multi_region_role="none",
        primary_key_id="none",
        location_count=1 if single else None,
        rotation_supported=rotation.supported,
        rotation_enabled=rotation.enabled,
        rotation_period_days=rotation.period,
        next_rotation_at=moment(body, "nextRotationTime") if rotation.enabled else None,
    )


def _provider_state(subject: _Subject) -> str | None:
    if subject.version == {}:
        return "none"
    return text(subject.version, "state")


def _origin(subject: _Subject, level: str | None) -> str | None:
    if level is None:
        return None
    if level in EXTERNAL:
        return "external_store"
    if switched(subject.body, "importOnly"):
        return "imported"
    if subject.version == {}:
        return None  # without a version there is no material yet, and both ways are open
    job = word(subject.version, "importJob", "")
    return None if job is None else "imported" if job else "provider"


def _store(subject: _Subject, level: str | None) -> str | None:
    """Return the external key manager that holds a key: its EKM connection, or where its URI leads."""
    if level in {"SOFTWARE", "HSM"}:
        return "none"
    backend = text(subject.body, "cryptoKeyBackend")
    if backend or level != "EXTERNAL":
        return backend
    try:
        parts = urlsplit(_external(subject, level) or "")
    except ValueError:  # a bracket that nobody closes
        return None
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else None


def _external(subject: _Subject, level: str | None) -> str | None:
    if level not in EXTERNAL:
        return "none" if level else None
    options = child(subject.version, "externalProtectionLevelOptions")
    return text(options, "externalKeyUri") or text(options, "ekmConnectionKeyPath")


@dataclass(frozen=True, slots=True)
class _Rotation:
    supported: bool | None = None
    enabled: bool | None = None
    period: int | None = None


def _rotation(body: Object, level: str | None) -> _Rotation:
    """Return what is set of automatic rotation: symmetric keys alone have it, and not those of external managers.

    docs.cloud.google.com/kms/docs/key-rotation; CryptoKey.rotationPeriod is left out where there is none.
    """
    purpose = text(body, "purpose")
    if purpose is None or level is None:
        return _Rotation()
    if purpose != "ENCRYPT_DECRYPT" or level in EXTERNAL or switched(body, "importOnly"):
        return _Rotation(supported=False, enabled=False)
    if not given(body, "rotationPeriod"):
        return _Rotation(supported=True, enabled=False)
    whole = seconds(body, "rotationPeriod")
    # A day that has begun counts: 90 days and an hour are not 90 days or less.
    return _Rotation(True, None if whole is None else True, None if whole is None else -(-whole // DAY))


def _days(body: Object, name: str) -> int | None:
    """Return whole days of a duration, the last one cut off; None for less than one."""
    whole = seconds(body, name)
    return whole // DAY or None if whole else None


def _tags(body: Object) -> dict[str, str] | None:
    labels = body.get("labels", {})
    if not isinstance(labels, dict):
        return None
    known = {name: value for name, value in labels.items() if isinstance(value, str)}
    return known if len(known) == len(labels) else None


def _modules(unit: Records, levels: set[str | None], evidence: tuple[Digest, ...], *, complete: bool) -> Iterator[Fact]:
    """Yield what holds the keys of this location: a module for each protection level that a key here has."""
    here = unit.first
    assert here is not None  # noqa: S101 - the caller leaves empty units out
    used = sorted(level for level in levels if level is not None and level in _PRODUCTS)
    for level in used:
        product, embodiment, name = _PRODUCTS[level]
        yield ModuleFact(
            source=unit.source,
            evidence=evidence,
            module_id=_module_id(unit, level),
            provider="gcp",
            account=here.account,
            region=here.region,
            name=f"{name} {here.region}",
            kind="key_service",
            product=product,
            embodiment=embodiment,
            version="none",
            state="none",
            certificate_required=True,
        )
    whole = complete and None not in levels
    yield _covered(unit, ModuleFact, len(used), evidence, complete=whole, among=f" {KEYS}")
