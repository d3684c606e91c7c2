"""Cloud KMS' names for keys, in the terms of SP 800-57 Part 1 Rev. 5.

Sources: the enumerations of ``google.cloud.kms.v1`` (CryptoKeyVersionAlgorithm, CryptoKeyPurpose, states) and
docs.cloud.google.com/kms/docs/algorithms: GOOGLE_SYMMETRIC_ENCRYPTION is AES-256 in Galois Counter Mode.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from scanner.normalize.algorithms import KeyShape, ec, hmac, key_type, rsa

_AES = re.compile(r"AES_(128|192|256)_(?:GCM|CBC|CTR|KWP)")
_RSA = re.compile(r"RSA_(?:SIGN_(?:PSS|PKCS1|RAW_PKCS1)|DECRYPT_OAEP)_([0-9]{4})(?:_SHA[0-9]+)?")

SHAPES: Mapping[str, KeyShape] = {
    "GOOGLE_SYMMETRIC_ENCRYPTION": KeyShape("AES", 256, 256),
    "EC_SIGN_P256_SHA256": ec("P-256", 256),
    "EC_SIGN_P384_SHA384": ec("P-384", 384),
    "EC_SIGN_SECP256K1_SHA256": ec("secp256k1", 256, approved=False),
    # The field's 255 bits; SP 800-186 puts the curve at 128 bits of strength.
    "EC_SIGN_ED25519": KeyShape("EdDSA", 255, 128, "Edwards25519", quantum_vulnerable=True),
    # The length of an HMAC key is that of its hash (docs.cloud.google.com/kms/docs/algorithms).
    "HMAC_SHA1": hmac(160),
    "HMAC_SHA224": hmac(224),
    "HMAC_SHA256": hmac(256),
    "HMAC_SHA384": hmac(384),
    "HMAC_SHA512": hmac(512),
    # FIPS 204 and FIPS 203: length of the public key in bits, and the strength of the claimed category.
    "PQ_SIGN_ML_DSA_44": KeyShape("ML-DSA", 1312 * 8, 128),
    "PQ_SIGN_ML_DSA_65": KeyShape("ML-DSA", 1952 * 8, 192),
    "PQ_SIGN_ML_DSA_87": KeyShape("ML-DSA", 2592 * 8, 256),
    "ML_KEM_768": KeyShape("ML-KEM", 1184 * 8, 192),
    "ML_KEM_1024": KeyShape("ML-KEM", 1568 * 8, 256),
}
"""What is not here (X-Wing, SLH-DSA, EXTERNAL_SYMMETRIC_ENCRYPTION) has no shape that we know."""

USAGES: Mapping[str, str] = {
    "ENCRYPT_DECRYPT": "encrypt",
    "RAW_ENCRYPT_DECRYPT": "encrypt",
    "ASYMMETRIC_DECRYPT": "encrypt",
    "ASYMMETRIC_SIGN": "sign",
    "MAC": "mac",
    "KEY_ENCAPSULATION": "encapsulate",
    "AES_WRAPPING": "encrypt",
}
"""CryptoKeyPurpose. What only wraps is ``encrypt``."""

STATES: Mapping[str, str] = {
    "PENDING_GENERATION": "pre_activation",
    "PENDING_IMPORT": "pre_activation",
    "GENERATION_FAILED": "pre_activation",
    "IMPORT_FAILED": "pre_activation",
    "ENABLED": "active",
    "DISABLED": "suspended",
    "DESTROY_SCHEDULED": "deactivated",
    "DESTROYED": "destroyed",
    "PENDING_EXTERNAL_DESTRUCTION": "destroyed",
    "EXTERNAL_DESTRUCTION_FAILED": "destroyed",
}
"""Our mapping of the states of versions to those of SP 800-57 Part 1 Rev. 5, section 7."""


def shape_of(algorithm: str | None) -> KeyShape | None:
    """Return what a CryptoKeyVersionAlgorithm is, or None when we do not know it."""
    name = (algorithm or "").removesuffix("_EXTERNAL_MU")
    if found := _AES.fullmatch(name):
        return KeyShape("AES", int(found[1]), int(found[1]))
    if found := _RSA.fullmatch(name):
        return rsa(int(found[1]))
    return SHAPES.get(name)


def type_of(purpose: str | None, shape: KeyShape | None) -> str | None:
    """Return the SP 800-57 key type of a key by its purpose and what it is."""
    if purpose == "ENCRYPT_DECRYPT":
        return "symmetric_key_wrapping"  # whatever an external manager uses, Cloud KMS calls it symmetric encryption
    if purpose == "RAW_ENCRYPT_DECRYPT":
        return "symmetric_data_encryption"  # its ciphertext is made to be read outside Cloud KMS: the data's own
    return key_type(shape.algorithm if shape else None, USAGES.get(purpose or ""))
