"""Raw keys of 128, 192, 256 or 512 bits, in hex or base64, beside words that say that they are keys.

A value of that shape is in every log: digests, ids, nonces. What decides is its label, which is the name that it is
assigned to, or else the words before it: it must name a key, and must not name what is no key or is wrapped.
"""

from __future__ import annotations

import base64
import re
from itertools import pairwise

from scanner.collect.leaks.detect.reject import is_marked, is_placeholder, is_random
from scanner.collect.leaks.detect.window import Found, Rejected, Window

LENGTHS = frozenset({22, 32, 43, 48, 64, 86, 128, 34, 50, 66, 130})
"""Characters of a key: base64 without padding, hex, and hex behind 0x."""

_HEX_BITS = {32: 128, 48: 192, 64: 256, 128: 512}
_BASE64_BITS = {22: 128, 32: 192, 43: 256, 86: 512}
_IS_HEX = re.compile(rb"[0-9a-f]+\Z|[0-9A-F]+\Z")
_KEY = re.compile(
    rb"(?:\b|_)(?:[kd]ek|zmk|lmk|cmk)s?(?:\b|_|(?=[0-9v]))|master[ _-]?key|root[ _-]?key|data[ _-]?key|secret[ _-]?key"
    rb"|(?:en|de)cryption[ _-]?key|private[ _-]?key|signing[ _-]?key|wrapping|unwrapped|unseal|unwrap\b|(?:\b|_)aes"
    rb"|hmac[ _-]?(?:key|secret)|mac[ _-]?key|session[ _-]?key|symmetric|key[ _-]?material|transport[ _-]?key"
    rb"|backup[ _-]?key|shared[ _-]?secret|(?:jwt|signing)[ _-]?secret|plaintext[ _-]?key|cka_value|key[ _-]?share"
    rb"|cipher[ _-]?key|tenant[ _-]?key|recovery[ _-]?key|key[ _-]?encryption|secretkeyspec|crypto[ _-]?key"
)
_OTHER = re.compile(
    rb"sha-?[0-9]+|sha[ _-]?sum|\bmd5|digest|checksum|\bsum\b|fingerprint|thumbprint|\bhash|[ _-]hash|hash[ _-]|etag"
    rb"|integrity|commit|\brev|\btree\b|\bblob|_blob|uuid|guid|(?:\b|_)ids?\b|keyid|(?<=[a-z])Id\b|(?:\b|_)kid\b"
    rb"|(?:\b|_)arn\b|(?:\b|_)ref\b|(?:\b|_)name\b|version|(?:\b|_)alias|(?:\b|_)kcv|check[ _-]?value|handle|label"
    rb"|trace|\bspan|request|cursor|\bpage|public|(?:\b|_)pub(?:\b|_)|(?<!un)wrapped|(?<!un)encrypted|(?:\b|_)enc(?:\b|_)"
    rb"|cipher[ _-]?text|ciphertext|sealed(?!\w)|envelope|(?:\b|_)iv\b|nonce|(?:\b|_)salt|(?:\b|_)tag\b|signature"
    rb"|(?:\b|_)sig\b|(?:\b|_)mac\b|(?:\b|_)aad\b|token|certificate|\bcert|\bimage|challenge|(?:\b|_)url\b|serial"
)
"""What a value of the same shape can be besides: digests, ids, wrapped keys, and the parts of an envelope."""
_ASSIGNED = re.compile(
    rb"(?:x0|:46esab|:xeh)?(?:[\"'`<(\[]\\*){0,3}[brx]?(?:\([\w.]{1,40})*\s{0,4}"
    rb"(?:=\s{0,2}\w{1,20}\s{0,2}:|=:|>=|[=:])\s{0,4}\]?(?:[\"'`]\\*)?([\w.$-]{1,80})"
)
"""`name = "`, `"name": "`, `name=`, `name := hex(b'` right before the value; read backwards, from the value."""
_BREAK = re.compile(rb"[,;{\n\0-\x08\x0e-\x1f]|\\n|[0-9a-fA-F]{32,}|[A-Za-z0-9+/_-]{40,}")
"""Where the words about a value begin, at the earliest: behind the value before."""
_NOT_IT = re.compile(
    rb"sha-?[0-9]+|sha[ _-]?sum|\bmd5|digest|checksum|fingerprint|thumbprint|\bhash|[ _-]hash|etag|commit|uuid|guid"
    rb"|(?:\b|_)ids?\b|(?:\b|_)kid\b|(?:\b|_)kcv|check[ _-]?value|trace|\bspan\b|(?<!un)wrapped|(?<!un)encrypted"
    rb"|cipher[ _-]?text|(?:\b|_)iv\b|nonce|(?:\b|_)salt|(?:\b|_)tag\b|signature|(?:\b|_)mac\b|(?:\b|_)aad\b|\bcert"
)
"""The same in a sentence, between the words for a key and the value."""
_COVERED = re.compile(rb"(?:(?<!un)wrapped|encrypted|sealed|public|ciphertext)[\s_-]{1,3}(?:[\w-]{1,12}\s){0,2}\Z")
"""`wrapped`, `encrypted`, `public`, right before them."""
_REFERENCE = re.compile(rb"(?:\balias/|\barn:|\bpkcs11:|\bprojects/|\bhttps?://)[^\s\"'`,;]+")
"""Names of keys and addresses: what is in them says nothing of the value."""
_OF = re.compile(
    rb"(?:sha-?[0-9]+|md5|digest|hash|checksum|fingerprint|thumbprint|kcv|id|version|name)\s+(?:of|for)\s[\w -]{0,30}\Z"
)
"""`sha256 of the`, right before a name."""
_NOTHING = re.compile(rb"[\s\"'`>*_|:=()\[\]\\<-]*(?:n|value|hex|base64|b64|plaintext|is)?[\s\"'`>*_|:=()\[\]\\<-]*\Z")
_DIGEST = re.compile(rb"(?:sha-?[0-9]{1,3}|md5|hash)\W{0,2}[:\-]\Z")
_CLASSES = (
    bytes(0 if chr(c).islower() else 1 if chr(c).isupper() else 2 if chr(c).isdigit() else 3 for c in range(128))
    + bytes([3]) * 128
)
_CAMEL = re.compile(rb"(?<=[a-z0-9])(?=[A-Z])")
_BEFORE = 120


