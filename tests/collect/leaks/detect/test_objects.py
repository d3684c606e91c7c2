"""Keys in JSON objects: what is secret in them, and what is not."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from scanner.collect.leaks.detect.asymmetric import fingerprint
from scanner.collect.leaks.detect.objects import REACH, keysets, service_account, web_keys
from scanner.collect.leaks.detect.window import Found, Rejected, Window
from tests.leaks.corpus import Maker

MAKE = Maker(3)
ED = ed25519.Ed25519PrivateKey.generate()
RAW = ED.private_bytes(serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption())
D = base64.urlsafe_b64encode(RAW).decode().rstrip("=")


def judged(value: object, mark: str = "") -> list[str]:
    text = value if isinstance(value, str) else json.dumps(value)
    every = [*web_keys(Window.of((mark + text).encode())), *keysets(Window.of((mark + text).encode()))]
    return [one.kind if isinstance(one, Found) else one.why for one in every]


@pytest.mark.parametrize(
    ("value", "outcome"),
    [
        ({"kty": "oct", "k": MAKE.url64(32)}, ["jwk"]),
        ({"kty": "oct", "k": MAKE.url64(8)}, ["placeholder"]),
        (
            {
                "kty": "oct",
                "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAoEXAMPLE",
            },
            ["placeholder"],
        ),
        ({"kty": "OKP", "crv": "Ed25519", "d": D, "x": "x"}, ["jwk"]),
        ({"kty": "OKP", "crv": "X25519", "d": D}, ["jwk"]),
        ({"kty": "OKP", "crv": "unknown", "d": D}, []),
        ({"kty": "OKP", "crv": "Ed25519", "d": "QUJD"}, ["placeholder"]),
        ({"kty": "OKP", "crv": "Ed25519", "x": "x"}, []),
        ({"kty": "EC", "crv": "P-256", "d": D}, ["jwk"]),
        ({"kty": "EC", "crv": "P-256", "d": ""}, ["placeholder"]),
        ({"kty": "EC", "crv": "unknown", "d": D}, []),
        ({"kty": "RSA", "n": "AQAB", "e": "AQAB", "d": "AQAB"}, ["placeholder"]),
        ({"kty": "unknown", "d": D}, []),
        ({"kty": 7, "d": D}, []),
        ({"kty": "oct", "k": "ä"}, []),
        ({"kty": "oct", "k": "a*b"}, []),
        ({"kty": "oct", "k": 7}, []),
        ("kty without an object", []),
        ('{"kty": broken}', []),
        ('["kty"]}', []),
        ('{"kty": "oct", ' + " " * REACH + '"k": "a"}', []),
        (json.dumps(json.dumps({"kty": "oct", "k": MAKE.url64(32)})), ["jwk"]),
        (json.dumps(json.dumps(json.dumps({"kty": "oct", "k": MAKE.url64(32)}))), ["jwk"]),
        ('{"kty": "oct", "x": "\\n' + "\\" + '"}', []),
        ({"keyMaterialType": "SYMMETRIC", "value": MAKE.b64(34)}, ["tink_keyset"]),
        ({"keyMaterialType": "ASYMMETRIC_PRIVATE", "value": MAKE.b64(80)}, ["tink_keyset"]),
        ({"keyMaterialType": "SYMMETRIC", "value": "QUJD"}, []),
        ({"keyMaterialType": "REMOTE", "value": MAKE.b64(34)}, []),
        ({"keyMaterialType": "SYMMETRIC"}, []),
    ],
)
def test_what_an_object_is(value: object, outcome: list[str]) -> None:
    assert judged(value) == outcome


@pytest.mark.parametrize(
    "value", [{"kty": "oct", "k": MAKE.url64(32)}, {"keyMaterialType": "SYMMETRIC", "value": MAKE.b64(34)}]
)
def test_a_marked_object_is_marked(value: object) -> None:
    assert judged(value, "# dummy\n") == ["marked"]


def test_a_web_key_is_told_by_its_public_half() -> None:
    (one,) = web_keys(Window.of(json.dumps({"kty": "OKP", "crv": "Ed25519", "d": D}).encode()))
    assert isinstance(one, Found)
    assert one.fingerprint == fingerprint(ED)


def test_words_in_one_object_are_one_key() -> None:
    text = json.dumps({"kty": "oct", "k": MAKE.url64(32), "note": "kty kty kty"})
    assert judged(text) == ["jwk"]


def test_only_a_private_key_beside_the_words_is_of_a_service_account() -> None:
    key = Found("private_key", 0, b"secret", end=10)
    assert service_account(Window.of(b"0123456789 and no more"), key) is key
    other = Found("jwk", 0, b"secret", end=10)
    assert service_account(Window.of(b"0123456789 service_account"), other) is other
    named = service_account(Window.of(b"0123456789 service_account"), key)
    assert (named.kind, named.hint) == ("gcp_service_account_key", "")


def test_what_is_rejected_says_where() -> None:
    text = "ab " + json.dumps({"kty": "oct", "k": "QUJD"})
    assert list(web_keys(Window.of(text.encode()))) == [Rejected("placeholder", 3)]
