"""How a subject stands under a control in one scan, also where there is no verdict: gone, not seen, or not run."""

from __future__ import annotations

from scanner.errors import EvidenceError
from scanner.model.diff import Standing
from scanner.model.history import FindingState, Snapshot
from scanner.model.ids import ControlId
from scanner.model.verdict import Verdict

Key = tuple[ControlId, str, str]
"""(control, subject, source)"""


class Side:
    """One of the two scans that are compared, by key."""

    def __init__(self, snapshot: Snapshot, other: Snapshot) -> None:
        """Raise EvidenceError for a finding of a control that the scan did not run."""
        self.snapshot = snapshot
        self._others = _sources_of_keys(other)
        self.controls = {control.id: control for control in snapshot.controls}
        self.findings: dict[Key, FindingState] = {(f.control, f.subject, f.source): f for f in snapshot.findings}
        self._unknown = {(f.control, f.source) for f in snapshot.findings if f.verdict is Verdict.UNKNOWN}
        self._seen = {f.source for f in snapshot.findings} | _sources_of_keys(snapshot)
        for control, _, _ in self.findings:
            if control not in self.controls:
                raise EvidenceError(f"scan {snapshot.scan.id} has a finding of {control}, which it did not run")

    def standing(self, key: Key) -> tuple[Standing, str]:
        """Return how a subject stands, and why where that is no verdict."""
        found = self.findings.get(key)
        if found:
            return Standing(found.verdict.value), found.reason
        control, _, source = key
        if control not in self.controls:
            return Standing.NOT_RUN, "the control was not run"
        settled = self.snapshot.settled
        if settled is not None and key in settled:
            return Standing(settled[key].value), ""
        why = self._unseen(control, source)
        if why:
            return Standing.NOT_SEEN, why
        return (Standing.NO_FINDING if settled is None else Standing.ABSENT), ""

    def _unseen(self, control: ControlId, source: str) -> str:
        """Return why nothing tells that a subject without a row is gone, or empty text when it is."""
        if self.snapshot.scopes is not None:
            if source not in self.snapshot.scopes:
                return "its scope gave no answer"
            if self._whole(source):
                return ""
        elif source in self._others and not self._saw(source):
            return "nothing of its scope was seen"
        if self.controls[control].unread:
            return "it was not seen, and a gap touches what the control reads"
        if any((control, one) in self._unknown for one in enclosing(source)):
            return "it was not seen, and its scope was not listed to the end"
        return ""

    def _whole(self, source: str) -> bool:
        """Tell whether a scope, and every one that it lies in, was read without a gap."""
        scopes = self.snapshot.scopes or {}
        # The scope of the source itself has its name in the estate file: aws:production.
        provider = source.partition(":")[0]
        above = {*enclosing(source), f"{provider}:{scopes[source].name}"}
        return all(scopes[one].whole for one in above if one in scopes)

    def _saw(self, source: str) -> bool:
        """Tell whether anything of a scope is in a scan that does not say which scopes it read."""
        return source in self._seen

    def listed_keys(self, source: str) -> bool:
        """Tell whether the keys of a scope were listed to the end."""
        if self.snapshot.scopes is None:
            return self.snapshot.keys_complete is True and self._saw(source)
        return source in self.snapshot.scopes and self.snapshot.scopes[source].keys_listed is True


def _sources_of_keys(snapshot: Snapshot) -> set[str]:
    return {key.source for key in snapshot.keys} | {log.scope for log in snapshot.logging}


def enclosing(source: str) -> list[str]:
    """Return a scope and those that it lies in: aws:1111:us-east-1, aws:1111, aws."""
    parts = source.split(":")
    return [":".join(parts[:count]) for count in range(len(parts), 0, -1)]
