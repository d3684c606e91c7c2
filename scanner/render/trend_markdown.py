"""The trend of a series, for a chat or a comment (GitHub Flavored Markdown).

Every text from outside stands in a code span: nothing there becomes a link, HTML, a mention or a reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from scanner.model.artifact import Artifact
from scanner.model.trend import Track, Trend
from scanner.render import trend_words as words
from scanner.render.markdown import code

MOST = 25
"""Rows of a table. A comment of GitHub holds 65,536 characters."""
LINE = 60


def render(trend: Trend) -> Artifact:
    """Return ``history.md``: totals, clauses of law, the worst controls, time to remediate, what came back."""
    lines = [
        f"## keyaudit: {trend.scans[0].failed} → {trend.scans[-1].failed} controls fail",
        "",
        f"{code(trend.series)}, {words.span(trend)}",
        "",
        "| | first | last |",
        "|---|---:|---:|",
        *(f"| {what} | {first} | {last} |" for what, first, last in words.totals(trend)),
        "",
        *_legend(trend),
    ]
    for title, tracks in trend.clauses:
        lines += _tracks(code(title), "clause", tracks)
    lines += [
        *_tracks("Controls, the worst first", "control", trend.controls),
        *_remediation(trend),
        *_recurring(trend),
    ]
    return Artifact("history.md", "text/markdown", ("\n".join(lines) + "\n").encode())


def _legend(trend: Trend) -> Iterator[str]:
    if changed := words.changed(trend):
        yield from (f"The controls, or the selection of them, changed: {', '.join(changed[:MOST])}.", "")
    thinned = words.thinned(len(trend.scans), LINE)
    yield from (f"One letter a scan: {words.LEGEND}.{f' Here {thinned}.' if thinned else ''}", "")


def _tracks(title: str, what: str, tracks: tuple[Track, ...]) -> Iterator[str]:
    yield from (f"### {title}", "", f"| {what} | scans | now | failed |", "|---|---|---|---:|")
    for track in tracks[:MOST]:
        severity = f" {track.severity.value}" if track.severity else ""
        name = f"{code(track.name, 40)}{severity} {code(track.title, 80) if track.title else ''}".rstrip()
        now, failed = words.verdict(track.verdicts[-1]), track.failed[-1]
        yield f"| {name} | {code(words.letters(track, LINE))} | {now} | {'-' if failed is None else failed} |"
    yield ""
    if len(tracks) > MOST:
        yield from (f"And {len(tracks) - MOST} more.", "")


def _remediation(trend: Trend) -> Iterator[str]:
    yield from ("### Time to remediate", "", "| severity | fixed | mean | longest | open | oldest | not told |")
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for one in trend.remediation:
        mean, longest, oldest = map(words.days, (one.mean_days, one.longest_days, one.oldest_open_days))
        yield f"| {one.severity.value} | {one.fixed} | {mean} | {longest} | {one.open} | {oldest} | {one.untold} |"
    yield from ("", words.SCOPE, "")


def _recurring(trend: Trend) -> Iterator[str]:
    if not trend.recurring:
        return
    total = len(trend.recurring) + trend.recurring_omitted
    yield from (f"### Recurring ({total})", "")
    for one in trend.recurring[:MOST]:
        how = "open" if one.open else f"last seen {one.last_seen:%Y-%m-%d}"
        yield f"- {code(one.control, 40)} {code(one.label or one.subject)}: {one.times} times, {how}"
    if total > MOST:
        yield f"- and {total - MOST} more"
    yield ""
