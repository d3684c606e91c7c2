"""People and workloads of the simulated AWS: what is put into moto, and what is answered in its place.

moto is left users, groups, roles and policies (``iam:GetAccountAuthorizationDetails``) and the making of the credential
report (``iam:GenerateCredentialReport``). It is not asked for

* ``iam:GetCredentialReport``: it leaves out the root user and dates users with the present, and calls a password that
  was never used ``not_supported``;
* ``iam:ListAccessKeys``: it dates keys with the present;
* ``iam:GetAccountSummary``: it does not tell whether the root user has a password;
* ``iam:ListServiceSpecificCredentials`` and all of ``accessanalyzer``: it lacks them.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from scanner.demo.aws.people_world import AccessKey, Analyzer, ApiKey, Finding, Holder, People, Policy, Root, User
from scanner.demo.aws.request import Asked

Json = dict[str, Any]
KeyArn = Callable[[str], str]
"""Gives the ARN of a key that the world calls by its alias."""

LISTS: Mapping[str, tuple[str, str, str, str]] = {
    "iam:ListAccessKeys": ("AccessKeyMetadata", "Marker", "Marker", "MaxItems"),
    "iam:ListServiceSpecificCredentials": ("ServiceSpecificCredentials", "Marker", "Marker", "MaxItems"),
    "accessanalyzer:ListAnalyzers": ("analyzers", "nextToken", "nextToken", "maxResults"),
    "accessanalyzer:ListFindingsV2": ("findings", "nextToken", "nextToken", "maxResults"),
}
"""Operation to its items, the page token that it takes and gives, and the parameter for the size of a page."""
COLUMNS = (
    *("user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed"),
    *("password_next_rotation", "mfa_active"),
    *(
        f"access_key_{n}_{what}"
        for n in (1, 2)
        for what in ("active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")
    ),
    *(f"cert_{n}_{what}" for n in (1, 2) for what in ("active", "last_rotated")),
    "additional_credentials_info",
)
API_KEY_SERVICE = "bedrock.amazonaws.com"


def seed(part: People) -> None:
    """Put users, groups, roles and policies into moto."""
    from moto.iam.models import iam_backends

    for policy in part.policies:
        _seed_policy(iam_backends[policy.account]["aws"], policy)
    for group in part.groups:
        backend = iam_backends[group.account]["aws"]
        backend.create_group(group.name, group.path)
        _give(part, group, backend.put_group_policy, backend.attach_group_policy)
    for role in part.roles:
        backend = iam_backends[role.account]["aws"]
        backend.create_role(role.name, "{}", role.path, None, role.about, [], "3600")
        _give(part, role, backend.put_role_policy, backend.attach_role_policy)
    for user in part.users:
        backend = iam_backends[user.account]["aws"]
        backend.create_user("us-east-1", user.name, path=user.path)
        _give(part, user, backend.put_user_policy, backend.attach_user_policy)
        for name in user.groups:
            backend.add_user_to_group(name, user.name)


def _give(
    part: People, holder: Holder, put: Callable[[str, str, str], object], attach: Callable[[str, str], object]
) -> None:
    """Give somebody its own policies and the managed ones that it has."""
    for name, document in holder.inline.items():
        put(holder.name, name, json.dumps(document))
    for name in holder.policies:
        policy = next(one for one in part.policies if (one.account, one.name) == (holder.account, name))
        attach(policy.arn, holder.name)


def _seed_policy(backend: Any, policy: Policy) -> None:  # noqa: ANN401 - moto's backend has no public type
    from moto.iam.models import AWSManagedPolicy

    if policy.provider:
        dates = {"CreateDate": "2020-01-01T00:00:00+00:00", "UpdateDate": "2020-01-01T00:00:00+00:00"}
        data = {"DefaultVersionId": "v1", "Path": "/", "Document": policy.document, **dates}
        made = AWSManagedPolicy.from_data(policy.name, policy.account, "aws", data)
        backend.managed_policies[made.arn] = made
    else:
        made = backend.create_policy("", "/", json.dumps(policy.document), policy.name, {})
    vars(made)["policy_name"] = policy.name  # moto leaves it out of the account's details


def answer(part: People, request: Asked, now: datetime, key_arn: KeyArn = str) -> Json | None:
    """Answer a request in moto's place, or return None for what moto answers."""
    if request.operation == "iam:GetCredentialReport":
        return {
            "Content": _report(part, request.account, now),
            "ReportFormat": "text/csv",
            "GeneratedTime": _seconds(now),
        }
    if request.operation == "iam:ListAccessKeys":
        return {"AccessKeyMetadata": list(_access_keys(part, request, now))}
    if request.operation == "iam:GetAccountSummary":
        return {"SummaryMap": _summary(part, request.account)}
    if request.operation == "iam:ListServiceSpecificCredentials":
        return {"ServiceSpecificCredentials": list(_api_keys(part, request, now))}
    return _analyzers_answer(part, request, now, key_arn)


