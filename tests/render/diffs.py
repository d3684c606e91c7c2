"""Comparisons made by hand, for what shows them."""

from __future__ import annotations

from typing import Any

from scanner.model.control import Severity
from scanner.model.diff import Because, Change, ControlChange, Diff, FindingChange, KeyChange, KeyMove, Standing
from scanner.model.ids import ControlId
from tests.history.snapshots import JULY, REGION, a_record, sha


def an_entry(subject: str = "key/a", **given: Any) -> FindingChange:  # noqa: ANN401 - any field
    """Return a subject that fails and passed before."""
    fields: dict[str, Any] = {
        "control": ControlId("KM-ROT-04"),
        "title": "Automatic rotation is on",
        "severity": Severity.HIGH,
        "source": REGION,
        "label": "alias/a",
        "before": Standing.PASS,
        "now": Standing.FAIL,
        "observed": {"rotation_enabled": False},
    }
    return FindingChange(subject=subject, **{**fields, **given})


def a_control_change(**given: Any) -> ControlChange:  # noqa: ANN401 - any field
    """Return a control whose threshold and verdict changed."""
    fields: dict[str, Any] = {
        "id": ControlId("KM-ROT-04"),
        "title": "Automatic rotation is on",
        "severity": Severity.HIGH,
        "before": "pass",
        "now": "fail",
        "changes": (Change("threshold kek_max_days", 730, 90), Change("file", sha("1"), sha("2"))),
    }
    return ControlChange(**{**fields, **given})


def a_key_change(key_id: str = "key/a", **given: Any) -> KeyChange:  # noqa: ANN401 - any field
    """Return a key that is not rotated any more."""
    changes = (Change("rotation_enabled", True, False), Change("expires_at", None, "2026-07-15T12:00:00Z"))
    fields: dict[str, Any] = {"source": REGION, "name": "alias/a", "move": KeyMove.CHANGED, "changes": changes}
    return KeyChange(key_id=key_id, **{**fields, **given})


def a_diff(**given: Any) -> Diff:  # noqa: ANN401 - any field
    """Return two scans between which nothing changed, unless ``given`` says otherwise."""
    fields: dict[str, Any] = {
        "old": a_record(),
        "new": a_record("scan-2", as_of=JULY),
        "appeared": (),
        "fixed": (),
        "persisting": (),
        "changed": (),
        "unknown": (),
        "still_unknown": 0,
        "controls": (),
        "keys": (),
    }
    return Diff(**{**fields, **given})


def of_everything() -> Diff:
    """Return a comparison that has one of each."""
    fail, gone = Standing.FAIL, Standing.ABSENT
    return a_diff(
        appeared=(
            an_entry(severity=Severity.CRITICAL, control_changed=True, because=Because.CONTROL),
            an_entry("key/b", label="", before=Standing.NO_FINDING, waiver="WVR-1", waiver_before="WVR-1"),
        ),
        fixed=(an_entry("key/c", before=fail, now=gone), an_entry("key/d", before=fail, now=Standing.PASS)),
        persisting=(an_entry("key/e", before=fail, moved=(Change("age_days", 400, 430),)),),
        changed=(
            an_entry("key/f", before=fail, waiver="WVR-2", control_changed=True),
            an_entry("key/g", before=Standing.UNKNOWN, now=Standing.NOT_APPLICABLE),
        ),
        unknown=(
            an_entry("key/h", before=fail, now=Standing.NOT_SEEN, why="its scope gave no answer"),
            an_entry("key/i", before=gone, now=Standing.UNKNOWN, why="kms:DescribeKey denied", observed={}),
            an_entry("key/j", before=fail, now=Standing.NOT_RUN, why="the control was not run"),
        ),
        still_unknown=4,
        controls=(
            a_control_change(),
            a_control_change(id=ControlId("KM-ACC-01"), before=None, changes=()),
            a_control_change(id=ControlId("KM-ACC-02"), now=None, changes=()),
        ),
        keys=(
            a_key_change(),
            a_key_change("key/n", name="", move=KeyMove.APPEARED, changes=()),
            a_key_change("key/o", name="", move=KeyMove.NOT_SEEN, changes=()),
        ),
        warnings=("the estate file is not the same",),
    )


def many(count: int) -> Diff:
    """Return a comparison with so many of everything that is listed."""
    return a_diff(
        appeared=tuple(an_entry(f"key/{i:05d}") for i in range(count)),
        controls=tuple(a_control_change(id=ControlId(f"KM-X-{i:05d}")) for i in range(count)),
        keys=tuple(a_key_change(f"key/{i:05d}") for i in range(count)),
    )


def hostile(text: str) -> Diff:
    """Return a comparison in which ``text`` stands wherever a live system, a catalogue or a file may put text."""
    given: dict[str, Any] = {
        "control": ControlId(text),
        "title": text,
        "source": text,
        "label": text,
        "why": text,
        "waiver": text,
        "waiver_before": f"{text}!",
        "moved": (Change(text, text, [text]),),
        "observed": {text: text},
    }
    entry = an_entry(f"key/{text}", **given)
    change = a_control_change(id=ControlId(text), title=text, changes=(Change(text, text, {text: text}),))
    return a_diff(
        old=a_record(text, organization=text, series=text, selection=text, tool_version=text),
        new=a_record(text, organization=text, series=text, selection=text, tool_version=text),
        appeared=(entry, an_entry(text, observed={text: [text]}, control=ControlId(text), title=text)),
        fixed=(entry,),
        persisting=(entry,),
        changed=(entry,),
        unknown=(entry,),
        controls=(change,),
        keys=(a_key_change(text, name=text, source=text, changes=(Change(text, text, text),)),),
        warnings=(text,),
    )
