"""The resources of a world as Google's REST APIs write them: proto3 JSON, which leaves out what has its default."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from scanner.demo.gcp.world import Above, AuditLog, Binding, Bucket, Connection, Key, Project, Ring, Sink, Version

Json = dict[str, Any]
_AUDIT = "cloudaudit.googleapis.com"
_LOGS = ("activity", "system_event", "access_transparency")
REQUIRED = " OR ".join(f'LOG_ID("{start}{_AUDIT}/{log}")' for log in _LOGS for start in ("", "external")).replace(
    "externalcloudaudit", "externalaudit"
)
DEFAULT = " AND ".join(f"NOT {term}" for term in REQUIRED.split(" OR "))
"""The filters that Cloud Logging gives its own sinks."""


def lean(body: Json) -> Json:
    """Return it without what proto3 JSON leaves out."""
    return {name: value for name, value in body.items() if value not in ("", False, None, [], {})}


def ago(now: datetime, days: float) -> str:
    """Return the instant so many days before ``now`` (after it, when less than none)."""
    moment = (now - timedelta(days=days)).astimezone(UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def etag(body: Json) -> str:
    """Return what changes when a resource does."""
    return base64.b64encode(hashlib.sha256(repr(body).encode()).digest()[:6]).decode()


def policy(bindings: list[Binding], audit: list[AuditLog] | None = None) -> Json:
    """Return an IAM policy."""
    found: Json = {"version": 3 if any(one.condition for one in bindings) else 1}
    found["bindings"] = [
        lean(
            {
                "role": one.role,
                "members": one.members,
                "condition": {"title": "while it lasts", "expression": one.condition} if one.condition else None,
            }
        )
        for one in bindings
    ]
    services: dict[str, list[Json]] = {}
    for log in audit or ():
        services.setdefault(log.service, []).extend(
            lean({"logType": kind, "exemptedMembers": log.exempted}) for kind in log.types
        )
    found["auditConfigs"] = [{"service": name, "auditLogConfigs": logs} for name, logs in services.items()]
    return lean({**found, "etag": etag(found)})


def project(one: Project, now: datetime) -> Json:
    """Return a project of Resource Manager."""
    body = {
        "name": f"projects/{one.number}",
        "parent": one.parent,
        "projectId": one.id,
        "state": one.state,
        "displayName": one.name or one.id,
        "createTime": ago(now, 1000),
        "updateTime": ago(now, 100),
    }
    return lean({**body, "etag": etag(body)})


def folder(one: Above, now: datetime) -> Json:
    """Return a folder of Resource Manager."""
    return lean(
        {
            "name": one.name,
            "parent": one.parent,
            "displayName": one.name,
            "state": "ACTIVE",
            "createTime": ago(now, 2000),
        }
    )


def location(one: Project, identity: str) -> Json:
    """Return a location of Cloud KMS."""
    kind = "type.googleapis.com/google.cloud.kms.v1.LocationMetadata"
    return {
        "name": f"{one.resource}/locations/{identity}",
        "locationId": identity,
        "displayName": identity,
        "metadata": lean({"@type": kind, "hsmAvailable": True, "ekmAvailable": identity != "global"}),
    }


def ring(name: str, one: Ring, now: datetime) -> Json:
    """Return a key ring."""
    return {"name": name, "createTime": ago(now, one.age_days)}


def import_job(name: str, ring_: Ring, now: datetime) -> Json:
    """Return an import job: it lasts three days, and then the key of its own is gone."""
    return {
        "name": name,
        "importMethod": "RSA_OAEP_3072_SHA256_AES_256",
        "protectionLevel": "HSM",
        "createTime": ago(now, ring_.age_days),
        "generateTime": ago(now, ring_.age_days),
        "expireTime": ago(now, ring_.age_days - 3),
        "expireEventTime": ago(now, ring_.age_days - 3),
        "state": "EXPIRED",
    }


def key(name: str, ring_name: str, one: Key, now: datetime) -> Json:
    """Return a key, without its primary version."""
    where = ring_name.partition("/keyRings/")[0]
    age = one.all_versions[-1].age_days if one.rotation_days else 0
    return lean(
        {
            "name": name,
            "purpose": one.purpose,
            "createTime": ago(now, one.age_days),
            "nextRotationTime": ago(now, age - one.rotation_days) if one.rotation_days else "",
            "rotationPeriod": f"{one.rotation_days * 86400}s" if one.rotation_days else "",
            "versionTemplate": {"protectionLevel": one.protection, "algorithm": one.algorithm},
            "labels": dict(one.labels),
            "importOnly": one.import_only,
            "destroyScheduledDuration": f"{one.destroy_after_days * 86400}s",
            "cryptoKeyBackend": f"{where}/ekmConnections/{one.connection}" if one.connection else "",
        }
    )


def version(name: str, ring_name: str, one: Key, of: Version, now: datetime) -> Json:
    """Return a version of a key."""
    made = of.state not in {"PENDING_GENERATION", "GENERATION_FAILED", "PENDING_IMPORT", "IMPORT_FAILED"}
    job = f"{ring_name}/importJobs/{of.job}" if of.job else ""
    gone = of.destroyed_days_ago
    return lean(
        {
            "name": name,
            "state": of.state,
            "protectionLevel": one.protection,
            "algorithm": one.algorithm,
            "attestation": _attestation(name) if one.protection == "HSM" and made else None,
            "createTime": ago(now, of.age_days),
            "generateTime": ago(now, of.age_days) if made and not job else "",
            "destroyTime": ago(now, -of.destroyed_in_days) if of.destroyed_in_days is not None else "",
            "destroyEventTime": "" if gone is None else ago(now, gone),
            "importJob": job,
            "importTime": ago(now, of.age_days) if made and job else "",
            "externalProtectionLevelOptions": lean({"externalKeyUri": of.uri, "ekmConnectionKeyPath": of.path}),
            "reimportEligible": bool(job) and gone is not None,
        }
    )


def _attestation(name: str) -> Json:
    """Return a statement in the shape of Cloud HSM's. No HSM has signed it: nobody here verifies it."""
    content = base64.b64encode(hashlib.sha256(name.encode()).digest() * 8).decode()
    certificate = "-----BEGIN CERTIFICATE-----\nc2ltdWxhdGVk\n-----END CERTIFICATE-----\n"
    chains = {"caviumCerts": [certificate], "googleCardCerts": [certificate], "googlePartitionCerts": [certificate]}
    return {"format": "CAVIUM_V2_COMPRESSED", "content": content, "certChains": chains}


