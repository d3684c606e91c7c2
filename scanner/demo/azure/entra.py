"""Entra ID of the simulated Azure: it gives signed tokens for client secrets, and tells whose a token is."""

from __future__ import annotations

import base64
import functools
import json
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from scanner.demo.azure.wire import Answer, Json, Refused, Request
from scanner.demo.azure.world import AzureWorld
from scanner.demo.azure.world_parts import NAMESPACE

CLIENT = "11111111-c11e-4000-8000-000000000001"
"""Application id of the scan's service principal."""
STRANGER = "11111111-c11e-4000-8000-000000000002"
"""Application id of a service principal that has no rights on anything."""
SECRET = "simulated-client-secret"  # noqa: S105 - it opens nothing but the simulator
LIFETIME = 3599


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose a token is."""

    application: str
    object: str
    audience: str


@functools.cache
def _key() -> rsa.RSAPrivateKey:
    """Return the key that signs tokens: one a process, since making it takes time."""
    return rsa.generate_private_key(65537, 2048)


@dataclass(slots=True)
class Entra:
    """The identity provider of one tenant."""

    world: AzureWorld
    now: datetime
    _known: dict[str, Caller] = field(default_factory=dict)
    """Tokens whose signature was found good, to their callers."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: Request) -> tuple[str, Answer]:
        """Return the operation of a request, and the answer to it."""
        if request.path.endswith("/discovery/instance"):
            return "login:discovery", Answer(200, self._instance(request))
        if request.path.endswith("/.well-known/openid-configuration"):
            return "login:openid", Answer(200, self._configuration(request))
        if request.path.endswith("/oauth2/v2.0/token") and request.method == "POST":
            return "login:token", self._token(request)
        return "", Answer(404, {"error": "invalid_request", "error_description": "AADSTS900144: not found"})

    def _instance(self, request: Request) -> Json:
        login = list(self.world.endpoints.login)
        return {
            "tenant_discovery_endpoint": f"https://{request.host}/{self.world.tenant}/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [{"preferred_network": login[0], "preferred_cache": login[-1], "aliases": login}],
        }

    def _configuration(self, request: Request) -> Json:
        tenant = request.path.split("/")[1]
        base = f"https://{request.host}/{tenant}"
        return {
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
            "tenant_region_scope": "NA",
            "cloud_instance_name": self.world.endpoints.login[0].partition(".")[2],
        }

    def _token(self, request: Request) -> Answer:
        form = {name: values[0] for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()}
        tenant, client = request.path.split("/")[1], form.get("client_id", "")
        scope = form.get("scope", "").split(" ")[0]
        if tenant != self.world.tenant:
            return self._no("invalid_request", 90002, f"Tenant '{tenant}' not found. Check to make sure you have it.")
        if form.get("grant_type") != "client_credentials":
            return self._no("unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        if client not in {CLIENT, STRANGER}:
            return self._no("unauthorized_client", 700016, f"Application with identifier '{client}' was not found.")
        if form.get("client_secret") != SECRET:
            text = f"Invalid client secret provided. Ensure the secret being sent in the request is the client secret \
value, not the client secret ID, for a secret added to app '{client}'."
            return self._no("invalid_client", 7000215, text, status=401)
        if not scope.endswith("/.default"):
            return self._no("invalid_scope", 1002012, f"The provided value for scope {scope} is not valid.")
        token = self.issue(client, scope.removesuffix("/.default"))
        told: Json = {"token_type": "Bearer", "expires_in": LIFETIME, "ext_expires_in": LIFETIME, "access_token": token}
        return Answer(200, told, {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"})

    def _no(self, error: str, number: int, text: str, *, status: int = 400) -> Answer:
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        stamp = f"{self.now:%Y-%m-%d %H:%M:%SZ}"
        told = f"AADSTS{number}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}"
        body: Json = {
            "error": error,
            "error_description": told,
            "error_codes": [number],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://{self.world.endpoints.login[0]}/error?code={number}",
        }
        return Answer(status, body)

    def object_of(self, application: str) -> str:
        """Return the object id of an application's service principal."""
        return self.world.scanner.id if application == CLIENT else str(uuid.uuid5(NAMESPACE, application))

    def issue(self, application: str, audience: str) -> str:
        """Return a signed token of an application for what ``audience`` names."""
        seconds = int(self.now.timestamp())
        claims: Json = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{self.world.tenant}/",
            "iat": seconds,
            "nbf": seconds,
            "exp": seconds + LIFETIME,
            "aio": "simulated",
            "appid": application,
            "appidacr": "1",
            "idp": f"https://sts.windows.net/{self.world.tenant}/",
            "idtyp": "app",
            "oid": self.object_of(application),
            "sub": self.object_of(application),
            "tid": self.world.tenant,
            "uti": uuid.uuid4().hex[:22],
            "ver": "1.0",
        }
        kid = uuid.uuid5(NAMESPACE, "token-key").hex
        signed = f"{_encode({'typ': 'JWT', 'alg': 'RS256', 'kid': kid})}.{_encode(claims)}"
        signature = _key().sign(signed.encode(), padding.PKCS1v15(), SHA256())
        return f"{signed}.{_b64(signature)}"

    def caller(self, header: str, audiences: frozenset[str]) -> Caller:
        """Return whose a request is. Raises Refused, without a status of its plane's own, for one that is nobody's."""
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Refused(401, "missing", "")
        with self._lock:
            known = self._known.get(token)
        caller = known or _read(token)
        if caller is None:
            raise Refused(401, "invalid", "")
        with self._lock:
            self._known[token] = caller
        if caller.audience.rstrip("/") not in audiences:
            raise Refused(401, "audience", caller.audience)
        return caller


def _read(token: str) -> Caller | None:
    """Return whose a token is, or None when this process did not sign it."""
    signed, _, signature = token.rpartition(".")
    try:
        _key().public_key().verify(_unb64(signature), signed.encode(), padding.PKCS1v15(), SHA256())
        claims: Mapping[str, str] = json.loads(_unb64(signed.partition(".")[2]))
    except (ValueError, InvalidSignature):
        return None
    return Caller(claims["appid"], claims["oid"], claims["aud"])


def _encode(told: Json) -> str:
    return _b64(json.dumps(told, separators=(",", ":")).encode())


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
