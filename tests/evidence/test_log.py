"""The log on disk: append-only, whole lines only, readable after any crash, loud about any damage."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from scanner.errors import EvidenceError
from scanner.evidence.log import (
    DiskError,
    EvidenceLog,
    Segment,
    find_records,
    read_segment,
    repair,
    segment_name,
    segments,
)
from scanner.evidence.records import digest
from scanner.model.ids import Json
from tests.evidence.disks import disk
from tests.evidence.samples import gap_body, line, observation_body

THREE = [observation_body(request_id="a"), gap_body(request_id="b"), observation_body(request_id="c ü")]
LINES = [line(body) for body in THREE]


@contextmanager
def opened(folder: Path, *, sync_seconds: float = 60) -> Iterator[EvidenceLog]:
    log = EvidenceLog(folder, sync_seconds=sync_seconds)
    try:
        yield log
    finally:
        log.close()


def written(path: Path, *lines: bytes) -> Path:
    path.write_bytes(b"".join(lines))
    return path


@pytest.mark.parametrize(
    ("unit", "name"),
    [
        ("aws/prod/111122223333/us-east-1/kms", "aws.prod.111122223333.us-east-1.kms.jsonl"),
        ("aws/a.b/c", "aws.a%2Eb.c.jsonl"),
        ("aws/../../etc", "aws.%2E%2E.%2E%2E.etc.jsonl"),
        ("aws/\x00 ü", "aws.%00%20%C3%BC.jsonl"),
    ],
)
def test_segment_names(unit: str, name: str) -> None:
    assert segment_name(unit) == name
    assert "/" not in name


def test_two_units_never_share_a_segment() -> None:
    units = ["a/b", "a.b", "a%2Eb", "a%b", "a_b", "a b", "a/b/", "A/b"]
    assert len({segment_name(unit) for unit in units}) == len(units)


def test_what_is_appended_is_read_back_in_order(tmp_path: Path) -> None:
    with opened(tmp_path / "new" / "evidence") as log:
        segment = log.segment("u")
        ids = [segment.append(body) for body in THREE]
        log.release("u")
        (path,) = segments(log.folder)
    records = list(read_segment(path))
    assert path.read_bytes() == b"".join(LINES)
    assert [r.id for r in records] == ids == [digest(raw[:-1]) for raw in LINES]
    assert [r.request_id for r in records] == ["a", "b", "c ü"]


def test_a_line_is_there_as_soon_as_it_was_appended(tmp_path: Path) -> None:
    segment = Segment(tmp_path / "s.jsonl")
    segment.append(THREE[0])
    assert segment.path.read_bytes() == LINES[0]
    segment.close()


def test_evidence_is_for_its_owner_alone(tmp_path: Path) -> None:
    Segment(tmp_path / "s.jsonl").close()
    assert stat.S_IMODE((tmp_path / "s.jsonl").stat().st_mode) == 0o600


def test_opening_again_keeps_what_is_there(tmp_path: Path) -> None:
    for body in THREE:
        with opened(tmp_path) as log:
            log.segment("u").append(body)
    assert segments(tmp_path)[0].read_bytes() == b"".join(LINES)


def test_a_unit_has_one_segment_at_a_time(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        log.segment("u")
        with pytest.raises(ValueError, match="open already"):
            log.segment("u")
        log.release("u")
        log.segment("u").append(THREE[0])
        log.release("nobody")


# Crashes.
ALL = b"".join(LINES)


@pytest.mark.parametrize("size", range(len(LINES[0]) + len(LINES[1]), len(ALL) + 1, 7))
def test_a_torn_last_line_is_left_out_and_cut(tmp_path: Path, size: int) -> None:
    path = written(tmp_path / "s.jsonl", ALL[:size])
    whole = 2 + (size == len(ALL))
    assert len(list(read_segment(path))) == whole
    repair(path)
    assert path.read_bytes() == b"".join(LINES[:whole])
    segment = Segment(path)
    segment.append(THREE[1])
    segment.close()
    assert len(list(read_segment(path))) == whole + 1


@pytest.mark.parametrize(("content", "kept"), [(b"", b""), (b"torn", b""), (b"x" * 200_000, b""), (b"\n", b"\n")])
def test_repair_of_unusual_files(tmp_path: Path, content: bytes, kept: bytes) -> None:
    path = written(tmp_path / "s.jsonl", content)
    repair(path)
    assert path.read_bytes() == kept


def test_repair_finds_the_last_end_far_back(tmp_path: Path) -> None:
    path = written(tmp_path / "s.jsonl", LINES[0], b"x" * 150_000)
    repair(path)
    assert path.read_bytes() == LINES[0]
    repair(tmp_path / "missing.jsonl")
    assert not (tmp_path / "missing.jsonl").exists()


def test_opening_a_segment_repairs_it(tmp_path: Path) -> None:
    written(tmp_path / segment_name("u"), LINES[0], LINES[1][:-9])
    with opened(tmp_path) as log:
        log.segment("u").append(THREE[2])
    assert segments(tmp_path)[0].read_bytes() == LINES[0] + LINES[2]


# Damage.
def changed(**members: Json) -> bytes:
    return line({**THREE[1], **members})


DAMAGE: list[tuple[str, bytes]] = [
    ("not JSON", b"{\n"),
    ("an empty line", b"\n"),
    ("a line cut in the middle", LINES[1][:50] + b"\n"),
    ("two records on a line", LINES[1][:-1] + LINES[1]),
    ("a NUL block", b"\x00" * 512 + b"\n"),
    ("not UTF-8", b'{"a":"\xff"}\n'),
    ("UTF-16", json.dumps({"a": 1}).encode("utf-16") + b"\n"),
    ("a space in between", LINES[1].replace(b":", b": ", 1)),
    ("members in another order", json.dumps(dict(reversed(THREE[1].items())), separators=(",", ":")).encode() + b"\n"),
    ("a member given twice", LINES[1].replace(b"{", b'{"page":0,', 1)),
    ("a number that is none", LINES[1].replace(b'"page":0', b'"page":NaN')),
    ("a number beyond JSON", LINES[1].replace(b'"page":0', b'"page":9007199254740993')),
    ("nested beyond reading", b"[" * 100_000 + b"]" * 100_000 + b"\n"),
    ("not an object", b"[]\n"),
    ("a format of tomorrow", changed(format=2)),
    ("a missing member", line({k: v for k, v in THREE[1].items() if k != "page"})),
    ("an unknown member", changed(more=1)),
    ("a wrong type", changed(page="0")),
]


@pytest.mark.parametrize("damage", [raw for _, raw in DAMAGE], ids=[name for name, _ in DAMAGE])
def test_damage_in_the_middle_is_an_error_with_file_and_line(tmp_path: Path, damage: bytes) -> None:
    path = written(tmp_path / "s.jsonl", LINES[0], damage, LINES[2])
    records = read_segment(path)
    assert next(records).request_id == "a"
    with pytest.raises(EvidenceError) as caught:
        next(records)
    assert str(caught.value).startswith(f"{path}:2: ")
    assert caught.value.hint


# Disks that do not take it.
def test_records_are_found_by_their_ids_and_the_others_are_not_even_parsed(tmp_path: Path) -> None:
    written(tmp_path / "a.jsonl", LINES[0], b"not json\n", LINES[1])
    written(tmp_path / "b.jsonl", LINES[2], LINES[0][:-1])
    ids = [digest(one.rstrip(b"\n")) for one in LINES]
    assert [one.request_id for one in find_records(tmp_path, ids)] == ["a", "b", "c ü"]
    assert [one.request_id for one in find_records(tmp_path, [ids[2], digest(b"nothing")])] == ["c ü"]
    assert list(find_records(tmp_path, [])) == []


def test_a_line_without_an_end_is_not_found(tmp_path: Path) -> None:
    written(tmp_path / "a.jsonl", LINES[1], LINES[0][:-1])
    assert list(find_records(tmp_path, [digest(LINES[0].rstrip(b"\n")), digest(LINES[0][:-2])])) == []


def test_a_full_disk_is_an_error_and_leaves_whole_lines(small_disk: Path) -> None:
    segment = Segment(small_disk / "s.jsonl")
    with pytest.raises(DiskError, match="No space left on device"):
        fill(segment)
    content = segment.path.read_bytes()
    assert content.endswith(b"\n")
    kept = [record.request_id for record in read_segment(segment.path)]
    assert kept == [str(i) for i in range(len(kept))]
    assert kept
    (small_disk / "ballast").unlink()
    with pytest.raises(DiskError):
        segment.append(gap_body())  # there is room again, but a log with a hole in it is none
    with pytest.raises(DiskError):
        segment.close()
    assert segment.path.read_bytes() == content


def fill(segment: Segment) -> None:
    for i in range(100_000):
        segment.append(gap_body(request_id=str(i), detail="x" * 900))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with disk(tmp_path / "disk") as place:
        yield place


LIMITED = """
    import resource, signal, sys
    from pathlib import Path
    from scanner.evidence.log import DiskError, Segment
    from tests.evidence.samples import gap_body
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
    segment = Segment(Path(sys.argv[1]))
    for i in range(100):
        try:
            segment.append(gap_body(request_id=str(i)))
        except DiskError as error:
            print(i, error)
            break
