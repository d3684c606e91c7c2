"""The layout file: how a database keeps its envelopes. Strict; every error names file and line."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from scanner.errors import ConfigError, Place
from scanner.estate.forms import Strict, Text, like
from scanner.model.ids import Json
from scanner.model.layout import (
    EncryptedColumn,
    EncryptedTable,
    EnvelopeFormat,
    KeyTable,
    Layout,
    TableName,
    columns_in,
)
from scanner.yamlfile import Document, Path_, parse, validate

_WORD = r"[^\x00-\x1f\".]{1,63}"
Column = Annotated[str, *like(f"^{_WORD}$", "be the name of a column, without quotes", 63)]
Table = Annotated[
    str, *like(rf"^{_WORD}\.{_WORD}$", "be a table with its schema, such as vault.data_keys, without quotes", 127)
]


def _version(value: Json) -> Json:
    if isinstance(value, bool) or value != 1:
        raise ValueError("must be 1, the version of the format that this keyaudit reads")
    return value


class KeysIn(Strict):
    """The registry of data keys."""

    table: Table = Field(description="table that holds the wrapped data keys")
    id: Column = Field(description="column of the data key's identifier")
    tenant: Column = Field(description="column of the tenant that it is for")
    wrapped: Column = Field(description="column (bytea) of the wrapped key")
    key: Column = Field(description="column that names the key-encryption key")
    created: Column = Field(description="column of its creation")
    activated: Column | None = Field(None, description="column of its activation; without it the creation counts")
    retired: Column | None = Field(None, description="column of the end of its use for encryption")
    state: Column | None = Field(None, description="column of its state")
    algorithm: Column | None = Field(None, description="column of its algorithm")
    wrap_algorithm: Column | None = Field(None, description="column of how it is wrapped")
    fingerprint: Column | None = Field(None, description="column of the SHA-256 of the plain data key, in hex")
    context: dict[str, Text] = Field({}, description="encryption context of the wrapping: {tenant: '{tenant_id}'}")


class ColumnIn(Strict):
    """One encrypted value of a row."""

    name: Text = Field(description="what the value is called")
    format: Literal["aes-256-gcm", "aws-encryption-sdk"] = Field(description="how it is encrypted")
    ciphertext: Column | None = Field(None, description="column of the ciphertext; without it the column `name`")
    nonce: Column | None = Field(None, description="column of the nonce; without it the ciphertext's first 12 bytes")
    key: Column | None = Field(None, description="column of the data key's identifier")
    aad: Text | None = Field(None, description="template of the additional authenticated data, over columns of the row")

    @model_validator(mode="after")
    def _names_its_key(self) -> ColumnIn:
        describes_itself = self.format == "aws-encryption-sdk"
        if not describes_itself and not self.key:
            raise PydanticCustomError("empty", "says nothing of the data key", {"hint": "add `key: COLUMN`"})
        if describes_itself and (self.key or self.nonce or self.aad):
            hint = {"hint": "remove key, nonce and aad"}
            raise PydanticCustomError("surplus", "is in a format that describes itself", hint)
        return self


class TableIn(Strict):
    """A table with encrypted columns."""

    table: Table = Field(description="the table")
    id: Column = Field(description="column that identifies a row")
    tenant: Column = Field(description="column of the tenant")
    updated: Column | None = Field(None, description="column of the instant at which a row was last encrypted")
    columns: Annotated[list[ColumnIn], Field(min_length=1)] = Field(description="encrypted values of each row")


class LayoutFile(Strict):
    """The whole file."""

    envelope: Annotated[Literal[1], BeforeValidator(_version)] = Field(description="version of this format, 1")
    keys: KeysIn = Field(description="the registry of data keys")
    tables: Annotated[list[TableIn], Field(min_length=1)] = Field(description="tables with encrypted columns")
    canary_tenants: list[Text] = Field([], description="tenants whose rows are made up; self-tests open them")


def parse_layout(raw: bytes, name: str) -> Layout:
    """Understand the bytes of a layout file called ``name``. Raises ConfigError with file and line."""
    document = parse(raw, name)
    if document.data is None:
        raise ConfigError("the file is empty", place=Place(name), hint="docs/envelope-layout.md describes it")
    data = validate(document, LayoutFile)
    for path, template in _templates(data):
        _check_template(document, path, template)
    for path, names in _twice(data):
        raise ConfigError(f"{names} is given twice", place=document.place(path), hint="remove one of them")
    return Layout(
        keys=_keys(data.keys),
        tables=tuple(_table(one) for one in data.tables),
        canary_tenants=tuple(data.canary_tenants),
    )


def _templates(data: LayoutFile) -> Iterator[tuple[Path_, str]]:
    for name, template in data.keys.context.items():
        yield ("keys", "context", name), template
    for i, table in enumerate(data.tables):
        for n, column in enumerate(table.columns):
            if column.aad:
                yield ("tables", i, "columns", n, "aad"), column.aad


def _check_template(document: Document, path: Path_, template: str) -> None:
    hint = "columns stand in braces, {tenant_id}; a brace of its own is doubled"
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        raise ConfigError(f"not a template: {error}", place=document.place(path), hint=hint) from None
    for _, name, spec, conversion in parts:
        if name is not None and (not name or spec or conversion or not name.isidentifier()):
            raise ConfigError(f"{{{name}}} is not a column", place=document.place(path), hint=hint)
    if "aad" in path and not columns_in(template):
        raise ConfigError("the template names no column, so it binds nothing", place=document.place(path), hint=hint)


def _twice(data: LayoutFile) -> Iterator[tuple[Path_, str]]:
    seen: set[tuple[str, str]] = set()
    for i, table in enumerate(data.tables):
        for n, column in enumerate(table.columns):
            if (table.table, column.name) in seen:
                yield ("tables", i, "columns", n, "name"), f"{table.table} {column.name}"
            seen.add((table.table, column.name))


def _name(text: str) -> TableName:
    schema, _, name = text.partition(".")
    return TableName(schema, name)


def _keys(given: KeysIn) -> KeyTable:
    context: Mapping[str, str] = given.context
    return KeyTable(
        table=_name(given.table),
        id=given.id,
        tenant=given.tenant,
        wrapped=given.wrapped,
        key=given.key,
        created=given.created,
        activated=given.activated or "",
        retired=given.retired or "",
        state=given.state or "",
        algorithm=given.algorithm or "",
        wrap_algorithm=given.wrap_algorithm or "",
        fingerprint=given.fingerprint or "",
        context=tuple(context.items()),
    )


def _table(given: TableIn) -> EncryptedTable:
    return EncryptedTable(
        table=_name(given.table),
        id=given.id,
        tenant=given.tenant,
        updated=given.updated or "",
        columns=tuple(
            EncryptedColumn(
                name=one.name,
                format=EnvelopeFormat(one.format),
                ciphertext=one.ciphertext or one.name,
                nonce=one.nonce or "",
                key=one.key or "",
                aad=one.aad or "",
            )
            for one in given.columns
        ),
    )
