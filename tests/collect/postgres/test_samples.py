"""From encrypted values to what their headers say, and nothing of what they hold."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from scanner.collect.hashes import Hashes
from scanner.collect.postgres.samples import plain_reason, read_row
from scanner.model.layout import EncryptedColumn, EncryptedTable, EnvelopeFormat, TableName
from tests.collect.postgres.voice import KEK, PLAIN, message, sealed

HASHES = Hashes(b"k" * 32)
NONCE = bytes(range(12))
SEALED = sealed("a", NONCE, "")
GCM = EncryptedColumn(name="body", format=EnvelopeFormat.AES_GCM, ciphertext="ct", nonce="iv", key="dek")
INLINE = EncryptedColumn(name="body", format=EnvelopeFormat.AES_GCM, ciphertext="ct", key="dek")
SDK = EncryptedColumn(name="body", format=EnvelopeFormat.AWS_ENCRYPTION_SDK, ciphertext="ct")


def read(column: EncryptedColumn, head: object, *, nonce: object = NONCE, key: str | None = "a", **more: Any) -> Any:  # noqa: ANN401 - an answer
    table = EncryptedTable(table=TableName("voice", "notes"), id="id", tenant="tenant_id", columns=(column,))
    length = None if head is None else len(head)  # type: ignore[arg-type]
    row = {"row": "7", "tenant": "t-1", "k0": key, "n0": nonce, "l0": length, "h0": head, **more}
    found = read_row(table, row, HASHES)
    return found[0] if found else None


def test_a_sealed_value_is_understood() -> None:
    found = read(GCM, SEALED)
    assert found == {
        "row": HASHES.of("voice.notes", "7"),
        "column": "body",
        "length": len(SEALED),
        "format": "aes-256-gcm",
        "understood": True,
        "plain": "",
        "data_key": "a",
        "nonce_bits": 96,
        "tag_bits": 128,
        "nonce": HASHES.of("nonce", "a", NONCE),
    }


def test_what_is_not_there_has_no_sample() -> None:
    assert read(GCM, None) is None


VALUES: list[tuple[EncryptedColumn, dict[str, Any], dict[str, Any]]] = [
    (INLINE, {"head": NONCE + SEALED}, {"understood": True, "nonce": HASHES.of("nonce", "a", NONCE), "nonce_bits": 96}),
    (INLINE, {"head": NONCE + SEALED[:15]}, {"understood": False, "tag_bits": None}),
    (GCM, {"head": memoryview(SEALED)}, {"understood": True}),
    (GCM, {"head": SEALED, "key": None}, {"understood": False, "data_key": None, "nonce_bits": 96}),
    (GCM, {"head": SEALED, "nonce": None}, {"understood": False, "nonce_bits": 0, "nonce": None}),
    (GCM, {"head": SEALED, "nonce": b"12345678"}, {"understood": True, "nonce_bits": 64}),
    (GCM, {"head": SEALED, "nonce": "\\x" + NONCE.hex()}, {"understood": True, "nonce_bits": 96}),
    (GCM, {"head": SEALED, "nonce": base64.b64encode(NONCE).decode()}, {"understood": True, "nonce_bits": 96}),
    (GCM, {"head": SEALED, "nonce": "not an encoding"}, {"understood": False, "nonce_bits": None}),
    (GCM, {"head": SEALED, "nonce": 7}, {"understood": False, "nonce_bits": None}),
    (GCM, {"head": PLAIN}, {"understood": False, "plain": "JSON", "format": "none", "nonce_bits": None}),
    (INLINE, {"head": "plain words of a patient"}, {"understood": False, "plain": "UTF-8 text", "format": "none"}),
    (INLINE, {"head": "aGVsbG8="}, {"plain": "UTF-8 text"}),
    (INLINE, {"head": (NONCE + SEALED).hex()}, {"understood": True, "plain": ""}),
    (INLINE, {"head": base64.b64encode(NONCE + SEALED).decode()}, {"understood": True, "plain": ""}),
    (INLINE, {"head": base64.b64encode(PLAIN).decode()}, {"understood": False, "plain": "JSON"}),
    (INLINE, {"head": "z" * 80}, {"plain": "UTF-8 text"}),
    (INLINE, {"head": "BuprenorphineAndNaloxoneForJaneRoe" * 2}, {"plain": "UTF-8 text"}),
    (INLINE, {"head": "1234567890123456789012345678"}, {"plain": "UTF-8 text"}),
    (INLINE, {"head": base64.b64encode((NONCE + SEALED) * 3).decode()[:-3]}, {"plain": "UTF-8 text"}),
    (SDK, {"head": message(tenant="t-1", call="7")}, {"binds_tenant": True, "binds_record": True, "commits": True}),
    (SDK, {"head": message(tenant="t-2")}, {"binds_tenant": False, "binds_record": False, "wrapping": [KEK]}),
    (SDK, {"head": message(), "row": None, "tenant": None}, {"binds_tenant": False, "binds_record": False}),
    (SDK, {"head": message()[:40]}, {"understood": False, "plain": "", "format": "aws-encryption-sdk"}),
    (SDK, {"head": PLAIN}, {"understood": False, "plain": "JSON", "format": "none"}),
]


@pytest.mark.parametrize(("column", "given", "expected"), VALUES)
def test_values_and_what_is_said_of_them(
    column: EncryptedColumn, given: dict[str, Any], expected: dict[str, Any]
) -> None:
    found = read(column, given.pop("head"), **given)
    assert {name: found[name] for name in expected} == expected


def test_nothing_of_a_value_is_in_what_is_said_of_it() -> None:
    said = json.dumps([read(GCM, PLAIN), read(GCM, SEALED), read(SDK, message(patient="Jane Roe")), read(SDK, PLAIN)])
    for secret in ("Jane", "buprenorphine", SEALED.hex()[:16], NONCE.hex(), base64.b64encode(SEALED).decode()[:16]):
        assert secret not in said


def test_equal_nonces_are_seen_under_one_key_alone() -> None:
    assert read(GCM, SEALED)["nonce"] == read(GCM, SEALED[:20])["nonce"]
    assert read(GCM, SEALED)["nonce"] != read(GCM, SEALED, key="b")["nonce"]


def test_the_length_of_encoded_text_is_that_of_what_it_encodes() -> None:
    text = base64.b64encode(NONCE + SEALED).decode()
    assert read(INLINE, text[:40], l0=len(text))["understood"] is True
    assert read(INLINE, base64.b64encode(NONCE + SEALED[:12]).decode())["understood"] is False
    assert read(INLINE, text[:38], l0=len(text))["understood"] is True
    assert read(INLINE, "\\x" + (NONCE + SEALED).hex()[:61], l0=200)["understood"] is True


def test_a_character_that_is_cut_off_does_not_hide_text() -> None:
    text = ("é" * 20).encode()[:-1]
    assert plain_reason(text, whole=False) == "UTF-8 text"
    assert plain_reason(SEALED, whole=False) == ""
