"""What a simulated FHIR server answers: SMART configuration, CapabilityStatement, and key sets of its clients."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from scanner.demo.ehr.authority import Authority
from scanner.demo.ehr.clients import pair
from scanner.demo.ehr.world import ClientKey, Server

Body = dict[str, Any]
_SIZES = {"P-256": 32, "P-384": 48, "P-521": 66}


def document(server: Server, path: str, url: str, authority: Authority) -> tuple[str, Body | None]:
    """Return the operation that a path is, and its answer: None where the server has none."""
    if path == "/fhir/.well-known/smart-configuration":
        return "endpoints:SmartConfiguration", _smart(server, url)
    if path == "/fhir/metadata":
        return "endpoints:CapabilityStatement", _statement(server)
    for client in server.clients:
        if path == f"/clients/{client.name}/jwks.json":
            return "endpoints:Jwks", {"keys": [_jwk(one, authority) for one in client.keys]}
    return "", None


def _smart(server: Server, url: str) -> Body | None:
    if server.smart is None:
        return None
    told = server.smart
    tokens = url.replace("https://", "http://") if told.plain_token_endpoint else url
    return {
        "issuer": f"{url}/fhir",
        "jwks_uri": f"{url}/jwks.json",
        "authorization_endpoint": f"{url}/auth/authorize",
        "token_endpoint": f"{tokens}/auth/token",
        "revocation_endpoint": f"{url}/auth/revoke",
        "token_endpoint_auth_methods_supported": told.login,
        "token_endpoint_auth_signing_alg_values_supported": told.algorithms,
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "scopes_supported": ["openid", "fhirUser", "launch", "system/Patient.rs"],
        "code_challenge_methods_supported": told.challenges,
        "capabilities": told.capabilities,
    }


def _statement(server: Server) -> Body:
    rest: Body = {"mode": "server", "resource": [{"type": "Patient"}]}
    if server.services is not None:
        system = "http://terminology.hl7.org/CodeSystem/restful-security-service"
        service = [{"coding": [{"system": system, "code": code}]} for code in server.services]
        rest["security"] = {"cors": True, "service": service}
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-01-01",
        "kind": "instance",
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [rest],
    }


def _jwk(key: ClientKey, authority: Authority) -> Body:
    found: Body = {"use": key.use}
    if key.kid:
        found["kid"] = key.kid
    if key.alg:
        found["alg"] = key.alg
    if key.kind == "RSA":
        # The highest bit is set, so that the length is what it should be.
        number = b"\x80" + _filler(f"{key.kid} n", (key.bits + 7) // 8 - 1)
        found |= {"kty": "RSA", "e": "AQAB", "n": _text(number)}
    elif key.kind == "oct":
        found |= {"kty": "oct", "k": _text(_filler(f"{key.kid} k", key.bits // 8))}
    else:
        point, size = pair(key.kid, key.kind).public_key().public_numbers(), _SIZES[key.kind]
        found |= {"kty": "EC", "crv": key.kind, "x": _number(point.x, size), "y": _number(point.y, size)}
    if key.private:
        found["d"] = _text(_filler(f"{key.kid} d", 32))
    if key.age_days is not None:
        found["x5c"] = [base64.b64encode(authority.beside(key.age_days)).decode()]
    return found


def _number(value: int, size: int) -> str:
    return _text(value.to_bytes(size, "big"))


def _filler(seed: str, size: int) -> bytes:
    return hashlib.shake_256(seed.encode()).digest(size)


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
