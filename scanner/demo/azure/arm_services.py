"""Azure AI services and hardware security modules in the simulated Resource Manager."""

from __future__ import annotations

from datetime import timedelta

from scanner.demo.azure.arm import EVERYWHERE, GROUP, Arm, Names, enabled, getting, listing, rules
from scanner.demo.azure.safe import stamp
from scanner.demo.azure.wire import Json, Route, route
from scanner.demo.azure.world import AiAccount, CloudHsm, DedicatedHsm

ACCOUNTS = "Microsoft.CognitiveServices/accounts"
MODULES = "Microsoft.HardwareSecurityModules"
CLUSTERS, DEDICATED = f"{MODULES}/cloudHsmClusters", f"{MODULES}/dedicatedHSMs"


def key_of(arm: Arm, used: str) -> tuple[str, str, str]:
    """Return the vault's URI, the key's name and its version, of ``VAULT/KEY[/VERSION]``. ``newest`` is a version."""
    vault, name, version = (*used.split("/"), "")[:3]
    safe = arm.safes[vault.lower()]
    kept = safe.keys[name.lower()]
    return f"https://{safe.host}/", kept.key.name, kept.newest.id if version == "newest" else version


def _account(arm: Arm, account: AiAccount) -> Json:
    network = account.network
    capabilities = [{"name": "VirtualNetworks"}, {"name": "CustomerManagedKey"}, {"name": "TrustedServices"}]
    if not account.content_logging:
        capabilities.append({"name": "ContentLogging", "value": "false"})
    endpoint = f"https://{account.name.lower()}.openai.azure.com/"
    properties: Json = {
        "provisioningState": "Succeeded",
        "endpoint": endpoint,
        "endpoints": {"OpenAI Language Model Instance API": endpoint},
        "internalId": "0123456789abcdef0123456789abcdef",
        "isMigrated": False,
        "customSubDomainName": account.name.lower(),
        "dateCreated": stamp(arm.now - timedelta(days=account.age_days)),
        "callRateLimit": {"rules": []},
        "capabilities": capabilities,
        "publicNetworkAccess": enabled(network.public),
        "restrictOutboundNetworkAccess": False,
        "privateEndpointConnections": arm.connections(arm.id(account, ACCOUNTS), network, ACCOUNTS),
    }
    if account.local_keys is False:
        properties["disableLocalAuth"] = True
    if account.stored_completions_disabled is not None:
        properties["storedCompletionsDisabled"] = account.stored_completions_disabled
    if (acls := rules(network)) is not None:
        properties["networkAcls"] = acls
    if account.key:
        uri, name, version = key_of(arm, account.key)
        used = {"keyName": name, "keyVersion": version, "keyVaultUri": uri, "identityClientId": account.identity}
        properties["encryption"] = {"keySource": "Microsoft.KeyVault", "keyVaultProperties": used}
    if account.storage:
        storage = next(one for one in arm.world.storage if one.name == account.storage)
        place = arm.id(storage, "Microsoft.Storage/storageAccounts")
        properties["userOwnedStorage"] = [{"resourceId": place, "identityClientId": account.identity}]
    told = arm.envelope(account, ACCOUNTS, properties)
    identity = {"type": "SystemAssigned", "tenantId": arm.world.tenant, "principalId": arm.world.scanner.id}
    etag = '"0000aaaa-0000-0d00-0000-000000000000"'
    return {**told, "kind": account.kind, "sku": {"name": "S0"}, "etag": etag, "identity": identity}


def _accounts(arm: Arm, names: Names) -> list[Json]:
    return [_account(arm, one) for one in arm.inside(arm.world.accounts, names)]


def _get_account(arm: Arm, names: Names) -> Json:
    return _account(arm, arm.one(arm.world.accounts, names, ACCOUNTS))


