"""Resource Manager of the simulated Azure: subscriptions, and what every resource has."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from scanner.demo.azure.paging import page
from scanner.demo.azure.safe import Safe, stamp
from scanner.demo.azure.wire import Json, Refused, Request, Route, route
from scanner.demo.azure.world import AzureWorld
from scanner.demo.azure.world_parts import NAMESPACE, Network, Resource

Names = Mapping[str, str]
R = TypeVar("R", bound=Resource)
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(-preview|-privatepreview)?")
GROUP = "/subscriptions/{sub}/resourceGroups/{group}/providers"
EVERYWHERE = "/subscriptions/{sub}/providers"


@dataclass(frozen=True, slots=True)
class Arm:
    """Everything that Resource Manager knows."""

    world: AzureWorld
    now: datetime
    safes: Mapping[str, Safe]
    """Vaults and managed HSMs by name in lower case, those too that are deleted."""
    size: int
    """Items on a page."""

    def id(self, resource: Resource, kind: str) -> str:
        """Return the id of a resource of a kind, ``Microsoft.Storage/storageAccounts``."""
        group = f"/subscriptions/{self.world.subscription(resource.subscription)}/resourceGroups/{resource.group}"
        return f"{group}/providers/{kind}/{resource.name}"

    def envelope(self, resource: Resource, kind: str, properties: Json) -> Json:
        """Return a resource in the shape that all have."""
        made = stamp(self.now - timedelta(days=resource.age_days))
        owner = "operator@example.invalid"
        return {
            "id": self.id(resource, kind),
            "name": resource.name,
            "type": kind,
            "location": resource.location,
            "tags": {},
            "systemData": {
                "createdBy": owner,
                "createdByType": "User",
                "createdAt": made,
                "lastModifiedBy": owner,
                "lastModifiedByType": "User",
                "lastModifiedAt": made,
            },
            "properties": properties,
        }

    def inside(self, resources: Iterable[R], names: Names) -> list[R]:
        """Return the resources of a subscription, and of a group where one is named. Raises Refused for none such."""
        name = self.subscription(names["sub"])
        found = [one for one in resources if one.subscription == name]
        group = names.get("group")
        if group is None:
            return found
        if group.lower() not in {one.group.lower() for one in self.world.resources if one.subscription == name}:
            raise Refused(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")
        return [one for one in found if one.group.lower() == group.lower()]

    def one(self, resources: Iterable[R], names: Names, kind: str) -> R:
        """Return the resource that a path names. Raises Refused when there is none."""
        for resource in self.inside(resources, names):
            if resource.name.lower() == names["name"].lower():
                return resource
        text = f"The Resource '{kind}/{names['name']}' under resource group '{names['group']}' was not found. For more \
details please go to https://aka.ms/ARMResourceNotFoundFix"
        raise Refused(404, "ResourceNotFound", text)

    def subscription(self, identity: str) -> str:
        """Return the name of a subscription. Raises Refused for one that is not seen."""
        for one in self.world.subscriptions:
            if one.id == identity.lower() and one.seen:
                return one.name
        raise Refused(404, "SubscriptionNotFound", f"The subscription '{identity}' could not be found.")

    def connections(self, resource: str, network: Network, kind: str) -> list[Json]:
        """Return the private endpoint connections of a resource."""
        group = f"{resource.partition('/providers')[0]}/providers"
        states = ["Approved"] * network.private_endpoints + ["Pending"] * network.pending_endpoints
        return [
            {
                "id": f"{resource}/privateEndpointConnections/pe-{number}",
                "name": f"pe-{number}",
                "type": f"{kind}/privateEndpointConnections",
                "properties": {
                    "provisioningState": "Succeeded",
                    "privateEndpoint": {"id": f"{group}/Microsoft.Network/privateEndpoints/pe-{number}"},
                    "privateLinkServiceConnectionState": {
                        "status": state,
                        "description": "",
                        "actionsRequired": "None",
                    },
                },
            }
            for number, state in enumerate(states)
        ]


def rules(network: Network) -> Json | None:
    """Return the network rules of a resource, or None when it has none."""
    if network.default is None:
        return None
    return {
        "bypass": "AzureServices" if network.trusted_services else "None",
        "defaultAction": network.default,
        "ipRules": [{"value": address} for address in network.addresses],
        "virtualNetworkRules": [{"id": one, "ignoreMissingVnetServiceEndpoint": False} for one in network.subnets],
    }


def enabled(flag: bool) -> str:
    """Return a flag as Resource Manager spells it."""
    return "Enabled" if flag else "Disabled"


def listing(make: Callable[[Arm, Names], list[Json]]) -> Callable[[Arm, Request, Names], Json]:
    """Return what answers with pages of what ``make`` makes."""
    return lambda arm, request, names: page(request, make(arm, names), arm.size)


def getting(make: Callable[[Arm, Names], Json]) -> Callable[[Arm, Request, Names], Json]:
    """Return what answers with the one thing that ``make`` makes."""
    return lambda arm, _, names: make(arm, names)


def versioned(request: Request) -> None:
    """Refuse a request that does not say which version of the API it speaks."""
    said = request.query.get("api-version")
    if not said:
        text = "The api-version query parameter (?api-version=) is required for all requests."
        raise Refused(400, "MissingApiVersionParameter", text)
    if not DATE.fullmatch(said):
        raise Refused(400, "InvalidApiVersionParameter", f"The api-version '{said}' is invalid.")


def _subscriptions(arm: Arm, _: Names) -> list[Json]:
    return [
        {
            "id": f"/subscriptions/{one.id}",
            "authorizationSource": "RoleBased",
            "managedByTenants": [],
            "subscriptionId": one.id,
            "tenantId": arm.world.tenant,
            "displayName": one.name,
            "state": one.state,
            "subscriptionPolicies": {
                "locationPlacementId": "Internal_2014-09-01",
                "quotaId": "EnterpriseAgreement_2014-09-01",
                "spendingLimit": "Off",
            },
            "tags": {},
        }
        for one in arm.world.subscriptions
        if one.seen
    ]


def _subscription(arm: Arm, names: Names) -> Json:
    name = arm.subscription(names["sub"])
    return next(one for one in _subscriptions(arm, names) if one["displayName"] == name)


def _groups(arm: Arm, names: Names) -> list[Json]:
    name = arm.subscription(names["sub"])
    groups = {one.group: one.location for one in arm.world.resources if one.subscription == name}
    return [
        {
            "id": f"/subscriptions/{names['sub']}/resourceGroups/{group}",
            "name": group,
            "type": "Microsoft.Resources/resourceGroups",
            "location": location,
            "properties": {"provisioningState": "Succeeded"},
        }
        for group, location in sorted(groups.items())
    ]


def _tenants(arm: Arm, _: Names) -> list[Json]:
    tenant = arm.world.tenant
    domain = f"{uuid.uuid5(NAMESPACE, tenant).hex[:8]}.onmicrosoft.com"
    told = {"id": f"/tenants/{tenant}", "tenantId": tenant, "tenantCategory": "Home", "displayName": "Example Health"}
    return [{**told, "countryCode": "US", "domains": [domain], "defaultDomain": domain, "tenantType": "AAD"}]


ROUTES: tuple[Route[Arm], ...] = (
    route("subscriptions:Subscriptions_List", "GET /subscriptions", listing(_subscriptions)),
    route("subscriptions:Subscriptions_Get", "GET /subscriptions/{sub}", getting(_subscription)),
    route("subscriptions:Tenants_List", "GET /tenants", listing(_tenants)),
    route("resources:ResourceGroups_List", "GET /subscriptions/{sub}/resourceGroups", listing(_groups)),
)
"""Operations of Resource Manager itself."""
