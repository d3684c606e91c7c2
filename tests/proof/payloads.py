"""Hostile texts beside those of the renderers' tests: what a provider can answer with, and 10 MB of it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tests.render.hostile import PAYLOADS

HOSTILE: Mapping[str, str] = {
    **PAYLOADS,
    "csv plus": "+1+cmd|' /C calc'!A0",
    "csv minus": "-2+3+cmd|' /C calc'!A0",
    "csv at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "csv tab": "\t=1+1",
    "csv return": "\r=1+1",
    "hyperlink": "\x1b]8;;http://127.0.0.1:9/link\x1b\\click\x1b]8;;\x1b\\",
    "clipboard": "\x1b]52;c;cHduZWQ=\x07",
    "screen": "\x1b[2J\x1b[1;1H\x1b[8m\x9b31m",
    "line": "one\nerror: two\r\nhint: three\u2028four\u2029five\x85six",
    "markdown": "| a | b |\n|---|---|\n[x](javascript:alert(1)) ![x](http://127.0.0.1:9/md) `` ` ``\n"
    "<details open>\n# top",
    "format": "%s %n {0} {x.__class__} $(id) `id` {{7*'7'}} {% include '/etc/passwd' %}",
    "xml": "\x01\x0b\x0c\x1f\ufffe\uffff\U0001ffff"
    " <?xml version='1.0'?><!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;",
    "not a character": "\udfff\udbff\U0010ffff\ufdd0",
}
"""By what they are."""
HUGE = "W" * 10_000_000 + "</script><script>"
"""10 MB."""
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def for_xml(text: str) -> str:
    """Return a text without what no document of XML can hold."""
    return _NO_XML.sub("?", text)


def for_database(text: str) -> str:
    """Return a text without what PostgreSQL does not store."""
    return re.sub("[\x00\ud800-\udfff]", "?", text)
