"""What looks like a secret and is none: placeholders, known test vectors, things marked as fixtures, plain text."""

from __future__ import annotations

import re
from itertools import pairwise

from scanner.collect.leaks.detect.window import Window

_MARKED = re.compile(
    rb"pragma: ?allowlist|gitleaks:allow|not[ _-]a[ _-](?:real[ _-])?secret|not[ _-]a[ _-]real[ _-](?:key|token)"
    rb"|\btest[ _-]?(?:vector|fixture|key[ _-]only)|\bfixture\b|\bfor (?:unit )?tests? only\b|\bdummy\b|\bplaceholder\b"
    rb"|\bfake\b|\bthrow-?away\b|\b(?:an?|as an?|documentation) example\b|\bexample[ _-](?:key|value|only|secret|token)"
    rb"|\bsample[ _-](?:key|secret|token)\b|\brfc ?[0-9]{4}\b"
)
"""How people say that what stands there is no secret. What is left out for it is counted, and the count is shown."""

FIXTURE_FOLDERS = frozenset({"fixtures", "__fixtures__", "testdata", "test_data", "test_vectors", "test-vectors"})
"""Folders whose name says that what is in them was made for tests."""

_PLACEHOLDER = re.compile(
    rb"example|placeholder|changeme|change[_-]me|\byour[ _-]|x{6}|redacted|dummy|sample|insert|replace|<[a-z]"
    rb"|\.\.\.|test(?:key|token|secret)|abcdefgh|12345678|01234567|deadbeef|\$\{|\{\{|%\("
)
_VECTORS = frozenset(
    bytes.fromhex(text)
    for text in (
        "2b7e151628aed2a6abf7158809cf4f3c",  # FIPS 197, appendix A.1
        "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",  # A.2
        "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",  # A.3
        "d41d8cd98f00b204e9800998ecf8427e",  # MD5 of nothing
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",  # SHA-256 of nothing
    )
)
_FEWEST = {16: 11, 24: 16, 32: 20, 64: 36}
"""Length in bytes to the distinct values that random bytes have, but for one in a million and more."""


def is_placeholder(text: bytes) -> bool:
    """Tell whether a value says of itself that it is none: ``AKIAIOSFODNN7EXAMPLE``, ``xxxx``, ``${KEY}``."""
    return _PLACEHOLDER.search(text.lower()) is not None


def is_marked(window: Window, start: int) -> bool:
    """Tell whether the line of a place, or the line before it, says that no secret stands there."""
    begin, end = window.line(start)
    before, _ = window.line(max(begin - 1, 0))
    return _MARKED.search(window.low, before, end) is not None


def is_random(key: bytes) -> bool:
    """Tell whether bytes of the length of a key can be one: neither text, nor counted up, nor a known vector."""
    steps = {(b - a) % 256 for a, b in pairwise(key)}
    if len(set(key)) < _FEWEST.get(len(key), len(key) // 2) or len(steps) < len(key) // 3 or key in _VECTORS:
        return False
    return not all(0x20 <= c < 0x7F for c in key)
