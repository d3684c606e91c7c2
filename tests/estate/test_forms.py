"""The forms that every part of the estate file is made of."""

from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import ValidationError

from scanner.estate.forms import Name, Once, Secret, Strict, Text, like, secret_ref
from scanner.model.estate import SecretRef


class Part(Strict):
    name: Name = "a"
    text: Text = "a"
    few: Annotated[list[str], Once] = []
    short: Annotated[str, *like("^[a-z]+$", "be letters", 3)] = "a"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "A"}, "must be lower-case letters"),
        ({"name": "a\n"}, "must be lower-case letters"),
        ({"text": " "}, "must not be empty"),
        ({"few": ["a", "b", "a"]}, "is given twice"),
        ({"short": "abcd"}, "must have at most 3 characters"),
        ({"short": "1"}, "must be letters"),
        ({"text": None}, "is empty"),
        ({"other": 1}, "Extra inputs are not permitted"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Part.model_validate(given)


@pytest.mark.parametrize(("kind", "name"), [("env", "PIN"), ("file", "/run/pin"), ("keyring", "hsm")])
def test_a_secret_is_given_by_reference(kind: str, name: str) -> None:
    assert secret_ref(Secret.model_validate({kind: name})) == SecretRef(kind, name)


@pytest.mark.parametrize("given", ["hunter2", {}, {"env": "A", "file": "b"}])
def test_and_in_no_other_way(given: object) -> None:
    with pytest.raises(ValidationError):
        Secret.model_validate(given)
