"""The reference section of Google Cloud: two projects, with good keys and planted defects; and it as a running one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scanner.demo.embedded import environment
from scanner.demo.gcp.simulator import GcpSimulator, gcp_simulator
from scanner.demo.gcp.world import GoogleCloud, Project

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
VOICE, LAB = "example-voice", "example-lab"
ORGANIZATION = "organizations/123456789012"
FOLDER = "folders/555555555555"
ADMINS = "group:kms-admins@example.com"
APP = f"serviceAccount:voice-app@{VOICE}.iam.gserviceaccount.com"
RING = f"projects/{VOICE}/locations/us-east1/keyRings/voice"
LAB_RING = f"projects/{LAB}/locations/us-central1/keyRings/lab"
ADMINISTER: dict[str, Any] = {"role": "roles/cloudkms.admin", "members": [ADMINS]}
USE: dict[str, Any] = {"role": "roles/cloudkms.cryptoKeyEncrypterDecrypter", "members": [APP]}

REFERENCE: dict[str, Any] = {
    "above": [
        {"name": ORGANIZATION},
        {"name": FOLDER, "parent": ORGANIZATION},
    ],
    "projects": [
        {
            "id": VOICE,
            "about": "production: the voice platform's keys",
            "parent": FOLDER,
            "policy": [ADMINISTER, {"role": f"projects/{VOICE}/roles/reader", "members": ["user:ann@example.com"]}],
            "audit": [{"types": ["ADMIN_READ", "DATA_READ", "DATA_WRITE"]}],
            "roles": [{"name": "reader", "permissions": ["cloudkms.cryptoKeys.get", "storage.buckets.get"]}],
            "default_retention_days": 2190,
            "buckets": [{"name": "audit", "retention_days": 2555, "locked": True, "key": f"{RING}/cryptoKeys/tenants"}],
            "sinks": [
                {
                    "name": "audit",
                    "destination": f"logging.googleapis.com/projects/{VOICE}/locations/global/buckets/audit",
                    "filter": 'logName:"cloudaudit.googleapis.com"',
                }
            ],
            "connections": [{"name": "partner", "location": "us-east1"}],
            "rings": [
                {
                    "name": "voice",
                    "location": "us-east1",
                    "jobs": ["byok-2026"],
                    "keys": [
                        {
                            "name": "tenants",
                            "about": "HSM key above the tenants' data keys, rotated every 90 days",
                            "protection": "HSM",
                            "age_days": 400,
                            "rotation_days": 90,
                            "versions": [{"age_days": 400}, {"age_days": 130}, {"age_days": 40}],
                            "labels": {"owner": "platform", "data-classification": "ephi"},
                            "policy": [USE],
                        },
                        {
                            "name": "reports",
                            "about": "software key that nobody rotates",
                            "defect": "no rotation",
                            "age_days": 700,
                            "labels": {"owner": "reports"},
                        },
                        {
                            "name": "open",
                            "about": "key that anybody may use",
                            "defect": "open to allUsers",
                            "protection": "HSM",
                            "age_days": 30,
                            "rotation_days": 90,
                            "policy": [{"role": USE["role"], "members": ["allUsers"]}],
                        },
                        {
                            "name": "partner",
                            "about": "key of an external manager",
                            "protection": "EXTERNAL_VPC",
                            "algorithm": "EXTERNAL_SYMMETRIC_ENCRYPTION",
                            "connection": "partner",
                            "age_days": 100,
                            "versions": [{"age_days": 100, "path": "v0/partner-key"}],
                        },
                        {
                            "name": "byok",
                            "about": "imported key",
                            "protection": "HSM",
                            "import_only": True,
                            "age_days": 60,
                            "versions": [{"age_days": 60, "job": "byok-2026"}],
                        },
                        {
                            "name": "signing",
                            "about": "signs reports",
                            "purpose": "ASYMMETRIC_SIGN",
                            "algorithm": "EC_SIGN_P256_SHA256",
                            "protection": "HSM",
                            "age_days": 200,
                            "versions": [{"age_days": 200, "state": "DISABLED"}, {"age_days": 20}],
                        },
                        {"name": "keyaudit-canary", "about": "for self-tests", "protection": "HSM", "age_days": 10},
                        {"name": "keyaudit-second", "about": "for self-tests", "age_days": 10},
                    ],
                }
            ],
        },
        {
            "id": LAB,
            "about": "experiments",
            "defect": "uses of keys are not logged",
            "parent": ORGANIZATION,
            "policy": [{"role": "roles/owner", "members": ["user:bob@example.com"]}],
            "rings": [
                {
                    "name": "lab",
                    "location": "us-central1",
                    "keys": [
                        {
                            "name": "old",
                            "about": "scheduled for destruction",
                            "defect": "destroyed in 5 days",
                            "age_days": 900,
                            "destroy_after_days": 30,
                            "versions": [{"age_days": 900, "state": "DESTROY_SCHEDULED", "destroyed_in_days": 5}],
                        }
                    ],
                }
            ],
        },
    ],
}


def reference(**changes: Any) -> GoogleCloud:  # noqa: ANN401 - sections of the world
    """Return the reference section, with other sections in place of its own."""
    return GoogleCloud.model_validate({**REFERENCE, **changes})


def a_project(*keys: dict[str, Any], **given: Any) -> Project:  # noqa: ANN401 - any field of Project
    """Return a project of one key ring, ``main`` in us-east1."""
    rings = [{"name": "main", "location": "us-east1", "keys": list(keys)}]
    return Project.model_validate({"id": "example-one", "about": "", "rings": rings, **given})


def a_key(name: str, **given: Any) -> dict[str, Any]:  # noqa: ANN401 - any field of Key
    """Return a key for :func:`a_project`."""
    return {"name": name, "about": "", "age_days": 10, **given}


@contextmanager
def running(world: GoogleCloud, folder: Path, *, page_size: int = 100) -> Iterator[GcpSimulator]:
    """Run a simulator, with its login as the application default credentials."""
    with gcp_simulator(world, NOW, page_size=page_size) as gcp, environment(gcp.environ(folder)):
        yield gcp
