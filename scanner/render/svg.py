"""Charts as SVG: key ages against their cryptoperiods, and verdicts by phase. Readable in black and white."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from scanner.model.report import KeyAge, PhaseCoverage
from scanner.model.verdict import Verdict
from scanner.render.text import visible

WIDTH = 680
LABEL = 190
ROW = 18
_FILL = {
    Verdict.PASS: "#ffffff",
    Verdict.FAIL: "url(#phase-hatch)",
    Verdict.UNKNOWN: "url(#phase-dots)",
    Verdict.NOT_APPLICABLE: "#d0d4d8",
}


def _patterns(prefix: str) -> str:
    return (
        f'<defs><pattern id="{prefix}-hatch" width="5" height="5" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect width="5" height="5" fill="#ffffff"/>'
        '<rect width="2.6" height="5" fill="#8b1a1a"/></pattern>'
        f'<pattern id="{prefix}-dots" width="5" height="5" patternUnits="userSpaceOnUse">'
        '<rect width="5" height="5" fill="#ffffff"/><circle cx="2.5" cy="2.5" r="1.1" fill="#5a4a00"/></pattern></defs>'
    )


def key_ages(ages: Sequence[KeyAge]) -> str:
    """Return the chart of key ages: one bar a key, a mark at its limit, hatched where it is over the limit."""
    most = max((max(a.age_days, a.limit_days) for a in ages), default=1)
    room = WIDTH - LABEL - 110
    rows = []
    for i, age in enumerate(ages):
        y = 24 + i * ROW
        length = room * age.age_days / most
        limit = LABEL + room * age.limit_days / most
        over = age.age_days > age.limit_days
        fill = "url(#age-hatch)" if over else "#c9d6e2"
        words = f"{age.age_days} of {age.limit_days} d{', over' if over else ''}"
        rows.append(
            f'<text x="{LABEL - 6}" y="{y + 10}" text-anchor="end">{_label(age)}</text>'
            f'<rect x="{LABEL}" y="{y}" width="{length:.1f}" height="12" '
            f'fill="{fill}" stroke="#333" stroke-width="0.6"/>'
            f'<line x1="{limit:.1f}" x2="{limit:.1f}" y1="{y - 3}" y2="{y + 15}" stroke="#000" stroke-width="1.6"/>'
            f'<text x="{max(LABEL + length, limit) + 5:.1f}" y="{y + 10}">{words}</text>'
        )
    height = 30 + len(ages) * ROW
    head = f'<text x="{LABEL}" y="13">Age of the current material in days; the black mark is the limit.</text>'
    return _svg("age", height, "Key ages against their cryptoperiods", head + "".join(rows))


def _label(age: KeyAge) -> str:
    text = age.label or age.key_id.rpartition("/")[2]
    return escape(visible(text if len(text) <= 30 else f"{text[:29]}…"))


def phases(coverage: Sequence[PhaseCoverage]) -> str:
    """Return the chart of verdicts by phase: one square a control."""
    rows = []
    for i, phase in enumerate(coverage):
        y = 8 + i * ROW
        rows.append(f'<text x="{LABEL - 6}" y="{y + 11}" text-anchor="end">{escape(phase.phase)}</text>')
        for j, (control, verdict) in enumerate(phase.controls):
            word = verdict.value.replace("_", " ")
            rows.append(
                f'<rect x="{LABEL + j * 17}" y="{y}" width="13" height="13" fill="{_FILL[verdict]}" stroke="#222" '
                f'stroke-width="0.8"><title>{escape(control)}: {word}</title></rect>'
            )
    y = 14 + len(coverage) * ROW
    for j, (verdict, word) in enumerate(
        ((Verdict.PASS, "pass"), (Verdict.FAIL, "fail"), (Verdict.UNKNOWN, "unknown"), (Verdict.NOT_APPLICABLE, "n/a"))
    ):
        x = LABEL + j * 90
        rows.append(
            f'<rect x="{x}" y="{y}" width="11" height="11" fill="{_FILL[verdict]}" stroke="#222" stroke-width="0.8"/>'
            f'<text x="{x + 16}" y="{y + 10}">{word}</text>'
        )
    return _svg("phase", y + 20, "Verdicts by life-cycle phase", "".join(rows))


def _svg(prefix: str, height: int, title: str, body: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="100%" role="img" '
        f'aria-label={quoteattr(title)} font-family="sans-serif" font-size="10">{_patterns(prefix)}{body}</svg>'
    )
