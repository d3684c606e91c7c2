"""Deadlines to show, and folders of scans to read them from."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from scanner.evaluate.store import write_facts
from scanner.model.facts import Fact
from scanner.model.forecast import Due, DueKind, Forecast
from scanner.model.ids import Digest, Json, SourceId
from scanner.model.tables import CoverageFact, KeyFact
from scanner.scandir import ScanDir
from scanner.scanheader import Header

AS_OF = datetime(2026, 11, 20, 6, tzinfo=UTC)
DIGEST = Digest("sha256:" + "0" * 64)
SOURCE = SourceId("aws:111122223333:us-east-1")


def a_due(day: int = 10, **given: Any) -> Due:  # noqa: ANN401 - any field of Due
    """Return a rotation that is due so many days after the as-of, unless ``given`` says otherwise."""
    fields: dict[str, Any] = {
        "kind": DueKind.ROTATION,
        "rule": "key",
        "at": AS_OF + timedelta(days=day),
        "subject": "arn:aws:kms:us-east-1:111122223333:key/one",
        "source": SOURCE,
        "label": "alias/one",
        "what": "the cryptoperiod of its material ends",
        "action": "rotate it",
        "overdue": day < 0,
        "evidence": (DIGEST,),
    }
    return Due(**{**fields, **given})


def a_forecast(*due: Due, **given: Any) -> Forecast:  # noqa: ANN401 - any field of Forecast
    """Return a forecast of 90 days with these deadlines, counted by week."""
    weeks: dict[tuple[int, DueKind], int] = {}
    for one in due:
        week = -1 if one.overdue else (one.at.date() - AS_OF.date()).days // 7
        weeks[week, one.kind] = weeks.get((week, one.kind), 0) + 1
    counted = tuple((week, kind, number) for (week, kind), number in sorted(weeks.items()))
    return Forecast(**{"as_of": AS_OF, "days": 90, "due": due, "weeks": counted, **given})


def a_key(subject: str, age: int, **given: Any) -> KeyFact:  # noqa: ANN401 - any column
    """Return a key-encryption key in use whose material is so many days old."""
    fields: dict[str, Any] = {
        "provider": "aws",
        "account": "111122223333",
        "region": "us-east-1",
        "managed_by": "customer",
        "state": "active",
        "key_type": "symmetric_key_wrapping",
        "material_since": AS_OF - timedelta(days=age),
        "rotation_enabled": False,
        "expires": False,
        "deletion_scheduled": False,
    }
    return KeyFact(source=SOURCE, evidence=(DIGEST,), key_id=subject, **{**fields, **given})


def listed(table: str, *, complete: bool = True) -> CoverageFact:
    """Return the listing of a table."""
    return CoverageFact(
        source=SOURCE,
        evidence=(DIGEST,),
        coverage_id=f"{table}:{complete}",
        listed_table=table,
        parent_id=SOURCE,
        complete=complete,
        row_count=1,
    )


def a_scan_folder(root: Path, facts: Iterable[Fact], state: str = "complete", **limits: int) -> ScanDir:
    """Write a finished scan as far as a forecast reads it. ``limits`` are parameters in days."""
    folder = ScanDir(root)
    write_facts(facts, folder.facts)
    header = Header(
        id="scan-1",
        organization="Example Clinic",
        started=AS_OF,
        ended=AS_OF,
        as_of=AS_OF,
        estate_sha256=DIGEST,
        catalogue_sha256=DIGEST,
        tool_version="1",
        state=state,
    )
    folder.write_header(header.to_json())
    uses: list[Json] = [
        {"name": name, "value": days, "unit": "days", "basis": "policy", "overridden": True}
        for name, days in limits.items()
    ]
    uses.append({"name": "owner_tag", "value": "owner", "unit": "", "basis": "policy", "overridden": False})
    (root / "results.json").write_text(json.dumps({"controls": [{"thresholds": uses}]}))
    return folder
