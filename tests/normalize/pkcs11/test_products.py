"""Which product a token is, and its mechanisms that are disallowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.normalize.pkcs11.products import _PRODUCTS, Product, product_of, weak

CERTIFICATES = Path(__file__).parent.parent.parent.parent / "controls" / "cmvp.yaml"


@pytest.mark.parametrize(
    ("manufacturer", "model", "expected"),
    [
        ("SoftHSM project", "SoftHSM v2", Product("softhsm", "software")),
        ("Yubico (www.yubico.com)", "YubiHSM", Product("yubihsm-2", "hardware")),
        ("Acme", "HSM-9", Product("Acme / HSM-9", None)),
        # A token that calls itself like a product in the table is not one.
        ("softhsm", "aws-kms", Product("softhsm / aws-kms", None)),
        ("", "HSM-9", None),
        ("Acme", None, None),
    ],
)
def test_a_product_is_claimed_for_words_that_were_seen_alone(
    manufacturer: str | None, model: str | None, expected: Product | None
) -> None:
    assert product_of(manufacturer, model) == expected


def test_every_product_is_in_the_table_of_certificates() -> None:
    text = CERTIFICATES.read_text(encoding="utf-8")
    assert all(f"[{product.name}]" in text or f", {product.name}]" in text for product in _PRODUCTS.values())


DISALLOWED = (
    *(
        "DES_CBC",
        "DES_KEY_GEN",
        "DES2_KEY_GEN",
        "DES3_CBC_PAD",
        "DES3_CMAC",
        "CDMF_ECB",
        "RC2_CBC",
        "RC4",
        "MD2",
        "MD5",
    ),
    *("MD5_HMAC", "MD5_RSA_PKCS", "SSL3_MD5_MAC", "PBE_MD5_DES_CBC", "PBE_SHA1_RC4_128", "PBE_SHA1_DES3_EDE_CBC"),
    *("SHA1_RSA_PKCS", "SHA1_RSA_PKCS_PSS", "SHA1_RSA_X9_31", "DSA_SHA1", "ECDSA_SHA1"),
)
ALLOWED = (
    *("AES_CBC", "AES_GCM", "AES_KEY_WRAP", "SHA_1", "SHA_1_HMAC", "SHA256", "SHA256_RSA_PKCS", "ECDSA", "EDDSA"),
    *("RSA_PKCS", "RSA_PKCS_OAEP", "RSA_PKCS_KEY_PAIR_GEN", "DSA_SHA256", "ECDH1_DERIVE", "0x80001234"),
)


def test_disallowed_mechanisms_are_named_and_no_others() -> None:
    assert weak([*ALLOWED, *DISALLOWED], []) == tuple(sorted(DISALLOWED))


def test_the_old_padding_is_disallowed_where_it_transports_keys() -> None:
    assert weak(ALLOWED, ["RSA_PKCS"]) == ("RSA_PKCS",)
