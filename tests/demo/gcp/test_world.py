"""The world's section of Google Cloud: strict, and the names of its things."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from scanner.demo.gcp.world import GoogleCloud, Key, Project
from tests.demo.gcp.reference import LAB, REFERENCE, RING, VOICE, a_key, a_project, reference


def test_the_reference_section_has_its_planted_defects() -> None:
    defects = {key.name: key.defect for project in reference().projects for _, _, key in project.key_names()}
    assert {name for name, defect in defects.items() if defect} == {"reports", "open", "old"}
    assert [project.id for project in reference().projects if project.defect] == [LAB]


@pytest.mark.parametrize(
    "changes",
    [
        {"surprise": 1},
        {"above": [{"name": "somewhere/1"}]},
        {"projects": [{**REFERENCE["projects"][1], "id": "X"}]},
        {"projects": [{**REFERENCE["projects"][1], "denied": ["not an operation"]}]},
    ],
    ids=str,
)
def test_what_is_none_of_it_is_an_error(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        reference(**changes)


def test_what_the_answer_key_calls_things() -> None:
    found = dict(reference().named())
    assert found[f"gcp/{VOICE}"] == f"gcp:{VOICE}"
    assert found[f"gcp/{VOICE}/voice/tenants"] == f"{RING}/cryptoKeys/tenants"
    assert found[f"gcp/{VOICE}/partner"] == f"projects/{VOICE}/locations/us-east1/ekmConnections/partner"
    assert found[f"gcp/{VOICE}/_Default"] == f"projects/{VOICE}/locations/global/buckets/_Default"
    assert found[f"gcp/{VOICE}/audit"] == f"projects/{VOICE}/locations/global/buckets/audit"


def test_numbers_are_the_same_on_every_run_and_versions_have_one_by_default() -> None:
    assert Project(id="example-one", about="").number == a_project().number == "103130368320"
    one = Key.model_validate(a_key("a"))
    assert [version.age_days for version in one.all_versions] == [10]
    assert (one.primary_number, Key.model_validate(a_key("b", purpose="MAC")).primary_number) == (1, None)
    assert GoogleCloud(projects=[a_project()]).first == "example-one"
    assert (GoogleCloud().first, list(GoogleCloud().named())) == ("example-nothing", [])
