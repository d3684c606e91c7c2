"""The simulated login: tokens for JWTs that the service account has signed, and for nothing else."""

from __future__ import annotations

import base64
import json
import time
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from scanner.demo.gcp.tokens import GRANT, LoginError, Tokens

ADDRESS = "http://127.0.0.1:1/token"
SCOPE = "https://www.googleapis.com/auth/cloudkms"


@pytest.fixture(scope="module")
def tokens() -> Tokens:
    return Tokens("example-one", ADDRESS)


def part(body: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(body).encode()).rstrip(b"=").decode()


def form(tokens: Tokens, *, header: dict[str, str] | None = None, spoil: str = "", **claims: Any) -> bytes:  # noqa: ANN401 - claims
    """Return the form of a token request, with a JWT signed by the key of the credentials file."""
    key = serialization.load_pem_private_key(tokens.credentials()["private_key"].encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    now = time.time()
    body = {"iss": tokens.email, "aud": ADDRESS, "iat": now, "exp": now + 3600, "scope": SCOPE, **claims}
    signed = f"{part(header or {'alg': 'RS256', 'typ': 'JWT'})}.{part(body)}"
    signature = key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    told = base64.urlsafe_b64encode(signature).rstrip(b"=").decode()
    return urlencode({"grant_type": GRANT, "assertion": f"{signed}{spoil}.{told}"}).encode()


def test_a_signed_jwt_gets_a_token_for_its_scopes(tokens: Tokens) -> None:
    answer = tokens.issue(form(tokens, scope=f"{SCOPE} b"))
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)
    assert tokens.scopes(f"Bearer {answer['access_token']}") == {SCOPE, "b"}
    assert tokens.scopes("Bearer made-up") == frozenset()
    assert tokens.scopes("") == frozenset()


def test_a_token_ends(tokens: Tokens) -> None:
    token = tokens.issue(form(tokens))["access_token"]
    tokens._issued[token] = tokens._issued[token][0], time.time() - 1
    assert tokens.scopes(f"Bearer {token}") == frozenset()


@pytest.mark.parametrize(
    ("claims", "code", "words"),
    [
        ({"iss": "else@example-one.iam.gserviceaccount.com"}, "invalid_grant", "account not found"),
        ({"header": {"alg": "none"}}, "invalid_grant", "account not found"),
        ({"aud": "https://example.com"}, "invalid_grant", "aud is not the token endpoint"),
        ({"exp": 1}, "invalid_grant", "reasonable timeframe"),
        ({"iat": 1}, "invalid_grant", "reasonable timeframe"),
        ({"scope": ""}, "invalid_scope", "no scope"),
        ({"spoil": "AA"}, "invalid_grant", "Invalid JWT Signature"),
    ],
    ids=str,
)
def test_what_gets_none(tokens: Tokens, claims: dict[str, Any], code: str, words: str) -> None:
    with pytest.raises(LoginError, match=words) as caught:
        tokens.issue(form(tokens, **claims))
    assert caught.value.body() == {"error": code, "error_description": caught.value.detail}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "unsupported_grant_type"),
        (b"grant_type=password", "unsupported_grant_type"),
        (urlencode({"grant_type": GRANT}).encode(), "invalid_grant"),
        (urlencode({"grant_type": GRANT, "assertion": "a.b.c"}).encode(), "invalid_grant"),
        (urlencode({"grant_type": GRANT, "assertion": f"{part({})}.{part({})}"}).encode(), "invalid_grant"),
        (b"\xff\xfe", "unsupported_grant_type"),
    ],
)
def test_what_is_no_request(tokens: Tokens, body: bytes, code: str) -> None:
    with pytest.raises(LoginError) as caught:
        tokens.issue(body)
    assert caught.value.code == code
