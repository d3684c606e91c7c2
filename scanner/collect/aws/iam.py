"""AWS IAM: long-lived credentials, second factors, and what identity policies allow on keys. One unit an account."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from scanner.collect.aws.checks import lists
from scanner.collect.interface import Answer, Asking, Paging, Unit
from scanner.model.ids import Json
from scanner.model.operation import Operation, columns

NAME = "aws.iam"
PAGING = Paging(answer="Marker", parameter="Marker", more="IsTruncated")

MAKE_REPORT = "iam:GenerateCredentialReport"
REPORT = "iam:GetCredentialReport"
ACCESS_KEYS = "iam:ListAccessKeys"
GONE = "NoSuchEntity"
"""Error code: the user was deleted since the report was made. That is the answer."""
SUMMARY = "iam:GetAccountSummary"
DETAILS = "iam:GetAccountAuthorizationDetails"
API_KEYS = "iam:ListServiceSpecificCredentials"
API_KEY_SERVICE = "bedrock.amazonaws.com"
"""The service whose long-term API keys open models; those of AWS CodeCommit open source code."""

ROOT = "<root_account>"
_NO_KEY = (None, "", "N/A", "no_information")
COLUMNS = ("user", "arn", "password_enabled", "mfa_active", "access_key_1_active", "access_key_2_active")
"""Columns without which a credential report says nothing."""


_CREDENTIALS = columns(
    "credentials",
    *("*", "principal", "kind", "active", "created_at", "used", "last_used_at", "expires", "expires_at", "mfa"),
    "service",
)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name=MAKE_REPORT,
        permissions=("iam:GenerateCredentialReport",),
        feeds=_CREDENTIALS,
        purpose="makes the report that is read next; it changes nothing else",
    ),
    Operation(
        name=REPORT,
        permissions=("iam:GetCredentialReport",),
        feeds=_CREDENTIALS,
        needs=(MAKE_REPORT,),
        purpose="passwords, access keys and second factors of users and of the root user",
    ),
    Operation(
        name=ACCESS_KEYS,
        permissions=("iam:ListAccessKeys",),
        feeds=columns("credentials", "hint"),
        needs=(REPORT,),
        purpose="ids of the access keys of users, by which an access key that leaked is told",
    ),
    Operation(
        name=SUMMARY,
        permissions=("iam:GetAccountSummary",),
        feeds=columns("credentials", "active"),
        needs=(REPORT,),
        purpose="whether the root user has a password",
    ),
    Operation(
        name=DETAILS,
        permissions=("iam:GetAccountAuthorizationDetails",),
        feeds=columns(
            "identity_policies",
            *("*", "policy_id", "name", "provider_managed", "attached_to", "attached", "allows_decrypt"),
            *("decrypts_any_key", "administers_any_key", "uses_not_action"),
        ),
        purpose="policies of users, groups and roles that allow something on keys",
    ),
    Operation(
        name=API_KEYS,
        permissions=("iam:ListServiceSpecificCredentials",),
        feeds=_CREDENTIALS,
        purpose="long-term API keys of Amazon Bedrock",
    ),
)


def collect(asking: Asking) -> Iterator[Unit]:
    """Read credentials and policies of one account. Yields no further units."""
    # Not to be allowed to make a report is no reason not to read one that is there: none is older than four hours.
    asking.call(MAKE_REPORT, {})
    report = asking.call(REPORT, {}, check=_is_report)
    users = _with_access_keys(report)
    asking.each(lambda arn: _access_keys(asking, users[arn], arn), iter(users))
    asking.call(SUMMARY, {}, check=_is_summary)
    kinds: list[Json] = ["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"]
    for _ in asking.pages(DETAILS, {"Filter": kinds, "MaxItems": 1000}, PAGING, check=_has_details):
        pass
    params: dict[str, Json] = {"AllUsers": True, "ServiceName": API_KEY_SERVICE, "MaxItems": 1000}
    for _ in asking.pages(API_KEYS, params, PAGING, check=lists("ServiceSpecificCredentials")):
        pass
    yield from ()


def _access_keys(asking: Asking, name: str, arn: str) -> None:
    listed = lists("AccessKeyMetadata", "AccessKeyId")
    params: dict[str, Json] = {"UserName": name, "MaxItems": 1000}
    for _ in asking.pages(ACCESS_KEYS, params, PAGING, subject=arn, known=(GONE,), check=listed):
        pass


def _with_access_keys(report: Answer | None) -> dict[str, str]:
    """Return ARN and name of the users that have an access key. The root user's own no other can list."""
    found: dict[str, str] = {}
    content = report.body["Content"] if report is not None else None
    lines = [_values(str(one)) for one in content] if isinstance(content, list) else []
    for values in lines[1:]:
        line = dict(zip(lines[0], values, strict=False))
        has = any(line.get(f"access_key_{number}_last_rotated") not in _NO_KEY for number in (1, 2))
        if has and line.get("user", ROOT) != ROOT and line.get("arn"):
            found[line["arn"]] = line["user"]
    return found


def _values(line: str) -> list[str]:
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return []  # a value of a length that no name has


def _is_report(body: dict[str, Json]) -> str:
    lines = body.get("Content")
    if not isinstance(lines, list) or not lines or not all(isinstance(line, str) for line in lines):
        return "`Content` is not lines of text"
    missing = sorted(set(COLUMNS) - set(str(lines[0]).split(",")))
    return f"the credential report has no column `{missing[0]}`" if missing else ""


def _is_summary(body: dict[str, Json]) -> str:
    return "" if isinstance(body.get("SummaryMap"), dict) else "`SummaryMap` is not an object"


def _has_details(body: dict[str, Json]) -> str:
    names = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
    wrong = [name for name in names if not _objects(body.get(name))]
    return f"`{wrong[0]}` is not a list of objects" if wrong else ""


def _objects(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)
