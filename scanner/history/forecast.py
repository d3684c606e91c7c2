"""What comes due in the days after a scan, read from its fact tables. It judges nothing.

The clock is the scan's as-of. Nothing is written beside the facts, so a scan can be on a medium that is read only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from scanner.errors import EvidenceError, UsageError
from scanner.evaluate.store import naive_utc, query, quoted
from scanner.history.rules import RULES, Rule
from scanner.model.control import Basis
from scanner.model.forecast import Due, DueKind, Forecast, Limit
from scanner.model.ids import Digest
from scanner.model.verdict import ControlResult
from scanner.scandir import ScanDir
from scanner.scanheader import Header

REPORT_DAYS = 90
"""How far a report looks: a quarter, in which policies review and the reference policy rotates data keys."""
MOST = 400
"""Deadlines that are listed unless more are asked for; the rest is counted."""
MOST_EVIDENCE = 20
MOST_OF_LIMIT = 2**62
"""Days of a limit as a table can hold them; a policy may say more."""
_NO_LIMITS = "(SELECT NULL::VARCHAR AS kind, NULL::VARCHAR AS parameter, NULL::BIGINT AS days WHERE false)"
_COLUMNS = "subject, source, label, due_at, what, parameter, evidence"
# One pass over the rules: what is listed, how many are due of each kind and week, of how many it is not known when.
_EVERYTHING = f"""
WITH every AS MATERIALIZED (
    SELECT * FROM ({{rows}}) WHERE due_at IS NULL OR (due_at < $end AND (due_at >= $as_of OR stands))
), listed AS (
    SELECT kind, rule, {_COLUMNS} FROM every WHERE due_at IS NOT NULL
    ORDER BY due_at, kind, subject, source, rule, what LIMIT $most
), counted AS (
    SELECT kind, CASE WHEN due_at < $as_of THEN -1 ELSE date_diff('day', $as_of, due_at) // 7 END AS week,
        count(*) AS number
    FROM every WHERE due_at IS NOT NULL GROUP BY ALL
), missing AS (
    SELECT kind, NULL AS week, count(DISTINCT (subject, source)) AS number FROM every WHERE due_at IS NULL GROUP BY ALL
)
SELECT NULL AS number, NULL AS week, * FROM listed
UNION ALL BY NAME FROM counted
UNION ALL BY NAME FROM missing
"""
_FILLED = "SELECT file_name FROM parquet_file_metadata($paths) WHERE num_rows > 0"
_LISTED = "SELECT listed_table, bool_and(complete) FROM read_parquet($path) GROUP BY listed_table"


def limits_of(results: Iterable[ControlResult]) -> dict[str, Limit]:
    """Return the limits in days that the controls of a scan judged by, by parameter name."""
    return {
        use.name: Limit(use.value, use.basis, use.overridden)
        for result in results
        for use in result.thresholds
        if use.unit == "days" and isinstance(use.value, int)
    }


def read_forecast(
    folder: ScanDir, days: int, *, kinds: Collection[DueKind] = (), most: int = MOST
) -> tuple[Forecast, str]:
    """Return the forecast of a finished scan, by the limits that it judged by, and the name of its organization.

    Raises UsageError for what is no finished scan, EvidenceError for one whose files cannot be read.
    """
    header = Header.from_json(folder.read_header(), place=str(folder.scan_json))
    if header.state != "complete":
        hint = f"finish it with `keyaudit scan --resume {folder.root}`"
        raise UsageError(f"the scan in {folder.root} was not finished", hint=hint)
    results = folder.root / "results.json"
    try:
        limits = _limits_in(json.loads(results.read_bytes()))
        coming = forecast(folder.facts, limits, header.as_of, days, kinds=kinds, most=most)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise EvidenceError(f"{results}: not as keyaudit writes it: {error}") from None
    except (OSError, duckdb.Error) as error:
        raise EvidenceError(f"{folder.root}: {str(error).splitlines()[0]}") from None
    return coming, header.organization


def _limits_in(results: Mapping[str, Any]) -> dict[str, Limit]:
    return {
        use["name"]: Limit(use["value"], Basis(use["basis"]), use["overridden"])
        for control in results["controls"]
        for use in control["thresholds"]
        if use["unit"] == "days" and isinstance(use["value"], int)
    }


def forecast(
    facts: Path,
    limits: Mapping[str, Limit],
    as_of: datetime,
    days: int,
    *,
    kinds: Collection[DueKind] = (),
    most: int = MOST,
) -> Forecast:
    """Return what is due within ``days`` after ``as_of``, and what is overdue, from a folder of facts.

    Of ``kinds`` only, of all when there are none. Lists the first ``most`` deadlines and counts the rest.
    Raises OSError or duckdb.Error for facts that cannot be read.
    """
    start = naive_utc(as_of)
    wanted = [rule for rule in RULES if not kinds or rule.kind in kinds]
    rows = _rows(wanted, facts, limits, {"as_of": start, "end": _end(start, days), "most": most})
    due = [_due(row[2:], limits, start) for row in rows if row[0] is None]
    weeks = [(week, DueKind(kind), number) for number, week, kind, *_ in rows if week is not None]
    missing = {kind: number for number, week, kind, *_ in rows if number is not None and week is None}
    listed = dict(query(_LISTED, {"path": str(facts / "coverage.parquet")}).fetchall())
    return Forecast(
        as_of=as_of.astimezone(UTC),
        days=days,
        due=tuple(sorted(due, key=lambda one: (one.at, one.kind, one.subject, one.source, one.rule))),
        omitted=sum(number for _, _, number in weeks) - len(due),
        weeks=tuple(sorted(weeks)),
        unknown=tuple((kind, missing[kind]) for kind in DueKind if kind in missing),
        incomplete=_kinds(wanted, lambda tables: any(listed.get(table) is False for table in tables)),
        # Without a register of exceptions nothing is waived.
        unread=_kinds(wanted, lambda tables: not any(table in listed or table == "exceptions" for table in tables)),
    )


def _end(as_of: datetime, days: int) -> datetime:
    """Return the first instant that is not looked at any more."""
    midnight = as_of.replace(hour=0, minute=0, second=0, microsecond=0)
    # The calendar ends with the year 9999.
    return midnight + min(timedelta(days=days + 1), datetime.max - midnight)  # noqa: DTZ901 - in UTC, as the tables are


def _kinds(rules: Sequence[Rule], are: Callable[[Sequence[str]], bool]) -> tuple[DueKind, ...]:
    """Return the kinds of deadlines of which the tables of their subjects are so."""
    tables = {rule.kind: [one.tables[0] for one in rules if one.kind is rule.kind] for rule in rules}
    return tuple(kind for kind, names in tables.items() if are(names))


def _rows(
    wanted: Sequence[Rule], facts: Path, limits: Mapping[str, Limit], values: Mapping[str, object]
) -> list[tuple[Any, ...]]:
    """Return number, week, kind and, of what is listed, rule and columns."""
    named = {table: facts / f"{table}.parquet" for rule in wanted for table in rule.tables}
    paths = sorted(str(path) for path in named.values() if path.is_file())
    filled = {Path(name).stem for (name,) in query(_FILLED, {"paths": paths}).fetchall()}
    rules = [rule for rule in wanted if rule.tables[0] in filled]
    if not rules:
        return []
    every = " UNION ALL ".join(_select(rule, facts, limits) for rule in rules)
    return query(_EVERYTHING.format(rows=every), values).fetchall()


def _select(rule: Rule, facts: Path, limits: Mapping[str, Limit]) -> str:
    """Return the SELECT of a rule over the files of a folder."""
    files = {table: f"read_parquet({quoted(facts / f'{table}.parquet')})" for table in rule.tables}
    sql = rule.sql.format(**files, limits=_limits(rule, limits))
    return f"SELECT '{rule.kind}' AS kind, '{rule.name}' AS rule, {_COLUMNS}, stands FROM ({sql})"


def _limits(rule: Rule, limits: Mapping[str, Limit]) -> str:
    """Return the rows of kind, parameter and days by which a rule judges: of several parameters the shortest."""
    rows = []
    for kind, names in sorted((rule.limits or {}).items()):
        known = sorted((limits[name].days, name) for name in names if name in limits)
        if known:
            days, name = known[0]
            rows.append(f"('{kind}', '{name}', {max(-MOST_OF_LIMIT, min(MOST_OF_LIMIT, days))}::BIGINT)")
    return f"(SELECT * FROM (VALUES {', '.join(rows)}) v(kind, parameter, days))" if rows else _NO_LIMITS


def _due(row: Sequence[Any], limits: Mapping[str, Limit], as_of: datetime) -> Due:
    kind, name, subject, source, label, at, what, parameter, evidence = row
    rule = next(rule for rule in RULES if (rule.kind, rule.name) == (kind, name))
    limit = limits.get(parameter or "")
    return Due(
        kind=rule.kind,
        rule=name,
        at=at.replace(tzinfo=UTC),
        subject=subject,
        source=source,
        label=label or "",
        what=what,
        action=rule.action,
        basis=limit.basis if limit else None,
        own=limit.own if limit else False,
        parameter=parameter or "",
        overdue=at < as_of,
        evidence=tuple(Digest(one) for one in dict.fromkeys(evidence))[:MOST_EVIDENCE],
    )
