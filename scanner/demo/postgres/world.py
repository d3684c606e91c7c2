"""What is in the demo's databases: tenants, their data keys, their rows, and what was planted."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

_NAMESPACE = uuid.UUID("d2f1a6b0-6c7e-4b0f-9d55-2f3c0e7c1a11")
Days = Annotated[int, Field(ge=0, le=36500)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class DataKey(_Strict):
    """A data key of a tenant. Days count back from the demo's clock."""

    name: str
    kek: str = ""
    """Alias of the key that wraps it; empty: the database's."""
    missing: str = ""
    """Id of a key that is not there, which the registry names in place of the one that wraps it."""
    age_days: Days
    retired_days_ago: Days | None = None
    state: Literal["pre-activation", "active", "suspended", "retired", "compromised"] = "active"
    plain: bool = False
    """The registry keeps it as it is."""
    unregistered: bool = False
    """The registry has lost it."""
    notes: Annotated[int, Field(ge=0)] = 0
    """Rows of `voice.call_notes` under it."""
    forms: Annotated[int, Field(ge=0)] = 0
    """Rows of `voice.intake_forms` under it."""
    defect: str = ""


class Tenant(_Strict):
    """A tenant."""

    name: str
    keys: list[DataKey]
    borrows: str = ""
    """Name of another tenant's data key under which five of its forms are."""


class Database(_Strict):
    """A database with envelopes."""

    name: str
    kek: str
    """Alias of the key that wraps the data keys, where a data key names no other."""
    tenants: list[Tenant]
    canary_tenants: list[str] = []
    """Tenants whose rows self-tests open."""
    plain_forms: Annotated[int, Field(ge=0)] = 0
    """Forms that a bug stored as they are, of the first tenant."""
    repeated_nonces: Annotated[int, Field(ge=0)] = 0
    """Forms of the first tenant that have the nonce of the one before."""
    defect: str = ""

    @cached_property
    def registry(self) -> str:
        """Return what a scan calls the registry."""
        return f"postgres:{self.source}:vault.data_keys"

    @property
    def source(self) -> str:
        """Return the source's name in the demo's estate."""
        return self.name.replace("_", "-")

    def key_id(self, key: DataKey) -> str:
        """Return the identifier of a data key, the same on every run."""
        return str(uuid.uuid5(_NAMESPACE, f"{self.name}/{key.name}"))

    def named(self) -> Iterator[tuple[str, str]]:
        """Yield what the answer key calls its things, and what a scan does."""
        yield f"postgres/{self.name}", f"postgres:{self.source}"
        for table in ("voice.call_notes", "voice.intake_forms"):
            yield f"postgres/{self.name}/{table}", f"postgres:{self.source}:{table}"
        for tenant in self.tenants:
            for key in tenant.keys:
                yield f"data_keys/{key.name}", f"{self.registry}/{self.key_id(key)}"
