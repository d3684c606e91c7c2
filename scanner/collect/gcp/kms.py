"""Google Cloud KMS in one location of a project: key rings, keys, versions, import jobs, EKM connections, access.

A key's IAM policy counts together with those of its key ring and its project: all three are read. Above the project
there are folders and an organization, whose policies count too and are not read.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from scanner.collect.gcp.listings import items_of, names, policy
from scanner.collect.gcp.methods import CONNECTION, KEY, RING, VERSION
from scanner.collect.interface import Asking, Unit
from scanner.model.ids import Json
from scanner.model.operation import Operation, columns

NAME = "gcp.kms"
RINGS = "cloudkms:projects.locations.keyRings.list"
KEYS = "cloudkms:projects.locations.keyRings.cryptoKeys.list"
VERSIONS = "cloudkms:projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.list"
PUBLIC = "cloudkms:projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.getPublicKey"
JOBS = "cloudkms:projects.locations.keyRings.importJobs.list"
CONNECTIONS = "cloudkms:projects.locations.ekmConnections.list"
CONNECTIVITY = "cloudkms:projects.locations.ekmConnections.verifyConnectivity"
KEY_POLICY = "cloudkms:projects.locations.keyRings.cryptoKeys.getIamPolicy"
RING_POLICY = "cloudkms:projects.locations.keyRings.getIamPolicy"
PROJECT = "cloudresourcemanager:projects.get"
PROJECT_POLICY = "cloudresourcemanager:projects.getIamPolicy"
ROLES = "iam:roles.get"
UNCONNECTED = "FAILED_PRECONDITION"
"""Error code of a connectivity check: Cloud KMS cannot reach the external key manager; and of a version that gives out
no public half in its state. That is the answer."""
GONE = "NOT_FOUND"

_PAIRS = ("RSA_", "EC_")
"""How algorithms with a public half in PEM begin. Those of FIPS 203 to 205 have none in PEM."""

KNOWN_ROLES = frozenset(
    {
        *("roles/owner", "roles/editor", "roles/viewer", "roles/iam.securityAdmin", "roles/iam.securityReviewer"),
        *(
            f"roles/cloudkms.{name}"
            for name in (
                *("admin", "autokeyAdmin", "autokeyUser", "cryptoKeyDecrypter", "cryptoKeyDecrypterViaDelegation"),
                *("cryptoKeyEncrypter", "cryptoKeyEncrypterDecrypter", "cryptoKeyEncrypterDecrypterViaDelegation"),
                *("cryptoKeyEncrypterViaDelegation", "cryptoOperator", "decapsulator", "ekmConnectionsAdmin"),
                *("encryptionDashboardViewer", "expertPqcSigner", "expertRawAesCbc", "expertRawAesCtr"),
                *("expertRawPKCS1", "hsmSingleTenantExecutor", "hsmSingleTenantKeyCreator", "hsmSingleTenantProposer"),
                *("hsmSingleTenantQuorumMember", "importer", "keyAccessJustificationsEnrollmentConfigViewer"),
                *("keyAccessJustificationsPolicyConfigAdmin", "protectedResourcesViewer", "publicKeyViewer"),
                *("signer", "signerVerifier", "verifier", "viewer"),
            )
        ),
    }
)
"""Roles of Google's whose permissions the normalizer knows; every other one is asked."""

