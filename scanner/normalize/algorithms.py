"""Vendors' names for keys, in the terms of SP 800-57 Part 1 Rev. 5."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeyShape:
    """What a key is, whoever holds it."""

    algorithm: str
    length_bits: int
    """Key length; for EC the order of the base point (SP 800-57 Part 1 Rev. 5, Table 2's ``f``)."""
    strength_bits: int
    """Security strength by Table 2; 0 where no approved strength is stated."""
    curve: str = "none"
    approved: bool = True
    quantum_vulnerable: bool = False


def rsa(length: int) -> KeyShape:
    """Return an RSA key's shape: Table 2 gives 112 bits from 2048, 128 from 3072, 192 from 7680, 256 from 15360."""
    steps = ((15360, 256), (7680, 192), (3072, 128), (2048, 112), (1024, 80))
    strength = next((bits for least, bits in steps if length >= least), 0)
    return KeyShape("RSA", length, strength, quantum_vulnerable=True)


def ec(curve: str, order: int, *, approved: bool = True) -> KeyShape:
    """Return an elliptic-curve key's shape: Table 2 gives half the order, to 256 bits at most."""
    steps = ((512, 256), (384, 192), (256, 128), (224, 112), (160, 80))
    strength = next((bits for least, bits in steps if order >= least), 0)
    return KeyShape("EC", order, strength, curve, approved=approved, quantum_vulnerable=True)


def hmac(length: int) -> KeyShape:
    """Return an HMAC key's shape: a random key of n bits has n bits of strength, to 256 at most."""
    return KeyShape("HMAC", length, min(length, 256))


AWS_KMS: Mapping[str, KeyShape] = {
    "SYMMETRIC_DEFAULT": KeyShape("AES", 256, 256),
    "RSA_2048": rsa(2048),
    "RSA_3072": rsa(3072),
    "RSA_4096": rsa(4096),
    "ECC_NIST_P256": ec("P-256", 256),
    "ECC_NIST_P384": ec("P-384", 384),
    "ECC_NIST_P521": ec("P-521", 521),
    # The field's 255 bits; SP 800-186 puts the curve at 128 bits of strength.
    "ECC_NIST_EDWARDS25519": KeyShape("EdDSA", 255, 128, "Edwards25519", quantum_vulnerable=True),
    "ECC_SECG_P256K1": ec("secp256k1", 256, approved=False),
    "HMAC_224": hmac(224),
    "HMAC_256": hmac(256),
    "HMAC_384": hmac(384),
    "HMAC_512": hmac(512),
    "SM2": KeyShape("SM2", 256, 0, "SM2", approved=False, quantum_vulnerable=True),
    # FIPS 204 and FIPS 203: length of the public key in bits, and the security strength of the claimed category
    # (1 and 2: 128 bits, 3: 192, 5: 256).
    "ML_DSA_44": KeyShape("ML-DSA", 1312 * 8, 128),
    "ML_DSA_65": KeyShape("ML-DSA", 1952 * 8, 192),
    "ML_DSA_87": KeyShape("ML-DSA", 2592 * 8, 256),
    "ML_KEM_512": KeyShape("ML-KEM", 800 * 8, 128),
    "ML_KEM_768": KeyShape("ML-KEM", 1184 * 8, 192),
    "ML_KEM_1024": KeyShape("ML-KEM", 1568 * 8, 256),
}
"""AWS KMS ``KeySpec``: https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html."""

AWS_USAGE: Mapping[str, str] = {
    "ENCRYPT_DECRYPT": "encrypt",
    "SIGN_VERIFY": "sign",
    "GENERATE_VERIFY_MAC": "mac",
    "KEY_AGREEMENT": "agree",
    "ENCAPSULATE_DECAPSULATE": "encapsulate",
}

AWS_STATE: Mapping[str, str] = {
    "Creating": "pre_activation",
    "PendingImport": "pre_activation",
    "Enabled": "active",
    "Updating": "active",
    "Disabled": "suspended",
    "Unavailable": "suspended",
    "PendingDeletion": "deactivated",
    "PendingReplicaDeletion": "deactivated",
}
"""Our mapping of AWS KMS key states to the states of SP 800-57 Part 1 Rev. 5, section 7."""

AWS_ORIGIN: Mapping[str, str] = {
    "AWS_KMS": "provider",
    "EXTERNAL": "imported",
    "AWS_CLOUDHSM": "hsm_cluster",
    "EXTERNAL_KEY_STORE": "external_store",
}


_KEY_TYPES: Mapping[tuple[str, str], str] = {
    # A key service's AES keys wrap data keys; they do not meet the data.
    ("AES", "encrypt"): "symmetric_key_wrapping",
    ("RSA", "encrypt"): "private_key_transport",
    ("SM2", "encrypt"): "private_key_transport",
    ("HMAC", "mac"): "symmetric_authentication",
    ("RSA", "sign"): "private_signature",
    ("EC", "sign"): "private_signature",
    ("EdDSA", "sign"): "private_signature",
    ("SM2", "sign"): "private_signature",
    ("ML-DSA", "sign"): "private_signature",
    ("EC", "agree"): "private_key_agreement",
    ("SM2", "agree"): "private_key_agreement",
    ("ML-KEM", "encapsulate"): "private_key_encapsulation",
}


def key_type(algorithm: str | None, usage: str | None) -> str | None:
    """Return the SP 800-57 key type (section 5.1.1), or None when it is not known or the two do not go together."""
    return _KEY_TYPES.get((algorithm or "", usage or ""))
