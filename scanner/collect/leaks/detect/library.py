"""The forms of detect-secrets' plugins that are good and quick to rule out, behind one small door.

Only the expressions of a plugin are used, on the few bytes around a run that begins like its tokens: the library reads
line by line, each plugin over each line, which is some hundred times slower than this scan must be. Nothing of it goes
to the network. See docs/decisions for what was chosen and what was left out, and why.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from scanner.collect.leaks.detect.tokens import judged
from scanner.collect.leaks.detect.window import Found, Rejected, Window

_PLUGINS: tuple[tuple[str, str, tuple[bytes, ...], int], ...] = (
    ("github_token", "GitHubTokenDetector", (b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_"), 4),
    ("gitlab_token", "GitLabTokenDetector", (b"glpa", b"gldt", b"glft", b"glso", b"glrt", b"glpt"), 6),
    ("stripe_key", "StripeDetector", (b"sk_l", b"rk_l"), 8),
    ("slack_token", "SlackDetector", (b"xoxa", b"xoxb", b"xoxp", b"xoxo", b"xoxs", b"xoxr", b"/ser"), 5),
    ("square_secret", "SquareOAuthDetector", (b"sq0c",), 7),
    ("pypi_token", "PypiTokenDetector", (b"pypi",), 5),
    ("sendgrid_key", "SendGridDetector", (), 3),
)
"""Kind, plugin, first four characters of a run that can be one, characters alike for all."""

_MODULES = {
    "GitHubTokenDetector": "github_token",
    "GitLabTokenDetector": "gitlab_token",
    "StripeDetector": "stripe",
    "SlackDetector": "slack",
    "SquareOAuthDetector": "square_oauth",
    "PypiTokenDetector": "pypi_token",
    "SendGridDetector": "sendgrid",
}
_LONGEST = 400

HEADS: Mapping[bytes, str] = {head: kind for kind, _, heads, _ in _PLUGINS for head in heads}


@cache
def _version() -> str:
    return importlib.metadata.version("detect-secrets")


def version() -> str:
    """Return name and version of the library. Raises ModuleNotFoundError without it."""
    return f"detect-secrets {_version()}"


@cache
def _forms(kind: str) -> tuple[tuple[re.Pattern[bytes], ...], int]:
    ((plugin, head),) = [(plugin, head) for one, plugin, _, head in _PLUGINS if one == kind]
    module = importlib.import_module(f"detect_secrets.plugins.{_MODULES[plugin]}")
    denied: tuple[re.Pattern[str], ...] = tuple(getattr(module, plugin).denylist)
    # Bytes are ASCII or no token: the expressions mean the same over either.
    return tuple(re.compile(one.pattern.encode(), one.flags & ~re.UNICODE) for one in denied), head


def library_token(window: Window, kind: str, start: int) -> Found | Rejected | None:
    """Return the token that a run of characters at ``start`` is, by the library's form, or None."""
    forms, head = _forms(kind)
    begin = max(0, start - 30)
    for form in forms:
        for match in form.finditer(window.data, begin, min(len(window.data), start + _LONGEST)):
            if match.start() <= start < match.end():
                found = judged(window, kind, match.start(), match.end(), match[0], 0, hint=_hint(match[0], head))
                return replace(found, detector=version()) if isinstance(found, Found) else found
    return None


def _hint(secret: bytes, head: int) -> str:
    if b"/" in secret:
        return ""
    return f"{secret[:head].decode()}...{secret[-4:].decode()}"
