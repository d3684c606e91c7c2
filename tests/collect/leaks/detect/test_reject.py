"""Placeholders, marks, and bytes that no generator gave."""

from __future__ import annotations

import pytest

from scanner.collect.leaks.detect.reject import is_marked, is_placeholder, is_random
from scanner.collect.leaks.detect.window import Window
from tests.leaks.corpus import Maker


@pytest.mark.parametrize(
    "text", [b"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", b"xxxxxxxx", b"${MASTER_KEY}", b"<your key>", b"changeme"]
)
def test_a_placeholder_says_so(text: bytes) -> None:
    assert is_placeholder(text)


def test_random_text_is_no_placeholder() -> None:
    make = Maker(5)
    assert not any(is_placeholder(make.text(40).encode()) for _ in range(500))


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("key = K  # pragma: allowlist secret", True),
        ("key = K  // gitleaks:allow", True),
        ("# dummy value\nkey = K", True),
        ("# a test vector\n\nkey = K", False),
        ("for example, the master key is K", False),
        ("db.example.com key = K", False),
        ("key = K", False),
    ],
)
def test_a_mark_stands_on_the_line_or_the_line_before(text: str, marked: bool) -> None:
    window = Window.of(text.encode())
    assert is_marked(window, text.index("K", text.index("K") if "key" in text else 0)) is marked


@pytest.mark.parametrize("length", [16, 24, 32, 64])
def test_random_bytes_are_random(length: int) -> None:
    make = Maker(length)
    assert all(is_random(make.bytes(length)) for _ in range(2000))


@pytest.mark.parametrize(
    "key",
    [
        bytes(32),
        bytes(range(32)),
        bytes(range(0, 64, 2)),
        b"this is only some plain text ok!",
        bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c"),
        bytes([1, 2, 3, 4] * 8),
    ],
)
def test_what_somebody_typed_or_published_is_not(key: bytes) -> None:
    assert not is_random(key)
