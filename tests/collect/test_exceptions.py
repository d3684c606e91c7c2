"""Registers of exceptions are evidence, and of the documents that they name no more than a digest is."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from scanner.collect import exceptions
from scanner.collect.exceptions import HASH, OPERATIONS
from scanner.collect.interface import ForbiddenOperationError
from scanner.collect.runner import Run, run_units
from scanner.collect.tally import Tally
from scanner.evidence.log import EvidenceLog, read_segment, segments
from scanner.model.estate import Estate, Register
from scanner.model.exceptions import ALTERNATIVES, READ
from scanner.model.facts import columns_of
from scanner.model.ids import Digest, Json
from scanner.model.observation import Gap, GapReason, Observation
from scanner.model.tables import BY_NAME
from tests.collect.fakes import Clock

CONTENT = b"decided"
EVERY = frozenset({READ, ALTERNATIVES, HASH})


def register(folder: Path | str, *paths: str) -> Register:
    entries: list[dict[str, Json]] = [{"id": f"e{i}", "document": {"path": path}} for i, path in enumerate(paths)]
    return Register(file="a.yaml", digest=Digest("sha256:a"), entries=tuple(entries), folder=str(folder))


def recorded(folder: Path, estate: Estate, wanted: frozenset[str] = EVERY) -> list[Observation | Gap]:
    log = EvidenceLog(folder / "evidence")
    try:
        run_units([exceptions.unit(estate, 3600.0)], Run(log, wanted, Clock().outside(), Tally()))
    finally:
        log.close()
    return [r for path in segments(folder / "evidence") for r in read_segment(path)]


def test_both_registers_and_the_digest_of_each_document_are_recorded(tmp_path: Path) -> None:
    (tmp_path / "d.pdf").write_bytes(CONTENT)
    estate = Estate(
        organization="Example",
        waivers=register(tmp_path, "gone.pdf"),
        alternatives=register(tmp_path, "d.pdf", "d.pdf"),
    )
    told = {(a.operation, a.subject): a.response for a in recorded(tmp_path, estate) if isinstance(a, Observation)}
    assert list(told) == [
        (READ, None),
        (ALTERNATIVES, None),
        (HASH, "waiver gone.pdf"),
        (HASH, "alternative d.pdf"),
    ]
    read = told[READ, None]
    assert isinstance(read, dict)
    assert read["entries"] == [
        {"kind": "waiver", "id": "e0", "document": {"path": "gone.pdf"}},
        {"kind": "alternative", "id": "e0", "document": {"path": "d.pdf"}},
        {"kind": "alternative", "id": "e1", "document": {"path": "d.pdf"}},
    ]
    assert told[ALTERNATIVES, None] == {"kind": "alternative", "file": "a.yaml", "sha256": "sha256:a"}
    assert told[HASH, "waiver gone.pdf"] == {"path": "gone.pdf", "found": False}
    assert told[HASH, "alternative d.pdf"] == {
        "path": "d.pdf",
        "found": True,
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "bytes": len(CONTENT),
    }


def test_without_registers_nothing_is_waived_and_alternatives_are_a_gap(tmp_path: Path) -> None:
    read, missing = recorded(tmp_path, Estate(organization="Example"))
    assert isinstance(read, Observation)
    assert read.response == {"registers": [], "entries": []}
    assert isinstance(missing, Gap)
    assert (missing.operation, missing.reason, missing.error_code) == (
        ALTERNATIVES,
        GapReason.NOT_ALLOWED,
        "NoAlternatives",
    )
    assert "`keyaudit init alternatives`" in missing.detail


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        (HASH, {"kind": "waiver", "path": "/etc/passwd"}),
        (HASH, {"kind": "alternative", "path": "d.pdf"}),
        (HASH, {"path": "d.pdf"}),
        (READ, {"path": "d.pdf"}),
        ("exceptions:Write", {}),
    ],
)
def test_no_other_file_is_read(tmp_path: Path, operation: str, params: dict[str, Json]) -> None:
    transport = exceptions.unit(Estate(organization="Example", waivers=register(tmp_path, "d.pdf")), 1.0).transport()
    with pytest.raises(ForbiddenOperationError):
        transport.send(operation, params)
    transport.close()


def test_what_the_operations_feed_are_columns_and_every_column_is_fed() -> None:
    fed = {column for operation in OPERATIONS for column in operation.feeds}
    for table in ("exceptions", "addressable_specifications"):
        known = {f"{table}.{column.name}" for column in columns_of(BY_NAME[table])}
        own = {f"{table}.{name}" for name in ("source", "evidence", BY_NAME[table].key)}
        assert {column for column in fed if column.startswith(f"{table}.")} == (known - own) | {f"{table}.*"}
