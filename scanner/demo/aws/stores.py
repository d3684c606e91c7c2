"""Data stores of the simulated AWS: what is put into moto, and what is answered in its place.

moto is left what it does right: every question about one bucket, tables, and whether volumes are encrypted. It is not
asked for

* ``s3:ListBuckets``: it gives ``MaxBuckets`` of them and no token for the others, and never a region;
* ``ec2:GetEbsDefaultKmsKeyId``: it fails (HTTP 500) before somebody has set a key;
* ``secretsmanager:ListSecrets``: a replica has the key of its primary, and members without a value are null;
* ``logs:DescribeLogGroups``: it sorts every log group for every page, which never ends with hundreds of thousands;
* ``backup:ListBackupVaults``: it gives all at once, and neither type nor state nor the kind of the key;
* all of ``rds``: it has no parameter group of a current engine, ignores the filter by name, gives an encrypted
  database the key ``default_kms_key_id``, and lacks ``StorageEncryptionType`` and ``awsbackup`` snapshots.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from scanner.demo.aws import stores_rds
from scanner.demo.aws.request import Asked
from scanner.demo.aws.stores_world import (
    Bucket,
    Json,
    KeyArn,
    LogGroup,
    Rule,
    Secret,
    Stores,
    Table,
    Vault,
    key_ref,
    seconds,
    tag_list,
)

LISTS: Mapping[str, tuple[str, str, str, str]] = {
    "s3:ListBuckets": ("Buckets", "continuation-token", "ContinuationToken", "max-buckets"),
    "secretsmanager:ListSecrets": ("SecretList", "NextToken", "NextToken", "MaxResults"),
    "backup:ListBackupVaults": ("BackupVaultList", "nextToken", "NextToken", "maxResults"),
    **stores_rds.LISTS,
}
"""Operation to its items, the page token that it takes and gives, and the parameter for the size of a page: as sent.

Log groups are paged where they are answered: there may be too many to be made for every page.
"""
MOST_GROUPS = 50
_AIR_GAPPED = "LOGICALLY_AIR_GAPPED_BACKUP_VAULT"


def seed(part: Stores, now: datetime, key_arn: KeyArn = str) -> None:
    """Fill moto's backends, which must be empty, as the world stands at ``now``."""
    for bucket in part.buckets:
        _seed_bucket(bucket, now, key_arn)
    for table in part.tables:
        _seed_table(table, now, key_arn)
    _seed_volumes(part)


def _seed_bucket(bucket: Bucket, now: datetime, key_arn: KeyArn) -> None:
    from moto.s3.models import PublicAccessBlock, get_canned_acl, s3_backends

    backend = s3_backends[bucket.account]["aws"]
    made: Any = backend.create_bucket(bucket.name, bucket.region)
    made.creation_date = now - timedelta(days=bucket.age_days)
    made.encryption = _encryption(bucket, key_arn)
    made.versioning_status = bucket.versioning or None
    made.object_lock_enabled = bucket.lockable or bucket.lock is not None
    if bucket.lock is not None:
        made.default_lock_mode = bucket.lock.mode
        made.default_lock_days, made.default_lock_years = bucket.lock.days or None, bucket.lock.years or None
    if bucket.lifecycle:
        made.set_lifecycle([_rule(number, rule) for number, rule in enumerate(bucket.lifecycle)])
    policy = _policy(bucket)
    made.policy = policy.encode() if policy else None
    made.public_access_block = PublicAccessBlock(*(["true"] * 4)) if bucket.blocked else None
    made.ownership_rule = "ObjectWriter" if bucket.acls else "BucketOwnerEnforced"
    made.acl = get_canned_acl("public-read" if bucket.public_acl else "private")
    made.logging = {"TargetBucket": bucket.logs_to, "TargetPrefix": f"{bucket.name}/"} if bucket.logs_to else {}
    backend.put_bucket_tagging(bucket.name, bucket.tags)


