"""The estate file's schema. Strict: an unknown key is an error."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from scanner.estate.clouds import Azure, Gcp
from scanner.estate.endpoints import Endpoint
from scanner.estate.forms import Name, Once, Secret, Strict, Text, like, once
from scanner.estate.leaks import Leaks
from scanner.estate.profiles import ProfileForm
from scanner.estate.proving import Edge, Pkcs11, Postgres, Selftest
from scanner.estate.urls import check_url
from scanner.estate.vendors import Vendor
from scanner.model.ids import Json

AUDIT_ROLE = "keyaudit-audit"
"""Name of the read-only role in every account of an Organization, unless the estate names another."""

REGION = r"^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$"


AccountId = Annotated[str, *like(r"^[0-9]{12}$", "be an account id of 12 digits, in quotes")]
RoleArn = Annotated[
    str,
    *like(
        r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+$",
        f"be the ARN of a role, such as arn:aws:iam::111122223333:role/{AUDIT_ROLE}",
    ),
]
RoleName = Annotated[
    str, *like(r"^[A-Za-z0-9_+=,.@-]{1,64}$", f"be the name of a role, such as {AUDIT_ROLE}; not its ARN")
]
Region = Annotated[str, *like(f"{REGION}|^all$", "be a region such as us-east-1, or `all`")]


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


class Objects(Strict):
    """Leave to read the beginnings of some objects, for the headers of their envelopes."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"objects": {"minimum": 1}}},
            "then": {"required": ["buckets"], "properties": {"buckets": {"minItems": 1}}},
        }
    )

    objects: int = Field(ge=0, le=1000, description="objects of each bucket; 0: there are no envelopes to look for")
    buckets: Annotated[list[Text], Once] = Field(
        [], description="names of the buckets: * for any characters, ? for one", json_schema_extra={"uniqueItems": True}
    )

    @model_validator(mode="after")
    def _where(self) -> Objects:
        if self.objects and not self.buckets:
            raise PydanticCustomError(
                "empty", "names no bucket to sample", {"hint": 'add `buckets: ["voice-audio-*"]`'}
            )
        return self


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
    sample: Objects | None = Field(None, description="objects whose envelope headers may be read")
    verify_digests: bool = Field(False, description="read the digest files of trails from their bucket and verify them")
    time_limit: int = Field(3600, ge=1, le=86400, description="seconds after which the rest becomes a gap")

    @field_validator("regions")
    @classmethod
    def _all_alone(cls, value: list[str] | str) -> list[str] | str:
        if isinstance(value, list) and "all" in value and len(value) > 1:
            raise ValueError("`all` stands alone")
        return once(value) if isinstance(value, list) else value

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
    azure: Annotated[list[Azure], Field(min_length=1)] = Field([], description="Microsoft Azure")
    gcp: Annotated[list[Gcp], Field(min_length=1)] = Field([], description="Google Cloud")
    pkcs11: Annotated[list[Pkcs11], Field(min_length=1)] = Field([], description="tokens of HSMs, by PKCS #11")
    postgres: Annotated[list[Postgres], Field(min_length=1)] = Field([], description="PostgreSQL databases")
    vendors: Annotated[list[Vendor], Field(min_length=1)] = Field([], description="AI vendors")
    leaks: Annotated[list[Leaks], Field(min_length=1)] = Field([], description="places where keys leak to")
    endpoints: Annotated[list[Endpoint], Field(min_length=1)] = Field([], description="hosts that are reached by TLS")

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
        labels: set[str] = set()
        for i, one in enumerate(self.pkcs11):
            if one.token in labels:
                context = {"at": ("pkcs11", i, "token"), "hint": "keys are told apart by the labels of their tokens"}
                raise PydanticCustomError("twice", "two sources read a token of this label", context)
            labels.add(one.token)
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
    salt: Secret | None = Field(
        None, description="random text that keys the hashes of what must not be kept, so that scans can be compared"
    )
    sources: Sources = Field(description="what to read, by kind")
    hierarchy: list[Edge] = Field([], description="edges of the key hierarchy that no API tells")
    selftest: Selftest | None = Field(None, description="what self-tests may use")
    agreements: Text | None = Field(
        None, description="register of the contracts with vendors: a file, from the estate's folder"
    )
    documents: Text | None = Field(None, description="register of documents: a file, from the estate's folder")
    waivers: Text | None = Field(None, description="register of waivers: a file, from the estate's folder")
    alternatives: Text | None = Field(
        None, description="register of documented alternatives (164.306(d)(3)): a file, from the estate's folder"
    )
    profiles: dict[Name, ProfileForm] = Field({}, description="what `keyaudit run` does unattended, by name")


SCHEMA = "https://json-schema.org/draft/2020-12/schema"


def tidy_schema(model: type[Strict], title: str) -> dict[str, object]:
    """Return the JSON Schema (draft 2020-12) of a file of another format, without what pydantic adds."""
    return {"$schema": SCHEMA, **_tidy(model.model_json_schema()), "title": title}


def estate_schema() -> dict[str, object]:
    """Return the JSON Schema (draft 2020-12) of the estate file."""
    schema = _tidy(EstateFile.model_json_schema())
    organization = schema["$defs"]["Aws"]["properties"]["organization"]
    organization["anyOf"] = [{"type": "boolean"}, {"$ref": organization.pop("$ref")}]
    return {"$schema": SCHEMA, **schema, "title": "keyaudit estate"}


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
