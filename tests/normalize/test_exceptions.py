"""Registers of exceptions as rows, and whether each is in force at the scan's as-of."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from scanner.evaluate.store import read_facts, write_facts
from scanner.model.exceptions import READ, AddressableSpecificationFact, ExceptionFact
from scanner.model.ids import Json
from scanner.model.observation import Record
from scanner.model.tables import CoverageFact
from scanner.normalize.exceptions import HASH, STATEMENTS, normalize
from tests.normalize.builders import missed, observed, rows

WAIVER: dict[str, Json] = {
    "kind": "waiver",
    "id": "one",
    "controls": ["KM-ROT-05", "KM-ROT-04"],
    "subjects": ["b*", "a*"],
    "whole_control": False,
    "source": None,
    "owner": "Platform Team",
    "approver": "CISO",
    "reason": "It is replaced.",
    "approved": "2026-01-01",
    "expires": "2026-06-30",
    "ticket": None,
    "document": None,
}
ALTERNATIVE: dict[str, Json] = {
    "kind": "alternative",
    "id": "two",
    "clause": "164.312(a)(2)(iv)",
    "controls": ["KM-STO-01"],
    "subjects": ["c"],
    "source": "aws:*",
    "owner": "Privacy Office",
    "approver": "CEO",
    "why_not": "The machine cannot.",
    "measure": "A locked room.",
    "decided": "2026-01-01",
    "review_due": "2026-12-31",
    "document": {"path": "d.pdf", "sha256": "ab"},
}
HASHED = observed(HASH, {"path": "d.pdf", "found": True, "sha256": "ab"}, subject="alternative d.pdf")


def read(*entries: dict[str, Json]) -> Record:
    return observed(READ, {"registers": [], "entries": list(entries)})


def the_rows(*records: Record) -> dict[str, ExceptionFact]:
    return {row.exception_id: row for row in rows(list(normalize(list(records))), ExceptionFact)}


def test_a_waiver_is_a_row() -> None:
    row = the_rows(read(WAIVER))["one"]
    assert (row.kind, row.clause, row.controls, row.subjects) == (
        "waiver",
        "none",
        ("KM-ROT-04", "KM-ROT-05"),
        ("a*", "b*"),
    )
    assert (row.scope, row.owner, row.approver, row.reason, row.measure, row.ticket) == (
        "*",
        "Platform Team",
        "CISO",
        "It is replaced.",
        "none",
        "none",
    )
    assert (row.begins_at, row.ends_at) == (datetime(2026, 1, 1), datetime(2026, 6, 30))  # noqa: DTZ001 - as tables
    assert (row.documented, row.document, row.document_found, row.document_matches) == (False, "none", False, False)


def test_an_alternative_is_a_row_with_its_document() -> None:
    row = the_rows(read(ALTERNATIVE), HASHED)["two"]
    assert (row.clause, row.reason, row.measure, row.scope) == (
        "164.312(a)(2)(iv)",
        "The machine cannot.",
        "A locked room.",
        "aws:*",
    )
    assert row.ends_at == datetime(2026, 12, 31)  # noqa: DTZ001 - as tables keep it
    assert (row.documented, row.document, row.document_found, row.document_matches) == (True, "d.pdf", True, True)
    assert HASHED.id in row.evidence


@pytest.mark.parametrize(
    ("answer", "found", "matches"),
    [
        ({"path": "d.pdf", "found": False}, False, False),
        ({"path": "d.pdf", "found": True, "sha256": "cd"}, True, False),
        ({"path": "d.pdf", "found": True}, True, None),
        (None, None, None),
    ],
)
def test_what_is_not_known_of_a_document_is_null(answer: Json, found: bool | None, matches: bool | None) -> None:
    hashed = (
        observed(HASH, answer, subject="alternative d.pdf") if answer else missed(HASH, subject="alternative d.pdf")
    )
    row = the_rows(read(ALTERNATIVE), hashed)["two"]
    assert (row.document_found, row.document_matches) == (found, matches)


def test_both_tables_are_listed_with_the_register() -> None:
    made = list(normalize([read(WAIVER, ALTERNATIVE)]))
    covered = {row.listed_table: (row.complete, row.row_count) for row in rows(made, CoverageFact)}
    assert covered == {ExceptionFact.table: (True, 2), AddressableSpecificationFact.table: (True, 0)}
    assert list(normalize([observed(HASH, {}, subject="alternative d.pdf")])) == []


def test_an_entry_that_is_not_understood_leaves_the_listing_open() -> None:
    made = list(normalize([read(WAIVER, {"kind": "waiver"})]))
    assert {row.complete for row in rows(made, CoverageFact)} == {False}


IN_FORCE: list[tuple[dict[str, Any], Json, bool | None]] = [
    ({}, "2026-06-30T23:59:00", True),
    ({}, "2026-07-01T00:00:00", False),
    ({}, "2025-12-31T23:59:00", False),
    ({"document": {"path": "w.pdf", "sha256": "ab"}}, "2026-02-01T00:00:00", None),
    ({"document": {"path": "w.pdf", "sha256": "ab"}}, "2026-07-01T00:00:00", False),
    ({"document": {"path": "changed.pdf", "sha256": "ab"}}, "2026-02-01T00:00:00", False),
    ({"approved": "soon"}, "2026-02-01T00:00:00", None),
]


@pytest.mark.parametrize(("given", "as_of", "in_force"), IN_FORCE)
def test_it_is_in_force_from_its_first_to_its_last_day(
    tmp_path: Path, given: dict[str, Any], as_of: str, in_force: bool | None
) -> None:
    changed = observed(HASH, {"path": "changed.pdf", "found": True, "sha256": "cd"}, subject="waiver changed.pdf")
    made = normalize([read({**WAIVER, **given}), changed])
    write_facts(made, tmp_path / "facts", STATEMENTS, datetime.fromisoformat(as_of))
    (row,) = read_facts(tmp_path / "facts", "exceptions", ["in_force"])
    assert row["in_force"] is in_force
