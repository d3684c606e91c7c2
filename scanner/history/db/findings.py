"""Findings of a series in the store: one row each, from the first scan that saw it to the last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from scanner.history.db.columns import compact
from scanner.history.db.schema import finding, scan, sighting
from scanner.history.db.shared import chunks, next_number, share_texts
from scanner.history.series import worst
from scanner.model.history import Snapshot

Name = tuple[int, int, int]
"""Numbers of the texts of control, subject and source."""


def record_findings(connection: sa.Connection, number: int, series: int, snapshot: Snapshot) -> None:
    """Record what scan ``number`` found, and set right when each finding of the series was first and last seen."""
    states = worst(snapshot)
    observed = {name: compact(dict(state.observed)) for name, state in states.items()}
    texts = {t for name, state in states.items() for t in (*name, state.label, state.reason, observed[name])}
    numbers = share_texts(connection, texts)
    names = {name: (numbers[name[0]], numbers[name[1]], numbers[name[2]]) for name in states}
    labels = {names[name]: numbers[state.label] for name, state in states.items()}
    there = _there(connection, series, labels)
    added = _add(connection, series, {name: label for name, label in labels.items() if name not in there})
    known = {name: found for name, (found, _) in there.items()} | added
    rows = [
        {
            "scan": number,
            "finding": known[names[name]],
            "verdict": state.verdict.value,
            "rests_on": state.rests_on,
            "waiver": state.waiver,
            "reason": numbers[state.reason],
            "observed": numbers[observed[name]],
        }
        for name, state in states.items()
    ]
    if rows:
        connection.execute(sa.insert(sighting), rows)
    _set_edges(connection, number, series, snapshot)
    _label(
        connection, number, {there[n][0]: label for n, label in labels.items() if n in there and there[n][1] != label}
    )


def _there(connection: sa.Connection, series: int, names: Iterable[Name]) -> dict[Name, tuple[int, int]]:
    """Return number and label of the findings that the series has on the subjects of ``names``."""
    there: dict[Name, tuple[int, int]] = {}
    for chunk in chunks({subject for _, subject, _ in names}):
        asked = sa.select(finding).where(finding.c.series == series, finding.c.subject.in_(chunk))
        for row in connection.execute(asked):
            there[row.control, row.subject, row.source] = (row.number, row.label)
    return there


def _add(connection: sa.Connection, series: int, labels: Mapping[Name, int]) -> dict[Name, int]:
    first = next_number(connection, finding)
    new = {name: first + place for place, name in enumerate(labels)}
    rows = [
        {
            "number": n,
            "series": series,
            "control": name[0],
            "subject": name[1],
            "source": name[2],
            "label": labels[name],
        }
        for name, n in new.items()
    ]
    if rows:
        connection.execute(sa.insert(finding), rows)
    return new


def _set_edges(connection: sa.Connection, number: int, series: int, snapshot: Snapshot) -> None:
    """Set first and last sighting of what the scan found, and of what it no longer finds."""
    moment, own = snapshot.scan.as_of, snapshot.scan.id
    seen = sa.select(sighting.c.finding).where(sighting.c.scan == number)
    for edge, later in ((finding.c.first_scan, True), (finding.c.last_scan, False)):
        order = (scan.c.as_of, scan.c.id) if later else (scan.c.as_of.desc(), scan.c.id.desc())
        sightings = sa.select(sighting.c.scan).join(scan, scan.c.number == sighting.c.scan)
        found = sightings.where(sighting.c.finding == finding.c.number).order_by(*order).limit(1).scalar_subquery()
        connection.execute(sa.update(finding).where(edge.is_(None)).values({edge: found}))
        beyond, after = (scan.c.as_of > moment, scan.c.id > own) if later else (scan.c.as_of < moment, scan.c.id < own)
        others = sa.select(scan.c.number).where(
            scan.c.series == series, sa.or_(beyond, sa.and_(scan.c.as_of == moment, after))
        )
        moved = sa.update(finding).where(finding.c.number.in_(seen), edge.in_(others))
        connection.execute(moved.values({edge: number}))
    connection.execute(sa.delete(finding).where(finding.c.first_scan.is_(None)))


def _label(connection: sa.Connection, number: int, labels: Mapping[int, int]) -> None:
    """Name findings as the newest scan does."""
    rows = [{"found": found, "named": label} for found, label in labels.items()]
    if rows:
        newest = sa.update(finding).where(finding.c.number == sa.bindparam("found"), finding.c.last_scan == number)
        connection.execute(newest.values(label=sa.bindparam("named")), rows)