"""


def test_a_file_that_may_not_grow_keeps_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    command = [sys.executable, "-c", textwrap.dedent(LIMITED), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    count = int(done.stdout.split()[0])
    assert "File too large" in done.stdout
    assert 0 < count == len(list(read_segment(path)))
    assert path.read_bytes().endswith(b"\n")


def test_a_device_that_refuses_even_to_be_cut_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").symlink_to("/dev/full")
    segment = Segment(tmp_path / "s.jsonl")
    for _ in range(2):
        with pytest.raises(DiskError) as caught:
            segment.append(THREE[0])
    assert str(tmp_path / "s.jsonl") in str(caught.value)
    assert "--resume" in caught.value.hint
    with pytest.raises(DiskError):
        segment.close()


# /dev/null takes every byte and refuses to make any durable.
def test_what_cannot_be_made_durable_is_an_error_when_closed(tmp_path: Path) -> None:
    (tmp_path / segment_name("bad")).symlink_to("/dev/null")
    log = EvidenceLog(tmp_path, sync_seconds=60)
    log.segment("bad").append(THREE[0])
    good = log.segment("good")
    good.append(THREE[1])
    with pytest.raises(DiskError, match="cannot write the evidence log"):
        log.close()
    assert next(read_segment(good.path)).request_id == "b"
    with pytest.raises(DiskError):
        good.append(THREE[2])  # closed all the same


def test_what_cannot_be_made_durable_in_the_background_is_told_by_the_next_append(tmp_path: Path) -> None:
    (tmp_path / segment_name("bad")).symlink_to("/dev/null")
    log = EvidenceLog(tmp_path, sync_seconds=0.001)
    segment = log.segment("bad")
    with pytest.raises(DiskError):
        fill(segment)
    with pytest.raises(DiskError):
        log.close()


def test_a_clean_segment_is_not_made_durable_again(tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").symlink_to("/dev/null")
    segment = Segment(tmp_path / "s.jsonl")
    segment.sync()
    segment.close()
    segment.close()


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DiskError):
        EvidenceLog(tmp_path / "file" / "evidence")
    with pytest.raises(DiskError):
        Segment(tmp_path / "nowhere" / "s.jsonl")
    (tmp_path / segment_name("folder")).mkdir()
    with opened(tmp_path) as log, pytest.raises(DiskError):
        log.segment("folder")


def test_a_folder_that_vanished_is_an_error_when_closed(tmp_path: Path) -> None:
    log = EvidenceLog(tmp_path / "evidence")
    (tmp_path / "evidence").rmdir()
    with pytest.raises(DiskError):
        log.close()


def test_what_json_cannot_hold_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    segment = Segment(tmp_path / "s.jsonl")
    with pytest.raises(ValueError, match="JSON"):
        segment.append(gap_body(attempts=2**53 + 1))
    segment.append(THREE[0])
    segment.close()
    assert segment.path.read_bytes() == LINES[0]


def test_a_record_beyond_all_measure_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.evidence.log.MAX_LINE", len(LINES[0]) - 1)
    segment = Segment(tmp_path / "s.jsonl")
    segment.append(THREE[0])
    with pytest.raises(ValueError, match="larger than"):
        segment.append({**THREE[0], "request_id": "aa"})
    segment.close()
    assert len(list(read_segment(segment.path))) == 1


def test_a_line_without_an_end_is_not_read_for_ever(tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").symlink_to("/dev/zero")
    with pytest.raises(EvidenceError, match=r"s\.jsonl:1: not a record: the line does not end"):
        list(read_segment(tmp_path / "s.jsonl"))


def test_threads_append_whole_lines(tmp_path: Path) -> None:
    with opened(tmp_path, sync_seconds=0.001) as log, ThreadPoolExecutor(8) as pool:
        ones = [log.segment(unit) for unit in ("a", "b")]
        ids = set(pool.map(lambda i: ones[i % 2].append(gap_body(request_id=str(i), detail="x" * 5000)), range(400)))
    records = [record for path in segments(tmp_path) for record in read_segment(path)]
    assert {record.id for record in records} == ids
    assert len(records) == len(ids) == 400


def test_only_segments_are_listed_and_by_name(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.jsonl", "c.txt", ".partial"):
        (tmp_path / name).touch()
    assert [path.name for path in segments(tmp_path)] == ["a.jsonl", "b.jsonl"]


def test_nothing_is_left_open(tmp_path: Path) -> None:
    before = sorted(Path("/proc/self/fd").iterdir())
    with opened(tmp_path) as log:
        for unit in "abc":
            log.segment(unit).append(THREE[0])
        log.release("a")
    assert sorted(Path("/proc/self/fd").iterdir()) == before
