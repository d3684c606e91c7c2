"""OpenAI: retention, projects, external keys, API keys, certificates, the audit log, and what a project keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scanner.collect.interface import Asking, Unit
from scanner.collect.vendors.asks import holds, listing, named, not_allowed, read
from scanner.collect.vendors.methods import Method, Pages, members
from scanner.model.estate import VendorSource
from scanner.model.operation import Operation, columns

NAME = "vendors.openai"
RETENTION = "openai:RetrieveDataRetention"
EXTERNAL_KEYS = "openai:ListExternalKeys"
PROJECTS = "openai:ListProjects"
PROJECT_RETENTION = "openai:RetrieveProjectDataRetention"
ADMIN_KEYS = "openai:ListAdminApiKeys"
PROJECT_KEYS = "openai:ListProjectApiKeys"
CERTIFICATES = "openai:ListCertificates"
AUDIT_LOGS = "openai:ListAuditLogs"
FILES = "openai:ListFiles"
VECTOR_STORES = "openai:ListVectorStores"
BATCHES = "openai:ListBatches"
TUNING_JOBS = "openai:ListFineTuningJobs"
COMPLETIONS = "openai:ListStoredCompletions"

OF_PROJECT = (FILES, VECTOR_STORES, BATCHES, TUNING_JOBS, COMPLETIONS)
"""Listings that the project's key reads. Stored responses and conversations have no listing."""
EVENTS = (
    *("api_key.created", "api_key.updated", "api_key.deleted"),
    *("certificate.created", "certificate.updated", "certificate.deleted"),
    *("certificates.activated", "certificates.deactivated"),
    *("external_key.registered", "external_key.removed"),
    *("organization.updated", "project.created", "project.updated", "project.archived", "project.deleted"),
)
_RESOURCE = members("id", "created_at", "expires_at")
_RETENTION = members("object", "type")
_KEY = members(
    *("id", "object", "name", "redacted_value", "created_at", "last_used_at", "expires_at", "owner_project_access")
)
_EVENT = {
    **members("id", "type", "effective_at"),
    **{kind: members("id") for kind in EVENTS},
    "project": members("id"),
    "actor": {
        "type": None,
        "api_key": {**members("id", "type"), "user": members("id", "email"), "service_account": members("id")},
        "session": {"user": members("id", "email")},
    },
}

METHODS: Mapping[str, Method] = {
    RETENTION: Method(path="/organization/data_retention", keep=_RETENTION),
    EXTERNAL_KEYS: Method(
        path="/organization/external_keys",
        items="data",
        pages=Pages.AFTER,
        keep=members(
            *("id", "object", "name", "type", "purpose", "created_at", "workspace_id", "api_project_ids", "region"),
            *("kms_arn", "role_arn", "vault_uri", "key_name", "tenant_id", "key_ocid"),
            *("kms_project_id", "kms_key_location", "kms_key_ring_name", "kms_key_name"),
        ),
    ),
    PROJECTS: Method(
        path="/organization/projects",
        items="data",
        pages=Pages.AFTER,
        query={"include_archived": "true"},
        keep=members(*("id", "object", "name", "created_at", "archived_at", "status", "external_key_id", "residency")),
    ),
    PROJECT_RETENTION: Method(path="/organization/projects/{project}/data_retention", keep=_RETENTION),
    ADMIN_KEYS: Method(
        path="/organization/admin_api_keys",
        items="data",
        pages=Pages.AFTER,
        keep={**_KEY, "owner": members("type", "object", "id", "name", "role", "created_at")},
    ),
    PROJECT_KEYS: Method(
        path="/organization/projects/{project}/api_keys",
        items="data",
        pages=Pages.AFTER,
        query={"owner_project_access": "any"},
        keep={
            **_KEY,
            "owner": {
                "type": None,
                "user": members("id", "name", "email", "role", "created_at"),
                "service_account": members("id", "name", "role", "created_at"),
            },
        },
    ),
    CERTIFICATES: Method(
        path="/organization/certificates",
        items="data",
        pages=Pages.AFTER,
        keep={
            **members("id", "object", "name", "active", "created_at"),
            "certificate_details": members("valid_at", "expires_at"),
        },
    ),
    AUDIT_LOGS: Method(
        path="/organization/audit_logs",
        items="data",
        pages=Pages.AFTER,
        query={"event_types": EVENTS},
        keep=_EVENT,
    ),
    FILES: Method(path="/files", items="data", pages=Pages.AFTER, keep=_RESOURCE, by_project=True),
    VECTOR_STORES: Method(path="/vector_stores", items="data", pages=Pages.AFTER, keep=_RESOURCE, by_project=True),
    BATCHES: Method(path="/batches", items="data", pages=Pages.AFTER, keep=_RESOURCE, by_project=True),
    TUNING_JOBS: Method(path="/fine_tuning/jobs", items="data", pages=Pages.AFTER, keep=_RESOURCE, by_project=True),
    COMPLETIONS: Method(
        path="/chat/completions", items="data", pages=Pages.AFTER, keep=members("id", "created"), by_project=True
    ),
}

