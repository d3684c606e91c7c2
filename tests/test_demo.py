"""The demo's answer key against its results, both ways."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from scanner.cli.main import run
from scanner.demo.answers import load_answers, load_by_date
from scanner.demo.embedded import compare
from scanner.demo.world import Rotation, load_world
from tests.cli.system import keyaudit
from tests.support import AS_OF, a_key, a_world


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "out"
    done = keyaudit("demo", "-o", str(folder))
    assert done.returncode == 0
    (folder / "said.txt").write_bytes(done.stdout)
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


def test_it_says_that_all_was_found(demo: Path) -> None:
    answers = (demo / "said.txt").read_text(encoding="utf-8").splitlines()[-1]
    assert answers.startswith("answers   all ")
    assert answers.endswith(" planted verdicts were found, and no other")


def edited(folder: Path, text: str) -> dict[str, Any]:
    """Run the demo over a small world of one's own, at one instant; return its results."""
    folder.mkdir()
    (folder / "world.yaml").write_text(text, encoding="utf-8")
    arguments = ["--no-report", "--world", str(folder / "world.yaml"), "--as-of", AS_OF, "--quiet"]
    assert run(["demo", "-o", str(folder / "out"), *arguments], traces=True) == 0
    results: dict[str, Any] = json.loads((folder / "out" / "results.json").read_text(encoding="utf-8"))
    for finding in results["findings"]:
        finding.pop("evidence")
    return results


def test_a_world_is_scanned_as_it_stands_and_the_same_one_gives_the_same_verdicts(tmp_path: Path) -> None:
    world = a_world(a_key("reporting", rotation=Rotation(period_days=900)))
    text = yaml.safe_dump(world.model_dump(mode="json", exclude_defaults=True))
    first, again = edited(tmp_path / "first", text), edited(tmp_path / "again", text)
    assert first["findings"] == again["findings"]
    mended = edited(tmp_path / "mended", text.replace("900", "365"))
    # KM-DOC-02 counts the failures of the clause.
    assert [f["control"] for f in first["findings"] if f not in mended["findings"]] == ["KM-ROT-04", "KM-DOC-02"]


def test_a_difference_from_the_answer_key_is_an_error() -> None:
    world = load_world()
    answers = set(load_answers(world))
    missing = next(iter(sorted(answers)))
    surplus = ("KM-ROT-04", "arn:aws:kms:us-east-1:444455556666:key/x", "fail")
    comparison = compare(world, None, (answers - {missing}) | {surplus})
    assert not comparison.holds
    assert (comparison.missed, comparison.surplus) == (frozenset({missing}), frozenset({surplus}))
