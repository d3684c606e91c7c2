"""What ``keyaudit history show`` prints: readable without colour, 80 columns wide where names allow."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from scanner.model.artifact import Artifact
from scanner.model.trend import Remediation, Track, Trend
from scanner.render import trend_words as words
from scanner.render.text import visible

WIDTH = 80
LINE = 40
"""Letters of a track at most."""
MOST = 25
"""Controls and recurring findings that are listed."""
NAME = 22
"""Columns of a clause, or of a control with its severity."""


def render(trend: Trend) -> Artifact:
    """Return the trend as plain text."""
    return Artifact("history.txt", "text/plain", "".join(f"{line}\n" for line in _lines(trend)).encode())


def _lines(trend: Trend) -> Iterator[str]:
    yield _fold(f"{visible(trend.series, 120)}: {words.span(trend)}", 2)
    yield ""
    yield f"{'':<42}{'first':>7}{'last':>7}"
    for what, first, last in words.totals(trend):
        yield f"{what:<42}{first:>7}{last:>7}"
    if changed := words.changed(trend):
        shown = ", ".join(changed[:5]) + (f" and {len(changed) - 5} more" if len(changed) > 5 else "")
        yield _fold(f"The controls, or the selection of them, changed: {shown}.", 2)
    yield ""
    thinned = words.thinned(len(trend.scans), LINE)
    yield "One letter a scan, the oldest first:"
    yield f"  {words.LEGEND}"
    if thinned:
        yield _fold(f"Here {thinned}.", 2)
    yield _fold("Beside them the last verdict, with the failed controls of a clause or findings of a control.", 2)
    for title, tracks in trend.clauses:
        yield from ("", _cut(visible(title).upper(), WIDTH))
        yield from (_track(track, visible(track.name, 40)) for track in tracks)
    yield from ("", f"CONTROLS ({len(trend.controls)}), the worst first")
    yield from _controls(trend.controls)
    yield from ("", "TIME TO REMEDIATE")
    yield f"  {'severity':<9}{'fixed':>6}{'mean':>12}{'longest':>12}{'open':>6}{'oldest':>12}{'not told':>10}"
    yield from map(_remediation, trend.remediation)
    yield _fold(f"  {words.SCOPE}", 2)
    yield from _recurring(trend)


def _track(track: Track, name: str) -> str:
    """Return one track: its name, its letters, how it stands, and as much of its title as there is room for."""
    story = words.letters(track, LINE)
    failed = track.failed[-1]
    now = f"{words.verdict(track.verdicts[-1])}{f' {failed}' if failed else ''}"
    return _cut(f"  {name:<{NAME}} {story} {now} {visible(track.title)}".rstrip(), WIDTH)


def _controls(tracks: Sequence[Track]) -> Iterator[str]:
    for track in tracks[:MOST]:
        severity = f"{track.severity.value} " if track.severity else ""
        yield _track(track, f"{severity:<9}{visible(track.name, 40)}")
    if len(tracks) > MOST:
        yield f"  … and {len(tracks) - MOST} more; --format json has all"


def _remediation(one: Remediation) -> str:
    return (
        f"  {one.severity.value:<9}{one.fixed:>6}{words.days(one.mean_days):>12}{words.days(one.longest_days):>12}"
        f"{one.open:>6}{words.days(one.oldest_open_days):>12}{one.untold:>10}"
    )


def _recurring(trend: Trend) -> Iterator[str]:
    if not trend.recurring:
        return
    total = len(trend.recurring) + trend.recurring_omitted
    yield from ("", f"RECURRING ({total}): mended, and came back")
    for one in trend.recurring[:MOST]:
        name = f"{visible(one.label, 200)} " if one.label else ""
        how = "open" if one.open else f"last seen {one.last_seen:%Y-%m-%d}"
        yield _fold(f"  {visible(one.control, 40)}  {one.times} times, {how}: {name}{visible(one.subject, 400)}", 4)
    if total > MOST:
        yield f"  … and {total - MOST} more; --format json has all"


def _cut(line: str, most: int) -> str:
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _fold(line: str, indent: int) -> str:
    return textwrap.fill(
        line, WIDTH, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False, tabsize=1
    )
