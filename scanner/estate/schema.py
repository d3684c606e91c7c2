"""The estate file's schema. Strict: an unknown key is an error."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from scanner.estate.urls import check_url
from scanner.model.ids import Json

AUDIT_ROLE = "keyaudit-audit"
"""Name of the read-only role in every account of an Organization, unless the estate names another."""

_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}")

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
AccountId = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
RoleArn = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+$")]
RoleName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+=,.@-]{1,64}$")]


def _region(value: str) -> str:
    if value != "all" and not _REGION.fullmatch(value):
        raise ValueError(f"{value!r} is not a region name such as us-east-1, or `all`")
    return value


Region = Annotated[str, AfterValidator(_region)]


class Strict(BaseModel):
    """A part of the file in which every key is known."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Secret(Strict):
    """Where a secret is kept. Exactly one of the three."""

    env: Text | None = Field(None, description="name of an environment variable")
    file: Text | None = Field(None, description="path of a file that only its owner can read")
    keyring: Text | None = Field(None, description="entry in the system's keyring")

    @model_validator(mode="before")
    @classmethod
    def _by_reference(cls, value: Json) -> Json:
        if not isinstance(value, dict):
            raise ValueError("a secret is given by reference: {env: NAME}, {file: PATH} or {keyring: NAME}")  # noqa: TRY004
        if len(value) != 1:
            raise ValueError("give exactly one of env, file, keyring")
        return value


class Organization(Strict):
    """All accounts of an AWS Organization, by one role name. ``true`` stands for the defaults."""

    role: RoleName = Field(AUDIT_ROLE, description="role that exists in every member account")
    accounts: list[AccountId] = Field([], description="account ids to keep; empty: all")


def _organization(value: Json) -> Json:
    if value is True:
        return {}
    return None if value is False else value


class Aws(Strict):
    """One way into AWS."""

    name: Name = Field(description="name of the source in reports")
    profile: Text | None = Field(None, description="profile of the AWS configuration")
    role_arn: RoleArn | None = Field(None, description="role to assume first")
    role_chain: list[RoleArn] = Field([], description="roles to assume one after another")
    external_id: Secret | None = Field(None, description="external id for the last role")
    organization: Annotated[Organization | None, BeforeValidator(_organization)] = Field(
        None, description="scan every account of the Organization: true, or the role and the accounts"
    )
    regions: list[Region] | Literal["all"] = Field([], description="regions, or all that are enabled")
    endpoint_url: Text | None = Field(None, description="emulator or private endpoint")
    insecure: bool = Field(False, description="leave to use plain http to another machine; the report shows it")
    ca_bundle: Text | None = Field(None, description="PEM file of private certificate authorities")
    concurrency: int = Field(32, ge=1, le=256, description="calls at once per account, region and service")
    time_limit: int = Field(3600, ge=1, le=86400, description="seconds after which the rest becomes a gap")

    @field_validator("regions")
    @classmethod
    def _all_alone(cls, value: list[str] | str) -> list[str] | str:
        if isinstance(value, list) and "all" in value and len(value) > 1:
            raise ValueError("`all` stands alone")
        return value

    @model_validator(mode="after")
    def _together(self) -> Aws:
        if self.role_arn and self.role_chain:
            raise ValueError("give role_arn or role_chain, not both")
        if self.external_id and not (self.role_arn or self.role_chain):
            raise ValueError("external_id goes with role_arn or role_chain")
        if self.endpoint_url:
            check_url(self.endpoint_url, insecure=self.insecure)
        return self


class Sources(Strict):
    """What to read."""

    aws: list[Aws] = Field([], description="Amazon Web Services")


class EstateFile(Strict):
    """The whole file."""

    keyaudit: Literal[1] = Field(description="version of this format")
    organization: Text = Field(description="name for the report's cover")
    policy: dict[str, int | float | str | list[str]] = Field({}, description="thresholds by name")
    sources: Sources

    @model_validator(mode="after")
    def _named_once(self) -> EstateFile:
        names = [source.name for source in self.sources.aws]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two sources are called {twice[0]!r}")
        if not names:
            raise ValueError("the estate has no source; add one under sources: aws:")
        return self


def estate_schema() -> dict[str, object]:
    """Return the JSON Schema (draft 2020-12) of the estate file."""
    schema: dict[str, object] = EstateFile.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "keyaudit estate", **schema}
