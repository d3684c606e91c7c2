"""The parts of the estate file about HSMs, databases, the declared hierarchy, and self-tests."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from scanner.estate.clouds import OfAzure, OfGcp
from scanner.estate.forms import Name, Secret, Strict, Text, like

Schema = Annotated[
    str, *like(r"^[a-z_][a-z0-9_]{0,62}$", "be the name of a schema: lower-case letters, digits and _, at most 63")
]


class Pkcs11(Strict):
    """One token of an HSM."""

    name: Name = Field(description="name of the source in reports")
    module: Text = Field(description="library of the module: a path, or a file name that the loader finds")
    token: Text = Field(description="label of the token")
    pin: Secret | None = Field(None, description="user PIN; without it only what is seen without a login is read")
    time_limit: int = Field(600, ge=1, le=86400, description="seconds after which the rest becomes a gap")


class Rows(Strict):
    """Leave to read some rows, for the headers of their envelopes."""

    rows: int = Field(ge=0, le=10000, description="rows of each table; 0: none on purpose")


class Postgres(Strict):
    """One PostgreSQL database."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"required": ["sample"], "properties": {"sample": {"properties": {"rows": {"minimum": 1}}}}},
            "then": {"required": ["envelope"]},
        }
    )

    name: Name = Field(description="name of the source in reports")
    dsn: Secret = Field(description="connection string")
    envelope: Text | None = Field(
        None, description="file that says how the database keeps its envelopes, from the estate file's folder"
    )
    sample: Rows | None = Field(None, description="rows whose envelope headers may be read")
    statement_timeout: int = Field(30, ge=1, le=3600, description="seconds after which a statement is given up")
    time_limit: int = Field(600, ge=1, le=86400, description="seconds after which the rest becomes a gap")

    @model_validator(mode="after")
    def _knows_where(self) -> Postgres:
        if self.sample and self.sample.rows and not self.envelope:
            raise PydanticCustomError(
                "empty", "rows can be sampled only where `envelope:` says what they hold", {"hint": "add `envelope:`"}
            )
        return self


class Edge(Strict):
    """An edge of the hierarchy."""

    child: Text = Field(description="key or store: * for any characters, ? for one")
    parent: Text = Field(description="key or module that protects it, by its identifier")


class OfAws(Strict):
    """A key of AWS KMS for self-tests."""

    source: Name = Field(description="AWS source whose credentials are used")
    key: Text = Field(description="key id, ARN or alias")
    second_key: Text | None = Field(None, description="another one, for rewrapping")
    region: Text | None = Field(None, description="region of both; without it the first of the source")
    canary: bool = Field(False, description="both exist for this alone: they may be rotated and disabled")
    stranger_profile: Text | None = Field(None, description="profile of a principal without rights on the key")
    audit_wait: int = Field(900, ge=0, le=7200, description="seconds to wait for the calls to reach the audit log")


class OfPkcs11(Strict):
    """A key of a token for self-tests."""

    source: Name = Field(description="PKCS #11 source")
    key: Text = Field(description="label of the root key")
    canary: bool = Field(False, description="session objects may be made on the token")


class OfPostgres(Strict):
    """What self-tests may do with a database's envelopes."""

    source: Name = Field(description="PostgreSQL source; rows of its canary tenants are opened in memory")
    keys: Name = Field(description="AWS source under selftest: whose keys wrap the data keys")
    dsn: Secret | None = Field(None, description="connection string that may make and drop the scratch schema")
    schema_: Schema = Field("keyaudit_scratch", alias="schema", description="the scratch schema")
    canary: bool = Field(False, description="the schema is the drills' own")


class OfS3(Strict):
    """Objects of made-up tenants for self-tests."""

    source: Name = Field(description="AWS source under selftest:, whose keys open the objects")
    bucket: Text = Field(description="bucket, in the account and region of that key")
    canaries: dict[Text, Text] = Field(
        min_length=1, description="tenant to the prefix of its made-up objects", json_schema_extra={"minProperties": 1}
    )
    objects: int = Field(3, ge=1, le=20, description="objects of each tenant")


class Selftest(Strict):
    """What self-tests may use; nothing else is touched."""

    aws: Annotated[list[OfAws], Field(min_length=1)] = Field([], description="keys of AWS KMS")
    azure: Annotated[list[OfAzure], Field(min_length=1)] = Field([], description="keys of Azure Key Vault")
    gcp: Annotated[list[OfGcp], Field(min_length=1)] = Field([], description="keys of Google Cloud KMS")
    pkcs11: Annotated[list[OfPkcs11], Field(min_length=1)] = Field([], description="keys of tokens")
    postgres: Annotated[list[OfPostgres], Field(min_length=1)] = Field([], description="envelopes of databases")
    s3: Annotated[list[OfS3], Field(min_length=1)] = Field([], description="made-up objects of buckets")
