"""What members say of each other. What is refused is in `tampered_seals.py`."""

from __future__ import annotations

from pathlib import Path

from scanner.evaluate.load import load_catalogue
from scanner.model.ids import Digest
from scanner.resources import controls_dir
from scanner.scandir import CATALOGUE_FILES
from scanner.verify.agreement import catalogue_digest, cited
from scanner.verify.archive import Archive
from scanner.verify.manifest import Listed, understood
from tests.packages import entries, hexdigest, manifest_of, scan_files, zipped


def test_the_catalogue_has_the_digest_that_loading_gives_it() -> None:
    folder = controls_dir()
    paths = [path for pattern in CATALOGUE_FILES for path in folder.glob(pattern)]
    files = {f"controls/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in paths}
    manifest = understood(manifest_of(scan_files()), Digest(""))
    manifest.members.clear()
    manifest.members.update({name: Listed(len(data), Digest(hexdigest(data))) for name, data in files.items()})
    assert catalogue_digest(manifest) == load_catalogue(folder).digest


def test_every_id_in_the_results_is_looked_for(tmp_path: Path) -> None:
    files = scan_files()
    path = tmp_path / "package.zip"
    path.write_bytes(zipped(entries(files)))
    with Archive(path) as archive:
        assert hexdigest(files["evidence/aws.main.sts.jsonl"][:-1]) in cited(archive)
    path.write_bytes(zipped(entries({"estate.yaml": b"x"})))
    with Archive(path) as archive:
        assert cited(archive) == frozenset()
