"""What a text of somebody else must not do in an output: act on a terminal, be a formula, be markup."""

from __future__ import annotations

import csv
import io
import re
import unicodedata

from tests.proof.payloads import HOSTILE
from tests.render.reading import Page

C1 = frozenset(map(chr, range(0x80, 0xA0)))


def acting(name: str, text: str) -> list[str]:
    """Return the characters of an output that a terminal or a reader acts on, beside the ends of its own lines."""
    acts = {char for char in text if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}}
    if name.endswith((".json", ".jsonl", ".sarif")):
        # JSON for programs has the text as it is, but for what JSON escapes and what is no character.
        acts = {char for char in acts if unicodedata.category(char) in {"Cc", "Cs"}} - {"\x7f"} - C1
    return sorted(map(ascii, acts - ({"\n", "\r"} if name.endswith(".csv") else {"\n"})))


def rows_of(table: bytes) -> list[list[str]]:
    """Return the rows of a table. Raises csv.Error for one that is none."""
    return list(csv.reader(io.StringIO(table.decode("utf-8"), newline=""), strict=True))


def formulas(table: bytes) -> list[str]:
    """Return the cells of a table that a spreadsheet would run."""
    return [cell for row in rows_of(table) for cell in row if re.match(r"\s*[=+\-@\t\r]", cell)]


def markup(text: str) -> list[str]:
    """Return the elements and the links of a page of Markdown that are not our own."""
    return [*re.findall(r"(?<!\\)<[a-zA-Z!/?][^>]*>", text), *re.findall(r"(?<!\\)\]\((?!#)", text)]


def foreign(html: str) -> list[str]:
    """Return what a report has of elements, links and handlers that it has not by itself."""
    page = Page(html)
    (own,) = page.all("script")
    links = [str(e.attributes["href"]) for e in page.all("a")]
    return [
        *(text for text in HOSTILE.values() if text[:12] in own.text),
        *(str(e) for e in page.all("iframe", "img", "object", "embed", "link", "form", "base")),
        *(link for link in links if not link.startswith(("#", "https://"))),
        *(name for e in page.elements for name in e.attributes if name.startswith("on")),
    ]
