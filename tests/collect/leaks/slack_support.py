"""A workspace with a key wherever somebody can write one, and what asks for it as a scan does."""

from __future__ import annotations

from typing import Any

from scanner.collect.ask import Outside
from scanner.collect.leaks.slack_line import Line
from scanner.demo.slack import Conversation, Said, SlackSimulator, Workspace
from tests.collect.fakes import Clock
from tests.leaks.corpus import Maker

MAKE = Maker(7)
KEYS = tuple(MAKE.bytes(32).hex() for _ in range(8))
TOKEN = f"xoxp-{MAKE.bytes(12).hex()}"
NAME = "Alice Adams"
PROFILE: dict[str, Any] = {
    "user_profile": {"real_name": NAME},
    "edited": {"user": "U0ALICE", "ts": "1767225601.000000"},
}


def said(number: int, key: str = "", **more: Any) -> Said:  # noqa: ANN401 - any field of Said
    """Return a message at a second of its own, with a key or without."""
    text = f"master_key = {key}" if key else f"good morning {number}"
    return Said(ts=f"{1767225600 + number}.000100", text=text, more=PROFILE, **more)


def workspace(**given: Any) -> Workspace:  # noqa: ANN401 - any field of Workspace
    """Return a workspace with keys in a message, two replies, a group, a direct message, a preview and blocks."""
    thread = said(10, replies=[said(11), said(12, KEYS[1]), said(13), said(14, KEYS[2], broadcast=True)])
    preview = {"files": [{"id": "F0TEXT", "name": "note.txt", "preview": f"kek = {KEYS[5]}"}]}
    blocks = {"blocks": [{"type": "rich_text", "elements": [{"text": f"dek: {KEYS[6]}"}]}]}
    channels = [
        Conversation(id="C0OPEN", name="open", messages=[said(1, KEYS[0]), said(2), thread]),
        Conversation(id="G0GROUP", kind="private_channel", messages=[said(20, KEYS[3])]),
        Conversation(id="G0MANY", kind="mpim", messages=[Said(ts="1767225630.000100", text="see", more=preview)]),
        Conversation(id="D0PAIR", kind="im", messages=[said(40, KEYS[4]), Said(ts="1767225641.000100", more=blocks)]),
    ]
    return Workspace(**{"channels": channels, **given})


FOUND = [
    ("C0OPEN", "1767225601.000100"),
    ("C0OPEN", "1767225612.000100"),
    ("C0OPEN", "1767225614.000100"),
    ("D0PAIR", "1767225640.000100"),
    ("D0PAIR", "1767225641.000100"),
    ("G0GROUP", "1767225620.000100"),
    ("G0MANY", "1767225630.000100"),
]
"""Where the keys lie."""


def line(simulator: SlackSimulator, clock: Clock | None = None, *, token: str = TOKEN, deadline: float = 1e9) -> Line:
    """Return a line to a simulator, whose waits pass at once."""
    return Line(simulator.url, token, outside(clock), deadline)


def outside(clock: Clock | None = None) -> Outside:
    """Return a world outside that stands still."""
    return (clock or Clock()).outside()