def key_near_words(window: Window, start: int, end: int) -> Found | Rejected | None:
    """Return the raw key that a run of characters is, or None."""
    key = _value(window.data, start, end)
    if key is None or not _named(window.data, start, strong=_is_padded(window.data, end) and len(key) == 32):
        return None
    text = window.data[start:end]
    if is_placeholder(text) or not is_random(key):
        return Rejected("placeholder", start)
    if is_marked(window, start):
        return Rejected("marked", start)
    return Found("raw_key", start, key, 8 * len(key), end=end)


def _value(data: bytes, start: int, end: int) -> bytes | None:
    """Return the bytes that a run stands for, or None when it is not of a key's shape."""
    text = data[start:end]
    digits = text[2:] if text[:2] in {b"0x", b"0X"} else text
    if len(digits) in _HEX_BITS and _IS_HEX.match(digits):
        return bytes.fromhex(digits.decode())
    length = len(text)
    if length not in _BASE64_BITS:
        return None
    if text.islower() or text.isupper() or not _is_mixed(text, padded=_is_padded(data, end)):
        return None  # a word, or several in one
    if b"/" in text and data[max(0, start - 1) : start] in {b".", b"~"}:
        return None  # a path
    plain = text.translate(bytes.maketrans(b"-_", b"+/"))
    return base64.b64decode(plain + b"=" * (-length % 4))


def _is_mixed(text: bytes, *, padded: bool) -> bool:
    """Tell whether small letters, capitals, digits and signs change as often as in base64 of random bytes.

    There two neighbors of three are of different classes; in identifiers, paths and camel case one of four is.
    """
    classes = text.translate(_CLASSES)
    return sum(a != b for a, b in pairwise(classes)) >= (0.28 if padded else 0.37) * len(text)


def _is_padded(data: bytes, end: int) -> bool:
    return data[end : end + 1] == b"="


def _named(data: bytes, start: int, *, strong: bool) -> bool:
    """Tell whether the words before a value say that it is a key. ``strong``: its shape alone says nearly so."""
    before = data[max(0, start - _BEFORE) : start]
    if _DIGEST.search(before.lower()):
        return False
    assigned = _ASSIGNED.match(before[::-1])
    if assigned:
        name = _words(assigned[1][::-1])
        if _OTHER.search(name) or _OF.search(before[: len(before) - assigned.end()].lower()):
            return False
        if _KEY.search(name) or (strong and re.search(rb"(?:\b|_)key\Z", name)):
            return True
    if b"\0" in before:
        return False  # a table of names in a program: what stands before is the name before, and says nothing
    breaks = [m.end() for m in _BREAK.finditer(before)]
    words = before[breaks[-1] if breaks else 0 :]
    if _NOTHING.match(words) and len(breaks) > 0:
        # The value stands on a line of its own, below the words.
        words = before[breaks[-2] if len(breaks) > 1 else 0 :]
    return _said(_words(_REFERENCE.sub(b" ", words)), strong=strong)


def _said(words: bytes, *, strong: bool) -> bool:
    """Tell whether a sentence up to a value says that it is a key. What counts stands near the words for a key."""
    named = max(_KEY.finditer(words), key=lambda one: one.start(), default=None)
    if named is None:
        return strong and re.search(rb"\bkey\b[^a-z]*(?:is)?[^a-z]*\Z", words) is not None
    before = words[: named.start()]
    return not (_NOT_IT.search(words, named.end()) or _OF.search(before) or _COVERED.search(before))


def _words(text: bytes) -> bytes:
    """Return a name in lower case, its words apart: ``masterKeyId`` is ``master_key_id``."""
    return _CAMEL.sub(b"_", text).lower()
