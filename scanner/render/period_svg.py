"""The timeline of an audit period, as SVG: one bar a line, readable in black and white."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from xml.sax.saxutils import escape

from scanner.model.period import ControlLine, DayState, Line, Stretch
from scanner.render.svg import MOST_OF_LABEL, fitted

WIDTH = 680
LABEL = 200
WORDS = 110
"""Room for the numbers right of a bar."""
ROW = 15
BAR = 10
HEAD = 38
AXIS = 14
"""Height of the dates above the bars of a part that is not the first."""
PART = 10
"""Bars in one drawing: a page may break between two."""
MOST, TAIL = MOST_OF_LABEL + 2, 22
"""Small letters left of a bar, and how many of them are the end of an id."""
THIN = 4.0
"""A stretch that is narrower is black: a hatch would not show."""
TICKS = 8
"""Dates at most along the top."""
_STEPS = (1, 2, 3, 6, 12, 24)
"""Months from one tick to the next."""
_DATE_ROOM = 58.0
"""Room that a date at an end of the axis takes."""


def timeline(lines: Sequence[Line], first: date, last: date, *, name: str) -> tuple[str, ...]:
    """Return the chart in parts of ten lines. ``name`` tells it apart from other charts of the page."""
    return tuple(
        _part(lines[start : start + PART], _Draw(f"out-{name}-{start}", first, last), head=start == 0)
        for start in range(0, len(lines), PART)
    )


def _part(lines: Sequence[Line], draw: _Draw, *, head: bool) -> str:
    top = HEAD if head else AXIS
    height = top + len(lines) * ROW
    bars = "".join(draw.line(line, top + i * ROW) for i, line in enumerate(lines))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="100%" '
        'role="img" aria-label="Days of the audit period, in and out of compliance" fill="#16191d" font-size="9" '
        'font-family="Liberation Sans, DejaVu Sans, sans-serif">'
        f"{draw.pattern()}{draw.key() if head else ''}{draw.axis(top, height)}{bars}</svg>"
    )


@dataclass(frozen=True, slots=True)
class _Draw:
    """Shapes of one drawing."""

    hatch: str
    """Id of its pattern, which no other drawing of the page may have."""
    first: date
    last: date

    @property
    def scale(self) -> float:
        """Width of a day."""
        return (WIDTH - LABEL - WORDS) / ((self.last - self.first).days + 1)

    def x(self, day: date) -> float:
        """Return where a day begins."""
        return LABEL + self.scale * (day - self.first).days

    def pattern(self) -> str:
        """Return the hatch of days that were out."""
        return (
            f'<defs><pattern id="{self.hatch}" width="4" height="4" patternUnits="userSpaceOnUse" '
            'patternTransform="rotate(45)"><rect width="4" height="4" fill="#ffffff"/>'
            '<rect width="2.4" height="4" fill="#16191d"/></pattern></defs>'
        )

    def key(self) -> str:
        """Return what the shapes mean."""
        words = (("in", "in compliance"), ("out", "out"), ("unknown", "unknown"), ("absent", "not there, or idle"))
        drawn, x = "", LABEL
        for state, text in words:
            shape = self._shape(DayState(state), f"M{x} 4h20v{BAR}h-20z", f"M{x} {4 + BAR / 2:g}h20")
            drawn += f'{shape}<text x="{x + 25}" y="12">{text}</text>'
            x += 40 + 5 * len(text)
        return drawn

    def axis(self, top: int, height: int) -> str:
        """Return the first and the last day, and a mark where months begin."""
        right = WIDTH - WORDS
        drawn = f'<text x="{LABEL}" y="{top - 4}">{self.first}</text>'
        if right - LABEL > 2 * _DATE_ROOM and self.first < self.last:
            drawn += f'<text x="{right}" y="{top - 4}" text-anchor="end">{self.last}</text>'
        for day in self._ticks():
            x = self.x(day)
            drawn += f'<path d="M{x:.1f} {top - 2}V{height}" stroke="#8a939b" stroke-width="0.5"/>'
            if LABEL + _DATE_ROOM + 18 < x < right - _DATE_ROOM - 18:
                drawn += f'<text x="{x:.1f}" y="{top - 4}" text-anchor="middle">{day:%Y-%m}</text>'
        return drawn

    def _ticks(self) -> list[date]:
        months = list(_months(self.first, self.last))
        for step in _STEPS:
            ticks = [day for day in months if (12 * day.year + day.month - 1) % step == 0]
            if len(ticks) <= TICKS:
                return ticks
        return []

    def line(self, line: Line, y: int) -> str:
        """Return one bar with its name and numbers."""
        top = y + 2
        drawn = ""
        for state in (DayState.UNKNOWN, DayState.ABSENT, DayState.IN, DayState.OUT):
            wide, thin = self._split([one for one in line.stretches if one.state is state], state)
            drawn += self._shape(state, self._boxes(wide, top), self._middles(wide, top))
            drawn += f'<path d="{self._boxes(thin, top)}" fill="#16191d"/>' if thin else ""
        return (
            f'<text x="{LABEL - 6}" y="{y + 10}" text-anchor="end">{fitted(_name(line), MOST)}</text>{drawn}'
            f'<text x="{WIDTH - WORDS + 6}" y="{y + 10}">{escape(_numbers(line))}</text>'
        )

    def _split(self, stretches: Sequence[Stretch], state: DayState) -> tuple[list[Stretch], list[Stretch]]:
        """Part stretches into those that can be hatched and those that are too narrow."""
        thin = [one for one in stretches if state is DayState.OUT and one.days * self.scale < THIN]
        return [one for one in stretches if one not in thin], thin

    def _boxes(self, stretches: Sequence[Stretch], top: int) -> str:
        return "".join(
            f"M{self.x(one.first):.1f} {top}h{width:.1f}v{BAR}h-{width:.1f}z"
            for one in stretches
            for width in [max(1.0, one.days * self.scale)]
        )

    def _middles(self, stretches: Sequence[Stretch], top: int) -> str:
        return "".join(f"M{self.x(one.first):.1f} {top + BAR / 2:g}h{one.days * self.scale:.1f}" for one in stretches)

    def _shape(self, state: DayState, boxes: str, middles: str) -> str:
        if not boxes:
            return ""
        if state is DayState.UNKNOWN:
            return f'<path d="{boxes}" fill="#ffffff" stroke="#46505a" stroke-width="0.7" stroke-dasharray="1.5 2"/>'
        if state is DayState.ABSENT:
            return f'<path d="{middles}" fill="none" stroke="#46505a" stroke-width="0.8"/>'
        fill = f"url(#{self.hatch})" if state is DayState.OUT else "#d5dde5"
        return f'<path d="{boxes}" fill="{fill}" stroke="#16191d" stroke-width="0.4"/>'


def _months(first: date, last: date) -> Iterator[date]:
    """Yield the first days of months in a period, without its own first day."""
    day = _following(first)
    while day <= last:
        yield day
        day = _following(day)


def _following(day: date) -> date:
    """Return the first day of the next month."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _name(line: Line) -> str:
    if isinstance(line, ControlLine):
        return f"{line.control} {line.label}"
    last = line.id.rpartition("/")[2]
    # Of a long id the end tells more.
    return line.label or (last if len(last) < MOST else f"{last[:6]}…{last[-TAIL:]}")


def _numbers(line: Line) -> str:
    known = ((line.days_out, "out"), (line.days_unknown, "unknown"))
    return ", ".join(f"{days} {word}" for days, word in known if days) or ("in" if line.days_in else "did not apply")
