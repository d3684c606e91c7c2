"""What changed between two scans: findings, controls, keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from scanner.model.control import Severity
from scanner.model.history import ScanRecord
from scanner.model.ids import ControlId, Json


class Standing(StrEnum):
    """How a subject stands under a control in one scan: a verdict, or why there is none."""

    PASS = "pass"  # noqa: S105 - not a password
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"
    ABSENT = "absent"
    """The subject was not there, and everything that lists it was read."""
    NO_FINDING = "no_finding"
    """It neither failed nor was unknown; the store keeps no more of a scan."""
    NOT_SEEN = "not_seen"
    """There is no verdict, and nothing tells that the subject is gone."""
    NOT_RUN = "not_run"
    """The control was not run."""


class Because(StrEnum):
    """What moved a verdict whose control changed, too."""

    CONTROL = "control"
    """The facts of the old scan give the new verdict under the control of the new one."""
    ESTATE = "estate"
    """They do not: the estate changed, or time went by."""
    UNTOLD = ""
    """The control did not change, or the facts of the old scan are not at hand."""


@dataclass(frozen=True, slots=True)
class Change:
    """A value that is not what it was."""

    name: str
    old: Json
    """None for not known."""
    new: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingChange:
    """A subject under a control in both scans."""

    control: ControlId
    title: str
    severity: Severity
    """As the newer scan that ran the control has it; so is the title."""
    subject: str
    source: str
    label: str
    """Name for people, or empty."""
    before: Standing
    now: Standing
    why: str = ""
    """Why it is unknown or cannot be told, in words."""
    observed: Mapping[str, Json]
    """Values that the verdict rests on: of the new scan, or of the old one when it is no finding any more."""
    moved: tuple[Change, ...] = ()
    """Observed values that differ, where both scans have them."""
    waiver_before: str = ""
    """Id of the waiver or alternative that covered the failure, or empty."""
    waiver: str = ""
    """Id of the one that covers it now, or empty."""
    control_changed: bool = False
    """The control's file or a threshold is not what it was."""
    because: Because = Because.UNTOLD


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlChange:
    """A control that was added or removed, that is not what it was, or whose verdict moved."""

    id: ControlId
    title: str
    severity: Severity
    before: str | None
    """Verdict; None when it was not run."""
    now: str | None
    changes: tuple[Change, ...] = ()
    """Of title, severity, file (digest) and thresholds, in that order."""


class KeyMove(StrEnum):
    """What became of a key."""

    APPEARED = "appeared"
    """It was not there; the listing was read to its end."""
    FIRST_SEEN = "first_seen"
    """It was not listed before, and the listing was not whole."""
    VANISHED = "vanished"
    """It is gone; the listing was read to its end."""
    NOT_SEEN = "not_seen"
    """It was not listed, and the listing is not whole."""
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChange:
    """A key that is not as it was."""

    key_id: str
    source: str
    name: str
    """For people, or empty."""
    move: KeyMove
    changes: tuple[Change, ...] = ()
    """Of state, rotation, material, type, expiry ...; times are RFC 3339 in UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """Everything that changed from one scan to another. Each finding is in one place only."""

    old: ScanRecord
    new: ScanRecord
    appeared: tuple[FindingChange, ...]
    """Fails now and did not fail before ("new"). All lists: worst severity first, then control, subject, source."""
    fixed: tuple[FindingChange, ...]
    """Failed before, and now passes, does not apply, or is gone."""
    persisting: tuple[FindingChange, ...]
    """Fails in both, under the same waiver or none."""
    changed: tuple[FindingChange, ...]
    """Every other move of a verdict, and a failure whose waiver changed."""
    unknown: tuple[FindingChange, ...]
    """Unknown now and not before; or it failed before and cannot be told now. Never fixed."""
    still_unknown: int
    """Unknown in both."""
    controls: tuple[ControlChange, ...]
    """By id."""
    keys: tuple[KeyChange, ...]
    """By id and source."""
    warnings: tuple[str, ...] = ()
    """Why the two scans are not quite comparable, in words."""
