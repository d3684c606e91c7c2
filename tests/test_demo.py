"""The demo's answer key against its results, both ways."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scanner.cli.main import run
from scanner.demo.embedded import compare
from scanner.demo.world import FOLDER, load_answers, load_by_date, load_world


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "out"
    assert run(["demo", "-o", str(folder), "--quiet"], traces=True) == 0
    return folder


def test_all_that_was_planted_is_found_and_nothing_else(demo: Path) -> None:
    results = json.loads((demo / "results.json").read_text(encoding="utf-8"))
    found = {(f["control"], f["subject"], f["verdict"]) for f in results["findings"]}
    comparison = compare(load_world(), None, found)
    assert (comparison.missed, comparison.surplus) == (frozenset(), frozenset())
    assert comparison.planted >= 100
    assert {control for control, _, _ in found} >= load_by_date() - {"KM-FIP-10"}


def test_a_verdict_that_hangs_on_the_day_is_no_part_of_the_answer_key() -> None:
    world = load_world()
    answers = load_answers(world)
    assert not load_by_date() & {control for control, _, _ in answers}
    assert compare(world, None, [*answers, ("KM-FIP-10", "aws:1:r:kms", "fail")]).holds


def test_every_planted_defect_of_a_key_has_an_answer() -> None:
    world = load_world()
    defects = {key.arn for key in world.keys if key.defect} | {store.id for store in world.stores if store.defect}
    assert defects <= {subject for _, subject, _ in load_answers(world)}


def test_it_leaves_everything_that_a_reader_needs(demo: Path) -> None:
    names = {str(path.relative_to(demo)) for path in demo.rglob("*")}
    assert {"scan.json", "results.json", "verdicts.parquet", "report.pdf", "report.html", "estate.yaml"} <= names
    assert {"demo/world.yaml", "demo/answers.yaml", "facts/keys.parquet", "controls/rotation/KM-ROT-04.yaml"} <= names
    assert (demo / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert any(name.startswith("evidence/") for name in names)


def test_the_same_instant_gives_the_same_verdicts(demo: Path, tmp_path: Path) -> None:
    as_of = json.loads((demo / "scan.json").read_text(encoding="utf-8"))["as_of"]
    assert run(["demo", "-o", str(tmp_path / "out"), "--quiet", "--no-report", "--as-of", as_of], traces=True) == 0
    again = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    first = json.loads((demo / "results.json").read_text(encoding="utf-8"))
    for finding in [*first["findings"], *again["findings"]]:
        finding.pop("evidence")
    assert first["findings"] == again["findings"]


def test_an_edited_world_is_scanned_as_it_stands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (FOLDER / "world.yaml").read_text(encoding="utf-8")
    world = tmp_path / "world.yaml"
    world.write_text(text.replace("rotation: {period_days: 900}", "rotation: {period_days: 365}"), encoding="utf-8")
    assert run(["demo", "-o", str(tmp_path / "out"), "--no-report", "--world", str(world)], traces=True) == 0
    results = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    reporting = load_world().key("reporting").arn
    assert ("KM-ROT-04", reporting) not in {(f["control"], f["subject"]) for f in results["findings"]}
    assert "planted verdicts" not in capsys.readouterr().out  # the answer key is that of the shipped world


def test_a_difference_from_the_answer_key_is_an_error() -> None:
    world = load_world()
    answers = set(load_answers(world))
    missing = next(iter(sorted(answers)))
    surplus = ("KM-ROT-04", "arn:aws:kms:us-east-1:444455556666:key/x", "fail")
    comparison = compare(world, None, (answers - {missing}) | {surplus})
    assert not comparison.holds
    assert (comparison.missed, comparison.surplus) == (frozenset({missing}), frozenset({surplus}))
