"""The words of a trend, and its thinning: the same in every format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from scanner.model.trend import Track, Trend, TrendScan
from scanner.model.verdict import Verdict
from scanner.render.words import VERDICTS

LETTERS: Final[Mapping[Verdict | None, str]] = {
    Verdict.FAIL: "F",
    Verdict.UNKNOWN: "?",
    Verdict.PASS: "P",
    Verdict.NOT_APPLICABLE: ".",
    None: "-",
}
"""One letter a scan, the worst first."""
LEGEND: Final = "F fail, ? unknown, P pass, . does not apply, - not judged"
CHANGES: Final = 4
"""Changes of a verdict that are told; earlier ones are counted."""
SCOPE: Final = (
    "Days run from the first scan that saw a finding fail to the first later one that saw it mended, so a time is "
    "exact to the distance of two scans. A scan that did not judge it, or could not see it, mends nothing: the time "
    "runs on, and what the last scan does not tell is not open, but not told."
)
_RANKS: Final = {verdict: rank for rank, verdict in enumerate(LETTERS)}


def groups(scans: int, most: int) -> list[range]:
    """Return scans in a row that share a column, so that there are at most ``most``. The last group is full."""
    size = max(1, -(-scans // most))
    return [range(max(0, end - size), end) for end in range(scans, 0, -size)][::-1]


def size_of(scans: int, most: int) -> int:
    """Return how many scans share a column at most."""
    return max(1, -(-scans // most))


def worst(verdicts: Iterable[Verdict | None]) -> Verdict | None:
    """Return the worst of some verdicts; None when nothing was judged."""
    return min(verdicts, key=_RANKS.__getitem__, default=None)


def letters(track: Track, most: int) -> str:
    """Return a track as one letter a scan, or a group of scans: the worst of it."""
    return "".join(
        LETTERS[worst(track.verdicts[place] for place in group)] for group in groups(len(track.verdicts), most)
    )


def thinned(scans: int, most: int) -> str:
    """Return what a column stands for when it stands for several scans, or empty text."""
    size = size_of(scans, most)
    return "" if size == 1 else f"each stands for up to {size} scans in a row and shows the worst of them"


def verdict(of: Verdict | None) -> str:
    """Return a verdict's word."""
    return "not judged" if of is None else VERDICTS[of]


def days(number: float | None) -> str:
    """Return a number of days, to a tenth; ``-`` for none."""
    if number is None:
        return "-"
    shown = f"{number:.1f}".removesuffix(".0")
    return f"{shown} day{'' if shown == '1' else 's'}"


@dataclass(frozen=True, slots=True)
class Story:
    """What became of a track, in words."""

    track: Track
    now: Verdict | None
    failed: int
    """Scans in which it failed."""
    judged: int
    text: str
    """Verdicts with the day of the scan that first had each."""


def story(track: Track, scans: Sequence[TrendScan]) -> Story:
    """Return what became of a track."""
    steps: list[tuple[str, Verdict | None]] = []
    for scan, one in zip(scans, track.verdicts, strict=True):
        if not steps or steps[-1][1] is not one:
            steps.append((f"{scan.as_of:%Y-%m-%d}", one))
    shown = steps[-CHANGES:]
    told = [verdict(shown[0][1]), *(f"{verdict(one)} from {day}" for day, one in shown[1:])]
    if len(steps) > CHANGES:
        told[0] = f"{several(len(steps) - CHANGES, 'earlier change')}, then {told[0]} from {shown[0][0]}"
    return Story(
        track=track,
        now=track.verdicts[-1],
        failed=sum(one is Verdict.FAIL for one in track.verdicts),
        judged=sum(one is not None for one in track.verdicts),
        text=", ".join(told),
    )


def moved(track: Track) -> bool:
    """Tell whether the verdicts of a track differ, those scans apart that did not judge it."""
    return len({one for one in track.verdicts if one is not None}) > 1


def several(number: int, word: str) -> str:
    """Return a number with its noun."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def span(trend: Trend) -> str:
    """Return how many scans there are, and from when to when."""
    first, last = trend.scans[0].as_of, trend.scans[-1].as_of
    if len(trend.scans) == 1:
        return f"1 scan, {first:%Y-%m-%d %H:%M} UTC"
    return f"{len(trend.scans)} scans, {first:%Y-%m-%d} to {last:%Y-%m-%d} UTC"


def totals(trend: Trend) -> list[tuple[str, int, int]]:
    """Return what the scans count, as (name, first scan, last scan)."""
    first, last = trend.scans[0], trend.scans[-1]
    waived = [("of these under a waiver or an alternative", first.waived, last.waived)]
    return [
        ("controls that fail", first.failed, last.failed),
        ("controls that are unknown", first.unknown, last.unknown),
        ("controls that pass", first.passed, last.passed),
        ("controls that do not apply", first.not_applicable, last.not_applicable),
        ("findings", first.findings, last.findings),
        *(waived if any(scan.waived for scan in trend.scans) else []),
    ]


def changed(trend: Trend) -> list[str]:
    """Return the days of scans whose controls, or selection of them, differ from those of the scan before."""
    return list(dict.fromkeys(f"{scan.as_of:%Y-%m-%d}" for scan in trend.scans if scan.catalogue_changed))
