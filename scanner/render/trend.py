"""The trend as the report's page shows it: charts, and tables of what moved. It adds no fact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from scanner.model.trend import Recurring, Track, Trend
from scanner.render import trend_svg
from scanner.render import trend_words as words

PRINTED, ON_SCREEN = 20, 400
"""Rows of a table."""
LETTERS = 60
"""Letters of a control that is shown as one a scan."""
BARS = 48
"""Rows of a grid."""
CHANGED = 5
"""Days that are named on which the controls changed."""


@dataclass(frozen=True, slots=True)
class Framework:
    """One framework: its clauses as a grid, and how they stand."""

    title: str
    summary: str
    chart: tuple[Markup, ...]
    undrawn: int
    rows: tuple[words.Story, ...]
    """Clauses whose verdict moved."""
    rows_more: int


@dataclass(frozen=True, slots=True)
class View:
    """What the templates read beside the trend."""

    span: str
    totals: list[tuple[str, int, int]]
    changed: str
    """Days on which the controls changed, in words, or empty."""
    columns: Markup
    severities: Markup
    crowded: bool
    """In the charts along the axis of time a column may stand for several scans."""
    thinned: str
    """What a column of a grid stands for when it stands for several scans, or empty."""
    frameworks: tuple[Framework, ...]
    moved: tuple[words.Story, ...]
    """Controls whose verdict moved, the worst first."""
    moved_more: int
    still: int
    """Controls whose verdict never moved."""
    recurring: tuple[Recurring, ...]
    recurring_more: int


def view(trend: Trend, *, printed: bool) -> View:
    """Return what the page shows of a trend that has a scan."""
    most = PRINTED if printed else ON_SCREEN
    moved = _moved(trend.controls, trend)
    changed = words.changed(trend)
    more = f" and {len(changed) - CHANGED} more" if len(changed) > CHANGED else ""
    # In print there is room for the law.
    shown = trend.clauses[:1] if printed else trend.clauses
    return View(
        span=words.span(trend),
        totals=words.totals(trend),
        changed=", ".join(changed[:CHANGED]) + more,
        columns=Markup(trend_svg.columns(trend.scans)),  # noqa: S704 - counts and dates only
        severities=Markup(trend_svg.by_severity(trend.scans)),  # noqa: S704 - as above
        crowded=trend_svg.crowded(trend.scans),
        thinned=words.thinned(len(trend.scans), trend_svg.MOST_CELLS),
        frameworks=tuple(_framework(trend, place, title, tracks, most) for place, (title, tracks) in enumerate(shown)),
        moved=tuple(moved[:most]),
        moved_more=len(moved[most:]),
        still=len(trend.controls) - len(moved),
        recurring=trend.recurring[:most],
        recurring_more=len(trend.recurring[most:]) + trend.recurring_omitted,
    )


def _framework(trend: Trend, place: int, title: str, tracks: Sequence[Track], most: int) -> Framework:
    moved = _moved(tracks, trend)
    chart = trend_svg.grid(tracks[:BARS], trend.scans, name=str(place))
    counts = [sum(words.verdict(track.verdicts[-1]) == word for track in tracks) for word in _WORDS]
    told = ", ".join(f"{count} {word}" for count, word in zip(counts, _WORDS, strict=True) if count)
    return Framework(
        title=title,
        summary=f"{words.several(len(tracks), 'clause')} that controls cite; in the last scan: {told}.",
        chart=tuple(Markup(part) for part in chart),  # noqa: S704 - it escapes
        undrawn=len(tracks[BARS:]),
        rows=tuple(moved[:most]),
        rows_more=len(moved[most:]),
    )


_WORDS = [words.verdict(one) for one in words.LETTERS]


def _moved(tracks: Sequence[Track], trend: Trend) -> list[words.Story]:
    return [words.story(track, trend.scans) for track in tracks if words.moved(track)]
