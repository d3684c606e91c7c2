"""Rotation and material versions of one AWS KMS key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from scanner.model.tables import KeyVersionFact
from scanner.normalize.reading import Object, child, flag, moment, number, objects, text
from scanner.normalize.records import Records

UNSUPPORTED = "UnsupportedOperationException"


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
    versions: tuple[KeyVersionFact, ...]


def read_material(unit: Records, arn: str, metadata: Object | None) -> Material:
    """Read rotation status and history of a key.

    AWS KMS rotates symmetric keys with its own material automatically; imported material can be rotated on demand;
    for every other kind the material is that of the key's creation.
    """
    supported = _supported(unit, arn, metadata)
    body = unit.response("kms:GetKeyRotationStatus", arn)
    status = body if isinstance(body, dict) else None
    history = _History(unit, arn, metadata)
    return Material(
        rotation_supported=supported,
        rotation_enabled=False if supported is False else flag(status, "KeyRotationEnabled"),
        rotation_period_days=number(status, "RotationPeriodInDays"),
        next_rotation_at=moment(status, "NextRotationDate"),
        rotation_count=history.count,
        last_rotated_at=history.last,
        since=history.since,
        listed=bool(unit.answers("kms:ListKeyRotations", arn)),
        versions=tuple(history.versions()),
    )


def _supported(unit: Records, arn: str, metadata: Object | None) -> bool | None:
    spec, origin = text(metadata, "KeySpec"), text(metadata, "Origin")
    if spec is not None and origin is not None:
        return spec == "SYMMETRIC_DEFAULT" and origin == "AWS_KMS"
    return False if unit.error("kms:GetKeyRotationStatus", arn) == UNSUPPORTED else None


class _History:
    def __init__(self, unit: Records, arn: str, metadata: Object | None) -> None:
        self._unit = unit
        self._arn = arn
        self._created = moment(metadata, "CreationDate")
        self._fixed = self._cannot_change(metadata)
        self._entries = [
            entry for page in unit.answers("kms:ListKeyRotations", arn) for entry in objects(page.response, "Rotations")
        ]
        self._complete = unit.complete("kms:ListKeyRotations", arn)
        dates = [date for entry in self._entries if (date := moment(entry, "RotationDate")) is not None]
        known = self._complete or self._fixed
        self._replica = text(child(metadata, "MultiRegionConfiguration"), "MultiRegionKeyType") == "REPLICA"
        self.count = (0 if self._fixed else len(dates)) if known else None
        self.last = max(dates, default=None) if known else None
        # A replica was created after the material that it copies: its own date would make the material too young.
        self._first = None if self._replica else self._created
        self.since = (self.last or self._first) if known else None

    def _cannot_change(self, metadata: Object | None) -> bool:
        if self._unit.error("kms:ListKeyRotations", self._arn) == UNSUPPORTED:
            return True
        spec, origin = text(metadata, "KeySpec"), text(metadata, "Origin")
        if spec is None or origin is None:
            return False
        return spec != "SYMMETRIC_DEFAULT" or origin not in {"AWS_KMS", "EXTERNAL"}

    def versions(self) -> Iterator[KeyVersionFact]:
        seen: set[str] = set()
        for entry in self._entries:
            date = moment(entry, "RotationDate")
            identity = text(entry, "KeyMaterialId")
            version = f"{self._arn}#{identity or (date.isoformat() if date else 'first')}"
            if version in seen:
                continue
            seen.add(version)
            model = text(entry, "ExpirationModel")
            rotation = text(entry, "RotationType")
            imported = text(entry, "ImportState")
            state = text(entry, "KeyMaterialState")
            yield KeyVersionFact(
                source=self._unit.source,
                evidence=self._unit.ids("kms:ListKeyRotations", self._arn),
                version_id=version,
                key_id=self._arn,
                material_state=_STATE.get(state) if state else None,
                import_state=imported.lower() if imported else "none",
                rotation_type=rotation.lower() if rotation else "none",
                created_at=date or self._first,
                expires=_EXPIRES.get(model) if model else False,
                expires_at=moment(entry, "ValidTo"),
            )


_STATE = {
    "CURRENT": "current",
    "NON_CURRENT": "non_current",
    "PENDING_ROTATION": "pending",
    "PENDING_MULTI_REGION_IMPORT_AND_ROTATION": "pending",
}
_EXPIRES = {"KEY_MATERIAL_EXPIRES": True, "KEY_MATERIAL_DOES_NOT_EXPIRE": False}