def _encryption(bucket: Bucket, key_arn: KeyArn) -> Json | None:
    if bucket.encryption == "none":
        return None
    by_default: Json = {"SSEAlgorithm": bucket.encryption}
    if bucket.key:
        by_default["KMSMasterKeyID"] = key_ref(bucket.key, key_arn)
    return {"Rule": {"ApplyServerSideEncryptionByDefault": by_default, "BucketKeyEnabled": bucket.bucket_key}}


def _rule(number: int, rule: Rule) -> Json:
    made: Json = {"ID": f"rule-{number}", "Status": "Enabled" if rule.enabled else "Disabled"}
    made["Filter"] = {"Prefix": rule.prefix}
    if rule.days:
        made["Expiration"] = {"Days": rule.days}
    if rule.former_days:
        made["NoncurrentVersionExpiration"] = {"NoncurrentDays": rule.former_days}
    return made


def _policy(bucket: Bucket) -> str:
    statements: list[dict[str, object]] = [*bucket.policy]
    if bucket.tls_only:
        statements.append(
            {
                "Sid": "RestrictToTLSRequestsOnly",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": ["BUCKET", "BUCKET/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        )
    text = json.dumps({"Version": "2012-10-17", "Statement": statements}) if statements else ""
    return text.replace("BUCKET", bucket.arn)


def _seed_table(table: Table, now: datetime, key_arn: KeyArn) -> None:
    from moto.dynamodb.models import dynamodb_backends

    key = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key_ref(table.key, key_arn)} if table.key else None
    made = dynamodb_backends[table.account][table.region].create_table(
        name=table.name,
        schema=[{"AttributeName": "id", "KeyType": "HASH"}],
        throughput=None,
        attr=[{"AttributeName": "id", "AttributeType": "S"}],
        global_indexes=None,
        indexes=None,
        streams=None,
        billing_mode="PAY_PER_REQUEST",
        sse_specification=key,
        tags=tag_list(table.tags),
        deletion_protection_enabled=True,
        warm_throughput=None,
    )
    made.created_at = (now - timedelta(days=table.age_days)).replace(tzinfo=None)
    status = "ENABLED" if table.point_in_time else "DISABLED"
    made.continuous_backups["PointInTimeRecoveryDescription"] = {"PointInTimeRecoveryStatus": status}


def _seed_volumes(part: Stores) -> None:
    from moto.ec2.models import ec2_backends

    for one in part.volumes:
        ec2_backends[one.account][one.region].ebs_encryption_by_default = one.encrypted


def answer(part: Stores, request: Asked, now: datetime, key_arn: KeyArn = str) -> Json | None:
    """Return the answer to a request, or None for what moto answers."""
    made = ANSWERS.get(request.operation)
    if made is not None:
        return made(part, request, now, key_arn)
    return stores_rds.answer(part, request, now, key_arn)


def _is_here(one: Any, request: Asked) -> bool:  # noqa: ANN401 - any store
    return (one.account, one.region) == (request.account, request.region)


def _buckets(part: Stores, request: Asked, now: datetime, _: KeyArn) -> Json:
    region = request.params.get("bucket-region")
    listed = [
        {"Name": one.name, "CreationDate": seconds(now, one.age_days), "BucketRegion": one.region}
        for one in sorted(part.buckets, key=lambda bucket: bucket.name)
        if one.account == request.account and region in (None, one.region)
    ]
    return {"Buckets": listed, "Owner": {"DisplayName": "somebody", "ID": "75aa57f09aa0c8caeab4f8c24e99d10f"}}


def _default_key(part: Stores, request: Asked, _: datetime, key_arn: KeyArn) -> Json:
    here = [one for one in part.volumes if _is_here(one, request) and one.key]
    return {"KmsKeyId": key_ref(here[0].key, key_arn) if here else "alias/aws/ebs"}


def _secrets(part: Stores, request: Asked, now: datetime, key_arn: KeyArn) -> Json:
    return {"SecretList": [_secret(one, now, key_arn) for one in part.secrets if _is_here(one, request)]}


