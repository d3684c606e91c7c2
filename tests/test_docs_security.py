"""The threat table: every test that it names, and every case of one, exists."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from tests.verify.test_replay_package import TAMPERED
from tests.verify.test_tampering import EVERY

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
SECTIONS = {part.splitlines()[0]: part for part in PAGE.split("\n## ")[1:]}
THREATS = (
    "Insider, later",
    "Dishonest operator",
    "Malicious control file",
    "Malicious metadata",
    "Malicious estate file",
    "Malicious server",
    "Malicious place",
    "Malicious package",
    "Crash",
)
CASES: dict[str, Mapping[str, object]] = {
    "test_it_is_caught_where_it_is": EVERY,
    "test_every_difference_is_named": TAMPERED,
}
"""Names of the cases of those tests that are named case by case."""


@cache
def named_in(path: str) -> frozenset[str]:
    """Return the names of the tests of a file; none when there is no such file."""
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    return frozenset(
        node.name
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


def last_cell(row: str) -> str:
    return row.rsplit(" | ", maxsplit=1)[-1]


def faults(row: str) -> list[str]:
    """Return what the last cell of a row names that is not there."""
    path, test, found, bare = "", "", [], set()
    for span in re.findall(r"`([^`]+)`", last_cell(row)):
        if span.startswith("tests/"):
            path, test = span, ""
            bare.add(path)
        elif span.startswith("["):
            found += [] if span[1:-1] in CASES.get(test, ()) else [f"{path}::{test}{span}"]
        else:
            test = span
            bare.discard(path)
            found += [] if test in named_in(path) else [f"{path}::{test}"]
    return found + sorted(bare)


def rows() -> list[str]:
    return [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| does |")]


def test_every_test_that_is_named_exists() -> None:
    assert len(rows()) > 50
    assert [fault for row in rows() for fault in faults(row)] == []


def test_every_row_names_a_test() -> None:
    assert [row for row in rows() if not re.search(r"`tests/[^`]+` `test_", last_cell(row))] == []


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        ("`tests/test_docs.py` `test_x`", "tests/test_docs.py::test_x"),
        ("`tests/nowhere.py` `test_x`", "tests/nowhere.py::test_x"),
        ("`tests/test_docs.py`", "tests/test_docs.py"),
        ("`test_first`", "::test_first"),
        (
            "`tests/verify/test_tampering.py` `test_it_is_caught_where_it_is` `[x]`",
            "tests/verify/test_tampering.py::test_it_is_caught_where_it_is[x]",
        ),
    ],
)
def test_what_does_not_exist_is_found(cell: str, fault: str) -> None:
    assert faults(f"| does | defense | {cell} |") == [fault]


@pytest.mark.parametrize("threat", THREATS)
def test_every_threat_has_its_table_and_says_what_is_not_defended(threat: str) -> None:
    part = SECTIONS[threat]
    assert "| does | defense | tests |" in part
    after = part.rsplit("|\n", 1)[1]
    assert re.search(r"\b[Nn]ot (defended|tested)", after)
