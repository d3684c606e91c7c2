"""Every request that may leave for Azure: method GET, and one path for each declared operation.

Operations are called as in Microsoft's own descriptions of the APIs (operationId), after the name of the service. The
versions are those of the SDKs of the day; a test builds each request with the real SDK and compares.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from scanner.collect.azure.clouds import Cloud
from scanner.model.ids import Json

ARM, VAULT = "arm", "vault"
"""The two planes: Azure Resource Manager, and the vault itself."""
NEXT = "nextLink"
"""Member of an answer that holds the address of the next page, and the parameter that takes it."""

_SEGMENT = r"(?!\.{1,2}(?:/|$))[\w.()-]{1,128}"
_GROUP = rf"/subscriptions/{_SEGMENT}/resourceGroups/{_SEGMENT}"
_SHAPES: Mapping[str, str] = {
    "subscription": r"[0-9A-Za-z-]{1,64}",
    "vault_id": rf"{_GROUP}/providers/Microsoft\.KeyVault/vaults/{_SEGMENT}",
    "hsm_id": rf"{_GROUP}/providers/Microsoft\.KeyVault/managedHSMs/{_SEGMENT}",
    "holder_id": rf"{_GROUP}/providers/Microsoft\.KeyVault/(?:vaults|managedHSMs)/{_SEGMENT}",
    "workspace_id": rf"{_GROUP}/providers/Microsoft\.OperationalInsights/workspaces/{_SEGMENT}",
    "storage_id": rf"{_GROUP}/providers/Microsoft\.Storage/storageAccounts/{_SEGMENT}",
    "role_id": rf"(?:/{_SEGMENT}){{0,8}}/providers/Microsoft\.Authorization/roleDefinitions/[0-9A-Za-z-]{{1,64}}",
    "key": r"[0-9A-Za-z-]{1,127}",
    "version": r"[0-9A-Za-z]{1,64}",
}
"""What may stand for each part of a path. What is in an answer is not trusted to be one."""
_PART = re.compile(r"\{(\w+)\}")


class BadRequestError(Exception):
    """A parameter that cannot be part of the declared request: nothing was sent."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one operation is asked."""

    plane: str
    path: str
    """With its variable parts in braces."""
    version: str
    """``api-version`` of the request."""
    query: Mapping[str, str] = field(default_factory=dict)

    def url(self, cloud: Cloud, params: Mapping[str, Json]) -> str:
        """Return the address for some parameters. Raises BadRequestError."""
        host = cloud.arm if self.plane == ARM else cloud.vault_host(str(params.get("vault", "")))
        if not host:
            raise BadRequestError(f"{params.get('vault')} is not the address of a vault of this cloud")
        first = f"https://{host}{_PART.sub(lambda part: self._part(part[1], params), self.path)}"
        following = params.get(NEXT)
        if following is None:
            return f"{first}?{urlencode({'api-version': self.version, **self.query})}"
        if not isinstance(following, str) or not _continues(first, following):
            raise BadRequestError("the next page of the listing is elsewhere than the listing")
        return following

    def _part(self, name: str, params: Mapping[str, Json]) -> str:
        value = params.get(name)
        if not isinstance(value, str) or re.fullmatch(_SHAPES[name], value, re.IGNORECASE) is None:
            raise BadRequestError(f"{value!r} is not a {name}")
        return quote(value, safe="/()")

    def matches(self, path: str) -> bool:
        """Tell whether a path is one of this operation."""
        return _shape(self.path).fullmatch(_once(path)) is not None


@cache
def _shape(template: str) -> re.Pattern[str]:
    parts = _PART.split(re.sub("/+", "/", template))
    # Every second one is the name of a variable part.
    shape = "".join(_SHAPES[part] if number % 2 else re.escape(part) for number, part in enumerate(parts))
    return re.compile(shape, re.IGNORECASE)


def _once(path: str) -> str:
    """Return a path with each slash once and in lower case: services spell their own addresses in several ways."""
    return re.sub("/+", "/", path).rstrip("/").lower()


def _continues(first: str, following: str) -> bool:
    """Tell whether an address is a page of a listing: only its query differs."""
    try:
        one, other = urlsplit(first), urlsplit(following)
        port = other.port
    except ValueError:
        return False
    same = (other.scheme, other.hostname, _once(other.path)) == (one.scheme, one.hostname, _once(one.path))
    plain = port in (None, 443) and "@" not in other.netloc and not other.fragment
    return same and plain and bool(parse_qsl(other.query))