def _secret(secret: Secret, now: datetime, key_arn: KeyArn) -> Json:
    told: Json = {
        "ARN": secret.arn,
        "Name": secret.name,
        "CreatedDate": seconds(now, secret.age_days),
        "LastChangedDate": seconds(now, secret.age_days),
        "SecretVersionsToStages": {"00000000-0000-4000-8000-000000000000": ["AWSCURRENT"]},
        "Tags": tag_list(secret.tags),
    }
    if secret.key:
        told["KmsKeyId"] = key_ref(secret.key, key_arn)
    if secret.replica_of:
        told["PrimaryRegion"] = secret.replica_of
    if secret.description:
        told["Description"] = secret.description
    if secret.rotates:
        told |= {"RotationEnabled": True, "RotationRules": {"AutomaticallyAfterDays": 30}}
    if secret.rotated_days_ago is not None:
        told["LastRotatedDate"] = seconds(now, secret.rotated_days_ago)
    return told


def _log_groups(part: Stores, request: Asked, now: datetime, key_arn: KeyArn) -> Json:
    here = sorted((one for one in part.log_groups if _is_here(one, request)), key=lambda group: group.name)
    token = str(request.params.get("nextToken", "0"))
    if not token.isdecimal() or int(token) > sum(group.count for group in here):
        return {"__type": "InvalidParameterException", "message": "The specified nextToken is invalid."}
    after, left = int(token), int(request.params.get("limit", MOST_GROUPS))
    listed: list[Json] = []
    skipped = 0
    for group in here:
        first = max(0, after - skipped)
        chosen = range(first, max(first, min(group.count, first + left)))
        listed += [_log_group(group, number, now, key_arn) for number in chosen]
        left -= len(chosen)
        skipped += group.count
    more = {} if after + len(listed) >= skipped else {"nextToken": str(after + len(listed))}
    return {"logGroups": listed, **more}


def _log_group(group: LogGroup, number: int, now: datetime, key_arn: KeyArn) -> Json:
    arn = f"{group.arn.removesuffix(group.name)}{group.named(number)}"
    told: Json = {
        "logGroupName": group.named(number),
        "creationTime": seconds(now, group.age_days) * 1000,
        "metricFilterCount": 0,
        "arn": f"{arn}:*",
        "logGroupArn": arn,
        "logGroupClass": group.kind,
        "storedBytes": 0,
    }
    if group.retention_days is not None:
        told["retentionInDays"] = group.retention_days
    if group.key:
        told["kmsKeyId"] = key_ref(group.key, key_arn)
    return told


def _vaults(part: Stores, request: Asked, now: datetime, key_arn: KeyArn) -> Json:
    return {"BackupVaultList": [_vault(one, now, key_arn) for one in part.vaults if _is_here(one, request)]}


def _vault(vault: Vault, now: datetime, key_arn: KeyArn) -> Json:
    owned = vault.air_gapped and not vault.key
    told: Json = {
        "BackupVaultName": vault.name,
        "BackupVaultArn": vault.arn,
        "VaultType": _AIR_GAPPED if vault.air_gapped else "BACKUP_VAULT",
        "VaultState": "AVAILABLE",
        "CreationDate": seconds(now, vault.age_days),
        "NumberOfRecoveryPoints": vault.points,
        "Locked": vault.locked or vault.air_gapped,
        "EncryptionKeyType": "AWS_OWNED_KMS_KEY" if owned else "CUSTOMER_MANAGED_KMS_KEY",
    }
    if not owned:
        told["EncryptionKeyArn"] = key_ref(vault.key or "alias/aws/backup", key_arn)
    if vault.min_retention_days is not None:
        told["MinRetentionDays"] = vault.min_retention_days
    if vault.locked_for_good_days_ago is not None:
        told["LockDate"] = seconds(now, vault.locked_for_good_days_ago)
    return told


ANSWERS: Mapping[str, Callable[[Stores, Asked, datetime, KeyArn], Json]] = {
    "s3:ListBuckets": _buckets,
    "ec2:GetEbsDefaultKmsKeyId": _default_key,
    "secretsmanager:ListSecrets": _secrets,
    "logs:DescribeLogGroups": _log_groups,
    "backup:ListBackupVaults": _vaults,
}
