"""Microsoft.KeyVault in the simulated Resource Manager: vaults, managed HSMs, and the keys and secrets in them."""

from __future__ import annotations

from datetime import datetime, timedelta

from scanner.demo.azure.arm import EVERYWHERE, GROUP, Arm, Names, enabled, getting, listing, rules
from scanner.demo.azure.safe import Kept, Safe, Version, seconds, stamp
from scanner.demo.azure.wire import Json, Route, route
from scanner.demo.azure.world_parts import ManagedHsm, Network, Secret, Vault

VAULTS, HSMS = "Microsoft.KeyVault/vaults", "Microsoft.KeyVault/managedHSMs"


def _vault(arm: Arm, vault: Vault) -> Json:
    safe, network = arm.safes[vault.name.lower()], vault.network
    properties: Json = {
        "sku": {"family": "A", "name": vault.tier},
        "tenantId": arm.world.tenant,
        "accessPolicies": [
            {
                "tenantId": arm.world.tenant,
                "objectId": arm.world.principal(one.principal).id,
                "permissions": {"keys": one.keys, "secrets": one.secrets, "certificates": one.certificates},
            }
            for one in vault.policies
        ],
        "enabledForDeployment": False,
        "enabledForDiskEncryption": False,
        "enabledForTemplateDeployment": False,
        "enableSoftDelete": vault.soft_delete,
        "softDeleteRetentionInDays": vault.soft_delete_days,
        "vaultUri": vault.uri or f"https://{safe.host}/",
        "provisioningState": "Succeeded",
        "publicNetworkAccess": enabled(network.public),
    }
    if vault.rbac is not None:
        properties["enableRbacAuthorization"] = vault.rbac
    if vault.purge_protection:  # the property is true or absent, never false
        properties["enablePurgeProtection"] = True
    if (acls := rules(network)) is not None:
        properties["networkAcls"] = acls
    connections = arm.connections(safe.id, network, VAULTS)
    if connections:
        properties["privateEndpointConnections"] = connections
    return arm.envelope(vault, VAULTS, properties)


def _live(arm: Arm, names: Names) -> list[Vault]:
    return [one for one in arm.inside(arm.world.vaults, names) if one.deleted_days_ago is None]


def _vaults(arm: Arm, names: Names) -> list[Json]:
    return [_vault(arm, one) for one in _live(arm, names)]


def _get_vault(arm: Arm, names: Names) -> Json:
    return _vault(arm, _named(arm, names))


def _named(arm: Arm, names: Names) -> Vault:
    return arm.one([one for one in arm.world.vaults if one.deleted_days_ago is None], names, VAULTS)


def _deleted(arm: Arm, names: Names) -> list[Json]:
    found = []
    for vault in arm.inside(arm.world.vaults, names):
        if vault.deleted_days_ago is None:
            continue
        deleted = arm.now - timedelta(days=vault.deleted_days_ago)
        sub = arm.world.subscription(vault.subscription)
        place = f"/subscriptions/{sub}/providers/Microsoft.KeyVault/locations/{vault.location}/deletedVaults"
        properties: Json = {
            "vaultId": arm.safes[vault.name.lower()].id,
            "location": vault.location,
            "tags": {},
            "deletionDate": stamp(deleted),
            "scheduledPurgeDate": stamp(deleted + timedelta(days=vault.soft_delete_days)),
        }
        if vault.purge_protection:
            properties["purgeProtectionEnabled"] = True
        kind = "Microsoft.KeyVault/deletedVaults"
        found.append({"id": f"{place}/{vault.name}", "name": vault.name, "type": kind, "properties": properties})
    return found


