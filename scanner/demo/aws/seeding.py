"""Put a world into moto: keys with their dates, states, policies and grants."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from scanner.demo.world import Key, World

HOUR = 3600
_PURPOSE: dict[str, dict[str, list[str]]] = {
    "GENERATE_VERIFY_MAC": {"MacAlgorithms": ["HMAC_SHA_"]},
    "KEY_AGREEMENT": {"KeyAgreementAlgorithms": ["ECDH"]},
}


def seconds(now: datetime, days_ago: float) -> int:
    """Return an instant some days before ``now`` as Unix seconds."""
    return int((now - timedelta(days=days_ago)).timestamp())


def reset() -> None:
    """Empty moto: its state is one for the whole process."""
    from moto.moto_api._internal.models import moto_api_backend

    moto_api_backend.reset()


def seed(world: World, now: datetime) -> None:
    """Fill moto's backends with a world as it stands at ``now``."""
    from moto.kms.models import kms_backends

    reset()
    for key in world.keys:
        backend = kms_backends[key.account][key.region]
        made = backend.create_key(
            policy=policy_text(world, key),
            key_usage=key.usage,
            key_spec=_MADE_AS if key.spec in {*_MOTO_LACKS, *_WITHOUT_PAIR, *_RSA} else key.spec,
            description=key.description or key.about,
            tags=None,
            multi_region=key.multi_region,
            origin=key.origin,
        )
        del backend.keys[made.id]
        made.id, made.arn = key.id, key.arn
        made.key_spec, made.key_state = key.spec, key.state
        if key.spec in _RSA:
            made.private_key = _pair(key.spec)
        made.enabled = key.state == "Enabled"
        made.key_manager = key.manager
        made.creation_date = seconds(now, key.age_days)
        if key.deleted_in_days is not None:
            made.deletion_date = now.replace(tzinfo=None) + timedelta(days=key.deleted_in_days)
        backend.keys[key.id] = made
        backend.tagger.tag_resource(key.id, [{"TagKey": k, "TagValue": v} for k, v in key.tags.items()])
        backend.create_alias(key.id, f"alias/{key.alias}")
        _grants(made, key, now)


_MOTO_LACKS = frozenset({"ECC_NIST_EDWARDS25519", "ML_DSA_44", "ML_DSA_65", "ML_DSA_87"})
"""Key specs that moto refuses to make; the key is made as another and renamed."""
_WITHOUT_PAIR = frozenset({"SYMMETRIC_DEFAULT", "HMAC_224", "HMAC_256", "HMAC_384", "HMAC_512"})
"""Key specs to which moto gives a key pair all the same, one of RSA-2048, which takes 60 ms and is never used."""
_RSA = frozenset({"RSA_2048", "RSA_3072", "RSA_4096"})
_MADE_AS = "ECC_NIST_P256"
"""What takes moto no time to make."""


@functools.cache
def _pair(spec: str) -> Any:  # noqa: ANN401 - moto's keys have no public type
    """Return a key pair: one for all keys of a spec and for all simulators of this process, for it can take seconds."""
    from moto.kms.utils import generate_private_key

    return generate_private_key(spec)


def members(world: World) -> list[dict[str, object]]:
    """Return the accounts in the shape of ListAccounts."""
    organization = f"arn:aws:organizations::{world.management_account}:account/o-example0000"
    return [
        {
            "Id": account.id,
            "Arn": f"{organization}/{account.id}",
            "Email": f"{account.id}@example.invalid",
            "Name": account.name,
            "Status": {"CLOSED": "SUSPENDED"}.get(account.state, account.state),
            "State": account.state,
            "JoinedMethod": "CREATED",
            "JoinedTimestamp": 1700000000,
        }
        for account in world.accounts
    ]


def policy_text(world: World, key: Key) -> str:
    """Return a key's policy document with the account put in."""
    text = json.dumps({"Version": "2012-10-17", "Statement": world.policy(key.policy)})
    return text.replace("ACCOUNT", key.account).replace("REGION", key.region)


def wrapped(key: Key, plaintext: bytes, context: Mapping[str, str]) -> bytes:
    """Return what the simulated AWS KMS makes of ``plaintext`` under a key, whatever the key's state."""
    from moto.kms.models import kms_backends

    blob, _ = kms_backends[key.account][key.region].encrypt(key.id, plaintext, dict(context))
    return bytes(blob)


