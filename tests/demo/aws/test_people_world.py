"""The world of people: strict, with names that AWS would take."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from scanner.demo.aws.people_world import AccessKey, Analyzer, People, Policy, User
from tests.support import ACCOUNT, REGION


def test_names_of_amazon() -> None:
    user = User(name="alice", account=ACCOUNT, path="/eng/", about="")
    assert user.arn == f"arn:aws:iam::{ACCOUNT}:user/eng/alice"
    own = Policy(name="p", account=ACCOUNT, document={}, about="")
    assert own.arn == f"arn:aws:iam::{ACCOUNT}:policy/p"
    assert Policy(name="p", account=ACCOUNT, document={}, about="", provider=True).arn == "arn:aws:iam::aws:policy/p"
    assert Analyzer(name="a", account=ACCOUNT, region=REGION).arn.endswith(":analyzer/a")


WRONG: list[dict[str, Any]] = [
    {"name": "a b"},
    {"account": "1"},
    {"path": "eng"},
    {"access_keys": [AccessKey(age_days=1)] * 3},
    {"surprise": 1},
]


@pytest.mark.parametrize("given", WRONG)
def test_a_user_that_is_none(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        User(**{"name": "alice", "account": ACCOUNT, "about": "", **given})


def test_nobody() -> None:
    assert People().users == []