def _hsm(arm: Arm, hsm: ManagedHsm) -> Json:
    safe, network = arm.safes[hsm.name.lower()], hsm.network
    properties: Json = {
        "tenantId": arm.world.tenant,
        "initialAdminObjectIds": [arm.world.principal(one).id for one in hsm.admins],
        "hsmUri": f"https://{safe.host}/",
        "enableSoftDelete": hsm.soft_delete,
        "softDeleteRetentionInDays": hsm.soft_delete_days,
        "enablePurgeProtection": hsm.purge_protection,
        "provisioningState": hsm.state,
        "statusMessage": "The Managed HSM is provisioned and ready to use.",
        "publicNetworkAccess": enabled(network.public),
        "networkAcls": rules(network) or rules(Network(default="Allow")),
        "regions": [],
        "privateEndpointConnections": arm.connections(safe.id, network, HSMS),
        "securityDomainProperties": {
            "activationStatus": "Active",
            "activationStatusMessage": "It is active.",
        },
    }
    return {**arm.envelope(hsm, HSMS, properties), "sku": {"family": "B", "name": hsm.sku}}


def _hsms(arm: Arm, names: Names) -> list[Json]:
    return [_hsm(arm, one) for one in arm.inside(arm.world.managed_hsms, names)]


def _get_hsm(arm: Arm, names: Names) -> Json:
    return _hsm(arm, arm.one(arm.world.managed_hsms, names, HSMS))


def _safe(arm: Arm, names: Names) -> Safe:
    found = _named(arm, names) if names["kind"].lower() == "vaults" else arm.one(arm.world.managed_hsms, names, HSMS)
    return arm.safes[found.name.lower()]


def _attributes(safe: Safe, kept: Kept, version: Version) -> Json:
    """Return attributes as Resource Manager tells them: it does not know the platform."""
    told = safe.attributes(kept, version)
    return {name: value for name, value in told.items() if name not in {"hsmPlatform", "recoverableDays"}}


def _item(safe: Safe, kept: Kept, version: Version | None, properties: Json) -> Json:
    kind = f"Microsoft.KeyVault/{safe.kind}/keys"
    told: Json = {"id": f"{safe.id}/keys/{kept.key.name}", "name": kept.key.name, "type": kind}
    if version is not None:
        told |= {"id": f"{told['id']}/versions/{version.id}", "name": version.id, "type": f"{kind}/versions"}
    if safe.kind == "vaults":
        told["location"] = safe.container.location
    return told | {"tags": dict(kept.key.tags), "properties": properties}


def _keys(arm: Arm, names: Names) -> list[Json]:
    safe = _safe(arm, names)
    return [
        _item(safe, kept, None, {"attributes": _attributes(safe, kept, kept.newest), "keyUri": _uri(safe, kept)})
        for kept in safe.keys.values()
        if kept.deleted is None
    ]


def _uri(safe: Safe, kept: Kept, version: Version | None = None) -> str:
    return safe.kid(kept, version).replace(safe.host, f"{safe.host}:443")


def _full(safe: Safe, kept: Kept, version: Version) -> Json:
    key = kept.key
    told: Json = {
        "attributes": _attributes(safe, kept, version),
        "kty": key.kty,
        "keyOps": list(key.ops),
        "keyUri": _uri(safe, kept),
        "keyUriWithVersion": _uri(safe, kept, version),
    }
    told |= {"curveName": key.curve} if key.kty.startswith("EC") else {"keySize": key.bits}
    if key.rotation is not None:
        policy = safe.policy(kept)
        actions = [
            {"trigger": one["trigger"], "action": {"type": one["action"]["type"].lower()}}
            for one in policy["lifetimeActions"]
        ]
        told["rotationPolicy"] = {"lifetimeActions": actions, "attributes": policy["attributes"]}
    return told | safe.extras(kept)


def _get_key(arm: Arm, names: Names) -> Json:
    safe = _safe(arm, names)
    kept = safe.find(names["key"])
    return _item(safe, kept, None, _full(safe, kept, kept.newest))


def _versions(arm: Arm, names: Names) -> list[Json]:
    safe = _safe(arm, names)
    kept = safe.find(names["key"])
    return [
        _item(safe, kept, one, {"attributes": _attributes(safe, kept, one), "keyUri": _uri(safe, kept)})
        for one in kept.versions
    ]


