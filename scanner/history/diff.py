"""What changed between two scans. Unknown is never fixed: what cannot be told now is told apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from scanner.history.moved import control_changes, is_changed, key_changes, warnings
from scanner.history.standing import Key, Side
from scanner.model.control import Severity
from scanner.model.diff import Because, Change, Diff, FindingChange, Standing
from scanner.model.history import FindingState, Snapshot
from scanner.model.ids import ControlId
from scanner.model.verdict import Verdict

_BETTER = frozenset({Standing.PASS, Standing.NOT_APPLICABLE, Standing.ABSENT, Standing.NO_FINDING})
"""Nothing is wrong with the subject, as far as the scan keeps it."""
_UNTOLD = frozenset({Standing.NOT_SEEN, Standing.NOT_RUN})
_VERDICTS = frozenset({Standing.PASS, Standing.NOT_APPLICABLE})
_RANK = {severity: rank for rank, severity in enumerate(Severity)}


class Move(Enum):
    """Where a pair of standings belongs."""

    APPEARED = auto()
    FIXED = auto()
    PERSISTING = auto()
    CHANGED = auto()
    UNKNOWN = auto()
    STILL_UNKNOWN = auto()
    NONE = auto()
    """Nothing to tell: it was and is in order, or neither scan judged it."""


def move_of(before: Standing, now: Standing) -> Move:
    """Return where a subject belongs that stood and stands so."""
    if now is Standing.FAIL:
        return Move.PERSISTING if before is Standing.FAIL else Move.APPEARED
    if now is Standing.UNKNOWN:
        return Move.STILL_UNKNOWN if before is Standing.UNKNOWN else Move.UNKNOWN
    if now in _UNTOLD:
        # What failed and cannot be told now may still fail. What was in order is told by the gap itself.
        return {Standing.FAIL: Move.UNKNOWN, Standing.UNKNOWN: Move.STILL_UNKNOWN}.get(before, Move.NONE)
    if before is Standing.FAIL:
        return Move.FIXED
    if before is Standing.UNKNOWN or (before is not now and {before, now} <= _VERDICTS):
        return Move.CHANGED
    return Move.NONE


def compare(old: Snapshot, new: Snapshot, rejudged: Mapping[ControlId, Mapping[Key, Verdict]] | None = None) -> Diff:
    """Return what changed from one scan to the other.

    ``rejudged`` are the verdicts that the facts of the old scan get under controls of the new one, by control: those
    that changed, as far as that can be told; None when the facts are not at hand. Raises EvidenceError for a scan
    that contradicts itself.
    """
    pair = _Pair(Side(old, new), Side(new, old), rejudged)
    sorted_in: dict[Move, list[FindingChange]] = {move: [] for move in Move}
    still_unknown = 0
    for key in pair.known():
        told = pair.tell(key)
        still_unknown += told.move is Move.STILL_UNKNOWN
        if told.entry:
            sorted_in[told.move].append(told.entry)
    for entries in sorted_in.values():
        entries.sort(key=lambda entry: (_RANK[entry.severity], entry.control, entry.subject, entry.source))
    return Diff(
        old=old.scan,
        new=new.scan,
        appeared=tuple(sorted_in[Move.APPEARED]),
        fixed=tuple(sorted_in[Move.FIXED]),
        persisting=tuple(sorted_in[Move.PERSISTING]),
        changed=tuple(sorted_in[Move.CHANGED]),
        unknown=tuple(sorted_in[Move.UNKNOWN]),
        still_unknown=still_unknown,
        controls=tuple(control_changes(old, new)),
        keys=tuple(key_changes(pair.old, pair.new)),
        warnings=tuple(warnings(old.scan, new.scan)),
    )


@dataclass(frozen=True, slots=True)
class _Told:
    move: Move
    entry: FindingChange | None


@dataclass(frozen=True, slots=True)
class _Pair:
    """Both scans by key."""

    old: Side
    new: Side
    rejudged: Mapping[ControlId, Mapping[Key, Verdict]] | None

    def known(self) -> Iterator[Key]:
        """Yield every key about which there can be something to tell."""
        yield from self.old.findings.keys() | self.new.findings.keys()
        before, now = self.old.snapshot.settled, self.new.snapshot.settled
        if before is not None and now is not None:
            for (control, subject, source), verdict in before.items():
                if now.get((control, subject, source), verdict) is not verdict:
                    yield ControlId(control), subject, source

    def tell(self, key: Key) -> _Told:
        """Return where a key belongs, and what is told of it."""
        (before, _), (now, why) = self.old.standing(key), self.new.standing(key)
        move = move_of(before, now)
        was, found = self.old.findings.get(key), self.new.findings.get(key)
        covered_before, covered = was.waiver if was else "", found.waiver if found else ""
        if move is Move.PERSISTING and covered_before != covered:
            move = Move.CHANGED
        if move in {Move.NONE, Move.STILL_UNKNOWN}:
            return _Told(move, None)
        id_, subject, source = key
        control = self.new.controls.get(id_) or self.old.controls[id_]
        shown = found or was
        changed = is_changed(self.old.controls.get(id_), self.new.controls.get(id_))
        entry = FindingChange(
            control=id_,
            title=control.title,
            severity=control.severity,
            subject=subject,
            source=source,
            label=shown.label if shown else "",
            before=before,
            now=now,
            why=why,
            observed=shown.observed if shown else {},
            moved=_moved(was, found),
            waiver_before=covered_before,
            waiver=covered,
            control_changed=changed,
            because=self._because(key, before, now) if changed else Because.UNTOLD,
        )
        return _Told(move, entry)

    def _because(self, key: Key, before: Standing, now: Standing) -> Because:
        """Return what moved the verdict: the old facts under the new control give it, or they do not."""
        judged = None if self.rejudged is None else self.rejudged.get(key[0])
        if judged is None or now in _UNTOLD or before is now:
            return Because.UNTOLD
        again = judged.get(key)
        under_new = Standing.ABSENT if again is None else Standing(again.value)
        return Because.CONTROL if under_new is now else Because.ESTATE


def _moved(was: FindingState | None, found: FindingState | None) -> tuple[Change, ...]:
    if was is None or found is None:
        return ()
    names = [name for name in found.observed if name in was.observed]
    return tuple(
        Change(name, was.observed[name], found.observed[name])
        for name in names
        if was.observed[name] != found.observed[name]
    )
