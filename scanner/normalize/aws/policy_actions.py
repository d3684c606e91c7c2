"""Which KMS actions there are, and which of them administer a key or use it cryptographically.

Source: Service Authorization Reference, "Actions defined by AWS Key Management Service". A test holds that every
operation of botocore's KMS model is in one of the sets. CreateGrant is in neither: AWS's own default policy
gives it to key users, held to AWS resources; grants have controls of their own.
"""

from __future__ import annotations

import functools
import re

ADMINISTER = frozenset(
    {
        "CancelKeyDeletion",
        "ConnectCustomKeyStore",
        "CreateAlias",
        "CreateCustomKeyStore",
        "CreateKey",
        "DeleteAlias",
        "DeleteCustomKeyStore",
        "DeleteImportedKeyMaterial",
        "DisableKey",
        "DisableKeyRotation",
        "DisconnectCustomKeyStore",
        "EnableKey",
        "EnableKeyRotation",
        "ImportKeyMaterial",
        "PutKeyPolicy",
        "ReplicateKey",
        "RevokeGrant",
        "RotateKeyOnDemand",
        "ScheduleKeyDeletion",
        "SynchronizeMultiRegionKey",
        "TagResource",
        "UntagResource",
        "UpdateAlias",
        "UpdateCustomKeyStore",
        "UpdateKeyDescription",
        "UpdatePrimaryRegion",
    }
)
USE = frozenset(
    {
        "Decapsulate",
        "Decrypt",
        "DeriveSharedSecret",
        "Encapsulate",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
        "GenerateDataKeyWithoutPlaintext",
        "GenerateMac",
        "ReEncryptFrom",
        "ReEncryptTo",
        "Sign",
        "Verify",
        "VerifyMac",
    }
)
OTHER = frozenset(
    {
        "CreateGrant",
        "DescribeCustomKeyStores",
        "DescribeKey",
        "GenerateRandom",
        "GetKeyLastUsage",
        "GetKeyPolicy",
        "GetKeyRotationStatus",
        "GetParametersForImport",
        "GetPublicKey",
        "ListAliases",
        "ListGrants",
        "ListKeyPolicies",
        "ListKeyRotations",
        "ListKeys",
        "ListResourceTags",
        "ListRetirableGrants",
        "RetireGrant",
    }
)
ALL = ADMINISTER | USE | OTHER


def matching(pattern: str) -> frozenset[str]:
    """Return the KMS actions that an action pattern (``kms:Decr?pt*``) names, compared without case."""
    return _matching(pattern.lower())


@functools.lru_cache(maxsize=1024)
def _matching(pattern: str) -> frozenset[str]:
    if pattern == "*":
        return ALL
    service, found, name = pattern.partition(":")
    if not found or not glob(service, "kms"):
        return frozenset()
    return frozenset(action for action in ALL if glob(name, action.lower()))


@functools.lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern), re.DOTALL)


def glob(pattern: str, text: str) -> bool:
    """Match an IAM pattern: ``*`` is any text, ``?`` one character."""
    # Runs of stars are one star; a bounded pattern keeps matching from going exponential on hostile text.
    collapsed = re.sub(r"\*+", "*", pattern)
    return collapsed.count("*") <= 20 and _compiled(collapsed).fullmatch(text) is not None
