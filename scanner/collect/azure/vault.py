"""One key vault or managed HSM: how it is set up, who may do what, what it logs, and its keys; never a secret's value.

What only Azure Resource Manager tells is asked there. Keys are asked of the vault itself, and only where its address is
one of the cloud's vaults: a token goes nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scanner.collect.azure.accounts import PAGING, Way
from scanner.collect.azure.clouds import CLOUDS
from scanner.collect.azure.shapes import about, has, identified, items
from scanner.collect.interface import Asking, CallError, Unit
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from scanner.model.operation import Operation, columns

NAME = "azure.vault"
VAULT, MANAGED_HSM = "vault", "managed_hsm"

VAULTS = "keyvault:Vaults_ListBySubscription"
HSMS = "keyvault:ManagedHsms_ListBySubscription"
VAULT_SETTINGS = "keyvault:Vaults_Get"
HSM_SETTINGS = "keyvault:ManagedHsms_Get"
SECRETS = "keyvault:Secrets_List"
KEYS = "keyvault:GetKeys"
VAULT_KEYS = "keyvault:Keys_List"
HSM_KEYS = "keyvault:ManagedHsmKeys_List"
DELETED = "keyvault:GetDeletedKeys"
KEY = "keyvault:GetKey"
VERSIONS = "keyvault:GetKeyVersions"
ROTATION = "keyvault:GetKeyRotationPolicy"
ATTESTATION = "keyvault:GetKeyAttestation"
ASSIGNMENTS = "authorization:RoleAssignments_ListForScope"
ROLE = "authorization:RoleDefinitions_GetById"
LOCAL_ASSIGNMENTS = "keyvault:RoleAssignments_ListForScope"
LOCAL_ROLES = "keyvault:RoleDefinitions_List"
HSM_KEY = "keyvault:ManagedHsmKeys_Get"
LOGS = "monitor:DiagnosticSettings_List"

GONE = "KeyNotFound"
"""Error code: deleted between the listing and now. That is the answer."""
DISABLED = "KeyDisabled"
"""Inner error code: Key Vault does not even describe a disabled key. What the listing says of it is what there is."""
NO_SUCH_ROLE = "RoleDefinitionDoesNotExist"
"""Error code: the role was deleted, so its assignments give nothing."""

DATA, LOCAL = "data:", "local:"
"""Before the permissions that are data actions, and those that a managed HSM gives by itself."""
_READ_KEYS = (f"{DATA}Microsoft.KeyVault/vaults/keys/read", f"{LOCAL}Microsoft.KeyVault/managedHsm/keys/read/action")
_HOLDERS = (VAULTS, HSMS)
_SETTINGS_OF = (*_HOLDERS, VAULT_SETTINGS, HSM_SETTINGS)
"""Whatever is in a vault or a managed HSM is known by the id that its settings tell."""
_SETTINGS = (
    *("name", "uri", "tier", "soft_delete", "soft_delete_days", "purge_protection", "access_model", "public_network"),
    *("trusted_services_bypass", "private_endpoints", "created_at"),
)
_POLICY = (
    *("public", "public_actions", "organization_wide", "cross_accounts", "service_principals", "admin_principals"),
    *("use_principals", "admin_and_use", "delegates_to_iam", "uses_not_principal", "uses_not_action"),
    "attestation_conditions",
)
_PERMISSION = (
    *("*", "statement", "effect", "principal", "principal_kind", "principal_account", "cross_account", "actions"),
    *("administers", "uses", "constrained", "conditions"),
)
_LISTED = (
    *("*", "name", "aliases", "managed_by", "state", "provider_state", "expires", "expires_at", "tags", "tag_keys"),
    *("deletion_scheduled", "deletion_at", "deletion_window_days", "multi_region", "multi_region_role"),
    *("primary_key_id", "key_store_id", "external_key_ref", "readable", "rotation_supported"),
)
_SHAPE = (
    *("key_type", "provider_spec", "algorithm", "curve", "length_bits", "strength_bits", "approved_algorithm"),
    *("quantum_vulnerable", "usage", "usage_count", "exportable", "released", "public_fingerprint"),
)
_MODULE = columns("modules", "*", "name", "kind", "product", "embodiment", "version", "state", "certificate_required")
MODULES = ("modules.key_service", "modules.hsm_cluster")
"""Kinds of modules that vaults and managed HSMs are."""
_TRAIL = columns(
    "audit_trails",
    *(
        "*",
        "name",
        "owner_account",
        "home_region",
        "multi_region",
        "organization",
        "logging",
        "bucket",
        "bucket_id",
        "superseded",
    ),
    *("records_key_management", "records_key_use", "excludes_key_events", "log_group_id", "validated"),
)
_SCOPE = columns("audit_scopes", "*", "trails", "key_management_recorded", "key_use_recorded")

_NAMED = columns("data_stores", "key_id", "key_managed_by", "key_state")
"""Services name a key by the address of its vault, which its settings tell."""

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name=VAULT_SETTINGS,
        permissions=("Microsoft.KeyVault/vaults/read",),
        feeds=(*columns("vaults", *_SETTINGS), *columns("key_policies", *_POLICY), *_NAMED),
        needs=(VAULTS,),
        purpose="deletion, network and access of a vault",
    ),
    Operation(
        name=HSM_SETTINGS,
        permissions=("Microsoft.KeyVault/managedHSMs/read",),
        feeds=(
            *columns("vaults", *_SETTINGS),
            *columns("keys", "multi_region", "multi_region_role", "primary_key_id"),
            *_NAMED,
        ),
        needs=(HSMS,),
        purpose="deletion and network of a managed HSM",
    ),
    Operation(
        name=SECRETS,
        permissions=("Microsoft.KeyVault/vaults/secrets/read",),
        feeds=columns("vaults", "secrets", "secrets_without_expiry"),
        needs=(VAULTS,),
        purpose="how many secrets there are and which never expire; the answer holds no value of a secret",
        drop=("/value/*/tags", "/value/*/properties/contentType"),
    ),
    Operation(
        name=KEYS,
        permissions=_READ_KEYS,
        feeds=(*columns("keys", *_LISTED), *columns("key_policies", "*", "name", "managed_by"), *_MODULE),
        kinds=MODULES,
        needs=_SETTINGS_OF,
        purpose="the population of keys",
    ),
    Operation(
        name=VAULT_KEYS,
        permissions=("Microsoft.KeyVault/vaults/keys/read",),
        feeds=columns("keys", *_LISTED),
        needs=(VAULTS, KEYS),
        purpose="keys of a vault that does not list them to the caller, as Azure Resource Manager names them",
    ),
    Operation(
        name=HSM_KEYS,
        permissions=("Microsoft.KeyVault/managedHSMs/keys/read",),
        feeds=columns("keys", *_LISTED),
        needs=(HSMS, KEYS),
        purpose="the same of a managed HSM",
    ),
    Operation(
        name=DELETED,
        permissions=(
            _READ_KEYS[0],
            f"{LOCAL}Microsoft.KeyVault/managedHsm/keys/deletedKeys/read/action",
        ),
        feeds=columns("keys", *_LISTED),
        needs=_SETTINGS_OF,
        purpose="keys that are deleted and can still be recovered",
    ),
    Operation(
        name=KEY,
        permissions=_READ_KEYS,
        feeds=(*columns("keys", *_SHAPE), *_MODULE),
        kinds=MODULES,
        needs=(KEYS,),
        purpose="type, operations and platform of a key; of its material the public part alone",
        drop=("/release_policy/data",),
    ),
    Operation(
        name=VERSIONS,
        permissions=_READ_KEYS,
        feeds=(
            *columns(
                "keys", "created_at", "rotation_count", "last_rotated_at", "material_since", "current_material_id"
            ),
            *columns("key_versions", "*", "material_state", "rotation_type", "created_at", "expires"),
            *columns("key_versions", "expires_at", "hsm_platform"),
            *_MODULE,
        ),
        kinds=MODULES,
        needs=(KEYS,),
        purpose="every version of a key: the history of its rotation, and the platform that holds each",
    ),
    Operation(
        name=ROTATION,
        permissions=(
            f"{DATA}Microsoft.KeyVault/vaults/keyrotationpolicies/read",
            f"{LOCAL}Microsoft.KeyVault/managedHsm/keys/read/action",
        ),
        feeds=columns("keys", "rotation_enabled", "rotation_period_days", "next_rotation_at"),
        needs=(KEYS,),
        purpose="whether and when a key rotates by itself",
    ),
    Operation(
        name=ATTESTATION,
        permissions=(f"{LOCAL}Microsoft.KeyVault/managedHsm/keys/read/action",),
        feeds=(*columns("keys", "attested"), *columns("key_versions", "attested")),
        needs=(KEYS, KEY),
        purpose="the managed HSM's own statement on a key",
    ),
    Operation(
        name=ASSIGNMENTS,
        permissions=("Microsoft.Authorization/roleAssignments/read",),
        feeds=(*columns("key_policies", *_POLICY), *columns("key_permissions", *_PERMISSION)),
        needs=(VAULTS, VAULT_SETTINGS, KEYS),
        purpose="who has which role on the vault and its keys, inherited roles included",
    ),
    Operation(
        name=LOCAL_ASSIGNMENTS,
        permissions=(f"{LOCAL}Microsoft.KeyVault/managedHsm/roleAssignments/read/action",),
        feeds=(*columns("key_policies", *_POLICY), *columns("key_permissions", *_PERMISSION)),
        needs=(HSMS, KEYS),
        purpose="who has which role of a managed HSM's own",
    ),
    Operation(
        name=LOCAL_ROLES,
        permissions=(f"{LOCAL}Microsoft.KeyVault/managedHsm/roleDefinitions/read/action",),
        feeds=(*columns("key_policies", *_POLICY), *columns("key_permissions", *_PERMISSION)),
        needs=(HSMS, KEYS),
        purpose="what such a role allows",
    ),
    Operation(
        name=HSM_KEY,
        permissions=("Microsoft.KeyVault/managedHSMs/keys/read",),
        feeds=columns("keys", "length_bits", "strength_bits", "provider_spec", "approved_algorithm"),
        needs=(KEYS, KEY),
        purpose="length of a symmetric key, which the managed HSM itself does not tell",
    ),
    Operation(
        name=ROLE,
        permissions=("Microsoft.Authorization/roleDefinitions/read",),
        feeds=(*columns("key_policies", *_POLICY), *columns("key_permissions", *_PERMISSION)),
        needs=(ASSIGNMENTS,),
        purpose="what such a role allows",
        of_scope=True,
    ),
    Operation(
        name=LOGS,
        permissions=("Microsoft.Insights/diagnosticSettings/read",),
        feeds=(*_TRAIL, *_SCOPE),
        needs=_SETTINGS_OF,
        purpose="whether key events are logged, and where to",
    ),
)


@dataclass(frozen=True, slots=True)
class Holder:
    """A vault or a managed HSM as its listing names it."""

    id: str
    kind: str
    uri: str
    location: str

    @property
    def name(self) -> str:
        """Last part of the id."""
        return self.id.rpartition("/")[2]


def holder_of(entry: dict[str, Json], kind: str) -> Holder:
    """Return what an entry of a listing names. Its address may be missing, or be none."""
    properties = entry.get("properties")
    uri = properties.get("hsmUri" if kind == MANAGED_HSM else "vaultUri") if isinstance(properties, dict) else None
    location = entry.get("location")
    return Holder(
        id=str(entry["id"]).rstrip("/"),
        kind=kind,
        uri=uri if isinstance(uri, str) else "",
        location=location if isinstance(location, str) else "",
    )


def collect(asking: Asking, way: Way, holder: Holder) -> Iterator[Unit]:
    """Read one vault or managed HSM. Yields no further units."""
    is_hsm = holder.kind == MANAGED_HSM
    settings, name = (HSM_SETTINGS, "hsm_id") if is_hsm else (VAULT_SETTINGS, "vault_id")
    asking.call(settings, {name: holder.id}, subject=holder.id, check=about(holder.id))
    if not is_hsm:
        for _ in asking.pages(SECRETS, {"vault_id": holder.id}, PAGING, subject=holder.id, check=identified("id")):
            pass
        _access(asking, holder)
    for _ in asking.pages(LOGS, {"holder_id": holder.id}, PAGING, check=identified("id")):
        pass
    host = CLOUDS[way.source.cloud].vault_host(holder.uri)
    if host:
        _keys(asking, holder, f"https://{host}")
    else:
        _no_address(asking, holder)
        _named_elsewhere(asking, holder)
    yield from ()


def _access(asking: Asking, holder: Holder) -> None:
    roles: dict[str, str] = {}
    params: dict[str, Json] = {"vault_id": holder.id}
    for page in asking.pages(ASSIGNMENTS, params, PAGING, check=identified("id")):
        for entry in items(page.body):
            given = entry.get("properties")
            role = given.get("roleDefinitionId") if isinstance(given, dict) else None
            if isinstance(role, str):
                roles.setdefault(role.lower(), role)
    known = (NO_SUCH_ROLE,)
    asking.each(
        lambda role: _ignore(asking.call(ROLE, {"role_id": role}, subject=role, known=known, check=has("properties"))),
        iter(roles.values()),
    )


def _ignore(_: object) -> None:
    """Leave an answer to the normalizer."""


def _no_address(asking: Asking, holder: Holder) -> None:
    """Say that a vault whose address is none of the cloud's was not asked."""
    detail = f"{holder.uri or 'nothing'} is not the address of a vault of this cloud: no token goes there"
    local = (LOCAL_ASSIGNMENTS, LOCAL_ROLES) if holder.kind == MANAGED_HSM else ()
    for operation in (KEYS, DELETED, *local):
        if asking.wants(operation):
            asking.note(operation, CallError(GapReason.MALFORMED, code="NotAVault", detail=detail), subject=None)


