"""Folders, logs and archives: what is read, and what is not and why."""

from __future__ import annotations

import gzip
import os
import socket
from pathlib import Path

import pytest

from scanner.collect.interface import CallError
from scanner.collect.leaks.files import is_excluded, is_fixture, read_files
from scanner.collect.leaks.report import Report
from scanner.collect.leaks.stream import BLOCK
from scanner.model.observation import GapReason
from tests.collect.leaks.support import LINE, OTHER, after, found, lookers, never, report, skipped


def read(root: Path, *exclude: str) -> Report:
    made = report()
    read_files(root, exclude, made, lookers(), never)
    return made


def test_every_file_of_a_folder_is_read_in_order(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "two.log").write_text("first line\n" + LINE)
    (tmp_path / "a.log").write_text(LINE)
    (tmp_path / "empty").write_text("")
    made = read(tmp_path)
    assert found(made) == [("a.log", 1), ("b/two.log", 2)]
    assert skipped(made) == {}
    assert made.counts["files"] == 3
    assert made.counts["bytes"] == 2 * len(LINE) + len("first line\n")


def test_one_file_is_a_place_too(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text(LINE)
    assert found(read(path)) == [("app.log", 1)]


def test_lines_are_counted_over_pieces(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    filler = b"2026-01-01 nothing to see here\n"
    number = BLOCK // len(filler) + 10
    path.write_bytes(filler * number + LINE.encode() + filler * number + f"kek={OTHER}\n".encode())
    assert found(read(path)) in (
        [("app.log", number + 1), ("app.log", 2 * number + 2)],
        [("app.log", 2 * number + 2), ("app.log", number + 1)],
    )


def test_a_key_across_two_pieces_is_found_once(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(b"x " * ((BLOCK - 40) // 2) + LINE.encode())
    (leak,) = read(path).leaks.values()
    assert leak["occurrences"] == 1


def test_the_same_key_twice_in_a_file_is_one_leak(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(LINE * 3)
    (leak,) = read(tmp_path).leaks.values()
    assert (leak["occurrences"], leak["line"]) == (3, 1)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "latin-1"])
def test_any_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_bytes(f"Schlüssel\n{LINE}".encode(encoding))
    assert found(read(tmp_path)) == [("a.txt", 2)]


def test_binary_and_broken_text_and_huge_lines_are_read_too(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(range(256)) * 50 + b"\n" + LINE.encode() + b"\xff\xfe\x80")
    (tmp_path / "b.json").write_bytes(b"[" + b"0," * 1_200_000 + b'"", ' + LINE.encode() + b"]")
    assert [path for path, _ in found(read(tmp_path))] == ["a.bin", "b.json"]


def test_links_are_not_followed_and_those_that_lead_out_are_told(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside.log", tmp_path / "root"
    outside.write_text(LINE)
    root.mkdir()
    (root / "own.log").write_text(LINE)
    (root / "inside").symlink_to("own.log")
    (root / "nowhere").symlink_to("not-there")
    (root / "loop").symlink_to("loop")
    (root / "out").symlink_to(outside)
    (root / "up").symlink_to("..")
    made = read(root)
    assert found(made) == [("own.log", 1)]
    assert skipped(made) == {"link": 2}


def test_pipes_and_sockets_are_counted_and_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        made = read(tmp_path)
    assert made.answer()["special"] == 2
    assert skipped(made) == {}


def test_a_pipe_that_was_a_file_a_moment_ago_is_not_waited_for(tmp_path: Path) -> None:
    from scanner.collect.leaks.files import opened

    os.mkfifo(tmp_path / "pipe")
    made = report()
    assert list(opened(tmp_path / "pipe", "pipe", made)) == []
    assert made.counts == {"special": 1}


def test_a_file_and_a_folder_that_vanish_are_told(tmp_path: Path) -> None:
    from scanner.collect.leaks.files import opened, walk

    made = report()
    assert list(opened(tmp_path / "gone.log", "gone.log", made)) == []
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "0").write_text("")
    walked = walk(tmp_path, (), made)
    next(walked)
    (tmp_path / "a").rmdir()
    assert list(walked) == []
    assert made.skipped == {"unreadable": (2, ["gone.log", "a"])}


def test_archives_are_opened_and_what_is_not_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.log.gz").write_bytes(gzip.compress(LINE.encode()))
    (tmp_path / "b.7z").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(50))
    (tmp_path / "c.log.gz").write_bytes(gzip.compress(os.urandom(5000))[:2000])
    made = read(tmp_path)
    assert found(made) == [("a.log.gz", 1)]
    assert skipped(made) == {"archive": 1, "broken": 1}


def test_a_bomb_is_read_up_to_its_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.collect.leaks.archives.ALLOWANCE", 1000)
    (tmp_path / "a.gz").write_bytes(gzip.compress(LINE.encode() + bytes(3_000_000)))
    assert skipped(read(tmp_path)) == {"too_large": 1}


def test_the_packed_history_of_a_repository_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "src" / ".git" / "objects"
    folder.mkdir(parents=True)
    (folder.parent / "HEAD").write_text("ref: refs/heads/main\n")
    assert read(tmp_path).skipped == {"repository": (1, ["src/.git/objects"])}
    assert skipped(read(tmp_path, ".git")) == {}


def test_what_is_excluded_is_counted(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(LINE)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "b.log").write_text(LINE)
    made = read(tmp_path, "*.log", "cache")
    assert (found(made), made.answer()["excluded"]) == ([], 2)


@pytest.mark.parametrize(
    ("name", "pattern", "excluded"),
    [
        ("a/b/c.jpg", "*.jpg", True),
        ("a/node_modules/c.js", "node_modules", True),
        ("a/b/c.js", "a/b/*", True),
        ("a/b/c.js", "b/c.js", False),
        ("a/b/c.js", "*.ts", False),
    ],
)
def test_patterns_are_over_names_and_paths(name: str, pattern: str, excluded: bool) -> None:
    assert is_excluded(name, [pattern]) is excluded


def test_what_lies_in_a_folder_of_fixtures_is_counted_alone(tmp_path: Path) -> None:
    (tmp_path / "tests" / "fixtures").mkdir(parents=True)
    (tmp_path / "tests" / "fixtures" / "a.txt").write_text(LINE + f"kek = {OTHER} # dummy\n")
    made = read(tmp_path)
    assert (found(made), made.answer()["marked"]) == ([], 2)
    assert is_fixture("a/TestData/b")
    assert not is_fixture("testdata")


def test_a_name_that_is_no_text_is_told_as_text(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"a\xff.log")).write_text(LINE)
    assert found(read(tmp_path)) == [("a\\xff.log", 1)]


def test_time_that_is_up_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(LINE)
    (tmp_path / "b.log").write_text(LINE)
    made = report()
    read_files(tmp_path, (), made, lookers(), after(1))
    assert (found(made), skipped(made)) == ([("a.log", 1)], {"time": 1})


def test_a_place_that_is_not_there_is_a_gap(tmp_path: Path) -> None:
    with pytest.raises(CallError) as caught:
        read(tmp_path / "gone")
    assert caught.value.reason is GapReason.UNREACHABLE
    assert "counts from the folder in which keyaudit is started" in caught.value.detail
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(CallError, match="loop"):
        read(tmp_path / "loop")


def test_who_may_not_look_is_denied() -> None:
    from scanner.collect.leaks.files import not_there

    assert not_there(Path("a"), PermissionError(13, "Permission denied")).reason is GapReason.DENIED
