"""Refusals of the simulated Azure, and wrong answers on purpose: what a fault makes of a request."""

from __future__ import annotations

import time

from scanner.demo.aws.faults import Fault
from scanner.demo.azure.entra import Caller
from scanner.demo.azure.safe import Safe
from scanner.demo.azure.wire import Answer, Json, Refused, Request, throttled
from scanner.demo.azure.world import AzureWorld
from scanner.demo.azure.world_parts import Vault

PERMISSIONS = {
    "GetKeys": ("list", "keys/read"),
    "GetKeyVersions": ("list", "keys/read"),
    "GetDeletedKeys": ("list", "keys/read"),
    "GetDeletedKey": ("get", "keys/read"),
    "GetKey": ("get", "keys/read"),
    "GetKeyAttestation": ("get", "keys/read"),
    "GetKeyRotationPolicy": ("getrotationpolicy", "keyrotationpolicies/read"),
    "RotateKey": ("rotate", "keys/rotate/action"),
    "UpdateKey": ("update", "keys/update/action"),
    "DeleteKey": ("delete", "keys/delete"),
    "RecoverDeletedKey": ("recover", "keys/recover/action"),
    "wrapKey": ("wrapKey", "keys/wrap/action"),
    "unwrapKey": ("unwrapKey", "keys/unwrap/action"),
}
"""Operation of the data plane to the permission of an access policy and the data action of a role that it needs."""
GARBAGE = b'{"value": [ this is not JSON'
SURPRISE = "surprise"


def withheld(world: AzureWorld, operation: str, request: Request) -> bool:
    """Tell whether the world says of what a request is about that this operation may not be read of it."""
    named = {part.lower() for part in request.path.split("/")} | {request.host.partition(".")[0]}
    for resource in world.resources:
        if resource.name.lower() in named and _covers(resource.denied, operation):
            return True
    return any(
        key.name.lower() in named and _covers(key.denied, operation)
        for container in world.containers
        if container.name.lower() in named
        for key in container.keys
    )


def _covers(denied: list[str], operation: str) -> bool:
    return operation in denied or f"{operation.partition(':')[0]}:*" in denied


def challenge(request: Request, world: AzureWorld, wrong: str, audience: str = "") -> Refused:
    """Return the refusal of a caller without a good token, with the challenge that tells where to get one."""
    authority = f"https://{world.endpoints.login[0]}/{world.tenant}"
    if request.plane == "arm":
        codes = {
            "missing": ("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing."),
            "invalid": ("InvalidAuthenticationToken", "The access token is invalid."),
            "expired": (
                "ExpiredAuthenticationToken",
                "The access token expiry UTC time is earlier than current UTC time.",
            ),
            "audience": (
                "InvalidAuthenticationTokenAudience",
                f"The access token has been obtained for wrong audience or resource '{audience}'.",
            ),
        }
        code, text = codes[wrong]
        told = f'Bearer authorization_uri="{authority}", error="invalid_token", error_description="{text}"'
        return Refused(401, code, text, headers={"WWW-Authenticate": told})
    cloud = world.endpoints
    resource = f"https://{cloud.vault if request.plane == 'vault' else cloud.hsm}"
    texts = {
        "missing": "AKV10000: Request is missing a Bearer or PoP token.",
        "invalid": "AKV10032: Invalid issuer or signature of the token.",
        "expired": "AKV10001: The token has expired.",
        "audience": f"AKV10022: Invalid audience. Expected {resource}, found: {audience}.",
    }
    told = f'Bearer authorization="{authority}", resource="{resource}"'
    return Refused(401, "Unauthorized", texts[wrong], headers={"WWW-Authenticate": told})