_DESCRIBED = (
    *("name", "aliases", "managed_by", "key_type", "provider_spec", "algorithm", "curve", "length_bits"),
    *("strength_bits", "approved_algorithm", "quantum_vulnerable", "usage", "usage_count", "state", "provider_state"),
    *(
        "origin",
        "exportable",
        "ever_exportable",
        "readable",
        "hsm_platform",
        "key_store_id",
        "external_key_ref",
        "released",
        "attested",
    ),
    *("created_at", "expires", "expires_at", "deletion_scheduled", "deletion_at", "deletion_window_days"),
    *("multi_region", "multi_region_role", "primary_key_id", "location_count", "rotation_supported"),
    "public_fingerprint",
    *("rotation_enabled", "rotation_period_days", "next_rotation_at", "current_material_id", "tags", "tag_keys"),
)
_OF_VERSIONS = (
    *("state", "provider_state", "origin", "ever_exportable", "key_store_id", "external_key_ref", "attested"),
    *("provider_spec", "algorithm", "curve", "length_bits", "strength_bits", "approved_algorithm", "key_type"),
    *("quantum_vulnerable", "deletion_scheduled", "deletion_at", "rotation_count", "last_rotated_at"),
    *("material_since", "current_material_id"),
)
_VERSION = (
    *("*", "version_id", "key_id", "material_state", "import_state", "rotation_type", "created_at", "expires"),
    *("expires_at", "hsm_platform", "attested", "destroy_at"),
)
_MODULE = (
    *("*", "module_id", "name", "kind", "product", "embodiment", "version", "state", "certificate_required"),
    *("certificates", "certificate", "standard", "level", "certificate_status", "interim", "sunset_at", "reading_at"),
)
_POLICIES = columns(
    "key_policies",
    *("public", "public_actions", "organization_wide", "cross_accounts", "service_principals", "admin_principals"),
    *("use_principals", "admin_and_use", "delegates_to_iam", "uses_not_principal", "uses_not_action"),
    "attestation_conditions",
)
_ACCESS = (*_POLICIES, "key_permissions.*")
_STORE = (
    *("*", "store_id", "name", "kind", "cluster_id", "proxy_endpoint", "proxy_connectivity", "created_at"),
    *("connection_state", "connection_error"),
)
USE_LOGGED = (
    *columns("audit_trails", "*", "records_key_use", "excludes_key_events", "superseded"),
    "data_stores.access_logged",
    *columns("audit_scopes", "key_use_recorded"),
)
"""What the audit configuration tells, of a project and of what is above it."""
_STORES = columns("data_stores", "key_id", "key_managed_by", "key_state")


def _operation(name: str, permissions: tuple[str, ...], purpose: str, *fed: str, needs: tuple[str, ...]) -> Operation:
    kinds = ("modules.key_service", "data_stores.log_group")
    return Operation(name=name, permissions=permissions, feeds=fed, needs=needs, purpose=purpose, kinds=kinds)


_LISTED = (*columns("keys", "*", "key_id"), "key_policies.*", *columns("modules", *_MODULE))
OPERATIONS: tuple[Operation, ...] = (
    _operation(RINGS, ("cloudkms.keyRings.list",), "key rings of each location", *_LISTED, needs=()),
    _operation(
        KEYS,
        ("cloudkms.cryptoKeys.list",),
        "the population of keys: type, protection level, rotation, state of the primary version",
        *(*_LISTED, *columns("keys", *_DESCRIBED), *columns("key_policies", "name", "managed_by"), *_STORES),
        needs=(RINGS,),
    ),
    _operation(
        VERSIONS,
        ("cloudkms.cryptoKeyVersions.list",),
        "every version of each key: state, algorithm, origin, attestation, scheduled destruction",
        *(
            *columns("keys", *_OF_VERSIONS),
            *columns("key_versions", *_VERSION),
            *_STORES,
            *columns("modules", *_MODULE),
        ),
        needs=(KEYS,),
    ),
    _operation(
        PUBLIC,
        ("cloudkms.cryptoKeyVersions.viewPublicKey",),
        "the public half of the current version of key pairs: a private key that leaked is told by it",
        *columns("keys", "public_fingerprint"),
        needs=(VERSIONS,),
    ),
    _operation(
        JOBS,
        ("cloudkms.importJobs.list",),
        "ways by which material can be imported",
        "key_versions.import_state",
        needs=(RINGS,),
    ),
    _operation(
        CONNECTIONS,
        ("cloudkms.ekmConnections.list",),
        "connections to external key managers",
        *columns("key_stores", *_STORE),
        needs=(),
    ),
    _operation(
        CONNECTIVITY,
        ("cloudkms.ekmConnections.verifyConnectivity",),
        "whether Cloud KMS reaches each external key manager",
        *columns("key_stores", "connected", "connection_state", "connection_error"),
        needs=(CONNECTIONS,),
    ),
    _operation(
        KEY_POLICY,
        ("cloudkms.cryptoKeys.getIamPolicy",),
        "who may use and administer each key",
        *_ACCESS,
        needs=(KEYS,),
    ),
    _operation(
        RING_POLICY,
        ("cloudkms.keyRings.getIamPolicy",),
        "what keys inherit from their key ring",
        *_ACCESS,
        needs=(RINGS, KEYS),
    ),
    _operation(
        PROJECT,
        ("resourcemanager.projects.get",),
        "the project's number, by which its service agents are called, and what is above it",
        *columns("key_policies", "cross_accounts"),
        "key_permissions.*",
        *USE_LOGGED,
        needs=(),
    ),
    _operation(
        PROJECT_POLICY,
        ("resourcemanager.projects.getIamPolicy",),
        "what keys inherit from their project, and which uses of keys are logged",
        *_ACCESS,
        *USE_LOGGED,
        needs=(),
    ),
    _operation(
        ROLES,
        ("iam.roles.get",),
        "what custom roles, and predefined ones that are not known, allow",
        *_ACCESS,
        needs=(KEY_POLICY, RING_POLICY, PROJECT_POLICY),
    ),
)


