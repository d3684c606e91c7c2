"""What changed between two scans, for the comment of a pull request or a chat (GitHub Flavored Markdown).

Every text from outside stands in a code span: nothing there becomes a link, HTML, a mention or a reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scanner.model.artifact import Artifact
from scanner.model.diff import Diff, FindingChange
from scanner.model.history import ScanRecord
from scanner.render import diff_words as words
from scanner.render.markdown import code

MOST = 25
"""Rows of a table. A comment of GitHub holds 65,536 characters."""
_TABLES = ("new", "fixed", "changed", "unknown")


def render(diff: Diff) -> Artifact:
    """Return ``diff.md``: the sum, what is new, fixed, changed and unknown now, and controls and keys in short."""
    lines = [
        f"## keyaudit: {words.sum_line(diff)}",
        "",
        f"From {_scan(diff.old)}",
        f"to {_scan(diff.new)}",
        "",
        *(f"- Warning: {code(warning, 300)}" for warning in diff.warnings),
        *([""] if diff.warnings else []),
    ]
    shown = words.lists(diff)
    for name in _TABLES:
        lines += _table(words.SECTIONS[name], words.NOTES[name], shown[name])
    lines += [*_controls(diff), *_keys(diff), *_totals(diff)]
    return Artifact("diff.md", "text/markdown", ("\n".join(lines) + "\n").encode())


def _scan(scan: ScanRecord) -> str:
    return f"{code(scan.organization)} as of {words.minute(scan.as_of)}, scan {code(scan.id, 36)}"


def _table(title: str, note: str, entries: Sequence[FindingChange]) -> Iterator[str]:
    if not entries:
        return
    yield from (f"### {title} ({len(entries)})", "", note, "")
    yield from ("| severity | control | subject | before → now | |", "|---|---|---|---|---|")
    yield from map(_row, entries[:MOST])
    yield ""
    if len(entries) > MOST:
        yield from (f"And {len(entries) - MOST} more.", "")


def _row(entry: FindingChange) -> str:
    said = [code(note) for note in words.notes(entry)]
    name = f"{code(entry.control, 40)} {code(entry.title, 80)}"
    return (
        f"| {entry.severity.value} | {name} | {code(words.subject(entry))} | {words.step(entry)} | {' '.join(said)} |"
    )


def _controls(diff: Diff) -> Iterator[str]:
    if not diff.controls:
        return
    yield from (f"### Controls ({len(diff.controls)})", "")
    yield from (
        f"- {code(one.id, 40)} {code(one.title, 80)}: {code(words.control_move(one))}" for one in diff.controls[:MOST]
    )
    if len(diff.controls) > MOST:
        yield f"- and {len(diff.controls) - MOST} more"
    yield ""


def _keys(diff: Diff) -> Iterator[str]:
    if not diff.keys:
        return
    yield from (f"### Keys: {words.key_count(diff)}", "")
    yield from (f"- {code(one.name or one.key_id)}: {code(words.key_move(one))}" for one in diff.keys[:MOST])
    if len(diff.keys) > MOST:
        yield f"- and {len(diff.keys) - MOST} more"
    yield ""


def _totals(diff: Diff) -> Iterator[str]:
    yield from ("| | before | now |", "|---|---:|---:|")
    yield from (f"| {what} | {old} | {new} |" for what, old, new in words.totals(diff))
    yield f"| subjects unknown in both | {diff.still_unknown} | {diff.still_unknown} |"
