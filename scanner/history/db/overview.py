"""Short questions to the store: which series, which checkpoints, since when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from scanner.history.db.columns import escape, fingerprint
from scanner.history.db.schema import checkpoint, finding, scan, text


def _named(series: str) -> sa.ScalarSelect[int]:
    return sa.select(text.c.number).where(text.c.sha256 == fingerprint(series)).scalar_subquery()


def series(connection: sa.Connection) -> Sequence[Sequence[Any]]:
    """Return (name, scans, first as-of, last as-of) of each series."""
    columns = (text.c.content, sa.func.count(), sa.func.min(scan.c.as_of), sa.func.max(scan.c.as_of))
    joined = sa.select(*columns).join(scan, scan.c.series == text.c.number).where(~scan.c.forgotten)
    return connection.execute(joined.group_by(text.c.number, text.c.content)).all()


def checkpoints(connection: sa.Connection, name: str) -> Sequence[Sequence[Any]]:
    """Return (scan, as-of, number, digest, file name) of each package of a series, forgotten scans included."""
    c = checkpoint.c
    asked = sa.select(scan.c.id, scan.c.as_of, c.place, c.digest, c.name).join(scan, scan.c.number == c.scan)
    ordered = asked.where(scan.c.series == _named(name)).order_by(c.place, scan.c.as_of, scan.c.id)
    return connection.execute(ordered).all()


def seen(connection: sa.Connection, name: str) -> Sequence[Sequence[Any]]:
    """Return (control, subject, source, first scan, its as-of, last scan, its as-of) of each finding of a series."""
    control, subject, source = (text.alias(part) for part in ("of_control", "of_subject", "of_source"))
    first, last = scan.alias("first"), scan.alias("last")
    names = (control.c.content, subject.c.content, source.c.content)
    asked = (
        sa.select(*names, first.c.id, first.c.as_of, last.c.id, last.c.as_of)
        .select_from(finding)
        .join(control, control.c.number == finding.c.control)
        .join(subject, subject.c.number == finding.c.subject)
        .join(source, source.c.number == finding.c.source)
        .join(first, first.c.number == finding.c.first_scan)
        .join(last, last.c.number == finding.c.last_scan)
    )
    return connection.execute(asked.where(finding.c.series == _named(name))).all()


def begin_with(connection: sa.Connection, start: str) -> list[int]:
    """Return the numbers of the scans whose id begins so; of one whose id is just that, its alone."""
    given = escape(start)
    begun = sa.func.substr(scan.c.id, 1, len(given), type_=sa.Text) == given
    rows = connection.execute(sa.select(scan.c.number, scan.c.id).where(begun, ~scan.c.forgotten)).all()
    exact = [row.number for row in rows if row.id == start]
    return exact or [row.number for row in rows]
