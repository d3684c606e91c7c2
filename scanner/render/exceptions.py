"""Waivers and documented alternatives in words: beside the finding, and in their own list. None hides a failure."""

from __future__ import annotations

from datetime import datetime

from scanner.model.exceptions import ALTERNATIVE, Registered
from scanner.model.verdict import Applied
from scanner.render.text import visible


def cover(applied: Applied) -> str:
    """Return what covers a failure, in one visible line."""
    until = f"{applied.expires:%Y-%m-%d}"
    who = f"by {visible(applied.approver)} (owner {visible(applied.owner)})"
    if applied.kind == ALTERNATIVE:
        return (
            f"Alternative documented (164.306(d)(3)), review due {until}, decided {who}: {visible(applied.reason)} "
            f"In its place: {visible(applied.measure)} [{visible(applied.id)}]"
        )
    return f"Waived until {until} {who}: {visible(applied.reason)} [{visible(applied.id)}]"


def standing(entry: Registered, as_of: datetime) -> str:
    """Return whether an exception is in force at ``as_of`` and covers something, in words, the first reason alone."""
    if entry.in_force:
        if entry.matched == 0:
            return "in force, and matches no failure"
        return "in force" if entry.matched else "in force; it matches no failure that was seen, and not all was seen"
    if entry.ends is not None and entry.ends.date() < as_of.date():
        return "ended"
    if entry.begins is not None and entry.begins > as_of:
        return "not approved yet"
    if entry.document_matches is False and entry.document != "none":
        return "not in force: its document is gone or was changed"
    return "not known to be in force: its document could not be read"


def covers(entry: Registered) -> bool:
    """Tell whether it is in force and matches a failure: everything else is marked."""
    return bool(entry.in_force and entry.matched)