@dataclass(frozen=True, slots=True)
class _Key:
    """One key of a vault, as it is asked about."""

    id: str
    name: str
    vault: str
    certificate: bool
    """Key Vault made it for a certificate, and renews it with that."""


def _keys(asking: Asking, holder: Holder, vault: str) -> None:
    found: dict[str, _Key] = {}
    whole = False

    def listed() -> Iterator[str]:
        nonlocal whole
        for page in asking.pages(KEYS, {"vault": vault}, PAGING, check=identified("kid")):
            whole = page.last
            for entry in items(page.body):
                name = str(entry["kid"]).rstrip("/").rpartition("/")[2]
                one = _Key(
                    id=f"{holder.id}/keys/{name}",
                    name=name,
                    vault=vault,
                    certificate=entry.get("managed") is True,
                )
                if one.id not in found:
                    found[one.id] = one
                    yield one.id

    asking.each(lambda identity: _key(asking, found[identity], holder), listed())
    if not whole:
        _named_elsewhere(asking, holder)
    for _ in asking.pages(DELETED, {"vault": vault}, PAGING, check=identified("kid")):
        pass
    if holder.kind == MANAGED_HSM:
        for operation in (LOCAL_ASSIGNMENTS, LOCAL_ROLES):
            for _ in asking.pages(operation, {"vault": vault}, PAGING, check=identified("id")):
                pass


