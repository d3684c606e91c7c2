"""Pieces of a stream: each place in exactly one, whatever is read at once."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.collect.leaks.stream import BEFORE, BEHIND, encoding_of, pieces
from tests.normalize.builders import PROPERTY


@PROPERTY
@given(st.binary(max_size=400), st.integers(1, 60), st.integers(1, 70))
def test_pieces_make_up_the_text(data: bytes, block: int, at_once: int) -> None:
    data = data.replace(b"\0", b".")  # two bytes a character is another test
    file = io.BytesIO(data)
    every = list(pieces(lambda size: file.read(min(size, at_once)), block))
    assert encoding_of(data) or b"".join(one.data[one.start : one.end] for one in every) == data
    assert all(one.end - one.start <= block for one in every) or encoding_of(data)


def test_what_stands_before_and_behind_goes_with_a_piece() -> None:
    data = bytes(65 + i % 26 for i in range(300_000))
    first, second, third = pieces(io.BytesIO(data).read, 100_000)
    assert (first.start, len(first.data)) == (0, 100_000 + BEHIND)
    assert (second.start, len(second.data)) == (BEFORE, BEFORE + 100_000 + BEHIND)
    assert second.data == data[100_000 - BEFORE : 200_000 + BEHIND]
    assert (third.start, len(third.data)) == (BEFORE, BEFORE + 100_000)


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"", ""),
        (b"plain text that is long enough", ""),
        ("text with a mark".encode("utf-16"), "utf-16"),
        ("text with a mark".encode("utf-32"), "utf-32"),
        ("text without a mark".encode("utf-16-le"), "utf-16-le"),
        ("text without a mark".encode("utf-16-be"), "utf-16-be"),
        (bytes(100), ""),
        (b"a\0b\0", ""),
    ],
)
def test_two_bytes_a_character_are_told_by_how_a_text_begins(head: bytes, name: str) -> None:
    assert encoding_of(head) == name


def test_half_a_character_at_the_end_of_a_block_waits_for_the_rest() -> None:
    file = io.BytesIO("ab".encode("utf-16"))
    read = lambda size: file.read(min(size, 2))  # noqa: E731 - a reader that gives two bytes at once
    assert b"".join(one.data[one.start : one.end] for one in pieces(read, 2)) == b"ab"


def test_text_of_two_bytes_a_character_is_given_as_utf_8() -> None:
    text = "Schlüssel 🔑 " * 50
    file = io.BytesIO(text.encode("utf-16") + b"\xd8")
    assert b"".join(one.data[one.start : one.end] for one in pieces(file.read, 64)).decode().startswith(text)
