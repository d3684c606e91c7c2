"""Members as bounded streams: what is read is what is declared, and no more memory is used than a block."""

from __future__ import annotations

import os
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.errors import UsageError
from scanner.verify.archive import Archive, Limits
from scanner.verify.report import Step, VerificationError
from scanner.verify.steps import Policy, verify
from tests.packages import Entry, deflated, entries, hexdigest, package, scan_files, zipped

GOOD = package()


def written(folder: Path, data: bytes) -> Path:
    path = folder / "package.zip"
    path.write_bytes(data)
    return path


def test_members_are_read_as_they_are(tmp_path: Path) -> None:
    files = scan_files()
    with Archive(written(tmp_path, zipped(entries(files)))) as archive:
        assert {name: b"".join(archive.stream(name)) for name in archive.members} == files
        assert archive.digest("estate.yaml") == hexdigest(files["estate.yaml"])
        assert archive.total == sum(map(len, files.values()))
        for name, most, why in (("nothing", 9, "missing"), ("estate.yaml", 9, "larger than 9 bytes")):
            with pytest.raises(VerificationError, match=why):
                archive.read(name, most, Step.MANIFEST)


@pytest.mark.parametrize(
    ("limits", "why"),
    [(Limits(members=3), "12 members"), (Limits(total=1000), "would unpack to"), (Limits(ratio=2, small=10), "a bomb")],
)
def test_bounds_are_kept(limits: Limits, why: str, tmp_path: Path) -> None:
    with pytest.raises(VerificationError, match=why) as caught:
        Archive(written(tmp_path, GOOD), limits)
    assert caught.value.step is Step.ARCHIVE


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "nothing.zip", tmp_path, tmp_path / "pipe"):
        with pytest.raises(UsageError):
            Archive(path)


def test_a_bomb_of_ten_gigabytes_costs_nothing(tmp_path: Path) -> None:
    """Ten thousand megabytes of zeros are ten megabytes packed; declared as they are, or as a thousand bytes."""
    block = deflated(bytes(2**20))
    path = tmp_path / "bomb.zip"
    for size in (10 * 2**30, 1000):
        # One megabyte of zeros stands for ten thousand: the headers are believed by nobody.
        wide = (
            {"size": size}
            if size < 2**32
            else {"size": 0xFFFFFFFF, "extra": b"\1\0\x08\0" + size.to_bytes(8, "little")}
        )
        path.write_bytes(zipped([Entry(b"a", bytes(2**20), packed=block, local=wide, central=wide)]))
        tracemalloc.start()
        # How long it takes is held by test_bomb.py, in processor seconds.
        with pytest.raises(VerificationError), Archive(path) as archive:
            archive.digest("a")
        assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
        tracemalloc.stop()


def test_a_large_member_streams_in_little_memory(tmp_path: Path) -> None:
    data = os.urandom(2**16) * 128
    path = written(tmp_path, zipped([Entry(b"a", data), Entry(b"b.pdf", data, 0)]))
    limits = replace(Limits(), ratio=100_000)
    tracemalloc.start()
    with Archive(path, limits) as archive:
        assert archive.digest("a") == archive.digest("b.pdf") == hexdigest(data)
    assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    tracemalloc.stop()


@pytest.mark.parametrize("more", [0, 1, 100, 300, 600, 1000])
def test_what_ends_just_beyond_a_block_is_read_to_its_end(more: int, tmp_path: Path) -> None:
    zeros = bytes(256 * 1024 + more)
    with Archive(written(tmp_path, zipped([Entry(b"a", zeros)])), replace(Limits(), ratio=9999)) as archive:
        assert archive.digest("a") == hexdigest(zeros)


def test_a_file_that_is_cut_off_meanwhile_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    with Archive(path) as archive:
        os.truncate(path, 20)
        with pytest.raises(VerificationError, match="cut off while it was read"):
            archive.digest("report.html")


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_no_byte_can_be_changed_and_mean_something_else(
    tmp_path_factory: pytest.TempPathFactory, at: int, by: int
) -> None:
    data = bytearray(GOOD)
    data[at] ^= by
    path = tmp_path_factory.getbasetemp() / "flipped.zip"
    path.write_bytes(GOOD)
    checkpoint = verify(path, Policy()).checkpoint
    path.write_bytes(data)
    try:
        assert verify(path, Policy()).checkpoint == checkpoint
    except VerificationError as error:
        assert error.why  # noqa: PT017 - either is right; anything else is not


@given(st.integers(0, len(GOOD)), st.integers(0, len(GOOD)), st.binary(max_size=60))
def test_no_cut_and_no_insertion_ends_in_another_error(
    tmp_path_factory: pytest.TempPathFactory, one: int, two: int, more: bytes
) -> None:
    data = GOOD[:one] + more + GOOD[two:]
    path = tmp_path_factory.getbasetemp() / "cut.zip"
    path.write_bytes(data)
    if data != GOOD:
        with pytest.raises(VerificationError):
            verify(path, Policy())
