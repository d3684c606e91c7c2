"""A series of scans: what was dropped, reordered, replaced or back-dated shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from scanner.errors import UsageError
from scanner.model.ids import Digest, Json
from scanner.verify.chain import LINKS, Link, check_chain, links_of, packages_of
from scanner.verify.manifest import MOST as MOST_BYTES
from scanner.verify.report import Step, VerificationError, VerifiedPackage
from tests.packages import as_json, hexdigest, manifest_of, scan_files


def scan(number: int, **facts: Json) -> VerifiedPackage:
    day = f"2026-06-{number:02}"
    own: dict[str, Json] = {"started": f"{day}T12:00:00Z", "ended": f"{day}T13:00:00Z"}
    return VerifiedPackage(
        path=Path(f"{number}.zip"),
        scan={"id": f"scan-{number}", "organization": "Test Health", **own, **facts},
        checkpoint=Digest(hexdigest(str(number).encode())),
        number=number,
        previous=Digest(hexdigest(str(number - 1).encode())) if number > 1 else None,
        signed_by="",
        stamped=f"{day}T14:00:00Z",
        steps=(),
    )


SERIES = [scan(number) for number in range(1, 6)]


def with_third(**changes: object) -> list[VerifiedPackage]:
    third = replace(SERIES[2], **changes)  # type: ignore[arg-type]
    return [*SERIES[:2], third, *SERIES[3:]]


@pytest.mark.parametrize("series", [SERIES, SERIES[::-1], [*SERIES, SERIES[2]], SERIES[:1]])
def test_a_whole_series_holds_in_whatever_order_it_is_read(series: list[VerifiedPackage]) -> None:
    assert check_chain(series) == len({one.number for one in series})


@pytest.mark.parametrize(
    ("series", "member", "why"),
    [
        (lambda: [*SERIES[:2], *SERIES[3:]], "4.zip", "number 3 is missing"),
        (lambda: SERIES[1:], "2.zip", "number 1 is missing"),
        (lambda: with_third(checkpoint=Digest(hexdigest(b"x"))), "4.zip", "does not follow 3.zip"),
        (lambda: with_third(previous=Digest(hexdigest(b"x"))), "3.zip", "does not follow 2.zip"),
        (
            lambda: [*SERIES, replace(SERIES[2], checkpoint=Digest("x"), path=Path("b.zip"))],
            "b.zip",
            "the series forks",
        ),
        (lambda: with_third(scan=scan(3, id="scan-1").scan), "3.zip", "in the series twice"),
        (lambda: with_third(scan=scan(3, organization="Other").scan), "3.zip", "another organization"),
        (lambda: with_third(scan=scan(3, started="2026-05-01T00:00:00Z").scan), "3.zip", "started before 2.zip"),
        (lambda: with_third(scan=scan(3, ended="2026-05-01T00:00:00Z").scan), "3.zip", "ended before 2.zip"),
        (lambda: with_third(stamped="2026-06-01T00:00:00Z"), "3.zip", "timestamped before 2.zip"),
    ],
)
def test_what_is_not_whole_is_told(series: Callable[[], list[VerifiedPackage]], member: str, why: str) -> None:
    with pytest.raises(VerificationError, match=why) as caught:
        check_chain(series())
    assert (caught.value.step, caught.value.member) == (Step.CHAIN, member)


def test_the_packages_of_a_folder(tmp_path: Path) -> None:
    for name in ("b.zip", "a.zip", "notes.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in packages_of(tmp_path)] == ["a.zip", "b.zip"]
    for wrong in (tmp_path / "a.zip", tmp_path / "nothing"):
        with pytest.raises(UsageError, match="not a folder with packages"):
            packages_of(wrong)


def link(number: int, /, **facts: object) -> Link:
    """Return what is left of a package of the series."""
    of = SERIES[number - 1]
    texts = {name: str(value) for name, value in of.scan.items()}
    return replace(Link(Path(f"{number:06}.json"), texts, of.checkpoint, number, of.previous), **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("packages", "links"),
    [
        (SERIES[2:], [link(1), link(2)]),
        (SERIES[4:], [link(4), link(1), link(3), link(2)]),
        (SERIES, [link(2)]),
        ([SERIES[0], SERIES[4]], [link(2), link(3), link(4)]),
    ],
)
def test_manifests_stand_for_packages_that_were_removed(packages: list[VerifiedPackage], links: list[Link]) -> None:
    assert check_chain(packages, links) == 5


@pytest.mark.parametrize(
    ("links", "member", "why"),
    [
        # Whoever forges a manifest must forge what names its digest, too.
        ([link(1), link(2, checkpoint=Digest(hexdigest(b"x")))], "3.zip", "does not follow 000002.json"),
        ([link(1), link(2, previous=Digest(hexdigest(b"x")))], "chain/000002.json", "does not follow 000001.json"),
        ([link(1)], "3.zip", "number 2 is missing"),
        ([link(2)], "chain/000002.json", "number 1 is missing"),
        ([link(1), link(2, checkpoint=Digest("x")), link(2)], "chain/000002.json", "the series forks"),
        ([link(1), link(2), link(3, checkpoint=Digest("x"))], "chain/000003.json", "the series forks"),
        ([link(1), link(2), link(5, number=6)], "chain/000005.json", "no package comes after it"),
    ],
)
def test_a_forged_manifest_is_refused(links: list[Link], member: str, why: str) -> None:
    with pytest.raises(VerificationError, match=why) as caught:
        check_chain(SERIES[2:], links)
    assert (caught.value.step, caught.value.member) == (Step.CHAIN, member)


def test_the_links_of_a_folder(tmp_path: Path) -> None:
    assert links_of(tmp_path) == []
    folder = tmp_path / LINKS
    folder.mkdir()
    data = as_json(manifest_of(scan_files()))
    (folder / "000001.json").write_bytes(data)
    (folder / "notes.txt").touch()
    (found,) = links_of(tmp_path)
    assert (found.number, found.previous, found.checkpoint) == (1, None, hexdigest(data))
    assert found.scan["id"] == "scan-1"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"{}", "not the manifest of a package"),
        (as_json(manifest_of(scan_files())) + b"\n", "not in canonical form"),
        (b" " * (MOST_BYTES + 1), "larger than"),
        (None, "cannot read it: Is a directory"),
    ],
)
def test_what_is_no_manifest_is_told(data: bytes | None, why: str, tmp_path: Path) -> None:
    path = tmp_path / LINKS / "000001.json"
    path.parent.mkdir()
    if data is None:
        path.mkdir()
    else:
        path.write_bytes(data)
    with pytest.raises(VerificationError, match=why) as caught:
        links_of(tmp_path)
    assert caught.value.member == "chain/000001.json"


def test_too_many_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.verify.chain.MOST", 1)
    (tmp_path / LINKS).mkdir()
    for name in ("1.json", "2.json"):
        (tmp_path / LINKS / name).touch()
    with pytest.raises(UsageError, match="more than 1 manifests"):
        links_of(tmp_path)