def _grants(made: Any, key: Key, now: datetime) -> None:  # noqa: ANN401 - moto's Key has no public type
    for number, grant in enumerate(key.grants):
        constraints = {"EncryptionContextSubset": dict(grant.context)} if grant.context else {}
        given = made.add_grant(
            grant.name, grant.grantee.replace("ACCOUNT", key.account), list(grant.operations), constraints, None
        )
        del made.grants[given.id]
        given.id = f"{key.id.replace('-', '')[:24]:0<60}{number:04}"
        given.creation_date = seconds(now, grant.age_days)
        made.grants[given.id] = given


def extras(world: World, key: Key, now: datetime) -> dict[str, object]:
    """Return the documented DescribeKey fields that moto lacks."""
    found: dict[str, object] = {"CurrentKeyMaterialId": material_id(key, len(key.rotated_days_ago))}
    if key.spec != "SYMMETRIC_DEFAULT" or key.origin not in {"AWS_KMS", "EXTERNAL"}:
        found = {}
    if key.store:
        store = world.store(key.store)
        found["CustomKeyStoreId"] = store.id
        if store.kind == "AWS_CLOUDHSM":
            found["CloudHsmClusterId"] = world.cluster_id(store)
        else:
            found["XksKeyConfiguration"] = {"Id": f"xks-{key.alias}"}
    if key.origin == "EXTERNAL":
        expires = key.expires_in_days is not None
        found["ExpirationModel"] = "KEY_MATERIAL_EXPIRES" if expires else "KEY_MATERIAL_DOES_NOT_EXPIRE"
        if key.expires_in_days is not None:
            found["ValidTo"] = seconds(now, -key.expires_in_days)
    if key.deletion_window_days is not None:
        found["PendingDeletionWindowInDays"] = key.deletion_window_days
    if key.multi_region:
        found["MultiRegionConfiguration"] = _multi_region(world, key)
    for name, values in _PURPOSE.get(key.usage, {}).items():
        found[name] = [v + key.spec.partition("_")[2] if v.endswith("_") else v for v in values]
    return found


def _multi_region(world: World, key: Key) -> dict[str, object]:
    primary = world.key(key.replica_of) if key.replica_of else key
    return {
        "MultiRegionKeyType": "REPLICA" if key.replica_of else "PRIMARY",
        "PrimaryKey": {"Arn": primary.arn, "Region": primary.region},
        "ReplicaKeys": [
            {"Arn": primary.arn.replace(primary.region, region), "Region": region} for region in primary.replicated_to
        ],
    }


def material_id(key: Key, generation: int) -> str:
    """Return the id of a generation of a key's material: 64 hex digits, as AWS KMS gives them."""
    import hashlib

    return hashlib.sha256(f"{key.id}/{generation}".encode()).hexdigest()


def rotations(key: Key, now: datetime) -> list[dict[str, object]]:
    """Return the key's material history in the shape of ListKeyRotations with ALL_KEY_MATERIAL, oldest first."""
    days = sorted(key.rotated_days_ago, reverse=True)
    entries: list[dict[str, object]] = []
    for generation in range(len(days) + 1):
        current = generation == len(days)
        entry: dict[str, object] = {
            "KeyId": key.arn,
            "KeyMaterialId": material_id(key, generation),
            "KeyMaterialState": "CURRENT" if current else "NON_CURRENT",
        }
        if generation:
            entry["RotationDate"] = seconds(now, days[generation - 1])
            entry["RotationType"] = "AUTOMATIC" if key.rotation else "ON_DEMAND"
        if key.origin == "EXTERNAL":
            entry["ImportState"] = "IMPORTED"
            expires = key.expires_in_days is not None
            entry["ExpirationModel"] = "KEY_MATERIAL_EXPIRES" if expires else "KEY_MATERIAL_DOES_NOT_EXPIRE"
            if key.expires_in_days is not None:
                entry["ValidTo"] = seconds(now, -key.expires_in_days)
        entries.append(entry)
    return entries


def last_usage(world: World, key: Key, now: datetime) -> dict[str, object]:
    """Return the answer of GetKeyLastUsage."""
    answer: dict[str, object] = {
        "KeyId": key.arn,
        "KeyCreationDate": seconds(now, key.age_days),
        "TrackingStartDate": seconds(now, min(world.tracking_days, key.age_days)),
    }
    if key.last_used_days_ago is not None:
        answer["KeyLastUsage"] = {
            "Operation": {"SIGN_VERIFY": "Sign", "GENERATE_VERIFY_MAC": "GenerateMac"}.get(key.usage, "Decrypt"),
            "Timestamp": seconds(now, key.last_used_days_ago) - HOUR,
            "CloudTrailEventId": material_id(key, 1000)[:36],
            "KmsRequestId": material_id(key, 2000)[:36],
        }
    return answer
