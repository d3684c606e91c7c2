"""Fact tables of a scan, and scans before it, to judge an audit period by."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from scanner.evaluate.store import write_facts
from scanner.history.period import judge
from scanner.model.audit import AuditScopeFact, KeyEventFact
from scanner.model.envelope import DataKeyFact
from scanner.model.facts import Fact
from scanner.model.history import History, KeyHistory, KeyState
from scanner.model.ids import Digest, SourceId
from scanner.model.period import Period
from scanner.model.tables import CoverageFact, KeyFact, KeyVersionFact
from tests.history.timelines import a_record, at, march

SOURCE = SourceId("aws:1:r")
NOW = at(31.5)
LIMITS = {"kek_max_days": 10, "dek_max_days": 5}
ROW: dict[str, Any] = {"source": SOURCE, "evidence": (Digest("sha256:" + "1" * 64),)}
PLACE: dict[str, Any] = {"provider": "aws", "account": "1", "region": "r"}


def naive(day: float) -> datetime:
    """Return an instant as tables keep it."""
    return at(day).replace(tzinfo=None)


def a_key(key_id: str = "key", **given: Any) -> KeyFact:  # noqa: ANN401 - any column
    fields = {
        "managed_by": "customer",
        "state": "active",
        "key_type": "symmetric_key_wrapping",
        "name": f"alias/{key_id}",
    }
    return KeyFact(**ROW, **PLACE, key_id=key_id, **fields | given)


def a_version(
    day: float | None,
    state: str | None = "non_current",
    **given: Any,  # noqa: ANN401 - any column
) -> KeyVersionFact:
    made = None if day is None else naive(day)
    return KeyVersionFact(**ROW, version_id=f"key/{day}", key_id="key", material_state=state, created_at=made, **given)


def listed(table: str, parent: str = SOURCE, *, complete: bool = True) -> CoverageFact:
    return CoverageFact(
        **ROW, coverage_id=f"{table} {parent}", listed_table=table, parent_id=parent, complete=complete, row_count=0
    )


def an_event(name: str, day: float | None, *, key: str = "key", outcome: str | None = "success") -> KeyEventFact:
    when = None if day is None else naive(day)
    return KeyEventFact(**ROW, event_id=f"{name} {day} {key}", key_id=key, name=name, occurred_at=when, outcome=outcome)


def a_scope(**given: Any) -> AuditScopeFact:  # noqa: ANN401 - any column
    return AuditScopeFact(**ROW, **PLACE, scope_id=SOURCE, **given)


READ = a_scope(events_read_until=naive(31), events_complete=True)


def a_data_key(**given: Any) -> DataKeyFact:  # noqa: ANN401 - any column
    return DataKeyFact(**ROW, data_key_id="reg/1", registry_id="reg", provider="postgres", account="db", **given)


def a_state(key: str = "key", **given: Any) -> KeyState:  # noqa: ANN401 - any field
    fields: dict[str, Any] = dict.fromkeys(KeyState.__dataclass_fields__)
    fields |= {"key_id": key, "source": SOURCE, "provider": "aws", "managed_by": "customer", "state": "active"}
    return KeyState(**fields | {"key_type": "symmetric_key_wrapping", "name": "alias/old"} | given)


def earlier(*points: tuple[float, KeyState]) -> History:
    """Return a history of scans that each saw one key."""
    scans = tuple(a_record(str(day), at(day)) for day, _ in points)
    keys: dict[tuple[str, str], list[tuple[int, KeyState]]] = {}
    for place, (_, state) in enumerate(points):
        keys.setdefault((state.key_id, state.source), []).append((place, state))
    lines = tuple(KeyHistory(key_id=key, source=source, points=tuple(seen)) for (key, source), seen in keys.items())
    return History(scans=scans, keys=lines)


def judged(folder: Path, facts: Iterable[Fact], history: History | None = None, **limits: int) -> Period:
    write_facts(facts, folder / "facts")
    days = march()
    return judge(
        days.first, days.last, history=history or History(), facts=folder / "facts", limits=limits or LIMITS, as_of=NOW
    )
