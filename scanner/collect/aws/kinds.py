"""Which kinds of rows each operation feeds, where a table holds rows of several kinds.

A control that speaks of secrets alone must not ask for buckets, and is not unknown because those could not be listed.
"""

from __future__ import annotations

from collections.abc import Mapping

_DATABASES = ("relational_database", "document_database", "graph_database")
_STORES: Mapping[str, tuple[str, ...]] = {
    "s3": ("object_store",),
    # A snapshot holds what its database holds.
    "rds": (*_DATABASES, "snapshot"),
    "dynamodb": ("key_value_table",),
    "ec2": ("volume_default",),
    "secretsmanager": ("secret",),
    "logs": ("log_group",),
    "backup": ("backup_vault",),
}
"""By service: kinds of ``data_stores``."""

_SNAPSHOTS = ("data_stores.snapshot",)
_MODELS: Mapping[str, str] = {
    "CustomModel": "custom_model",
    "ImportedModel": "imported_model",
    "Guardrail": "guardrail",
    "Agent": "agent",
    "KnowledgeBase": "knowledge_base",
    "DataSource": "knowledge_base_source",
    "Prompt": "prompt",
}
_OF_REPORT = tuple(f"credentials.{kind}" for kind in ("access_key", "password", "root_access_key", "root_password"))
_OF_OPERATION: Mapping[str, tuple[str, ...]] = {
    "rds:DescribeDBSnapshots": _SNAPSHOTS,
    "rds:DescribeDBClusterSnapshots": _SNAPSHOTS,
    "rds:DescribeDBParameters": tuple(f"data_stores.{kind}" for kind in _DATABASES),
    "rds:DescribeDBClusterParameters": tuple(f"data_stores.{kind}" for kind in _DATABASES),
    "kms:ListKeys": ("modules.key_service",),
    "cloudhsmv2:DescribeClusters": ("modules.hsm_cluster",),
    "cloudhsmv2:DescribeBackups": ("modules.hsm_cluster",),
    "iam:GenerateCredentialReport": _OF_REPORT,
    "iam:GetCredentialReport": _OF_REPORT,
    "iam:GetAccountSummary": ("credentials.root_access_key", "credentials.root_password"),
    "iam:ListServiceSpecificCredentials": ("credentials.service_api_key",),
}


def kinds(operation: str) -> tuple[str, ...]:
    """Return the kinds of rows that an operation feeds, as ``table.kind``; none: any kind of its tables."""
    if operation in _OF_OPERATION:
        return _OF_OPERATION[operation]
    service, _, name = operation.partition(":")
    if service == "s3-objects":
        return ("envelopes.objects",)
    if service in {"bedrock", "bedrock-agent"}:
        subject = name.removeprefix("Get").removeprefix("List")
        kind = _MODELS.get(subject) or _MODELS.get(subject.removesuffix("s"))
        return (f"data_stores.{kind}",) if kind else ()
    return tuple(f"data_stores.{kind}" for kind in _STORES.get(service, ()))
