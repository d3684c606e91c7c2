"""Whether a bucket's policy refuses plain HTTP to everybody: evaluated as a policy, however it is spelled.

An unencrypted request is refused when some Deny for everybody takes it in. So the question is whether the Denies that
hold of every unencrypted request cover all actions, on the bucket and on every object of it. Source: IAM User Guide,
"Policy evaluation logic" and "Condition operators"; Amazon S3 User Guide, "Restrict access to only HTTPS requests".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from scanner.model.ids import Json
from scanner.normalize.aws.policy_actions import glob
from scanner.normalize.aws.policy_document import VARIABLE, Condition, MalformedPolicyError, Statement, read_document
from scanner.normalize.aws.policy_principals import EVERYBODY
from scanner.normalize.aws.stores import both

__all__ = ["MalformedPolicyError", "refuses_plain_http"]

TRANSPORT = "aws:securetransport"
"""Condition key: in every request, and false of an unencrypted one."""
VERSION = "s3:tlsversion"
"""Condition key: what it is of a request without TLS is not documented."""
_ANY = "\ue000"
_ANY_LONG = "\ue000\ue001/\ue002"
"""What no pattern names: one that matches both matches whatever is not empty."""


@dataclass(frozen=True, slots=True)
class _Deny:
    """A Deny to everybody, and what it takes in."""

    bucket: bool
    objects: bool
    holds: bool | None
    """Its conditions hold of every unencrypted request."""


def refuses_plain_http(text: str, bucket_arn: str) -> bool | None:
    """Tell whether a policy refuses every unencrypted request to a bucket and its objects; None: not known.

    Raises MalformedPolicyError.
    """
    statements = read_document(text, bucket_arn)
    listed = json.loads(text)["Statement"]
    items = cast("list[dict[str, Json]]", listed if isinstance(listed, list) else [listed])
    denies = [_deny(item, one, bucket_arn) for item, one in zip(items, statements, strict=True) if _is_whole(item, one)]
    if _covers(deny for deny in denies if deny.holds):
        return True
    return None if _covers(deny for deny in denies if deny.holds is not False) else False


def _covers(denies: Iterable[_Deny]) -> bool:
    kept = list(denies)
    return any(deny.bucket for deny in kept) and any(deny.objects for deny in kept)


def _is_whole(item: Mapping[str, Json], statement: Statement) -> bool:
    """Tell whether a statement denies every action of S3 to everybody."""
    everybody = EVERYBODY in statement.principals and not statement.inverted
    return not statement.allows and everybody and _names_every_action(item)


def _names_every_action(item: Mapping[str, Json]) -> bool:
    if "NotAction" in item:
        # Any exception may be one that can be asked for without TLS.
        return not any(set(pattern) == {"*"} or _is_of_s3(pattern) for pattern in _texts(item["NotAction"]))
    return any(
        set(pattern) == {"*"} or (_is_of_s3(pattern) and _is_wide(pattern.partition(":")[2]))
        for pattern in _texts(item["Action"])
    )


def _is_of_s3(pattern: str) -> bool:
    return glob(pattern.partition(":")[0].lower(), "s3")


def _is_wide(pattern: str, before: str = "") -> bool:
    """Tell whether a pattern matches whatever stands behind ``before``, as long as something does."""
    return _ANY not in pattern and glob(pattern, before + _ANY) and glob(pattern, before + _ANY_LONG)


def _texts(value: Json) -> list[str]:
    # What is read here has been read by `read_document` before.
    return cast("list[str]", value if isinstance(value, list) else [value])


def _deny(item: Mapping[str, Json], statement: Statement, bucket_arn: str) -> _Deny:
    return _Deny(
        bucket=statement.about_key,
        objects=_is_about_objects(item, f"{bucket_arn}/"),
        holds=both(*(_holds(condition) for condition in statement.conditions)),
    )


def _is_about_objects(item: Mapping[str, Json], before: str) -> bool:
    """Tell whether a statement is about every object, whatever a variable in it stands for."""
    if "Resource" in item:
        return any(_is_wide(VARIABLE.sub("$", pattern), before) for pattern in _texts(item["Resource"]))
    if "NotResource" not in item:
        return False
    heads = [_head(pattern) for pattern in _texts(item["NotResource"])]
    return not any(head.startswith(before) or before.startswith(head) for head in heads)


def _head(pattern: str) -> str:
    """Return a pattern up to what in it may stand for anything."""
    return min((pattern.partition(sign)[0] for sign in "*?$"), key=len)


def _holds(condition: Condition) -> bool | None:
    """Tell whether a condition holds of every unencrypted request; None: that is not documented."""
    if condition.key == VERSION:
        return None
    if condition.key != TRANSPORT:
        return False  # it spares somebody
    if condition.operator == "null":
        # The key is always there.
        return "false" in condition.values
    if condition.operator == "bool" and set(condition.values) <= {"true", "false"}:
        return "false" in condition.values
    return None
