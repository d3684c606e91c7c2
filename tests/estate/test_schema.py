"""The JSON Schema of the estate file says what the loader says, as far as JSON Schema can."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from scanner.errors import ConfigError
from scanner.estate.load import parse_estate
from scanner.estate.schema import estate_schema
from scanner.yamlfile import parse
from tests.estate.faulty import ARN, FAULTY, GOOD, HEAD, SECRETS, SHAPE, URLS, Faulty, policy, proving, source

VALID = [
    GOOD,
    source(),
    source("profile: audit"),
    source("regions: []"),
    source("regions: [all]"),
    source("regions: [us-east-1, us-gov-west-1, cn-north-1, us-iso-east-1]"),
    source(f"role_arn: {ARN}", "external_id: {env: EXTERNAL_ID}"),
    source(f"role_arn: {ARN.replace('aws', 'aws-us-gov')}", "external_id: {file: /run/secret}"),
    source(f"role_chain: [{ARN}, {ARN}]", "external_id: {keyring: audit}"),
    source("organization: true"),
    source("organization: false"),
    source("organization: {}"),
    source("organization: {role: audit, accounts: ['111122223333']}"),
    source("endpoint_url: http://127.0.0.1:5000"),
    source("endpoint_url: http://[::1]:5000/"),
    source("endpoint_url: https://kms.example.com/prefix"),
    source("endpoint_url: http://kms.example.com", "insecure: true"),
    source("concurrency: 1", "time_limit: 86400", "insecure: false"),
    source("sample: {objects: 0}"),
    source("sample: {objects: 20, buckets: ['voice-*']}"),
    proving("hierarchy: [{child: 'arn:aws:kms:*', parent: 'pkcs11:token=root;object=root'}]"),
    proving("selftest: {aws: [{source: main, key: alias/a, second_key: alias/b, canary: true, audit_wait: 0}]}"),
    proving("selftest: {pkcs11: [{source: root, key: root-2026, canary: true}]}"),
    proving(
        "selftest: {aws: [{source: main, key: a}], "
        "postgres: [{source: voice, keys: main, dsn: {env: SCRATCH}, schema: scratch, canary: true}]}"
    ),
    policy("kek_max_days: 365"),
    policy("kek_max_days: 365.5"),
    policy("owner_tag: team"),
    policy("approved_accounts: []"),
    policy("approved_accounts: ['111122223333']"),
    f"{HEAD}policy: {{}}\nsources: {{aws: [{{name: a}}, {{name: b}}]}}\n",
]


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema: Any = estate_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("text", VALID)
def test_what_the_loader_takes_the_schema_takes(text: str, validator: jsonschema.Draft202012Validator) -> None:
    assert parse_estate(text.encode(), "estate.yaml").estate.source_names
    validator.validate(parse(text.encode(), "estate.yaml").data)


def readable(case: Faulty) -> bool:
    try:
        parse(case.raw, "estate.yaml")
    except ConfigError:
        return False
    return True


READABLE = [case for case in FAULTY if case.schema and readable(case)]


@pytest.mark.parametrize("case", READABLE, ids=[case.name for case in READABLE])
def test_what_the_loader_refuses_the_schema_refuses(case: Faulty, validator: jsonschema.Draft202012Validator) -> None:
    assert not validator.is_valid(parse(case.raw, "estate.yaml").data)


def test_what_json_schema_cannot_say_is_little(validator: jsonschema.Draft202012Validator) -> None:
    # Besides: whether a secret is in plain text, which thresholds there are, and whether what is named is there.
    seen = [case for case in (*SHAPE, *SECRETS, *URLS) if validator.is_valid(parse(case.raw, "estate.yaml").data)]
    assert {case.name for case in seen} == {
        "two sources with one name",
        "two tokens with one label",
        "a self-test given twice",
        "a self-test of no source",
        "a self-test of an unknown token",
        "a self-test of a database without its keys",
        "a URL with a bad port",
        "a URL with port 0",
        "a URL with a bad address",
        "a URL with a backslash",
        "a URL with letters of elsewhere",
        "the metadata service",
    }


def test_every_key_is_explained_and_has_no_null() -> None:
    schema: Any = estate_schema()
    parts = [schema, *schema["$defs"].values()]
    assert [name for part in parts for name, value in part["properties"].items() if not value.get("description")] == []
    assert "null" not in str(schema)
    assert "None" not in str(schema)
