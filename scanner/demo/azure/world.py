"""What is in the simulated Azure, as the world's section ``azure:`` tells it: readable, with every defect named."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Literal

from pydantic import StringConstraints, model_validator

from scanner.demo.azure.clouds import CLOUDS, Cloud
from scanner.demo.azure.roles import BUILT_IN, LOCAL
from scanner.demo.azure.world_parts import (
    NAMESPACE,
    Days,
    Diagnostics,
    Guid,
    ManagedHsm,
    Name,
    Network,
    OperationName,
    Principal,
    Resource,
    Strict,
    Subscription,
    Vault,
)


class DedicatedHsm(Resource):
    """A dedicated HSM: a Luna of one's own."""

    sku: str = "SafeNet Luna Network HSM A790"
    stamp: str = "stamp1"


class CloudHsm(Resource):
    """A Cloud HSM cluster."""

    sku: str = "Standard_B1"
    nodes: Days = 3
    network: Network = Network()


class AiAccount(Resource):
    """An account of Azure AI services."""

    kind: str = "OpenAI"
    key: str = ""
    """``VAULT/KEY`` or ``VAULT/KEY/VERSION`` of the customer's key. Empty: the provider's."""
    content_logging: bool = True
    """False: abuse monitoring keeps no prompts (the capability ``ContentLogging`` is false)."""
    stored_completions_disabled: bool | None = None
    local_keys: bool = True
    identity: str = ""
    network: Network = Network(public=True)
    storage: str = ""
    diagnostics: list[Diagnostics] = []
    deployments: list[str] = []


class Workspace(Resource):
    """A Log Analytics workspace."""

    retention_days: Days = 30
    tables: dict[str, int] = {}
    """Total retention of tables by name, in days."""


class Storage(Resource):
    """A storage account."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{3,24}$")]
    key: str = ""
    """``VAULT/KEY`` of the customer's key."""
    delete_after_days: Days | None = None
    """What its management policy says of old blobs. Null: it has no policy."""
    public: bool = False


class Role(Strict):
    """A custom role."""

    name: Name
    actions: list[str] = []
    not_actions: list[str] = []
    data_actions: list[str] = []
    not_data_actions: list[str] = []

    @cached_property
    def id(self) -> str:
        """Return the role's id, the same on every run."""
        return str(uuid.uuid5(NAMESPACE, f"role/{self.name}"))


class At(Strict):
    """Where a role is assigned. Nothing named: at the root management group of the tenant."""

    subscription: str = ""
    group: str = ""
    vault: str = ""
    """Name of a vault or of a managed HSM."""
    key: str = ""


class Assignment(Strict):
    """A role assignment."""

    role: str
    """Name of a built-in role, or of one of the world's."""
    principal: str
    at: At = At()
    condition: str = ""
    defect: str = ""


class Denied(Strict):
    """What may not be read, beside what a resource says of itself."""

    operation: OperationName
    subscription: str = ""
    subject: str = ""
    """Text in the request's path, query or body."""
    defect: str


_TYPES: dict[type[Resource], str] = {
    Vault: "Microsoft.KeyVault/vaults",
    ManagedHsm: "Microsoft.KeyVault/managedHSMs",
    DedicatedHsm: "Microsoft.HardwareSecurityModules/dedicatedHSMs",
    CloudHsm: "Microsoft.HardwareSecurityModules/cloudHsmClusters",
    AiAccount: "Microsoft.CognitiveServices/accounts",
    Workspace: "Microsoft.OperationalInsights/workspaces",
    Storage: "Microsoft.Storage/storageAccounts",
}


