"""The estate file's schema. Strict: an unknown key is an error."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from scanner.estate.urls import check_url
from scanner.model.ids import Json

AUDIT_ROLE = "keyaudit-audit"
"""Name of the read-only role in every account of an Organization, unless the estate names another."""

REGION = r"^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$"
BY_REFERENCE = "a secret is given by reference: {env: NAME}, {file: PATH} or {keyring: NAME}"


def _like(pattern: str, words: str, most: int = 1000) -> tuple[AfterValidator, WithJsonSchema]:
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
    str, *_like(r"^[a-z0-9][a-z0-9-]{0,62}$", "be lower-case letters, digits and dashes, at most 63, such as `prod`")
]
Text = Annotated[str, *_like(r"\S", "not be empty")]
Variable = Annotated[
    str, *_like(r"^[A-Za-z_][A-Za-z0-9_]*$", "be the name of an environment variable: letters, digits and _")
]
AccountId = Annotated[str, *_like(r"^[0-9]{12}$", "be an account id of 12 digits, in quotes")]
RoleArn = Annotated[
    str,
    *_like(
        r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+$",
        f"be the ARN of a role, such as arn:aws:iam::111122223333:role/{AUDIT_ROLE}",
    ),
]
RoleName = Annotated[
    str, *_like(r"^[A-Za-z0-9_+=,.@-]{1,64}$", f"be the name of a role, such as {AUDIT_ROLE}; not its ARN")
]
Region = Annotated[str, *_like(f"{REGION}|^all$", "be a region such as us-east-1, or `all`")]


def _once(values: list[str]) -> list[str]:
    for i, value in enumerate(values):
        if value in values[:i]:
            raise PydanticCustomError("twice", "is given twice", {"at": (i,), "hint": "remove one of them"})
    return values


Once = AfterValidator(_once)
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


class Organization(Strict):
    """All accounts of an AWS Organization, by one role name."""

    role: RoleName = Field(AUDIT_ROLE, description="role that exists in every member account")
    accounts: Annotated[list[AccountId], Once, Field(json_schema_extra={"uniqueItems": True})] = Field(
        [], description="account ids to keep; empty: all"
    )


def _organization(value: Json) -> Json:
    if not isinstance(value, (bool, dict)):
        raise ValueError(f"must be true, or the role and the accounts: {{role: {AUDIT_ROLE}}}")  # noqa: TRY004 - as above
    if isinstance(value, dict):
        return value
    return {} if value else None


_REGIONS = {
    "anyOf": [
        {"const": "all"},
        {"type": "array", "items": {"type": "string", "pattern": REGION}, "uniqueItems": True},
        {"type": "array", "items": {"const": "all"}, "minItems": 1, "maxItems": 1},
    ]
}
_TOGETHER: dict[str, Any] = {
    "not": {"required": ["role_arn", "role_chain"]},
    "dependentSchemas": {"external_id": {"anyOf": [{"required": ["role_arn"]}, {"required": ["role_chain"]}]}},
    "if": {"required": ["insecure"], "properties": {"insecure": {"const": True}}},
    "else": {
        "properties": {
            "endpoint_url": {"pattern": r"^([Hh][Tt]{2}[Pp][Ss]://|[^:]+://(localhost|127\.0\.0\.1|\[::1\])(:|/|$))"}
        }
    },
}


class Aws(Strict):
    """One way into AWS."""

    model_config = ConfigDict(json_schema_extra=_TOGETHER)

    name: Name = Field(description="name of the source in reports")
    profile: Text | None = Field(None, description="profile of the AWS configuration")
    role_arn: RoleArn | None = Field(None, description="role to assume first")
    role_chain: Annotated[list[RoleArn], Field(min_length=1)] = Field(
        [], description="roles to assume one after another"
    )
    external_id: Secret | None = Field(None, description="external id for the last role")
    organization: Annotated[Organization | None, BeforeValidator(_organization)] = Field(
        None, description="scan every account of the Organization: true, or the role and the accounts"
    )
    regions: Annotated[list[Region] | Literal["all"], WithJsonSchema(_REGIONS)] = Field(
        [], description="regions, or all that are enabled"
    )
    insecure: bool = Field(False, description="leave to use plain http to another machine; the report shows it")
    endpoint_url: Annotated[
        str | None,
        WithJsonSchema({"type": "string", "pattern": r"^[Hh][Tt]{2}[Pp][Ss]?://[^\s/?#@]+(/[^\s?#]*)?$"}),
    ] = Field(None, description="emulator or private endpoint")
    ca_bundle: Text | None = Field(None, description="PEM file of private certificate authorities")
    concurrency: int = Field(32, ge=1, le=256, description="calls at once per account, region and service")
    verify_digests: bool = Field(False, description="read the digest files of trails from their bucket and verify them")
    time_limit: int = Field(3600, ge=1, le=86400, description="seconds after which the rest becomes a gap")

    @field_validator("regions")
    @classmethod
    def _all_alone(cls, value: list[str] | str) -> list[str] | str:
        if isinstance(value, list) and "all" in value and len(value) > 1:
            raise ValueError("`all` stands alone")
        return _once(value) if isinstance(value, list) else value

    @field_validator("role_chain")
    @classmethod
    def _one_way_in(cls, value: list[str], info: ValidationInfo) -> list[str]:
        if info.data.get("role_arn"):
            raise ValueError("give role_arn or role_chain, not both")
        return value

    @field_validator("external_id")
    @classmethod
    def _for_a_role(cls, value: Secret, info: ValidationInfo) -> Secret:
        # A role that is not valid is missing here too; that is told on its own line.
        if info.data.get("role_arn", "") is None and info.data.get("role_chain", [""]) == []:
            raise ValueError("goes with role_arn or role_chain, and there is neither")
        return value

    @field_validator("endpoint_url")
    @classmethod
    def _allowed(cls, value: str, info: ValidationInfo) -> str:
        return check_url(value, insecure=info.data.get("insecure") is True)


class Sources(Strict):
    """What to read."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    aws: Annotated[list[Aws], Field(min_length=1)] = Field([], description="Amazon Web Services")

    @model_validator(mode="after")
    def _named_once(self) -> Sources:
        kinds = type(self).model_fields
        names = [(kind, i, source.name) for kind in kinds for i, source in enumerate(getattr(self, kind))]
        seen: set[str] = set()
        for kind, i, name in names:
            if name in seen:
                context = {"at": (kind, i, "name"), "hint": "give each source a name of its own"}
                raise PydanticCustomError("twice", "two sources have this name", context)
            seen.add(name)
        if not names:
            raise PydanticCustomError(
                "empty", "there is no source", {"hint": f"add one of: {', '.join(f'{kind}:' for kind in kinds)}"}
            )
        return self