def _analyzers_answer(part: People, request: Asked, now: datetime, key_arn: KeyArn) -> Json | None:
    if request.operation == "accessanalyzer:ListAnalyzers":
        return {"analyzers": [_analyzer(one, now) for one in _analyzers(part, request)]}
    if request.operation == "accessanalyzer:ListFindingsV2":
        return _findings(part, request, now, key_arn)
    return None


def access_key_id(user: User, number: int) -> str:
    """Return the id of a user's access key, from 1: the same on every run."""
    made = hashlib.sha256(f"{user.arn}/{number}".encode()).digest()
    return f"AKIA{base64.b32encode(made).decode()[:16]}"


def _access_keys(part: People, request: Asked, now: datetime) -> Iterator[Json]:
    for user in part.users:
        if (user.account, user.name) != (request.account, request.params.get("UserName")):
            continue
        for number, key in enumerate(user.access_keys, 1):
            yield {
                "UserName": user.name,
                "AccessKeyId": access_key_id(user, number),
                "Status": "Active" if key.active else "Inactive",
                "CreateDate": _seconds(now - timedelta(days=key.age_days)),
            }


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _text(now: datetime, days_ago: float | None, absent: str = "N/A") -> str:
    if days_ago is None:
        return absent
    return (now.astimezone(UTC) - timedelta(days=days_ago)).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def _root(part: People, account: str) -> Root:
    return next((root for root in part.roots if root.account == account), Root(account=account))


def _report(part: People, account: str, now: datetime) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="N/A", lineterminator="\n")
    writer.writeheader()
    writer.writerow(_root_line(_root(part, account), now))
    writer.writerows(_line(user, now) for user in part.users if user.account == account)
    return out.getvalue()


def _root_line(root: Root, now: datetime) -> dict[str, str]:
    never = "no_information" if root.password else "N/A"
    return {
        "user": "<root_account>",
        "arn": f"arn:aws:iam::{root.account}:root",
        "user_creation_time": _text(now, root.age_days),
        "password_enabled": "not_supported",
        "password_last_used": _text(now, root.last_used_days_ago, never),
        "password_last_changed": "not_supported",
        "password_next_rotation": "not_supported",
        "mfa_active": _flag(root.mfa),
        **_keys(root.access_keys, now),
    }


def _line(user: User, now: datetime) -> dict[str, str]:
    password = user.password
    found = {
        "user": user.name,
        "arn": user.arn,
        "user_creation_time": _text(now, user.age_days),
        "password_enabled": _flag(password is not None),
        "mfa_active": _flag(user.mfa),
        **_keys(user.access_keys, now),
    }
    if password is not None:
        ends = None if password.ends_in_days is None else -password.ends_in_days
        found |= {
            "password_last_used": _text(now, password.last_used_days_ago, "no_information"),
            "password_last_changed": _text(now, password.age_days),
            "password_next_rotation": _text(now, ends),
        }
    return found


