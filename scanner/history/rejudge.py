"""The facts of one scan under the controls of another, to tell whether the estate moved a verdict or the control."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from scanner.errors import EvidenceError
from scanner.evaluate.engine import Inputs, evaluate
from scanner.evaluate.load import load_control
from scanner.evaluate.store import query
from scanner.history.standing import Key
from scanner.model.exceptions import AFTER
from scanner.model.history import ControlState
from scanner.model.ids import ControlId, Digest, SourceId
from scanner.model.observation import Gap, GapReason
from scanner.model.operation import Operation
from scanner.model.verdict import Verdict
from scanner.scandir import ScanDir
from scanner.scanheader import Header

_ROWS = "SELECT control_id, subject, source, verdict FROM read_parquet($path)"


def rejudged(
    old: ScanDir, new: ScanDir, controls: Collection[ControlState], operations: Sequence[Operation], place: Path
) -> dict[ControlId, dict[Key, Verdict]]:
    """Return, by control, the verdicts that the facts in ``old`` get under ``controls`` as they are in ``new``.

    With the thresholds of ``new``. Ages are judged at the as-of of ``old``: nothing but the controls differs. A control
    of exceptions is left out: it hangs on what all the others say. ``place`` is a folder for what is needed meanwhile.
    Raises KeyauditError when the old facts cannot be judged so.
    """
    files = {path.stem: path for path in new.controls.glob("*/*.yaml")}
    chosen = [one for one in (load_control(files[state.id]) for state in controls) if one.table not in AFTER]
    inputs = Inputs(
        facts=old.facts,
        gaps=tuple(_gaps(old.root / "results.json")),
        operations=operations,
        policy={name: value for state in controls for name, value in state.thresholds},
        as_of=Header.from_json(old.read_header(), place=str(old.scan_json)).as_of,
    )
    verdicts = place / "verdicts.parquet"
    evaluate(chosen, inputs, verdicts=verdicts)
    found: dict[ControlId, dict[Key, Verdict]] = {one.id: {} for one in chosen}
    for control, subject, source, verdict in query(_ROWS, {"path": str(verdicts)}).fetchall():
        found[control][(ControlId(control), subject, source)] = Verdict(verdict)
    verdicts.unlink()
    return found


def _gaps(results: Path) -> Iterator[Gap]:
    """Yield the gaps of a scan as far as judging reads them. Raises EvidenceError for another file."""
    try:
        for one in json.loads(results.read_bytes())["gaps"]:
            yield Gap(
                id=Digest(one["id"]),
                source=SourceId(one["source"]),
                operation=one["operation"],
                subject=one["subject"],
                reason=GapReason(one["reason"]),
                error_code=one["error_code"],
                detail=one["detail"],
                request_id=one["request_id"],
                source_name="",
                account="",
                region="",
                collector="",
                params={},
                endpoint="",
                principal="",
                started="",
                ended="",
                attempts=0,
                page=0,
                run=1,
            )
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise EvidenceError(f"{results}: not as keyaudit writes it: {error}") from None
