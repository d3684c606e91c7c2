"""What changed between two scans, as one self-contained HTML page in the report's style."""

from __future__ import annotations

from dataclasses import dataclass

from scanner.model.artifact import Artifact
from scanner.model.diff import Diff, FindingChange
from scanner.render import diff_words as words
from scanner.render.html import fill

MOST = 1_000
"""Rows of a table."""


@dataclass(frozen=True, slots=True)
class Section:
    """One list of findings, as it is shown."""

    id: str
    title: str
    note: str
    entries: tuple[FindingChange, ...]
    more: int
    folded: bool
    """Nothing new stands in it: it is shown on demand."""


def render(diff: Diff) -> Artifact:
    """Return ``diff.html``."""
    sections = [
        Section(
            name, words.SECTIONS[name], words.NOTES[name], entries[:MOST], len(entries[MOST:]), name == "persisting"
        )
        for name, entries in words.lists(diff).items()
    ]
    page = fill(
        "diff.html.j2",
        diff=diff,
        sections=sections,
        words=words,
        controls=diff.controls[:MOST],
        keys=diff.keys[:MOST],
        most=MOST,
    )
    return Artifact("diff.html", "text/html", page.encode())
