"""The forms that every part of the estate file is made of: names, text, secrets by reference. Strict."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema, field_validator, model_validator
from pydantic_core import PydanticCustomError

from scanner.model.estate import SecretRef
from scanner.model.ids import Json

BY_REFERENCE = "a secret is given by reference: {env: NAME}, {file: PATH} or {keyring: NAME}"


def like(pattern: str, words: str, most: int = 1000) -> tuple[AfterValidator, WithJsonSchema]:
    """Return what makes text follow a pattern that the error tells in words. The text itself is not repeated."""
    expression = re.compile(pattern)

    def check(value: str) -> str:
        if not expression.search(value) or value.endswith("\n"):
            raise ValueError(f"must {words}")
        if len(value) > most:
            raise ValueError(f"must have at most {most} characters")
        return value

    return AfterValidator(check), WithJsonSchema({"type": "string", "pattern": pattern, "maxLength": most})


Name = Annotated[
    str, *like(r"^[a-z0-9][a-z0-9-]{0,62}$", "be lower-case letters, digits and dashes, at most 63, such as `prod`")
]
Text = Annotated[str, *like(r"\S", "not be empty")]
Variable = Annotated[
    str, *like(r"^[A-Za-z_][A-Za-z0-9_]*$", "be the name of an environment variable: letters, digits and _")
]


def once(values: list[str]) -> list[str]:
    """Return the values when none stands twice."""
    for i, value in enumerate(values):
        if value in values[:i]:
            raise PydanticCustomError("twice", "is given twice", {"at": (i,), "hint": "remove one of them"})
    return values


Once = AfterValidator(once)
"""A list in which nothing stands twice: what is read twice would be counted twice."""


class Strict(BaseModel):
    """A part of the file in which every key is known, and what is there has a value."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @field_validator("*", mode="before")
    @classmethod
    def _given(cls, value: Json) -> Json:
        if value is None:
            raise PydanticCustomError("empty", "is empty", {"hint": "give a value or remove the line"})
        return value


class Secret(Strict):
    """Where a secret is kept. Exactly one of the three."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    env: Variable | None = Field(None, description="name of an environment variable")
    file: Text | None = Field(None, description="path of a file that only its owner can read")
    keyring: Text | None = Field(None, description="entry in the system's keyring")

    @model_validator(mode="before")
    @classmethod
    def _by_reference(cls, value: Json) -> Json:
        if not isinstance(value, dict):
            raise ValueError(BY_REFERENCE)  # noqa: TRY004 - pydantic takes a ValueError
        if len(value) != 1:
            raise ValueError("give exactly one of env, file, keyring")
        return value


def secret_ref(given: Secret) -> SecretRef:
    """Return where a secret is kept, as the estate has it."""
    (kind,) = given.model_fields_set
    return SecretRef(kind, str(getattr(given, kind)))
