"""Why something is unknown: gaps brought to the rows, scopes and controls that they touch.

Gaps hold text from outside, so they reach SQL as values only. Controls that hang on the same operations share a
reason; a scan with a gap for every key costs one pass over the gaps for each such group.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb

from scanner.evaluate.columns import Checked, decided
from scanner.evaluate.sql import Plan
from scanner.model.observation import Gap
from scanner.model.operation import Operation
from scanner.model.tables import BY_NAME

MAX_GAPS_NAMED = 3
UNSTATED = "neither the pass nor the fail condition holds"
_CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class Seen:
    """What could not be read, and which columns each operation feeds."""

    gaps: Sequence[Gap]
    operations: Sequence[Operation]

    def touching(self, columns: frozenset[str]) -> frozenset[str]:
        """Return the operations whose gaps touch a set of columns, those that everything needs included."""
        return frozenset(op.name for op in self.operations if op.always or columns.intersection(op.feeds))

    def listing(self, table: str) -> frozenset[str]:
        """Return the operations whose gaps leave something of a table's population unlisted or unreached."""
        return frozenset(op.name for op in self.operations if op.always or f"{table}.*" in op.feeds)

    def unreached(self, tables: Iterable[str]) -> frozenset[str]:
        """Return those of the fact tables of which some scope or parent could not be listed."""
        missed = {gap.operation for gap in self.gaps}
        return frozenset(table for table in tables if missed & self.listing(table))


@dataclass(frozen=True, slots=True)
class Touched:
    """What the gaps say of one control."""

    group: int
    """Number of its reason among the columns ``reason_N`` of the tables that :func:`tabulate` makes."""
    unread: str
    """The gaps that touch what it reads, in words, or empty."""


def explain(gap: Gap) -> str:
    """Return a gap in one line: ``kms:GetKeyRotationStatus denied (AccessDeniedException)``."""
    code = f" ({gap.error_code})" if gap.error_code else ""
    return f"{gap.operation} {gap.reason.value}{code}"


def store(db: duckdb.DuckDBPyConnection, gaps: Sequence[Gap]) -> None:
    """Make the table of gaps, and what turns several reasons into one text."""
    db.execute(
        f"CREATE TEMP MACRO few(reasons) AS array_to_string(list_sort(reasons)[:{MAX_GAPS_NAMED}], '; ') || "
        f"CASE WHEN len(reasons) > {MAX_GAPS_NAMED} THEN format(' and {{}} more', len(reasons) - {MAX_GAPS_NAMED}) "
        "ELSE '' END"
    )
    db.execute("CREATE TABLE gaps_ (id VARCHAR, source VARCHAR, subject VARCHAR, operation VARCHAR, reason VARCHAR)")
    for start in range(0, len(gaps), _CHUNK):
        part = gaps[start : start + _CHUNK]
        db.execute(
            "INSERT INTO gaps_ SELECT unnest($ids), unnest($sources), unnest($subjects::VARCHAR[]), "
            "unnest($operations), unnest($reasons)",
            {
                "ids": [gap.id for gap in part],
                "sources": [gap.source for gap in part],
                "subjects": [gap.subject for gap in part],
                "operations": [gap.operation for gap in part],
                "reasons": [explain(gap) for gap in part],
            },
        )


def tabulate(db: duckdb.DuckDBPyConnection, plan: Plan, seen: Seen) -> list[Touched]:
    """Make the tables of reasons of one subject table, and return what touches each of its controls.

    ``about_TABLE`` has a reason per subject, ``scope_TABLE`` per source, ``unlisted_TABLE`` what the population lacks.
    """
    sets = [seen.touching(decided(checked)) for checked in plan.controls]
    groups = {operations: number for number, operations in enumerate(dict.fromkeys(sets))}
    for name, key, kind in (("about", "subject", "IS NOT NULL"), ("scope", "source", "IS NULL")):
        reasons = "".join(f", few({_of(operations)}) AS reason_{number}" for operations, number in groups.items())
        db.execute(
            f'CREATE OR REPLACE TABLE "{name}_{plan.table}" AS SELECT {key} AS id{reasons} '
            f"FROM gaps_ WHERE subject {kind} GROUP BY {key}"
        )
    _tabulate_unlisted(db, plan, seen)
    unread = {operations: _unread(db, operations) for operations in groups}
    return [Touched(groups[operations], unread[operations]) for operations in sets]


def _of(operations: frozenset[str]) -> str:
    return f"list(DISTINCT reason) FILTER (WHERE {_among(operations)})"


def _among(operations: frozenset[str]) -> str:
    names = ", ".join("'" + name.replace("'", "''") + "'" for name in sorted(operations))
    return f"operation IN ({names})" if names else "false"


def _unread(db: duckdb.DuckDBPyConnection, operations: frozenset[str]) -> str:
    row = db.execute(f"SELECT few({_of(operations)}) FROM gaps_").fetchone()
    return str(row[0]) if row and row[0] is not None else ""


def _tabulate_unlisted(db: duckdb.DuckDBPyConnection, plan: Plan, seen: Seen) -> None:
    """Make the rows for what is not in the population: scopes not listed, or not to their end."""
    key = BY_NAME[plan.table].key
    listing = _among(seen.listing(plan.table))
    db.execute(
        f"""CREATE OR REPLACE TABLE "unlisted_{plan.table}" AS
        SELECT coalesce(g.subject, g.source) AS subject, g.source AS source, few(list(DISTINCT g.reason)) AS reason,
            list_sort(list(DISTINCT g.id)) AS evidence
        FROM gaps_ g WHERE {listing} AND (g.subject IS NULL OR g.subject NOT IN (SELECT "{key}" FROM "{plan.table}"))
        GROUP BY 1, 2
        UNION ALL
        SELECT c.parent_id, c.source, 'the listing of {plan.table} is not complete', c.evidence FROM facts_coverage c
        WHERE c.listed_table = '{plan.table}' AND c.complete IS DISTINCT FROM true AND NOT EXISTS (
            FROM gaps_ g WHERE {listing} AND g.source = c.source AND coalesce(g.subject, g.source) = c.parent_id)"""
    )


def missing(checked: Checked, place: dict[str, str]) -> str:
    """Return SQL that names the facts which a control reads and which are not known, or says why none is.

    ``place`` gives the SQL of each column or related value.
    """
    undecided = "'" + (checked.control.undecided or UNSTATED).replace("'", "''") + "'"
    columns = sorted(checked.decided_by)
    if not columns:
        return undecided
    parts = ", ".join(f"CASE WHEN {place[column]} IS NULL THEN '{column}' END" for column in columns)
    return f"coalesce('not reported: ' || nullif(concat_ws(', ', {parts}), ''), {undecided})"