def _named_elsewhere(asking: Asking, holder: Holder) -> None:
    """List the keys by Azure Resource Manager, which a vault's firewall does not keep out."""
    is_hsm = holder.kind == MANAGED_HSM
    operation, name = (HSM_KEYS, "hsm_id") if is_hsm else (VAULT_KEYS, "vault_id")
    for _ in asking.pages(operation, {name: holder.id}, PAGING, check=identified("id")):
        pass


def _key(asking: Asking, key: _Key, holder: Holder) -> None:
    params: dict[str, Json] = {"vault": key.vault, "key": key.name}
    answer = asking.call(KEY, params, subject=key.id, known=(GONE, DISABLED), check=has("key", "attributes"))
    if answer is not None and answer.error_code == GONE:
        return
    for _ in asking.pages(VERSIONS, params, PAGING, subject=key.id, known=(GONE,), check=identified("kid")):
        pass
    if not key.certificate:
        asking.call(ROTATION, params, subject=key.id, known=(GONE, DISABLED), check=_lists_actions)
    described = answer.body.get("key") if answer is not None else None
    if holder.kind == MANAGED_HSM and isinstance(described, dict):
        version = str(described.get("kid")).rpartition("/")[2]
        asking.call(ATTESTATION, {**params, "version": version}, subject=key.id, check=has("attributes"))
        if str(described.get("kty")).startswith("oct"):
            place: dict[str, Json] = {"hsm_id": holder.id, "key": key.name}
            asking.call(HSM_KEY, place, subject=key.id, check=has("properties"))


def _lists_actions(body: dict[str, Json]) -> str:
    actions = body.get("lifetimeActions", [])
    if isinstance(actions, list) and all(isinstance(action, dict) for action in actions):
        return ""
    return "`lifetimeActions` is not a list of objects"
