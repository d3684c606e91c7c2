"""Rotation and material versions of one AWS KMS key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from scanner.model.tables import KeyVersionFact
from scanner.normalize.algorithms import AWS_KMS, AWS_ORIGIN
from scanner.normalize.reading import Object, child, choice, choice_or, days, flag, given, moment, text
from scanner.normalize.records import Records

UNSUPPORTED = "UnsupportedOperationException"
STATUS = "kms:GetKeyRotationStatus"
HISTORY = "kms:ListKeyRotations"

_STATE = {
    "CURRENT": "current",
    "NON_CURRENT": "non_current",
    "PENDING_ROTATION": "pending",
    "PENDING_MULTI_REGION_IMPORT_AND_ROTATION": "pending",
}
_EXPIRES = {"KEY_MATERIAL_EXPIRES": True, "KEY_MATERIAL_DOES_NOT_EXPIRE": False}
_IMPORT = {"IMPORTED": "imported", "PENDING_IMPORT": "pending_import"}
_ROLE = {"PRIMARY": "primary", "REPLICA": "replica"}
_ROTATION = {"AUTOMATIC": "automatic", "ON_DEMAND": "on_demand"}


@dataclass(frozen=True, slots=True)
class Material:
    """What is known of a key's rotation. None: not known."""

    rotation_supported: bool | None
    rotation_enabled: bool | None
    rotation_period_days: int | None
    next_rotation_at: datetime | None
    rotation_count: int | None
    last_rotated_at: datetime | None
    since: datetime | None
    listed: bool
    """Rotations were listed, so there is a coverage row to write."""
    complete: bool
    """They were listed to the end, and understood."""
    versions: tuple[KeyVersionFact, ...]


def spec_of(metadata: Object | None) -> str | None:
    """Return the key spec. Its field has an old name beside it; when the two differ nobody knows."""
    if given(metadata, "KeySpec"):
        spec, old = text(metadata, "KeySpec"), metadata and metadata.get("CustomerMasterKeySpec")
        return spec if old in (None, spec) else None
    return text(metadata, "CustomerMasterKeySpec")


def read_material(unit: Records, arn: str, metadata: Object | None) -> Material:
    """Read rotation status and history of a key.

    AWS KMS rotates symmetric keys with its own material automatically; imported material can be rotated on demand;
    for every other kind the material is that of the key's creation.
    """
    body = unit.response(STATUS, arn)
    status = body if isinstance(body, dict) else None
    enabled = flag(status, "KeyRotationEnabled")
    supported = _supported(unit, arn, metadata)
    if supported is None and enabled:
        supported = True
    if supported is False:
        enabled = None if enabled else False  # on, where it cannot be: nobody knows
    history = _History(unit, arn, metadata)
    return Material(
        rotation_supported=supported,
        rotation_enabled=enabled,
        rotation_period_days=days(status, "RotationPeriodInDays"),
        next_rotation_at=moment(status, "NextRotationDate"),
        rotation_count=history.count,
        last_rotated_at=history.last,
        since=history.since,
        listed=bool(unit.answers(HISTORY, arn)),
        complete=history.listing.complete,
        versions=tuple(history.versions()),
    )


def _kind(metadata: Object | None) -> tuple[str, str] | None:
    """Return spec and origin, or None when one of them is not known to us."""
    spec, origin = spec_of(metadata), text(metadata, "Origin")
    if spec not in AWS_KMS or origin not in AWS_ORIGIN:
        return None
    return str(spec), str(origin)


def _supported(unit: Records, arn: str, metadata: Object | None) -> bool | None:
    kind = _kind(metadata)
    if kind is not None:
        return kind == ("SYMMETRIC_DEFAULT", "AWS_KMS")
    return False if unit.error(STATUS, arn) == UNSUPPORTED else None


class _History:
    """How often the material was replaced, and since when the current one is in use."""

    def __init__(self, unit: Records, arn: str, metadata: Object | None) -> None:
        self._unit = unit
        self._arn = arn
        self._first = _first_use(arn, metadata)
        self.listing = unit.listing(HISTORY, arn, "Rotations")
        self._entries = list({_version_id(arn, entry): entry for _, entry in reversed(self.listing.items)}.values())
        self.count: int | None = None
        self.last: datetime | None = None
        self.since: datetime | None = None
        if self._entries or not self._cannot_change(metadata):
            self._count()
        else:
            self.count, self.since = 0, self._first

    def _count(self) -> None:
        dates = [moment(entry, "RotationDate") for entry in self._entries if given(entry, "RotationDate")]
        known = [date for date in dates if date is not None]
        if not self.listing.complete or len(known) < len(dates):
            return
        self.count = len(known)
        self.last = max(known, default=None)
        current = [entry for entry in self._entries if text(entry, "KeyMaterialState") == "CURRENT"]
        if all(moment(entry, "RotationDate") == self.last for entry in current):
            self.since = self.last or self._first

    def _cannot_change(self, metadata: Object | None) -> bool:
        kind = _kind(metadata)
        if kind is not None and (kind[0] != "SYMMETRIC_DEFAULT" or kind[1] not in {"AWS_KMS", "EXTERNAL"}):
            return True
        return self._unit.error(HISTORY, self._arn) == UNSUPPORTED

    def versions(self) -> Iterator[KeyVersionFact]:
        for entry in self._entries:
            state = choice(entry, "KeyMaterialState", _STATE)
            first = state in {"current", "non_current"} and not given(entry, "RotationDate")
            yield KeyVersionFact(
                source=self._unit.source,
                evidence=self._unit.ids(HISTORY, self._arn),
                version_id=_version_id(self._arn, entry),
                key_id=self._arn,
                material_state=state,
                import_state=choice_or(entry, "ImportState", _IMPORT, "none"),
                rotation_type=choice_or(entry, "RotationType", _ROTATION, "none"),
                created_at=self._first if first else moment(entry, "RotationDate"),
                expires=choice_or(entry, "ExpirationModel", _EXPIRES, absent=False),
                expires_at=moment(entry, "ValidTo"),
                hsm_platform="none",  # AWS KMS tells of no platforms
            )


def region_role(arn: str, metadata: Object | None) -> str | None:
    """Return ``none``, ``primary`` or ``replica``: what the key is among related keys of several regions, or None."""
    multi = flag(metadata, "MultiRegion")
    config = child(metadata, "MultiRegionConfiguration")
    if not multi:
        return "none" if multi is False and not config else None
    role = choice(config, "MultiRegionKeyType", _ROLE)
    primary = text(child(config, "PrimaryKey"), "Arn")
    # The primary is named, and it is this key or it is not.
    return role if primary is not None and (role == "primary") == (primary == arn) else None


def _first_use(arn: str, metadata: Object | None) -> datetime | None:
    """Return the start of the first material's use: the key's creation, where that says it."""
    # A replica was created after the material that it copies: its own date would make the material too young.
    own = region_role(arn, metadata) in {"none", "primary"}
    # A key that waits for its import has no material in use.
    waits = text(metadata, "KeyState") == "PendingImport"
    return moment(metadata, "CreationDate") if own and not waits else None


def _version_id(arn: str, entry: Object) -> str:
    date = moment(entry, "RotationDate")
    return f"{arn}#{text(entry, 'KeyMaterialId') or (date.isoformat() if date else text(entry, 'KeyMaterialState'))}"
