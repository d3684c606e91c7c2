"""Runs the self-tests alone: the estate's targets and our own module, with an evidence log, and nothing judged."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scanner.collect.runner import Run, run_units
from scanner.collect.tally import Tally
from scanner.errors import UsageError
from scanner.evidence.log import EvidenceLog, read_segment, segments
from scanner.model.estate import Estate
from scanner.model.ids import Json
from scanner.model.observation import Gap, Record
from scanner.selftest.jobs import Means, units
from scanner.selftest.record import DECLARED, PREFIX

EVIDENCE = "evidence"
RESULTS = "selftests.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one self-test of one target showed."""

    id: str
    target: str
    outcome: str
    """`pass`, `fail` or `unknown`."""
    detail: str
    evidence: tuple[str, ...]

    def to_json(self) -> dict[str, Json]:
        """Return it as `selftests.json` has it."""
        return {
            "id": self.id,
            "target": self.target,
            "outcome": self.outcome,
            "detail": self.detail,
            "evidence": list(self.evidence),
        }


def chosen_tests(ids: Sequence[str]) -> frozenset[str]:
    """Return the operations of tests by id, or of all. Raises UsageError for an id that there is not."""
    known = {entry.id: entry for entry in DECLARED}
    for one in ids:
        if one not in known:
            raise UsageError(f"there is no self-test {one!r}", hint=f"there are: {', '.join(sorted(known))}")
    wanted = [known[one] for one in ids] or list(DECLARED)
    return frozenset(entry.operation for entry in wanted) | {
        f"{PREFIX}{needed}" for entry in wanted for needed in entry.needs
    }


def run_selftests(
    estate: Estate, wanted: frozenset[str], means: Means, folder: Path, tally: Tally, only: Collection[str] = ()
) -> tuple[Result, ...]:
    """Run the self-tests of some operations, log them in ``folder``, and write `selftests.json`. Returns the results.

    Raises DiskError, or KeyboardInterrupt when it was stopped.
    """
    log = EvidenceLog(folder / EVIDENCE)
    try:
        run_units(units(estate, wanted, means, frozenset(only)), Run(log, wanted, means.outside, tally))
    finally:
        log.close()
    found = results(record for path in segments(folder / EVIDENCE) for record in read_segment(path))
    text = json.dumps([result.to_json() for result in found], indent=2, ensure_ascii=False)
    (folder / RESULTS).write_text(f"{text}\n", encoding="utf-8")
    return found


def results(records: Iterable[Record]) -> tuple[Result, ...]:
    """Return what the records of self-tests tell, by test and target: an answer, or the gap in its place."""
    told: dict[tuple[str, str, str], Result] = {}
    gaps: list[tuple[str, str, Gap]] = []
    names: dict[tuple[str, str], str] = {}  # what the estate calls a target to what facts call it
    for record in records:
        subject = (record.subject or "").partition(" ")[2]
        if isinstance(record, Gap):
            gaps.append((record.source_name, subject, record))
            continue
        body = record.response if isinstance(record.response, dict) else {}
        if body.get("declined") is not True:
            target = names[record.source_name, subject] = str(body.get("target"))
            words = str(body.get("outcome")), str(body.get("detail"))
            told[record.operation, record.source_name, subject] = _result(record, target, *words)
    for source, subject, gap in gaps:
        target = names.get((source, subject)) or subject or f"{source} (nothing named)"
        told.setdefault((gap.operation, source, subject), _result(gap, target, "unknown", gap.detail))
    return tuple(sorted(told.values(), key=lambda one: (_order(one.id), one.target)))


def _result(record: Record, target: str, outcome: str, detail: str) -> Result:
    test = record.operation.removeprefix(PREFIX)
    return Result(id=test, target=target, outcome=outcome, detail=detail, evidence=(record.id,))


def _order(test: str) -> int:
    return [entry.id for entry in DECLARED].index(test)


__all__ = ["Means", "Result", "Tally", "chosen_tests", "results", "run_selftests"]
