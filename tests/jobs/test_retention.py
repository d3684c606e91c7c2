"""What goes and what stays: nothing that is needed, and never a link of the chain."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from scanner.jobs.retention import CHAIN, PACKAGES, SCANS, Kept, file_digest, prune
from scanner.jobs.state import STEPS, PackageRecord, RunRecord
from scanner.model.profile import Keep
from scanner.scandir import ScanDir


def stamp(day: int) -> str:
    return f"202607{day:02}T120000Z"


def manifest(path: Path) -> bytes:
    """Return the manifest of a package: here a file is nothing else."""
    return path.read_bytes()


def a_run(root: Path, day: int, **given: Any) -> RunRecord:  # noqa: ANN401 - any field
    """Make the scan directory and the package of a run that is complete."""
    (root / SCANS / stamp(day) / "evidence").mkdir(parents=True)
    (root / PACKAGES).mkdir(exist_ok=True)
    path = root / PACKAGES / f"{stamp(day)}.zip"
    path.write_bytes(f"manifest {day}".encode())
    digest = f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    package = PackageRecord(sha256=digest, checkpoint=digest, number=day)
    fields: dict[str, Any] = {"scan": f"scan-{day}", "code": 0, "done": STEPS, "package": package}
    return RunRecord(stamp=stamp(day), **{**fields, **given})


def left(root: Path) -> tuple[list[str], list[str], list[str]]:
    """Return the days of scans, packages, links."""
    return (
        sorted(path.name[6:8] for path in (root / SCANS).iterdir()),
        sorted(path.name[6:8] for path in (root / PACKAGES).glob("*.zip")),
        sorted(path.name for path in (root / PACKAGES / CHAIN).glob("*")),
    )


def test_the_newest_stay_and_of_packages_the_manifests(tmp_path: Path) -> None:
    runs = [a_run(tmp_path, day) for day in (1, 2, 3, 4, 5)]
    said = list(prune(Kept(tmp_path, runs[::-1]), Keep(scans=2, packages=3), manifest))
    assert left(tmp_path) == (["04", "05"], ["03", "04", "05"], ["000001.json", "000002.json"])
    assert (tmp_path / PACKAGES / CHAIN / "000002.json").read_bytes() == b"manifest 2"
    assert said == [
        *(f"removed scans/{stamp(day)}: its package has everything" for day in (1, 2, 3)),
        *(f"removed packages/{stamp(day)}.zip: its manifest stays as packages/chain/{day:06}.json" for day in (1, 2)),
    ]
    assert list(prune(Kept(tmp_path, runs), Keep(scans=2, packages=3), manifest)) == []


def test_the_newest_is_never_removed(tmp_path: Path) -> None:
    runs = [a_run(tmp_path, day) for day in (1, 2)]
    list(prune(Kept(tmp_path, runs), Keep(scans=0, packages=0), manifest))
    assert left(tmp_path) == (["02"], ["02"], ["000001.json"])


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"done": STEPS[:-1]}, "its run did not come to its end"),
        ({"given_up": "damaged"}, "its run did not come to its end"),
        ({"package": None}, "there is no package of it"),
        (
            {"package": PackageRecord(sha256="sha256:0", checkpoint="sha256:0", number=1)},
            "its package is not the file that was written",
        ),
    ],
)
def test_a_scan_without_a_package_that_holds_it_stays(given: dict[str, object], why: str, tmp_path: Path) -> None:
    runs = [a_run(tmp_path, 1, **given), a_run(tmp_path, 2), a_run(tmp_path, 3)]
    said = list(prune(Kept(tmp_path, runs), Keep(scans=1, packages=1), manifest))
    assert said[0] == f"kept scans/{stamp(1)}: {why}"
    assert left(tmp_path)[0] == ["01", "03"]
    assert "01" in left(tmp_path)[1]


def test_what_a_notification_waits_for_stays(tmp_path: Path) -> None:
    runs = [a_run(tmp_path, day) for day in (1, 2)]
    said = list(prune(Kept(tmp_path, runs, {stamp(1)}), Keep(scans=1, packages=1), manifest))
    assert said == [
        f"kept scans/{stamp(1)}: a notification of it waits",
        f"kept packages/{stamp(1)}.zip: its scan directory is there, too",
    ]


def test_a_scan_in_use_and_a_link_stay(tmp_path: Path) -> None:
    runs = [a_run(tmp_path, day) for day in (1, 2, 3)]
    (tmp_path / SCANS / stamp(2)).rename(tmp_path / "elsewhere")
    (tmp_path / SCANS / stamp(2)).symlink_to(tmp_path / "elsewhere")
    with ScanDir(tmp_path / SCANS / stamp(1)).lock():
        said = list(prune(Kept(tmp_path, runs), Keep(scans=1, packages=3), manifest))
    assert "in use by another keyaudit" in said[0]
    assert said[1] == f"kept scans/{stamp(2)}: it is a link"
    assert (tmp_path / "elsewhere" / "evidence").is_dir()


def test_a_package_with_another_manifest_stays(tmp_path: Path) -> None:
    runs = [a_run(tmp_path, day) for day in (1, 2, 3)]
    list(prune(Kept(tmp_path, runs), Keep(scans=1, packages=3), manifest))
    (said,) = prune(Kept(tmp_path, runs), Keep(scans=1, packages=2), lambda _: b"forged")
    assert said == f"kept packages/{stamp(1)}.zip: its manifest is not the one that was written"
    assert left(tmp_path)[1:] == (["01", "02", "03"], [])


def test_what_was_half_removed_goes(tmp_path: Path) -> None:
    run = a_run(tmp_path, 1)
    (tmp_path / SCANS / f".removing-{stamp(9)}" / "evidence").mkdir(parents=True)
    assert list(prune(Kept(tmp_path, [run]), Keep(), manifest)) == []
    assert left(tmp_path)[0] == ["01"]


def test_the_digest_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    assert file_digest(tmp_path / "x") == f"sha256:{hashlib.sha256(b'abc').hexdigest()}"
