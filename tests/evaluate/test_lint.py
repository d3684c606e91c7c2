"""What linting finds in control files, and where it says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.evaluate.lint import lint
from scanner.evaluate.load import load_catalogue
from tests import golden
from tests.evaluate.faulty import GOOD, MEANING, Faulty, write

OTHER = GOOD.replace("KM-ROT-04", "KM-ROT-03")


def problems(folder: Path, **controls: str) -> list[str]:
    return [str(problem) for problem in lint(load_catalogue(write(folder, **controls)))]


def test_a_control_without_a_problem_has_none(tmp_path: Path) -> None:
    assert problems(tmp_path, rotation__KM_ROT_04=GOOD) == []


@pytest.mark.parametrize("case", MEANING, ids=[case.name for case in MEANING])
def test_every_fault_is_found_at_its_line(tmp_path: Path, case: Faulty) -> None:
    found = problems(tmp_path, rotation__KM_ROT_04=case.text)
    assert found
    for problem in found:
        path, line, control, _ = problem.split(":", 3)
        assert path == str(tmp_path / "rotation" / "KM-ROT-04.yaml")
        assert line.isdigit()
        assert control == " KM-ROT-04"


def test_every_fault_has_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = []
    for case in MEANING:
        found = problems(Path(), rotation__KM_ROT_04=case.text)
        said.append(f"== {case.name}\n" + "".join(f"{problem}\n" for problem in found))
    golden.check("control_lint.txt", "\n".join(said))


def test_all_problems_of_all_controls_are_told(tmp_path: Path) -> None:
    bad = GOOD.replace("pass: rotation_enabled", "pass: x").replace("statement: ", "statement: HIPAA demands that ")
    found = problems(tmp_path, rotation__KM_ROT_04=bad, rotation__KM_ROT_03=bad.replace("KM-ROT-04", "KM-ROT-03"))
    assert [problem.split(": ")[1] for problem in found] == ["KM-ROT-03", "KM-ROT-03", "KM-ROT-04", "KM-ROT-04"]


@pytest.mark.parametrize(
    ("basis", "text", "fine"),
    [
        ("law", "HIPAA requires it.", True),
        ("policy", "HIPAA requires it.", False),
        ("policy", "The law demands it.", False),
        ("policy", "This is mandated by 45 CFR 164.312.", False),
        ("policy", "HIPAA does not say how often.", True),
        ("nist_shall", "SP 800-57 Part 1 Rev. 5 requires it.", True),
        ("nist_suggested", "SP 800-57 Part 1 Rev. 5 requires it.", False),
        ("nist_suggested", "NIST suggests it.", True),
        ("nist_suggested", "AWS KMS requires TLS 1.2.", True),
        ("law", "It violates the rule.", False),
        ("law", "Being HIPAA compliant is no claim of ours.", False),
        ("law", "Non-compliance is no word of ours.", False),
    ],
)
def test_words_claim_no_more_than_the_basis(tmp_path: Path, basis: str, text: str, *, fine: bool) -> None:
    words = GOOD.replace("basis: provider", f"basis: {basis}").replace("rationale: What", f"rationale: {text} What")
    assert (problems(tmp_path, rotation__KM_ROT_04=words) == []) is fine


@pytest.mark.parametrize("old", ["default: 730", "unit: days", "basis: nist_suggested"])
def test_a_parameter_means_the_same_everywhere(tmp_path: Path, old: str) -> None:
    new = {"default: 730": "default: 365", "unit: days": "unit: weeks", "basis: nist_suggested": "basis: policy"}[old]
    (problem,) = problems(tmp_path, rotation__KM_ROT_03=OTHER.replace(old, new), rotation__KM_ROT_04=GOOD)
    where = f"{tmp_path / 'rotation' / 'KM-ROT-04.yaml'}:12: KM-ROT-04: "
    assert problem == f"{where}the parameter period_max_days means something else in KM-ROT-03"


def test_the_same_list_is_the_same_meaning(tmp_path: Path) -> None:
    lists = [
        text.replace("default: 730", "default: [a]").replace("<= $period_max_days", "< 1") for text in (GOOD, OTHER)
    ]
    lists = [text.replace("rotation_period_days > $period_max_days", "tags = $period_max_days") for text in lists]
    assert problems(tmp_path, rotation__KM_ROT_04=lists[0], rotation__KM_ROT_03=lists[1]) == []


def test_a_control_that_always_applies_needs_no_example_of_not_applying(tmp_path: Path) -> None:
    text = GOOD.replace("applies: managed_by = 'customer'", "applies: true")
    text = text[: text.index("  - name: a key of the provider")]
    assert problems(tmp_path, rotation__KM_ROT_04=text) == []


def test_a_parameter_of_a_related_condition_is_used(tmp_path: Path) -> None:
    text = GOOD.replace('where: "cross_account"', 'where: "list_contains($accounts, grantee_account)"')
    text = text.replace("parameters:\n", "parameters:\n  accounts: {default: [], basis: policy, source: x}\n")
    assert problems(tmp_path, rotation__KM_ROT_04=text) == []
