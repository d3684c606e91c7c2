"""The reference vendors, and what a world of vendors refuses."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from scanner.demo.vendors.world import Agent, ExternalKey, Vendors
from tests.demo.vendors.running import VENDORS, reference


def test_the_reference_has_every_vendor_and_names_its_defects() -> None:
    world = reference()
    assert all(getattr(world, vendor) is not None for vendor in VENDORS)
    assert world.openai is not None
    defects = [one.id for one in world.openai.projects if one.defect]
    assert defects == ["proj_experiments"]


def test_no_key_of_the_reference_looks_like_a_real_one() -> None:
    text = reference().model_dump_json()
    assert "sk-" not in text
    assert "sk_" not in text


@pytest.mark.parametrize(
    ("given", "cloud"),
    [({"arn": "arn:aws:kms:us-east-1:1:key/a"}, "aws"), ({"vault": "https://v", "key": "k"}, "azure"), ({}, "gcp")],
)
def test_an_external_key_is_in_the_cloud_that_names_it(given: dict[str, str], cloud: str) -> None:
    assert ExternalKey(id="e", name="e", age_days=1, **given).cloud == cloud  # type: ignore[arg-type] # text alone


def test_what_is_not_of_a_world_is_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        Vendors.model_validate({"cohere": {}})
    with pytest.raises(ValidationError, match="greater than or equal to -1"):
        Agent(id="a", name="a", about="", age_days=1, retention_days=-2)
