"""Keys and tokens of clouds and vendors: what each vendor's own form tells.

Where the form of detect-secrets' plugin is good it is used (see :mod:`scanner.collect.leaks.detect.library`); these
are the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.collect.leaks.detect.reject import is_marked, is_placeholder
from scanner.collect.leaks.detect.window import Found, Rejected, Window

HEADS = frozenset(
    {
        *(b"sk-a", b"sk-p", b"sk-s", b"sk_0", b"sk_1", b"sk_2", b"sk_3", b"sk_4", b"sk_5", b"sk_6", b"sk_7", b"sk_8"),
        *(b"sk_9", b"sk_a", b"sk_b", b"sk_c", b"sk_d", b"sk_e", b"sk_f", b"AIza", b"xapp", b"gith", b"npm_"),
        *(b"AKIA", b"ASIA"),
    }
)
"""First four characters of a run that one of the forms begins with."""

VARIED = 8
"""Distinct characters of a token, at least; and one of them is a digit or a capital."""

_FORMS: tuple[tuple[str, re.Pattern[bytes], int], ...] = (
    ("anthropic_key", re.compile(rb"sk-ant-(?:api|admin)[0-9]{2}-[A-Za-z0-9_-]{80,120}"), 16),
    ("openai_key", re.compile(rb"sk-(?:(?:proj|svcacct|admin|None)-)?[A-Za-z0-9_-]{20,100}T3BlbkFJ[\w-]{20,100}"), 8),
    ("elevenlabs_key", re.compile(rb"sk_[0-9a-f]{48}(?![0-9a-f])"), 3),
    ("google_api_key", re.compile(rb"AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"), 4),
    ("slack_token", re.compile(rb"xapp-[0-9]-A[A-Z0-9]{6,}-[0-9]{6,}-[0-9a-f]{32,}"), 5),
    ("npm_token", re.compile(rb"npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])"), 4),
    ("github_token", re.compile(rb"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"), 11),
)
"""Kind, form, and how many of the first characters are the same for all."""
_VAULT = re.compile(rb"hv[sb]\.[A-Za-z0-9_-]{24,}")
_OPENAI_OLD = re.compile(rb"sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}(?![A-Za-z0-9])")
_ACCESS_KEY = re.compile(rb"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Z0-9])")
_SECRET_NAME = re.compile(rb"secret[ _-]?(?:access[ _-]?)?key[\W_]{0,12}\Z|aws[ _-]?secret[\W_]{0,12}\Z")
_ENTRA = re.compile(rb"(?<![A-Za-z0-9_~.-])[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~.-])")
_SAS = re.compile(
    rb"(?<=[?&;])(?:(?:sv|ss|srt|sp|se|st|spr|sr|sip|si|skoid|sktid|skt|ske|sks|skv)=[^&\s\"'<>]{1,80}&(?:amp;)?){2,20}"
    rb"sig=([A-Za-z0-9%+/]{40,80}(?:=|%3[dD])?)"
)
_STORAGE = re.compile(rb"AccountKey=([A-Za-z0-9+/]{86}==)")
_HEX40 = re.compile(rb"[0-9a-f]{40}\Z")
_BASE64_40 = re.compile(rb"[A-Za-z0-9/+]{40}\Z")


def vendor_token(window: Window, start: int) -> Found | Rejected | None:
    """Return the token whose form a run of characters begins with, or None."""
    for kind, form, head in _FORMS:
        match = form.match(window.data, start)
        if match:
            return judged(window, kind, match.start(), match.end(), match[0], head)
    return None


def old_openai(window: Window, start: int) -> Found | Rejected | None:
    """Return the OpenAI key of the form without a project, or None."""
    match = _OPENAI_OLD.match(window.data, start)
    return judged(window, "openai_key", start, match.end(), match[0], 3) if match else None


def vault_token(window: Window, start: int) -> Found | Rejected | None:
    """Return the token of HashiCorp Vault whose part behind the point is a run, or None."""
    match = _VAULT.match(window.data, start - 4)
    return judged(window, "vault_token", start - 4, match.end(), match[0], 4) if match else None


def of_forty(window: Window, start: int, end: int) -> Found | Rejected | None:
    """Return the AWS secret access key, or the Deepgram key, that 40 characters are, or None."""
    text = window.data[start:end]
    if _HEX40.match(text):
        near = window.low[max(0, start - 100) : start]
        if b"deepgram" not in near or b"commit" in near or b"sha" in near:
            return None
        return judged(window, "deepgram_key", start, end, text, 0, hint="")
    if not _BASE64_40.match(text) or text.isalpha() or text.islower() or text.isupper():
        return None
    key_id = _ACCESS_KEY.search(window.data, max(0, start - 300), end + 300)
    named = _SECRET_NAME.search(window.low, max(0, start - 60), start)
    if not named and (key_id is None or b"secret" not in window.low[max(0, start - 100) : start]):
        return None
    hint = key_id[0].decode() if key_id else ""
    if key_id and is_placeholder(key_id[0]):
        return Rejected("placeholder", start)
    return judged(window, "aws_key", start, end, text, 0, hint=hint)


def azure(window: Window) -> Iterator[Found | Rejected]:
    """Yield each client secret, storage key and shared access signature of Azure."""
    for place in window.places(b"q~"):
        match = _ENTRA.match(window.data, place - 4) if place >= 4 else None
        if match:
            yield judged(window, "azure_client_secret", match.start(), match.end(), match[0], 0, hint=_ends(match[0]))
    for place in window.places(b"accountkey="):
        found = _STORAGE.match(window.data, place)
        if found:
            yield judged(window, "azure_storage_key", place, found.end(), found[1], 0, hint="")
    for place in window.places(b"sig="):
        begin, _ = window.line(place, before=600)
        for found in _SAS.finditer(window.data, begin, place + 120):
            if found.start(1) == place + 4:
                yield judged(window, "azure_sas", found.start(1), found.end(), found[1], 0, hint="")


def judged(
    window: Window, kind: str, start: int, end: int, secret: bytes, head: int, *, hint: str | None = None
) -> Found | Rejected:
    """Return a finding, unless it says of itself, or the line says of it, that it is none.

    ``head`` characters are the same for every key of this kind: the hint has them and the last four, as vendors show.
    """
    varied = len(set(secret[head:])) >= VARIED and re.search(rb"[A-Z0-9]", secret)
    if not varied or is_placeholder(secret[head:]):
        return Rejected("placeholder", start)
    if is_marked(window, start):
        return Rejected("marked", start)
    shown = hint if hint is not None else f"{secret[:head].decode()}...{_ends(secret)[-4:]}"
    return Found(kind, start, secret, hint=shown, end=end)


def _ends(secret: bytes) -> str:
    return f"{secret[:3].decode()}...{secret[-4:].decode()}"
