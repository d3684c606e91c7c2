"""The words of the report: one for each value of the model, and none for two kinds of basis."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scanner.evaluate import load
from scanner.model.control import Basis, RestsOn
from scanner.model.verdict import ThresholdUse, Verdict
from scanner.render import words
from tests.render.reports import a_threshold


def test_every_value_of_the_model_has_a_word() -> None:
    assert set(words.VERDICTS) == set(Verdict)
    assert set(words.BASIS) == set(Basis)
    assert set(words.RESTS) == {one.value for one in RestsOn}
    assert set(words.PHASES) == set(load.PHASES)
    assert set(words.AGGREGATES) == set(load.AGGREGATES)


def test_no_two_kinds_of_basis_share_a_word() -> None:
    said = [*words.BASIS.values(), words.OWN_POLICY, words.REFERENCE_POLICY]
    assert len(set(said)) == len(said)


@pytest.mark.parametrize("basis", [b for b in Basis if b not in {Basis.LAW, Basis.INTERPRETATION}])
def test_what_is_not_law_does_not_sound_like_law(basis: Basis) -> None:
    assert "law" not in words.BASIS[basis].replace("not law", "")


POLICY = a_threshold(basis=Basis.POLICY, default_basis=Basis.POLICY)
SET = a_threshold(basis=Basis.POLICY, overridden=True, value=365)


@pytest.mark.parametrize(
    ("use", "value", "default"),
    [
        (a_threshold(), words.BASIS[Basis.NIST_SUGGESTED], words.BASIS[Basis.NIST_SUGGESTED]),
        (SET, words.OWN_POLICY, words.BASIS[Basis.NIST_SUGGESTED]),
        (POLICY, words.REFERENCE_POLICY, words.REFERENCE_POLICY),
        (replace(POLICY, overridden=True), words.OWN_POLICY, words.REFERENCE_POLICY),
    ],
)
def test_a_reference_policy_is_not_the_organizations(use: ThresholdUse, value: str, default: str) -> None:
    assert words.basis_of(use) == value
    assert words.default_basis_of(use) == default


@pytest.mark.parametrize(
    ("kind", "one", "many"),
    [
        ("key", "Key", "keys"),
        ("key_store", "Key store", "key stores"),
        ("object_store", "Object store", "object stores"),
        ("relational_database", "Relational database", "relational databases"),
        ("other", "Other", "others"),
        ("", "", "s"),
    ],
)
def test_kinds_are_said_for_one_and_for_several(kind: str, one: str, many: str) -> None:
    assert (words.several(kind, 1), words.several(kind, 2)) == (one, many)
