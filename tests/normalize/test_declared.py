"""What the estate declares of stores, as rows."""

from __future__ import annotations

from scanner.model.ids import Json
from scanner.model.stores import DeclaredEdgeFact, DeclaredStoreFact
from scanner.model.tables import CoverageFact
from scanner.normalize.declared import HIERARCHY, STORES, normalize
from tests.normalize.builders import missed, observed

AUDIO: Json = {"match": "*audio", "ephi": True, "sensitivity": ["substance_use"]}
EVERYTHING: Json = {"match": "*", "ephi": None, "sensitivity": None}


def test_each_pattern_is_a_row_once() -> None:
    answer = observed(STORES, {"stores": [AUDIO, AUDIO, EVERYTHING]})
    *rows, coverage = normalize([answer])
    assert [(r.match, r.ephi, r.sensitivity) for r in rows if isinstance(r, DeclaredStoreFact)] == [
        ("*audio", True, ("substance_use",)),
        ("*", None, None),
    ]
    assert isinstance(coverage, CoverageFact)
    assert (coverage.listed_table, coverage.complete, coverage.row_count) == ("declared_stores", True, 2)


def test_without_an_answer_nothing_is_complete() -> None:
    (coverage,) = normalize([missed(STORES)])
    assert isinstance(coverage, CoverageFact)
    assert not coverage.complete


def test_a_pattern_that_is_none_is_not_understood() -> None:
    (coverage,) = normalize([observed(STORES, {"stores": [{"ephi": True}]})])
    assert isinstance(coverage, CoverageFact)
    assert (coverage.complete, coverage.row_count) == (False, 0)


def test_no_record_is_no_row() -> None:
    assert list(normalize([])) == []


def test_each_edge_is_a_row_once() -> None:
    edge: Json = {"child": "arn:aws:kms:*", "parent": "pkcs11:token=root;object=root-2026"}
    *rows, coverage = normalize([observed(HIERARCHY, {"edges": [edge, edge, {"child": "a"}]})])
    (row,) = rows
    assert isinstance(row, DeclaredEdgeFact)
    assert (row.child, row.parent_ref) == ("arn:aws:kms:*", "pkcs11:token=root;object=root-2026")
    assert isinstance(coverage, CoverageFact)
    assert (coverage.listed_table, coverage.complete, coverage.row_count) == ("declared_edges", True, 1)


def test_edges_without_an_answer_are_not_complete() -> None:
    (coverage,) = normalize([missed(HIERARCHY)])
    assert isinstance(coverage, CoverageFact)
    assert (coverage.listed_table, coverage.complete) == ("declared_edges", False)
