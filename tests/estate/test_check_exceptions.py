"""Exceptions held against the catalogue: what they name is there, and may be covered."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.errors import ConfigError
from scanner.estate.check_exceptions import check_exceptions
from scanner.estate.load import read_estate
from scanner.evaluate.load import load_catalogue
from scanner.model.control import Catalogue
from scanner.resources import controls_dir
from tests.estate.test_exceptions import ALTERNATIVE, WAIVER

ESTATE = """\
keyaudit: 1
organization: Example
sources: {aws: [{name: main}]}
"""


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(controls_dir())


def check(folder: Path, catalogue: Catalogue, waivers: str = "", alternatives: str = "", policy: str = "") -> None:
    text = ESTATE + policy
    for key, body in (("waivers", waivers), ("alternatives", alternatives)):
        if body:
            text += f"{key}: registers/{key}.yaml\n"
            (folder / "registers").mkdir(exist_ok=True)
            (folder / "registers" / f"{key}.yaml").write_text(body)
    (folder / "estate.yaml").write_text(text)
    check_exceptions(read_estate(folder / "estate.yaml"), catalogue)


def test_what_names_controls_and_clauses_that_are_there_is_taken(tmp_path: Path, catalogue: Catalogue) -> None:
    check(tmp_path, catalogue)
    check(tmp_path, catalogue, WAIVER, ALTERNATIVE)


FAULTS = [
    ("waivers", "[KM-ROT-04]", "[KM_ROT-04]", 4, "there is no control 'KM_ROT-04'", "did you mean KM-ROT-04?"),
    ("waivers", "[KM-ROT-04]", "[XX]", 4, "there is no control 'XX'", "there are: KM-"),
    ("waivers", "[KM-ROT-04]", "[KM-EXC-01]", 4, "KM-EXC-01 is about exceptions: none covers it", "renew or remove"),
    ("waivers", "[KM-ROT-04]", "[KM-DOC-02]", 4, "KM-DOC-02 is about exceptions: none covers it", "renew or remove"),
    (
        "waivers",
        "2026-06-30",
        "2027-01-03",
        10,
        "is 367 days after the approval, and a waiver lasts at most 366",
        "policy",
    ),
    (
        "alternatives",
        "(a)(2)(iv)",
        "(a)(2)(i)",
        4,
        "164.312(a)(2)(i) is Required: 164.306(d)(3)",
        "implement",
    ),
    ("alternatives", "(a)(2)(iv)", "(a)(1)", 4, "164.312(a)(1) is a standard, which always binds", "implement"),
    ("alternatives", "(a)(2)(iv)", "(a)(2)(ix)", 4, "no framework has a clause", "did you mean 164.312(a)(2)(iv)?"),
    (
        "alternatives",
        "(a)(2)(iv)",
        "(e)(2)(i)",
        5,
        "KM-STO-01 does not cite 164.312(e)(2)(i)",
        "controls show KM-STO-01",
    ),
    ("alternatives", "id: two", "id: one", 3, "one is also in the register of waivers", "rename"),
]


@pytest.mark.parametrize(("key", "old", "new", "line", "said", "hint"), FAULTS)
def test_a_fault_is_told_with_its_line(
    tmp_path: Path, catalogue: Catalogue, key: str, old: str, new: str, line: int, said: str, hint: str
) -> None:
    texts = {"waivers": WAIVER, "alternatives": ALTERNATIVE}
    texts[key] = texts[key].replace(old, new)
    with pytest.raises(ConfigError) as caught:
        check(tmp_path, catalogue, **texts)
    assert str(caught.value).startswith(f"{tmp_path}/registers/{key}.yaml:{line}: ")
    assert said in str(caught.value)
    assert hint in (caught.value.hint or "")


def test_the_policy_says_how_long_a_waiver_may_last(tmp_path: Path, catalogue: Catalogue) -> None:
    check(tmp_path, catalogue, WAIVER.replace("2026-06-30", "2027-01-02"))
    with pytest.raises(ConfigError, match="a waiver lasts at most 90"):
        check(tmp_path, catalogue, WAIVER, policy="policy: {waiver_max_days: 90}\n")
    check(tmp_path, catalogue, WAIVER.replace("2026-06-30", "2027-06-30"), policy="policy: {waiver_max_days: 600}\n")


def test_without_a_control_that_sets_it_a_waiver_lasts_a_year(tmp_path: Path, catalogue: Catalogue) -> None:
    rotation = Catalogue(
        tuple(c for c in catalogue.controls if c.phase == "rotation"), catalogue.frameworks, catalogue.digest
    )
    with pytest.raises(ConfigError, match="a waiver lasts at most 366"):
        check(tmp_path, rotation, WAIVER.replace("2026-06-30", "2027-01-03"))
