"""Evidence by line, however its bytes arrive. What is refused is in `tampered.py`."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.evidence.records import to_json
from scanner.model.ids import Digest
from scanner.model.observation import Record
from scanner.verify import observations
from scanner.verify.archive import Archive
from scanner.verify.manifest import read_manifest
from scanner.verify.observations import check_observations, lines, record_of
from tests.evidence.samples import RECORDS, line
from tests.packages import entries, hexdigest, scan_files, sealed, zipped


@given(st.lists(st.binary(max_size=9).filter(lambda part: b"\n" not in part), max_size=9), st.integers(1, 7))
def test_lines_do_not_depend_on_blocks(parts: list[bytes], size: int) -> None:
    data = b"".join(part + b"\n" for part in parts)
    assert list(lines(data[i : i + size] for i in range(0, len(data), size))) == parts


def test_a_line_has_to_end_and_to_be_of_some_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="does not end"):
        list(lines([b"a\nb"]))
    monkeypatch.setattr(observations, "MOST_LINE", 10)
    with pytest.raises(ValueError, match="larger than 10 bytes"):
        list(lines([b"12345", b"67890", b"1", b"\n"]))


@given(RECORDS)
def test_every_record_that_the_log_writes_is_taken(record: Record) -> None:
    assert record_of(line(to_json(record))[:-1]).id == record.id


def test_wanted_ids_are_found_and_times_are_kept(tmp_path: Path) -> None:
    files = scan_files()
    path = tmp_path / "package.zip"
    path.write_bytes(zipped(entries(sealed(files))))
    there = Digest(hexdigest(files["evidence/aws.main.sts.jsonl"][:-1]))
    with Archive(path) as archive:
        seen = check_observations(archive, read_manifest(archive), {there, Digest(hexdigest(b"nowhere"))})
    assert seen.found == {there}
    assert (seen.earliest, seen.latest) == ("2026-06-15T12:00:00.000Z", "2026-06-15T12:00:00.000Z")