def _arm(path: str, version: str, **query: str) -> Endpoint:
    return Endpoint(ARM, path, version, query)


def _listed(provider: str, version: str) -> Endpoint:
    return _arm(f"/subscriptions/{{subscription}}/providers/{provider}", version)


def _vault(path: str, **query: str) -> Endpoint:
    return Endpoint(VAULT, path, "2025-07-01", query)


_KEYVAULT = "2026-05-15"
_HSM = "2025-03-31"

ENDPOINTS: Mapping[str, Endpoint] = {
    "subscriptions:Subscriptions_List": _arm("/subscriptions", "2022-12-01"),
    "keyvault:Vaults_ListBySubscription": _listed("Microsoft.KeyVault/vaults", _KEYVAULT),
    "keyvault:ManagedHsms_ListBySubscription": _listed("Microsoft.KeyVault/managedHSMs", _KEYVAULT),
    "keyvault:Vaults_Get": _arm("{vault_id}", _KEYVAULT),
    "keyvault:ManagedHsms_Get": _arm("{hsm_id}", _KEYVAULT),
    "keyvault:Secrets_List": _arm("{vault_id}/secrets", _KEYVAULT),
    "keyvault:GetKeys": _vault("/keys"),
    "keyvault:GetKey": _vault("/keys/{key}"),
    "keyvault:GetKeyVersions": _vault("/keys/{key}/versions"),
    "keyvault:GetKeyRotationPolicy": _vault("/keys/{key}/rotationpolicy"),
    "keyvault:GetKeyAttestation": _vault("/keys/{key}/{version}/attestation"),
    "keyvault:GetDeletedKeys": _vault("/deletedkeys"),
    "keyvault:Keys_List": _arm("{vault_id}/keys", _KEYVAULT),
    "keyvault:ManagedHsmKeys_List": _arm("{hsm_id}/keys", _KEYVAULT),
    "keyvault:ManagedHsmKeys_Get": _arm("{hsm_id}/keys/{key}", _KEYVAULT),
    # Of the scope `/`, as the API spells it: the whole managed HSM.
    "keyvault:RoleAssignments_ListForScope": _vault("///providers/Microsoft.Authorization/roleAssignments"),
    "keyvault:RoleDefinitions_List": _vault("///providers/Microsoft.Authorization/roleDefinitions"),
    "authorization:RoleAssignments_ListForScope": _arm(
        "{vault_id}/providers/Microsoft.Authorization/roleAssignments", "2022-04-01"
    ),
    "authorization:RoleDefinitions_GetById": _arm("{role_id}", "2022-04-01"),
    "monitor:DiagnosticSettings_List": _arm(
        "{holder_id}/providers/Microsoft.Insights/diagnosticSettings", "2021-05-01-preview"
    ),
    "cognitiveservices:Accounts_List": _listed("Microsoft.CognitiveServices/accounts", "2025-09-01"),
    "hsm:DedicatedHsm_ListBySubscription": _listed("Microsoft.HardwareSecurityModules/dedicatedHSMs", _HSM),
    "hsm:CloudHsmClusters_ListBySubscription": _listed("Microsoft.HardwareSecurityModules/cloudHsmClusters", _HSM),
    "operationalinsights:Workspaces_List": _listed("Microsoft.OperationalInsights/workspaces", "2025-02-01"),
    "operationalinsights:Tables_ListByWorkspace": _arm("{workspace_id}/tables", "2025-02-01"),
    "storage:StorageAccounts_List": _listed("Microsoft.Storage/storageAccounts", "2024-01-01"),
    "storage:ManagementPolicies_Get": _arm("{storage_id}/managementPolicies/default", "2024-01-01"),
}
"""Operation to its request."""


def declared(method: str, url: str, cloud: Cloud, operations: frozenset[str]) -> bool:
    """Tell whether a request is one of ``operations``, from its method and its address alone."""
    parts = urlsplit(url)
    if method != "GET" or parts.scheme != "https" or parts.username is not None or parts.port not in (None, 443):
        return False
    host = parts.hostname or ""
    plane = ARM if host == cloud.arm else VAULT if cloud.vault_scope(host) else ""
    chosen = (ENDPOINTS[name] for name in operations if name in ENDPOINTS)
    return any(one.plane == plane and one.matches(parts.path) for one in chosen)
