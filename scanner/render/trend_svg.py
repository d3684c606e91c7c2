"""The charts of a trend, as SVG. Readable in black and white."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from xml.sax.saxutils import escape

from scanner.model.trend import Track, TrendScan
from scanner.model.verdict import Verdict
from scanner.render.svg import fitted
from scanner.render.trend_words import groups, verdict, worst

WIDTH = 680
LEFT, RIGHT = 66, 4
"""Room beside the columns."""
HEAD = 22
AXIS = 16
"""Height of the dates."""
PLOT = 110
STRIP = 34
"""Height of the columns of one severity."""
CLOSE = 6.0
"""Scans that lie closer share a column."""
MOST_WIDE = 16.0
STEPS = 6
"""Dates along the axis."""
DATE = 62
"""Room that a date takes."""
LABEL, WORDS = 200, 96
"""Room for names left and words right of the rows of a grid."""
ROW, CELL = 15, 10
PART = 12
"""Rows in one drawing: a page may break between two."""
MOST_CELLS = 64
NAME = 33
"""Small letters left of a row."""
THIN = 4.0
"""A cell that is narrower is black where it fails: a hatch would not show."""
_INK, _PALE = "#16191d", "#d5dde5"


def columns(scans: Sequence[TrendScan]) -> str:
    """Return the controls that fail, are unknown and pass, scan by scan, or nothing without scans."""
    if not scans:
        return ""
    axis = _Axis(scans[0].as_of, scans[-1].as_of)
    shown = axis.slots(scans, lambda scan: (scan.failed, scan.unknown))
    most = max([1, *(one.failed + one.unknown + one.passed for _, one in shown.drawn)])
    base = HEAD + PLOT
    parts: dict[Verdict, str] = {}
    for x, scan in shown.drawn:
        y = float(base)
        for of, count in ((Verdict.FAIL, scan.failed), (Verdict.UNKNOWN, scan.unknown), (Verdict.PASS, scan.passed)):
            height = PLOT * count / most
            y -= height
            if count:
                parts[of] = parts.get(of, "") + _box(x, y, shown.wide, height)
    body = "".join(
        _shape(of, parts.get(of, ""), "trend-columns") for of in (Verdict.PASS, Verdict.UNKNOWN, Verdict.FAIL)
    )
    changed = "".join(_mark(axis.x(scan.as_of), HEAD - 8) for scan in scans if scan.catalogue_changed)
    scale = "".join(_level(base - PLOT * level / most, str(level)) for level in sorted({0, most // 2, most}))
    label = "Controls that fail, are unknown and pass, scan by scan"
    return _svg(base + AXIS, label, "trend-columns", f"{_key('trend-columns')}{scale}{body}{changed}{axis.dates(base)}")


def by_severity(scans: Sequence[TrendScan]) -> str:
    """Return the findings of each severity, scan by scan, each on its own scale; nothing without scans."""
    if not scans:
        return ""
    axis = _Axis(scans[0].as_of, scans[-1].as_of)
    rows, top = "", 4
    for place, (severity, _) in enumerate(scans[0].by_severity):
        shown = axis.slots(scans, _findings_of(place))
        counts = [(x, scan.by_severity[place][1]) for x, scan in shown.drawn]
        most = max(count for _, count in counts)
        height = STRIP - 12
        base = top + STRIP - 4
        boxes = "".join(
            _box(x, base - height * count / most, shown.wide, height * count / most) for x, count in counts if count
        )
        rows += (
            f'<text x="0" y="{base}">{escape(severity.value)}</text>'
            f'<text x="{LEFT - 6}" y="{base - height + 7}" text-anchor="end">{most}</text>{_line(base)}'
            + (f'<path d="{boxes}" fill="{_PALE}" stroke="{_INK}" stroke-width="0.4"/>' if boxes else "")
        )
        top += STRIP
    label = "Findings of each severity, scan by scan"
    return _svg(top + AXIS, label, "", f"{rows}{axis.dates(top)}")


def _findings_of(place: int) -> _Badness:
    return lambda scan: (scan.by_severity[place][1],)


def grid(tracks: Sequence[Track], scans: Sequence[TrendScan], *, name: str) -> tuple[str, ...]:
    """Return verdicts as a row a track and a column a scan, in parts of twelve rows.

    ``name`` tells it apart from other grids of the page.
    """
    return tuple(
        _part(tracks[start : start + PART], scans, f"trend-{name}-{start}", head=start == 0)
        for start in range(0, len(tracks), PART)
    )


def _part(tracks: Sequence[Track], scans: Sequence[TrendScan], hatch: str, *, head: bool) -> str:
    top = (HEAD if head else 0) + AXIS
    shared = groups(len(scans), MOST_CELLS)
    wide = min(MOST_WIDE, (WIDTH - LABEL - WORDS) / len(shared))
    rows = "".join(_row(track, shared, wide, top + i * ROW, hatch) for i, track in enumerate(tracks))
    first, last = f"{scans[0].as_of:%Y-%m-%d}", f"{scans[-1].as_of:%Y-%m-%d}"
    right = LABEL + wide * len(shared)
    dates = f'<text x="{LABEL}" y="{top - 4}">{first}</text>'
    if right - LABEL > 2 * DATE:
        dates += f'<text x="{right:.1f}" y="{top - 4}" text-anchor="end">{last}</text>'
    elif first != last:
        dates = f'<text x="{LABEL}" y="{top - 4}">{first} to {last}</text>'
    key = _key(hatch, LABEL) if head else ""
    return _svg(top + len(tracks) * ROW, "Verdicts, scan by scan", hatch, f"{key}{dates}{rows}")


def _row(track: Track, shared: Sequence[range], wide: float, y: int, hatch: str) -> str:
    cells: dict[Verdict, list[float]] = {}
    for place, group in enumerate(shared):
        of = worst(track.verdicts[one] for one in group)
        if of is not None:
            cells.setdefault(of, []).append(LABEL + place * wide)
    gap = 1.0 if wide >= THIN else 0.0
    drawn = "".join(
        _shape(of, "".join(_box(x, y + 2, wide - gap, CELL) for x in at), hatch, thin=wide < THIN)
        for of, at in sorted(cells.items())
        if of is not Verdict.NOT_APPLICABLE
    )
    flat = "".join(f"M{x:.1f} {y + 2 + CELL / 2:g}h{wide - gap:.1f}" for x in cells.get(Verdict.NOT_APPLICABLE, []))
    drawn += f'<path d="{flat}" fill="none" stroke="#46505a" stroke-width="0.8"/>' if flat else ""
    title = f"{track.name} {track.title}"
    return (
        f'<text x="{LABEL - 6}" y="{y + 10}" text-anchor="end">{fitted(title, NAME)}</text>{drawn}'
        f'<text x="{WIDTH - WORDS + 6}" y="{y + 10}">{verdict(track.verdicts[-1])}</text>'
    )


_Badness = Callable[[TrendScan], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class _Columns:
    """Scans as they are drawn."""

    wide: float
    drawn: Sequence[tuple[float, TrendScan]]
    """(left end, scan)"""


@dataclass(frozen=True, slots=True)
class _Axis:
    """Time from the first scan to the last: a place on it is true."""

    first: datetime
    last: datetime

    @property
    def _seconds(self) -> float:
        return max(1.0, (self.last - self.first).total_seconds())

    def x(self, moment: datetime) -> float:
        """Return where an instant lies: the middle of the column of a scan."""
        room = WIDTH - LEFT - RIGHT - MOST_WIDE
        return LEFT + MOST_WIDE / 2 + room * (moment - self.first).total_seconds() / self._seconds

    def slots(self, scans: Sequence[TrendScan], badness: _Badness) -> _Columns:
        """Return the columns: of scans that lie too close to be drawn apart, the last of the worst."""
        shown: list[tuple[float, TrendScan]] = []
        for scan in scans:
            x = self.x(scan.as_of)
            if not shown or x - shown[-1][0] >= CLOSE:
                shown.append((x, scan))
            elif badness(scan) >= badness(shown[-1][1]):
                shown[-1] = (shown[-1][0], scan)
        nearest = min((after[0] - one[0] for one, after in pairwise(shown)), default=WIDTH)
        wide = min(MOST_WIDE, 0.85 * nearest)
        return _Columns(wide, [(x - wide / 2, scan) for x, scan in shown])

    def dates(self, base: float) -> str:
        """Return the line at the foot, and dates below it."""
        days = (self.last - self.first).days
        step = timedelta(days=max(1, -(-days // STEPS)))
        ticks = [self.first + i * step for i in range(days // step.days + 1)]
        drawn = _line(base)
        for tick in ticks:
            x = self.x(tick)
            anchor, at = ("start", LEFT) if tick is ticks[0] else ("middle", x)
            if at + DATE / 2 > WIDTH:
                anchor, at = "end", WIDTH
            drawn += (
                f'<path d="M{x:.1f} {base:g}v3" stroke="{_INK}" stroke-width="0.6"/>'
                f'<text x="{at:.1f}" y="{base + 13:g}" text-anchor="{anchor}">{tick:%Y-%m-%d}</text>'
            )
        return drawn


def crowded(scans: Sequence[TrendScan]) -> bool:
    """Tell whether some scans lie too close to each other to be drawn apart along the axis of time."""
    return bool(scans) and len(_Axis(scans[0].as_of, scans[-1].as_of).slots(scans, lambda _: ()).drawn) < len(scans)


def _svg(height: float, label: str, hatch: str, body: str) -> str:
    defined = (
        f'<defs><pattern id="{hatch}" width="4" height="4" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect width="4" height="4" fill="#ffffff"/>'
        f'<rect width="2.4" height="4" fill="{_INK}"/></pattern></defs>'
        if hatch
        else ""
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" width="100%" role="img" '
        f'aria-label="{label}" fill="{_INK}" font-size="9" '
        f'font-family="Liberation Sans, DejaVu Sans, sans-serif">{defined}{body}</svg>'
    )


def _key(hatch: str, x: int = LEFT) -> str:
    """Return what the shapes mean."""
    drawn = ""
    for of in (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS):
        drawn += f'{_shape(of, _box(x, 3, 20, 10), hatch)}<text x="{x + 25}" y="11">{verdict(of).lower()}</text>'
        x += 75
    if hatch == "trend-columns":
        return f'{drawn}{_mark(x + 4, 3)}<text x="{x + 14}" y="11">the controls are not those of the scan before</text>'
    return (
        f'{drawn}<path d="M{x} 8h20" fill="none" stroke="#46505a" stroke-width="0.8"/>'
        f'<text x="{x + 25}" y="11">does not apply</text>'
    )


def _shape(of: Verdict, boxes: str, hatch: str, *, thin: bool = False) -> str:
    if not boxes:
        return ""
    if of is Verdict.UNKNOWN:
        return f'<path d="{boxes}" fill="#ffffff" stroke="#46505a" stroke-width="0.7" stroke-dasharray="1.5 1.5"/>'
    if of is Verdict.PASS:
        return f'<path d="{boxes}" fill="{_PALE}" stroke="{_INK}" stroke-width="0.4"/>'
    fill = _INK if thin else f"url(#{hatch})"
    return f'<path d="{boxes}" fill="{fill}" stroke="{_INK}" stroke-width="0.4"/>'


def _box(x: float, y: float, width: float, height: float) -> str:
    return f"M{x:.1f} {y:.1f}h{width:.1f}v{height:.1f}h-{width:.1f}z"


def _mark(x: float, y: float) -> str:
    return f'<path d="M{x - 4:.1f} {y:g}h8l-4 7z" fill="{_INK}"/>'


def _line(y: float) -> str:
    return f'<path d="M{LEFT} {y:g}H{WIDTH}" stroke="{_INK}" stroke-width="0.6"/>'


def _level(y: float, text: str) -> str:
    return (
        f'<path d="M{LEFT} {y:.1f}H{WIDTH}" stroke="#b0b7be" stroke-width="0.4"/>'
        f'<text x="{LEFT - 6}" y="{y + 3:.1f}" text-anchor="end">{text}</text>'
    )
