"""Names of members: those that are taken, those that are refused, and those that cannot stand beside each other."""

from __future__ import annotations

import pytest

from scanner.evidence.names import fault_of, order, twins


@pytest.mark.parametrize(
    "name",
    ["scan.json", "evidence/aws.prod%2Emain.kms~1.jsonl", "controls/rotation/KM-ROT-04.yaml", "layouts/größe.yaml"],
)
def test_names_of_packages_are_taken(name: str) -> None:
    assert fault_of(name) == ""


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("", "empty"),
        ("x" * 513, "too long"),
        ("a\u200bb", "not allowed"),
        ("a\tb", "not allowed"),
        ("a\ud800", "not allowed"),
        ("c:\\x", "not allowed"),
        ("e\u0301", "two ways"),
        ("/x", "absolute"),
        ("a/b/c/d/e/f/g/h/i", "too deep"),
        ("a/../b", "outside"),
        ("..", "outside"),
        ("a/", "folder"),
        ("a ", "drop"),
        ("a./b", "drop"),
    ],
)
def test_others_are_refused(name: str, fault: str) -> None:
    assert fault in fault_of(name)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["a", "b", "c/a"], []),
        (["a", "a"], [("a", "a")]),
        (["a", "A"], [("A", "a")]),
        (["stra\u00dfe", "STRASSE"], [("STRASSE", "stra\u00dfe")]),
        (["a", "a/b"], [("a/b", "a")]),
        (["a/b", "A"], [("A", "a/b")]),
        (["a/b", "a/c"], []),
    ],
)
def test_twins(names: list[str], found: list[tuple[str, str]]) -> None:
    assert list(twins(names)) == found


def test_the_manifest_and_its_seals_are_last() -> None:
    names = ["manifest.json", "zebra", "VERIFY.md", "manifest.tsr", "estate.yaml", "manifest.dsse.json"]
    ours = ["VERIFY.md", "estate.yaml", "zebra", "manifest.dsse.json", "manifest.json", "manifest.tsr"]
    assert sorted(names, key=order) == ours
