"""Inventories to render: a hierarchy with every kind of node and edge, modules, stores, logs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from scanner.model.ids import SourceId
from scanner.model.observation import Observation
from scanner.model.report import (
    Branch,
    Hierarchy,
    Inventory,
    LogGroups,
    LooseStores,
    ModuleGroup,
    Population,
    Report,
    Retention,
    Store,
    StoreKind,
    Trail,
)
from tests.render.reports import SCOPE, a_finding, a_report, a_result, a_source, arn, digest


def a_module(**given: Any) -> ModuleGroup:  # noqa: ANN401 - any field of ModuleGroup
    """Return a key service whose certificate was active when it was read."""
    fields: dict[str, Any] = {
        "names": ("aws:111122223333:us-east-1:kms",),
        "count": 1,
        "keys": 12,
        "product": "aws-kms",
        "kind": "key_service",
        "embodiment": "hardware",
        "version": "none",
        "state": "none",
        "approved_mode": None,
        "certificate": 4884,
        "certificate_name": "AWS Key Management Service HSM",
        "standard": "FIPS 140-3",
        "level": 3,
        "status": "active",
        "interim": False,
        "sunset_at": datetime(2028, 1, 1, 23, 59, 59, tzinfo=UTC),
        "reading_at": datetime(2026, 3, 29, tzinfo=UTC),
        "reading_source": "CMVP lists",
        "note": None,
    }
    return ModuleGroup(**{**fields, **given})


def a_store(name: str = "voice-audio", **given: Any) -> Store:  # noqa: ANN401 - any field of Store
    """Return a bucket with ePHI under a customer's key."""
    fields: dict[str, Any] = {
        "store_id": f"arn:aws:s3:::{name}",
        "name": name,
        "kind": "object_store",
        "ephi": True,
        "sensitivity": (),
        "encrypted": True,
        "key_id": arn("one"),
        "key_name": "alias/one",
        "key_managed_by": "customer",
        "key_state": "active",
        "retention": Retention(removes=False, expires=False, write_once=False),
    }
    return Store(**{**fields, **given})


def a_trail(**given: Any) -> Trail:  # noqa: ANN401 - any field of Trail
    """Return an audit log that logs into a write-once bucket and into no log group."""
    fields: dict[str, Any] = {
        "trail_id": "arn:aws:cloudtrail:us-east-1:111122223333:trail/main",
        "name": "main",
        "logging": True,
        "validated": True,
        "multi_region": True,
        "bucket": "trail-logs",
        "bucket_retention": Retention(
            True, 2555, True, 2555, write_once=True, write_once_mode="compliance", write_once_days=2190
        ),
        "log_group_id": "none",
        "log_group_retention": None,
    }
    return Trail(**{**fields, **given})


def an_answer(of: str, **given: Any) -> Observation:  # noqa: ANN401 - any field of Observation
    """Return the answer that a finding of ``of`` cites."""
    fields: dict[str, Any] = {
        "id": digest(of),
        "source": SourceId(SCOPE),
        "source_name": "main",
        "account": "111122223333",
        "region": "us-east-1",
        "collector": "aws.kms",
        "operation": "kms:GetKeyRotationStatus",
        "params": {"KeyId": of},
        "subject": of,
        "endpoint": "https://kms.us-east-1.amazonaws.com",
        "principal": "arn:aws:iam::111122223333:role/audit",
        "started": "2026-06-15T12:00:00Z",
        "ended": "2026-06-15T12:00:01Z",
        "attempts": 1,
        "request_id": "request-1",
        "page": 0,
        "run": 1,
        "status": 200,
        "error_code": "",
        "last": True,
        "response": {"KeyRotationEnabled": False},
        "redacted": (),
    }
    return Observation(**{**fields, **given})


TREE = (
    Branch("certificate", 0, "aws-kms 4884", "AWS KMS HSM", "", ("no. 4884", "FIPS 140-3", "level 3")),
    Branch("module", 1, "aws:111122223333:us-east-1:kms", "AWS KMS us-east-1", "observed", ("key service",)),
    Branch("key", 2, arn("one"), "alias/one", "observed", ("customer-managed", "active")),
    Branch("key", 3, arn("child"), "alias/tenant-1", "proven", ("customer-managed", "active")),
    Branch("relational_database", 4, "arn:aws:rds:us-east-1:111122223333:db:voice", "voice", "declared", ("ePHI",)),
    Branch("object_store", 3, "", "", "observed", ("3 with ePHI",), 12),
    Branch("store", 3, "", "", "", (), 4, rest=True),
    Branch("key", 2, "", "", "observed", (), 9_988, rest=True),
    Branch("key_store", 1, "cks-1", "hsm-store", "unknown", ("hsm cluster", "connected")),
    Branch("key", 0, "arn:aws:kms:eu-west-1:999988887777:key/x", "", "", ("not read itself",)),
    Branch("secret", 1, "arn:aws:secretsmanager:us-east-1:111122223333:secret:db", "db", "observed"),
)


def an_inventory(**given: Any) -> Inventory:  # noqa: ANN401 - any field of Inventory
    """Return an inventory with something of everything."""
    fields: dict[str, Any] = {
        "hierarchy": Hierarchy(
            branches=TREE,
            edges=(("declared", 1), ("observed", 9_999), ("proven", 1), ("unknown", 1)),
            keys=10_000,
            keys_unplaced=7,
            loose=(
                LooseStores("unencrypted", 2, 1, 0),
                LooseStores("unknown", 1, 0, 1),
                LooseStores("provider", 3, 0, 0),
            ),
        ),
        "modules": (
            a_module(names=tuple(f"aws:111122223333:us-{i}:kms" for i in range(3)), count=17, note="Read it again."),
            a_module(product="softhsm", kind="token", certificate=0, status="none", standard="none", level=0),
        ),
        "modules_omitted": 2,
        "store_kinds": (
            StoreKind(
                kind="object_store", count=14, ephi=3, ephi_unknown=2, customer=9, provider=3, unencrypted=1, unknown=1
            ),
        ),
        "stores": (a_store(), a_store("plain", encrypted=False, key_id="none", ephi=None)),
        "stores_omitted": 12,
        "trails": (a_trail(), a_trail(trail_id="arn:second", name=None, bucket="none", logging=None)),
        "trails_omitted": 1,
        "log_groups": (LogGroups(None, None, 1, 0, 1), LogGroups(False, None, 4, 1, 0), LogGroups(True, 30, 2, 0, 2)),
        "log_groups_omitted": 1,
    }
    return Inventory(**{**fields, **given})


def listed(*tables: str, complete: bool | None = True) -> tuple[Population, ...]:
    """Return the populations of a source that listed some tables."""
    return tuple(Population(table, 3, complete=complete) for table in tables)


def a_full_report(**given: Any) -> Report:  # noqa: ANN401 - any field of Report
    """Return a report with an inventory, two failures and the answers behind one of them."""
    result = a_result(a_finding(arn("one")), a_finding(arn("two")), passed=2)
    fields: dict[str, Any] = {
        "sources": (a_source(populations=listed("keys", "modules", "data_stores", "audit_trails")),),
        "inventory": an_inventory(),
        "observations": (an_answer(arn("one")),),
    }
    return a_report(result, **{**fields, **given})
