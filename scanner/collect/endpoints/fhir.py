"""What is kept of the documents of a SMART on FHIR server: how clients log in, and nothing of what it holds."""

from __future__ import annotations

from collections.abc import Mapping

from scanner.model.ids import Json

_TEXTS = (
    *("issuer", "authorization_endpoint", "token_endpoint", "introspection_endpoint", "revocation_endpoint"),
    "jwks_uri",
)
_LISTS = (
    *("token_endpoint_auth_methods_supported", "token_endpoint_auth_signing_alg_values_supported"),
    *("grant_types_supported", "code_challenge_methods_supported", "capabilities"),
)


def smart(body: Mapping[str, Json]) -> dict[str, Json]:
    """Return what is kept of `.well-known/smart-configuration` (SMART App Launch 2.2, Conformance)."""
    return {name: body[name] for name in (*_TEXTS, *_LISTS) if name in body}


def capabilities(body: Mapping[str, Json]) -> dict[str, Json]:
    """Return what is kept of a CapabilityStatement (FHIR R4): its version, and `rest.security` of the server."""
    rest = body.get("rest")
    found: dict[str, Json] = {name: body[name] for name in ("resourceType", "fhirVersion", "date") if name in body}
    if isinstance(rest, list):
        servers = [one for one in rest if isinstance(one, dict) and one.get("mode") == "server"]
        found["rest"] = [{"mode": "server", "security": _security(one.get("security"))} for one in servers]
    return found


def _security(security: Json) -> Json:
    if not isinstance(security, dict):
        return None
    service = security.get("service")
    codes: list[Json] = []
    for one in service if isinstance(service, list) else []:
        coding = one.get("coding") if isinstance(one, dict) else None
        codes += [
            entry.get("code") for entry in (coding if isinstance(coding, list) else []) if isinstance(entry, dict)
        ]
    return {"cors": security.get("cors"), "services": codes if service is None or isinstance(service, list) else None}