class Store(Strict):
    """What the user says of data stores that no tag tells."""

    match: Text = Field(description="pattern over the identifiers of stores: * for any characters, ? for one")
    ephi: bool | None = Field(None, description="they hold ePHI, or they do not")
    sensitivity: Annotated[
        list[Literal["schedule_ii_v", "behavioral_health", "substance_use"]], Field(min_length=1)
    ] = Field([], description="classes of data that the law protects more")

    @model_validator(mode="after")
    def _says_something(self) -> Store:
        if self.ephi is None and not self.sensitivity:
            raise PydanticCustomError("empty", "says nothing of the stores that match", {"hint": "add `ephi: true`"})
        return self


def _threshold(value: Json) -> Json:
    texts = isinstance(value, list) and all(isinstance(item, str) for item in value)
    if isinstance(value, bool) or not (texts or isinstance(value, (int, float, str))):
        raise ValueError("must be a number, text, or a list of text")
    if not value and isinstance(value, str):
        raise ValueError("must not be empty")
    return value


Threshold = Annotated[
    int | float | str | list[str],
    BeforeValidator(_threshold),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number"},
                {"type": "string", "minLength": 1},
                {"type": "array", "items": {"type": "string"}},
            ]
        }
    ),
]


def _version(value: Json) -> Json:
    if isinstance(value, bool) or value != 1:
        raise ValueError("must be 1, the version of the format that this keyaudit reads")
    return value


class EstateFile(Strict):
    """The whole file."""

    keyaudit: Annotated[Literal[1], BeforeValidator(_version)] = Field(description="version of this format, 1")
    organization: Text = Field(description="name for the report's cover")
    policy: dict[str, Threshold] = Field({}, description="thresholds by name")
    certificates: Text | None = Field(
        None, description="a newer table of FIPS 140 certificates, in the form of cmvp.yaml"
    )
    stores: list[Store] = Field([], description="data stores that hold ePHI, by patterns over their identifiers")
    sources: Sources = Field(description="what to read, by kind")


def estate_schema() -> dict[str, object]:
    """Return the JSON Schema (draft 2020-12) of the estate file."""
    schema = _tidy(EstateFile.model_json_schema())
    organization = schema["$defs"]["Aws"]["properties"]["organization"]
    organization["anyOf"] = [{"type": "boolean"}, {"$ref": organization.pop("$ref")}]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "keyaudit estate"}


def _tidy(schema: Any) -> Any:  # noqa: ANN401 - any part of a JSON Schema
    """Leave out what pydantic adds and the file does not have: null as a value, and titles made from names."""
    if isinstance(schema, list):
        return [_tidy(part) for part in schema if part != {"type": "null"}]
    if not isinstance(schema, dict):
        return schema
    tidy = {key: _tidy(part) for key, part in schema.items() if (key, part) != ("default", None)}
    if isinstance(tidy.get("title"), str):
        del tidy["title"]
    if len(tidy.get("anyOf", ())) == 1:
        tidy |= tidy.pop("anyOf")[0]
    return tidy
