"""``diff.json``: what changed between two scans, for machines, by the schema that ``keyaudit schema diff`` prints."""

from __future__ import annotations

from collections.abc import Iterable

from scanner.model.artifact import Artifact
from scanner.model.diff import Change, ControlChange, Diff, FindingChange, KeyChange
from scanner.model.history import ScanRecord
from scanner.model.ids import Json
from scanner.render.interchange import instant
from scanner.render.results import encoded

SCHEMA = "keyaudit/diff/1"


def render(diff: Diff) -> Artifact:
    """Return ``diff.json``."""
    body: dict[str, Json] = {
        "schema": SCHEMA,
        "scans": {"old": _scan(diff.old), "new": _scan(diff.new)},
        "warnings": list(diff.warnings),
        "totals": {
            "new": len(diff.appeared),
            "fixed": len(diff.fixed),
            "persisting": len(diff.persisting),
            "changed": len(diff.changed),
            "unknown": len(diff.unknown),
            "still_unknown": diff.still_unknown,
        },
        "new": _entries(diff.appeared),
        "fixed": _entries(diff.fixed),
        "persisting": _entries(diff.persisting),
        "changed": _entries(diff.changed),
        "unknown": _entries(diff.unknown),
        "controls": [_control(one) for one in diff.controls],
        "keys": [_key(one) for one in diff.keys],
    }
    return Artifact("diff.json", "application/json", encoded(body))


def _scan(scan: ScanRecord) -> dict[str, Json]:
    totals = scan.totals
    return {
        "id": scan.id,
        "series": scan.series,
        "organization": scan.organization,
        "as_of": instant(scan.as_of),
        "tool_version": scan.tool_version,
        "catalogue_sha256": scan.catalogue_sha256,
        "estate_sha256": scan.estate_sha256,
        "selection": scan.selection,
        "controls": {
            "pass": totals.passed,
            "fail": totals.failed,
            "unknown": totals.unknown,
            "not_applicable": totals.not_applicable,
            "waived": totals.waived,
        },
        "gaps": scan.gaps,
    }


def _entries(entries: Iterable[FindingChange]) -> list[Json]:
    return [_entry(entry) for entry in entries]


def _entry(entry: FindingChange) -> dict[str, Json]:
    return {
        "control": entry.control,
        "title": entry.title,
        "severity": entry.severity.value,
        "subject": entry.subject,
        "source": entry.source,
        "label": entry.label,
        "before": entry.before.value,
        "now": entry.now.value,
        "why": entry.why,
        "observed": dict(entry.observed),
        "moved": _changes(entry.moved),
        "waiver_before": entry.waiver_before,
        "waiver": entry.waiver,
        "control_changed": entry.control_changed,
        "because": entry.because.value or None,
    }


def _changes(changes: Iterable[Change]) -> list[Json]:
    return [{"name": one.name, "old": one.old, "new": one.new} for one in changes]


def _control(one: ControlChange) -> dict[str, Json]:
    return {
        "id": one.id,
        "title": one.title,
        "severity": one.severity.value,
        "before": one.before,
        "now": one.now,
        "changes": _changes(one.changes),
    }


def _key(one: KeyChange) -> dict[str, Json]:
    return {
        "key_id": one.key_id,
        "source": one.source,
        "name": one.name,
        "move": one.move.value,
        "changes": _changes(one.changes),
    }
