"""The data planes of the simulated Key Vault and Managed HSM."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from scanner.demo.azure import material
from scanner.demo.azure.material import Sealed, UnsuitableError, decoded, encode
from scanner.demo.azure.paging import page
from scanner.demo.azure.roles import LOCAL, BuiltIn
from scanner.demo.azure.safe import Kept, Safe, Version
from scanner.demo.azure.wire import Json, Refused, Request, Route, route
from scanner.demo.azure.world_parts import NAMESPACE, ManagedHsm

VERSIONS = frozenset({"2025-07-01", "7.6", "7.5", "7.4", "7.3", "7.2", "7.1", "7.0", "2016-10-01"})
PAGE = 25
"""What the service gives at most."""
Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Plane:
    """The data plane of one vault or managed HSM."""

    safe: Safe
    size: int
    """Items on a page."""


def _keys(plane: Plane, request: Request, _: Names) -> Json:
    safe = plane.safe
    items = [
        {"kid": safe.kid(kept), "attributes": safe.attributes(kept, kept.newest), "tags": dict(kept.key.tags)}
        | ({"managed": True} if kept.key.cert else {})
        for kept in safe.keys.values()
        if kept.deleted is None
    ]
    return page(request, items, plane.size)


def _versions(plane: Plane, request: Request, names: Names) -> Json:
    safe = plane.safe
    kept = safe.find(names["key"])
    items = [
        {"kid": safe.kid(kept, one), "attributes": safe.attributes(kept, one), "tags": dict(kept.key.tags)}
        for one in kept.versions
    ]
    return page(request, items, plane.size)


def _deleted(plane: Plane, request: Request, _: Names) -> Json:
    safe = plane.safe
    items = [
        safe.deletion(kept, kept.deleted)
        | {"kid": safe.kid(kept), "attributes": safe.attributes(kept, kept.newest), "tags": dict(kept.key.tags)}
        for kept in safe.keys.values()
        if kept.deleted is not None
    ]
    return page(request, items, plane.size)


def _deleted_key(plane: Plane, _: Request, names: Names) -> Json:
    kept = plane.safe.find(names["key"], deleted=True)
    return plane.safe.bundle(kept, kept.newest) | plane.safe.deletion(kept, kept.deleted or plane.safe.now)


def _key(plane: Plane, _: Request, names: Names) -> Json:
    kept = plane.safe.find(names["key"])
    return plane.safe.bundle(kept, plane.safe.version(kept, names.get("version", "")))


def _policy(plane: Plane, _: Request, names: Names) -> Json:
    return plane.safe.policy(plane.safe.find(names["key"]))


def _attestation(plane: Plane, _: Request, names: Names) -> Json:
    kept = plane.safe.find(names["key"])
    offered = isinstance(plane.safe.container, ManagedHsm) if kept.key.attested is None else kept.key.attested
    if not offered:
        raise Refused(400, "BadParameter", "Key attestation is not supported for this key.")
    told = plane.safe.bundle(kept, plane.safe.version(kept, names.get("version", "")))
    blob = encode(f"simulated attestation of {told['key']['kid']}".encode())
    told["attributes"]["attestation"] = {
        "certificatePemFile": encode(b"-----BEGIN CERTIFICATE-----\nsimulated\n-----END CERTIFICATE-----\n"),
        "privateKeyAttestation": blob,
        "publicKeyAttestation": blob,
        "version": "MRVL-1",
    }
    return told


def _rotate(plane: Plane, _: Request, names: Names) -> Json:
    kept = plane.safe.find(names["key"])
    if not kept.newest.enabled:
        raise _disabled("rotate")
    return plane.safe.bundle(kept, plane.safe.rotate(kept))


def _update(plane: Plane, request: Request, names: Names) -> Json:
    safe = plane.safe
    kept = safe.find(names["key"])
    version = safe.version(kept, names.get("version", ""))
    asked = request.json().get("attributes")
    told = asked if isinstance(asked, dict) else {}
    changed = replace(version, updated=safe.now)
    if isinstance(told.get("enabled"), bool):
        changed = replace(changed, enabled=told["enabled"])
    if isinstance(told.get("exp"), int):
        changed = replace(changed, expires=datetime.fromtimestamp(told["exp"], UTC))
    safe.change(kept, version, changed)
    return safe.bundle(kept, changed)


def _delete(plane: Plane, _: Request, names: Names) -> Json:
    kept = plane.safe.find(names["key"])
    kept.deleted = plane.safe.now
    return plane.safe.bundle(kept, kept.newest) | plane.safe.deletion(kept, kept.deleted)


def _recover(plane: Plane, _: Request, names: Names) -> Json:
    kept = plane.safe.find(names["key"], deleted=True)
    kept.deleted = None
    return plane.safe.bundle(kept, kept.newest)


def _disabled(operation: str) -> Refused:
    text = f"Operation {operation} is not allowed on a disabled key."
    return Refused(403, "Forbidden", text, inner="KeyDisabled")


def usable(safe: Safe, kept: Kept, version: Version, operation: str) -> None:
    """Refuse what a key may not be used for.

    Outside of the time between `nbf` and `exp` the service still decrypts, unwraps and verifies.
    """
    if not version.enabled:
        raise _disabled(operation)
    if operation not in kept.key.ops:
        text = f"Operation {operation} is not permitted on this key."
        raise Refused(403, "Forbidden", text, inner="KeyOperationForbidden")
    early = version.active is not None and version.active > safe.now
    late = version.expires is not None and version.expires <= safe.now
    if (early or late) and operation in {"encrypt", "wrapKey", "sign"}:
        text = f"Operation {operation} is not allowed on a key that is {'not yet valid' if early else 'expired'}."
        raise Refused(403, "Forbidden", text)


def use(operation: str) -> Callable[[Plane, Request, Names], Json]:
    """Return what answers a cryptographic operation."""

    def answer(plane: Plane, request: Request, names: Names) -> Json:
        safe = plane.safe
        kept = safe.find(names["key"])
        version = safe.version(kept, names.get("version", ""))
        usable(safe, kept, version, operation)
        try:
            return OPERATIONS[operation](safe.private(kept, version), request.json(), safe.kid(kept, version))
        except UnsuitableError as error:
            raise Refused(400, "BadParameter", f"The request is not one that the key can do: {error}.") from error

    return answer


def _encrypt(private: material.Private, asked: Json, kid: str) -> Json:
    aad = decoded(asked.get("aad"))
    sealed = material.encrypt(private, str(asked.get("alg")), decoded(asked.get("value")), aad)
    told: Json = {"kid": kid, "value": encode(sealed.value)}
    if sealed.tag:
        told |= {"iv": encode(sealed.iv), "tag": encode(sealed.tag), "aad": encode(aad)}
    return told


def _decrypt(private: material.Private, asked: Json, kid: str) -> Json:
    sealed = Sealed(decoded(asked.get("value")), decoded(asked.get("iv")), decoded(asked.get("tag")))
    plain = material.decrypt(private, str(asked.get("alg")), sealed, decoded(asked.get("aad")))
    return {"kid": kid, "value": encode(plain)}


def _wrap(private: material.Private, asked: Json, kid: str) -> Json:
    """Wrap a key. The service has no AAD here, and no GCM."""
    algorithm = str(asked.get("alg"))
    if algorithm in material.GCM:
        raise UnsuitableError(f"algorithm {algorithm!r} does not wrap")
    return {"kid": kid, "value": encode(material.encrypt(private, algorithm, decoded(asked.get("value"))).value)}


def _unwrap(private: material.Private, asked: Json, kid: str) -> Json:
    algorithm = str(asked.get("alg"))
    if algorithm in material.GCM:
        raise UnsuitableError(f"algorithm {algorithm!r} does not unwrap")
    return {"kid": kid, "value": encode(material.decrypt(private, algorithm, Sealed(decoded(asked.get("value")))))}


def _sign(private: material.Private, asked: Json, kid: str) -> Json:
    return {"kid": kid, "value": encode(material.sign(private, str(asked.get("alg")), decoded(asked.get("value"))))}


def _verify(private: material.Private, asked: Json, _: str) -> Json:
    digest, signature = decoded(asked.get("digest")), decoded(asked.get("value"))
    return {"value": material.verify(private, str(asked.get("alg")), digest, signature)}


OPERATIONS: Mapping[str, Callable[[material.Private, Json, str], Json]] = {
    "encrypt": _encrypt,
    "decrypt": _decrypt,
    "wrapKey": _wrap,
    "unwrapKey": _unwrap,
    "sign": _sign,
    "verify": _verify,
}


def _local_assignments(plane: Plane, request: Request, _: Names) -> Json:
    hsm, world = _hsm(plane), plane.safe.world
    items = []
    for one in hsm.assignments:
        name = str(uuid.uuid5(NAMESPACE, f"{hsm.name}/{one.role}/{one.principal}/{one.scope}"))
        definition = f"Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/{LOCAL[one.role].id}"
        properties = {
            "principalId": world.principal(one.principal).id,
            "roleDefinitionId": definition,
            "scope": one.scope,
        }
        identity = f"/providers/Microsoft.Authorization/roleAssignments/{name}"
        kind = "Microsoft.Authorization/roleAssignments"
        items.append({"id": identity, "name": name, "type": kind, "properties": properties})
    return _short(page(request, items, plane.size))


def _local_definitions(plane: Plane, request: Request, _: Names) -> Json:
    _hsm(plane)
    return _short(page(request, [_definition(name, one) for name, one in LOCAL.items()], plane.size))


def _short(told: Json) -> Json:
    """Return a page as the access control of a managed HSM gives it: without the member when nothing follows."""
    return {name: value for name, value in told.items() if value is not None}


def _definition(name: str, role: BuiltIn) -> Json:
    """Return a role of a managed HSM in its shape."""
    permissions = {"actions": [], "notActions": [], "dataActions": list(role.data_actions), "notDataActions": []}
    return {
        "id": f"Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/{role.id}",
        "name": role.id,
        "type": "Microsoft.Authorization/roleDefinitions",
        "properties": {
            "roleName": name,
            "description": role.about,
            "type": "AKVBuiltInRole",
            "assignableScopes": ["/"],
            "permissions": [permissions],
        },
    }


def _hsm(plane: Plane) -> ManagedHsm:
    if not isinstance(plane.safe.container, ManagedHsm):
        raise Refused(404, "NotFound", "Only a managed HSM has an access control of its own.")
    return plane.safe.container


def _uses() -> list[Route[Plane]]:
    routes = []
    for operation in OPERATIONS:
        path = f"/keys/{{key}}/{{version*}}/{operation.lower()}"
        routes.append(route(f"keyvault:{operation}", f"POST {path}", use(operation)))
    return routes


ROUTES: tuple[Route[Plane], ...] = (
    route("keyvault:GetKeys", "GET /keys", _keys),
    route("keyvault:GetKeyVersions", "GET /keys/{key}/versions", _versions),
    route("keyvault:GetDeletedKeys", "GET /deletedkeys", _deleted),
    route("keyvault:GetDeletedKey", "GET /deletedkeys/{key}", _deleted_key),
    route("keyvault:GetKeyRotationPolicy", "GET /keys/{key}/rotationpolicy", _policy),
    # The SDK writes nothing between the slashes for the newest version.
    route("keyvault:GetKeyAttestation", "GET /keys/{key}/{version*}/attestation", _attestation),
    route("keyvault:GetKey", "GET /keys/{key}", _key),
    route("keyvault:GetKey", "GET /keys/{key}/{version}", _key),
    route("keyvault:RotateKey", "POST /keys/{key}/rotate", _rotate),
    route("keyvault:RecoverDeletedKey", "POST /deletedkeys/{key}/recover", _recover),
    route("keyvault:UpdateKey", "PATCH /keys/{key}", _update),
    route("keyvault:UpdateKey", "PATCH /keys/{key}/{version}", _update),
    route("keyvault:DeleteKey", "DELETE /keys/{key}", _delete),
    *_uses(),
    route(
        "keyvault:RoleAssignments_ListForScope",
        "GET {scope*}/providers/Microsoft.Authorization/roleAssignments",
        _local_assignments,
    ),
    route(
        "keyvault:RoleDefinitions_List",
        "GET {scope*}/providers/Microsoft.Authorization/roleDefinitions",
        _local_definitions,
    ),
)
"""Operations of both data planes, by their names in the published descriptions."""