def _get_version(arm: Arm, names: Names) -> Json:
    safe = _safe(arm, names)
    kept = safe.find(names["key"])
    version = safe.version(kept, names["version"])
    return _item(safe, kept, version, _full(safe, kept, version))


def secret(now: datetime, one: Secret) -> Json:
    """Return the attributes of a secret."""
    made = seconds(now - timedelta(days=one.age_days))
    told: Json = {"enabled": one.enabled, "created": made, "updated": made}
    if one.expires_in_days is not None:
        told["exp"] = seconds(now + timedelta(days=one.expires_in_days))
    return told


def _secrets(arm: Arm, names: Names) -> list[Json]:
    vault = _named(arm, names)
    safe = arm.safes[vault.name.lower()]
    found = []
    for one in vault.secrets:
        uri = f"https://{safe.host}/secrets/{one.name}"
        properties = {"attributes": secret(arm.now, one), "contentType": "", "secretUri": uri}
        place = {"id": f"{safe.id}/secrets/{one.name}", "name": one.name, "type": f"{VAULTS}/secrets"}
        found.append({**place, "location": vault.location, "properties": properties})
    return found


def _connections(arm: Arm, names: Names) -> list[Json]:
    safe = _safe(arm, names)
    return arm.connections(safe.id, safe.container.network, f"Microsoft.KeyVault/{safe.kind}")


def _keyed(prefix: str, kind: str) -> list[Route[Arm]]:
    """Return the operations on the keys of vaults, or of managed HSMs."""
    keys = f"{GROUP}/Microsoft.KeyVault/{{kind={kind}}}/{{name}}/keys"
    return [
        route(f"keyvault:{prefix}Keys_List", f"GET {keys}", listing(_keys)),
        route(f"keyvault:{prefix}Keys_Get", f"GET {keys}/{{key}}", getting(_get_key)),
        route(f"keyvault:{prefix}Keys_ListVersions", f"GET {keys}/{{key}}/versions", listing(_versions)),
        route(f"keyvault:{prefix}Keys_GetVersion", f"GET {keys}/{{key}}/versions/{{version}}", getting(_get_version)),
    ]


def _linked(operation: str, kind: str) -> Route[Arm]:
    path = f"{GROUP}/Microsoft.KeyVault/{{kind={kind}}}/{{name}}/privateEndpointConnections"
    return route(operation, f"GET {path}", listing(_connections))


ROUTES: tuple[Route[Arm], ...] = (
    route("keyvault:Vaults_ListBySubscription", f"GET {EVERYWHERE}/{VAULTS}", listing(_vaults)),
    route("keyvault:Vaults_ListByResourceGroup", f"GET {GROUP}/{VAULTS}", listing(_vaults)),
    route("keyvault:Vaults_Get", f"GET {GROUP}/{VAULTS}/{{name}}", getting(_get_vault)),
    route("keyvault:Vaults_ListDeleted", f"GET {EVERYWHERE}/Microsoft.KeyVault/deletedVaults", listing(_deleted)),
    route("keyvault:ManagedHsms_ListBySubscription", f"GET {EVERYWHERE}/{HSMS}", listing(_hsms)),
    route("keyvault:ManagedHsms_ListByResourceGroup", f"GET {GROUP}/{HSMS}", listing(_hsms)),
    route("keyvault:ManagedHsms_Get", f"GET {GROUP}/{HSMS}/{{name}}", getting(_get_hsm)),
    route(
        "keyvault:ManagedHsms_ListDeleted",
        f"GET {EVERYWHERE}/Microsoft.KeyVault/deletedManagedHSMs",
        listing(lambda _, __: []),
    ),
    *_keyed("", "vaults"),
    *_keyed("ManagedHsm", "managedHSMs"),
    route("keyvault:Secrets_List", f"GET {GROUP}/{VAULTS}/{{name}}/secrets", listing(_secrets)),
    _linked("keyvault:PrivateEndpointConnections_ListByResource", "vaults"),
    _linked("keyvault:MHSMPrivateEndpointConnections_ListByResource", "managedHSMs"),
)
"""Operations of Microsoft.KeyVault, by their names in the published description."""
