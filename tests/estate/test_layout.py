"""Layout files: what is understood, and what is wrong with its place."""

from __future__ import annotations

import pytest

from scanner.errors import ConfigError
from scanner.estate.layout import parse_layout
from scanner.model.layout import EnvelopeFormat, TableName

KEYS = "keys: {table: vault.data_keys, id: id, tenant: tenant_id, wrapped: wrapped, key: kek, created: created_at}\n"
BODY = "{name: body, format: aes-256-gcm, ciphertext: body_ct, nonce: body_iv, key: dek, aad: '{tenant_id}|{id}'}"
WHOLE = f"""\
envelope: 1
keys:
  table: vault.data_keys
  id: id
  tenant: tenant_id
  wrapped: wrapped
  key: kek
  created: created_at
  activated: activated_at
  retired: retired_at
  state: state
  algorithm: algorithm
  wrap_algorithm: wrapped_by
  fingerprint: key_sha256
  context: {{tenant: "{{tenant_id}}", purpose: data-key, text: "{{{{dek}}}} of {{tenant_id}}"}}
tables:
  - table: Voice.call notes
    id: id
    tenant: tenant_id
    updated: updated_at
    columns:
      - {BODY}
      - {{name: audio, format: aws-encryption-sdk}}
canary_tenants: [canary-a, canary-b]
"""


def test_a_whole_layout() -> None:
    layout = parse_layout(WHOLE.encode(), "layout.yaml")
    keys = layout.keys
    assert (keys.table, keys.activated, keys.retired) == (TableName("vault", "data_keys"), "activated_at", "retired_at")
    assert (keys.state, keys.algorithm, keys.wrap_algorithm) == ("state", "algorithm", "wrapped_by")
    assert keys.fingerprint == "key_sha256"
    assert keys.context == (
        ("tenant", "{tenant_id}"),
        ("purpose", "data-key"),
        ("text", "{{dek}} of {tenant_id}"),
    )
    (table,) = layout.tables
    assert str(table.table) == "Voice.call notes"
    assert table.updated == "updated_at"
    body, audio = table.columns
    assert (body.ciphertext, body.nonce, body.key, body.aad) == ("body_ct", "body_iv", "dek", "{tenant_id}|{id}")
    assert (audio.format, audio.ciphertext, audio.key) == (EnvelopeFormat.AWS_ENCRYPTION_SDK, "audio", "")
    assert layout.canary_tenants == ("canary-a", "canary-b")


def test_a_small_layout() -> None:
    small = f"envelope: 1\n{KEYS}tables: [{{table: a.b, id: id, tenant: t, columns: [{BODY}]}}]\n"
    layout = parse_layout(small.encode(), "layout.yaml")
    assert (layout.canary_tenants, layout.keys.context, layout.keys.retired) == ((), (), "")
    assert layout.tables[0].updated == ""


def tables(column: str) -> str:
    return f"envelope: 1\n{KEYS}tables:\n  - table: a.b\n    id: id\n    tenant: t\n    columns:\n      - {column}\n"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 0, "the file is empty"),
        ("envelope: 2\n", 1, "must be 1"),
        ("envelope: true\n", 1, "must be 1"),
        (tables("{name: body, format: aes-256-gcm}"), 8, "says nothing of the data key"),
        (tables("{name: body, format: aws-encryption-sdk, key: k}"), 8, "is in a format that describes itself"),
        (tables("{name: body, format: rot13, key: k}"), 8, "format"),
        (tables("{name: body, format: aes-256-gcm, key: k, aad: '{tenant'}"), 8, "not a template"),
        (tables("{name: body, format: aes-256-gcm, key: k, aad: '{}|'}"), 8, "{} is not a column"),
        (tables("{name: body, format: aes-256-gcm, key: k, aad: '{a!r}'}"), 8, "{a} is not a column"),
        (tables("{name: body, format: aes-256-gcm, key: k, aad: '{a.__class__}'}"), 8, "is not a column"),
        (tables("{name: body, format: aes-256-gcm, key: k, aad: 'v1'}"), 8, "names no column"),
        (tables(f"{BODY}\n      - {BODY}"), 9, "a.b body is given twice"),
        (tables(BODY).replace("a.b", "ab"), 4, "must be a table with its schema"),
        (tables(BODY).replace("id: id,", "id: 'a\"b',"), 2, "must be the name of a column"),
        (tables(BODY).replace("key: kek,", ""), 2, "key"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_layout(text.encode(), "layout.yaml")
    assert message in str(caught.value)
    assert caught.value.place is not None
    assert caught.value.place.line == line
