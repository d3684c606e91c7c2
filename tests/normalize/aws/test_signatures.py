"""Signatures of digests: a right one, and everything that is none."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from scanner.normalize.aws.signatures import PublicKey, read_key

KEY = rsa.generate_private_key(65537, 2048)
TEXT = "2026-06-15T12:00:00Z\nbucket/name\nabc\nnull"
FORMATS = [PublicFormat.PKCS1, PublicFormat.SubjectPublicKeyInfo]


def base64_of(form: PublicFormat = PublicFormat.PKCS1) -> str:
    return base64.b64encode(KEY.public_key().public_bytes(Encoding.DER, form)).decode()


def read(form: PublicFormat = PublicFormat.PKCS1) -> PublicKey:
    key = read_key(base64_of(form))
    assert key is not None
    return key


def signature(text: str = TEXT) -> str:
    return KEY.sign(text.encode(), padding.PKCS1v15(), SHA256()).hex()


@pytest.mark.parametrize("form", FORMATS)
def test_a_right_signature_verifies(form: PublicFormat) -> None:
    assert read(form).verifies(signature(), TEXT)


WRONG = [
    ("of another text", signature("other")),
    ("a flipped bit", f"{int(signature(), 16) ^ 1:0512x}"),
    ("cut off", signature()[:-2]),
    ("of another hash", KEY.sign(TEXT.encode(), padding.PKCS1v15(), SHA512()).hex()),
    ("of another padding", KEY.sign(TEXT.encode(), padding.PSS(padding.MGF1(SHA256()), 32), SHA256()).hex()),
    ("not hex", "zz"),
    ("empty", ""),
    ("zero", "00" * 256),
]


@pytest.mark.parametrize("wrong", [w for _, w in WRONG], ids=[name for name, _ in WRONG])
def test_a_wrong_signature_does_not(wrong: str) -> None:
    assert not read().verifies(wrong, TEXT)


CURVE = ec.generate_private_key(ec.SECP256R1()).public_key()
NONE = [
    ("nothing", None),
    ("empty", ""),
    ("not base64", "%%%"),
    ("not DER", base64.b64encode(b"hello").decode()),
    ("another kind", base64.b64encode(CURVE.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()),
]


@pytest.mark.parametrize("value", [v for _, v in NONE], ids=[name for name, _ in NONE])
def test_what_is_no_key(value: str | None) -> None:
    assert read_key(value) is None
