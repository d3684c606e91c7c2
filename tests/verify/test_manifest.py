"""The manifest understood. What is refused is in `tampered.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.model.ids import Json
from scanner.verify.archive import Archive
from scanner.verify.manifest import check_members, fields, read_manifest, text
from tests.packages import entries, hexdigest, manifest_of, scan_files, sealed, zipped


def test_every_part_is_taken_over(tmp_path: Path) -> None:
    files = sealed(scan_files(), number=3, previous=hexdigest(b"two"))
    path = tmp_path / "package.zip"
    path.write_bytes(zipped(entries(files)))
    with Archive(path) as archive:
        manifest = read_manifest(archive)
        check_members(archive, manifest)
    body = manifest_of(scan_files(), 3, hexdigest(b"two"))
    assert manifest.scan == body["scan"]
    assert [{"path": name, "size": one.size, "sha256": one.sha256} for name, one in manifest.members.items()] == body[
        "members"
    ]
    assert (manifest.count, manifest.root) == (4, body["observations"]["merkle_root"])
    assert (manifest.number, manifest.previous) == (3, hexdigest(b"two"))
    assert manifest.checkpoint == hexdigest(files["manifest.json"])


def test_fields_are_exactly_the_wanted() -> None:
    assert fields({"a": 1}, "it", ("a",)) == {"a": 1}
    others: list[Json] = [{}, {"a": 1, "b": 2}, [], None]
    for wrong in others:
        with pytest.raises(ValueError, match="it"):
            fields(wrong, "it", ("a",))
    with pytest.raises(ValueError, match="name is not text"):
        text(1, "name")
