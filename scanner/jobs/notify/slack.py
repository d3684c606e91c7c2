"""Messages for Slack's incoming webhooks, and for what understands the same JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from scanner.jobs.notify import words
from scanner.jobs.notify.message import Notification

MOST_OF_BLOCK = 2900
"""Characters of one block; Slack takes 3000."""
MOST_OF_HEADER = 150
_MENTION = re.compile(r"(?<!\w)@")


def escape(text: str) -> str:
    """Return text that Slack shows as it is: no link, no mention, no way out of a block of code.

    Slack reads `&`, `<` and `>` (so `<!here>` is text now); what understands its JSON may read a bare @name, too.
    """
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("`", "'")
    return _MENTION.sub("@\u200b", text)


def payload(told: Notification) -> bytes:
    """Return the JSON of a message: blocks, and the line that stands for them in a push message."""
    title = words.subject(told)
    facts = [f"{name}: {value}" for name, value in words.facts(told)]
    facts += [f"problem: {words.one_line(problem)}" for problem in told.problems]
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": _short(escape(title), MOST_OF_HEADER)}},
        *_code(facts),
    ]
    for heading, lines, more in words.sections(told):
        rest = [f"… and {more} more, in the report"] if more else []
        blocks += [_text(f"*{escape(heading)}*"), *_code([*lines, *rest])]
    blocks += _code([f"{what}: {number}" for what, number in words.counts(told)])
    message = {"text": escape(title), "blocks": blocks, "unfurl_links": False, "unfurl_media": False}
    return json.dumps(message, ensure_ascii=True).encode()


def _text(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _code(lines: list[str]) -> Iterator[dict[str, Any]]:
    """Yield blocks of code with whole lines."""
    block = ""
    for line in map(escape, lines):
        shown = _short(line, MOST_OF_BLOCK)
        if len(block) + len(shown) > MOST_OF_BLOCK:
            yield _text(f"```{block}```")
            block = ""
        block += f"{shown}\n"
    yield _text(f"```{block}```")


def _short(text: str, most: int) -> str:
    """Cut text without cutting an entity in two."""
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    return f"{cut[: cut.rfind('&')] if cut.rfind('&') > cut.rfind(';') else cut}…"
