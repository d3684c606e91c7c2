"""The least-privilege policy of self-tests."""

from __future__ import annotations

import json

from scanner.selftest.permissions import CANARIES, CHANGES, KEYS, OBJECTS, iam_policy
from scanner.selftest.record import operations


def test_every_action_is_allowed_on_the_named_keys_and_changes_on_canaries_alone() -> None:
    policy = json.loads(iam_policy(operations()))
    found = {one["Sid"]: (one["Resource"], set(one["Action"])) for one in policy["Statement"]}
    assert found["KeyauditSelftestObjects"] == (OBJECTS, {"s3:ListBucket", "s3:GetObject"})
    assert found["KeyauditSelftestChange"] == (CANARIES, set(CHANGES))
    assert found["KeyauditSelftestUse"][0] == KEYS
    assert found["KeyauditSelftestAudit"] == ("*", {"cloudtrail:LookupEvents"})
    declared = {action for operation in operations() for action in operation.permissions}
    assert set().union(*(actions for _, actions in found.values())) == declared


def test_what_needs_no_rights_of_aws_gives_no_statement() -> None:
    own = [one for one in operations() if one.name.startswith("selftest:ST-MOD")]
    assert json.loads(iam_policy(own)) == {"Version": "2012-10-17", "Statement": []}
