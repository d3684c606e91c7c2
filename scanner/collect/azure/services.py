"""Every Azure collector, in one explicit list."""

from __future__ import annotations

from scanner.collect.azure import accounts, hsms, openai, stores, vault, vaults
from scanner.collect.azure.accounts import Service
from scanner.collect.interface import Unit
from scanner.model.estate import AzureSource
from scanner.model.operation import Operation

SERVICES: tuple[Service, ...] = (vaults.SERVICE, hsms.SERVICE, openai.SERVICE, stores.SERVICE)
"""What is read in each subscription. Vaults are read one by one, as units that the list of them yields."""

COLLECTORS: tuple[str, ...] = (*(service.name for service in SERVICES), vault.NAME)
"""Names of all collectors that fill tables."""


def operations() -> tuple[Operation, ...]:
    """Return every declared operation, those that find the caller and the subscriptions first."""
    return (*accounts.OPERATIONS, *(op for service in SERVICES for op in service.operations), *vault.OPERATIONS)


def first_unit(source: AzureSource, wanted: frozenset[str], deadline: float) -> Unit:
    """Return the first unit of a source. ``deadline`` is on the monotonic clock, in seconds."""
    allowed = frozenset(operation.name for operation in operations())
    return accounts.first_unit(source, SERVICES, allowed=allowed, wanted=wanted, deadline=deadline)
