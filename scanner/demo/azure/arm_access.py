"""Microsoft.Authorization in the simulated Resource Manager: role assignments and role definitions."""

from __future__ import annotations

import re
import uuid

from scanner.demo.azure.arm import Arm, Names
from scanner.demo.azure.paging import page
from scanner.demo.azure.roles import BUILT_IN
from scanner.demo.azure.wire import Json, Refused, Request, Route, route
from scanner.demo.azure.world import Assignment, At
from scanner.demo.azure.world_parts import NAMESPACE

MADE = "2024-01-15T09:00:00.0000000Z"
BUILT = "2015-02-02T21:55:09.8806423Z"
_PRINCIPAL = re.compile(r"principalId eq '([0-9a-f-]+)'|assignedTo\('([0-9a-f-]+)'\)", re.IGNORECASE)
_ROLE = re.compile(r"roleName eq '([^']+)'|type eq '(\w+)'", re.IGNORECASE)


def scope_of(arm: Arm, at: At) -> str:
    """Return the id of the scope that the world tells by names."""
    if at.vault:
        vault = arm.safes[at.vault.lower()].id
        return f"{vault}/keys/{at.key}" if at.key else vault
    if at.subscription:
        subscription = f"/subscriptions/{arm.world.subscription(at.subscription)}"
        return f"{subscription}/resourceGroups/{at.group}" if at.group else subscription
    return f"/providers/Microsoft.Management/managementGroups/{arm.world.tenant}"


def _above(scope: str, asked: str) -> bool:
    """Tell whether an assignment at ``scope`` is at ``asked`` or inherited there. The root group is above all."""
    return scope.startswith("/providers/Microsoft.Management/") or f"{asked}/".lower().startswith(f"{scope}/".lower())


def _assigned(arm: Arm, request: Request, names: Names) -> Json:
    asked = names.get("scope", "").rstrip("/")
    told = request.query.get("$filter", "")
    wanted = _PRINCIPAL.search(told)
    if told and wanted is None and told.replace(" ", "") != "atScope()":
        raise Refused(400, "UnsupportedQuery", f"The filter '{told}' is not supported.")
    found = []
    for given in arm.world.assignments:
        scope = scope_of(arm, given.at)
        below = f"{scope}/".lower().startswith(f"{asked}/".lower()) and "atscope" not in told.lower()
        who = arm.world.principal(given.principal).id
        if (_above(scope, asked) or below) and (wanted is None or who in wanted.groups()):
            found.append(_assignment(arm, given, scope))
    return page(request, found, arm.size)


def _definition_id(arm: Arm, given: Assignment, scope: str) -> str:
    role = BUILT_IN.get(given.role) or next(one for one in arm.world.roles if one.name == given.role)
    subscription = "/".join(scope.split("/")[:3]) if scope.startswith("/subscriptions/") else ""
    return f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role.id}"


def _assignment(arm: Arm, given: Assignment, scope: str) -> Json:
    who = arm.world.principal(given.principal)
    name = str(uuid.uuid5(NAMESPACE, f"{given.role}/{who.id}/{scope}"))
    return {
        "id": f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
        "name": name,
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": {
            "roleDefinitionId": _definition_id(arm, given, scope),
            "principalId": who.id,
            "principalType": who.kind,
            "scope": scope,
            "condition": given.condition or None,
            "conditionVersion": "2.0" if given.condition else None,
            "createdOn": MADE,
            "updatedOn": MADE,
            "createdBy": arm.world.scanner.id,
            "updatedBy": arm.world.scanner.id,
            "delegatedManagedIdentityResourceId": None,
            "description": given.defect or None,
        },
    }


def _roles(arm: Arm, scope: str) -> list[Json]:
    """Return every role that can be assigned at a scope."""
    prefix = "/".join(scope.split("/")[:3]) if scope.startswith("/subscriptions/") else ""
    found = []
    for name, role in BUILT_IN.items():
        permissions = {
            "actions": list(role.actions),
            "notActions": list(role.not_actions),
            "dataActions": list(role.data_actions),
            "notDataActions": list(role.not_data_actions),
        }
        found.append(_role(prefix, role.id, name, role.about, permissions, "BuiltInRole", ["/"]))
    everywhere = [f"/subscriptions/{one.id}" for one in arm.world.subscriptions]
    for made in arm.world.roles:
        permissions = {
            "actions": made.actions,
            "notActions": made.not_actions,
            "dataActions": made.data_actions,
            "notDataActions": made.not_data_actions,
        }
        found.append(_role(prefix, made.id, made.name, "", permissions, "CustomRole", everywhere))
    return found


def _role(prefix: str, identity: str, name: str, about: str, permissions: Json, kind: str, scopes: list[str]) -> Json:
    return {
        "id": f"{prefix}/providers/Microsoft.Authorization/roleDefinitions/{identity}",
        "type": "Microsoft.Authorization/roleDefinitions",
        "name": identity,
        "properties": {
            "roleName": name,
            "type": kind,
            "description": about,
            "assignableScopes": scopes,
            "permissions": [permissions],
            "createdOn": BUILT,
            "updatedOn": BUILT,
            "createdBy": None,
            "updatedBy": None,
        },
    }


def _definitions(arm: Arm, request: Request, names: Names) -> Json:
    found = _roles(arm, names.get("scope", ""))
    wanted = _ROLE.search(request.query.get("$filter", ""))
    if wanted is not None:
        told = [one for one in found if {one["properties"]["roleName"], one["properties"]["type"]} & {*wanted.groups()}]
        return page(request, told, arm.size)
    return page(request, found, arm.size)


def _definition(arm: Arm, _: Request, names: Names) -> Json:
    for one in _roles(arm, names.get("scope", "")):
        if one["name"] == names["role"].lower():
            return one
    text = f"The specified role definition with ID '{names['role']}' does not exist."
    raise Refused(404, "RoleDefinitionDoesNotExist", text)


_PROVIDER = "providers/Microsoft.Authorization"
ROUTES: tuple[Route[Arm], ...] = (
    route("authorization:RoleAssignments_ListForScope", f"GET {{scope*}}/{_PROVIDER}/roleAssignments", _assigned),
    route("authorization:RoleDefinitions_List", f"GET {{scope*}}/{_PROVIDER}/roleDefinitions", _definitions),
    route("authorization:RoleDefinitions_GetById", f"GET {{scope*}}/{_PROVIDER}/roleDefinitions/{{role}}", _definition),
)
"""Operations of Microsoft.Authorization, by their names in the published description."""