@dataclass(slots=True)
class _Seen:
    """What the threads of one unit find on their way."""

    keys: list[str] = field(default_factory=list)
    roles: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)


def collect(asking: Asking) -> Iterator[Unit]:
    """Read every key of one location of a project. Yields no further units."""
    place = f"projects/{asking.unit.account}/locations/{asking.unit.region}"
    seen = _Seen()
    connections = names(asking, CONNECTIONS, f"parent={place}", "ekmConnections", CONNECTION)
    asking.each(lambda name: _connection(asking, name), connections)
    asking.each(lambda ring: _ring(asking, ring, seen), names(asking, RINGS, f"parent={place}", "keyRings", RING))
    asking.each(lambda key: _key(asking, key, seen), iter(sorted(seen.keys)))
    if seen.keys:
        project = f"projects/{asking.unit.account}"
        asking.call(PROJECT, {"name": project}, subject=project, check=is_project)
        _policy(asking, PROJECT_POLICY, project, seen)
        asking.each(lambda role: _role(asking, role), iter(sorted(seen.roles - KNOWN_ROLES)))
    yield from ()


_NUMBERED = re.compile(r"projects/[0-9]+")


def is_project(body: dict[str, Json]) -> str:
    """Check that an answer is an active project. One that is being deleted still answers, for a time."""
    name, parent = body.get("name"), body.get("parent", "")
    if not isinstance(name, str) or not _NUMBERED.fullmatch(name) or not isinstance(parent, str):
        return "`name` is not that of a project"
    return "" if body.get("state") == "ACTIVE" else f"the project is {body.get('state')}, not ACTIVE"


def _connection(asking: Asking, name: str) -> None:
    asking.call(CONNECTIVITY, {"name": name}, subject=name, known=(UNCONNECTED,), check=_is_empty)


def _is_empty(body: dict[str, Json]) -> str:
    return "" if not body else "a connectivity check that succeeds answers with nothing"


def _ring(asking: Asking, ring: str, seen: _Seen) -> None:
    found = list(names(asking, KEYS, f"parent={ring}", "cryptoKeys", KEY))
    with seen.lock:
        seen.keys.extend(found)
    for _ in names(asking, JOBS, f"parent={ring}", "importJobs", rf"{RING}/importJobs/[A-Za-z0-9_-]+"):
        pass
    if found:
        _policy(asking, RING_POLICY, ring, seen)


def _key(asking: Asking, key: str, seen: _Seen) -> None:
    versions = items_of(asking, VERSIONS, f"parent={key}", "cryptoKeyVersions", VERSION)
    pairs = [str(one["name"]) for one in versions if _gives_public(one)]
    newest = max(pairs, key=_number, default=None)
    if newest is not None:
        asking.call(PUBLIC, {"name": newest}, subject=key, known=(UNCONNECTED,), check=_has_public)
    _policy(asking, KEY_POLICY, key, seen)


def _number(version: str) -> tuple[int, str]:
    number = version.rpartition("/")[2].lstrip("0")
    return len(number), number  # as numbers are sorted, however long


def _gives_public(version: dict[str, Json]) -> bool:
    return version.get("state") == "ENABLED" and str(version.get("algorithm")).startswith(_PAIRS)


def _has_public(body: dict[str, Json]) -> str:
    if isinstance(body.get("name"), str) and isinstance(body.get("pem"), str):
        return ""
    return "`name` or `pem` is missing or of another type"


def _policy(asking: Asking, operation: str, resource: str, seen: _Seen) -> None:
    answer = asking.call(operation, {"resource": resource}, subject=resource, check=policy)
    bindings = answer.body.get("bindings", []) if answer is not None else []
    with seen.lock:
        for one in bindings if isinstance(bindings, list) else []:
            seen.roles.add(str(one["role"]) if isinstance(one, dict) else "")


def _role(asking: Asking, role: str) -> None:
    # A role that was deleted while it is bound gives nobody anything.
    asking.call(ROLES, {"name": role}, subject=role, known=(GONE,), check=_is_role)


def _is_role(body: dict[str, Json]) -> str:
    allowed = body.get("includedPermissions", [])
    if isinstance(body.get("name"), str) and isinstance(allowed, list):
        return ""
    return "`name` or `includedPermissions` is missing or of another type"
