"""Canonical JSON by RFC 8785 (JCS): the same value always gives the same bytes."""

from __future__ import annotations

import json
import re

from scanner.model.ids import Json

_LONE = re.compile("[\ud800-\udfff]")


def clean_text(text: str) -> str:
    """Return ``text`` with lone surrogates replaced by U+FFFD, so that it can be written as UTF-8."""
    return _LONE.sub("\ufffd", text)


def canonical(value: Json) -> bytes:
    """Return the canonical bytes of ``value``. Raises ValueError for what RFC 8785 cannot represent."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
