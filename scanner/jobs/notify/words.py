"""A notification in words: plain lines, harmless whatever the estate's names hold."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.jobs.notify.message import HEADINGS, MOST_TEXT, Change, Notification


def one_line(text: str, most: int = MOST_TEXT) -> str:
    """Return text from outside on one line: control and format characters are spelled out, its length is bounded."""
    cut = text[:most]
    shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in cut)
    return shown if len(text) <= most else f"{shown}…"


def subject(told: Notification) -> str:
    """Return the notification in one line."""
    parts = [verdicts(told)]
    if told.changes is not None:
        moved = [(told.changes[kind].count, kind) for kind in ("new", "fixed", "unknown")]
        words = {"new": "new", "fixed": "fixed", "unknown": "unknown now"}
        parts += [f"{count} {words[kind]}" for count, kind in moved if count] or ["nothing new"]
    if told.problems:
        parts.append("the run had problems")
    return f"{one_line(told.organization, 80)}: {', '.join(parts)}"


def verdicts(told: Notification) -> str:
    """Return the worst that the controls say. Unknown is never left out."""
    failed, unknown = told.controls.fail, told.controls.unknown
    parts = [_several(failed, "fail")] if failed else []
    parts += [_several(unknown, "unknown", verb="is") if not failed else f"{unknown} unknown"] if unknown else []
    if not parts:
        return "no control fails" if not told.gaps else f"no control fails, {told.gaps} questions without an answer"
    return ", ".join(parts)


def _several(count: int, word: str, verb: str = "") -> str:
    if verb:
        return f"{count} control{'' if count == 1 else 's'} {'is' if count == 1 else 'are'} {word}"
    return f"{count} control{' ' if count == 1 else 's '}{word}{'s' if count == 1 else ''}"


def counts(told: Notification) -> list[tuple[str, int]]:
    """Return what is counted, as (name, number)."""
    of = told.controls
    return [
        ("controls that fail", of.fail),
        ("controls that are unknown", of.unknown),
        ("controls that pass", of.pass_),
        ("controls that do not apply", of.not_applicable),
        ("findings under a waiver", of.waived),
        ("questions without an answer", told.gaps),
    ]


def sections(told: Notification) -> Iterator[tuple[str, list[str], int]]:
    """Yield (heading, lines, how many more there are) of each kind of change that there is."""
    for kind, heading in HEADINGS.items():
        part = (told.changes or {}).get(kind)  # type: ignore[call-overload] # the keys are these four
        if part and part.count:
            yield f"{heading} ({part.count})", [change(one) for one in part.first], part.count - len(part.first)


def change(one: Change) -> str:
    """Return one change on a line."""
    label = f" ({one_line(one.label, 100)})" if one.label else ""
    return (
        f"{one_line(one.severity, 20)}  {one_line(one.control, 40)}  {one_line(one.title, 120)}: "
        f"{one_line(one.subject, 200)}{label}"
    )


def facts(told: Notification) -> list[tuple[str, str]]:
    """Return what is said of the scan besides, as (name, value)."""
    found = [
        ("organization", one_line(told.organization)),
        ("profile", one_line(told.profile)),
        ("as of", _minute(told.as_of)),
        ("scan", one_line(told.scan)),
        ("compared with", _minute(told.compared_with) if told.compared_with else "nothing before it"),
        ("report", one_line(told.report, 4096)),
    ]
    if told.package:
        found.append(("package", f"{one_line(told.package.file, 255)}, number {told.package.number}"))
        found.append(("checkpoint", one_line(told.package.checkpoint)))
    return found


def _minute(instant: str) -> str:
    return f"{one_line(instant)[:16].replace('T', ' ')} UTC"


def lines(told: Notification) -> Iterator[str]:
    """Yield the notification as plain text."""
    yield subject(told)
    yield ""
    for name, value in facts(told):
        yield f"{name + ':':<15} {value}"
    for problem in told.problems:
        yield f"{'problem:':<15} {one_line(problem)}"
    for heading, told_of, more in sections(told):
        yield ""
        yield heading
        yield from (f"  {line}" for line in told_of)
        if more:
            yield f"  … and {more} more, in the report"
    yield ""
    for what, number in counts(told):
        yield f"{what + ':':<28} {number}"
