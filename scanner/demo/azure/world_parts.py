"""What the simulated Azure is made of: subscriptions, principals, keys, vaults and managed HSMs."""

from __future__ import annotations

import uuid
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

NAMESPACE = uuid.UUID("0d6a6f6e-5b1b-4a3d-9a62-3f1c0a7a9e10")

Guid = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
VaultName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=127)]
OperationName = Annotated[str, StringConstraints(pattern=r"^[a-z]+:(\*|[A-Za-z_]+)$")]
Days = Annotated[int, Field(ge=0, le=36500)]
Duration = Annotated[str, StringConstraints(pattern=r"^P([0-9]+[YMWD])+$")]
KeyType = Literal["RSA", "RSA-HSM", "EC", "EC-HSM", "oct-HSM"]
KeyUse = Literal["encrypt", "decrypt", "wrapKey", "unwrapKey", "sign", "verify"]


class Strict(BaseModel):
    """A part of the world: nothing in it that is not known, nothing changed after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Subscription(Strict):
    """A subscription of the tenant."""

    id: Guid
    name: Name
    about: str = ""
    state: Literal["Enabled", "Disabled", "Warned", "PastDue", "Deleted"] = "Enabled"
    seen: bool = True
    """False: the credential has no role in it, so that it is in no list."""


class Principal(Strict):
    """Somebody in Entra ID."""

    name: Name
    kind: Literal["User", "Group", "ServicePrincipal", "ForeignGroup", "Device"] = "ServicePrincipal"

    @cached_property
    def id(self) -> str:
        """Return the object id, the same on every run."""
        return str(uuid.uuid5(NAMESPACE, f"principal/{self.name}"))


class Resource(Strict):
    """Something that Resource Manager keeps in a resource group."""

    name: Name
    subscription: str
    """Name of the subscription."""
    group: Name
    location: Name = "eastus2"
    age_days: Days = 400
    about: str = ""
    defect: str = ""
    denied: list[OperationName] = []
    """Operations that may not be read of it."""


class Rotation(Strict):
    """A rotation policy. One of ``after_create`` and ``before_expiry`` where the key rotates."""

    after_create: Duration | Literal[""] = ""
    before_expiry: Duration | Literal[""] = ""
    notify_before: Duration | Literal[""] = "P30D"
    expiry: Duration | Literal[""] = ""


class Key(Strict):
    """A key of a vault or of a managed HSM.

    Days count back from the demo's clock, or forward where the name says so.
    """

    name: Name
    about: str = ""
    defect: str = ""
    denied: list[OperationName] = []
    kty: KeyType = "RSA"
    size: Literal[128, 192, 256, 2048, 3072, 4096] | None = None
    """Bits of an RSA or symmetric key. Null: 2048, or 256."""
    curve: Literal["P-256", "P-256K", "P-384", "P-521"] = "P-256"
    ops: list[KeyUse] = ["encrypt", "decrypt", "wrapKey", "unwrapKey", "sign", "verify"]
    enabled: bool = True
    age_days: Days = 400
    rotated_days_ago: list[Days] = []
    """When versions after the first were made, in any order."""
    active_in_days: Days | None = None
    expires_in_days: Annotated[int, Field(ge=-36500, le=36500)] | None = None
    """Of the newest version. Negative: it has expired."""
    rotation: Rotation | None = None
    exportable: bool = False
    released: bool = False
    """A release policy lets the material leave."""
    platform: Literal["0", "1", "2"] | None = None
    """`hsmPlatform`. Null: by the key type, 0 or 2."""
    attested: bool | None = None
    """Null: in a managed HSM, and not in a vault, for which the service has no attestation."""
    deleted_days_ago: Days | None = None
    """The key is soft-deleted."""
    tags: dict[str, str] = {}
    cert: bool = False
    """The key is that of a certificate, which the service manages."""

    @property
    def bits(self) -> int:
        """Return the length of an RSA or symmetric key."""
        return self.size or (256 if self.kty == "oct-HSM" else 2048)

    @property
    def hsm_platform(self) -> str:
        """Return the platform that holds it."""
        return self.platform or ("2" if self.kty.endswith("-HSM") else "0")


class Secret(Strict):
    """A secret of a vault: its attributes. The simulator has no value."""

    name: Name
    enabled: bool = True
    age_days: Days = 100
    expires_in_days: Annotated[int, Field(ge=-36500, le=36500)] | None = None
    defect: str = ""


class Policy(Strict):
    """An access policy of a vault."""

    principal: str
    keys: list[str] = []
    secrets: list[str] = []
    certificates: list[str] = []


class Diagnostics(Strict):
    """A diagnostic setting: what is logged of a resource, and where to."""

    name: Name = "audit"
    categories: list[str] = []
    groups: list[Literal["audit", "allLogs"]] = []
    enabled: bool = True
    workspace: str = ""
    storage: str = ""
    event_hub: bool = False
    retention_days: Days = 0
    """Of the old kind, which Azure no longer honors."""


class Network(Strict):
    """From where something can be reached."""

    public: bool = False
    default: Literal["Allow", "Deny"] | None = None
    """Null: the resource has no rules."""
    addresses: list[str] = []
    subnets: list[str] = []
    trusted_services: bool = True
    private_endpoints: Days = 0
    pending_endpoints: Days = 0


class Container(Resource):
    """What keeps keys: a vault or a managed HSM."""

    soft_delete: bool = True
    soft_delete_days: Annotated[int, Field(ge=7, le=90)] = 90
    purge_protection: bool = True
    network: Network = Network()
    blocked: Literal["", "firewall", "private"] = ""
    """Why its data plane refuses the scan, whatever rights it has."""
    diagnostics: list[Diagnostics] = []
    keys: list[Key] = []


class Vault(Container):
    """A key vault."""

    name: VaultName
    tier: Literal["standard", "premium"] = "standard"
    rbac: bool | None = True
    """Null: the property is absent, as in old vaults, which means access policies."""
    policies: list[Policy] = []
    secrets: list[Secret] = []
    deleted_days_ago: Days | None = None
    uri: str = ""
    """What Resource Manager says instead of the vault's own URI: what a hostile tenant would write."""

    @model_validator(mode="after")
    def _holds_its_kinds(self) -> Vault:
        """Refuse keys that Azure would not make here."""
        for key in self.keys:
            if key.kty == "oct-HSM":
                raise ValueError(f"{self.name}/{key.name}: only a managed HSM has symmetric keys")
            if key.kty.endswith("-HSM") and self.tier == "standard":
                raise ValueError(f"{self.name}/{key.name}: a standard vault has no HSM keys")
        return self


class LocalAssignment(Strict):
    """A role assignment of a managed HSM's own access control."""

    role: str
    principal: str
    scope: str = "/"
    """``/``, ``/keys`` or ``/keys/NAME``."""


class ManagedHsm(Container):
    """A managed HSM."""

    name: VaultName
    sku: Literal["Standard_B1", "Custom_B32"] = "Standard_B1"
    admins: list[str] = []
    state: Literal["Succeeded", "Provisioning", "Failed", "Activated", "SecurityDomainRestore"] = "Succeeded"
    assignments: list[LocalAssignment] = []

    @model_validator(mode="after")
    def _holds_its_kinds(self) -> ManagedHsm:
        """Refuse keys that Azure would not make here."""
        for key in self.keys:
            if not key.kty.endswith("-HSM"):
                raise ValueError(f"{self.name}/{key.name}: a managed HSM has HSM keys only")
        return self
