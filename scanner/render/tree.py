"""The key hierarchy as a tree in SVG. Readable in black and white: the kind of a line is what its edge rests on."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from scanner.model.report import Branch
from scanner.render import words
from scanner.render.svg import fitted, letters
from scanner.render.text import visible

WIDTH = 680
ROW = 21
BOX = 16
INDENT = 30
HEAD = 24
PART = 4
"""Rows in one drawing: a page may break between two."""
LETTER = 5.0
"""Room of a small letter."""
INK = "#16191d"
DEEPEST = 9
"""What is deeper is drawn no further to the right."""

STROKES: Mapping[str, str] = {
    "proven": 'stroke-width="3.2"',
    "observed": 'stroke-width="1.2"',
    "declared": 'stroke-width="1.2" stroke-dasharray="5 3"',
    "unknown": 'stroke-width="1.6" stroke-dasharray="1.6 3"',
}
"""How the line of an edge is drawn, by what the edge rests on."""
_BOXES: Mapping[str, str] = {
    "certificate": 'fill="#ffffff" stroke-width="2.4"',
    "module": 'fill="#d5dde5" stroke-width="1.2"',
    "key_store": 'fill="#eceff3" stroke-width="1.2"',
    "key": 'fill="#ffffff" stroke-width="1.2" rx="8"',
    "data_key": 'fill="#ffffff" stroke-width="0.7" rx="8"',
}
_STORE = 'fill="#ffffff" stroke-width="0.5"'
_MIXED = 'stroke-width="0.6"'
"""Of the edges of several that rest on different things."""


def draw(branches: Sequence[Branch]) -> tuple[str, ...]:
    """Return the tree in parts: one row a branch, under what protects it."""
    rows = [(branch, _lines(branches, place)) for place, branch in enumerate(branches)]
    return tuple(_part(rows[start : start + PART], first=start == 0) for start in range(0, len(rows), PART))


def _lines(branches: Sequence[Branch], place: int) -> frozenset[int]:
    """Return the depths of later rows that hang on what stands at or above a row: their lines go on below it."""
    found: list[int] = []
    for later in itertools.islice(branches, place + 1, None):
        if not found or later.depth < found[-1]:
            found.append(later.depth)
        if later.depth == 0:
            break
    return frozenset(found) - {0}


def _part(rows: Sequence[tuple[Branch, frozenset[int]]], *, first: bool) -> str:
    head = HEAD if first else 0
    drawn = "".join(_row(branch, on, head + i * ROW) for i, (branch, on) in enumerate(rows))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {head + len(rows) * ROW}" width="100%" '
        f'role="img" aria-label="Key hierarchy" fill="{INK}" stroke="none" font-size="9.5" '
        f'font-family="Liberation Sans, DejaVu Sans, sans-serif">{_legend() if first else ""}{drawn}</svg>'
    )


def _legend() -> str:
    parts = ['<text x="0" y="12">The upper protects the lower;</text>']
    x = 148
    for strength, stroke in STROKES.items():
        parts.append(f'<path d="M{x} 9h26" fill="none" stroke="{INK}" {stroke}/>')
        word = words.STRENGTHS[strength]
        parts.append(f'<text x="{x + 31}" y="12">{word}</text>')
        x += 31 + int(letters(word) * 4.9) + 14
    return "".join(parts)


def _row(branch: Branch, on: frozenset[int], y: int) -> str:
    depth = min(branch.depth, DEEPEST)
    x, middle = depth * INDENT, y + BOX // 2
    parts = [_trunk(d, y if d <= depth else y + BOX, y + ROW) for d in sorted(on) if d <= depth + 1]
    if depth:
        left = _across(depth)
        parts.append(_trunk(depth, y, y + BOX // 2))
        parts.append(
            f'<path d="M{left} {middle}H{x}" fill="none" stroke="{INK}" {STROKES.get(branch.strength, _MIXED)}/>'
        )
    return "".join(parts) + _box(branch, x, y)


def _trunk(depth: int, top: int, bottom: int) -> str:
    return f'<path d="M{_across(depth)} {top}V{bottom}" fill="none" stroke="{INK}" stroke-width="0.8"/>'


def _across(depth: int) -> int:
    """Return where the line runs on which the nodes of a depth hang."""
    return (depth - 1) * INDENT + 12


def _brief(identity: str) -> str:
    """Return what tells things apart. An id of Azure Resource Manager begins like all others of its subscription."""
    before, between, after = identity.rpartition("/providers/")
    return f"…/{after}" if between and before.startswith("/subscriptions/") else identity


def _box(branch: Branch, x: int, y: int) -> str:
    room = (WIDTH - x - 16) / LETTER
    kind = visible(words.several(branch.kind, branch.count), 40)
    if branch.rest:
        text = f"and {branch.count} more {kind}" if branch.count > 1 else f"and one more {kind.lower()}"
        return f'<text x="{x + 6}" y="{y + 12}" font-style="italic">{escape(text)}, not drawn</text>'
    title = kind if branch.count == 1 else f"{branch.count} {kind}"
    remarks = ", ".join(visible(remark, 100) for remark in branch.remarks)
    # The number of a certificate is among the remarks, which need the room.
    names = (branch.label, "" if branch.kind == "certificate" and branch.label else _brief(branch.id))
    name = " · ".join(part for part in names if part)
    left = room - letters(title) * 1.1 - letters(remarks) - 4
    frame = _BOXES.get(branch.kind, _STORE)
    return (
        f'<rect x="{x + 1}" y="{y}" width="{WIDTH - x - 2}" height="{BOX}" {frame} stroke="{INK}"/>'
        f'<text x="{x + 8}" y="{y + 11.5}"><tspan font-weight="bold">{escape(title)}</tspan> '
        f"{fitted(name, max(8.0, left))}</text>"
        f'<text x="{WIDTH - 8}" y="{y + 11.5}" text-anchor="end">{escape(remarks)}</text>'
    )
