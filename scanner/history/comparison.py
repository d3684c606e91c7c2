"""Two opened scans compared, with what moved each verdict where the facts of both are at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from scanner.errors import KeyauditError
from scanner.history.diff import compare
from scanner.history.moved import is_changed
from scanner.history.rejudge import rejudged
from scanner.history.sources import Opened
from scanner.model.diff import Diff
from scanner.model.operation import Operation


def comparison(old: Opened, new: Opened, operations: Sequence[Operation], place: Path) -> Diff:
    """Return what changed. ``place`` is a folder for what is needed meanwhile. Raises KeyauditError.

    Where controls changed and both scans have their facts, the old facts are judged anew by the new controls.
    """
    before = {control.id: control for control in old.snapshot.controls}
    changed = [control for control in new.snapshot.controls if is_changed(before.get(control.id), control)]
    again, notes = None, [note for note in (old.note, new.note) if note]
    if changed and old.folder and new.folder:
        try:
            again = rejudged(old.folder, new.folder, changed, operations, place)
        except KeyauditError as error:
            # As with facts of an older keyaudit, which have not every column that a new control reads.
            notes.append(f"whether the estate or a control moved a verdict cannot be told: {error}")
    diff = compare(old.snapshot, new.snapshot, again)
    return replace(diff, warnings=(*diff.warnings, *notes))
