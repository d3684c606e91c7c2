"""Self-tests as a kind of source."""

from __future__ import annotations

import json

from scanner.kinds.selftest import KIND
from tests.kinds.given import AWS, context


def test_they_run_last_and_only_where_they_may_wait() -> None:
    wanted = frozenset(op.name for op in KIND.operations())
    assert KIND.last
    assert list(KIND.units(AWS, context(wanted=wanted))) == []


def test_what_they_need_is_told() -> None:
    told = json.loads(KIND.permissions(KIND.operations()))
    assert any("kms:Decrypt" in statement["Action"] for statement in told["aws"]["Statement"])
    assert told.keys() == {"aws", "azure", "gcp"}
