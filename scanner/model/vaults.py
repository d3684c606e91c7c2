"""The fact table of vaults: what holds keys and secrets, how it is reached, and whether what is deleted comes back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from scanner.model.facts import Fact, column


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultFact(Fact):
    """A container of keys and secrets of the customer: key vault or managed HSM."""

    table: ClassVar[str] = "vaults"
    key: ClassVar[str] = "vault_id"
    parent: ClassVar[str] = "source"

    vault_id: str = column("ARM id.", source="Microsoft.KeyVault Vaults_ListBySubscription id", required=True)
    provider: str = column("`azure`.", source="the collector", required=True)
    account: str = column("Subscription.", source="the scan", required=True)
    region: str = column("Location.", source="the scan", required=True)
    kind: str = column("`vault` or `managed_hsm`.", source="Microsoft.KeyVault type", required=True)
    name: str | None = column("Name.", source="Microsoft.KeyVault name")
    uri: str | None = column("Address of its data plane.", source="properties.vaultUri, properties.hsmUri")
    tier: str | None = column(
        "The provider's word: `standard` has keys in software alone, `premium` in HSMs too.",
        source="properties.sku.name",
    )
    soft_delete: bool | None = column(
        "What is deleted can be recovered for a time.", source="properties.enableSoftDelete"
    )
    soft_delete_days: int | None = column("For how long.", unit="days", source="properties.softDeleteRetentionInDays")
    purge_protection: bool | None = column(
        "Nobody can remove for good what is deleted before that time.", source="properties.enablePurgeProtection"
    )
    access_model: str | None = column(
        "Who decides on access to keys and secrets: `rbac`, `access_policies` or `local_rbac` (of a managed HSM).",
        source="properties.enableRbacAuthorization",
    )
    public_network: bool | None = column(
        "Its data plane answers to any address of the Internet (whoever asks must still authenticate).",
        source="properties.publicNetworkAccess, properties.networkAcls.defaultAction",
    )
    trusted_services_bypass: bool | None = column(
        "Services of the provider reach it past the network's rules.", source="properties.networkAcls.bypass"
    )
    private_endpoints: int | None = column(
        "Approved private endpoints.", source="properties.privateEndpointConnections"
    )
    secrets: int | None = column("Secrets in it.", source="Microsoft.KeyVault Secrets_List")
    secrets_without_expiry: int | None = column(
        "Enabled secrets that have no date of expiry.", source="Secrets_List attributes.exp"
    )
    created_at: datetime | None = column("Creation.", unit="UTC", source="systemData.createdAt")
