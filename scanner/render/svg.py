"""The chart of key ages against their cryptoperiods, as SVG. Readable in black and white."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from scanner.model.report import KeyAge
from scanner.render.text import visible

WIDTH = 680
LABEL = 200
WORDS = 150
"""Room for the numbers right of a bar."""
ROW = 18
HEAD = 22
PART = 10
"""Bars in one drawing: a page may break between two, and all have one scale."""
MOST_OF_LABEL = 31.0
"""Small letters that fit left of a bar."""
_WIDE = frozenset("mw@%")


def key_ages(ages: Sequence[KeyAge]) -> tuple[str, ...]:
    """Return the chart in parts of ten: one bar a key, a mark at its limit, hatched where it is over the limit."""
    most = max([1, *(max(age.age_days, age.limit_days) for age in ages)])
    return tuple(_part(ages, start, most) for start in range(0, len(ages), PART))


def _part(ages: Sequence[KeyAge], start: int, most: int) -> str:
    draw = _Draw(f"over-{start}", most)
    head = HEAD if start == 0 else 0
    key = draw.key() if head else ""
    shown = ages[start : start + PART]
    bars = "".join(draw.bar(age, head + i * ROW) for i, age in enumerate(shown))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {head + len(shown) * ROW}" width="100%" '
        'role="img" aria-label="Key ages against their cryptoperiods" fill="#16191d" font-size="10" '
        f'font-family="Liberation Sans, DejaVu Sans, sans-serif">{draw.pattern()}{key}{bars}</svg>'
    )


@dataclass(frozen=True, slots=True)
class _Draw:
    """Shapes of one drawing."""

    hatch: str
    """Id of its pattern, which no other drawing of the page may have."""
    most: int
    """Days at the right end of the scale."""

    def pattern(self) -> str:
        return (
            f'<defs><pattern id="{self.hatch}" width="5" height="5" patternUnits="userSpaceOnUse" '
            'patternTransform="rotate(45)"><rect width="5" height="5" fill="#ffffff"/>'
            '<rect width="2.4" height="5" fill="#16191d"/></pattern></defs>'
        )

    def key(self) -> str:
        return (
            f'{self._rect(LABEL, 3, 22, over=False)}<text x="{LABEL + 28}" y="13">inside its limit</text>'
            f'{self._rect(LABEL + 120, 3, 22, over=True)}<text x="{LABEL + 148}" y="13">over its limit</text>'
            f'{_mark(LABEL + 251, 1)}<text x="{LABEL + 258}" y="13">limit</text>'
        )

    def bar(self, age: KeyAge, y: int) -> str:
        scale = (WIDTH - LABEL - WORDS) / self.most
        # A scan as of an earlier day meets material that was not there yet.
        length = scale * max(0, age.age_days)
        limit = LABEL + scale * max(0, age.limit_days)
        over = age.age_days > age.limit_days
        words = f"{age.age_days} of {age.limit_days} days{', over' if over else ''}"
        return (
            f'<text x="{LABEL - 6}" y="{y + 12}" text-anchor="end">{_label(age)}</text>'
            f"{self._rect(LABEL, y + 2, length, over=over)}{_mark(limit, y)}"
            f'<text x="{max(LABEL + length, limit) + 6:.1f}" y="{y + 12}">{words}</text>'
        )

    def _rect(self, x: int, y: int, width: float, *, over: bool) -> str:
        fill = f"url(#{self.hatch})" if over else "#d5dde5"
        return (
            f'<rect x="{x}" y="{y}" width="{width:.1f}" height="12" fill="{fill}" stroke="#16191d" stroke-width="0.6"/>'
        )


def _mark(x: float, y: int) -> str:
    return f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y}" y2="{y + 16}" stroke="#16191d" stroke-width="2"/>'


def _label(age: KeyAge) -> str:
    return fitted(age.label or age.key_id.rpartition("/")[2], MOST_OF_LABEL)


def fitted(text: str, room: float) -> str:
    """Return visible text, escaped, that is cut where it takes more room than so many small letters."""
    text = visible(text, int(room) + 1)
    for place, char in enumerate(text):
        room -= letters(char)
        if room < 0:
            return escape(f"{text[: place - 1]}…")
    return escape(text)


def letters(text: str) -> float:
    """Return the room that visible text takes, in small letters."""
    return sum(1.65 if char.isupper() or char in _WIDE or not char.isascii() else 1 for char in text)
