"""What the beginnings of objects and their metadata say of envelopes, and that nothing else is kept."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from typing import Any

import pytest

from scanner.collect.aws.bodies import keep
from scanner.collect.aws.s3_headers import HEAD, object_head
from tests.collect.postgres.voice import KEK, PLAIN, message

KEY = "t-1/call-7.wav"
IV12, IV16 = base64.b64encode(bytes(12)).decode(), base64.b64encode(bytes(16)).decode()
WRAPPED = base64.b64encode(b"w" * 184).decode()
SEALED = b"".join(hashlib.sha512(bytes([number])).digest() for number in range(64))


def head(
    body: bytes, metadata: dict[str, str] | None = None, size: int | None = None, key: str = KEY
) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "Body": io.BytesIO(body[:4096]),
        "ContentLength": min(len(body), 4096),
        "ContentRange": f"bytes 0-{min(len(body), 4096) - 1}/{size or len(body)}",
        "Metadata": metadata or {},
    }
    return object_head(key, answer)


def test_a_message_of_the_encryption_sdk() -> None:
    found = head(message(tenant="t-1", object=KEY) + b"x" * 5000, size=9000)
    assert found == {
        "length": 9000,
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


BOUND: list[tuple[dict[str, str], bool | None, bool | None]] = [
    ({}, False, False),
    ({"aws-crypto-public-key": "x"}, False, False),
    ({"TenantId": "9"}, True, None),
    ({"call": "call-7.wav"}, None, True),
    ({"call": "call-7"}, None, True),
    ({"of": "t-1"}, None, None),
    ({"purpose": "audio"}, None, None),
]


@pytest.mark.parametrize(("context", "tenant", "record"), BOUND)
def test_what_a_context_binds(context: dict[str, str], tenant: bool | None, record: bool | None) -> None:
    found = head(message(**context))
    assert (found["binds_tenant"], found["binds_record"]) == (tenant, record)


V2 = {"x-amz-key-v2": WRAPPED, "x-amz-iv": IV12, "x-amz-cek-alg": "AES/GCM/NoPadding", "x-amz-tag-len": "128"}
V1 = {"x-amz-key": WRAPPED, "x-amz-iv": IV16, "x-amz-matdesc": "{}"}
V3 = {"x-amz-c": "115", "x-amz-3": WRAPPED, "x-amz-d": "ZA==", "x-amz-i": IV16, "x-amz-w": "12"}
KMS = json.dumps({"kms_cmk_id": KEK, "tenant": "t-1"})
CONTEXT = json.dumps({"aws:x-amz-cek-alg": "AES/GCM/NoPadding"})
CLIENT: list[tuple[dict[str, str], dict[str, Any]]] = [
    (V2, {"understood": True, "authenticated": True, "commits": False, "nonce_bits": 96, "tag_bits": 128}),
    (V2, {"suite": "ALG_AES_256_GCM_IV12_TAG16_NO_KDF", "format": "s3-encryption-client", "plain": ""}),
    (V2, {"wrapping": None, "binds_tenant": None, "binds_record": None}),
    ({**V2, "x-amz-wrap-alg": "kms", "x-amz-matdesc": KMS}, {"wrapping": [KEK], "binds_tenant": True}),
    ({**V2, "x-amz-wrap-alg": "kms+context", "x-amz-matdesc": CONTEXT}, {"wrapping": None, "binds_tenant": False}),
    ({**V2, "x-amz-wrap-alg": "AES/GCM", "x-amz-matdesc": KMS}, {"binds_tenant": None}),
    ({**V2, "x-amz-wrap-alg": "kms", "x-amz-matdesc": "{broken"}, {"wrapping": None, "binds_tenant": None}),
    ({**V2, "x-amz-wrap-alg": "kms", "x-amz-matdesc": '{"a": 1}'}, {"wrapping": None, "binds_tenant": None}),
    ({**V2, "x-amz-cek-alg": "ROT13"}, {"understood": False, "authenticated": None, "suite": None}),
    ({**V2, "x-amz-iv": "not base64!"}, {"understood": False, "nonce_bits": None, "tag_bits": None}),
    ({"X-Amz-Key-V2": WRAPPED, "X-Amz-IV": IV12}, {"understood": False, "format": "s3-encryption-client"}),
    (V1, {"understood": False, "authenticated": False, "suite": "ALG_AES_256_CBC_IV16_NO_KDF", "nonce_bits": 128}),
    (V3, {"understood": True, "commits": True, "nonce_bits": 96, "tag_bits": 128, "binds_tenant": False}),
    ({**V3, "x-amz-t": '{"tenant": "t-1"}'}, {"binds_tenant": True, "binds_record": None, "wrapping": None}),
    ({**V3, "x-amz-w": "02", "x-amz-m": '{"tenant": "t-1"}'}, {"binds_tenant": None}),
    ({**V3, "x-amz-i": ""}, {"understood": False, "nonce_bits": 0}),
]


@pytest.mark.parametrize(("metadata", "expected"), CLIENT)
def test_objects_of_the_s3_encryption_client(metadata: dict[str, str], expected: dict[str, Any]) -> None:
    found = head(SEALED, metadata)
    assert {name: found[name] for name in expected} == expected


OTHERS: list[tuple[bytes, dict[str, Any]]] = [
    (PLAIN, {"format": "none", "understood": False, "plain": "JSON"}),
    (b"RIFF\x24\x40\0\0WAVEfmt ", {"format": "none", "plain": "a RIFF header (WAV)"}),
    (SEALED, {"format": None, "understood": False, "plain": ""}),
    (("é" * 4000).encode(), {"format": "none", "length": 8000}),
    (("x" + "é" * 4000).encode(), {"format": "none", "understood": False}),
]


@pytest.mark.parametrize(("body", "expected"), OTHERS)
def test_objects_without_an_envelope(body: bytes, expected: dict[str, Any]) -> None:
    found = head(body, {"owner": "someone", "x-amz-iv": IV12})
    assert {name: found[name] for name in expected} == expected


def test_nothing_of_an_object_is_kept() -> None:
    metadata = {**V2, "x-amz-wrap-alg": "kms", "x-amz-matdesc": json.dumps({"patient": "Jane Roe"}), "note": "Jane Roe"}
    kept = [head(PLAIN), head(message(patient="Jane Roe", call=KEY)), head(PLAIN, metadata), head(PLAIN, {"n": "Jane"})]
    for one in kept:
        one.pop("nonce", None)
    text = json.dumps(kept)
    for secret in ("Jane", "patient", "buprenorphine", "call-7", WRAPPED, IV12):
        assert secret not in text


def test_without_a_range_the_length_is_that_of_the_answer() -> None:
    assert object_head(KEY, {"Body": io.BytesIO(PLAIN)})["length"] == len(PLAIN)
    assert object_head(KEY, {"Body": io.BytesIO(PLAIN), "ContentLength": 7})["length"] == 7


def test_the_transport_reads_a_beginning_only_with_its_range() -> None:
    answer = {"Body": io.BytesIO(message()), "ContentLength": 9}
    assert keep("s3:GetObject", {"Key": KEY, "Range": HEAD}, answer, {})["format"] == "aws-encryption-sdk"
