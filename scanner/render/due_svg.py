"""The chart of what comes due, as SVG: a row a kind, a column a week, counts. Readable in black and white."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime

from scanner.model.forecast import DueKind, Forecast
from scanner.render.due import KINDS

WIDTH = 680
LABEL = 132
ROW = 20
HEAD = 30
MOST_WEEKS = 26
"""Columns; what is due later is in the last."""
DATE = 30
"""Room for a date above a column."""


def due_chart(forecast: Forecast) -> str:
    """Return the chart, or nothing when nothing is due."""
    counts: defaultdict[DueKind, defaultdict[int, int]] = defaultdict(lambda: defaultdict(int))
    weeks = min(MOST_WEEKS, forecast.days // 7 + 1)
    for week, kind, count in forecast.weeks:
        counts[kind][min(week, weeks - 1)] += count
    if not counts:
        return ""
    kinds = [kind for kind in DueKind if kind in counts]
    height = HEAD + (len(kinds) + 1) * ROW
    cell = (WIDTH - LABEL) / (weeks + 1)
    rows = "".join(_row(KINDS[kind], counts[kind], HEAD + i * ROW, cell) for i, kind in enumerate(kinds))
    sums = {week: sum(counts[kind][week] for kind in kinds) for week in range(-1, weeks)}
    y = HEAD + len(kinds) * ROW
    line = f'<line x1="0" x2="{WIDTH}" y1="{y}" y2="{y}" stroke="#16191d" stroke-width="0.8"/>'
    total = _label("All", y, bold=True) + "".join(
        _number(count, week, y, cell, fill="#16191d", bold=True) for week, count in sums.items() if count
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="100%" role="img" '
        f'aria-label="What comes due in {forecast.days} days, by week" fill="#16191d" font-size="10" '
        f'font-family="Liberation Sans, DejaVu Sans, sans-serif">{_scale(forecast, weeks, cell)}{rows}{line}{total}'
        "</svg>"
    )


def _scale(forecast: Forecast, weeks: int, cell: float) -> str:
    """Return the head: `overdue`, and the first day of each week, or of every second one."""
    step = 1 if cell >= DATE else 2
    dates = "".join(
        f'<text x="{_left(week, cell) + 2:.1f}" y="12">{_day(forecast.as_of, week)}</text>'
        f'<line x1="{_left(week, cell):.1f}" x2="{_left(week, cell):.1f}" y1="4" y2="{HEAD - 4}" stroke="#16191d" '
        'stroke-width="0.6"/>'
        for week in range(0, weeks, step)
    )
    return f'<text x="{LABEL}" y="12">overdue</text>{dates}<text x="0" y="12">week from</text>'


def _day(start: datetime, week: int) -> str:
    return date.fromordinal(min(start.toordinal() + 7 * week, date.max.toordinal())).isoformat()[5:]


def _left(week: int, cell: float) -> float:
    return LABEL + (week + 1) * cell


def _row(name: str, counts: defaultdict[int, int], y: int, cell: float) -> str:
    boxes = "".join(_box(week, count, y, cell) for week, count in sorted(counts.items()) if count)
    return f'<line x1="0" x2="{WIDTH}" y1="{y}" y2="{y}" stroke="#b0b7be" stroke-width="0.5"/>{_label(name, y)}{boxes}'


def _label(name: str, y: int, *, bold: bool = False) -> str:
    return f'<text x="0" y="{y + 14}"{_weight(bold)}>{name}</text>'


def _box(week: int, count: int, y: int, cell: float) -> str:
    """Return one count: black where it is overdue, light where it is still to come."""
    fill, ink = ("#16191d", "#ffffff") if week < 0 else ("#d5dde5", "#16191d")
    return (
        f'<rect x="{_left(week, cell) + 1:.1f}" y="{y + 3}" width="{cell - 2:.1f}" height="{ROW - 6}" fill="{fill}" '
        f'stroke="#16191d" stroke-width="0.6"/>{_number(count, week, y, cell, fill=ink)}'
    )


def _number(count: int, week: int, y: int, cell: float, *, fill: str, bold: bool = False) -> str:
    x = _left(week, cell) + cell / 2
    return f'<text x="{x:.1f}" y="{y + 14}" text-anchor="middle" fill="{fill}"{_weight(bold)}>{count}</text>'


def _weight(bold: bool) -> str:
    return ' font-weight="bold"' if bold else ""