def connection(name: str, one: Connection, now: datetime) -> Json:
    """Return an EKM connection."""
    body: Json = {
        "name": name,
        "createTime": ago(now, one.age_days),
        "serviceResolvers": [
            {
                "serviceDirectoryService": f"{name.partition('/ekmConnections/')[0]}/namespaces/ekm/services/ekm",
                "hostname": one.host,
                "serverCertificates": [{"rawDer": "c2ltdWxhdGVk", "parsed": True, "subject": f"CN={one.host}"}],
            }
        ],
        "keyManagementMode": "MANUAL",
    }
    return {**body, "etag": etag(body)}


def buckets(one: Project, now: datetime) -> Iterator[Json]:
    """Yield the log buckets of a project, its two own ones first."""
    own = (
        Bucket(name="_Default", retention_days=one.default_retention_days),
        Bucket(name="_Required", retention_days=400, locked=True),
    )
    for each in (*own, *one.buckets):
        yield lean(
            {
                "name": f"{one.resource}/locations/{each.location}/buckets/{each.name}",
                "description": f"{each.name} bucket",
                "createTime": "" if each in own else ago(now, each.age_days),
                "retentionDays": each.retention_days,
                "locked": each.locked,
                "lifecycleState": "ACTIVE",
                "cmekSettings": {"kmsKeyName": each.key, "serviceAccountId": f"cmek-p{one.number}"} if each.key else {},
            }
        )


def sinks(one: Project) -> Iterator[Json]:
    """Yield the sinks of a project, its two own ones first, unless the world has them otherwise."""
    into = f"logging.googleapis.com/{one.resource}/locations/global/buckets"
    own = (
        Sink(name="_Default", destination=f"{into}/_Default", filter=DEFAULT),
        Sink(name="_Required", destination=f"{into}/_Required", filter=REQUIRED),
    )
    named = {sink.name: sink for sink in (*own, *one.sinks)}
    for each in named.values():
        yield lean(
            {
                "name": each.name,
                "destination": each.destination,
                "filter": each.filter,
                "disabled": each.disabled,
                "exclusions": [{"name": name, "filter": words} for name, words in each.exclusions.items()],
                "writerIdentity": ""
                if each in own
                else f"serviceAccount:service-{one.number}@gcp-sa-logging.iam.gserviceaccount.com",
            }
        )
