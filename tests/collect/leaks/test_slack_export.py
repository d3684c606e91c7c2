"""A Slack export: every word of every message, and nothing of people."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from scanner.collect.interface import CallError
from scanner.collect.leaks import slack_export as module
from scanner.collect.leaks.report import Report
from scanner.collect.leaks.slack_export import Member, read_export
from scanner.collect.leaks.stream import BLOCK
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from tests.collect.leaks.support import KEY, LINE, OTHER, after, export, lookers, message, never, report, skipped

DAY = "keys/2026-01-01.json"
SAID = f"the master key is {KEY}"


def read(root: Path) -> Report:
    made = report("slack_export", "slack.zip")
    read_export(root, made, lookers(), never)
    return made


def places(made: Report) -> list[tuple[Json, Json]]:
    return sorted((leak["path"], leak["message"]) for leak in made.leaks.values())


@pytest.mark.parametrize("zipped", [True, False])
def test_a_leak_is_told_by_the_ids_of_channel_and_message(tmp_path: Path, zipped: bool) -> None:
    made = read(export(tmp_path, {DAY: [message("hello"), message(SAID, "1767225601.000200")]}, zipped=zipped))
    (leak,) = made.leaks.values()
    assert (leak["path"], leak["message"], leak["at"]) == ("C0KEYS", "1767225601.000200", "2026-01-01T00:00:01Z")
    assert leak["line"] == 0
    assert (made.answer()["messages"], skipped(made)) == (2, {})
    assert "Alice" not in str(made.answer())
    assert "U0ALICE" not in str(made.answer())


@pytest.mark.parametrize(
    "said",
    [
        message("", attachments=[{"fallback": "f", "text": SAID}]),
        message("", blocks=[{"type": "rich_text", "elements": [{"elements": [{"type": "text", "text": SAID}]}]}]),
        message("now clean", subtype="message_changed", previous_message={"text": SAID, "ts": "1"}),
        message("", subtype="message_deleted", previous_message={"text": SAID}),
        message("in the thread", thread_ts="1.0", replies=[{"text": SAID}]),
        message("see file", files=[{"id": "F1", "name": "a.txt", "plain_text": SAID, "url_private": "https://x"}]),
        message(f"kek &lt;{KEY}&gt; master key: &quot;{KEY}&quot;"),
        message(f"twice {SAID}", blocks=[{"text": {"text": SAID}}]),
    ],
    ids=["attachment", "block", "edited", "deleted", "thread", "file", "escaped", "twice"],
)
def test_whatever_part_of_a_message_says_it(tmp_path: Path, said: Json) -> None:
    assert places(read(export(tmp_path, {DAY: [said]}))) == [("C0KEYS", "1767225600.000100")]


def test_direct_messages_and_channels_that_no_list_has(tmp_path: Path) -> None:
    days: dict[str, Json] = {
        "D0PAIR/2026-01-01.json": [message(SAID)],
        "mpdm-alice--bob-1/2026-01-01.json": [message(f"kek={OTHER}")],
    }
    (first, second) = places(read(export(tmp_path, days)))
    assert first == ("D0PAIR", "1767225600.000100")
    assert str(second[0]).startswith("channel ")
    assert "alice" not in str(second)


def test_a_list_of_channels_of_another_shape_names_none(tmp_path: Path) -> None:
    path = export(tmp_path, {DAY: [message(SAID)]}, zipped=False)
    (path / "channels.json").write_text('["what", {"id": 7, "name": "keys"}, {"id": "C1"}]')
    ((channel, _),) = places(read(path))
    assert str(channel).startswith("channel ")


def test_files_whose_content_is_not_in_the_export_are_told(tmp_path: Path) -> None:
    files: Json = [
        {"id": "F1", "name": "keys.txt", "mode": "hosted"},
        {"id": "F2", "name": "cut.txt", "preview": "abc", "preview_is_truncated": True},
        {"id": "F3", "mode": "tombstone"},
        "what is this",
    ]
    made = read(export(tmp_path, {DAY: [message("", files=files)]}))
    assert made.skipped == {"not_exported": (2, ["C0KEYS F1", "C0KEYS F2"])}


def test_files_that_were_put_into_the_export_are_read(tmp_path: Path) -> None:
    files = {"keys/__uploads/F1/a.txt": b"line\n" + LINE.encode(), "keys/b.7z": b"7z\xbc\xaf\x27\x1c" + bytes(9)}
    made = read(export(tmp_path, {}, files=files))
    (leak,) = made.leaks.values()
    assert (leak["path"], leak["line"], leak["message"]) == ("keys/__uploads/F1/a.txt", 2, "")
    assert skipped(made) == {"archive": 1}


def test_a_long_message_is_read_in_pieces(tmp_path: Path) -> None:
    made = read(export(tmp_path, {DAY: [message("word " * (BLOCK // 4) + SAID)]}))
    assert places(made) == [("C0KEYS", "1767225600.000100")]


def test_what_is_no_message_is_told(tmp_path: Path) -> None:
    deep: Json = SAID
    for _ in range(60):
        deep = [deep]
    day: Json = ["what", 7, {"text": SAID}, message("", attachments=deep), message("", "never")]
    made = read(export(tmp_path, {DAY: day, "keys/2026-01-02.json": {"no": "list"}}))
    assert (skipped(made), places(made)) == ({"broken": 2}, [("C0KEYS", "no ts")])


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe{}", b"[" * 100_000])
def test_a_day_that_is_no_json_is_told(tmp_path: Path, content: bytes) -> None:
    assert skipped(read(export(tmp_path, {}, files={DAY: content}))) == {"broken": 1}


def test_bombs_are_unpacked_up_to_their_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ALLOWANCE", 1000)
    files = {DAY: b" " * 5_000_000, "keys/bomb.txt": b" " * 5_000_000}
    assert skipped(read(export(tmp_path, {}, files=files))) == {"too_large": 2}


def test_members_that_are_locked_or_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = export(tmp_path, {DAY: [message(SAID)]})
    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert skipped(read(path)) == {"locked": 1}
    monkeypatch.setattr(module, "MOST_MEMBERS", 1)
    assert skipped(read(path)) == {"too_large": 1}


def test_folders_of_a_zip_are_no_members(tmp_path: Path) -> None:
    path = export(tmp_path, {DAY: [message(SAID)]})
    with zipfile.ZipFile(path, "a") as archive:
        archive.mkdir("empty")
    assert len(read(path).leaks) == 1


def test_time_that_is_up_is_told(tmp_path: Path) -> None:
    made = report("slack_export")
    read_export(export(tmp_path, {DAY: [message(SAID)]}), made, lookers(), after(0))
    assert skipped(made) == {"time": 1}


@pytest.mark.parametrize(
    ("error", "reason"), [(PermissionError(13, "no"), "unreadable"), (OSError(5, "input/output error"), "broken")]
)
def test_a_member_that_cannot_be_read_is_told(error: OSError, reason: str) -> None:
    def refuse() -> None:
        raise error

    made = report("slack_export")
    members = [Member(name, 5, refuse) for name in (DAY, "keys/a.txt")]  # type: ignore[arg-type] # it opens nothing
    assert list(module._pieces(members, {}, made)) == []
    assert skipped(made) == {reason: 2}


def test_what_is_no_export_is_a_gap(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"no zip")
    with pytest.raises(CallError) as caught:
        read(tmp_path / "a.zip")
    assert (caught.value.code, caught.value.reason) == ("Broken", GapReason.MALFORMED)
    with pytest.raises(CallError) as caught:
        read(tmp_path)
    assert caught.value.code == "NoExport"
    with pytest.raises(CallError) as caught:
        read(tmp_path / "gone")
    assert caught.value.reason is GapReason.UNREACHABLE