def _keys(keys: Sequence[AccessKey], now: datetime) -> dict[str, str]:
    found = {f"access_key_{n}_active": "false" for n in (1, 2)} | {f"cert_{n}_active": "false" for n in (1, 2)}
    for n, key in enumerate(keys, 1):
        used = key.last_used_days_ago is not None
        found |= {
            f"access_key_{n}_active": _flag(key.active),
            f"access_key_{n}_last_rotated": _text(now, key.age_days),
            f"access_key_{n}_last_used_date": _text(now, key.last_used_days_ago),
            f"access_key_{n}_last_used_region": "us-east-1" if used else "N/A",
            f"access_key_{n}_last_used_service": "kms" if used else "N/A",
        }
    return found


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _summary(part: People, account: str) -> dict[str, int]:
    root = _root(part, account)
    users = [user for user in part.users if user.account == account]
    return {
        "Users": len(users),
        "MFADevicesInUse": sum(user.mfa for user in users) + root.mfa,
        "AccountMFAEnabled": int(root.mfa),
        "AccountAccessKeysPresent": len(root.access_keys),
        "AccountPasswordPresent": int(root.password),
    }


def _api_keys(part: People, request: Asked, now: datetime) -> Iterator[Json]:
    if request.params.get("ServiceName", API_KEY_SERVICE) != API_KEY_SERVICE:
        return
    for user in part.users:
        for n, key in enumerate(user.api_keys if user.account == request.account else []):
            yield _api_key(user, n, key, now)


def _api_key(user: User, number: int, key: ApiKey, now: datetime) -> Json:
    expired = key.expires_in_days is not None and key.expires_in_days < 0
    found: Json = {
        "UserName": user.name,
        "Status": "Expired" if expired else "Active" if key.active else "Inactive",
        "ServiceCredentialAlias": f"{user.name}-at-{user.account}",
        "CreateDate": _seconds(now - timedelta(days=key.age_days)),
        "ServiceSpecificCredentialId": f"ACCA{_identity(user.arn, str(number))[:16].upper()}",
        "ServiceName": API_KEY_SERVICE,
    }
    if key.expires_in_days is not None:
        found["ExpirationDate"] = _seconds(now + timedelta(days=key.expires_in_days))
    return found


def _identity(*parts: str) -> str:
    return hashlib.sha256("/".join(parts).encode()).hexdigest()


def _analyzers(part: People, request: Asked) -> list[Analyzer]:
    here = (request.account, request.region)
    return [one for one in part.analyzers if (one.account, one.region) == here]


def _analyzer(one: Analyzer, now: datetime) -> Json:
    return {
        "arn": one.arn,
        "name": one.name,
        "type": one.kind,
        "createdAt": _seconds(now - timedelta(days=one.age_days)),
        "tags": {},
        "status": one.status,
    }


def _findings(part: People, request: Asked, now: datetime, key_arn: KeyArn) -> Json:
    chosen = {one.arn: one for one in _analyzers(part, request)}.get(str(request.params.get("analyzerArn")))
    if chosen is None:
        return {"__type": "ResourceNotFoundException", "message": "there is no such analyzer"}
    wanted = {name: one.get("eq") for name, one in request.params.get("filter", {}).items()}
    shown = [
        _finding(one, now, key_arn)
        for one in part.findings
        if (one.account, one.region, one.analyzer) == (chosen.account, chosen.region, chosen.name)
    ]
    return {
        "findings": [f for f in shown if all(values is None or f[name] in values for name, values in wanted.items())]
    }


def finding_id(one: Finding) -> str:
    """Return the id of a finding, the same on every run."""
    return _identity(one.account, one.region, one.analyzer, one.key or one.bucket, one.kind)[:32]


def _finding(one: Finding, now: datetime, key_arn: KeyArn) -> Json:
    at = _seconds(now - timedelta(days=one.age_days))
    return {
        "id": finding_id(one),
        "analyzedAt": at,
        "createdAt": at,
        "updatedAt": at,
        "resource": f"arn:aws:s3:::{one.bucket}" if one.bucket else key_arn(one.key),
        "resourceType": "AWS::S3::Bucket" if one.bucket else "AWS::KMS::Key",
        "resourceOwnerAccount": one.account,
        "status": one.status,
        "findingType": one.kind,
    }
