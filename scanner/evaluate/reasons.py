"""Why something is unknown: gaps brought to the rows, scopes and controls that they touch.

Gaps hold text from outside, so they reach SQL as values only. Controls that hang on the same operations share a
reason; a scan with a gap for every key costs one pass over the gaps for each such group.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import duckdb

from scanner.evaluate.columns import Checked, kinds_of, rested_on
from scanner.evaluate.sql import Plan
from scanner.model.observation import Gap, GapReason
from scanner.model.operation import Operation
from scanner.model.tables import BY_NAME

MAX_GAPS_NAMED = 3
MAX_ADVICE = 200
"""Characters of what a gap says that nobody allowed."""
UNSTATED = "neither the pass nor the fail condition holds"
_CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class Seen:
    """What could not be read, and which columns each operation feeds."""

    gaps: Sequence[Gap]
    operations: Sequence[Operation]

    def touching(self, columns: frozenset[str]) -> frozenset[str]:
        """Return the operations whose gaps touch a set of columns, those that everything needs included."""
        return self._with_what_they_need(columns)

    def listing(self, table: str, kinds: frozenset[str] | None = None) -> frozenset[str]:
        """Return the operations whose gaps leave something of a table's population unlisted or unreached.

        ``kinds``: of the rows of these kinds alone.
        """
        population = [f"{table}.*"] if kinds is None else [f"{table}@{kind}.*" for kind in kinds]
        return self._with_what_they_need(population)

    def _with_what_they_need(self, columns: Collection[str]) -> frozenset[str]:
        """Return the operations that feed some columns, and those that everything of their providers needs."""
        feeding = [op for op in self.operations if op.feeds_any(columns)]
        providers = {op.provider for op in feeding}
        always = (op.name for op in self.operations if op.always and op.provider in providers)
        return frozenset((*(op.name for op in feeding), *always))

    def unreached(self, tables: Iterable[str]) -> frozenset[str]:
        """Return those of the fact tables of which some scope or parent could not be listed."""
        missed = {gap.operation for gap in self.gaps}
        return frozenset(table for table in tables if missed & self.listing(table))


@dataclass(frozen=True, slots=True)
class Touched:
    """What the gaps say of one control."""

    group: int
    """Number of its reason among the columns ``reason_N`` of the tables that :func:`tabulate` makes."""
    unlisted: int
    """Number of its table ``unlisted_TABLE_N``."""
    unread: str
    """The gaps that touch what it reads, in words, or empty."""


def explain(gap: Gap) -> str:
    """Return a gap in one line: ``kms:GetKeyRotationStatus denied (AccessDeniedException)``."""
    code = f" ({gap.error_code})" if gap.error_code else ""
    if gap.reason is GapReason.NOT_ALLOWED:
        return f"{gap.operation} not allowed: {gap.detail[:MAX_ADVICE]}"  # which says how to allow it
    return f"{gap.operation} {gap.reason.value}{code}"


def store(db: duckdb.DuckDBPyConnection, seen: Seen) -> None:
    """Make the table of gaps, and what turns several reasons into one text."""
    of_scope = {op.name for op in seen.operations if op.of_scope}
    gaps = seen.gaps
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
                "subjects": [None if gap.operation in of_scope else gap.subject for gap in part],
                "operations": [gap.operation for gap in part],
                "reasons": [explain(gap) for gap in part],
            },
        )


def tabulate(db: duckdb.DuckDBPyConnection, plan: Plan, seen: Seen) -> list[Touched]:
    """Make the tables of reasons of one subject table, and return what touches each of its controls.

    ``about_TABLE`` has a reason per subject, ``scope_TABLE`` per source, ``unlisted_TABLE_N`` what the population (of
    the kinds to which a control applies) lacks.
    """
    sets = [seen.touching(rested_on(checked)) for checked in plan.controls]
    groups = {operations: number for number, operations in enumerate(dict.fromkeys(sets))}
    for name, key, kind in (("about", "subject", "IS NOT NULL"), ("scope", "source", "IS NULL")):
        reasons = "".join(f", few({_of(operations)}) AS reason_{number}" for operations, number in groups.items())
        db.execute(
            f'CREATE OR REPLACE TABLE "{name}_{plan.table}" AS SELECT {key} AS id{reasons} '
            f"FROM gaps_ WHERE subject {kind} GROUP BY {key}"
        )
    kinds = [kinds_of(checked) for checked in plan.controls]
    populations = {one: number for number, one in enumerate(dict.fromkeys(kinds))}
    for one, number in populations.items():
        _tabulate_unlisted(db, plan.table, number, seen.listing(plan.table, one), seen.listing(plan.table))
    unread = _unread(db, groups)
    return [Touched(groups[ops], populations[one], unread[ops]) for ops, one in zip(sets, kinds, strict=True)]


def _of(operations: frozenset[str]) -> str:
    return f"list(DISTINCT reason) FILTER (WHERE {_among(operations)})"


def _among(operations: frozenset[str]) -> str:
    names = ", ".join("'" + name.replace("'", "''") + "'" for name in sorted(operations))
    return f"operation IN ({names})" if names else "false"


def _unread(db: duckdb.DuckDBPyConnection, groups: Collection[frozenset[str]]) -> dict[frozenset[str], str]:
    told = ", ".join(f"few({_of(operations)})" for operations in groups)
    (row,) = db.execute(f"SELECT {told} FROM gaps_").fetchall()
    return {operations: said or "" for operations, said in zip(groups, row, strict=True)}


def unlisted(table: str, number: int) -> str:
    """Return the name of a table of what a population lacks."""
    return f"unlisted_{table}_{number}"


def _tabulate_unlisted(
    db: duckdb.DuckDBPyConnection, table: str, number: int, listing: frozenset[str], every: frozenset[str]
) -> None:
    """Make the rows for what is not in a population: scopes not listed, or not to their end.

    ``listing`` are the operations that list it, ``every`` those that list anything of the table.
    """
    key, ours = BY_NAME[table].key, _among(listing)
    # Where several listings fill a table, the id of a coverage row ends with its operation.
    others = _among(every - listing).replace("operation IN", "split_part(c.coverage_id, ' ', 3) IN")
    db.execute(
        f"""CREATE OR REPLACE TABLE "{unlisted(table, number)}" AS
        SELECT coalesce(g.subject, g.source) AS subject, g.source AS source, few(list(DISTINCT g.reason)) AS reason,
            list_sort(list(DISTINCT g.id)) AS evidence
        FROM gaps_ g WHERE {ours} AND (g.subject IS NULL OR g.subject NOT IN (SELECT "{key}" FROM "{table}"))
        GROUP BY 1, 2
        UNION ALL
        SELECT c.parent_id, c.source, 'the listing of {table} is not complete',
            list_sort(list_distinct(flatten(list(c.evidence))))
        FROM facts_coverage c
        WHERE c.listed_table = '{table}' AND c.complete IS DISTINCT FROM true AND NOT ({others}) AND NOT EXISTS (
            FROM gaps_ g WHERE {ours} AND g.source = c.source AND coalesce(g.subject, g.source) = c.parent_id)
        GROUP BY 1, 2"""
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
