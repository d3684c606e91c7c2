"""Cloud KMS' names for keys: every one of the installed library's enumerations is known, or left out on purpose."""

from __future__ import annotations

import pytest
from google.cloud.kms_v1.types import resources

from scanner.normalize.gcp.algorithms import STATES, USAGES, shape_of, type_of
from scanner.normalize.gcp.kms import LEVELS

LEFT_OUT = {
    "EXTERNAL_SYMMETRIC_ENCRYPTION",  # whatever the external manager uses
    "KEM_XWING",
    "PQ_SIGN_SLH_DSA_SHA2_128S",
    "PQ_SIGN_HASH_SLH_DSA_SHA2_128S_SHA256",
}


def names(enumeration: type) -> set[str]:
    return {one.name for one in enumeration if not one.name.endswith("_UNSPECIFIED")}  # type: ignore[attr-defined]


def test_every_algorithm_is_known_or_left_out() -> None:
    known = {name for name in names(resources.CryptoKeyVersion.CryptoKeyVersionAlgorithm) if shape_of(name)}
    assert names(resources.CryptoKeyVersion.CryptoKeyVersionAlgorithm) - known == LEFT_OUT


def test_every_state_purpose_and_level_is_known() -> None:
    assert names(resources.CryptoKeyVersion.CryptoKeyVersionState) == set(STATES)
    assert names(resources.CryptoKey.CryptoKeyPurpose) == set(USAGES)
    assert names(resources.ProtectionLevel) == LEVELS


@pytest.mark.parametrize(
    ("name", "algorithm", "length", "strength", "approved"),
    [
        ("GOOGLE_SYMMETRIC_ENCRYPTION", "AES", 256, 256, True),
        ("AES_128_CBC", "AES", 128, 128, True),
        ("AES_256_KWP", "AES", 256, 256, True),
        ("RSA_SIGN_PSS_3072_SHA256", "RSA", 3072, 128, True),
        ("RSA_SIGN_RAW_PKCS1_2048", "RSA", 2048, 112, True),
        ("RSA_DECRYPT_OAEP_4096_SHA1", "RSA", 4096, 128, True),
        ("EC_SIGN_P384_SHA384", "EC", 384, 192, True),
        ("EC_SIGN_SECP256K1_SHA256", "EC", 256, 128, False),
        ("EC_SIGN_ED25519", "EdDSA", 255, 128, True),
        ("HMAC_SHA512", "HMAC", 512, 256, True),
        ("PQ_SIGN_ML_DSA_65_EXTERNAL_MU", "ML-DSA", 15616, 192, True),
        ("ML_KEM_768", "ML-KEM", 9472, 192, True),
    ],
)
def test_what_a_name_stands_for(name: str, algorithm: str, length: int, strength: int, approved: bool) -> None:
    shape = shape_of(name)
    assert shape is not None
    told = (shape.algorithm, shape.length_bits, shape.strength_bits, shape.approved)
    assert told == (algorithm, length, strength, approved)


@pytest.mark.parametrize("name", [None, "", "AES_512_GCM", "RSA_SIGN_PSS_20480_SHA256", "surprise"])
def test_what_nobody_knows_is_not_guessed(name: str | None) -> None:
    assert shape_of(name) is None


@pytest.mark.parametrize(
    ("purpose", "algorithm", "kind"),
    [
        ("ENCRYPT_DECRYPT", "GOOGLE_SYMMETRIC_ENCRYPTION", "symmetric_key_wrapping"),
        ("ENCRYPT_DECRYPT", "EXTERNAL_SYMMETRIC_ENCRYPTION", "symmetric_key_wrapping"),
        ("RAW_ENCRYPT_DECRYPT", "AES_256_GCM", "symmetric_data_encryption"),
        ("ASYMMETRIC_SIGN", "EC_SIGN_P256_SHA256", "private_signature"),
        ("ASYMMETRIC_DECRYPT", "RSA_DECRYPT_OAEP_2048_SHA256", "private_key_transport"),
        ("MAC", "HMAC_SHA256", "symmetric_authentication"),
        ("KEY_ENCAPSULATION", "ML_KEM_768", "private_key_encapsulation"),
        ("AES_WRAPPING", "AES_256_KWP", "symmetric_key_wrapping"),
        ("ASYMMETRIC_SIGN", "surprise", None),
        ("surprise", "AES_256_GCM", None),
        (None, "AES_256_GCM", None),
    ],
)
def test_the_type_of_a_key(purpose: str | None, algorithm: str, kind: str | None) -> None:
    assert type_of(purpose, shape_of(algorithm)) == kind
