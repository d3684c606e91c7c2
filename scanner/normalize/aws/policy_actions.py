"""Which KMS actions there are, and which of them administer a key or use it cryptographically.

Source: Service Authorization Reference, "Actions defined by AWS Key Management Service". A test holds that every
operation of botocore's KMS model is in one of the sets. CreateGrant and RevokeGrant are in neither: AWS's own default
policy gives both to key users, held to AWS resources; grants have controls of their own.
"""

from __future__ import annotations

import functools

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
        "RevokeGrant",
    }
)
ALL = ADMINISTER | USE | OTHER


def unlisted(pattern: str) -> str:
    """Return an action that a pattern of KMS actions names and that none of ours is, in lower case, or empty text.

    AWS adds actions. What a policy already names and this table does not is allowed or denied all the same.
    """
    service, _, name = pattern.lower().partition(":")
    if not glob(service, "kms") or any(glob(name, action.lower()) for action in ALL):
        return ""
    return name.replace("*", "").replace("?", "x")


def matching(pattern: str, others: frozenset[str] = frozenset()) -> frozenset[str]:
    """Return the KMS actions that a pattern (``kms:Decr?pt*``) names, of ours and ``others``; compared without case."""
    service, colon, name = pattern.lower().partition(":")
    if not colon:
        return ALL | others if set(pattern) == {"*"} else frozenset()
    return frozenset(action for action in ALL | others if glob(service, "kms") and glob(name, action.lower()))


@functools.lru_cache(maxsize=4096)
def glob(pattern: str, text: str) -> bool:
    """Match an IAM pattern: ``*`` is any text, ``?`` one character. Takes no longer than the text times itself."""
    at = place = 0
    star = resume = -1
    while place < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, resume, at = at, place, at + 1
        elif at < len(pattern) and pattern[at] in ("?", text[place]):
            at, place = at + 1, place + 1
        elif star >= 0:
            resume += 1
            at, place = star + 1, resume
        else:
            return False
    return not pattern[at:].strip("*")
