"""Anthropic: workspaces, external keys, data residency, API keys, compliance settings, and the files of a workspace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scanner.collect.interface import Asking, Unit
from scanner.collect.vendors.asks import holds, not_allowed, read
from scanner.collect.vendors.methods import Method, Pages, members
from scanner.model.estate import VendorSource
from scanner.model.operation import Operation, columns

NAME = "vendors.anthropic"
ME = "anthropic:RetrieveOrganization"
WORKSPACES = "anthropic:ListWorkspaces"
EXTERNAL_KEYS = "anthropic:ListExternalKeys"
API_KEYS = "anthropic:ListApiKeys"
COMPLIANCE = "anthropic:RetrieveComplianceSettings"
FILES = "anthropic:ListFiles"

OF_PROJECT = (FILES,)
"""What the key of a workspace lists. Batches of messages end by themselves after a time."""

METHODS: Mapping[str, Method] = {
    ME: Method(path="/v1/organizations/me", keep=members("id", "type", "name")),
    WORKSPACES: Method(
        path="/v1/organizations/workspaces",
        items="data",
        pages=Pages.AFTER_ID,
        query={"include_archived": "true", "include_default": "true"},
        keep={
            **members("id", "type", "name", "created_at", "archived_at", "compartment_id", "external_key_id", "tags"),
            "data_residency": members("allowed_inference_geos", "default_inference_geo", "workspace_geo"),
        },
    ),
    EXTERNAL_KEYS: Method(
        path="/v1/organizations/external_keys",
        items="data",
        pages=Pages.NEXT_PAGE,
        keep={
            **members("id", "type", "display_name", "geo", "created_at", "updated_at"),
            "attachment": members("type"),
            "provider_config": members("type", "kms_arn", "region", "vault_uri", "key_name", "tenant_id"),
        },
    ),
    API_KEYS: Method(
        path="/v1/organizations/api_keys",
        items="data",
        pages=Pages.AFTER_ID,
        keep={
            **members("id", "type", "name", "created_at", "expires_at", "partial_key_hint", "status"),
            "created_by": members("id", "type"),
            "principal": members("type", "user_id", "service_account_id"),
            "scope": members("type", "workspace_id"),
        },
    ),
    COMPLIANCE: Method(path="/v1/organizations/compliance_settings", keep={"type": None, "state": members("type")}),
    FILES: Method(
        path="/v1/files",
        items="data",
        pages=Pages.NEXT_PAGE,
        keep=members("id", "created_at", "expires_at"),
        by_project=True,
    ),
}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name=ME,
        permissions=("anthropic: admin key (sk-ant-admin)",),
        feeds=(
            *columns("ai_services", "*", "name", "retention_mode", "retained_by_provider"),
            *columns("vendor_scopes", "*", "kind", "name", "retention_mode", "zero_retention"),
        ),
        purpose="which organization the key belongs to",
        always=True,
    ),
    Operation(
        name=WORKSPACES,
        permissions=("anthropic: admin key (sk-ant-admin)",),
        feeds=(
            *columns("vendor_scopes", "*", "kind", "name", "active", "created_at", "residency", "inference_places"),
            *columns("vendor_scopes", "customer_key", "customer_key_possible", "retention_mode"),
            *columns("data_stores", "*", "name", "created_at", "encrypted", "customer_key_possible", "tags"),
        ),
        kinds=("data_stores.ai_account",),
        purpose="the workspaces, where their data lies, and which external key each one uses",
    ),
    Operation(
        name=EXTERNAL_KEYS,
        permissions=("anthropic: admin key (sk-ant-admin)",),
        feeds=(
            *columns("external_keys", "*", "name", "cloud", "key_ref", "purpose", "attached", "residency"),
            *columns("external_keys", "created_at"),
            *columns("vendor_scopes", "key_ref", "customer_key"),
            *columns("data_stores", "key_ref", "key_id", "key_managed_by", "provider_encryption"),
            *columns("bindings", "*", "child_id", "parent_id", "child_kind", "parent_kind", "strength"),
        ),
        kinds=("data_stores.ai_account",),
        needs=(WORKSPACES,),
        purpose="the customer's own keys that Anthropic was told of: names, never material",
    ),
    Operation(
        name=API_KEYS,
        permissions=("anthropic: admin key (sk-ant-admin)",),
        feeds=columns(
            "credentials",
            *("*", "principal", "kind", "name", "hint", "active", "created_at", "expires", "expires_at", "service"),
        ),
        kinds=("credentials.api_key", "credentials.admin_api_key"),
        purpose="age and end of the API keys; Anthropic does not tell when one was last used",
    ),
    Operation(
        name=COMPLIANCE,
        permissions=("anthropic: admin key (sk-ant-admin)",),
        feeds=("vendor_scopes.audit_log",),
        purpose="whether the log of the Compliance API is on",
    ),
    Operation(
        name=FILES,
        permissions=("anthropic: API key of a workspace",),
        feeds=columns(
            "vendor_resources",
            *("*", "scope_id", "kind", "holds_content", "present", "items", "oldest_at", "newest_at", "endless"),
            "zero_retention",
        ),
        kinds=("vendor_resources.file",),
        purpose="how many files a workspace keeps, and since when (with `project_key:` only)",
    ),
)


def collect(asking: Asking, source: VendorSource) -> Iterator[Unit]:
    """Read an organization, and what the workspace of the other key keeps. Yields no further units."""
    asking.call(ME, {}, check=holds("id", str))
    asking.call(COMPLIANCE, {}, check=holds("state", dict))
    read(asking, METHODS, (WORKSPACES, EXTERNAL_KEYS, API_KEYS))
    if source.project_key is None:
        not_allowed(asking, OF_PROJECT, source)
    else:
        read(asking, METHODS, OF_PROJECT)
    yield from ()
