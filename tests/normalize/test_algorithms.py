"""The table of algorithms against SP 800-57 Part 1 Rev. 5, Table 2, and against botocore's model."""

from __future__ import annotations

import pytest

from scanner.normalize import algorithms
from scanner.normalize.aws import kms, material
from tests.normalize.builders import enumeration


@pytest.mark.parametrize(
    ("shape", "known"),
    [
        ("KeySpec", algorithms.AWS_KMS),
        ("KeyUsageType", algorithms.AWS_USAGE),
        ("KeyState", algorithms.AWS_STATE),
        ("OriginType", algorithms.AWS_ORIGIN),
        ("KeyManagerType", kms._MANAGER),
        ("MultiRegionKeyType", material._ROLE),
        ("ExpirationModelType", kms._EXPIRES),
        ("CustomKeyStoreType", kms._STORE_KIND),
        ("ConnectionStateType", kms._CONNECTED),
        ("XksProxyConnectivityType", kms._CONNECTIVITY),
        ("KeyMaterialState", material._STATE),
        ("ImportState", material._IMPORT),
        ("RotationType", material._ROTATION),
    ],
)
def test_every_value_that_aws_documents_is_mapped_and_no_other(shape: str, known: dict[str, object]) -> None:
    assert set(known) == enumeration(shape)


@pytest.mark.parametrize(
    ("length", "strength"),
    [(512, 0), (1024, 80), (2047, 80), (2048, 112), (3071, 112), (3072, 128), (4096, 128), (7680, 192), (15360, 256)],
)
def test_rsa_has_the_strength_of_table_2(length: int, strength: int) -> None:
    shape = algorithms.rsa(length)
    assert (shape.algorithm, shape.length_bits, shape.strength_bits) == ("RSA", length, strength)
    assert shape.approved
    assert shape.quantum_vulnerable


@pytest.mark.parametrize(
    ("order", "strength"),
    [
        (159, 0),
        (160, 80),
        (223, 80),
        (224, 112),
        (255, 112),
        (256, 128),
        (383, 128),
        (384, 192),
        (511, 192),
        (521, 256),
    ],
)
def test_an_elliptic_curve_has_the_strength_of_table_2(order: int, strength: int) -> None:
    shape = algorithms.ec("a curve", order)
    assert (shape.curve, shape.length_bits, shape.strength_bits) == ("a curve", order, strength)
    assert shape.quantum_vulnerable


@pytest.mark.parametrize(("length", "strength"), [(112, 112), (224, 224), (256, 256), (384, 256), (512, 256)])
def test_a_mac_key_has_the_strength_of_its_length_to_256(length: int, strength: int) -> None:
    assert algorithms.hmac(length) == algorithms.KeyShape("HMAC", length, strength)


@pytest.mark.parametrize(
    ("spec", "algorithm", "strength", "approved", "vulnerable"),
    [
        ("SYMMETRIC_DEFAULT", "AES", 256, True, False),
        ("RSA_2048", "RSA", 112, True, True),
        ("RSA_3072", "RSA", 128, True, True),
        ("RSA_4096", "RSA", 128, True, True),
        ("ECC_NIST_P256", "EC", 128, True, True),
        ("ECC_NIST_P384", "EC", 192, True, True),
        ("ECC_NIST_P521", "EC", 256, True, True),
        ("ECC_NIST_EDWARDS25519", "EdDSA", 128, True, True),
        ("ECC_SECG_P256K1", "EC", 128, False, True),
        ("HMAC_224", "HMAC", 224, True, False),
        ("HMAC_256", "HMAC", 256, True, False),
        ("HMAC_384", "HMAC", 256, True, False),
        ("HMAC_512", "HMAC", 256, True, False),
        ("SM2", "SM2", 0, False, True),
        ("ML_DSA_44", "ML-DSA", 128, True, False),
        ("ML_DSA_65", "ML-DSA", 192, True, False),
        ("ML_DSA_87", "ML-DSA", 256, True, False),
        ("ML_KEM_512", "ML-KEM", 128, True, False),
        ("ML_KEM_768", "ML-KEM", 192, True, False),
        ("ML_KEM_1024", "ML-KEM", 256, True, False),
    ],
)
def test_each_key_spec(spec: str, algorithm: str, strength: int, *, approved: bool, vulnerable: bool) -> None:
    shape = algorithms.AWS_KMS[spec]
    assert (shape.algorithm, shape.strength_bits) == (algorithm, strength)
    assert (shape.approved, shape.quantum_vulnerable) == (approved, vulnerable)
    assert (shape.curve == "none") is not (algorithm in {"EC", "EdDSA", "SM2"})


@pytest.mark.parametrize(
    ("algorithm", "usage", "expected"),
    [
        ("AES", "encrypt", "symmetric_key_wrapping"),
        ("RSA", "encrypt", "private_key_transport"),
        ("RSA", "sign", "private_signature"),
        ("EC", "sign", "private_signature"),
        ("EC", "agree", "private_key_agreement"),
        ("EdDSA", "sign", "private_signature"),
        ("ML-DSA", "sign", "private_signature"),
        ("HMAC", "mac", "symmetric_authentication"),
        ("ML-KEM", "encapsulate", "private_key_encapsulation"),
        ("SM2", "encrypt", "private_key_transport"),
        ("SM2", "agree", "private_key_agreement"),
        ("AES", "sign", None),  # these do not go together
        ("HMAC", "encrypt", None),
        ("ML-KEM", "agree", None),
        (None, "encrypt", None),
        ("AES", None, None),
    ],
)
def test_the_key_type_follows_from_algorithm_and_usage(
    algorithm: str | None, usage: str | None, expected: str | None
) -> None:
    assert algorithms.key_type(algorithm, usage) == expected
