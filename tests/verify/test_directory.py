"""The records of a ZIP: what `tampered.py` spoils is refused; here is what must be understood, ZIP64 too."""

from __future__ import annotations

import io
import struct

import pytest

from scanner.verify.directory import data_start, find_end, read_entries, shown
from scanner.verify.report import Step, VerificationError
from tests.packages import Entry, entries, scan_files, zipped

FILES = {"b.txt": b"two", "a.parquet": b"one"}


@pytest.mark.parametrize("wide", [False, True])
def test_each_member_is_found_where_it_is(wide: bool) -> None:
    data = zipped(entries(FILES), wide=wide)
    file = io.BytesIO(data)
    found = list(read_entries(file, find_end(file, len(data))))
    assert [(one.name, one.size, one.method) for one in found] == [(b"a.parquet", 3, 0), (b"b.txt", 3, 8)]
    start = data_start(file, found[0])
    assert data[start : start + 3] == b"one"


def test_the_numbers_of_a_zip64_field_are_taken() -> None:
    both = {"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF, "extra": struct.pack("<2H2Q", 1, 16, 3, 3)}
    where = {**both, "offset": 0xFFFFFFFF, "extra": struct.pack("<2H3Q", 1, 24, 3, 3, 0)}
    data = zipped([Entry(b"a", b"one", 0, local=both, central=where)])
    file = io.BytesIO(data)
    (entry,) = read_entries(file, find_end(file, len(data)))
    assert (entry.size, entry.packed, entry.offset, data_start(file, entry)) == (3, 3, 0, 30 + 1 + 20)


@pytest.mark.parametrize("cut", [0, 10, 21])
def test_what_is_too_short_is_no_zip(cut: int) -> None:
    with pytest.raises(VerificationError, match="too short") as caught:
        find_end(io.BytesIO(b"P" * cut), cut)
    assert caught.value.step is Step.ARCHIVE


def test_a_directory_of_other_bytes_is_refused() -> None:
    data = zipped(entries(scan_files())).replace(b"PK\x01\x02", b"PK\x01\x03")
    file = io.BytesIO(data)
    with pytest.raises(VerificationError, match="something else"):
        list(read_entries(file, find_end(file, len(data))))


def test_names_are_shown_bounded() -> None:
    assert shown(b"a\xff" + b"x" * 300) == "a\\xff" + "x" * 198
