"""The simulated login of Google: a service account's key, and access tokens for JWTs that it has signed (RFC 7523)."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import time
from functools import cache
from typing import Any
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

Json = dict[str, Any]
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCE = "https://oauth2.googleapis.com/token"
"""What Google's library makes its JWTs out to, wherever it sends them."""
SECONDS = 3600
KEY_ID = "5a17c0de5a17c0de5a17c0de5a17c0de5a17c0de"


@cache
def _account_key() -> rsa.RSAPrivateKey:
    """Return the account's key: one for the process, which opens nothing but simulators in it."""
    return rsa.generate_private_key(65537, 2048)


class LoginError(Exception):
    """The token endpoint refuses. ``code`` is OAuth's word."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail

    def body(self) -> Json:
        """Return the error as RFC 6749 writes it."""
        return {"error": self.code, "error_description": self.detail}


class Tokens:
    """Issues tokens, and knows which it has issued."""

    def __init__(self, project: str, address: str) -> None:
        self.email = f"keyaudit@{project}.iam.gserviceaccount.com"
        self.address = address
        """URL of the token endpoint."""
        self._project = project
        self._issued: dict[str, tuple[frozenset[str], float]] = {}

    def credentials(self) -> Json:
        """Return the key file of the service account, as Google gives it out."""
        pem = _account_key().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {
            "type": "service_account",
            "project_id": self._project,
            "private_key_id": KEY_ID,
            "private_key": pem.decode(),
            "client_email": self.email,
            "client_id": "100000000000000000001",
            "token_uri": self.address,
        }

    def issue(self, form: bytes) -> Json:
        """Return an access token for a signed JWT. Raises LoginError."""
        asked = {name: values[0] for name, values in parse_qs(form.decode("ascii", "replace")).items()}
        if asked.get("grant_type") != GRANT:
            raise LoginError("unsupported_grant_type", f"Invalid grant_type: {asked.get('grant_type', '')}")
        claims = self._verified(asked.get("assertion", ""))
        scopes = frozenset(str(claims.get("scope", "")).split())
        if not scopes:
            raise LoginError("invalid_scope", "no scope was asked for")
        token = f"ya29.simulated-{secrets.token_urlsafe(24)}"
        self._issued[token] = scopes, time.time() + SECONDS
        return {"access_token": token, "expires_in": SECONDS, "token_type": "Bearer"}

    def scopes(self, authorization: str) -> frozenset[str]:
        """Return the scopes of a bearer token: none for one that was not issued here, or is too old."""
        scopes, until = self._issued.get(authorization.removeprefix("Bearer "), (frozenset(), 0.0))
        return scopes if time.time() < until else frozenset()

    def _verified(self, assertion: str) -> Json:
        parts = assertion.split(".")
        try:
            header, claims = (json.loads(_decoded(part)) for part in parts[:2])
            _account_key().public_key().verify(
                _decoded(parts[2]), ".".join(parts[:2]).encode(), padding.PKCS1v15(), hashes.SHA256()
            )
        except (ValueError, IndexError, binascii.Error, InvalidSignature):
            raise LoginError("invalid_grant", "Invalid JWT Signature.") from None
        now = time.time()
        if header.get("alg") != "RS256" or claims.get("iss") != self.email:
            raise LoginError("invalid_grant", "Invalid grant: account not found")
        if claims.get("aud") not in {self.address, AUDIENCE}:
            raise LoginError("invalid_grant", "Invalid JWT: aud is not the token endpoint")
        if not now - SECONDS < claims.get("iat", 0) <= now + 60 or not now < claims.get("exp", 0) <= now + 2 * SECONDS:
            raise LoginError("invalid_grant", "Invalid JWT: iat and exp must be a reasonable timeframe")
        return dict(claims)


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
