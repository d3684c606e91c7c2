"""What ``keyaudit diff`` prints: the sum first, then what is new, by severity, 80 columns wide where names allow."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby

from scanner.model.artifact import Artifact
from scanner.model.diff import Diff, FindingChange
from scanner.render import diff_words as words
from scanner.render.text import visible

WIDTH = 80
MOST = 20
"""Subjects listed of one kind; JSON and HTML have more."""
MOST_OF_NAME = 400
MOST_KEYS = 10
MOST_OF_LINE = WIDTH - 6


def render(diff: Diff) -> Artifact:
    """Return the comparison as plain text."""
    return Artifact("diff.txt", "text/plain", "".join(f"{line}\n" for line in _lines(diff)).encode())


def _lines(diff: Diff) -> Iterator[str]:
    yield words.sum_line(diff)
    yield _fold(f"old: {words.scan_line(diff.old)}", 5)
    yield _fold(f"new: {words.scan_line(diff.new)}", 5)
    for warning in diff.warnings:
        yield _fold(f"warning: {visible(warning)}", 9)
    for name, entries in words.lists(diff).items():
        if name != "persisting":  # they are in the sum, and in every report
            yield from _section(words.SECTIONS[name], entries)
    if diff.still_unknown:
        yield ""
        yield f"{diff.still_unknown} unknown in both"
    yield from _listed(
        "Controls",
        [f"{visible(one.id, 40)}  {visible(one.title, 100)}: {words.control_move(one)}" for one in diff.controls],
    )
    if diff.keys:
        told = [f"{visible(one.name or one.key_id, MOST_OF_NAME)}: {words.key_move(one)}" for one in diff.keys]
        yield from _listed(f"Keys: {words.key_count(diff)}", told, MOST_KEYS)
    yield ""
    for what, old, new in words.totals(diff):
        yield f"{what + ':':<28} {old} → {new}"


def _section(title: str, entries: Sequence[FindingChange]) -> Iterator[str]:
    if not entries:
        return
    yield ""
    yield f"{title.upper()} ({len(entries)})"
    for (severity, control, name), group in groupby(entries[:MOST], lambda e: (e.severity.value, e.control, e.title)):
        yield _fold(f"  {severity:<8} {visible(control, 40)}  {visible(name, 200)}", 23)
        for entry in group:
            yield from _entry(entry)
    if len(entries) > MOST:
        yield f"  … and {len(entries) - MOST} more; --format json has all"


def _entry(entry: FindingChange) -> Iterator[str]:
    yield _fold(f"    {words.step(entry)}  {visible(words.subject(entry), MOST_OF_NAME)}", 6)
    for note in words.notes(entry):
        yield _fold(f"      {visible(note, MOST_OF_NAME)}", 6)
    if told := words.observed(entry):
        # One line: HTML and JSON have the rest.
        yield f"      {told if len(told) <= MOST_OF_LINE else told[: MOST_OF_LINE - 1] + '…'}"


def _listed(title: str, lines: Sequence[str], most: int = MOST) -> Iterator[str]:
    if not lines:
        return
    yield ""
    yield _fold(title, 2)
    yield from (_fold(f"  {line}", 4) for line in lines[:most])
    if len(lines) > most:
        yield f"  … and {len(lines) - most} more; --format json has all"


def _fold(line: str, indent: int) -> str:
    return textwrap.fill(
        line, WIDTH, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False, tabsize=1
    )
