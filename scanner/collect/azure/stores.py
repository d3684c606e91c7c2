"""Where logs go to: the Log Analytics workspaces and storage accounts of a subscription, with how long they keep.

What is in them is never read.
"""

from __future__ import annotations

from collections.abc import Iterator

from scanner.collect.azure.accounts import PAGING, Service, Way
from scanner.collect.azure.shapes import UNREGISTERED, has, identified, items
from scanner.collect.interface import Asking, Unit
from scanner.model.ids import Json
from scanner.model.operation import Operation, columns

NAME = "azure.stores"
WORKSPACES = "operationalinsights:Workspaces_List"
TABLES = "operationalinsights:Tables_ListByWorkspace"
ACCOUNTS = "storage:StorageAccounts_List"
POLICY = "storage:ManagementPolicies_Get"

NO_POLICY = ("ManagementPolicyNotFound", "ResourceNotFound")
"""Error codes: the account has no rules of a life cycle. That is the answer."""

_LISTED = (
    *("*", "name", "created_at", "copy_of", "encrypted", "provider_encryption", "key_ref", "key_id", "key_managed_by"),
    *("key_state", "customer_key_possible", "ephi", "tags", "public"),
)
_RETENTION = ("expires", "retention_days", "removes", "shortest_retention_days")

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name=WORKSPACES,
        permissions=("Microsoft.OperationalInsights/workspaces/read",),
        feeds=columns("data_stores", *_LISTED, *_RETENTION),
        kinds=("data_stores.log_group",),
        purpose="the population of Log Analytics workspaces, and how long they keep logs",
    ),
    Operation(
        name=TABLES,
        permissions=("Microsoft.OperationalInsights/workspaces/tables/read",),
        feeds=columns("data_stores", *_RETENTION),
        kinds=("data_stores.log_group",),
        needs=(WORKSPACES,),
        purpose="tables of a workspace that keep their logs for another time",
    ),
    Operation(
        name=ACCOUNTS,
        permissions=("Microsoft.Storage/storageAccounts/read",),
        feeds=columns("data_stores", *_LISTED, "tls_only", "write_once", "write_once_mode", "write_once_days"),
        kinds=("data_stores.object_store",),
        purpose="the population of storage accounts, their encryption and transport",
    ),
    Operation(
        name=POLICY,
        permissions=("Microsoft.Storage/storageAccounts/managementPolicies/read",),
        feeds=columns("data_stores", *_RETENTION),
        kinds=("data_stores.object_store",),
        needs=(ACCOUNTS,),
        purpose="what a storage account removes after which time",
    ),
)


def collect(asking: Asking, _: Way) -> Iterator[Unit]:
    """Read the workspaces and storage accounts of a subscription. Yields no further units."""
    asking.each(lambda identity: _tables(asking, identity), _listed(asking, WORKSPACES))
    asking.each(lambda identity: _policy(asking, identity), _listed(asking, ACCOUNTS))
    yield from ()


def _listed(asking: Asking, operation: str) -> Iterator[str]:
    params: dict[str, Json] = {"subscription": asking.unit.account}
    for page in asking.pages(operation, params, PAGING, known=(UNREGISTERED,), check=identified("id")):
        for entry in items(page.body):
            yield str(entry["id"])


def _tables(asking: Asking, identity: str) -> None:
    params: dict[str, Json] = {"workspace_id": identity}
    for _ in asking.pages(TABLES, params, PAGING, subject=identity, check=identified("name")):
        pass


def _policy(asking: Asking, identity: str) -> None:
    asking.call(POLICY, {"storage_id": identity}, subject=identity, known=NO_POLICY, check=has("properties"))


SERVICE = Service(NAME, OPERATIONS, collect)
