"""PINs of tokens and HSMs, beside words that say whose they are."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.collect.leaks.detect.reject import is_marked, is_placeholder
from scanner.collect.leaks.detect.window import Found, Rejected, Window

_PLACE = re.compile(rb"pin(?:[_-]?value)?\\{0,4}[\"'`*]{0,2}\s{0,3}(?:[:=]|is\b)")
_PIN = re.compile(
    rb"(?:\b(?:hsm|so|user|pkcs ?#?11|token|softhsm|luna|yubi\w{0,5}|crypto[ _-]?officer|security[ _-]?officer"
    rb"|partition|cloudhsm|slot)|(?<=[a-z])(?:hsm|user|so)|(?:hsm|so|user|token|pkcs11))[\w ]{0,12}?[ _-]?"
    rb"pin(?:[_-]?value)?\\{0,4}[\"'`*]{0,2}\s{0,3}(?:[:=]|is\b)\s{0,4}\\{0,4}[\"'`*]{0,2}"
    rb"([0-9]{4,16}|[A-Za-z0-9_]{2,32}:[^\s\"'`,;}]{6,64}|(?=[a-zA-Z]*[0-9!@#%&])[A-Za-z0-9!@#%&]{6,32})(?![\w.:(\[-])"
)
_URI = re.compile(rb"pkcs11:[^\s\"'<>]{0,300}[?&]pin-value=([^\s\"'<>&;]{4,64})")
_COUNTED = re.compile(rb"0123456789|1234567890")
_NO_PIN = frozenset({b"none", b"null", b"true", b"false", b"required", b"unset"})


def pins(window: Window) -> Iterator[Found | Rejected]:
    """Yield each PIN that stands beside the name of what it opens, or in a PKCS #11 URI (RFC 7512)."""
    for place in _PLACE.finditer(window.low):
        begin, end = window.line(place.start(), before=60, after=120)
        texts = (window.data, window.low)  # in capitals the words are found in the text in small letters
        every = (match for text in texts for match in _PIN.finditer(text, begin, end))
        match = next((one for one in every if one.start() <= place.start() < one.end()), None)
        if match is None:
            continue
        yield _judged(window, match)
    for at in window.places(b"pin-value="):
        begin, end = window.line(at, before=400, after=120)
        match = _URI.search(window.data, begin, end)
        if match:
            yield _judged(window, match)


def _judged(window: Window, match: re.Match[bytes]) -> Found | Rejected:
    start, end = match.span(1)
    secret = window.data[start:end]
    if secret.lower() in _NO_PIN or len(set(secret)) < 2 or is_placeholder(secret) or secret[:1] in b"$<{%":
        return Rejected("placeholder", start)
    if is_marked(window, start):
        return Rejected("marked", start)
    return Found("hsm_pin", start, secret, end=end)
