"""What archives hold, and how far they are unpacked."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile

import pytest

from scanner.collect.leaks import archives
from scanner.collect.leaks.archives import TooLargeError, bounded, texts
from tests.collect.leaks.support import LINE

DATA = LINE.encode() * 100


def read(data: bytes) -> list[tuple[str, bytes | str]]:
    """Return (path, content or why it is not read)."""
    return [
        (text.path, b"".join(iter(lambda text=text: text.read(1000), b"")) if text.read else text.skip)  # type: ignore[misc] # its default binds it
        for text in texts("a", io.BytesIO(data), len(data))
    ]


def zipped(**members: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("folder")
        for name, data in members.items():
            archive.writestr(name, data)
    return made.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        DATA,
        gzip.compress(DATA),
        gzip.compress(DATA[:500]) + gzip.compress(DATA[500:]),
        bz2.compress(DATA),
        lzma.compress(DATA),
        lzma.compress(DATA[:500]) + bytes(8) + lzma.compress(DATA[500:]),
    ],
    ids=["plain", "gzip", "two gzips", "bzip2", "xz", "two xz"],
)
def test_a_file_is_unpacked(data: bytes) -> None:
    assert read(data) == [("a", DATA)]


def test_each_member_of_a_zip_is_read() -> None:
    assert read(zipped(one=DATA, two=gzip.compress(DATA))) == [("a!one", DATA), ("a!two", DATA)]


@pytest.mark.parametrize(
    ("data", "outcome"),
    [
        (zipped(inner=zipped(one=DATA)), [("a!inner", "too_deep")]),
        (zipped(inner=b"Rar!\x1a\x07" + bytes(9)), [("a!inner", "archive")]),
        (b"PK\x03\x04" + bytes(100), [("a", "broken")]),
        (b"\x28\xb5\x2f\xfd" + bytes(100), [("a", "archive")]),
    ],
)
def test_what_is_not_opened_says_why(data: bytes, outcome: list[tuple[str, str]]) -> None:
    assert read(data) == outcome


def test_a_locked_member_and_a_damaged_one_are_told() -> None:
    data = bytearray(zipped(one=DATA))
    at = data.rindex(b"PK\x01\x02")
    data[at + 8] |= 1
    assert read(bytes(data)) == [("a!one", "locked")]
    data = bytearray(zipped(one=DATA))
    at = data.rindex(b"PK\x03\x04")
    data[at : at + 4] = b"PK\x03\x03"
    assert read(bytes(data)) == [("a!one", "broken")]


def test_members_are_counted_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_MEMBERS", 1)
    assert read(zipped(one=DATA)) == [("a", "too_large")]


def test_what_a_file_grows_to_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "ALLOWANCE", 0)
    monkeypatch.setattr(archives, "GROWTH", 10)
    with pytest.raises(TooLargeError):
        read(gzip.compress(bytes(100_000)))
    with pytest.raises(TooLargeError):
        read(zipped(one=bytes(100_000)))


def test_xz_takes_no_more_memory_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "XZ_MEMORY", 100_000)
    with pytest.raises(lzma.LZMAError):
        read(lzma.compress(DATA, preset=6))


def test_xz_that_is_cut_is_damaged() -> None:
    with pytest.raises(EOFError):
        read(lzma.compress(DATA)[:-20])


def test_xz_that_comes_in_small_parts_is_unpacked() -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(10, size or 0))

    (text,) = texts("a", Slow(lzma.compress(DATA)), 1000)
    assert text.read is not None
    assert b"".join(iter(lambda: text.read(1000), b"")) == DATA  # type: ignore[misc] # it was there a line before


def test_a_bounded_reader_gives_all_within_its_bound() -> None:
    file = io.BytesIO(DATA)
    read_ = bounded(file.read, len(DATA))
    assert b"".join(iter(lambda: read_(7), b"")) == DATA
