"""What the estate declares is evidence like any other."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.collect import declared
from scanner.collect.interface import ForbiddenOperationError
from scanner.collect.runner import Run, run_units
from scanner.collect.tally import Tally
from scanner.evidence.log import EvidenceLog, read_segment, segments
from scanner.model.estate import DeclaredEdge, DeclaredStore, Estate
from scanner.model.facts import columns_of
from scanner.model.ids import Digest
from scanner.model.observation import Observation
from scanner.model.tables import BY_NAME
from tests.collect.fakes import Clock

ESTATE = Estate(
    organization="Example",
    digest=Digest("sha256:estate"),
    stores=(
        DeclaredStore(match="*audio", ephi=True, sensitivity=("behavioral_health",)),
        DeclaredStore(match="*logs", ephi=False),
    ),
    hierarchy=(DeclaredEdge(child="arn:aws:kms:*", parent="pkcs11:token=root;object=root-2026"),),
)


def recorded(folder: Path, wanted: frozenset[str]) -> list[Observation]:
    log = EvidenceLog(folder)
    try:
        run_units([declared.unit(ESTATE, 3600.0)], Run(log, wanted, Clock().outside(), Tally()))
    finally:
        log.close()
    return [r for path in segments(folder) for r in read_segment(path) if isinstance(r, Observation)]


def test_what_the_estate_says_is_recorded(tmp_path: Path) -> None:
    (answer,) = recorded(tmp_path, frozenset({declared.STORES}))
    assert (answer.source, answer.endpoint, answer.principal) == ("estate", "estate file", "")
    assert answer.response == {
        "estate": "sha256:estate",
        "stores": [
            {"match": "*audio", "ephi": True, "sensitivity": ["behavioral_health"]},
            {"match": "*logs", "ephi": False, "sensitivity": None},
        ],
    }


def test_the_hierarchy_is_recorded(tmp_path: Path) -> None:
    (answer,) = recorded(tmp_path, frozenset({declared.HIERARCHY}))
    assert answer.response == {
        "estate": "sha256:estate",
        "edges": [{"child": "arn:aws:kms:*", "parent": "pkcs11:token=root;object=root-2026"}],
    }


def test_nothing_is_recorded_that_no_control_needs(tmp_path: Path) -> None:
    assert recorded(tmp_path, frozenset()) == []


def test_the_file_answers_nothing_else() -> None:
    transport = declared.unit(ESTATE, 0.0).transport()
    with pytest.raises(ForbiddenOperationError):
        transport.send("estate:Secrets", {})
    with pytest.raises(ForbiddenOperationError):
        transport.send(declared.STORES, {"more": True})
    transport.close()


def test_the_columns_that_it_feeds_are_there() -> None:
    for operation in declared.OPERATIONS:
        for column in operation.feeds:
            table, _, name = column.partition(".")
            assert name == "*" or name in {c.name for c in columns_of(BY_NAME[table])}
