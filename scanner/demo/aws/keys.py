"""AWS KMS and AWS Organizations of the simulated AWS: what is answered in moto's place, and what moto says amended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from scanner.demo.aws import seeding
from scanner.demo.aws.request import Recorded
from scanner.demo.world import Key, World

Json = dict[str, Any]


def answer(world: World, request: Recorded, key: Key | None, now: datetime) -> Json | None:
    """Return the answer to a request about ``key``, or None for what moto answers."""
    if request.operation == "kms:DescribeCustomKeyStores":
        return {"CustomKeyStores": _stores(world, request, now)}
    if request.operation == "organizations:ListAccounts":
        if request.account != world.management_account:
            return _error("AccessDeniedException", "You don't have permissions to access this resource.")
        return {"Accounts": seeding.members(world)}
    made = ANSWERS.get(request.operation)
    if made is None or (request.operation == "kms:GetPublicKey" and key is not None and _has_pair(key)):
        return None
    if key is None:
        return _error("NotFoundException", f"Key {request.params.get('KeyId')!r} does not exist")
    return made(world, key, now)


def _stores(world: World, request: Recorded, now: datetime) -> list[Json]:
    found = []
    for store in world.stores:
        if (store.account, store.region) != (request.account, request.region):
            continue
        entry: Json = {
            "CustomKeyStoreId": store.id,
            "CustomKeyStoreName": store.name,
            "CustomKeyStoreType": store.kind,
            "ConnectionState": store.state,
            "CreationDate": seeding.seconds(now, store.age_days),
        }
        if store.error:
            entry["ConnectionErrorCode"] = store.error
        if store.kind == "AWS_CLOUDHSM":
            entry["CloudHsmClusterId"] = world.cluster_id(store)
            entry["TrustAnchorCertificate"] = "-----BEGIN CERTIFICATE-----\nsimulated\n-----END CERTIFICATE-----"
        else:
            entry["XksProxyConfiguration"] = {
                "Connectivity": "PUBLIC_ENDPOINT",
                "AccessKeyId": "ABCDE12345670EXAMPLE",
                "UriEndpoint": f"https://{store.name}.example.invalid",
                "UriPath": "/example/kms/xks/v1",
            }
        found.append(entry)
    return found


def amend(world: World, request: Recorded, key: Key | None, now: datetime, answered: Json) -> Json:
    """Return moto's answer of AWS KMS as AWS gives it."""
    if request.operation == "kms:DescribeKey" and key is not None:
        described = {name: v for name, v in answered["KeyMetadata"].items() if v not in (None, [])}
        extras = seeding.extras(world, key, now)
        if "MacAlgorithms" in extras or "KeyAgreementAlgorithms" in extras:
            described.pop("EncryptionAlgorithms", None)
            described.pop("SigningAlgorithms", None)
        answered["KeyMetadata"] = {**described, **extras}
    if request.operation == "kms:GetPublicKey" and key is not None:
        answered = {**answered, "KeyId": key.arn, "KeySpec": key.spec}
    answered.pop("GrantCount", None)  # a member of moto's own
    if request.operation == "kms:ListGrants" and key is not None:
        for grant in answered["Grants"]:
            grant["KeyId"] = key.arn
            grant["IssuingAccount"] = f"arn:aws:iam::{key.account}:root"
            grant["CreationDate"] = seeding.seconds(now, 10)
            grant.pop("RetiringPrincipal")  # moto says null; a world's grants have none
    return answered


def _rotates(key: Key) -> bool:
    return key.spec == "SYMMETRIC_DEFAULT" and key.origin in {"AWS_KMS", "EXTERNAL"}


def _unsupported(key: Key) -> Json:
    return _error("UnsupportedOperationException", f"{key.arn} does not support rotation.")


def _rotations(_: World, key: Key, now: datetime) -> Json:
    return {"Rotations": seeding.rotations(key, now), "Truncated": False} if _rotates(key) else _unsupported(key)


def _has_pair(key: Key) -> bool:
    return key.spec != "SYMMETRIC_DEFAULT" and not key.spec.startswith("HMAC_")


def _no_public_half(_: World, key: Key, __: datetime) -> Json:
    return _error("UnsupportedOperationException", f"{key.arn} is not asymmetric.")


def _rotation_status(_: World, key: Key, now: datetime) -> Json:
    if not _rotates(key):
        return _unsupported(key)
    told: Json = {"KeyId": key.arn, "KeyRotationEnabled": key.rotation is not None}
    if key.rotation is not None:
        since = min(key.rotated_days_ago, default=key.age_days)
        told["RotationPeriodInDays"] = key.rotation.period_days
        told["NextRotationDate"] = seeding.seconds(now, since - key.rotation.period_days)
    return told


def _error(code: str, message: str) -> Json:
    return {"__type": code, "message": message}


ANSWERS: Mapping[str, Callable[[World, Key, datetime], Json]] = {
    "kms:GetKeyLastUsage": seeding.last_usage,
    "kms:GetKeyRotationStatus": _rotation_status,
    "kms:GetPublicKey": _no_public_half,
    "kms:ListKeyRotations": _rotations,
}
"""Operations about one key that are answered in moto's place."""
