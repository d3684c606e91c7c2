"""What changed between two scans beside findings: controls, keys, and the terms of the comparison."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from scanner.history.standing import Side
from scanner.model.diff import Change, ControlChange, KeyChange, KeyMove
from scanner.model.history import ControlState, KeyState, ScanRecord, Snapshot
from scanner.model.ids import Json
from scanner.scanheader import written

_FIELDS = (
    "name",
    "managed_by",
    "key_type",
    "state",
    "created_at",
    "material_since",
    "rotation_enabled",
    "rotation_period_days",
    "expires",
    "expires_at",
)
"""Of a key, in the order in which they are told."""


def is_changed(old: ControlState | None, new: ControlState | None) -> bool:
    """Tell whether both scans ran a control, and its file or a threshold is not what it was."""
    if old is None or new is None:
        return False
    return (old.digest, old.thresholds) != (new.digest, new.thresholds)


def control_changes(old: Snapshot, new: Snapshot) -> Iterator[ControlChange]:
    """Yield, by id, the controls that were added or removed, that changed, or whose verdict moved."""
    before = {control.id: control for control in old.controls}
    now = {control.id: control for control in new.controls}
    for id_ in sorted(before.keys() | now.keys()):
        was, is_ = before.get(id_), now.get(id_)
        latest = is_ or before[id_]
        changes = tuple(_control(was, is_)) if was and is_ else ()
        verdicts = tuple(one.verdict.value if one else None for one in (was, is_))
        if changes or verdicts[0] != verdicts[1]:
            yield ControlChange(
                id=id_,
                title=latest.title,
                severity=latest.severity,
                before=verdicts[0],
                now=verdicts[1],
                changes=changes,
            )


def _control(old: ControlState, new: ControlState) -> Iterator[Change]:
    pairs: list[tuple[str, Json, Json]] = [
        ("title", old.title, new.title),
        ("severity", old.severity.value, new.severity.value),
        ("file", old.digest, new.digest),
    ]
    before, now = dict(old.thresholds), dict(new.thresholds)
    pairs += [(f"threshold {name}", before.get(name), now.get(name)) for name in sorted(before.keys() | now.keys())]
    yield from (Change(name, was, is_) for name, was, is_ in pairs if was != is_)


def key_changes(old: Side, new: Side) -> Iterator[KeyChange]:
    """Yield, by id and source, the keys that came, went, or are not as they were."""
    before, now = _keys(old.snapshot), _keys(new.snapshot)
    for key in sorted(before.keys() | now.keys()):
        was, is_ = before.get(key), now.get(key)
        latest = is_ or before[key]
        changes: tuple[Change, ...] = ()
        if was is None:
            move = KeyMove.APPEARED if old.listed_keys(key[1]) else KeyMove.FIRST_SEEN
        elif is_ is None:
            move = KeyMove.VANISHED if new.listed_keys(key[1]) else KeyMove.NOT_SEEN
        else:
            move, changes = KeyMove.CHANGED, tuple(_key(was, is_))
        if changes or move is not KeyMove.CHANGED:
            name = latest.name or ""
            yield KeyChange(key_id=latest.key_id, source=latest.source, name=name, move=move, changes=changes)


def _keys(snapshot: Snapshot) -> dict[tuple[str, str], KeyState]:
    return {(key.key_id, key.source): key for key in snapshot.keys}


def _key(old: KeyState, new: KeyState) -> Iterator[Change]:
    for name in _FIELDS:
        was, is_ = getattr(old, name), getattr(new, name)
        if was != is_:
            yield Change(name, _plain(was), _plain(is_))


def _plain(value: str | bool | int | datetime | None) -> Json:
    return written(value) if isinstance(value, datetime) else value


def warnings(old: ScanRecord, new: ScanRecord) -> Iterator[str]:
    """Yield why two scans are not quite comparable."""
    if old.id == new.id:
        yield "both are the same scan"
    if new.as_of < old.as_of:
        yield f"the second scan is older than the first: as of {written(new.as_of)}, and {written(old.as_of)}"
    if old.organization != new.organization:
        yield f"the organizations differ: {old.organization}, then {new.organization}"
    elif old.series != new.series and {old.series, new.series}.isdisjoint({old.organization, new.organization}):
        # A scan directory has no series of its own: it counts to its organization's.
        yield f"the series differ: {old.series}, then {new.series}"
    if old.selection != new.selection:
        yield f"not the same controls and sources were run: {old.selection}, then {new.selection}"
    if old.estate_sha256 != new.estate_sha256:
        yield "the estate file is not the same"
    if old.catalogue_sha256 != new.catalogue_sha256:
        yield "the catalogue is not the same; what follows says which controls changed"
    if old.tool_version != new.tool_version:
        yield f"not the same keyaudit judged them: {old.tool_version}, then {new.tool_version}"
