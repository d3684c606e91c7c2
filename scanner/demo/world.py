"""What is in the simulated cloud, as ``world.yaml`` tells it: readable, with every planted defect named."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

from scanner.errors import ConfigError
from scanner.yamlfile import load, validate

FOLDER = Path(__file__).parent
_NAMESPACE = uuid.UUID("5f2c9a58-8f0e-4d0b-9e55-2d6a3f6f4c11")
PARTITION = "aws"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Account(_Strict):
    """An account of the Organization."""

    id: str
    name: str
    about: str


class Store(_Strict):
    """A custom or external key store."""

    name: str
    account: str
    region: str
    kind: Literal["AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"]
    state: Literal["CONNECTED", "DISCONNECTED", "FAILED"] = "CONNECTED"
    error: str = ""
    age_days: int
    defect: str = ""

    @cached_property
    def id(self) -> str:
        """Return the store's id, the same on every run."""
        return f"cks-{uuid.uuid5(_NAMESPACE, f'{self.account}/{self.region}/{self.name}').hex[:17]}"


class Rotation(_Strict):
    """Automatic rotation of a key."""

    period_days: int


class Grant(_Strict):
    """A grant on a key."""

    name: str
    grantee: str
    operations: list[str]
    context: dict[str, str] = {}
    age_days: int = 10


class Key(_Strict):
    """A key. Days count back from the demo's clock, or forward where the name says so."""

    alias: str
    account: str
    region: str
    about: str
    defect: str = ""
    denied: list[str] = []
    """Operations that may not be read of this key, ``kms:GetKeyRotationStatus``."""
    spec: str = "SYMMETRIC_DEFAULT"
    usage: str = "ENCRYPT_DECRYPT"
    origin: Literal["AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"] = "AWS_KMS"
    manager: Literal["CUSTOMER", "AWS"] = "CUSTOMER"
    state: Literal["Enabled", "Disabled", "PendingDeletion", "PendingReplicaDeletion"] = "Enabled"
    age_days: int
    rotation: Rotation | None = None
    rotated_days_ago: list[int] = []
    tags: dict[str, str] = {}
    policy: str = "separated"
    grants: list[Grant] = []
    last_used_days_ago: int | None = None
    deleted_in_days: int | None = None
    deletion_window_days: int | None = None
    expires_in_days: int | None = None
    store: str = ""
    replica_of: str = ""
    """Alias of the primary that this key is a replica of."""
    replicated_to: list[str] = []
    description: str = ""

    @cached_property
    def id(self) -> str:
        """Return the key id, the same on every run. Related multi-Region keys share it."""
        name = self.replica_of or self.alias
        region = "" if self.multi_region else self.region
        identity = uuid.uuid5(_NAMESPACE, f"{self.account}/{region}/{name}")
        return f"mrk-{identity.hex}" if self.multi_region else str(identity)

    @property
    def multi_region(self) -> bool:
        """Tell whether the key is a multi-Region key."""
        return bool(self.replica_of or self.replicated_to)

    @property
    def arn(self) -> str:
        """Return the key's ARN."""
        return f"arn:{PARTITION}:kms:{self.region}:{self.account}:key/{self.id}"


class World(_Strict):
    """Everything that the simulated cloud holds."""

    management_account: str
    accounts: list[Account]
    statements: dict[str, dict[str, object]]
    """Statements of key policies by name."""
    policies: dict[str, list[str]]
    """Names of statements by the name of the policy."""
    stores: list[Store] = []
    keys: list[Key]
    tracking_days: int
    """For how many days the provider has kept track of key use."""

    @model_validator(mode="after")
    def _consistent(self) -> World:
        accounts = {account.id for account in self.accounts}
        stores = {store.name for store in self.stores}
        for name, parts in self.policies.items():
            _all_known(f"policy {name}", "statement", parts, self.statements)
        for key in self.keys:
            _all_known(key.alias, "account", [key.account], accounts)
            _all_known(key.alias, "policy", [key.policy], self.policies)
            _all_known(key.alias, "store", [key.store] if key.store else [], stores)
        return self

    def policy(self, name: str) -> list[dict[str, object]]:
        """Return the statements of a policy."""
        return [self.statements[part] for part in self.policies[name]]

    def key(self, alias: str) -> Key:
        """Return a key by alias. Raises ConfigError when there is none."""
        for key in self.keys:
            if key.alias == alias:
                return key
        raise ConfigError(f"world.yaml has no key {alias!r}")

    def store(self, name: str) -> Store:
        """Return a key store by name. Raises ConfigError when there is none."""
        for store in self.stores:
            if store.name == name:
                return store
        raise ConfigError(f"world.yaml has no store {name!r}")


def _all_known(who: str, what: str, names: list[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            raise ValueError(f"{who}: there is no {what} {name}")


class Answer(_Strict):
    """One line of the answer key: what a scan of the world must find."""

    control: str
    subject: str
    """Alias of a key or name of a store."""
    verdict: Literal["fail", "unknown"]
    why: str


class _Answers(_Strict):
    answers: list[Answer]


def load_world(path: Path = FOLDER / "world.yaml") -> World:
    """Read the world. Raises ConfigError with file and line."""
    return validate(load(path), World)


def load_answers(world: World, path: Path = FOLDER / "answers.yaml") -> tuple[tuple[str, str, str], ...]:
    """Return the answer key as sorted (control, subject id, verdict). Raises ConfigError for an unknown subject."""
    stores = {store.name: store.id for store in world.stores}
    answers = validate(load(path), _Answers).answers
    return tuple(sorted((a.control, stores.get(a.subject) or world.key(a.subject).arn, a.verdict) for a in answers))


def demo_estate(url: str) -> str:
    """Return the text of the demo's estate file for a simulator at ``url``."""
    return (FOLDER / "estate.yaml").read_text(encoding="utf-8").replace("http://127.0.0.1:5000", url)
