"""A source, read as a scan reads it: evidence, gaps, and not one byte of a secret."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scanner.collect.leaks import places
from scanner.collect.leaks.operations import OPERATIONS, PLACES, READ
from scanner.collect.runner import Run, run_units
from scanner.collect.tally import Tally
from scanner.evidence.log import EvidenceLog, read_segment, segments
from scanner.model.estate import LeakSource
from scanner.model.observation import Gap, GapReason, Observation, Record
from tests.collect.fakes import Clock
from tests.collect.leaks.support import KEY, LINE
from tests.leaks.corpus import positives

ALL = frozenset(one.name for one in OPERATIONS)


def scanned(folder: Path, *names: Path, salt: str = "salt", wanted: frozenset[str] = ALL) -> list[Record]:
    source = LeakSource(name="logs", kind="files", places=tuple(map(str, names)))
    log = EvidenceLog(folder / "evidence")
    try:
        run_units([places.unit(source, salt, 1e9)], Run(log, wanted, Clock().outside(), Tally()))
    finally:
        log.close()
    return [record for path in segments(folder / "evidence") for record in read_segment(path)]


def test_each_place_is_an_answer(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(LINE)
    (tmp_path / "b.log").write_text("nothing")
    records = scanned(tmp_path, tmp_path / "a.log", tmp_path / "b.log")
    assert [(one.operation, one.subject) for one in records] == [
        (PLACES, None),
        (READ, str(tmp_path / "a.log")),
        (READ, str(tmp_path / "b.log")),
    ]
    assert all(isinstance(one, Observation) and not one.redacted for one in records)


def test_what_was_not_read_is_a_gap_for_each_reason(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.7z").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(9))
    (root / "out").symlink_to("/etc/hostname")
    records = scanned(tmp_path, root, tmp_path / "gone")
    gaps = [(one.reason, one.subject, one.detail) for one in records if isinstance(one, Gap)]
    assert gaps[:2] == [
        (GapReason.UNSUPPORTED, str(root), "1 are archives of a form that is not opened: a.7z"),
        (
            GapReason.NOT_ALLOWED,
            str(root),
            "1 are links that lead out of the place; name what they lead to, or exclude them: out",
        ),
    ]
    assert gaps[2][:2] == (GapReason.UNREACHABLE, str(tmp_path / "gone"))


def test_with_a_salt_a_leak_has_the_same_name_in_the_next_scan(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(LINE)

    def name(scan: str, salt: str) -> str:
        (tmp_path / scan).mkdir()
        answer = scanned(tmp_path / scan, tmp_path / "a.log", salt=salt)[1]
        assert isinstance(answer, Observation)
        return str(answer.response).partition("'leak': ")[2][:34]

    assert name("1", "salt") == name("2", "salt") != name("3", "pepper")
    # Without one they are of this process.
    assert name("4", "") == name("5", "")


def test_time_is_up_at_the_deadline_of_the_source(tmp_path: Path) -> None:
    source = LeakSource(name="logs", kind="files", places=(str(tmp_path),))
    (tmp_path / "a.log").write_text(LINE)
    body = places.connect(source, "salt", 0.0).send(READ, {"place": str(tmp_path)}).body
    assert isinstance(body, dict)
    assert body["skipped"] == [{"reason": "time", "count": 1, "names": []}]


def test_an_answer_of_another_shape_makes_no_gap(tmp_path: Path) -> None:
    asked: list[object] = []

    class Asking:
        def note(self, *given: object, **_: object) -> None:
            asked.append(given)

    for body in ({}, {"skipped": 7}, {"skipped": ["x", {"reason": "new"}, {}]}):
        places._gaps(Asking(), "a", body)  # type: ignore[arg-type]
    assert asked == []


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[str]]:
    """Return the evidence of a scan over every kind of secret, and the texts that they were in."""
    folder = tmp_path_factory.mktemp("leaks")
    texts = [sample.text for sample in positives(1, seed=99)]
    (folder / "place").mkdir()
    for number, text in enumerate(texts):
        (folder / "place" / f"{number:04}.txt").write_text(text)
    scanned(folder, folder / "place")
    return b"".join(path.read_bytes() for path in segments(folder / "evidence")), texts


def test_no_piece_of_a_secret_is_in_the_evidence(evidence: tuple[bytes, list[str]]) -> None:
    kept, texts = evidence
    assert kept.count(b'"secret_hash"') == 0
    assert kept.count(b'"hash":') == len(texts)
    # Whatever is long enough to be a secret and stood in a text: runs of 16 characters that are no words of ours.
    pieces = {
        word[at : at + 16]
        for text in texts
        for word in text.replace("\\n", " ").replace('"', " ").replace("=", " ").split()
        if len(word) >= 24 and any(c.isdigit() for c in word) and not word.startswith(("http", "voice@", "type."))
        for at in range(0, len(word) - 16, 8)
    }
    assert len(pieces) > 1000
    shown = [piece for piece in pieces if piece.encode() in kept]
    # The id of a service account's key and of an AWS key pair are public names; Anthropic shows the begin of a key.
    public = re.compile(r"[0-9a-f]{16}|AKIA[A-Z2-7]{12}|sk-ant-(?:api03-.{3}|admin01-.)")
    assert [piece for piece in shown if not public.fullmatch(piece)] == []
    assert KEY.encode() not in kept
