"""What of Amazon Bedrock a world may hold, and what it is called."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import ValidationError

from scanner.demo.aws.bedrock_world import Bedrock, DataSource, Kind, Region, Thing
from tests.support import ACCOUNT, REGION

HERE = Region(account=ACCOUNT, region=REGION)
ARNS: list[tuple[Kind, str]] = [
    ("custom_model", r"custom-model/amazon\.nova-lite-v1:0:300k/[a-z0-9]{12}"),
    ("imported_model", r"imported-model/[a-z0-9]{12}"),
    ("guardrail", r"guardrail/[a-z0-9]+"),
    ("agent", r"agent/[0-9A-Z]{10}"),
    ("prompt", r"prompt/[0-9A-Z]{10}"),
    ("knowledge_base", r"knowledge-base/[0-9A-Z]{10}"),
]


@pytest.mark.parametrize(("kind", "resource"), ARNS)
def test_arns_are_of_the_documented_form_and_the_same_each_time(kind: Kind, resource: str) -> None:
    arn = HERE.arn(Thing(kind=kind, name="one"))
    assert re.fullmatch(rf"arn:aws:bedrock:{REGION}:{ACCOUNT}:{resource}", arn)
    assert arn == HERE.arn(Thing(kind=kind, name="one"))
    assert arn != HERE.arn(Thing(kind=kind, name="two"))


def test_names_of_what_a_scan_finds() -> None:
    base = Thing(kind="knowledge_base", name="base", sources=[DataSource(name="s")])
    assert HERE.service_id == f"aws:{ACCOUNT}:{REGION}:bedrock"
    assert re.fullmatch(rf"{re.escape(HERE.arn(base))}/data-source/[0-9A-Z]{{10}}", HERE.source(base, base.sources[0]))


def test_what_may_not_be_read() -> None:
    base = Thing(kind="knowledge_base", name="b", sources=[DataSource(name="s", denied=True), DataSource(name="t")])
    agent = Thing(kind="agent", name="a", denied=True)
    part = Bedrock(regions=[Region(account=ACCOUNT, region=REGION, things=[base, agent])])
    assert list(part.denials()) == [
        ("bedrock-agent:GetDataSource", HERE.source(base, base.sources[0]).rpartition("/")[2]),
        ("bedrock-agent:GetAgent", agent.id),
    ]
    assert list(Bedrock().denials()) == []


WRONG: list[dict[str, Any]] = [
    {"kind": "toaster", "name": "x"},
    {"kind": "agent", "name": "with spaces"},
    {"kind": "agent", "name": "x", "age_days": -1},
    {"kind": "agent", "name": "x", "instruction": "unknown field"},
]


@pytest.mark.parametrize("fields", WRONG, ids=str)
def test_what_there_cannot_be_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Thing(**fields)
