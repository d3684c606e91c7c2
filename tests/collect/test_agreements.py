"""Registers are evidence, and of the files that they name no more than a digest is."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path

import pytest

from scanner.collect import agreements
from scanner.collect.agreements import DOCUMENTS, HASH, READ, digest_of
from scanner.collect.interface import CallError, ForbiddenOperationError
from scanner.collect.runner import Run, run_units
from scanner.collect.tally import Tally
from scanner.evidence.log import EvidenceLog, read_segment, segments
from scanner.model.estate import Estate, Register
from scanner.model.facts import columns_of
from scanner.model.ids import Digest, Json
from scanner.model.observation import Gap, GapReason, Observation
from scanner.model.tables import BY_NAME
from tests.collect.fakes import Clock

CONTENT = b"signed by both"
EVERY = frozenset({READ, DOCUMENTS, HASH})


def register(folder: Path | str, *paths: str) -> Register:
    entries: list[dict[str, Json]] = [{"id": f"e{i}", "document": {"path": path}} for i, path in enumerate(paths)]
    return Register(file="a.yaml", digest=Digest("sha256:a"), entries=tuple(entries), folder=str(folder))


def recorded(folder: Path, estate: Estate, wanted: frozenset[str] = EVERY) -> list[Observation | Gap]:
    log = EvidenceLog(folder / "evidence")
    try:
        run_units([agreements.unit(estate, 3600.0)], Run(log, wanted, Clock().outside(), Tally()))
    finally:
        log.close()
    return [r for path in segments(folder / "evidence") for r in read_segment(path)]


def of(folder: Path, *paths: str) -> list[Observation | Gap]:
    return [r for r in recorded(folder, only(folder, *paths)) if r.operation == HASH]


def only(folder: Path | str, *paths: str) -> Estate:
    """Return an estate with one register."""
    return Estate(organization="Example", agreements=register(folder, *paths), documents=register(folder))


def test_each_register_and_the_digest_of_each_file_is_recorded(tmp_path: Path) -> None:
    (tmp_path / "baa.pdf").write_bytes(CONTENT)
    estate = Estate(
        organization="Example",
        agreements=register(tmp_path, "baa.pdf", "gone.pdf", "baa.pdf"),
        documents=register(tmp_path / "docs", "baa.pdf"),
    )
    answers = recorded(tmp_path, estate)
    assert {(a.source, a.endpoint) for a in answers} == {("agreements", "files of this machine")}
    told = {(a.operation, a.subject): a.response for a in answers if isinstance(a, Observation)}
    assert list(told) == [
        (READ, None),
        (HASH, "agreements:Read baa.pdf"),
        (HASH, "agreements:Read gone.pdf"),
        (DOCUMENTS, None),
        (HASH, "documents:Read baa.pdf"),
    ]
    entries = [{"id": f"e{i}", "document": {"path": p}} for i, p in enumerate(("baa.pdf", "gone.pdf", "baa.pdf"))]
    assert told[READ, None] == {"file": "a.yaml", "sha256": "sha256:a", "entries": entries}
    assert told[HASH, "agreements:Read baa.pdf"] == {
        "path": "baa.pdf",
        "found": True,
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "bytes": len(CONTENT),
    }
    assert told[HASH, "agreements:Read gone.pdf"] == {"path": "gone.pdf", "found": False}
    assert told[HASH, "documents:Read baa.pdf"] == {"path": "baa.pdf", "found": False}


def test_no_content_of_a_file_is_kept(tmp_path: Path) -> None:
    (tmp_path / "baa.pdf").write_bytes(CONTENT)
    assert len(of(tmp_path, "baa.pdf")) == 1
    assert not any(CONTENT in path.read_bytes() for path in segments(tmp_path / "evidence"))


def test_a_register_that_no_control_needs_is_not_read(tmp_path: Path) -> None:
    answers = recorded(tmp_path, only(tmp_path, "baa.pdf"), frozenset({DOCUMENTS, HASH}))
    assert [answer.operation for answer in answers] == [DOCUMENTS]


def test_a_register_that_the_estate_does_not_name_is_a_gap_that_says_what_to_do(tmp_path: Path) -> None:
    gaps = recorded(tmp_path, Estate(organization="Example"))
    told = [(gap.operation, gap.reason, gap.error_code, gap.detail) for gap in gaps if isinstance(gap, Gap)]
    assert [one[:3] for one in told] == [
        (READ, GapReason.NOT_ALLOWED, "NoRegister"),
        (DOCUMENTS, GapReason.NOT_ALLOWED, "NoRegister"),
    ]
    assert ["init baa" in told[0][3], "init documents" in told[1][3]] == [True, True]


def test_a_folder_a_pipe_and_what_cannot_be_a_name_are_gaps(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_bytes(CONTENT)
    gaps = of(tmp_path, ".", "pipe", "a\0b", "file/below", "x" * 300)
    assert [gap.reason for gap in gaps if isinstance(gap, Gap)] == [
        *(GapReason.UNSUPPORTED, GapReason.UNSUPPORTED),
        *(GapReason.FAILED, GapReason.FAILED, GapReason.FAILED),
    ]


def test_a_file_that_may_not_be_read_is_a_gap_and_not_a_file_that_is_gone() -> None:
    error = agreements.failed(PermissionError(13, "Permission denied"))
    assert (error.reason, error.code) == (GapReason.DENIED, "Denied")
    assert "give read access" in error.detail


def test_a_resumed_scan_does_not_take_a_file_of_the_same_name_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "baa.pdf").write_bytes(CONTENT)
    monkeypatch.chdir(tmp_path)
    _, gap, answer, _ = recorded(tmp_path, only("", "baa.pdf", str(tmp_path / "baa.pdf")))
    assert isinstance(gap, Gap)
    assert (gap.reason, gap.error_code) == (GapReason.UNSUPPORTED, "FolderUnknown")
    assert isinstance(answer, Observation)
    assert isinstance(answer.response, dict)
    assert answer.response["found"] is True


def test_a_file_without_an_end_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agreements, "MAX_BYTES", 3 * 1024 * 1024)
    asked: list[int] = []

    def zeros(size: int) -> bytes:
        asked.append(size)
        return bytes(size)

    with pytest.raises(CallError) as caught:
        digest_of(zeros)
    assert (caught.value.reason, caught.value.code) == (GapReason.LIMIT, "TooLarge")
    assert "larger than 3 MiB" in caught.value.detail
    assert sum(asked) == 4 * 1024 * 1024
    assert digest_of(io.BytesIO(bytes(1024)).read)["bytes"] == 1024


def test_a_disk_that_fails_is_a_gap() -> None:
    def broken(_: int) -> bytes:
        raise OSError(5, "Input/output error")

    with pytest.raises(CallError) as caught:
        digest_of(broken)
    assert (caught.value.reason, caught.value.detail) == (GapReason.FAILED, "Input/output error")


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("documents:Write", {}),
        (READ, {"more": True}),
        (HASH, {}),
        (HASH, {"register": READ, "path": "/etc/passwd"}),
        (HASH, {"register": DOCUMENTS, "path": "baa.pdf"}),
    ],
)
def test_nothing_else_is_answered_and_no_other_file_is_read(operation: str, params: dict[str, Json]) -> None:
    transport = agreements.unit(only("/nowhere", "baa.pdf"), 0.0).transport()
    with pytest.raises(ForbiddenOperationError):
        transport.send(operation, params)
    transport.close()


def test_the_columns_that_it_feeds_are_there() -> None:
    fed = {column for operation in agreements.OPERATIONS for column in operation.feeds}
    for table in ("agreements", "agreement_services", "documents"):
        named = {c.name for c in columns_of(BY_NAME[table])} - {"source", "evidence", BY_NAME[table].key}
        assert {f"{table}.{name}" for name in named} | {f"{table}.*"} == {c for c in fed if c.startswith(f"{table}.")}