_RESOURCES = columns(
    "vendor_resources",
    *("*", "scope_id", "kind", "holds_content", "present", "items", "oldest_at", "newest_at", "endless"),
)
_KEYS = columns(
    "credentials",
    *("*", "principal", "kind", "name", "hint", "active", "created_at", "used", "last_used_at", "expires"),
    *("expires_at", "service"),
)
_STORE = ("data_stores.ai_account",)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name=RETENTION,
        permissions=("openai: admin key of the organization, read access",),
        feeds=(
            *columns("ai_services", "*", "name", "retention_mode", "retained_by_provider"),
            *columns("vendor_scopes", "*", "kind", "retention_mode", "zero_retention"),
            "vendor_resources.zero_retention",
        ),
        purpose="what the organization lets OpenAI keep",
    ),
    Operation(
        name=PROJECTS,
        permissions=("openai: admin key of the organization, read access",),
        feeds=(
            *columns("vendor_scopes", "*", "kind", "name", "active", "created_at", "residency", "customer_key"),
            *columns("vendor_scopes", "customer_key_possible"),
            *columns("ai_services", "retained_by_provider", "retention_exceptions"),
            *columns("data_stores", "*", "name", "created_at", "encrypted", "customer_key_possible"),
        ),
        kinds=_STORE,
        purpose="the projects, where their data lies, and which external key each one uses",
    ),
    Operation(
        name=PROJECT_RETENTION,
        permissions=("openai: admin key of the organization, read access",),
        feeds=(
            *columns("vendor_scopes", "retention_mode", "zero_retention"),
            *columns("ai_services", "retained_by_provider", "retention_exceptions"),
            "vendor_resources.zero_retention",
        ),
        needs=(PROJECTS, RETENTION),
        purpose="what each project lets OpenAI keep",
    ),
    Operation(
        name=EXTERNAL_KEYS,
        permissions=("openai: admin key of the organization, read access",),
        feeds=(
            *columns("external_keys", "*", "name", "cloud", "key_ref", "purpose", "attached", "residency"),
            *columns("external_keys", "created_at"),
            *columns("vendor_scopes", "key_ref", "customer_key"),
            *columns("data_stores", "key_ref", "key_id", "key_managed_by", "provider_encryption"),
            *columns("bindings", "*", "child_id", "parent_id", "child_kind", "parent_kind", "strength"),
        ),
        kinds=_STORE,
        needs=(PROJECTS,),
        purpose="the customer's own keys that OpenAI was told of: names, never material",
    ),
    Operation(
        name=ADMIN_KEYS,
        permissions=("openai: admin key of the organization, read access",),
        feeds=_KEYS,
        kinds=("credentials.admin_api_key",),
        drop=("/data/*/owner/name",),
        purpose="age, end and last use of the keys that administer the organization",
    ),
    Operation(
        name=PROJECT_KEYS,
        permissions=("openai: admin key of the organization, read access",),
        feeds=_KEYS,
        kinds=("credentials.api_key",),
        needs=(PROJECTS,),
        drop=("/data/*/owner/user/email", "/data/*/owner/user/name"),
        purpose="age, end and last use of each project's keys",
    ),
    Operation(
        name=CERTIFICATES,
        permissions=("openai: admin key of the organization, read access",),
        feeds=columns("vendor_scopes", "certificates", "certificates_expire_at"),
        purpose="client certificates of the organization and when they end",
    ),
    Operation(
        name=AUDIT_LOGS,
        permissions=("openai: admin key of the organization, read access",),
        feeds=(
            "vendor_scopes.audit_log",
            *columns("vendor_events", "*", "name", "subject_ref", "occurred_at", "principal"),
        ),
        drop=("/data/*/actor/api_key/user/email", "/data/*/actor/session/user/email"),
        purpose="whether changes are recorded, and those of keys, certificates and projects",
    ),
    *(
        Operation(
            name=operation,
            permissions=(f"openai: restricted key of a project, read access to {words}",),
            feeds=_RESOURCES,
            kinds=(f"vendor_resources.{kind}",),
            purpose=f"how many {words} a project keeps, and since when (with `project_key:` only)",
        )
        for operation, kind, words in (
            (FILES, "file", "files"),
            (VECTOR_STORES, "vector_store", "vector stores"),
            (BATCHES, "batch", "batches"),
            (TUNING_JOBS, "fine_tuning_job", "fine-tuning jobs"),
            (COMPLETIONS, "stored_completion", "stored chat completions"),
        )
    ),
)


def scope_id(project: str) -> str:
    """Return the identifier of a project among scopes and stores."""
    return f"openai:{project}"


def collect(asking: Asking, source: VendorSource) -> Iterator[Unit]:
    """Read an organization, and what the project of the other key keeps. Yields no further units."""
    asking.call(RETENTION, {}, check=holds("type", str))
    read(asking, METHODS, (EXTERNAL_KEYS, ADMIN_KEYS, CERTIFICATES, AUDIT_LOGS))

    def project(name: str) -> None:
        subject = scope_id(name)
        asking.call(PROJECT_RETENTION, {"project": name}, subject=subject, check=holds("type", str))
        for _ in listing(asking, METHODS, PROJECT_KEYS, {"project": name}, subject=subject):
            pass

    used = (one for one in listing(asking, METHODS, PROJECTS) if one.get("status") != "archived")
    asking.each(project, named(used, "id"))
    if source.project_key is None:
        not_allowed(asking, OF_PROJECT, source)
    else:
        read(asking, METHODS, OF_PROJECT)
    yield from ()
