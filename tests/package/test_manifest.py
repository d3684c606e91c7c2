"""The manifest, and what the next scan takes from it."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scanner.errors import UsageError
from scanner.evidence.canonical import canonical
from scanner.evidence.merkle import Tree
from scanner.evidence.records import digest
from scanner.model.ids import Digest
from scanner.package import manifest as module
from scanner.package.manifest import Packed, Previous, manifest, read_previous
from scanner.scanheader import Header
from tests.package.scans import HEADER, START, the_next

PACKED = [Packed("estate.yaml", 12, Digest("sha256:aa")), Packed("scan.json", 7, Digest("sha256:bb"))]
FIRST = manifest(HEADER.to_json(), PACKED, Tree(), None)


def packaged(path: Path, raw: bytes, name: str = "manifest.json") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, raw)
    return path


def previous(tmp_path: Path) -> Previous:
    return read_previous(packaged(tmp_path / "first.zip", canonical(FIRST)))


def test_the_first_of_a_series() -> None:
    tree = Tree()
    tree.add(b"{}")
    assert manifest(HEADER.to_json(), PACKED, tree, None) == {
        "schema": "keyaudit/manifest/1",
        "scan": {
            "id": "scan-1",
            "organization": "Test Health",
            "as_of": "2026-06-15T12:00:00Z",
            "started": "2026-06-15T12:00:00Z",
            "ended": "2026-06-15T12:01:00Z",
            "tool_version": "0.1.0",
            "catalogue_sha256": HEADER.catalogue_sha256,
            "estate_sha256": HEADER.estate_sha256,
        },
        "members": [
            {"path": "estate.yaml", "size": 12, "sha256": "sha256:aa"},
            {"path": "scan.json", "size": 7, "sha256": "sha256:bb"},
        ],
        "observations": {
            "count": 1,
            "merkle_root": f"sha256:{tree.root().hex()}",
            "tree": "RFC 6962, SHA-256",
        },
        "checkpoint": {"number": 1, "previous": None},
    }


def test_the_next_holds_on_to_the_one_before(tmp_path: Path) -> None:
    body = manifest(the_next().to_json(), PACKED, Tree(), previous(tmp_path))
    assert body["checkpoint"] == {"number": 2, "previous": digest(canonical(FIRST))}


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (HEADER, "of this very scan"),
        (replace(the_next(), organization="Other"), "of another organization: Test Health"),
        (replace(the_next(), started=START - timedelta(seconds=1)), "started after this one"),
        (replace(the_next(), ended=START), "ended after this one"),
    ],
)
def test_a_scan_that_does_not_come_before_is_refused(tmp_path: Path, header: Header, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        manifest(header.to_json(), PACKED, Tree(), previous(tmp_path))


def changed(**members: object) -> bytes:
    body: Any = {**FIRST, **members}
    return canonical(body)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "Expecting value"),
        (b"[" * 100_000, "recursion"),
        (b"[]", "list indices"),
        (b'{"a": 1}', "not canonical"),
        (b'{"a":1,"a":1}', "not canonical"),
        (b"NaN", "NaN"),
        (b'"\\ud800"', "surrogate"),
        (changed(schema="keyaudit/manifest/2"), "not of schema"),
        (changed(checkpoint={"number": 0, "previous": None}), "no checkpoint number"),
        (changed(checkpoint={"number": True, "previous": None}), "no checkpoint number"),
        (changed(checkpoint={}), "number"),
        (changed(scan={"id": "x", "organization": "y", "started": 1, "ended": ""}), "must be str"),
        (changed(scan={"id": "x", "organization": "y", "started": "2026-01-01", "ended": ""}), "no time zone"),
    ],
)
def test_what_is_no_manifest_is_refused(tmp_path: Path, raw: bytes, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        read_previous(packaged(tmp_path / "p.zip", raw))


def test_what_is_no_package_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_bytes(b"text")
    other = packaged(tmp_path / "other.zip", b"{}", "other.json")
    for path, why in ((tmp_path / "text.zip", "not a zip"), (other, "no item named"), (tmp_path / "no.zip", "No such")):
        with pytest.raises(UsageError, match=why):
            read_previous(path)


def test_no_more_than_the_bound_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 100)
    with pytest.raises(UsageError, match="larger than 100 bytes"):
        read_previous(packaged(tmp_path / "p.zip", b" " * 101))
