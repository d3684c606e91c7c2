"""Messages for Slack: whatever the estate's names hold, they are text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scanner.jobs.notify.slack import escape, payload
from tests.history.snapshots import a_finding
from tests.jobs.notify.samples import HOSTILE, told


def message(raw: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(raw)
    return found


def texts(raw: bytes) -> list[str]:
    found = message(raw)
    return [found["text"], *(block["text"]["text"] for block in found["blocks"])]


def test_a_message_says_what_is_new() -> None:
    raw = payload(told(a_finding("key/a", label="alias/a")))
    title, header, *blocks = texts(raw)
    assert title == header == "Test Health: 1 control fails, 1 new"
    assert "*New (1)*" in blocks
    assert "```high  KM-ROT-04  Automatic rotation is on: key/a (alias/a)\n```" in blocks
    kinds = [block["text"]["type"] for block in message(raw)["blocks"]]
    assert kinds[0] == "plain_text"
    assert set(kinds[1:]) == {"mrkdwn"}


def test_the_rest_is_counted() -> None:
    assert any("… and 2 more, in the report" in text for text in texts(payload(told(*map(a_finding, "abcdefghijkl")))))


def test_no_name_is_a_mention_or_a_link() -> None:
    for text in texts(payload(HOSTILE)):
        assert "<" not in text
        assert ">" not in text
        assert "@channel" not in text
        assert "@here" not in text
        inside = text.removeprefix("```").removesuffix("```")
        assert "`" not in inside
    assert b"\\u202e" not in payload(HOSTILE).replace(b"\\\\u202e", b"")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a & b <!here>", "a &amp; b &lt;!here&gt;"),
        ("@all", "@\u200ball"),
        ("eve@example.com", "eve@example.com"),
        ("```", "'''"),
    ],
)
def test_what_is_escaped(text: str, shown: str) -> None:
    assert escape(text) == shown


@pytest.mark.parametrize("name", ["<" * 300, "x" * 300, "x&" * 150])
def test_no_block_is_longer_than_slack_takes(name: str) -> None:
    findings = [a_finding(f"{n}{name}", label=name) for n in range(10)]
    raw = payload(told(*findings, report="/" + "r" * 3000 + "&" * 1000, organization=name))
    assert all(len(text) <= 3000 for text in texts(raw))
    assert len(message(raw)["blocks"]) <= 50
    assert all(not text.removesuffix("```").rstrip("\n…").endswith(("&", "&l", "&am")) for text in texts(raw))