def denied(operation: str, request: Request, caller: Caller, world: AzureWorld, safe: Safe | None) -> Refused:
    """Return the refusal of a caller that has no right to an operation."""
    if safe is None:
        action, scope = _action(request)
        text = f"The client '{caller.application}' with object id '{caller.object}' does not have authorization to \
perform action '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh \
your credentials."
        return Refused(403, "AuthorizationFailed", text)
    name = operation.partition(":")[2]
    permission, action = PERMISSIONS.get(name, (name, f"keys/{name}/action"))
    who = f"appid={caller.application};oid={caller.object};iss=https://sts.windows.net/{world.tenant}/"
    where = f"{safe.container.name};location={safe.container.location}"
    if isinstance(safe.container, Vault) and not safe.container.rbac:
        text = f"The user, group or application '{who}' does not have keys {permission} permission on key vault \
'{where}'. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287"
        return Refused(403, "Forbidden", text, inner="AccessDenied")
    kind = "vaults" if isinstance(safe.container, Vault) else "managedHsm"
    text = f"Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role \
definitions were changed recently, please observe propagation time.\r\nCaller: {who}\r\nAction: \
'Microsoft.KeyVault/{kind}/{action}'\r\nResource: '{safe.id.lower()}{request.path.lower()}'\r\nAssignment: (not \
found)\r\nDenyAssignmentId: null\r\nDecisionReason: null \r\nVault: {where}\r\n"
    return Refused(403, "Forbidden", text, inner="ForbiddenByRbac")


def unreachable(safe: Safe, caller: Caller) -> Refused | None:
    """Return the refusal of a data plane that lets nobody in from here, or None for one that does."""
    who = f"Caller: appid={caller.application};oid={caller.object}\r\nVault: {safe.container.name}"
    if safe.container.blocked == "firewall":
        text = f"Client address is not authorized and caller is not a trusted service.\r\nClient address: 192.0.2.1\r\n\
{who};location={safe.container.location}"
        return Refused(403, "Forbidden", text, inner="ForbiddenByFirewall")
    if safe.container.blocked == "private":
        text = f"Public network access is disabled and request is not from a trusted service nor via an approved \
private link.\r\n{who};location={safe.container.location}"
        return Refused(403, "Forbidden", text, inner="ForbiddenByConnection")
    return None


def _action(request: Request) -> tuple[str, str]:
    """Return the action that a path of Resource Manager is, and the scope that it is over."""
    before, _, after = request.path.rpartition("/providers/")
    parts = after.split("/")
    if not before or len(parts) < 2:
        return "Microsoft.Resources/subscriptions/read", request.path
    scope = request.path if len(parts) % 2 else before
    return f"{parts[0]}/{'/'.join(parts[1::2])}/read", scope


def wrong(fault: Fault, request: Request) -> Answer | None:
    """Return the wrong answer of a fault, or None when the fault only spoils a right one.

    Raises Refused for a fault that is a refusal. ``seconds`` of one that throttles is its `Retry-After`.
    """
    if fault.kind == "throttle":
        raise _busy(request, int(fault.seconds))
    if fault.kind == "error":
        raise Refused(500, "InternalServerError", "Encountered internal server error.")
    if fault.kind == "unsupported":
        text = "No registered resource provider found for this location and API version."
        raise Refused(400, "NoRegisteredProviderFound" if request.plane == "arm" else "BadParameter", text)
    if fault.kind == "stale_page" and "$skiptoken" in request.query:
        raise Refused(
            400, "InvalidSkipToken" if request.plane == "arm" else "BadParameter", "The skip token has expired."
        )
    if fault.kind == "malformed":
        return Answer(200, GARBAGE)
    if fault.kind == "hang":
        time.sleep(fault.seconds)
    return None


def _busy(request: Request, seconds: int) -> Refused:
    if request.plane != "login":
        return throttled(request.plane, seconds)
    return Refused(
        429, "temporarily_unavailable", "AADSTS90055: too many requests.", headers={"Retry-After": str(seconds)}
    )


def spoiled(fault: Fault, request: Request, right: Answer) -> Answer:
    """Return a right answer as a fault leaves it."""
    if fault.kind == "wrong_types" and isinstance(right.body, dict):
        return Answer(right.status, dict.fromkeys(right.body, SURPRISE), right.headers)
    if fault.kind == "endless" and isinstance(right.body, dict):
        told: Json = {**right.body, "nextLink": f"https://{request.host}{request.path}?api-version=7.4&again=1"}
        return Answer(right.status, told, right.headers)
    return right
