"""The words of a comparison: how a subject stands, what moved a verdict, what changed. The same in every format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime

from scanner.model.diff import Because, Change, ControlChange, Diff, FindingChange, KeyChange, KeyMove, Standing
from scanner.model.history import ScanRecord
from scanner.model.ids import Json
from scanner.render.interchange import instant
from scanner.render.text import short_digest, value_text, visible

_WORDS: Mapping[Standing, str] = {
    Standing.PASS: "PASS",
    Standing.FAIL: "FAIL",
    Standing.UNKNOWN: "UNKNOWN",
    Standing.NOT_APPLICABLE: "NOT APPLICABLE",
    Standing.NO_FINDING: "no finding",
    Standing.NOT_SEEN: "not seen",
    Standing.NOT_RUN: "not run",
}
_MOVES: Mapping[KeyMove, str] = {
    KeyMove.APPEARED: "appeared",
    KeyMove.FIRST_SEEN: "seen for the first time, and the listing before was not whole",
    KeyMove.VANISHED: "vanished",
    KeyMove.NOT_SEEN: "not seen, and the listing is not whole",
    KeyMove.CHANGED: "changed",
}
_BECAUSE: Mapping[Because, str] = {
    Because.CONTROL: "because the control changed: the old facts give this verdict under it, too",
    Because.ESTATE: "the control changed, too, but the old facts do not give this verdict under it: the estate moved",
    Because.UNTOLD: "the control changed, too",
}
SECTIONS: Mapping[str, str] = {
    "new": "New",
    "fixed": "Fixed",
    "changed": "Changed",
    "unknown": "Unknown now",
    "persisting": "Persisting",
}
"""Lists of findings and their headings, in the order in which they are told."""
NOTES: Mapping[str, str] = {
    "new": "Fails now and did not fail before.",
    "fixed": "Failed before, and now passes, does not apply, or is gone from a listing that was read to its end.",
    "changed": "Every other move of a verdict, and failures whose waiver or alternative changed.",
    "unknown": "Unknown now and not before, or failed before and cannot be told now. None of it is fixed.",
    "persisting": "Fails in both scans.",
}


def lists(diff: Diff) -> dict[str, tuple[FindingChange, ...]]:
    """Return the lists of findings by the names that users give them, in the order of :data:`SECTIONS`."""
    return {
        "new": diff.appeared,
        "fixed": diff.fixed,
        "changed": diff.changed,
        "unknown": diff.unknown,
        "persisting": diff.persisting,
    }


def sum_line(diff: Diff) -> str:
    """Return the comparison in one line."""
    return (
        f"{len(diff.appeared)} new, {len(diff.fixed)} fixed, {len(diff.persisting)} persisting, "
        f"{len(diff.changed)} changed, {len(diff.unknown)} unknown now"
    )


def standing(is_: Standing, *, now: bool) -> str:
    """Return how a subject stands, in a word: what is not there is gone now, or was not there before."""
    if is_ is Standing.ABSENT:
        return "gone" if now else "not there"
    return _WORDS[is_]


def step(entry: FindingChange) -> str:
    """Return how a subject stood and how it stands."""
    return f"{standing(entry.before, now=False)} → {standing(entry.now, now=True)}"


def subject(entry: FindingChange) -> str:
    """Return a subject with its name for people."""
    label = visible(entry.label)
    return f"{visible(entry.subject)} ({label})" if label else visible(entry.subject)


def notes(entry: FindingChange) -> Iterator[str]:
    """Yield what is to say of an entry beside how it stands."""
    if entry.why:
        yield visible(entry.why)
    if entry.waiver_before != entry.waiver:
        yield f"waiver: {visible(entry.waiver_before) or 'none'} → {visible(entry.waiver) or 'none'}"
    elif entry.waiver:
        yield f"under {visible(entry.waiver)}"
    if entry.control_changed:
        yield _BECAUSE[entry.because]


def observed(entry: FindingChange) -> str:
    """Return the observed values: those that moved, else, of what fails or is unknown now, all."""
    if entry.moved:
        return "; ".join(map(change, entry.moved))
    if entry.now not in {Standing.FAIL, Standing.UNKNOWN} or entry.before is entry.now:
        return ""
    return "; ".join(f"{visible(name).replace('_', ' ')}: {value_text(value)}" for name, value in _items(entry))


def _items(entry: FindingChange) -> list[tuple[str, Json]]:
    return list(entry.observed.items())


def change(one: Change) -> str:
    """Return a change in words: ``name: old → new``."""
    return f"{visible(one.name).replace('_', ' ')}: {_value(one.old)} → {_value(one.new)}"


def _value(value: Json) -> str:
    if isinstance(value, str) and value.startswith("sha256:"):
        return short_digest(visible(value))
    return value_text(value)


def control_move(one: ControlChange) -> str:
    """Return what became of a control, in words."""
    if one.before is None:
        return f"added: {verdict(one.now)}"
    if one.now is None:
        return f"not run any more; it was {verdict(one.before)}"
    moved = [f"{verdict(one.before)} → {verdict(one.now)}"] if one.before != one.now else []
    return "; ".join([*moved, *map(change, one.changes)])


def verdict(name: str | None) -> str:
    """Return a verdict's word; empty for none."""
    return _WORDS[Standing(name)] if name else ""


def key_move(one: KeyChange) -> str:
    """Return what became of a key, in words."""
    return "; ".join(map(change, one.changes)) or _MOVES[one.move]


def key_count(diff: Diff) -> str:
    """Return how many keys came, went and changed; what is uncertain is told where there is some."""
    counted = Counter(one.move for one in diff.keys)
    certain = (KeyMove.APPEARED, KeyMove.VANISHED, KeyMove.CHANGED)
    return ", ".join(f"{counted[move]} {_MOVES[move]}" for move in _MOVES if counted[move] or move in certain)


def totals(diff: Diff) -> list[tuple[str, int, int]]:
    """Return what both scans count, as (name, old, new)."""
    old, new = diff.old.totals, diff.new.totals
    return [
        ("controls that fail", old.failed, new.failed),
        ("controls that are unknown", old.unknown, new.unknown),
        ("controls that pass", old.passed, new.passed),
        ("controls that do not apply", old.not_applicable, new.not_applicable),
        ("questions without an answer", diff.old.gaps, diff.new.gaps),
    ]


def scan_line(scan: ScanRecord) -> str:
    """Return a scan in one line."""
    return f"{visible(scan.organization, 120)}, as of {minute(scan.as_of)}, scan {visible(scan.id, 36)}"


def minute(moment: datetime) -> str:
    """Return an instant to the minute."""
    return f"{instant(moment)[:16].replace('T', ' ')} UTC"