class AzureWorld(Strict):
    """Everything that the simulated Azure holds."""

    tenant: Guid = "5a7e7e57-0000-4000-8000-000000000001"
    cloud: Literal["public", "usgovernment", "china"] = "public"
    scanner: Principal = Principal(name="keyaudit")
    """Who the scan is."""
    subscriptions: list[Subscription] = []
    principals: list[Principal] = []
    vaults: list[Vault] = []
    managed_hsms: list[ManagedHsm] = []
    dedicated_hsms: list[DedicatedHsm] = []
    cloud_hsms: list[CloudHsm] = []
    accounts: list[AiAccount] = []
    workspaces: list[Workspace] = []
    storage: list[Storage] = []
    roles: list[Role] = []
    assignments: list[Assignment] = []
    denied: list[Denied] = []

    @property
    def endpoints(self) -> Cloud:
        """Return the hosts of the world's cloud."""
        return CLOUDS[self.cloud]

    @property
    def containers(self) -> list[Vault | ManagedHsm]:
        """Return what keeps keys."""
        return [*self.vaults, *self.managed_hsms]

    @property
    def resources(self) -> list[Resource]:
        """Return everything that Resource Manager keeps in a resource group."""
        others = [*self.dedicated_hsms, *self.cloud_hsms, *self.accounts, *self.workspaces, *self.storage]
        return [*self.containers, *others]

    @cached_property
    def _subscriptions(self) -> dict[str, str]:
        return {one.name: one.id for one in self.subscriptions}

    @cached_property
    def _principals(self) -> dict[str, Principal]:
        return {one.name: one for one in [self.scanner, *self.principals]}

    def subscription(self, name: str) -> str:
        """Return the id of a subscription."""
        return self._subscriptions[name]

    def principal(self, name: str) -> Principal:
        """Return somebody."""
        return self._principals[name]

    def named(self) -> Iterator[tuple[str, str]]:
        """Yield what the answer key calls its things, and what a scan does."""
        for one in self.resources:
            yield f"azure/{one.name}", self.arm_id(one)
        for holder in self.containers:
            above = self.arm_id(holder)
            yield from ((f"azure/{holder.name}/{key.name}", f"{above}/keys/{key.name}") for key in holder.keys)
            settings = f"{above}/providers/microsoft.insights/diagnosticSettings"
            yield from ((f"azure/{holder.name}/logs", f"{settings}/{one.name}") for one in holder.diagnostics)
            yield f"azure/{holder.name}/scope", f"azure:{self.subscription(holder.subscription)}:{holder.name}"

    def arm_id(self, one: Resource) -> str:
        """Return the id of a resource in Resource Manager."""
        group = f"/subscriptions/{self.subscription(one.subscription)}/resourceGroups/{one.group}"
        return f"{group}/providers/{_TYPES[type(one)]}/{one.name}"

    def container(self, name: str) -> Vault | ManagedHsm:
        """Return a vault or a managed HSM."""
        return next(one for one in self.containers if one.name == name)

    @model_validator(mode="after")
    def _names_resolve(self) -> AzureWorld:
        """Refuse what points at nothing, and what is there twice."""
        dangling = sorted(set(self._dangling()))
        if dangling:
            raise ValueError(f"no such thing in this world: {', '.join(dangling)}")
        for named in (self.subscriptions, self.principals, self.containers, self.workspaces, self.storage):
            names = [one.name.lower() for one in named]
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"there twice: {', '.join(twice)}")
        return self

    def _dangling(self) -> Iterator[str]:
        """Yield names that the world uses and does not have."""
        keys = {f"{one.name}/{key.name}" for one in self.containers for key in one.keys}
        roles = {role.name for role in self.roles} | set(BUILT_IN)
        places = {one.name for one in self.containers} | {""}
        yield from (one.subscription for one in self.resources if one.subscription not in self._subscriptions)
        for vault in self.vaults:
            yield from (one.principal for one in vault.policies if one.principal not in self._principals)
        for hsm in self.managed_hsms:
            yield from (one.principal for one in hsm.assignments if one.principal not in self._principals)
            yield from (one.role for one in hsm.assignments if one.role not in LOCAL)
            yield from (name for name in hsm.admins if name not in self._principals)
        for given in self.assignments:
            yield from {given.principal} - set(self._principals)
            yield from {given.role} - roles
            yield from {given.at.vault} - places
            yield from {given.at.subscription} - set(self._subscriptions) - {""}
        used = [one.key for one in self.accounts] + [one.key for one in self.storage]
        yield from {"/".join(name.split("/")[:2]) for name in used} - keys - {""}
        for told in [*self.containers, *self.accounts]:
            yield from {one.workspace for one in told.diagnostics} - {one.name for one in self.workspaces} - {""}
            yield from {one.storage for one in told.diagnostics} - {one.name for one in self.storage} - {""}
