"""Answers of Google Cloud in the shape of its REST references, and records of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from scanner.model.ids import Json, SourceId
from scanner.model.observation import Gap, Observation, Record
from tests.normalize.builders import missed, observed

PROJECT, LOCATION = "example-voice", "us-east1"
PLACE = f"projects/{PROJECT}/locations/{LOCATION}"
RING = f"{PLACE}/keyRings/voice"
KEY = f"{RING}/cryptoKeys/tenants"
SOURCE = SourceId(f"gcp:{PROJECT}:{LOCATION}")
KMS = "cloudkms:projects.locations"
RINGS, KEYS = f"{KMS}.keyRings.list", f"{KMS}.keyRings.cryptoKeys.list"
VERSIONS = f"{KMS}.keyRings.cryptoKeys.cryptoKeyVersions.list"
KEY_POLICY, RING_POLICY = f"{KMS}.keyRings.cryptoKeys.getIamPolicy", f"{KMS}.keyRings.getIamPolicy"
PROJECT_POLICY, GET = "cloudresourcemanager:projects.getIamPolicy", "cloudresourcemanager:projects.get"

# The resources of cloud.google.com/kms/docs/reference/rest, with a value for every field of theirs.
VERSION: dict[str, Any] = {
    "name": f"{KEY}/cryptoKeyVersions/1",
    "state": "ENABLED",
    "protectionLevel": "HSM",
    "algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION",
    "attestation": {"format": "CAVIUM_V2_COMPRESSED", "content": "H4sIAAAAAAAA", "certChains": {"caviumCerts": ["…"]}},
    "createTime": "2025-12-01T10:00:00.123456789Z",
    "generateTime": "2025-12-01T10:00:01.5Z",
}
CRYPTO_KEY: dict[str, Any] = {
    "name": KEY,
    "primary": VERSION,
    "purpose": "ENCRYPT_DECRYPT",
    "createTime": "2025-12-01T10:00:00.123456789Z",
    "nextRotationTime": "2026-08-28T10:00:00Z",
    "rotationPeriod": "7776000s",
    "versionTemplate": {"protectionLevel": "HSM", "algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION"},
    "labels": {"owner": "platform", "empty": ""},
    "destroyScheduledDuration": "2592000s",
    "keyAccessJustificationsPolicy": {"allowedAccessReasons": ["CUSTOMER_INITIATED_ACCESS"]},
}


def of_gcp(*records: Record, account: str = PROJECT, region: str = LOCATION) -> list[Record]:
    """Return records as those of a unit of Google Cloud."""
    source = SourceId(":".join(part for part in ("gcp", account, region) if part))
    return [replace(record, source=source, account=account, region=region) for record in records]


def changed(body: dict[str, Any], **fields: Json) -> dict[str, Any]:
    """Return ``body`` with other fields; None leaves one out, as proto3 JSON does with what has its default."""
    return {name: value for name, value in {**body, **fields}.items() if value is not None}


def key_records(
    *versions: dict[str, Any],
    key: dict[str, Any] | None = None,
    last: bool = True,
    also: tuple[Record, ...] = (),
) -> list[Record]:
    """Return the records of a location with one key, and of its versions."""
    body = CRYPTO_KEY if key is None else key
    listed: list[Json] = [*versions]
    made: list[Observation | Gap] = [
        observed(
            RINGS, {"keyRings": [{"name": RING, "createTime": "2025-01-01T00:00:00Z"}], "totalSize": 1}, subject=PLACE
        ),
        observed(KEYS, {"cryptoKeys": [body], "totalSize": 1}, subject=RING),
        observed(VERSIONS, {"cryptoKeyVersions": listed} if listed else {}, subject=KEY, last=last),
        *also,
    ]
    return of_gcp(*made)


def policies(
    key: Json = None, ring: Json = None, project: Json = None, number: str = "100000000001"
) -> tuple[Observation, ...]:
    """Return the policies that apply to the key: without bindings, unless some are given."""
    empty: Json = {"etag": "ACAB"}
    return (
        observed(KEY_POLICY, key or empty, subject=KEY),
        observed(RING_POLICY, ring or empty, subject=RING),
        observed(PROJECT_POLICY, project or empty, subject=f"projects/{PROJECT}"),
        observed(GET, {"name": f"projects/{number}", "state": "ACTIVE"}, subject=f"projects/{PROJECT}"),
    )


def bindings(*given: tuple[str, list[str]], **condition: str) -> Json:
    """Return a policy: (role, members) each."""
    listed: list[Json] = []
    for role, members in given:
        one: dict[str, Json] = {"role": role, "members": [*members]}
        if condition:
            one["condition"] = {**condition}
        listed.append(one)
    return {"version": 1, "etag": "ACAB", "bindings": listed}


__all__ = ["missed", "observed"]