def _deployments(arm: Arm, names: Names) -> list[Json]:
    account = arm.one(arm.world.accounts, names, ACCOUNTS)
    place = f"{arm.id(account, ACCOUNTS)}/deployments"
    return [
        {
            "id": f"{place}/{model}",
            "type": f"{ACCOUNTS}/deployments",
            "name": model,
            "sku": {"name": "Standard", "capacity": 10},
            "properties": {
                "model": {"format": "OpenAI", "name": model, "version": "2024-11-20"},
                "versionUpgradeOption": "OnceNewDefaultVersionAvailable",
                "raiPolicyName": "Microsoft.DefaultV2",
                "provisioningState": "Succeeded",
            },
        }
        for model in account.deployments
    ]


def _dedicated(arm: Arm, hsm: DedicatedHsm) -> Json:
    network = f"{arm.id(hsm, DEDICATED).partition('/providers')[0]}/providers/Microsoft.Network"
    properties: Json = {
        "networkProfile": {
            "subnet": {"resourceId": f"{network}/virtualNetworks/hsm/subnets/hsm"},
            "networkInterfaces": [
                {"resourceId": f"{network}/networkInterfaces/{hsm.name}", "privateIpAddress": "10.0.2.4"}
            ],
        },
        "stampId": hsm.stamp,
        "statusMessage": "DedicatedHsm device is functional.",
        "provisioningState": "Succeeded",
    }
    return {**arm.envelope(hsm, DEDICATED, properties), "sku": {"name": hsm.sku}, "zones": []}


def _dedicated_hsms(arm: Arm, names: Names) -> list[Json]:
    return [_dedicated(arm, one) for one in arm.inside(arm.world.dedicated_hsms, names)]


def _cluster(arm: Arm, cluster: CloudHsm) -> Json:
    domain = f"{cluster.name.lower()}.privatelink.cloudhsm.azure.net"
    properties: Json = {
        "activationState": "Active",
        "autoGeneratedDomainNameLabelScope": "TenantReuse",
        "hsms": [
            {"fqdn": f"hsm{number + 1}.{domain}", "state": "Active", "stateMessage": "The HSM is active."}
            for number in range(cluster.nodes)
        ],
        "privateEndpointConnections": arm.connections(arm.id(cluster, CLUSTERS), cluster.network, CLUSTERS),
        "provisioningState": "Succeeded",
        "publicNetworkAccess": enabled(cluster.network.public),
        "statusMessage": "The cluster is functional.",
    }
    return {**arm.envelope(cluster, CLUSTERS, properties), "sku": {"family": "B", "name": cluster.sku}}


def _clusters(arm: Arm, names: Names) -> list[Json]:
    return [_cluster(arm, one) for one in arm.inside(arm.world.cloud_hsms, names)]


ROUTES: tuple[Route[Arm], ...] = (
    route("cognitiveservices:Accounts_List", f"GET {EVERYWHERE}/{ACCOUNTS}", listing(_accounts)),
    route("cognitiveservices:Accounts_ListByResourceGroup", f"GET {GROUP}/{ACCOUNTS}", listing(_accounts)),
    route("cognitiveservices:Accounts_Get", f"GET {GROUP}/{ACCOUNTS}/{{name}}", getting(_get_account)),
    route("cognitiveservices:Deployments_List", f"GET {GROUP}/{ACCOUNTS}/{{name}}/deployments", listing(_deployments)),
    route("hsm:DedicatedHsm_ListBySubscription", f"GET {EVERYWHERE}/{DEDICATED}", listing(_dedicated_hsms)),
    route("hsm:DedicatedHsm_ListByResourceGroup", f"GET {GROUP}/{DEDICATED}", listing(_dedicated_hsms)),
    route("hsm:CloudHsmClusters_ListBySubscription", f"GET {EVERYWHERE}/{CLUSTERS}", listing(_clusters)),
    route("hsm:CloudHsmClusters_ListByResourceGroup", f"GET {GROUP}/{CLUSTERS}", listing(_clusters)),
)
"""Operations of both providers, by their names in the published descriptions."""
