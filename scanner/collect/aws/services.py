"""Every AWS service collector, in one explicit list."""

from __future__ import annotations

from scanner.collect.aws import accounts, kms
from scanner.collect.aws.accounts import Service
from scanner.model.operation import Operation

SERVICES: tuple[Service, ...] = (Service(kms.NAME, kms.OPERATIONS, kms.collect),)


def operations() -> tuple[Operation, ...]:
    """Return every declared operation, those that find accounts and regions first."""
    return (*accounts.OPERATIONS, *(op for service in SERVICES for op in service.operations))
