"""The real AWS Encryption SDK, with a raw AES key in place of a key service."""

from __future__ import annotations

from collections.abc import Mapping

import aws_encryption_sdk
from aws_encryption_sdk.identifiers import AlgorithmSuite, CommitmentPolicy, EncryptionKeyType, WrappingAlgorithm
from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
from aws_encryption_sdk.key_providers.raw import RawMasterKeyProvider
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from scanner.envelope.message import Header, serialize_context
from scanner.envelope.stream import Wrapping

PROVIDER, NAME = "keyaudit-test", b"k1"
KEK = bytes(range(32))
_INFO = NAME + (128).to_bytes(4, "big") + (12).to_bytes(4, "big")
_NONCE = b"nonce-of-12b"


class _Raw(RawMasterKeyProvider):  # type: ignore[misc]
    provider_id = PROVIDER

    def _get_raw_key(self, key_id: bytes) -> WrappingKey:
        return WrappingKey(
            wrapping_algorithm=WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING,
            wrapping_key=KEK,
            wrapping_key_type=EncryptionKeyType.SYMMETRIC,
        )


def _provider() -> _Raw:
    provider = _Raw()
    provider.add_master_key(NAME)
    return provider


def suites() -> list[int]:
    return [one.algorithm_id for one in AlgorithmSuite]


def sdk_encrypt(plaintext: bytes, suite: int, frame: int, context: Mapping[str, str]) -> bytes:
    algorithm = AlgorithmSuite.get_by_id(suite)
    policy = (
        CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT
        if algorithm.is_committing()
        else CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT
    )
    message, _ = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=policy).encrypt(
        source=plaintext,
        key_provider=_provider(),
        algorithm=algorithm,
        frame_length=frame,
        encryption_context=dict(context),
    )
    return bytes(message)


def sdk_decrypt(message: bytes) -> bytes:
    plaintext, _ = aws_encryption_sdk.EncryptionSDKClient().decrypt(source=message, key_provider=_provider())
    return bytes(plaintext)


def wrapping(key: bytes, context: Mapping[str, str]) -> Wrapping:
    wrapped = AESGCM(KEK).encrypt(_NONCE, key, serialize_context(dict(context)))
    return Wrapping(PROVIDER, _INFO + _NONCE, wrapped)


def unwrap(header: Header) -> bytes:
    at = header.body.index(_INFO) + len(_INFO)
    nonce, context = header.body[at : at + 12], serialize_context(dict(header.context))
    return AESGCM(KEK).decrypt(nonce, header.keys[0].wrapped, context)
