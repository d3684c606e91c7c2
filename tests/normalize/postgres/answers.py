"""Answers about a small database, as the collector records them."""

from __future__ import annotations

from typing import Any

from scanner.model.ids import Json
from scanner.model.observation import Observation, Record
from scanner.normalize.records import Records
from tests.normalize.builders import SOURCE, observed

STORE = f"{SOURCE}:voice.notes"
REGISTRY = f"{SOURCE}:vault.data_keys"
BODY, CLIP = f"{STORE}#body", f"{STORE}#clip"
KEK = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
HASHES = "0" * 32


def a_key(identity: Json, **given: Json) -> Json:
    """Return a data key as the registry has it."""
    fields: dict[str, Json] = {
        "id": identity,
        "tenant": "t-1",
        "length": 184,
        "form": "bytea",
        "kek": KEK,
        "created": "2026-01-01T00:00:00.000Z",
        "activated": "2026-01-02T00:00:00.000Z",
        "retired": None,
        "state": "active",
        "algorithm": "AES-256-GCM",
        "wrap_algorithm": "kms",
    }
    return {**fields, **given}


def keys(*items: Json, **given: Any) -> Observation:  # noqa: ANN401 - fields of an answer
    """Return a page of the registry."""
    return observed("postgres:DataKeys", {"data_keys": list(items)}, subject=REGISTRY, **given)


def use(key: Json, population: Json = 3, **given: Json) -> Json:
    """Return how one column uses one data key."""
    fields: dict[str, Json] = {
        "data_key": key,
        "population": population,
        "tenants": ["t-1"],
        "tenant_count": 1,
        "tenantless": 0,
        "dated": population,
        "newest": "2026-05-01T00:00:00.000Z",
    }
    return {**fields, **given}


def used(*items: Json, place: str = BODY) -> Observation:
    """Return what a column uses."""
    return observed("postgres:Usage", {"used": list(items)}, subject=place)


def value(row: str, column: str = "body", **given: Json) -> dict[str, Json]:
    """Return what the header of a value under a data key of the registry says."""
    fields: dict[str, Json] = {
        "row": row,
        "column": column,
        "length": 93,
        "format": "aes-256-gcm",
        "understood": True,
        "plain": "",
        "data_key": "a",
        "nonce_bits": 96,
        "tag_bits": 128,
        "nonce": f"nonce-{row}",
    }
    return {**fields, **given}


def a_message(row: str, column: str = "clip", **given: Json) -> dict[str, Json]:
    """Return what the header of a message of the AWS Encryption SDK says."""
    fields: dict[str, Json] = {
        "row": row,
        "column": column,
        "length": 558,
        "format": "aws-encryption-sdk",
        "understood": True,
        "plain": "",
        "wrapping": [KEK],
        "suite": "AES_256_GCM_HKDF_SHA512_COMMIT_KEY",
        "commits": True,
        "nonce_bits": 96,
        "tag_bits": 128,
        "binds_tenant": True,
        "binds_record": True,
    }
    return {**fields, **given}


def plain(row: str, column: str = "body", **given: Json) -> dict[str, Json]:
    """Return what is said of a value that is plaintext."""
    nothing: dict[str, Json] = {"nonce_bits": None, "tag_bits": None, "nonce": None}
    return value(row, column, format="none", understood=False, plain="JSON", **nothing, **given)


def sampled(*values: Json, **given: Any) -> Observation:  # noqa: ANN401 - fields of an answer
    """Return a sample of the table."""
    return observed("postgres:Samples", {"values": list(values), "hashes": HASHES}, subject=STORE, **given)


def layout(**given: Json) -> Observation:
    """Return the layout: a table with a value under a data key, and one that describes itself."""
    body: Json = {
        "value": "body",
        "format": "aes-256-gcm",
        "binds_tenant": True,
        "binds_record": False,
    }
    clip: Json = {"value": "clip", "format": "aws-encryption-sdk", "binds_tenant": None, "binds_record": None}
    fields: dict[str, Json] = {
        "registry": "vault.data_keys",
        "registry_tells": {"activated": True, "retired": True, "state": True},
        "tables": [{"table": "voice.notes", "dated": True, "values": [body, clip]}],
    }
    return observed("postgres:Layout", {**fields, **given})


def columns_there(*missing: str, subject: str = STORE) -> Observation:
    """Return what the catalogue says of a table."""
    return observed("postgres:Columns", {"kind": "r", "columns": [], "missing": list(missing)}, subject=subject)


def unit(*records: Record) -> Records:
    """Return an index over records."""
    return Records(records)
